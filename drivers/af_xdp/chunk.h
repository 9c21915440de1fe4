/* Which MTU a zero-copy socket carries in chunks of a size. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernels of spring 2026 and later (Linux 7.1, stable branches) compare the two in a zero-copy bind: a packet
 * of the MTU, with two tags and FCS, must fit the chunks that the driver takes for one; EINVAL otherwise.
 * Source: xp_assign_dev() in net/xdp/xsk_buff_pool.c. Before that the driver decides, by rules of its own.
 */
#ifndef BYPATH_DRIVERS_AF_XDP_CHUNK_H
#define BYPATH_DRIVERS_AF_XDP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define AF_XDP_CHUNK_HEADROOM 256u /* XDP_PACKET_HEADROOM */
#define AF_XDP_CHUNK_MAX      4096u
#define AF_XDP_FRAME_EXTRA    26u /* Ethernet header, two tags, FCS */
#define AF_XDP_DMA_ALIGN      128u

/* The largest MTU whose packets fit one chunk. */
static inline uint32_t af_xdp_chunk_mtu(uint32_t chunk_bytes)
{
	return (chunk_bytes - AF_XDP_CHUNK_HEADROOM) / AF_XDP_DMA_ALIGN * AF_XDP_DMA_ALIGN -
	       AF_XDP_FRAME_EXTRA;
}

/*
 * What a zero-copy bind's EINVAL likely means: into why, cut at why_bytes. False, why untouched, where each
 * packet of the MTU fits a chunk, so that it means something else. has_sg: packets may take several chunks.
 */
static inline bool af_xdp_chunk_explain(const char *device, uint32_t mtu, uint32_t chunk_bytes,
					bool has_sg, char *why, size_t why_bytes)
{
	bool helps = chunk_bytes < AF_XDP_CHUNK_MAX &&
		     (has_sg || mtu <= af_xdp_chunk_mtu(AF_XDP_CHUNK_MAX));
	char larger[64] = "";

	if (mtu <= af_xdp_chunk_mtu(chunk_bytes))
		return false;
	if (helps)
		snprintf(larger, sizeof(larger), "set [memory] frame_bytes = %u, or ",
			 AF_XDP_CHUNK_MAX);
	snprintf(
		why, why_bytes,
		"zero-copy does not carry MTU %u in %s of %u bytes%s: %srun `ip link set dev %s mtu %u`",
		mtu, has_sg ? "chunks" : "one chunk", chunk_bytes,
		has_sg ? ", as many as the driver takes for a packet" : "", larger, device,
		af_xdp_chunk_mtu(chunk_bytes));
	return true;
}

#endif
