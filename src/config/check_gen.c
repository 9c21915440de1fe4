/* Checks the generator's ports and streams. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "bypath/signature.h"

#include "core/layers.h"

#include "config/schema.h"
#include "config/spelling.h"
#include "config/value.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FCS_BYTES     4u
#define ANNOUNCED_MAX 100000u /* two seconds of frames */

static void complain_gen(struct bp_load *load, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void complain_gen(struct bp_load *load, const char *key, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	bp_problem(&load->problems, bp_ini_where(&load->ini, "gen", key), "gen", key, "%s", text);
}

static void complain_stream(struct bp_load *load, const struct bp_stream_conf *stream,
			    const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void complain_stream(struct bp_load *load, const struct bp_stream_conf *stream,
			    const char *key, const char *fmt, ...)
{
	char section[BP_SECTION_BYTES], text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	bp_named_section(BP_NAMED_STREAM, stream->name, section);
	bp_problem(&load->problems, bp_ini_where(&load->ini, section, key), section, key, "%s",
		   text);
}

/* ---- ports ----------------------------------------------------------------------------------- */

static int find_port(struct bp_load *load, const char *key, const char *name)
{
	struct bp_nearest nearest = { .word = name };
	char hint[BP_HINT_BYTES];
	int port_id;

	if (!name[0])
		return BP_NO_PORT;
	port_id = bp_load_find_port(load, name);
	if (port_id != BP_NO_PORT || load->has_bad_section[BP_NAMED_PORT])
		return port_id;
	for (unsigned i = 0; i < load->conf.n_ports; i++)
		bp_nearest_try(&nearest, load->conf.ports[i].name);
	complain_gen(load, key, "found '%s', which is no port: add a section [port.%s]%s", name,
		     name, bp_hint(hint, nearest.best));
	return port_id;
}

static struct bp_limits limits_of(const struct bp_load *load, int port_id)
{
	struct bp_limits limits = { .key = NULL };

	if (port_id != BP_NO_PORT)
		bp_limits_of(&load->conf.ports[port_id], &limits);
	return limits;
}

/* The third port of three: only receives, beside two that send and receive. */
static void check_monitor(struct bp_load *load)
{
	struct bp_gen_conf *gen = &load->conf.gen;
	struct bp_limits limits;
	const char *why;

	gen->monitor_port = find_port(load, "monitor", gen->monitor);
	if (gen->monitor_port == BP_NO_PORT)
		return;
	limits = limits_of(load, gen->monitor_port);
	why = limits.only_own ? limits.only_own : limits.no_rx ? limits.no_rx : limits.invents;
	if (!why && limits.is_capture)
		why = "a capture, which holds what was there before";
	if (why)
		complain_gen(load, "monitor", "found '%s': %s", gen->monitor, why);
	if (!gen->tx[0] || !gen->rx[0])
		complain_gen(load, "monitor",
			     "found '%s' without tx and rx: it is the third port beside these two",
			     gen->monitor);
	else if (gen->monitor_port == gen->tx_port || gen->monitor_port == gen->rx_port ||
		 gen->tx_port == gen->rx_port)
		complain_gen(
			load, "monitor",
			"found '%s' beside tx = %s and rx = %s; allowed: three different ports",
			gen->monitor, gen->tx, gen->rx);
}

static void check_ports(struct bp_load *load)
{
	struct bp_gen_conf *gen = &load->conf.gen;
	struct bp_limits tx, rx, replay;

	gen->tx_port = find_port(load, "tx", gen->tx);
	gen->rx_port = find_port(load, "rx", gen->rx);
	gen->replay_port = find_port(load, "replay", gen->replay);
	tx = limits_of(load, gen->tx_port);
	rx = limits_of(load, gen->rx_port);
	replay = limits_of(load, gen->replay_port);
	if (tx.no_tx)
		complain_gen(load, "tx", "found '%s': %s%s", gen->tx, tx.no_tx,
			     tx.is_capture ? "; to send what it holds name it in replay" : "");
	if (tx.only_own)
		complain_gen(load, "tx", "found '%s', which takes no packets from a process: %s",
			     gen->tx, tx.only_own);
	if (rx.only_own)
		complain_gen(load, "rx", "found '%s', which hands no packets to a process: %s",
			     gen->rx, rx.only_own);
	if (rx.no_rx)
		complain_gen(load, "rx", "found '%s': %s", gen->rx, rx.no_rx);
	else if (rx.invents)
		complain_gen(load, "rx", "found '%s', %s", gen->rx, rx.invents);
	else if (rx.is_capture && gen->tx_port != BP_NO_PORT)
		complain_gen(
			load, "rx",
			"found '%s', a capture, which holds what was sent before: receive without "
			"tx to count what is in it",
			gen->rx);
	if (!gen->replay[0])
		return;
	if (tx.no_replay)
		complain_gen(load, "replay", "found '%s', but tx = %s is %s", gen->replay, gen->tx,
			     tx.no_replay);
	if (gen->replay_port != BP_NO_PORT && !replay.is_capture)
		complain_gen(load, "replay",
			     "found '%s'; allowed: a port that plays a capture (driver = %s)",
			     gen->replay, bp_facts_named(BP_FACT_PLAYS));
	if (!gen->tx[0])
		complain_gen(load, "replay", "found '%s' without tx: say which port sends it",
			     gen->replay);
	if (load->conf.n_streams)
		complain_stream(
			load, &load->conf.streams[0], NULL,
			"does not apply together with [gen] replay = %s: send either streams "
			"or a capture",
			gen->replay);
}

/* rx sends as well, so that switches between the two know where each destination is. */
static void check_announce(struct bp_load *load)
{
	const struct bp_gen_conf *gen = &load->conf.gen;
	struct bp_limits rx = limits_of(load, gen->rx_port);

	if (!gen->announce)
		return;
	if (!gen->tx[0] || !gen->rx[0] || gen->replay[0] || gen->tx_port == gen->rx_port)
		complain_gen(load, "announce",
			     "found yes, which needs streams from tx to another port, rx: name "
			     "both, or delete the line");
	else if (rx.no_tx || rx.only_own)
		complain_gen(load, "announce", "found yes, but rx = %s cannot send: %s", gen->rx,
			     rx.no_tx ? rx.no_tx : rx.only_own);
	for (unsigned i = 0; i < load->conf.n_streams; i++)
		if (load->conf.streams[i].dst_mac.n > ANNOUNCED_MAX)
			complain_stream(
				load, &load->conf.streams[i], "dst_mac",
				"found %u addresses, allowed with [gen] announce = yes: up to %u",
				load->conf.streams[i].dst_mac.n, ANNOUNCED_MAX);
}

/* ---- streams --------------------------------------------------------------------------------- */

static bool is_v6(const struct bp_stream_conf *s)
{
	return s->protocol == BP_PROTO_UDP6 || s->protocol == BP_PROTO_TCP6;
}

static const char *protocol_name(const struct bp_stream_conf *s)
{
	return bp_key_word_of(bp_schema_find("stream", "protocol"), s->protocol);
}

/* Refuse sizes that do not hold the stream's headers, the signature and the FCS. */
static void check_sizes(struct bp_load *load, const struct bp_stream_conf *s,
			const struct bp_layers *layers)
{
	unsigned min_size = bp_layers_bytes(layers) + BP_SIG_BYTES + FCS_BYTES;
	char encap[BP_ENCAP_BYTES];

	bp_encap_text(s, encap);
	for (unsigned i = 0; i < s->sizes.n; i++) {
		if (s->sizes.v[i].bytes >= min_size)
			continue;
		complain_stream(
			load, s, "size",
			"found %u bytes, but %s%s%s%s%s frames with their signature need %u: "
			"set size = %u or more",
			s->sizes.v[i].bytes, protocol_name(s), s->vlan ? " VLAN" : "",
			s->extensions ? " with extension headers" : "", encap[0] ? " in " : "",
			encap, min_size, min_size);
		return;
	}
}

static void set_address(struct bp_range *range, bool v6, const char *text)
{
	if (range->n_bytes)
		return;
	*range = (struct bp_range){ .n_bytes = v6 ? 16 : 4, .n = 1 };
	inet_pton(v6 ? AF_INET6 : AF_INET, text, range->first);
}

static void check_address(struct bp_load *load, const struct bp_stream_conf *s, const char *key,
			  const struct bp_range *range)
{
	if (range->n_bytes && (range->n_bytes == 16) != is_v6(s))
		complain_stream(load, s, key,
				"found an IPv%d address, but protocol = %s needs IPv%d",
				range->n_bytes == 16 ? 6 : 4, protocol_name(s), is_v6(s) ? 6 : 4);
}

/* Refuse keys that a frame without an IP header has no field for. */
static void check_eth(struct bp_load *load, const struct bp_stream_conf *s)
{
	static const char *const keys[] = { "src", "dst", "sport", "dport", "ttl", "dscp" };
	char section[BP_SECTION_BYTES];

	bp_named_section(BP_NAMED_STREAM, s->name, section);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bp_ini_find(&load->ini, section, keys[i]))
			complain_stream(load, s, keys[i],
					"does not apply: protocol = eth has no IP header; delete "
					"the line");
}

static const struct bp_encap *find_tunnel(const struct bp_stream_conf *s)
{
	for (unsigned i = 0; i < s->encap.n; i++)
		if (bp_encap_is_tunnel(s->encap.v[i].kind))
			return &s->encap.v[i];
	return NULL;
}

/* Refuse a tunnel's keys where encap has no tunnel; set the defaults of its addresses. */
static void check_tunnel(struct bp_load *load, struct bp_stream_conf *s)
{
	static const char *const keys[] = { "outer_src", "outer_dst", "inner_src_mac",
					    "inner_dst_mac" };
	const struct bp_encap *tunnel = find_tunnel(s);
	bool is_v6 =
		s->outer_src.n_bytes == 16 || (!s->outer_src.n_bytes && s->outer_dst.n_bytes == 16);
	char section[BP_SECTION_BYTES];

	bp_named_section(BP_NAMED_STREAM, s->name, section);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bp_ini_find(&load->ini, section, keys[i]) &&
		    (!tunnel || (i > 1 && tunnel->kind == BP_ENCAP_GRE)))
			complain_stream(load, s, keys[i],
					"does not apply: encap names no %s; delete the line",
					i > 1 ? "vxlan or gretap" : "vxlan, gre or gretap");
	set_address(&s->outer_src, is_v6, is_v6 ? "2001:2:0:1::1" : "198.18.1.1");
	set_address(&s->outer_dst, is_v6, is_v6 ? "2001:2:1:1::1" : "198.19.1.1");
	if (s->outer_src.n_bytes != s->outer_dst.n_bytes)
		complain_stream(load, s, "outer_dst",
				"found an IPv%d address beside an IPv%d one in outer_src",
				s->outer_dst.n_bytes == 16 ? 6 : 4, is_v6 ? 6 : 4);
}

