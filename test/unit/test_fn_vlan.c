/* The function vlan: what each action does to each kind of frame. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "function_bed.h"
#include "offload_check.h"

#define MTU       1500u
#define TAGS_MAX  4u
#define C(tci)    (0x81000000u | (tci))
#define S(tci)    (0x88a80000u | (tci))
#define PCP(p, v) ((unsigned)(p) << 13 | (v))
#define DEI       0x1000u

/* A frame by its tags from the outside, up to 0; then EtherType 0x0800 and `payload` bytes. */
static struct bp_pkt frame(struct bed *bed, const uint32_t *tags, uint32_t payload,
			   uint16_t headroom)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	uint8_t bytes[14 + 4 * TAGS_MAX + 64];
	uint32_t at = sizeof(macs);

	memcpy(bytes, macs, sizeof(macs));
	for (; *tags; tags++, at += 4) {
		fb_be16(bytes + at, *tags >> 16);
		fb_be16(bytes + at + 2, *tags & 0xffff);
	}
	fb_be16(bytes + at, 0x0800);
	at += 2;
	assert_true(payload <= 64);
	for (uint32_t i = 0; i < payload; i++)
		bytes[at + i] = (uint8_t)(0x40 + i);
	return bed_view(bed, bytes, at + payload, headroom, NULL);
}

struct one {
	const char *name;
	struct fn_set sets[FN_SETS_MAX];
	uint32_t in[TAGS_MAX + 1];
	const char *dropped; /* NULL: it goes on, as */
	uint32_t out[TAGS_MAX + 1];
};

#define PUSH_10                       \
	{                             \
		{ "action", "push" }, \
		{                     \
			"id", "10"    \
		}                     \
	}
#define POP                             \
	{                               \
		{                       \
			"action", "pop" \
		}                       \
	}
#define POP_10                       \
	{                            \
		{ "action", "pop" }, \
		{                    \
			"id", "10"   \
		}                    \
	}
#define TO_20                            \
	{                                \
		{ "action", "rewrite" }, \
		{                        \
			"to", "20"       \
		}                        \
	}
#define FROM_10                                          \
	{                                                \
		{ "action", "rewrite" }, { "id", "10" }, \
		{                                        \
			"to", "20"                       \
		}                                        \
	}
#define ONLY                               \
	{                                  \
		{ "action", "pass" },      \
		{                          \
			"ids", "10, 20-30" \
		}                          \
	}

