/* The Internet checksum: sums over bytes and pseudo-headers, in memory order. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_CHECKSUM_H
#define BYPATH_ENGINE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bp_pkt;

/*
 * Sums are kept as they lie in memory (RFC 1071, section 2: the sum does not depend on the byte
 * order it is made in), so the 16-bit results are loaded and stored without swapping. An open sum
 * takes any number of additions of less than 2^32 bytes each before it is folded.
 */

/* Load or store a 16-bit field as it lies in memory, at any alignment. */
static inline uint16_t bp_csum_load(const uint8_t *field)
{
	uint16_t v;

	memcpy(&v, field, sizeof(v)); /* header */
	return v;
}

static inline void bp_csum_store(uint8_t *field, uint16_t v)
{
	memcpy(field, &v, sizeof(v)); /* header */
}

/* The 16-bit ones' complement sum, not inverted; 0 only if every byte summed was 0. */
static inline uint16_t bp_csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	return (uint16_t)sum;
}

/* Add two open sums. */
static inline uint64_t bp_csum_join(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum + (sum < a);
}

/* Add n_bytes at data, the first of which is at an even place of what is summed. */
uint64_t bp_csum_add(uint64_t sum, const uint8_t *data, size_t n_bytes);

/*
 * Sum n_bytes of a packet from byte `from` on, over as many of its views as they cover.
 * from + n_bytes must lie within the packet.
 */
uint64_t bp_csum_views(const struct bp_pkt *views, unsigned n_views, uint32_t from,
		       uint32_t n_bytes);

/*
 * Sum of the pseudo-header. ip: the IPv4 or IPv6 header; l4_bytes: header and payload of TCP or
 * UDP. Source: RFC 9293, section 3.1; RFC 8200, section 8.1.
 */
uint64_t bp_csum_pseudo(const uint8_t *ip, int is_v6, uint8_t proto, uint32_t l4_bytes);

#endif
