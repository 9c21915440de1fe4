/* The payload behind a signature: repeated words of the sequence number, written or compared. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_GEN_PATTERN_H
#define BYPATH_GEN_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A payload of n bytes holds n / 8 words, then zeros: all of it neutral in an L4 checksum. A region
 * is what of it lies in one view: n_bytes from offset `at` on.
 */
static inline uint8_t bp_pattern_byte(uint64_t word, size_t at, size_t words_end)
{
	uint8_t bytes[8];

	memcpy(bytes, &word, sizeof(bytes));
	return at < words_end ? bytes[at & 7] : 0;
}

/* Write a whole payload: the zeros behind the last word with the eight bytes that end there, then the words. */
static inline void bp_pattern_fill_whole(uint8_t *to, size_t n_bytes, uint64_t word)
{
	size_t words_end = n_bytes & ~(size_t)7;

	if (!words_end) {
		for (size_t i = 0; i < n_bytes; i++)
			to[i] = 0;
		return;
	}
	memset(to + n_bytes - 8, 0, 8);
	for (size_t i = 0; i < words_end; i += 8)
		memcpy(to + i, &word, 8);
}

/* Write one region of a payload of payload_bytes. */
static inline void bp_pattern_fill(uint8_t *to, size_t n_bytes, size_t at, size_t payload_bytes,
				   uint64_t word)
{
	size_t words_end = payload_bytes & ~(size_t)7, i = 0;

	for (; i < n_bytes && ((at + i) & 7); i++)
		to[i] = bp_pattern_byte(word, at + i, words_end);
	for (; i + 8 <= n_bytes; i += 8)
		memcpy(to + i, &word, 8);
	for (; i < n_bytes; i++)
		to[i] = bp_pattern_byte(word, at + i, words_end);
}

/* Does one region hold what bp_pattern_fill() writes? */
static inline bool bp_pattern_holds(const uint8_t *from, size_t n_bytes, size_t at,
				    size_t payload_bytes, uint64_t word)
{
	size_t words_end = payload_bytes & ~(size_t)7, i = 0;
	uint64_t diff = 0;

	for (; i < n_bytes && ((at + i) & 7); i++)
		diff |= from[i] ^ bp_pattern_byte(word, at + i, words_end);
	for (; i + 8 <= n_bytes; i += 8) {
		uint64_t found;

		memcpy(&found, from + i, 8);
		diff |= found ^ word;
	}
	for (; i < n_bytes; i++)
		diff |= from[i] ^ bp_pattern_byte(word, at + i, words_end);
	return !diff;
}

#endif
