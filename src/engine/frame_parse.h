/* Where the headers of an Ethernet frame lie, through tunnels, down to TCP, UDP or SCTP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_FRAME_PARSE_H
#define BYPATH_ENGINE_FRAME_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#define BP_ETH_BYTES  14u
#define BP_PROTO_TCP  6u
#define BP_PROTO_UDP  17u
#define BP_PROTO_GRE  47u
#define BP_PROTO_SCTP 132u

/* Lengths of headers, without options; places of checksums in them. */
#define BP_V4_BYTES_MIN     20u
#define BP_V4_FRAGMENT_MASK 0x3fffu /* more-fragments, offset */
#define BP_V6_BYTES         40u
#define BP_TCP_BYTES_MIN    20u
#define BP_TCP_CSUM         16u
#define BP_UDP_BYTES        8u
#define BP_UDP_CSUM         6u
#define BP_SCTP_CSUM        8u

/* IP packets one within the other; what lies deeper is payload. */
#define BP_FRAME_LAYERS_MAX 4u

/* An IP packet. Offsets count from the first byte of the frame. */
struct bp_frame_layer {
	uint32_t l3_off; /* IP header */
	uint32_t l4_off; /* header of TCP, UDP, SCTP, GRE; another IP header or MPLS label */
	uint32_t payload_off; /* first byte behind that header */
	uint32_t csum_off; /* its checksum field, 0: it has none */
	uint32_t length_off; /* GTP-U's length field behind UDP, 0: none */
	uint32_t l4_bytes; /* from l4_off on: what the checksum covers, padding not included */
	uint8_t proto; /* IP protocol number at l4_off */
	bool is_v6;
	bool is_numbered; /* GRE with sequence numbers */
};

struct bp_frame {
	/* ≥ 1; the last is TCP, UDP or SCTP, or GRE with a checksum around something else; the others carry the next one. */
	unsigned n_layers;
	uint32_t link_bytes; /* Ethernet header with its tags: what an MTU does not count */
	bool is_labelled; /* has MPLS labels */
	struct bp_frame_layer layers[BP_FRAME_LAYERS_MAX]; /* outermost first */
};

/* The packet that a tunnel carries; the only one where there is no tunnel. */
static inline const struct bp_frame_layer *bp_frame_inner(const struct bp_frame *f)
{
	return &f->layers[f->n_layers - 1];
}

/* Are there headers before the innermost packet whose lengths depend on its own? */
static inline bool bp_frame_is_tunnel(const struct bp_frame *f)
{
	return f->n_layers > 1 || f->is_labelled;
}

/*
 * Find the headers of unfragmented TCP, UDP, SCTP, or GRE that has a checksum: Ethernet, VLAN tags and MPLS labels in any number,
 * IPv4 with options or IPv6 with hop-by-hop, routing, destination options; within VXLAN (GBP, GPE),
 * Geneve, GTP-U, GRE (version 0), MPLS over UDP, IP in IP of either version, one within the other.
 *
 * data         the packet's first view
 * first_bytes  its length: all headers must lie in it
 * frame_bytes  length of the whole packet (≥ first_bytes)
 * csum_start   0: the innermost packet, where a UDP tunnel is known by its registered port. Where
 *              metadata says that a transport header begins: that one, and a UDP tunnel that leads
 *              there may have any port, or be plain IP in UDP
 * f            filled when true is returned, undefined otherwise
 *
 * False where there is none: other protocols, fragments, a routing header with segments left (the
 * pseudo-header then names another destination), lengths that contradict each other. A tunnel whose
 * inside is so ends with its own UDP header. Reads no byte past first_bytes. Any thread; never blocks.
 * Source: IEEE 802.1Q, RFC 791, 8200, 9293, 768, 9260, 2784, 2890, 2003, 4213, 3032, 4385, 7510, 7348,
 * 8926, draft-ietf-nvo3-vxlan-gpe, 3GPP TS 29.281.
 */
bool bp_frame_parse(const uint8_t *data, uint32_t first_bytes, uint32_t frame_bytes,
		    uint32_t csum_start, struct bp_frame *f);

#endif
