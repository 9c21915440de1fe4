/* Feeds programs of BPF, whoever wrote them, to a capture's filter. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture/filter.h"

#include "demand.h"

#include <string.h>

#define FRAME_BYTES 64u
#define INSN_BYTES  8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An instruction is eight bytes: its code, where to go, its operand. */
static json_t *list_insns(const uint8_t *data, size_t size)
{
	json_t *rows = json_array();

	for (size_t at = 0; at + INSN_BYTES <= size; at += INSN_BYTES) {
		uint16_t code;
		uint32_t k;

		memcpy(&code, data + at, sizeof(code));
		memcpy(&k, data + at + 4, sizeof(k));
		json_array_append_new(rows, json_pack("[i, i, i, I]", code, data[at + 2],
						      data[at + 3], (json_int_t)k));
	}
	return rows;
}

/* A frame in a block of exactly its length: a program that reads beyond it is seen. */
static void run(const struct bp_capture_filter *filter)
{
	static const uint8_t frame[FRAME_BYTES] = { [12] = 8, [14] = 0x45, [23] = 6, [47] = 80 };

	for (unsigned len = 0; len <= FRAME_BYTES; len += 8) {
		uint8_t *block = malloc(len + !len);
		bool is_match;

		demand(block != NULL, "there is memory");
		memcpy(block, frame, len);
		is_match = bp_capture_filter_match(filter, block, FRAME_BYTES, len);
		demand(is_match == bp_capture_filter_match(filter, block, FRAME_BYTES, len),
		       "the same packet has the same answer");
		free(block);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *program = list_insns(data, size);
	struct bp_capture_filter *filter = NULL;
	char why[256] = "";
	int err = bp_capture_filter_open(program, &filter, why, sizeof(why));

	demand(!err == !why[0], "a refusal says why");
	demand(!err == (filter != NULL), "what is refused is not there");
	if (filter)
		run(filter);
	bp_capture_filter_close(filter);
	json_decref(program);
	return 0;
}