static const struct one ones[] = {
	/* Push: whatever there is goes within. */
	{ "push untagged", PUSH_10, { 0 }, NULL, { C(10) } },
	{ "push priority-tagged",
	  PUSH_10,
	  { C(PCP(5, 0)) },
	  NULL,
	  { C(PCP(5, 10)), C(PCP(5, 0)) } },
	{ "push tagged",
	  PUSH_10,
	  { C(PCP(3, 7) | DEI) },
	  NULL,
	  { C(PCP(3, 10) | DEI), C(PCP(3, 7) | DEI) } },
	{ "push on two tags", PUSH_10, { S(5), C(6) }, NULL, { C(10), S(5), C(6) } },
	{ "push an S-tag",
	  { { "action", "push" }, { "id", "4094" }, { "tpid", "88a8" }, { "priority", "2" } },
	  { C(PCP(7, 6)) },
	  NULL,
	  { S(PCP(2, 4094)), C(PCP(7, 6)) } },
	{ "push a priority tag",
	  { { "action", "push" }, { "id", "0" }, { "priority", "6" } },
	  { 0 },
	  NULL,
	  { C(PCP(6, 0)) } },
	{ "push where ids allow it",
	  { { "action", "push" }, { "id", "10" }, { "ids", "0,7" } },
	  { C(7) },
	  NULL,
	  { C(10), C(7) } },
	{ "push where ids do not",
	  { { "action", "push" }, { "id", "10" }, { "ids", "0,7" } },
	  { C(8) },
	  "vid_not_allowed",
	  { 0 } },
	{ "push on 4095", PUSH_10, { C(4095) }, NULL, { C(10), C(4095) } },
	/* Pop: the outermost tag, of either kind. */
	{ "pop tagged", POP, { C(10) }, NULL, { 0 } },
	{ "pop an S-tag", POP, { S(10) }, NULL, { 0 } },
	{ "pop QinQ", POP, { S(5), C(6) }, NULL, { C(6) } },
	{ "pop priority-tagged", POP, { C(PCP(5, 0)) }, NULL, { 0 } },
	{ "pop 4095", POP, { C(4095) }, NULL, { 0 } },
	{ "pop untagged", POP, { 0 }, "not_tagged", { 0 } },
	{ "pop untagged where 0 is allowed",
	  { { "action", "pop" }, { "ids", "0-4094" } },
	  { 0 },
	  NULL,
	  { 0 } },
	{ "pop untagged where 0 is not",
	  { { "action", "pop" }, { "ids", "1-4094" } },
	  { 0 },
	  "vid_not_allowed",
	  { 0 } },
	{ "pop priority-tagged where 0 is allowed",
	  { { "action", "pop" }, { "ids", "0" } },
	  { C(0x2000) },
	  NULL,
	  { 0 } },
	{ "pop that VLAN", POP_10, { C(10) }, NULL, { 0 } },
	{ "pop another VLAN", POP_10, { C(11) }, NULL, { C(11) } },
	{ "pop that VLAN within another", POP_10, { C(11), C(10) }, NULL, { C(11), C(10) } },
	{ "pop that VLAN of untagged", POP_10, { 0 }, NULL, { 0 } },
	{ "pop that VLAN of priority-tagged", POP_10, { C(PCP(1, 0)) }, NULL, { C(PCP(1, 0)) } },
	/* Rewrite: the outermost tag's VLAN, priority, or both; not its EtherType. */
	{ "rewrite", TO_20, { C(PCP(3, 10) | DEI) }, NULL, { C(PCP(3, 20) | DEI) } },
	{ "rewrite an S-tag", TO_20, { S(5), C(6) }, NULL, { S(20), C(6) } },
	{ "rewrite priority-tagged", TO_20, { C(PCP(5, 0)) }, NULL, { C(PCP(5, 20)) } },
	{ "rewrite 4095", TO_20, { C(4095) }, NULL, { C(20) } },
	{ "rewrite untagged", TO_20, { 0 }, "not_tagged", { 0 } },
	{ "rewrite untagged where 0 is allowed",
	  { { "action", "rewrite" }, { "to", "20" }, { "ids", "0,10" } },
	  { 0 },
	  NULL,
	  { 0 } },
	{ "rewrite that VLAN", FROM_10, { C(10), C(10) }, NULL, { C(20), C(10) } },
	{ "rewrite another VLAN", FROM_10, { C(11) }, NULL, { C(11) } },
	{ "rewrite that VLAN of untagged", FROM_10, { 0 }, NULL, { 0 } },
	{ "rewrite the priority",
	  { { "action", "rewrite" }, { "priority", "1" } },
	  { C(PCP(7, 99) | DEI) },
	  NULL,
	  { C(PCP(1, 99) | DEI) } },
	{ "rewrite both",
	  { { "action", "rewrite" }, { "to", "20" }, { "priority", "0" } },
	  { C(PCP(7, 99)) },
	  NULL,
	  { C(20) } },
	/* Pass: ids alone decide, by the outermost tag. */
	{ "pass an id", ONLY, { C(PCP(7, 10)) }, NULL, { C(PCP(7, 10)) } },
	{ "pass the first of a range", ONLY, { S(20), C(1) }, NULL, { S(20), C(1) } },
	{ "pass the last of a range", ONLY, { C(30) }, NULL, { C(30) } },
	{ "stop below a range", ONLY, { C(19) }, "vid_not_allowed", { 0 } },
	{ "stop above a range", ONLY, { C(31) }, "vid_not_allowed", { 0 } },
	{ "stop QinQ by its outer tag", ONLY, { S(5), C(10) }, "vid_not_allowed", { 0 } },
	{ "stop untagged", ONLY, { 0 }, "vid_not_allowed", { 0 } },
	{ "stop priority-tagged", ONLY, { C(PCP(7, 0)) }, "vid_not_allowed", { 0 } },
	{ "pass priority-tagged",
	  { { "action", "pass" }, { "ids", "0" } },
	  { C(PCP(7, 0)) },
	  NULL,
	  { C(PCP(7, 0)) } },
	{ "pass untagged", { { "action", "pass" }, { "ids", "0" } }, { 0 }, NULL, { 0 } },
	{ "stop 4095 whatever is allowed",
	  { { "action", "pass" }, { "ids", "0-4094" } },
	  { C(4095) },
	  "vid_not_allowed",
	  { 0 } },
};

