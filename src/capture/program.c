/* Programs of BPF from anybody: which of them can be run. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/program.h"

#include "capture/filter.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ALL_WORDS ((1u << BPF_MEMWORDS) - 1)
static_assert(BPF_MEMWORDS <= 16, "a mask has a bit for each");

static bool is_known(uint16_t code)
{
	static const uint16_t codes[] = {
		BPF_RET | BPF_K,
		BPF_RET | BPF_A,
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_H | BPF_ABS,
		BPF_LD | BPF_B | BPF_ABS,
		BPF_LD | BPF_W | BPF_IND,
		BPF_LD | BPF_H | BPF_IND,
		BPF_LD | BPF_B | BPF_IND,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_LDX | BPF_B | BPF_MSH,
		BPF_LD | BPF_IMM,
		BPF_LDX | BPF_IMM,
		BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
		BPF_ST,
		BPF_STX,
		BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JEQ | BPF_K,
		BPF_JMP | BPF_JEQ | BPF_X,
		BPF_JMP | BPF_JGT | BPF_K,
		BPF_JMP | BPF_JGT | BPF_X,
		BPF_JMP | BPF_JGE | BPF_K,
		BPF_JMP | BPF_JGE | BPF_X,
		BPF_JMP | BPF_JSET | BPF_K,
		BPF_JMP | BPF_JSET | BPF_X,
		BPF_ALU | BPF_ADD | BPF_K,
		BPF_ALU | BPF_ADD | BPF_X,
		BPF_ALU | BPF_SUB | BPF_K,
		BPF_ALU | BPF_SUB | BPF_X,
		BPF_ALU | BPF_MUL | BPF_K,
		BPF_ALU | BPF_MUL | BPF_X,
		BPF_ALU | BPF_DIV | BPF_K,
		BPF_ALU | BPF_DIV | BPF_X,
		BPF_ALU | BPF_MOD | BPF_K,
		BPF_ALU | BPF_MOD | BPF_X,
		BPF_ALU | BPF_AND | BPF_K,
		BPF_ALU | BPF_AND | BPF_X,
		BPF_ALU | BPF_OR | BPF_K,
		BPF_ALU | BPF_OR | BPF_X,
		BPF_ALU | BPF_XOR | BPF_K,
		BPF_ALU | BPF_XOR | BPF_X,
		BPF_ALU | BPF_LSH | BPF_K,
		BPF_ALU | BPF_LSH | BPF_X,
		BPF_ALU | BPF_RSH | BPF_K,
		BPF_ALU | BPF_RSH | BPF_X,
		BPF_ALU | BPF_NEG,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static bool is_load(uint16_t code)
{
	return code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM);
}

static bool is_store(uint16_t code)
{
	return code == BPF_ST || code == BPF_STX;
}

static bool has_sound_operand(const struct bpf_insn *insn)
{
	switch (insn->code) {
	case BPF_ALU | BPF_DIV | BPF_K:
	case BPF_ALU | BPF_MOD | BPF_K:
		return insn->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return insn->k < 32;
	default:
		return (!is_load(insn->code) && !is_store(insn->code)) || insn->k < BPF_MEMWORDS;
	}
}

/* Where an instruction may lead to, as far ahead of it: up to two. Returns how many; 0: it returns. */
static unsigned find_ways(const struct bpf_insn *insn, uint64_t ahead[2])
{
	ahead[0] = ahead[1] = 1;
	if (BPF_CLASS(insn->code) == BPF_RET)
		return 0;
	if (BPF_CLASS(insn->code) != BPF_JMP)
		return 1;
	if (BPF_OP(insn->code) == BPF_JA) {
		ahead[0] += insn->k;
		return 1;
	}
	ahead[0] += insn->jt;
	ahead[1] += insn->jf;
	return 2;
}

bool bp_program_is_sound(const struct bpf_insn *insns, unsigned n)
{
	/* Of each instruction: the words of memory that are written on all ways to it. */
	uint16_t written[BP_CAPTURE_INSNS_MAX];

	if (!n || n > BP_CAPTURE_INSNS_MAX)
		return false;
	memset(written, 0xff, n * sizeof(written[0]));
	written[0] = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct bpf_insn *insn = &insns[i];
		unsigned words = written[i] & ALL_WORDS, n_ways;
		uint64_t ahead[2];

		if (!is_known(insn->code) || !has_sound_operand(insn) ||
		    (is_load(insn->code) && !(words >> insn->k & 1)))
			return false;
		if (is_store(insn->code))
			words |= 1u << insn->k;
		n_ways = find_ways(insn, ahead);
		for (unsigned w = 0; w < n_ways; w++) {
			if (ahead[w] >= n - i)
				return false;
			written[i + ahead[w]] &= (uint16_t)words;
		}
	}
	return true;
}
