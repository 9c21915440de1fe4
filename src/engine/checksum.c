/* The Internet checksum over memory, view chains, pseudo-headers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/checksum.h"

#include "bypath/pkt.h"

#include <arpa/inet.h>

static inline uint64_t load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v)); /* header */
	return v;
}

/* Halves of 32 bits in accumulators of 64: no carry to follow, so that the loop vectorises. */
uint64_t bp_csum_add(uint64_t sum, const uint8_t *data, size_t n_bytes)
{
	uint64_t low[4] = { 0 }, high[4] = { 0 }, tail = 0;

	for (; n_bytes >= 32; n_bytes -= 32, data += 32) {
		for (unsigned i = 0; i < 4; i++) {
			uint64_t v = load_u64(data + 8 * i);

			low[i] += v & 0xffffffffu;
			high[i] += v >> 32;
		}
	}
	for (; n_bytes >= 8; n_bytes -= 8, data += 8) {
		uint64_t v = load_u64(data);

		low[0] += v & 0xffffffffu;
		high[0] += v >> 32;
	}
	memcpy(&tail, data, n_bytes); /* header */
	low[1] += tail & 0xffffffffu;
	high[1] += tail >> 32;
	sum = bp_csum_join(sum, low[0] + low[1] + low[2] + low[3]);
	return bp_csum_join(sum, high[0] + high[1] + high[2] + high[3]);
}

uint64_t bp_csum_views(const struct bp_pkt *views, unsigned n_views, uint32_t from,
		       uint32_t n_bytes)
{
	uint64_t sum = 0;
	bool is_odd = false;

	for (unsigned i = 0; i < n_views && n_bytes; i++) {
		uint32_t chunk = views[i].len > from ? views[i].len - from : 0;
		uint16_t part;

		if (!chunk) {
			from -= views[i].len;
			continue;
		}
		if (chunk > n_bytes)
			chunk = n_bytes;
		part = bp_csum_fold(bp_csum_add(0, views[i].data + from, chunk));
		/* Bytes that follow an odd number of bytes change places. */
		sum += is_odd ? __builtin_bswap16(part) : part;
		is_odd ^= chunk & 1u;
		n_bytes -= chunk;
		from = 0;
	}
	return sum;
}

uint64_t bp_csum_pseudo(const uint8_t *ip, int is_v6, uint8_t proto, uint32_t l4_bytes)
{
	uint64_t sum = (uint64_t)htonl(l4_bytes) + htons(proto);

	return is_v6 ? bp_csum_add(sum, ip + 8, 32) : bp_csum_add(sum, ip + 12, 8);
}