static void expect_one(struct bed *bed, const struct one *c, uint32_t payload)
{
	struct bp_pkt pkt = frame(bed, c->in, payload, 4), before = pkt;
	struct bp_pkt wanted = frame(bed, c->dropped ? c->in : c->out, payload, 0);
	const char *dropped;
	struct fn_bed *fn;

	fn = fn_begin("vlan", c->sets);
	fn_run(fn, 0, &pkt, 1);
	dropped = fn_dropped(fn, 0);
	if (!dropped != !c->dropped || (dropped && strcmp(dropped, c->dropped)))
		fail_msg("%s: %s, not %s", c->name, dropped ? dropped : "goes on",
			 c->dropped ? c->dropped : "goes on");
	if (pkt.len != wanted.len || memcmp(pkt.data, wanted.data, wanted.len))
		fail_msg("%s: other bytes", c->name);
	/* What it gained or lost in length is what there is less or more before it. */
	assert_int_equal(pkt.headroom + pkt.len, before.headroom + before.len);
	fn_end(fn);
}

static void each_action_meets_each_kind_of_frame(void **state)
{
	struct bed *bed = bed_open(64, 0, 0, MTU);

	(void)state;
	for (size_t i = 0; i < sizeof(ones) / sizeof(ones[0]); i++) {
		expect_one(bed, &ones[i], 46);
		expect_one(bed, &ones[i], 0); /* headers, and nothing behind them */
	}
	bed_close(bed);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void expect_drop(struct bed *bed, const struct fn_set *sets, struct bp_pkt pkt,
			const char *reason)
{
	struct bp_pkt before = pkt;
	uint8_t bytes[128];
	struct fn_bed *fn;

	(void)bed;
	memcpy(bytes, pkt.data, pkt.len);
	fn = fn_begin("vlan", sets);
	fn_run(fn, 0, &pkt, 1);
	assert_string_equal(fn_dropped(fn, 0), reason);
	assert_memory_equal(&pkt, &before, sizeof(pkt));
	assert_memory_equal(pkt.data, bytes, pkt.len);
	fn_end(fn);
}

static void short_frames_are_runts(void **state)
{
	static const struct fn_set all[][FN_SETS_MAX] = { PUSH_10, POP, TO_20, ONLY };
	static const uint32_t tagged[] = { C(10), 0 }, untagged[] = { 0 };
	struct bed *bed = bed_open(64, 0, 0, MTU);

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (uint32_t len = 0; len < 14; len++) {
			struct bp_pkt pkt = frame(bed, untagged, 0, 8);

			pkt.data += 14 - len; /* so that the sanitizer sees its end */
			pkt.len = len;
			expect_drop(bed, all[i], pkt, "runt");
		}
		for (uint32_t len = 14; len < 18; len++) {
			struct bp_pkt whole = frame(bed, tagged, 0, 8);

			expect_drop(bed, all[i], bed_view(bed, whole.data, len, 8, NULL), "runt");
		}
	}
	bed_close(bed);
}

static void a_push_needs_four_bytes(void **state)
{
	static const struct fn_set push[] = { { "action", "push" },
					      { "id", "10" },
					      { NULL, NULL } };
	static const uint32_t untagged[] = { 0 };
	const struct bp_vnet_hdr meta = { .flags = BP_VNET_F_NEEDS_CSUM, .csum_start = 34 };
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_pkt whole = frame(bed, untagged, 46, 0);

	(void)state;
	for (uint16_t headroom = 0; headroom < 4; headroom++) {
		expect_drop(bed, push, frame(bed, untagged, 46, headroom), "no_headroom");
		expect_drop(bed, push, bed_view(bed, whole.data, whole.len, headroom, &meta),
			    "no_headroom");
	}
	bed_close(bed);
}

static void a_checksum_that_begins_in_the_addresses_stops_a_pop(void **state)
{
	static const struct fn_set pop[] = { { "action", "pop" }, { NULL, NULL } };
	static const uint32_t tagged[] = { C(10), 0 };
	const struct bp_vnet_hdr meta = { .flags = BP_VNET_F_NEEDS_CSUM, .csum_start = 3 };
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_pkt whole = frame(bed, tagged, 46, 0);

	(void)state;
	expect_drop(bed, pop, bed_view(bed, whole.data, whole.len, 8, &meta), "bad_meta");
	bed_close(bed);
}

