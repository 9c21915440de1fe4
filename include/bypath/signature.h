/* The 18 bytes by which a receiver knows a generated frame again: layout, writing, reading. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_SIGNATURE_H
#define BYPATH_SIGNATURE_H

/*
 * First bytes of the L4 payload (protocol = eth: behind the EtherType), big endian:
 *
 *   offset 0   16 bits  magic
 *          2    8 bits  stream (bit 7: the rest of the payload is the pattern of the sequence)
 *          3    8 bits  run: tells the frames of one trial from stragglers of the one before
 *          4   48 bits  sequence number within the stream
 *         10   48 bits  CLOCK_MONOTONIC nanoseconds when it was sent, modulo 2^48 (78 hours)
 *         16   16 bits  check: makes the ones' complement sum of all 18 bytes 0xffff
 *
 * A sum of 0xffff is neutral in the Internet checksum (RFC 1071), so neither sequence nor time
 * changes a UDP or TCP checksum: per packet only this header is written. The same holds for the
 * pattern: 8-byte words of a 32-bit value with its complement, zeros in the last bytes. 18 bytes
 * is what a frame of size 64 has behind Ethernet, IPv4, UDP. Also compiled for BPF: no libc.
 */
#ifndef __BPF__
#include <stdint.h>
#endif

#define BP_SIG_BYTES       18u
#define BP_SIG_MAGIC       0xb9a5u
#define BP_SIG_PATTERN     0x80u /* in the stream's byte */
#define BP_SIG_STREAM_MASK 0x3fu
#define BP_SIG_SEQ_BITS    48u
#define BP_SIG_SEQ_MASK    ((1ull << BP_SIG_SEQ_BITS) - 1)
#define BP_SIG_TIME_MASK   ((1ull << 48) - 1)

struct bp_signature {
	uint64_t seq; /* 48 bits */
	uint64_t time_ns; /* 48 bits */
	uint8_t stream; /* with BP_SIG_PATTERN where it applies */
	uint8_t run;
};

/* Ones' complement sum of a 64-bit word's four quarters: a word and itself turned by half have it in the upper half, with
 * the carry. */
static inline uint16_t bp_sig_fold(uint64_t sum)
{
	uint32_t half;

	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

/* The check of a signature's first 16 bytes, given as two words in any one byte order. */
static inline uint16_t bp_sig_check(uint64_t word0, uint64_t word1)
{
	uint64_t sum = word0 + word1;

	sum += sum < word0; /* end-around carry */
	return (uint16_t)~bp_sig_fold(sum);
}

/* The first and the second 8 bytes, in host order: stored big endian. */
static inline uint64_t bp_sig_word0(const struct bp_signature *s)
{
	return (uint64_t)BP_SIG_MAGIC << 48 | (uint64_t)s->stream << 40 | (uint64_t)s->run << 32 |
	       ((s->seq >> 16) & 0xffffffffu);
}

static inline uint64_t bp_sig_word1(const struct bp_signature *s)
{
	return s->seq << 48 | (s->time_ns & BP_SIG_TIME_MASK);
}

/* Write a signature at `to`: BP_SIG_BYTES, any alignment. */
static inline void bp_sig_write(void *to, const struct bp_signature *s)
{
	uint64_t word0 = __builtin_bswap64(bp_sig_word0(s));
	uint64_t word1 = __builtin_bswap64(bp_sig_word1(s));
	uint16_t check = bp_sig_check(word0, word1);

	__builtin_memcpy(to, &word0, 8);
	__builtin_memcpy((uint8_t *)to + 8, &word1, 8);
	__builtin_memcpy((uint8_t *)to + 16, &check, 2);
}

enum bp_sig_state {
	BP_SIG_OK,
	BP_SIG_FOREIGN, /* no magic: not ours */
	BP_SIG_BROKEN, /* magic, but the check is wrong: damaged on its way */
};

/* Read BP_SIG_BYTES at `from`; *s is filled when BP_SIG_OK is returned. */
static inline enum bp_sig_state bp_sig_read(const void *from, struct bp_signature *s)
{
	uint64_t word0, word1;
	uint16_t check;

	__builtin_memcpy(&word0, from, 8);
	__builtin_memcpy(&word1, (const uint8_t *)from + 8, 8);
	__builtin_memcpy(&check, (const uint8_t *)from + 16, 2);
	if ((uint16_t)(__builtin_bswap64(word0) >> 48) != BP_SIG_MAGIC)
		return BP_SIG_FOREIGN;
	if (bp_sig_check(word0, word1) != check)
		return BP_SIG_BROKEN;
	word0 = __builtin_bswap64(word0);
	word1 = __builtin_bswap64(word1);
	s->stream = (uint8_t)(word0 >> 40);
	s->run = (uint8_t)(word0 >> 32);
	s->seq = (word0 & 0xffffffffu) << 16 | word1 >> 48;
	s->time_ns = word1 & BP_SIG_TIME_MASK;
	return BP_SIG_OK;
}

/* The pattern's word for a sequence number: what each 8 bytes behind the signature hold. */
static inline uint64_t bp_sig_pattern(uint8_t stream, uint64_t seq)
{
	/* Fibonacci hashing: neighbours differ in about half of their bits. */
	uint64_t mixed = ((seq << 6 | (stream & BP_SIG_STREAM_MASK)) + 1) * 0x9e3779b97f4a7c15ull;
	uint32_t half = (uint32_t)(mixed >> 32);

	return (uint64_t)half << 32 | (uint32_t)~half;
}

#endif
