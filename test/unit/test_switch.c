/* The switch: what it learns, where it sends, what it drops and why. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/json.h"

#define OTHERS(n) ((SB_P(1) | SB_P(2) | SB_P(3) | SB_P(4)) & ~SB_P(n))

/* What show() says at a path, a number. */
static double shown(const struct sb *b, const char *path)
{
	json_t *doc = bp_function_switch.ops->show(b->sw);
	double v;

	assert_non_null(doc);
	assert_non_null(bp_json_at(doc, path));
	v = json_is_boolean(bp_json_at(doc, path)) ? json_is_true(bp_json_at(doc, path))
						   : bp_json_number_at(doc, path);
	json_decref(doc);
	return v;
}

static void expect_drop(struct sb *b, uint64_t out, enum bp_switch_reason why)
{
	assert_int_equal(out, 0);
	assert_string_equal(bp_function_switch.reasons[b->why].name,
			    bp_function_switch.reasons[why].name);
}

static void a_frame_goes_to_the_port_that_its_destination_is_behind(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	assert_int_equal(sb_send(b, 1, SB_MAC(2), SB_MAC(1)), OTHERS(1));
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	assert_int_equal(sb_send(b, 1, SB_MAC(2), SB_MAC(1)), SB_P(2));
	assert_int_equal(sb_send(b, 3, SB_MAC(2), SB_MAC(3)), SB_P(2));
	assert_int_equal(shown(b, "entries"), 3);
	assert_int_equal(shown(b, "floods.unknown"), 1);
	sb_close(b);
}

static void broadcast_and_multicast_go_to_all_others(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	assert_int_equal(sb_send(b, 2, SB_BROADCAST, SB_MAC(2)), OTHERS(2));
	assert_int_equal(sb_send(b, 2, SB_MULTICAST, SB_MAC(2)), OTHERS(2));
	assert_int_equal(shown(b, "floods.broadcast"), 1);
	assert_int_equal(shown(b, "floods.multicast"), 1);
	assert_int_equal(shown(b, "floods.unknown"), 0);
	sb_close(b);
}

static void an_address_moves_with_its_host(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	sb_send(b, 2, SB_BROADCAST, SB_MAC(2));
	sb_send(b, 3, SB_BROADCAST, SB_MAC(1));
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(3));
	assert_int_equal(shown(b, "learning.moved"), 1);
	assert_int_equal(shown(b, "ports.0.addresses"), 0);
	assert_int_equal(shown(b, "ports.2.addresses"), 1);
	assert_int_equal(shown(b, "loops.seen"), 0);
	sb_close(b);
}

static void sources_that_no_host_has_are_dropped(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	expect_drop(b, sb_send(b, 1, SB_MAC(2), SB_BROADCAST), BP_SWITCH_BAD_SOURCE);
	expect_drop(b, sb_send(b, 1, SB_MAC(2), SB_MULTICAST), BP_SWITCH_BAD_SOURCE);
	expect_drop(b, sb_send(b, 1, SB_MAC(2), 0), BP_SWITCH_BAD_SOURCE);
	assert_int_equal(shown(b, "entries"), 0);
	sb_close(b);
}

static void reserved_addresses_end_here(void **state)
{
	const uint64_t first = UINT64_C(0x0180c2000000);
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	for (uint64_t i = 0; i < 16; i++)
		expect_drop(b, sb_send(b, 1, first + i, SB_MAC(1)), BP_SWITCH_RESERVED);
	/* Neither do they teach: a neighbour's protocols use its port's address at each of its ports. */
	assert_int_equal(shown(b, "entries"), 0);
	assert_int_equal(sb_send(b, 1, first + 0x10, SB_MAC(1)), OTHERS(1));
	assert_int_equal(sb_send(b, 1, first + 0x100, SB_MAC(1)), OTHERS(1));
	assert_int_equal(sb_send(b, 1, UINT64_C(0x0180c3000000), SB_MAC(1)), OTHERS(1));
	sb_close(b);
}