/* ---- bursts ---------------------------------------------------------------------------------- */

static void packets_of_several_views_are_told_by_their_first(void **state)
{
	static const struct fn_set pop[] = { { "action", "pop" }, { NULL, NULL } };
	static const uint32_t tagged[] = { C(10), 0 }, untagged[] = { 0 };
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_pkt pkts[6];
	struct fn_bed *fn;

	(void)state;
	pkts[0] = frame(bed, tagged, 40, 0);
	pkts[0].flags = BP_PKT_MORE;
	pkts[1] = frame(bed, tagged, 40, 0); /* payload that looks like a tagged frame */
	pkts[1].flags = BP_PKT_MORE;
	pkts[2] = frame(bed, tagged, 40, 0);
	pkts[3] = frame(bed, untagged, 40, 0);
	pkts[3].flags = BP_PKT_MORE;
	pkts[4] = frame(bed, tagged, 40, 0);
	pkts[5] = frame(bed, tagged, 40, 0);
	fn = fn_begin("vlan", pop);
	fn_run(fn, 1, pkts, 6);
	assert_null(fn_dropped(fn, 0));
	assert_int_equal(pkts[0].len, 54);
	assert_int_equal(pkts[1].len, 58);
	assert_int_equal(pkts[2].len, 58);
	assert_string_equal(fn_dropped(fn, 3), "not_tagged");
	assert_int_equal(pkts[4].len, 58);
	assert_null(fn_dropped(fn, 5));
	assert_int_equal(pkts[5].len, 54);
	for (unsigned i = 1; i < 5; i += i == 2 ? 2 : 1)
		assert_int_equal(fn->out[i], BP_OUT_NEXT);
	fn_end(fn);
	bed_close(bed);
}

static void show_counts_what_was_done_by_all_workers(void **state)
{
	static const struct fn_set pop[] = { { "action", "pop" }, { "id", "10" }, { NULL, NULL } };
	static const struct fn_set pass[] = { { "action", "pass" },
					      { "ids", "10" },
					      { NULL, NULL } };
	static const uint32_t ten[] = { C(10), 0 }, eleven[] = { C(11), 0 };
	struct bed *bed = bed_open(64, 0, 0, MTU);
	struct bp_pkt pkts[3];
	struct fn_bed *fn;

	(void)state;
	fn = fn_begin("vlan", pop);
	for (unsigned worker_id = 0; worker_id < 2; worker_id++) {
		pkts[0] = frame(bed, ten, 40, 0);
		pkts[1] = frame(bed, eleven, 40, 0);
		pkts[2] = frame(bed, ten, 40, 0);
		fn_run(fn, worker_id, pkts, 3);
	}
	assert_true(fn_shown(fn, "popped") == 4);
	assert_true(fn_shown(fn, "untouched") == 2);
	fn_end(fn);
	fn = fn_begin("vlan", pass);
	pkts[0] = frame(bed, ten, 40, 0);
	pkts[1] = frame(bed, eleven, 40, 0);
	fn_run(fn, 0, pkts, 2);
	assert_true(fn_shown(fn, "untouched") == 1); /* drops are the engine's account */
	fn_end(fn);
	bed_close(bed);
}

/* ---- metadata: what comes out of the offload stage behind the function ----------------------- */

/* Segments of the packet, each as one built with n_tags and without metadata. */
static void expect_segments(struct bed *bed, struct bp_pkt *views, unsigned n,
			    const struct fb_spec *super, unsigned n_tags, uint32_t mss)
{
	static uint8_t bytes[FRAME_BYTES_MAX];
	uint32_t done = 0;
	struct bp_pkt *out;
	unsigned n_out, n_segs = 0;

	bp_offload_begin(bed->o, views, n);
	while ((n_out = bp_offload_next(bed->o, &out))) {
		for (unsigned i = 0, n_views; i < n_out; i += n_views, done += mss, n_segs++) {
			struct fb_spec spec = *super;
			struct bp_pkt whole = { .data = bytes };

			n_views = bp_pkt_n_views(&out[i], n_out - i);
			for (unsigned v = i; v < i + n_views; whole.len += out[v++].len)
				memcpy(bytes + whole.len, out[v].data, out[v].len);
			spec.n_tags = n_tags;
			spec.csum = FB_FULL;
			spec.payload_from += done;
			spec.payload_bytes -= done;
			if (spec.payload_bytes > mss)
				spec.payload_bytes = mss;
			spec.seq += done;
			spec.ip_id = (uint16_t)(spec.ip_id + n_segs);
			fb_build(&want, &spec);
			assert_view(&whole, &want);
		}
		bp_pool_put(0, out, n_out);
	}
	assert_int_equal(n_segs, (super->payload_bytes + mss - 1) / mss);
	assert_int_equal(bp_counters_drops(&bed->counters), 0);
}

