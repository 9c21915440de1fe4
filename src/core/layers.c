/* The headers of a stream's frames, from the outside: which, in what order, how long. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/layers.h"

#include <stdio.h>
#include <string.h>

#define TYPE_8021Q    0x8100u
#define TYPE_8021AD   0x88a8u
#define GRE_KEY_BYTES 4u

const struct bp_word bp_protocol_words[] = {
	{ "udp4", BP_PROTO_UDP4 }, { "udp6", BP_PROTO_UDP6 }, { "tcp4", BP_PROTO_TCP4 },
	{ "tcp6", BP_PROTO_TCP6 }, { "eth", BP_PROTO_ETH },   { NULL, 0 },
};
const struct bp_word bp_extension_words[] = {
	{ "hop-by-hop", BP_EXT_HOP_BY_HOP },
	{ "dest-options", BP_EXT_DEST_OPTIONS },
	{ "fragment", BP_EXT_FRAGMENT },
	{ NULL, 0 },
};

const struct bp_encap_word bp_encap_words[] = {
	{ "vlan", BP_ENCAP_VLAN, 4094, true },
	{ "qinq", BP_ENCAP_QINQ, 4094, true },
	{ "mpls", BP_ENCAP_MPLS, (1u << 20) - 1, true },
	{ "vxlan", BP_ENCAP_VXLAN, (1u << 24) - 1, true },
	{ "gre", BP_ENCAP_GRE, UINT32_MAX, false },
	{ "gretap", BP_ENCAP_GRETAP, UINT32_MAX, false },
	{ NULL, BP_ENCAP_VLAN, 0, false },
};

static const uint16_t layer_bytes[BP_LAYER_N] = {
	[BP_LAYER_ETH] = 14,   [BP_LAYER_TAG] = 4,  [BP_LAYER_MPLS] = 4, [BP_LAYER_GRE] = 4,
	[BP_LAYER_VXLAN] = 8,  [BP_LAYER_IP4] = 20, [BP_LAYER_IP6] = 40, [BP_LAYER_HOP] = 8,
	[BP_LAYER_DSTOPT] = 8, [BP_LAYER_FRAG] = 8, [BP_LAYER_UDP] = 8,  [BP_LAYER_TCP] = 20,
};

bool bp_encap_is_tunnel(enum bp_encap_kind kind)
{
	return kind == BP_ENCAP_VXLAN || kind == BP_ENCAP_GRE || kind == BP_ENCAP_GRETAP;
}

/* ---- order ----------------------------------------------------------------------------------- */

static bool is_link(enum bp_layer_kind kind)
{
	return kind == BP_LAYER_ETH || kind == BP_LAYER_TAG;
}

/* What is wrong with a header behind another one, or NULL. */
static const char *misplaced(enum bp_layer_kind before, enum bp_layer_kind kind)
{
	if (kind == BP_LAYER_TAG && !is_link(before))
		return "a VLAN tag follows Ethernet or another tag: gretap and vxlan bring "
		       "Ethernet, gre and mpls do not";
	if (before == BP_LAYER_MPLS && kind != BP_LAYER_MPLS && kind != BP_LAYER_IP4 &&
	    kind != BP_LAYER_IP6)
		return "IP follows mpls: protocol = eth needs vxlan or gretap between";
	if (before == BP_LAYER_GRE && kind == BP_LAYER_SIGNED)
		return "IP follows gre: protocol = eth needs gretap";
	return NULL;
}

static struct bp_layer *add(struct bp_layers *l, enum bp_layer_kind kind)
{
	const struct bp_layer *before = l->n ? &l->v[l->n - 1] : NULL;
	struct bp_layer *layer = &l->v[l->n++];

	*layer = (struct bp_layer){ .kind = kind,
				    .n_bytes = layer_bytes[kind],
				    .at = before ? (uint16_t)(before->at + before->n_bytes) : 0 };
	return layer;
}

/* ---- words into headers ------------------------------------------------------------------------ */

