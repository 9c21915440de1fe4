/* Fuzz target: any texts of a switch's configuration, any frames → only where they may go, no byte but tags changed. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../unit/switch_bed.h"

#include "demand.h"

#include <string.h>

/*
 * The input: lines access, trunk, group (static behind a ';'), each up to a newline; then frames: port (low bits; 0x10: with
 * metadata, 0x20: no headroom, 0x40: a tick), length, bytes. What exceeds the input is 0.
 */
struct reader {
	const uint8_t *data;
	size_t left;
};

static uint8_t take(struct reader *r)
{
	if (!r->left)
		return 0;
	r->left--;
	return *r->data++;
}

static void take_line(struct reader *r, char *out, size_t out_bytes)
{
	size_t n = 0;
	uint8_t byte;

	while (r->left && (byte = take(r)) != '\n')
		if (byte && n + 1 < out_bytes)
			out[n++] = (char)byte;
	out[n] = '\0';
}

/* End a text at the first `end`; what stood behind it, up to out_bytes with its end; NULL: there was none. */
static const char *cut(char *text, char end, size_t out_bytes)
{
	char *at = strchr(text, end);

	if (!at)
		return NULL;
	*at++ = '\0';
	if (strlen(at) >= out_bytes)
		at[out_bytes - 1] = '\0';
	return at;
}

static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Counts in what the section points to. */
static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	demand(key && *fmt, "a complaint names its key");
	check->section = "complained";
}

static bool is_tagged(const struct bp_pkt *pkt)
{
	return pkt->len >= 18 && pkt->data[12] == 0x81 && pkt->data[13] == 0;
}

static unsigned vid_of(const struct bp_pkt *pkt)
{
	return ((unsigned)pkt->data[14] << 8 | pkt->data[15]) & 0xfff;
}

/* What is behind addresses and an 802.1Q tag. */
static size_t rest_of(const struct bp_pkt *pkt, const uint8_t **rest)
{
	const size_t at = is_tagged(pkt) ? 16 : 12;

	*rest = pkt->data + at;
	return pkt->len - at;
}

static void demand_same(const struct bp_pkt *a, const struct bp_pkt *b)
{
	const uint8_t *rest_a, *rest_b;
	const size_t n = rest_of(a, &rest_a);

	demand(!memcmp(a->data, b->data, 12), "the addresses stay");
	demand(rest_of(b, &rest_b) == n && !memcmp(rest_a, rest_b, n), "the payload stays");
}

static void demand_delivered(struct sb *b, unsigned port, uint64_t out, const struct sb_frame *in,
			     const struct sb_frame *f)
{
	static struct sb_frame left;
	const bool is_aware = b->sw->ports.is_aware;

	demand(!(out & ~bp_function_switch.outs(&b->conf, &b->conf.functions[0], port - 1)),
	       "only where outs() says");
	demand(!is_aware || is_tagged(&f->pkt), "inside, every frame has a tag");
	for (unsigned to = 1; to <= SB_PORTS; to++) {
		if (!(out & SB_P(to)))
			continue;
		demand(!is_aware || b->sw->ports.members[vid_of(&f->pkt)] & SB_P(to),
		       "only to ports of its VLAN");
		sb_copy(&left, f);
		if (!sb_leave(b, to, &left))
			continue;
		if (is_aware && !is_tagged(&in->pkt) && !is_tagged(&left.pkt))
			demand(left.pkt.len == in->pkt.len &&
				       !memcmp(left.pkt.data, in->pkt.data, in->pkt.len),
			       "untagged to untagged changes nothing");
		else if (!is_aware)
			demand(left.pkt.data == left.data && left.pkt.len == in->pkt.len &&
				       !memcmp(left.room, in->room, sizeof(in->room)),
			       "without VLANs nothing changes");
	}
}

static void give_frame(struct sb *b, struct reader *r)
{
	static struct sb_frame f, in;
	const uint8_t how = take(r), len = take(r);
	const unsigned port = 1 + how % SB_PORTS;
	struct bp_vnet_hdr meta = { 0 };
	uint64_t out;

	sb_make(&f, 0, 0, len);
	for (unsigned i = 0; i < len; i++)
		f.data[i] = take(r);
	if (how & 0x20)
		f.pkt.headroom = how & 0x10 ? BP_VNET_BYTES : 0;
	if (how & 0x10) {
		meta.flags = take(r);
		meta.gso_type = take(r);
		meta.hdr_len = take(r);
		meta.csum_start = take(r);
		sb_meta(&f, meta);
	}
	if (how & 0x40)
		sb_pass(b, 100);
	sb_copy(&in, &f);
	out = sb_give(b, port, &f);
	demand(!(out & BP_OUT_NEXT), "the switch decides");
	if (!out)
		demand(b->why < BP_SWITCH_N_REASONS, "a drop has a reason");
	else
		demand_delivered(b, port, out, &in, &f);
	if (out && !is_tagged(&in.pkt) && is_tagged(&f.pkt))
		demand_same(&in.pkt, &f.pkt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = { data, size };
	static struct bp_conf conf;
	static char access[1000], trunk[1000], group[448 + 1000];
	struct sb_spec spec = { .access = access, .trunk = trunk, .group = group, .entries = 16 };
	struct bp_check check = { .conf = &conf, .section = "", .complain = complain };
	void *state;
	struct sb *b;

	take_line(&r, access, sizeof(access));
	take_line(&r, trunk, sizeof(trunk));
	take_line(&r, group, sizeof(group));
	spec.addresses = cut(group, ';', 1000);
	group[447] = '\0';
	sb_configure(&conf, &spec);
	bp_function_switch.check(&conf.functions[0], &check);
	if (check.section[0]) {
		demand(bp_function_switch.ops->open(&conf, &conf.functions[0], &state) == -EINVAL,
		       "what is complained about does not open");
		return 0;
	}
	b = sb_open(&spec);
	while (r.left)
		give_frame(b, &r);
	demand(bp_fdb_n(b->sw->fdb) <= 16 + b->sw->ports.n_fixed, "the table holds what it may");
	sb_close(b);
	return 0;
}