/* frame_build.h: tag i from the inside is VLAN 100 + i, the inner one a C-tag, the outer one an S-tag. */
static void check_tagged(const struct fb_spec *spec, uint8_t gso_type, uint16_t gso_size,
			 const struct fn_set *sets, unsigned n_tags, uint32_t chunk)
{
	struct bed *bed = bed_open(256, 0, 0, MTU);
	struct bp_pkt in[BP_BURST_MAX];
	struct bp_vnet_hdr meta;
	struct fn_bed *fn;
	unsigned n;

	fb_build(&input, spec);
	meta = meta_of(&input, gso_type, gso_size);
	n = bed_chain(bed, in, input.bytes, input.len, chunk, &meta);
	fn = fn_begin("vlan", sets);
	fn_run(fn, 0, in, n);
	assert_null(fn_dropped(fn, 0));
	expect_segments(bed, in, n, spec, n_tags,
			gso_type == BP_VNET_GSO_NONE ? spec->payload_bytes : gso_size);
	fn_end(fn);
	bed_close(bed);
}

static void super_frames_and_partial_checksums_stay_right(void **state)
{
	static const struct fn_set push_c[] = { { "action", "push" },
						{ "id", "100" },
						{ NULL, NULL } };
	static const struct fn_set push_s[] = {
		{ "action", "push" }, { "id", "101" }, { "tpid", "88a8" }, { NULL, NULL }
	};
	static const struct fn_set pop[] = { { "action", "pop" }, { NULL, NULL } };
	struct fb_spec tcp = { .payload_bytes = 64000,
			       .tcp_option_bytes = 12,
			       .ip_id = 65530,
			       .tcp_flags = TCP_ACK,
			       .csum = FB_PARTIAL };
	struct fb_spec udp = { .payload_bytes = 9000,
			       .is_udp = true,
			       .is_v6 = true,
			       .ext_bytes = 8,
			       .csum = FB_PARTIAL };
	struct fb_spec plain = { .payload_bytes = 1400, .csum = FB_PARTIAL };

	(void)state;
	for (uint32_t chunk = 200; chunk <= FRAME_BYTES_MAX; chunk *= 330) {
		for (unsigned n_tags = 0; n_tags < 3; n_tags++) {
			const struct fn_set *push = n_tags ? push_s : push_c;

			tcp.n_tags = udp.n_tags = plain.n_tags = n_tags;
			tcp.payload_bytes = chunk == 200 ? 10000 : 64000;
			if (n_tags < 2) {
				check_tagged(&tcp, BP_VNET_GSO_TCPV4, 1400, push, n_tags + 1,
					     chunk);
				check_tagged(&udp, BP_VNET_GSO_UDP_L4, 1200, push, n_tags + 1,
					     chunk);
				check_tagged(&plain, BP_VNET_GSO_NONE, 0, push, n_tags + 1, chunk);
			}
			if (n_tags) {
				check_tagged(&tcp, BP_VNET_GSO_TCPV4, 1400, pop, n_tags - 1, chunk);
				check_tagged(&udp, BP_VNET_GSO_UDP_L4, 1200, pop, n_tags - 1,
					     chunk);
				check_tagged(&plain, BP_VNET_GSO_NONE, 0, pop, n_tags - 1, chunk);
			}
		}
	}
}

/* ---- what a configuration may say ------------------------------------------------------------ */