static void a_frame_without_its_header_is_a_runt(void **state)
{
	static struct sb_frame f;
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	for (unsigned len = 0; len < 14; len++) {
		sb_make(&f, SB_BROADCAST, SB_MAC(1), len);
		expect_drop(b, sb_give(b, 1, &f), BP_SWITCH_RUNT);
	}
	sb_make(&f, SB_BROADCAST, SB_MAC(1), 14);
	assert_int_equal(sb_give(b, 1, &f), OTHERS(1));
	sb_close(b);
}

static void nothing_goes_back(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	expect_drop(b, sb_send(b, 1, SB_MAC(1), SB_MAC(2)), BP_SWITCH_SAME_PORT);
	expect_drop(b, sb_send(b, 1, SB_MAC(3), SB_MAC(3)), BP_SWITCH_SAME_PORT);
	sb_close(b);
}

static void ports_of_a_group_do_not_send_to_each_other(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .group = "p1, p2 | p3,p4" });

	(void)state;
	assert_int_equal(sb_send(b, 1, SB_BROADCAST, SB_MAC(1)), SB_P(3) | SB_P(4));
	assert_int_equal(sb_send(b, 3, SB_BROADCAST, SB_MAC(3)), SB_P(1) | SB_P(2));
	expect_drop(b, sb_send(b, 2, SB_MAC(1), SB_MAC(2)), BP_SWITCH_SPLIT_HORIZON);
	assert_int_equal(sb_send(b, 2, SB_MAC(3), SB_MAC(2)), SB_P(3));
	expect_drop(b, sb_send(b, 4, SB_MAC(3), SB_MAC(4)), BP_SWITCH_SPLIT_HORIZON);
	sb_close(b);
}

static void an_address_is_forgotten_after_the_ageing_time(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .ageing_s = 10 });

	(void)state;
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	sb_send(b, 2, SB_BROADCAST, SB_MAC(2));
	for (unsigned i = 0; i < 100; i++)
		sb_pass(b, 100);
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	/* 12 s: a second for the rounding, one for the sweep. p2's host has spoken at 10 s. */
	for (unsigned i = 0; i < 20; i++)
		sb_pass(b, 100);
	assert_int_equal(sb_send(b, 3, SB_MAC(1), SB_MAC(3)), OTHERS(3));
	assert_int_equal(sb_send(b, 3, SB_MAC(2), SB_MAC(3)), SB_P(2));
	assert_int_equal(shown(b, "learning.aged"), 1);
	assert_int_equal(shown(b, "ports.0.addresses"), 0);
	sb_close(b);
}

static void a_long_pause_of_the_control_thread_ages_all(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .ageing_s = 10 });

	(void)state;
	for (unsigned i = 1; i <= 100; i++)
		sb_send(b, 1, SB_BROADCAST, SB_MAC(i));
	sb_pass(b, 60000);
	assert_int_equal(shown(b, "entries"), 0);
	assert_int_equal(shown(b, "learning.aged"), 100);
	sb_close(b);
}

static uint64_t value_of(const struct sb *b, uint64_t mac)
{
	uint64_t wire = 0, value = 0;

	for (unsigned i = 0; i < 6; i++)
		wire |= (mac >> (40 - 8 * i) & 0xff) << 8 * i;
	assert_non_null(bp_fdb_find(b->sw->fdb, bp_fdb_key(wire, 0),
				    bp_fdb_hash(b->sw->fdb, bp_fdb_key(wire, 0)), &value));
	return value;
}

static void last_seen_is_written_once_a_second(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });
	uint64_t first, n_known;

	(void)state;
	b->now_ns = b->now_ns / 1000000000 * 1000000000;
	sb_pass(b, 1000);
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	first = value_of(b, SB_MAC(1));
	for (unsigned i = 0; i < 9; i++) {
		sb_pass(b, 100);
		sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
		assert_int_equal(value_of(b, SB_MAC(1)), first);
	}
	sb_pass(b, 100);
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	assert_int_equal(bp_fdb_seen_s(value_of(b, SB_MAC(1))), bp_fdb_seen_s(first) + 1);
	n_known = atomic_load(&b->sw->workers[0]->counts.learned[BP_FDB_KNOWN]);
	assert_int_equal(n_known, 1);
	sb_close(b);
}

