/* The headers of a stream's frames, from the outside: which, in what order, how long. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_LAYERS_H
#define BYPATH_CORE_LAYERS_H

#include "bypath/key.h"

enum bp_layer_kind {
	BP_LAYER_ETH,
	BP_LAYER_TAG, /* IEEE 802.1Q, 802.1ad */
	BP_LAYER_MPLS, /* one entry of the label stack: RFC 3032 */
	BP_LAYER_GRE, /* RFC 2784, with a key RFC 2890 */
	BP_LAYER_VXLAN, /* RFC 7348 */
	BP_LAYER_IP4,
	BP_LAYER_IP6,
	BP_LAYER_HOP, /* IPv6 hop-by-hop options: RFC 8200 */
	BP_LAYER_DSTOPT, /* IPv6 destination options */
	BP_LAYER_FRAG, /* IPv6 fragment header of a whole packet: RFC 6946 */
	BP_LAYER_UDP,
	BP_LAYER_TCP,
	BP_LAYER_SIGNED, /* what follows is the signature (bypath/signature.h); no bytes */
	BP_LAYER_N,
};

/* Ethernet, a tag, BP_ENCAP_MAX words (one of them a tunnel, of four headers), IPv6 with three extension
 * headers, UDP or TCP, the end. */
#define BP_LAYERS_MAX (BP_ENCAP_MAX + 11u)

struct bp_layer {
	enum bp_layer_kind kind;
	bool is_tunnel; /* of the tunnel: its IP, its UDP, the Ethernet within it */
	bool has_id; /* GRE: with a key */
	uint32_t id; /* VLAN, label, VNI, key */
	uint16_t type; /* TAG: its EtherType */
	uint16_t at; /* offset in the frame */
	uint16_t n_bytes;
};

struct bp_layers {
	unsigned n;
	struct bp_layer v[BP_LAYERS_MAX]; /* the last one is BP_LAYER_SIGNED */
};

/* The words for a stream's protocol (enum bp_protocol) and its extensions (enum bp_extension), as people write them. */
extern const struct bp_word bp_protocol_words[], bp_extension_words[];

/* The header that an encap word stands for, as people write it. */
struct bp_encap_word {
	const char *word;
	enum bp_encap_kind kind;
	uint64_t id_max; /* its number, WORD:NUMBER */
	bool needs_id;
};
extern const struct bp_encap_word bp_encap_words[]; /* ends with word NULL */

/* Is it carried in IP, so that it brings outer addresses? Pure. */
bool bp_encap_is_tunnel(enum bp_encap_kind kind);

/*
 * The headers of a stream's frames; a tunnel's are IPv6 where outer_src is. Pure. NULL, or a static text:
 * what is wrong with their order.
 */
const char *bp_layers_of(const struct bp_stream_conf *conf, struct bp_layers *layers);

/* Bytes before the signature. Pure. */
static inline unsigned bp_layers_bytes(const struct bp_layers *layers)
{
	return layers->v[layers->n - 1].at;
}

/* "qinq:100, vlan:7, vxlan:5000": a stream's encap as it is written; "" for none. Returns text. */
#define BP_ENCAP_BYTES (BP_ENCAP_MAX * 20u)
char *bp_encap_text(const struct bp_stream_conf *conf, char text[BP_ENCAP_BYTES]);

#endif
