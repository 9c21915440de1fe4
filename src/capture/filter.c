/* The filter of a capture: compiled by who asks for it, checked and run by who captures. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/filter.h"

#include "capture/program.h"
#include "core/expression.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSH_BYTES 60u /* 4 * 15: the most that ldxb 4*([k]&0xf) makes of a byte */

struct bp_capture_filter {
	uint32_t reach;
	unsigned n_insns;
	struct bpf_insn insns[];
};

/* ---- reach ------------------------------------------------------------------------------------ */

static uint32_t size_of(const struct bpf_insn *insn)
{
	return BPF_SIZE(insn->code) == BPF_W ? 4 : BPF_SIZE(insn->code) == BPF_H ? 2 : 1;
}

/* The highest value that X may have, by every instruction that sets it; UINT32_MAX: not known. */
static uint32_t bound_x(const struct bpf_insn *insns, unsigned n)
{
	uint32_t x = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t value = 0;

		if (BPF_CLASS(insns[i].code) == BPF_LDX && BPF_MODE(insns[i].code) == BPF_MSH)
			value = MSH_BYTES;
		else if (BPF_CLASS(insns[i].code) == BPF_LDX && BPF_MODE(insns[i].code) == BPF_IMM)
			value = insns[i].k;
		else if (BPF_CLASS(insns[i].code) == BPF_LDX ||
			 insns[i].code == (BPF_MISC | BPF_TAX))
			value = UINT32_MAX;
		x = value > x ? value : x;
	}
	return x;
}

static uint32_t find_reach(const struct bpf_insn *insns, unsigned n)
{
	uint64_t reach = 0, x = bound_x(insns, n);

	for (unsigned i = 0; i < n; i++) {
		uint64_t end = 0;

		if (BPF_CLASS(insns[i].code) == BPF_LD && BPF_MODE(insns[i].code) == BPF_ABS)
			end = (uint64_t)insns[i].k + size_of(&insns[i]);
		if (BPF_CLASS(insns[i].code) == BPF_LD && BPF_MODE(insns[i].code) == BPF_IND)
			end = x + insns[i].k + size_of(&insns[i]);
		if (BPF_CLASS(insns[i].code) == BPF_LDX && BPF_MODE(insns[i].code) == BPF_MSH)
			end = (uint64_t)insns[i].k + 1;
		reach = end > reach ? end : reach;
	}
	return reach < UINT32_MAX ? (uint32_t)reach : UINT32_MAX;
}

/* ---- compiling -------------------------------------------------------------------------------- */

static json_t *list_insns(const struct bpf_program *program)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < program->bf_len; i++)
		json_array_append_new(rows,
				      json_pack("[i, i, i, I]", program->bf_insns[i].code,
						program->bf_insns[i].jt, program->bf_insns[i].jf,
						(json_int_t)program->bf_insns[i].k));
	return rows;
}

json_t *bp_capture_filter_compile(const char *text, char *why, size_t why_bytes)
{
	pcap_t *pcap = strlen(text) > BP_CAPTURE_FILTER_BYTES ? NULL : bp_expression_open();
	struct bpf_program program;
	json_t *rows = NULL;

	if (!pcap) {
		snprintf(why, why_bytes, "found more than %u bytes", BP_CAPTURE_FILTER_BYTES);
		return NULL;
	}
	if (bp_expression_compile(pcap, text, &program, why, why_bytes)) {
		if (program.bf_len > BP_CAPTURE_INSNS_MAX)
			snprintf(
				why, why_bytes,
				"found an expression of %u instructions, allowed: %u: name fewer hosts or ports",
				program.bf_len, BP_CAPTURE_INSNS_MAX);
		else
			rows = list_insns(&program);
		pcap_freecode(&program);
	}
	pcap_close(pcap);
	return rows;
}

/* ---- running ---------------------------------------------------------------------------------- */

static bool read_insn(const json_t *row, struct bpf_insn *insn)
{
	static const json_int_t most[4] = { UINT16_MAX, UINT8_MAX, UINT8_MAX, UINT32_MAX };
	json_int_t v[4];

	if (json_array_size(row) != 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		const json_t *cell = json_array_get(row, i);

		v[i] = json_integer_value(cell);
		if (!json_is_integer(cell) || v[i] < 0 || v[i] > most[i])
			return false;
	}
	*insn = (struct bpf_insn){ (uint16_t)v[0], (uint8_t)v[1], (uint8_t)v[2], (uint32_t)v[3] };
	return true;
}

int bp_capture_filter_open(const json_t *program, struct bp_capture_filter **out, char *why,
			   size_t why_bytes)
{
	size_t n = json_array_size(program);
	struct bp_capture_filter *filter;
	bool is_sound = n > 0 && n <= BP_CAPTURE_INSNS_MAX;

	filter = is_sound ? calloc(1, sizeof(*filter) + n * sizeof(filter->insns[0])) : NULL;
	if (is_sound && !filter) {
		snprintf(why, why_bytes, "memory lacks");
		return -ENOMEM;
	}
	for (size_t i = 0; is_sound && i < n; i++)
		is_sound = read_insn(json_array_get(program, i), &filter->insns[i]);
	if (is_sound)
		is_sound = bp_program_is_sound(filter->insns, (unsigned)n);
	if (!is_sound) {
		free(filter);
		snprintf(
			why, why_bytes,
			"\"filter\" is no program of BPF that can be run, allowed: [[code, jt, jf, k], …], as "
			"libpcap compiles it, of up to %u instructions",
			BP_CAPTURE_INSNS_MAX);
		return -EINVAL;
	}
	filter->n_insns = (unsigned)n;
	filter->reach = find_reach(filter->insns, (unsigned)n);
	*out = filter;
	return 0;
}

void bp_capture_filter_close(struct bp_capture_filter *filter)
{
	free(filter);
}

uint32_t bp_capture_filter_reach(const struct bp_capture_filter *filter)
{
	return filter->reach;
}

bool bp_capture_filter_match(const void *program, const uint8_t *bytes, uint32_t wire_bytes,
			     uint32_t n_bytes)
{
	const struct bp_capture_filter *filter = program;

	return bpf_filter(filter->insns, bytes, wire_bytes, n_bytes);
}