static void a_port_that_loses_its_link_loses_its_addresses(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	sb_send(b, 2, SB_BROADCAST, SB_MAC(2));
	b->has_link &= ~SB_P(1);
	sb_pass(b, 100);
	assert_int_equal(shown(b, "learning.flushed"), 1);
	/* Unknown now, and not for a port without a link. */
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(3) | SB_P(4));
	b->has_link = SB_P(2);
	sb_pass(b, 100);
	expect_drop(b, sb_send(b, 2, SB_MAC(1), SB_MAC(2)), BP_SWITCH_NO_PORT);
	b->has_link = UINT64_MAX;
	sb_pass(b, 100);
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), OTHERS(2));
	/* Those of others are still there. */
	assert_int_equal(sb_send(b, 3, SB_MAC(2), SB_MAC(3)), SB_P(2));
	sb_close(b);
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Sources and destinations at random, as macof sends. */
static void flood_table(struct sb *b, unsigned port, unsigned n)
{
	uint64_t x = UINT64_C(88172645463325252);

	for (unsigned i = 0; i < n; i++) {
		uint64_t src = next_random(&x) >> 16, dst = next_random(&x) >> 16;

		sb_send(b, port, dst & ~(UINT64_C(1) << 40), (src & ~(UINT64_C(1) << 40)) | 1);
	}
}

static void a_full_table_floods_and_keeps_who_is_known(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .entries = 1000 });

	(void)state;
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	sb_send(b, 2, SB_BROADCAST, SB_MAC(2));
	assert_false(shown(b, "is_full"));
	flood_table(b, 3, 20000);
	assert_int_equal(shown(b, "entries"), 1000);
	assert_true(shown(b, "is_full"));
	assert_int_equal(shown(b, "learning.refused_table_full"), 20000 - 998);
	assert_int_equal(shown(b, "ports.2.addresses"), 998);
	assert_int_equal(sb_send(b, 1, SB_MAC(2), SB_MAC(1)), SB_P(2));
	assert_int_equal(sb_send(b, 4, SB_MAC(1), SB_MAC(4)), SB_P(1));
	assert_int_equal(sb_send(b, 1, SB_MAC(4), SB_MAC(1)), OTHERS(1));
	/* Room again: it is learned. */
	b->has_link &= ~SB_P(3);
	sb_pass(b, 100);
	assert_false(shown(b, "is_full"));
	sb_send(b, 4, SB_MAC(1), SB_MAC(4));
	assert_int_equal(sb_send(b, 1, SB_MAC(4), SB_MAC(1)), SB_P(4));
	sb_close(b);
}

static void a_port_has_no_more_addresses_than_the_limit(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .limit = 10 });

	(void)state;
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	flood_table(b, 3, 500);
	assert_int_equal(shown(b, "ports.2.addresses"), 10);
	assert_int_equal(shown(b, "learning.refused_by_limit"), 490);
	assert_int_equal(shown(b, "learning.refused_table_full"), 0);
	/* Nor does it get those of others. */
	sb_send(b, 3, SB_BROADCAST, SB_MAC(1));
	assert_int_equal(shown(b, "learning.refused_by_limit"), 491);
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	sb_close(b);
}