static void add_tag(struct bp_layers *l, uint16_t type, uint32_t id)
{
	struct bp_layer *tag = add(l, BP_LAYER_TAG);

	tag->type = type;
	tag->id = id;
}

static void add_gre(struct bp_layers *l, const struct bp_encap *e)
{
	struct bp_layer *gre = add(l, BP_LAYER_GRE);

	gre->has_id = e->has_id;
	gre->id = e->id;
	gre->n_bytes = (uint16_t)(gre->n_bytes + (e->has_id ? GRE_KEY_BYTES : 0));
}

static void add_tunnel(struct bp_layers *l, const struct bp_stream_conf *conf,
		       const struct bp_encap *e)
{
	add(l, conf->outer_src.n_bytes == 16 ? BP_LAYER_IP6 : BP_LAYER_IP4)->is_tunnel = true;
	if (e->kind == BP_ENCAP_VXLAN) {
		add(l, BP_LAYER_UDP)->is_tunnel = true;
		add(l, BP_LAYER_VXLAN)->id = e->id;
	} else {
		add_gre(l, e);
	}
	if (e->kind != BP_ENCAP_GRE)
		add(l, BP_LAYER_ETH)->is_tunnel = true;
}

static void add_encap(struct bp_layers *l, const struct bp_stream_conf *conf,
		      const struct bp_encap *e)
{
	if (e->kind == BP_ENCAP_VLAN)
		add_tag(l, TYPE_8021Q, e->id);
	else if (e->kind == BP_ENCAP_QINQ)
		add_tag(l, TYPE_8021AD, e->id);
	else if (e->kind == BP_ENCAP_MPLS)
		add(l, BP_LAYER_MPLS)->id = e->id;
	else
		add_tunnel(l, conf, e);
}

/* The headers of the stream's own protocol. */
static void add_protocol(struct bp_layers *l, const struct bp_stream_conf *conf)
{
	static const enum bp_layer_kind extensions[] = { BP_LAYER_HOP, BP_LAYER_DSTOPT,
							 BP_LAYER_FRAG };
	bool is_v6 = conf->protocol == BP_PROTO_UDP6 || conf->protocol == BP_PROTO_TCP6;

	if (conf->protocol == BP_PROTO_ETH)
		return;
	add(l, is_v6 ? BP_LAYER_IP6 : BP_LAYER_IP4);
	for (unsigned i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (conf->extensions & 1u << i)
			add(l, extensions[i]);
	add(l, conf->protocol == BP_PROTO_UDP4 || conf->protocol == BP_PROTO_UDP6 ? BP_LAYER_UDP
										  : BP_LAYER_TCP);
}

const char *bp_layers_of(const struct bp_stream_conf *conf, struct bp_layers *l)
{
	const char *why = NULL;

	l->n = 0;
	add(l, BP_LAYER_ETH);
	if (conf->vlan)
		add_tag(l, TYPE_8021Q, conf->vlan);
	for (unsigned i = 0; i < conf->encap.n; i++)
		add_encap(l, conf, &conf->encap.v[i]);
	add_protocol(l, conf);
	add(l, BP_LAYER_SIGNED);
	for (unsigned i = 1; i < l->n && !why; i++)
		why = misplaced(l->v[i - 1].kind, l->v[i].kind);
	return why;
}

char *bp_encap_text(const struct bp_stream_conf *conf, char text[BP_ENCAP_BYTES])
{
	int len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < conf->encap.n; i++) {
		const struct bp_encap *e = &conf->encap.v[i];
		const struct bp_encap_word *w = bp_encap_words;
		char id[16] = "";

		while (w->kind != e->kind)
			w++;
		if (e->has_id)
			snprintf(id, sizeof(id), ":%u", e->id);
		/* The longest, "gretap:4294967295, ", has 19 bytes. */
		len += snprintf(text + len, BP_ENCAP_BYTES - (size_t)len, "%s%s%s", i ? ", " : "",
				w->word, id);
	}
	return text;
}
