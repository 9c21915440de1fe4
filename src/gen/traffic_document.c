/* What frames trials are made of, as a search's report says it: RFC 9971's Traffic Profile. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/document.h"

#include "core/json.h"
#include "core/layers.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define VALUE_BYTES INET6_ADDRSTRLEN /* the longest value of a field, as text */

/* ---- fields ---------------------------------------------------------------------------------- */

static void print_value(const uint8_t *v, unsigned n_bytes, char text[VALUE_BYTES])
{
	if (n_bytes == 2)
		snprintf(text, VALUE_BYTES, "%u", (unsigned)v[0] << 8 | v[1]);
	else if (n_bytes == 6)
		snprintf(text, VALUE_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", v[0], v[1], v[2], v[3],
			 v[4], v[5]);
	else
		inet_ntop(n_bytes == 16 ? AF_INET6 : AF_INET, v, text, VALUE_BYTES);
}

/* "FIRST-LAST", as in a configuration; one value alone. */
static json_t *range_of(const struct bp_range *range)
{
	char first[VALUE_BYTES], last[VALUE_BYTES];
	uint32_t more = range->n - 1;
	uint8_t bytes[16];

	print_value(range->first, range->n_bytes, first);
	if (!more)
		return json_string(first);
	memcpy(bytes, range->first, sizeof(bytes));
	for (unsigned i = range->n_bytes; i-- > 0; more >>= 8) {
		more += bytes[i];
		bytes[i] = (uint8_t)more;
	}
	print_value(bytes, range->n_bytes, last);
	return json_sprintf("%s-%s", first, last);
}

static void set_ranges(json_t *row, const char *src_key, const struct bp_range *src,
		       const char *dst_key, const struct bp_range *dst)
{
	json_object_set_new(row, src_key, range_of(src));
	json_object_set_new(row, dst_key, range_of(dst));
}

/* What varies, or may, in one header of the stream's frames. */
static void set_layer(json_t *row, const struct bp_stream_conf *s, const struct bp_layer *layer)
{
	switch (layer->kind) {
	case BP_LAYER_ETH:
		if (layer->is_tunnel)
			set_ranges(row, "inner_src_mac", &s->inner_src_mac, "inner_dst_mac",
				   &s->inner_dst_mac);
		else
			set_ranges(row, "src_mac", &s->src_mac, "dst_mac", &s->dst_mac);
		break;
	case BP_LAYER_IP4:
	case BP_LAYER_IP6:
		if (layer->is_tunnel) {
			set_ranges(row, "outer_src", &s->outer_src, "outer_dst", &s->outer_dst);
			break;
		}
		set_ranges(row, "src", &s->src, "dst", &s->dst);
		json_object_set_new(row, "ttl", json_integer(s->ttl));
		json_object_set_new(row, "dscp", json_integer(s->dscp));
		break;
	case BP_LAYER_UDP:
	case BP_LAYER_TCP:
		if (!layer->is_tunnel)
			set_ranges(row, "sport", &s->sport, "dport", &s->dport);
		break;
	default:
		break;
	}
}

/* ---- streams --------------------------------------------------------------------------------- */

/* The word of a value, of a list that has it. */
static const char *word_of(const struct bp_word *words, unsigned value)
{
	while (words->value != value)
		words++;
	return words->word;
}

static json_t *sizes_of(const struct bp_stream_conf *s, uint32_t frame_size)
{
	json_t *sizes = json_array();
	double weights = 0;

	if (frame_size) {
		json_array_append_new(
			sizes, json_pack("{s:i, s:f}", "bytes", (int)frame_size, "share", 1.0));
		return sizes;
	}
	for (unsigned i = 0; i < s->sizes.n; i++)
		weights += s->sizes.v[i].weight;
	for (unsigned i = 0; i < s->sizes.n; i++)
		json_array_append_new(sizes, json_pack("{s:i, s:f}", "bytes", s->sizes.v[i].bytes,
						       "share", s->sizes.v[i].weight / weights));
	return sizes;
}

static json_t *extensions_of(const struct bp_stream_conf *s)
{
	json_t *words = json_array();

	for (const struct bp_word *w = bp_extension_words; w->word; w++)
		if (s->extensions & w->value)
			json_array_append_new(words, json_string(w->word));
	return words;
}

/* Keys of headers that the frames do not have are missing. */
static json_t *stream_of(const struct bp_stream_conf *s, uint32_t frame_size, double share)
{
	struct bp_layers layers;
	char encap[BP_ENCAP_BYTES];
	json_t *row = json_pack("{s:s, s:f, s:s, s:o}", "name", s->name, "share", share, "protocol",
				word_of(bp_protocol_words, s->protocol), "sizes",
				sizes_of(s, frame_size));

	if (s->vlan)
		json_object_set_new(row, "vlan", json_integer(s->vlan));
	if (s->encap.n)
		json_object_set_new(row, "encap", json_string(bp_encap_text(s, encap)));
	if (s->extensions)
		json_object_set_new(row, "extensions", extensions_of(s));
	bp_layers_of(s, &layers);
	for (unsigned i = 0; i < layers.n; i++)
		set_layer(row, s, &layers.v[i]);
	return row;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static json_t *port_of(const struct bp_conf *conf, int port_id)
{
	const struct bp_port_conf *port = &conf->ports[port_id];

	return json_pack("{s:s, s:s, s:o}", "name", port->name, "driver", port->driver, "device",
			 bp_json_text(port->device));
}

/* The IP version of a stream's own packets, in a tunnel or not; 0: no IP. */
static unsigned ip_version(const struct bp_stream_conf *s)
{
	if (s->protocol == BP_PROTO_ETH)
		return 0;
	return s->src.n_bytes == 16 ? 6 : 4;
}

json_t *bp_traffic_document(const struct bp_conf *conf, uint32_t frame_size, double line_pps)
{
	json_t *streams = json_array();
	double sum = 0, of_version[7] = { 0 };

	for (unsigned i = 0; i < conf->n_streams; i++)
		sum += conf->streams[i].share;
	for (unsigned i = 0; i < conf->n_streams; i++) {
		const struct bp_stream_conf *s = &conf->streams[i];

		of_version[ip_version(s)] += s->share / sum;
		json_array_append_new(streams, stream_of(s, frame_size, s->share / sum));
	}
	return json_pack(
		"{s:s, s:o, s:o, s:s, s:{s:f, s:f, s:f}, s:o, s:o}", "direction",
		conf->gen.tx_port == conf->gen.rx_port
			? "one interface sends and receives; not meshed"
			: "unidirectional, from one interface to one other; not meshed",
		"tx", port_of(conf, conf->gen.tx_port), "rx", port_of(conf, conf->gen.rx_port),
		"modifiers",
		"none of RFC 2544's section 11: no broadcast, management or routing frames are "
		"sent; fields with a range take its next value in each frame of the stream",
		"ip_versions", "ipv4", of_version[4], "ipv6", of_version[6], "none", of_version[0],
		"line_pps", bp_json_known(line_pps), "streams", streams);
}