/* As the kernel's bridge with `static sticky`: what it sends elsewhere passes, and moves nothing. */
static void a_static_address_stays_at_its_port(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){
		.entries = 16, .addresses = "p1:02:00:00:00:00:01, p3 : 02:00:00:00:00:0F" });
	json_t *doc;

	(void)state;
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	assert_int_equal(sb_send(b, 2, SB_BROADCAST, SB_MAC(1)), OTHERS(2));
	assert_int_equal(shown(b, "learning.held"), 1);
	assert_int_equal(shown(b, "learning.moved"), 0);
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	/* A switch that is full of others, long after it spoke, and behind a link that was away. */
	flood_table(b, 4, 500);
	assert_int_equal(shown(b, "entries"), 18);
	sb_pass(b, 1000000);
	sb_pass(b, 1000000);
	b->has_link &= ~SB_P(1);
	sb_pass(b, 100);
	expect_drop(b, sb_send(b, 2, SB_MAC(1), SB_MAC(2)), BP_SWITCH_NO_PORT);
	b->has_link = UINT64_MAX;
	sb_pass(b, 100);
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	assert_int_equal(sb_send(b, 2, SB_MAC(15), SB_MAC(2)), SB_P(3));
	/* They are the first that are shown. */
	doc = bp_function_switch.ops->show(b->sw);
	assert_int_equal(bp_json_number_at(doc, "static"), 2);
	assert_true(json_is_true(bp_json_at(doc, "table.0.permanent")));
	assert_true(json_is_true(bp_json_at(doc, "table.1.permanent")));
	assert_true(json_is_null(bp_json_at(doc, "table.1.age_s")));
	assert_true(json_is_false(bp_json_at(doc, "table.2.permanent")));
	json_decref(doc);
	sb_close(b);
}

/* How many of n frames get through. */
static unsigned n_through(struct sb *b, unsigned port, uint64_t dst, unsigned n)
{
	unsigned n_out = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t out = sb_send(b, port, dst, SB_MAC(port));

		n_out += out != 0;
		if (!out)
			expect_drop(b, out, BP_SWITCH_STORM);
	}
	return n_out;
}

static void floods_beyond_the_limit_are_dropped(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .storm_pps = 1000 });

	(void)state;
	sb_pass(b, 1000);
	/* A tenth of a second's worth at once; each kind and each port has its own. */
	assert_in_range(n_through(b, 1, SB_BROADCAST, 500), 100, 102);
	assert_in_range(n_through(b, 1, SB_MULTICAST, 500), 100, 102);
	assert_in_range(n_through(b, 1, SB_MAC(99), 500), 100, 102);
	assert_in_range(n_through(b, 2, SB_BROADCAST, 500), 100, 102);
	/* Those who are known are free of it. */
	assert_int_equal(n_through(b, 3, SB_MAC(1), 500), 500);
	sb_pass(b, 50);
	assert_in_range(n_through(b, 1, SB_BROADCAST, 500), 49, 52);
	assert_in_range(shown(b, "storm.broadcast"), 1500 - 254, 1500 - 248);
	assert_int_equal(shown(b, "storm.limit_pps"), 1000);
	sb_close(b);
}

static void a_super_frame_is_as_many_as_its_segments(void **state)
{
	static struct sb_frame f;
	struct sb *b = sb_open(&(struct sb_spec){ .storm_pps = 1000 });
	unsigned n = 0;

	(void)state;
	sb_pass(b, 1000);
	for (unsigned i = 0; i < 100; i++) {
		sb_make(&f, SB_MAC(99), SB_MAC(1), 54 + 10 * 1000);
		sb_meta(&f, (struct bp_vnet_hdr){ BP_VNET_F_NEEDS_CSUM, BP_VNET_GSO_TCPV4, 54, 1000,
						  34, 16, 0 });
		n += sb_give(b, 1, &f) != 0;
	}
	assert_in_range(n, 10, 12);
	sb_close(b);
}

static void an_address_at_two_ports_by_turns_is_a_loop(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });
	json_t *doc;

	(void)state;
	sb_pass(b, 100);
	for (unsigned i = 0; i < 100; i++)
		sb_send(b, 1 + i % 2, SB_BROADCAST, SB_MAC(7));
	assert_int_equal(shown(b, "loops.seen"), 1);
	assert_int_equal(shown(b, "learning.moved"), BP_FDB_LOOP_MOVES);
	/* It is at p1 now: the 45 frames from p2 since then did not take it away. */
	assert_int_equal(shown(b, "learning.held"), 45);
	doc = bp_function_switch.ops->show(b->sw);
	assert_string_equal(bp_json_text_at(doc, "loops.last.mac"), "02:00:00:00:00:07");
	assert_string_equal(bp_json_text_at(doc, "loops.last.ports.0"), "p1");
	assert_string_equal(bp_json_text_at(doc, "loops.last.ports.1"), "p2");
	json_decref(doc);
	/* It may move in the next second again. */
	sb_pass(b, 1000);
	sb_send(b, 3, SB_BROADCAST, SB_MAC(7));
	assert_int_equal(sb_send(b, 4, SB_MAC(7), SB_MAC(4)), SB_P(3));
	assert_int_equal(b->sw->n_loops_said, 1);
	sb_close(b);
}

