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

#define XSK_CHUNK_HEADROOM 256u /* XDP_PACKET_HEADROOM */
#define XSK_CHUNK_MAX      4096u
#define XSK_FRAME_EXTRA    26u /* Ethernet header, two tags, FCS */
#define XSK_DMA_ALIGN      128u

/* The largest MTU whose packets fit one chunk. */
static inline uint32_t xsk_chunk_mtu(uint32_t chunk_bytes)
{
	return (chunk_bytes - XSK_CHUNK_HEADROOM) / XSK_DMA_ALIGN * XSK_DMA_ALIGN - XSK_FRAME_EXTRA;
}

/*
 * What a zero-copy bind's EINVAL likely means: into why, cut at why_bytes. False, why untouched, where each
 * packet of the MTU fits a chunk, so that it means something else. has_sg: packets may take several chunks.
 */
static inline bool xsk_chunk_explain(const char *device, uint32_t mtu, uint32_t chunk_bytes,
				     bool has_sg, char *why, size_t why_bytes)
{
	bool helps = chunk_bytes < XSK_CHUNK_MAX && (has_sg || mtu <= xsk_chunk_mtu(XSK_CHUNK_MAX));
	char larger[64] = "";

	if (mtu <= xsk_chunk_mtu(chunk_bytes))
		return false;
	if (helps)
		snprintf(larger, sizeof(larger), "set [memory] frame_bytes = %u, or ",
			 XSK_CHUNK_MAX);
	snprintf(
		why, why_bytes,
		"zero-copy does not carry MTU %u in %s of %u bytes%s: %srun `ip link set dev %s mtu %u`",
		mtu, has_sg ? "chunks" : "one chunk", chunk_bytes,
		has_sg ? ", as many as the driver takes for a packet" : "", larger, device,
		xsk_chunk_mtu(chunk_bytes));
	return true;
}

#endif
