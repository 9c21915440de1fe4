/* Where TCP or UDP lies in an Ethernet frame. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_FRAME_PARSE_H
#define BYPATH_ENGINE_FRAME_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#define BP_ETH_BYTES 14u
#define BP_PROTO_TCP 6u
#define BP_PROTO_UDP 17u

/* Offsets count from the first byte of the Ethernet header. */
struct bp_frame_l4 {
	uint32_t l3_off; /* IP header */
	uint32_t l4_off; /* TCP or UDP header */
	uint32_t payload_off; /* first byte behind it */
	uint32_t csum_off; /* its checksum field */
	uint32_t l4_bytes; /* header and payload: what the checksum covers, padding not included */
	uint8_t proto; /* BP_PROTO_TCP or BP_PROTO_UDP */
	bool is_v6;
};

/*
 * Find the headers of an unfragmented TCP or UDP packet: Ethernet, up to two VLAN tags, IPv4 with
 * options or IPv6 with hop-by-hop, routing, destination options.
 *
 * data         the packet's first view
 * first_bytes  its length: all headers must lie in it
 * frame_bytes  length of the whole packet (≥ first_bytes)
 * l4           filled when true is returned, undefined otherwise
 *
 * False for all else: other protocols, fragments, a routing header with segments left (the
 * pseudo-header then names another destination), lengths that contradict each other. Reads no byte
 * past first_bytes. Any thread; never blocks.
 * Source: IEEE 802.1Q, RFC 791, RFC 8200, RFC 9293, RFC 768.
 */
bool bp_frame_parse(const uint8_t *data, uint32_t first_bytes, uint32_t frame_bytes,
		    struct bp_frame_l4 *l4);

#endif