/* Ten hosts, of which one loops in each tenth of a second. */
static void loops_are_said_once_a_second(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });
	unsigned n_said = 0;

	(void)state;
	for (unsigned tick = 0; tick < 50; tick++) {
		const uint64_t before = b->sw->n_loops_said;

		for (unsigned i = 0; i < 20; i++)
			sb_send(b, 1 + i % 2, SB_BROADCAST, SB_MAC(1 + tick % 10));
		sb_pass(b, 100);
		n_said += b->sw->n_loops_said != before;
	}
	assert_int_equal(shown(b, "loops.seen"), 50);
	assert_int_equal(n_said, 5);
	sb_close(b);
}

static void without_vlans_no_byte_is_touched(void **state)
{
	static struct sb_frame f, before;
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		sb_make(&f, SB_MAC(2), SB_MAC(1), 100);
		if (kind)
			sb_tag(&f, 0x8100, kind == 3 ? 0xfff : 10);
		if (kind == 2)
			sb_tag(&f, 0x88a8, 20);
		sb_copy(&before, &f);
		assert_int_equal(sb_give(b, 1, &f), OTHERS(1));
		assert_true(sb_leave(b, 2, &f));
		assert_memory_equal(f.room, before.room, sizeof(f.room));
		assert_ptr_equal(f.pkt.data, f.data);
		assert_int_equal(f.pkt.len, before.pkt.len);
	}
	/* One address, whatever the VLAN. */
	assert_int_equal(shown(b, "entries"), 1);
	sb_close(b);
}

static void packets_of_several_views_are_judged_by_the_first(void **state)
{
	static struct sb_frame f[4];
	struct sb *b = sb_open(&(struct sb_spec){ 0 });
	struct bp_pkt pkts[4];
	uint64_t out[4] = { BP_OUT_NEXT, BP_OUT_NEXT, BP_OUT_NEXT, BP_OUT_NEXT };
	uint8_t why[4] = { 0 };

	(void)state;
	sb_send(b, 2, SB_BROADCAST, SB_MAC(2));
	sb_make(&f[0], SB_MAC(2), SB_MAC(1), 60);
	sb_make(&f[1], 0, 0, 8); /* would be a runt */
	sb_make(&f[2], SB_MAC(2), SB_BROADCAST, 60);
	sb_make(&f[3], SB_MAC(9), SB_MAC(1), 60);
	for (unsigned i = 0; i < 4; i++)
		pkts[i] = f[i].pkt;
	pkts[0].flags |= BP_PKT_MORE;
	b->fn.port_id = 0;
	bp_function_switch.ops->process(&b->fn, pkts, 4, out, why);
	assert_int_equal(out[0], SB_P(2));
	assert_int_equal(out[2], 0);
	assert_int_equal(why[2], BP_SWITCH_BAD_SOURCE);
	assert_int_equal(out[3], OTHERS(1));
	sb_close(b);
}

static void what_is_known_is_shown(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .entries = 2000 });
	json_t *doc;

	(void)state;
	sb_send(b, 2, SB_BROADCAST, SB_MAC(0x2a));
	sb_pass(b, 3000);
	doc = bp_function_switch.ops->show(b->sw);
	assert_int_equal(bp_json_number_at(doc, "capacity"), 2000);
	assert_int_equal(bp_json_number_at(doc, "ageing_s"), 300);
	assert_true(json_is_false(bp_json_at(doc, "vlans")));
	assert_true(json_is_null(bp_json_at(doc, "limit")));
	assert_true(json_is_null(bp_json_at(doc, "loops.last")));
	assert_string_equal(bp_json_text_at(doc, "table.0.mac"), "02:00:00:00:00:2a");
	assert_string_equal(bp_json_text_at(doc, "table.0.port"), "p2");
	assert_true(json_is_null(bp_json_at(doc, "table.0.vlan")));
	assert_int_equal(bp_json_number_at(doc, "table.0.age_s"), 3);
	json_decref(doc);
	flood_table(b, 3, 3000);
	doc = bp_function_switch.ops->show(b->sw);
	assert_int_equal(json_array_size(bp_json_at(doc, "table")), 1000);
	assert_int_equal(bp_json_number_at(doc, "table_cut"), 1000);
	json_decref(doc);
	sb_close(b);
}

