/* Expressions of pcap-filter(7), compiled by libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/expression.h"

#include <stdint.h>
#include <stdio.h>

/* What a program returns for a packet that matches; no packet is cut to it here. */
#define SNAP_BYTES 262144

pcap_t *bp_expression_open(void)
{
	return pcap_open_dead(DLT_EN10MB, SNAP_BYTES);
}

/* Only "protochain" makes jumps back. */
static bool has_loop(const struct bpf_program *program)
{
	for (unsigned i = 0; i < program->bf_len; i++)
		if (program->bf_insns[i].code == (BPF_JMP | BPF_JA) &&
		    program->bf_insns[i].k > INT32_MAX)
			return true;
	return false;
}

bool bp_expression_compile(pcap_t *pcap, const char *text, struct bpf_program *program, char *why,
			   size_t why_bytes)
{
	if (pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN)) {
		snprintf(why, why_bytes, "'%.100s': %s", text, pcap_geterr(pcap));
		return false;
	}
	if (!has_loop(program))
		return true;
	pcap_freecode(program);
	snprintf(
		why, why_bytes,
		"'%.100s': found protochain, which loops over a packet's headers for as long as its "
		"sender likes; use proto",
		text);
	return false;
}
