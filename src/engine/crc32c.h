/* CRC32c, the checksum of SCTP, over a packet's views. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_CRC32C_H
#define BYPATH_ENGINE_CRC32C_H

#include <stdint.h>

struct bp_pkt;

/*
 * The CRC32c of n_bytes of a packet from byte `from` on, as SCTP stores it: least significant byte
 * first. from + n_bytes must lie within the packet. zero_off: the four bytes there, in the first view,
 * count as 0. Any thread; never blocks. Source: RFC 9260, appendix A.
 */
uint32_t bp_crc32c_views(const struct bp_pkt *views, unsigned n_views, uint32_t from,
			 uint32_t n_bytes, uint32_t zero_off);

#endif