static void fixed_addresses_are_shown_first(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){
		.entries = 2000, .addresses = "p1:02:00:00:00:00:01, p3:02:00:00:00:00:0f" });
	json_t *doc;

	(void)state;
	flood_table(b, 3, 3000);
	doc = bp_function_switch.ops->show(b->sw);
	assert_int_equal(json_array_size(bp_json_at(doc, "table")), 1000);
	for (size_t i = 0; i < 1000; i++) {
		const json_t *row = json_array_get(bp_json_at(doc, "table"), i);

		assert_int_equal(json_is_true(json_object_get(row, "permanent")), i < 2);
	}
	assert_int_equal(bp_json_number_at(doc, "table_cut"), 1002);
	json_decref(doc);
	sb_close(b);
}

static void counts_stay_when_a_worker_ends(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ 0 });

	(void)state;
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	assert_int_equal(bp_function_switch.ops->enter(&b->fn), 0);
	sb_send(b, 1, SB_BROADCAST, SB_MAC(1));
	assert_int_equal(shown(b, "floods.broadcast"), 2);
	sb_close(b);
}

/* ---- bursts ---------------------------------------------------------------------------------- */

static unsigned random_below(uint32_t *x, unsigned n)
{
	*x = *x * 1664525 + 1013904223;
	return (*x >> 8) % n;
}

/* Views with few addresses, so that many follow one another with the same: groups, runts, tags, packets of two views. */
static unsigned make_mix(struct sb_frame *frames, uint32_t *x)
{
	static const uint64_t others[] = { SB_BROADCAST, SB_MULTICAST, 0,
					   UINT64_C(0x0180c2000000) };
	unsigned dst = 0, src = 0, n = 1 + random_below(x, BP_BURST_MAX);

	for (unsigned i = 0; i < n; i++) {
		if (!random_below(x, 4))
			dst = random_below(x, 12);
		if (!random_below(x, 4))
			src = random_below(x, 11);
		sb_make(&frames[i], dst < 8 ? SB_MAC(dst) : others[dst - 8],
			src < 9 ? SB_MAC(src) : others[src - 9],
			random_below(x, 20) ? 60 : random_below(x, 18));
		if (frames[i].pkt.len == 60 && !random_below(x, 3))
			sb_tag(&frames[i], 0x8100, random_below(x, 3) * 10);
		if (i + 1 < n && !random_below(x, 8))
			frames[i].pkt.flags |= BP_PKT_MORE;
	}
	return n;
}

static void load_mix(struct sb *b, unsigned port_id, const struct sb_frame *frames, unsigned n,
		     struct bp_pkt *pkts, uint64_t *out, uint8_t *why)
{
	for (unsigned i = 0; i < n; i++) {
		pkts[i] = frames[i].pkt;
		out[i] = BP_OUT_NEXT;
		why[i] = 0;
	}
	b->fn.port_id = (uint16_t)port_id;
}