static void check_layers(struct bp_load *load, struct bp_stream_conf *s)
{
	unsigned n_tunnels = 0;
	struct bp_layers layers;
	const char *why;

	check_tunnel(load, s);
	for (unsigned i = 0; i < s->encap.n; i++)
		n_tunnels += bp_encap_is_tunnel(s->encap.v[i].kind);
	if (n_tunnels > 1) {
		complain_stream(load, s, "encap", "found %u tunnels, allowed: one", n_tunnels);
		return;
	}
	if (s->vlan && s->encap.n)
		complain_stream(load, s, "vlan",
				"found %u beside encap: write vlan:%u where it belongs in encap",
				s->vlan, s->vlan);
	if (s->extensions && !is_v6(s))
		complain_stream(load, s, "extensions",
				"found beside protocol = %s: they belong to IPv6: set udp6 or tcp6",
				protocol_name(s));
	why = bp_layers_of(s, &layers);
	if (why)
		complain_stream(load, s, "encap", "%s", why);
	else
		check_sizes(load, s, &layers);
}

static void check_stream(struct bp_load *load, struct bp_stream_conf *s)
{
	check_layers(load, s);
	if (s->protocol == BP_PROTO_ETH) {
		check_eth(load, s);
		return;
	}
	check_address(load, s, "src", &s->src);
	check_address(load, s, "dst", &s->dst);
	set_address(&s->src, is_v6(s), is_v6(s) ? "2001:2::1" : "198.18.0.1");
	set_address(&s->dst, is_v6(s), is_v6(s) ? "2001:2:1::1" : "198.19.0.1");
}

static void add_default_stream(struct bp_load *load)
{
	struct bp_stream_conf *s = &load->conf.streams[0];

	bp_value_store_defaults(bp_schema_section_of("stream")->keys, s);
	strcpy(s->name, "default");
	load->conf.n_streams = 1;
}

void bp_check_gen(struct bp_load *load)
{
	const struct bp_gen_conf *gen = &load->conf.gen;

	check_ports(load);
	check_monitor(load);
	if (gen->tx[0] && !gen->replay[0] && !load->conf.n_streams &&
	    !load->has_bad_section[BP_NAMED_STREAM])
		add_default_stream(load);
	for (unsigned i = 0; i < load->conf.n_streams; i++)
		check_stream(load, &load->conf.streams[i]);
	check_announce(load);
}
