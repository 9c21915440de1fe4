/* Expressions of pcap-filter(7), compiled by libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/expression.h"

#include <stdint.h>
#include <stdio.h>

/* What a program returns for a packet that matches; no packet is cut to it here. */
#define SNAP_BYTES 262144

pcap_t *bp_expression_open(void)
{
	return pcap_open_dead(DLT_EN10MB, SNAP_BYTES);
}

/* Does a jump lead back or out of it? Only those of "protochain" do. */
static bool has_loop(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++)
		if (program->bf_insns[i].code == (BPF_JMP | BPF_JA) &&
		    program->bf_insns[i].k >= program->bf_len - i - 1)
			return true;
	return false;
}

/* Words about the capture rather than the packet are loads from negative offsets, which Linux answers in a socket's filter
 * (SKF_AD_OFF, linux/filter.h). */
static bool asks_socket(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		if (BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS &&
		    insn->k > INT32_MAX)
			return true;
	}
	return false;
}

static const char *find_fault(const struct bpf_program *program)
{
	if (has_loop(program))
		return "found protochain, which loops over a packet's headers for as long as its "
		       "sender likes; use proto";
	if (asks_socket(program))
		return "found a word that only a capturing socket can answer (inbound, outbound, "
		       "ifindex), allowed: those that ask the packet's bytes, or its length";
	return NULL;
}

bool bp_expression_compile(pcap_t *pcap, const char *text, struct bpf_program *program, char *why,
			   size_t why_bytes)
{
	const char *fault;

	if (pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(why, why_bytes, "%s", pcap_geterr(pcap));
		return false;
	}
	fault = find_fault(program);
	if (!fault)
		return true;
	pcap_freecode(program);
	snprintf(why, why_bytes, "%s", fault);
	return false;
}