/* All at once at one switch, packet by packet at another: the same goes to the same ports, and is counted. */
static void compare_bursts(const struct sb_spec *spec, uint32_t x)
{
	struct sb *together = sb_open(spec), *singly = sb_open(spec);
	struct sb_frame *frames = calloc(2 * BP_BURST_MAX, sizeof(*frames)),
			*copies = frames + BP_BURST_MAX;
	struct bp_switch_worker *at = together->fn.local, *other = singly->fn.local;
	struct bp_pkt pkts[2][BP_BURST_MAX];
	uint64_t out[2][BP_BURST_MAX];
	uint8_t why[2][BP_BURST_MAX];

	assert_non_null(frames);
	singly->fn.now = together->fn.now;
	memcpy(other->storm, at->storm, sizeof(at->storm));
	for (unsigned turn = 0; turn < 40; turn++) {
		unsigned n = make_mix(frames, &x), port_id = random_below(&x, SB_PORTS);

		for (unsigned i = 0; i < n; i++)
			sb_copy(&copies[i], &frames[i]);
		load_mix(together, port_id, frames, n, pkts[0], out[0], why[0]);
		load_mix(singly, port_id, copies, n, pkts[1], out[1], why[1]);
		bp_function_switch.ops->process(&together->fn, pkts[0], n, out[0], why[0]);
		for (unsigned i = 0, v; i < n; i += v) {
			v = bp_pkt_n_views(&pkts[1][i], n - i);
			bp_function_switch.ops->process(&singly->fn, &pkts[1][i], v, &out[1][i],
							&why[1][i]);
			assert_int_equal(out[0][i], out[1][i]);
			assert_int_equal(out[0][i] ? 0 : why[0][i], out[1][i] ? 0 : why[1][i]);
			assert_int_equal(pkts[0][i].len, pkts[1][i].len);
			assert_memory_equal(pkts[0][i].data, pkts[1][i].data, pkts[0][i].len);
		}
	}
	assert_int_equal(bp_fdb_n(together->sw->fdb), bp_fdb_n(singly->sw->fdb));
	assert_memory_equal(&at->counts, &other->counts, sizeof(at->counts));
	free(frames);
	sb_close(together);
	sb_close(singly);
}

static void a_burst_is_decided_as_its_packets_one_by_one(void **state)
{
	static const struct sb_spec specs[] = {
		{ .entries = 0 },
		{ .entries = 4, .limit = 2, .storm_pps = 1000 },
		{ .group = "p1, p2" },
		{ .access = "p1:10, p2:20", .trunk = "p3:10+20, p4:1u+10+20" },
	};

	(void)state;
	for (uint32_t seed = 1; seed <= 2; seed++)
		for (unsigned i = 0; i < sizeof(specs) / sizeof(*specs); i++)
			compare_bursts(&specs[i], seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_goes_to_the_port_that_its_destination_is_behind),
		cmocka_unit_test(broadcast_and_multicast_go_to_all_others),
		cmocka_unit_test(an_address_moves_with_its_host),
		cmocka_unit_test(sources_that_no_host_has_are_dropped),
		cmocka_unit_test(reserved_addresses_end_here),
		cmocka_unit_test(a_frame_without_its_header_is_a_runt),
		cmocka_unit_test(nothing_goes_back),
		cmocka_unit_test(ports_of_a_group_do_not_send_to_each_other),
		cmocka_unit_test(an_address_is_forgotten_after_the_ageing_time),
		cmocka_unit_test(a_long_pause_of_the_control_thread_ages_all),
		cmocka_unit_test(last_seen_is_written_once_a_second),
		cmocka_unit_test(a_port_that_loses_its_link_loses_its_addresses),
		cmocka_unit_test(a_full_table_floods_and_keeps_who_is_known),
		cmocka_unit_test(a_port_has_no_more_addresses_than_the_limit),
		cmocka_unit_test(a_static_address_stays_at_its_port),
		cmocka_unit_test(floods_beyond_the_limit_are_dropped),
		cmocka_unit_test(a_super_frame_is_as_many_as_its_segments),
		cmocka_unit_test(an_address_at_two_ports_by_turns_is_a_loop),
		cmocka_unit_test(loops_are_said_once_a_second),
		cmocka_unit_test(without_vlans_no_byte_is_touched),
		cmocka_unit_test(packets_of_several_views_are_judged_by_the_first),
		cmocka_unit_test(what_is_known_is_shown),
		cmocka_unit_test(fixed_addresses_are_shown_first),
		cmocka_unit_test(counts_stay_when_a_worker_ends),
		cmocka_unit_test(a_burst_is_decided_as_its_packets_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