static void combinations_without_sense_are_refused(void **state)
{
	static const struct {
		struct fn_set sets[FN_SETS_MAX];
		const char *complaints;
	} cases[] = {
		{ PUSH_10, "" },
		{ POP, "" },
		{ POP_10, "" },
		{ TO_20, "" },
		{ FROM_10, "" },
		{ ONLY, "" },
		{ { { "action", "push" }, { "id", "0" }, { "tpid", "88a8" }, { "priority", "3" } },
		  "" },
		{ { { "action", "rewrite" }, { "id", "10" }, { "priority", "3" } }, "" },
		{ { { "action", "rewrite" }, { "id", "10" }, { "to", "10" }, { "priority", "3" } },
		  "" },
		{ { { "action", "pop" }, { "id", "10" }, { "ids", "0,10" } }, "" },
		{ { { "action", "push" }, { "id", "10" }, { "ids", "20" } }, "" },
		{ { { "action", "push" } },
		  "id: is missing: add 'id = …', the new tag's VLAN, or 0 for a priority tag\n" },
		{ { { "action", "push" }, { "id", "1" }, { "to", "2" } },
		  "to: says nothing beside action = push: delete the line\n" },
		{ { { "action", "pop" }, { "to", "2" }, { "priority", "3" }, { "tpid", "8100" } },
		  "to: says nothing beside action = pop: delete the line\n"
		  "priority: says nothing beside action = pop: delete the line\n"
		  "tpid: says nothing beside action = pop: delete the line\n" },
		{ { { "action", "rewrite" }, { "id", "10" } },
		  "action: found 'rewrite', but nothing to rewrite: add 'to = …', or 'priority = …'\n" },
		{ { { "action", "rewrite" }, { "id", "10" }, { "to", "10" } },
		  "to: found '10', which is what id says: give another\n" },
		{ { { "action", "rewrite" }, { "to", "10" }, { "tpid", "88a8" } },
		  "tpid: says nothing beside action = rewrite: delete the line\n" },
		{ { { "action", "pass" } },
		  "ids: is missing: add 'ids = …', the VLANs to let through; without, action = pass does "
		  "nothing\n" },
		{ { { "action", "pass" }, { "id", "10" }, { "ids", "10" } },
		  "id: says nothing beside action = pass: delete the line\n" },
		{ { { "action", "pop" }, { "id", "10" }, { "ids", "11-20" } },
		  "id: found '10', which ids does not let through: add it there\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		fn_expect_complaints("vlan", cases[i].sets, cases[i].complaints);
}

static void values_out_of_range_are_refused(void **state)
{
	static const char *const no_ids[] = { "",         "x",     "10,",
					      ",10",      "10-",   "30-20",
					      "10-20-30", "10 20", "4095",
					      "0-4095",   "10,10", "10-20,15",
					      "-1",       "1;2",   "99999999999999999999" };
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(no_ids) / sizeof(no_ids[0]); i++) {
		snprintf(expected, sizeof(expected),
			 "found '%s', allowed: VLAN ids of 0..4094, each once, as 10,20-30",
			 no_ids[i]);
		fn_expect_refused("vlan", "ids", no_ids[i], expected);
	}
	fn_expect_refused(
		"vlan", "id", "4095",
		"found '4095', allowed: 1..4094, or 0: a priority tag to push, every tag to pop or "
		"rewrite");
	fn_expect_refused("vlan", "action", "strip",
			  "found 'strip', allowed: push | pop | rewrite | pass");
	fn_expect_refused("vlan", "tpid", "0x8100",
			  "found '0x8100', allowed: 8100 | 88a8; did you mean '8100'?");
	fn_expect_refused("vlan", "priority", "8",
			  "found '8', allowed: keep | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7");
}

static void lists_of_ids_are_sets(void **state)
{
	struct bp_vlans vlans;

	(void)state;
	assert_true(bp_value_parse_vlans(" 0 , 63-65,4094\t", &vlans));
	for (unsigned id = 0; id < 4096; id++)
		assert_int_equal(bp_vlans_has(&vlans, id),
				 id == 0 || (id >= 63 && id <= 65) || id == 4094);
	assert_false(bp_value_parse_vlans("1,,2", &vlans));
	assert_true(bp_vlans_has(&vlans, 63)); /* untouched */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_action_meets_each_kind_of_frame),
		cmocka_unit_test(short_frames_are_runts),
		cmocka_unit_test(a_push_needs_four_bytes),
		cmocka_unit_test(a_checksum_that_begins_in_the_addresses_stops_a_pop),
		cmocka_unit_test(packets_of_several_views_are_told_by_their_first),
		cmocka_unit_test(show_counts_what_was_done_by_all_workers),
		cmocka_unit_test(super_frames_and_partial_checksums_stay_right),
		cmocka_unit_test(combinations_without_sense_are_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(lists_of_ids_are_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
