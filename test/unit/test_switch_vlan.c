/* The switch's VLANs: which tag frames have inside and on each port, and what its texts may say. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "switch_bed.h"

#include "frame_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/json.h"

static void expect_drop(struct sb *b, uint64_t out, enum bp_switch_reason why)
{
	assert_int_equal(out, 0);
	assert_string_equal(bp_function_switch.reasons[b->why].name,
			    bp_function_switch.reasons[why].name);
}

/* What leaves at a port is the frame `want`, and as long. */
static void expect_leaves_as(struct sb *b, unsigned port, const struct sb_frame *inside,
			     const struct sb_frame *want)
{
	static struct sb_frame f;

	sb_copy(&f, inside);
	assert_true(sb_leave(b, port, &f));
	assert_int_equal(f.pkt.len, want->pkt.len);
	assert_memory_equal(f.pkt.data, want->pkt.data, want->pkt.len);
}

/* p1, p2: VLAN 10; p3: 20; p4: both, tagged. */
static struct sb *open_usual(void)
{
	return sb_open(&(struct sb_spec){ .access = "p1:10, p2:10, p3:20", .trunk = "p4:10,20" });
}

static void access_ports_of_a_vlan_exchange_frames_unchanged(void **state)
{
	static struct sb_frame f, want;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&f, SB_BROADCAST, SB_MAC(1), 60);
	sb_copy(&want, &f);
	assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	expect_leaves_as(b, 2, &f, &want);
	sb_tag(&want, 0x8100, 10);
	expect_leaves_as(b, 4, &f, &want);
	sb_close(b);
}

static void vlans_are_apart(void **state)
{
	struct sb *b = open_usual();

	(void)state;
	assert_int_equal(sb_send(b, 3, SB_BROADCAST, SB_MAC(1)), SB_P(4));
	/* The same address in another VLAN is another address. */
	assert_int_equal(sb_send(b, 1, SB_BROADCAST, SB_MAC(1)), SB_P(2) | SB_P(4));
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	assert_int_equal(bp_fdb_n(b->sw->fdb), 3);
	/* What is known in one is unknown in the other. */
	assert_int_equal(sb_send(b, 3, SB_MAC(2), SB_MAC(3)), SB_P(4));
	sb_close(b);
}

static void a_trunk_s_frames_go_to_the_ports_of_their_vlan(void **state)
{
	static struct sb_frame f, untagged;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&untagged, SB_BROADCAST, SB_MAC(9), 100);
	sb_copy(&f, &untagged);
	sb_tag(&f, 0x8100, 0xa000 | 20); /* priority 5 */
	assert_int_equal(sb_give(b, 4, &f), SB_P(3));
	expect_leaves_as(b, 3, &f, &untagged);
	sb_copy(&f, &untagged);
	sb_tag(&f, 0x8100, 30);
	expect_drop(b, sb_give(b, 4, &f), BP_SWITCH_VID_NOT_ALLOWED);
	sb_copy(&f, &untagged);
	expect_drop(b, sb_give(b, 4, &f), BP_SWITCH_UNTAGGED);
	assert_int_equal(bp_fdb_n(b->sw->fdb), 1);
	sb_close(b);
}

static void a_trunk_s_untagged_vlan_comes_and_goes_without_tag(void **state)
{
	static struct sb_frame f, untagged, tagged;
	struct sb *b = sb_open(
		&(struct sb_spec){ .access = "p1:10", .trunk = "p2:10u+20, p3:10+20, p4:20+10u" });

	(void)state;
	sb_make(&untagged, SB_BROADCAST, SB_MAC(1), 60);
	sb_copy(&tagged, &untagged);
	sb_tag(&tagged, 0x8100, 10);
	sb_copy(&f, &untagged);
	assert_int_equal(sb_give(b, 2, &f), SB_P(1) | SB_P(3) | SB_P(4));
	expect_leaves_as(b, 1, &f, &untagged);
	expect_leaves_as(b, 3, &f, &tagged);
	expect_leaves_as(b, 4, &f, &untagged);
	/* It may have its tag as well. */
	sb_copy(&f, &tagged);
	assert_int_equal(sb_give(b, 2, &f), SB_P(1) | SB_P(3) | SB_P(4));
	expect_leaves_as(b, 4, &f, &untagged);
	/* Another VLAN keeps it. */
	sb_copy(&f, &untagged);
	sb_tag(&f, 0x8100, 20);
	sb_copy(&tagged, &f);
	assert_int_equal(sb_give(b, 2, &f), SB_P(3) | SB_P(4));
	expect_leaves_as(b, 4, &f, &tagged);
	sb_close(b);
}

static void an_access_port_takes_its_own_tag_and_no_other(void **state)
{
	static struct sb_frame f, untagged;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&untagged, SB_BROADCAST, SB_MAC(1), 60);
	sb_copy(&f, &untagged);
	sb_tag(&f, 0x8100, 10);
	assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	expect_leaves_as(b, 2, &f, &untagged);
	sb_copy(&f, &untagged);
	sb_tag(&f, 0x8100, 20);
	expect_drop(b, sb_give(b, 1, &f), BP_SWITCH_VID_NOT_ALLOWED);
	sb_close(b);
}

static void a_priority_tag_gets_the_port_s_vlan_and_keeps_its_priority(void **state)
{
	static struct sb_frame f, untagged, tagged;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&untagged, SB_BROADCAST, SB_MAC(1), 60);
	sb_copy(&f, &untagged);
	sb_tag(&f, 0x8100, 0xf000); /* priority 7, drop eligible, VID 0 */
	assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	sb_copy(&tagged, &untagged);
	sb_tag(&tagged, 0x8100, 0xf000 | 10);
	expect_leaves_as(b, 4, &f, &tagged);
	expect_leaves_as(b, 2, &f, &untagged);
	sb_copy(&f, &untagged);
	sb_tag(&f, 0x8100, 0xf000);
	expect_drop(b, sb_give(b, 4, &f), BP_SWITCH_UNTAGGED);
	sb_close(b);
}

static void vlan_4095_is_none(void **state)
{
	static struct sb_frame f;
	struct sb *b = sb_open(&(struct sb_spec){ .trunk = "p1:all, p2:all, p3:all, p4:all" });

	(void)state;
	for (unsigned vid = 4094; vid <= 4095; vid++) {
		sb_make(&f, SB_BROADCAST, SB_MAC(1), 60);
		sb_tag(&f, 0x8100, vid);
		if (vid == 4094)
			assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(3) | SB_P(4));
		else
			expect_drop(b, sb_give(b, 1, &f), BP_SWITCH_VID_4095);
	}
	sb_close(b);
}

static void a_tag_that_is_cut_off_is_a_runt(void **state)
{
	static struct sb_frame f;
	struct sb *b = open_usual();

	(void)state;
	for (unsigned len = 14; len <= 18; len++) {
		sb_make(&f, SB_BROADCAST, SB_MAC(1), 60);
		sb_tag(&f, 0x8100, 10);
		f.pkt.len = len;
		if (len < 18)
			expect_drop(b, sb_give(b, 1, &f), BP_SWITCH_RUNT);
		else
			assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	}
	/* 14 bytes and no tag are a frame. */
	sb_make(&f, SB_BROADCAST, SB_MAC(1), 14);
	assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	assert_int_equal(f.pkt.len, 18);
	assert_true(sb_leave(b, 2, &f));
	assert_int_equal(f.pkt.len, 14);
	sb_close(b);
}

/* A tag of 802.1ad is no VLAN of an 802.1Q switch, as in Linux' bridge with vlan_protocol 802.1Q. */
static void a_service_tag_is_payload(void **state)
{
	static struct sb_frame f, qinq, want;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&qinq, SB_BROADCAST, SB_MAC(1), 60);
	sb_tag(&qinq, 0x8100, 20);
	sb_tag(&qinq, 0x88a8, 30);
	sb_copy(&f, &qinq);
	assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	expect_leaves_as(b, 2, &f, &qinq);
	sb_copy(&want, &qinq);
	sb_tag(&want, 0x8100, 10);
	expect_leaves_as(b, 4, &f, &want);
	/* At the trunk it has no VLAN. */
	sb_copy(&f, &qinq);
	expect_drop(b, sb_give(b, 4, &f), BP_SWITCH_UNTAGGED);
	sb_close(b);
}

static void of_two_tags_the_outer_counts(void **state)
{
	static struct sb_frame f, inner;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&inner, SB_BROADCAST, SB_MAC(1), 60);
	sb_tag(&inner, 0x8100, 10);
	sb_copy(&f, &inner);
	sb_tag(&f, 0x8100, 20);
	assert_int_equal(sb_give(b, 4, &f), SB_P(3));
	expect_leaves_as(b, 3, &f, &inner);
	/* Also where it has no VLAN. */
	sb_copy(&f, &inner);
	sb_tag(&f, 0x8100, 0x6000);
	assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	expect_leaves_as(b, 2, &f, &inner);
	sb_close(b);
}

static void without_room_for_a_tag_a_frame_is_dropped(void **state)
{
	static struct sb_frame f, before;
	struct sb *b = open_usual();

	(void)state;
	for (uint16_t headroom = 0; headroom < 5; headroom++) {
		sb_make(&f, SB_BROADCAST, SB_MAC(1), 60);
		f.pkt.headroom = headroom;
		sb_copy(&before, &f);
		if (headroom == 4) {
			assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
			assert_int_equal(f.pkt.headroom, 0);
			continue;
		}
		expect_drop(b, sb_give(b, 1, &f), BP_SWITCH_NO_HEADROOM);
		assert_memory_equal(f.room, before.room, sizeof(f.room));
	}
	/* One that has its tag needs none. */
	sb_make(&f, SB_BROADCAST, SB_MAC(1), 60);
	sb_tag(&f, 0x8100, 20);
	f.pkt.headroom = 0;
	assert_int_equal(sb_give(b, 4, &f), SB_P(3));
	sb_close(b);
}

static void jumbo_frames_keep_every_byte(void **state)
{
	static struct sb_frame f, want;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&want, SB_BROADCAST, SB_MAC(1), 9014);
	sb_copy(&f, &want);
	assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
	assert_int_equal(f.pkt.len, 9018);
	expect_leaves_as(b, 2, &f, &want);
	sb_tag(&want, 0x8100, 10);
	expect_leaves_as(b, 4, &f, &want);
	sb_close(b);
}

static struct bp_vnet_hdr meta_of(const struct bp_pkt *pkt)
{
	struct bp_vnet_hdr meta;

	memcpy(&meta, pkt->data - BP_VNET_BYTES, sizeof(meta));
	return meta;
}

/* A super-frame with a checksum that is left over, made byte by byte. */
static void make_super_frame(struct sb_frame *f, bool is_v6)
{
	static struct fb_frame built;
	const struct fb_spec spec = { .is_v6 = is_v6,
				      .payload_bytes = 40 * 1448,
				      .tcp_option_bytes = 12,
				      .csum = FB_PARTIAL };

	fb_build(&built, &spec);
	sb_make(f, SB_BROADCAST, SB_MAC(1), built.len);
	memcpy(f->data, built.bytes, built.len);
	sb_meta(f, (struct bp_vnet_hdr){
			   .flags = BP_VNET_F_NEEDS_CSUM,
			   .gso_type = is_v6 ? BP_VNET_GSO_TCPV6 : BP_VNET_GSO_TCPV4,
			   .hdr_len = (uint16_t)built.payload,
			   .gso_size = 1448,
			   .csum_start = (uint16_t)built.l4,
			   .csum_offset = 16,
		   });
}

static void metadata_of_super_frames_moves_with_the_tag(void **state)
{
	static struct sb_frame f, before, left;
	struct sb *b = open_usual();

	(void)state;
	for (unsigned is_v6 = 0; is_v6 < 2; is_v6++) {
		struct bp_vnet_hdr want, meta;

		make_super_frame(&f, is_v6);
		sb_copy(&before, &f);
		want = meta_of(&f.pkt);
		assert_int_equal(sb_give(b, 1, &f), SB_P(2) | SB_P(4));
		meta = meta_of(&f.pkt);
		assert_int_equal(meta.csum_start, want.csum_start + 4);
		assert_int_equal(meta.hdr_len, want.hdr_len + 4);
		assert_int_equal(meta.gso_size, 1448);
		/* The trunk: the checksum's field is where the metadata says. */
		sb_copy(&left, &f);
		assert_true(sb_leave(b, 4, &left));
		assert_memory_equal(left.pkt.data + meta.csum_start + 16,
				    before.pkt.data + want.csum_start + 16, 2);
		assert_int_equal(bp_pkt_wire(&left.pkt, 1).n_frames, 40);
		assert_int_equal(bp_pkt_wire(&left.pkt, 1).n_bytes,
				 bp_pkt_wire(&before.pkt, 1).n_bytes + 40 * 4);
		/* The other access port: all as it was. */
		sb_copy(&left, &f);
		assert_true(sb_leave(b, 2, &left));
		meta = meta_of(&left.pkt);
		assert_memory_equal(&meta, &want, sizeof(meta));
		assert_int_equal(left.pkt.len, before.pkt.len);
		assert_memory_equal(left.pkt.data, before.pkt.data, left.pkt.len);
		assert_int_equal(left.pkt.headroom, before.pkt.headroom);
		/* From the trunk to an access port. */
		sb_copy(&f, &before);
		f.pkt.flags = 0;
		sb_tag(&f, 0x8100, 10);
		f.pkt.headroom = BP_HEADROOM;
		sb_meta(&f, (struct bp_vnet_hdr){ want.flags, want.gso_type,
						  (uint16_t)(want.hdr_len + 4), want.gso_size,
						  (uint16_t)(want.csum_start + 4), 16, 0 });
		assert_int_equal(sb_give(b, 4, &f) & SB_P(2), SB_P(2));
		assert_true(sb_leave(b, 2, &f));
		meta = meta_of(&f.pkt);
		assert_memory_equal(&meta, &want, sizeof(meta));
		assert_memory_equal(f.pkt.data, before.pkt.data, before.pkt.len);
	}
	sb_close(b);
}

static void metadata_that_contradicts_the_tag_is_dropped(void **state)
{
	static struct sb_frame f;
	struct sb *b = open_usual();

	(void)state;
	sb_make(&f, SB_BROADCAST, SB_MAC(1), 100);
	sb_tag(&f, 0x8100, 20);
	sb_meta(&f, (struct bp_vnet_hdr){ .flags = BP_VNET_F_NEEDS_CSUM, .csum_start = 2 });
	assert_int_equal(sb_give(b, 4, &f), SB_P(3));
	assert_false(sb_leave(b, 3, &f));
	assert_string_equal(bp_function_switch.reasons[b->why].name, "metadata");
	sb_close(b);
}

static void egress_takes_the_tags_of_a_whole_burst(void **state)
{
	static struct sb_frame f[3];
	struct sb *b = open_usual();
	struct bp_pkt pkts[3];
	uint64_t out[3] = { BP_OUT_NEXT, BP_OUT_NEXT, BP_OUT_NEXT };
	uint8_t why[3] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		sb_make(&f[i], SB_BROADCAST, SB_MAC(1), 60);
		sb_tag(&f[i], 0x8100, 10);
		pkts[i] = f[i].pkt;
	}
	pkts[1].flags |= BP_PKT_MORE; /* goes on in pkts[2], which looks like a tagged frame */
	b->fn.port_id = 1;
	bp_function_switch.ops->egress(&b->fn, pkts, 3, out, why);
	assert_int_equal(pkts[0].len, 60);
	assert_int_equal(pkts[1].len, 60);
	assert_int_equal(pkts[2].len, 64);
	sb_close(b);
}

static void the_report_has_each_port_s_vlans(void **state)
{
	struct sb *b = sb_open(&(struct sb_spec){ .access = "p1:10, p2:20",
						  .trunk = "p3:10+20+22-24+1u, p4:all" });
	json_t *doc = bp_function_switch.ops->show(b->sw);

	(void)state;
	assert_true(json_is_true(bp_json_at(doc, "vlans")));
	assert_string_equal(bp_json_text_at(doc, "ports.0.mode"), "access");
	assert_int_equal(bp_json_number_at(doc, "ports.0.untagged"), 10);
	assert_string_equal(bp_json_text_at(doc, "ports.0.vlans"), "10");
	assert_string_equal(bp_json_text_at(doc, "ports.2.mode"), "trunk");
	assert_string_equal(bp_json_text_at(doc, "ports.2.vlans"), "1,10,20,22-24");
	assert_int_equal(bp_json_number_at(doc, "ports.2.untagged"), 1);
	assert_string_equal(bp_json_text_at(doc, "ports.3.vlans"), "1-4094");
	assert_true(json_is_null(bp_json_at(doc, "ports.3.untagged")));
	json_decref(doc);
	sb_close(b);
}

/* ---- texts ------------------------------------------------------------------------------------ */

static char complaints[4096];

static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	size_t at = strlen(complaints);
	va_list args;

	(void)check;
	at += (size_t)snprintf(complaints + at, sizeof(complaints) - at, "%s: ", key ? key : "-");
	va_start(args, fmt);
	at += (size_t)vsnprintf(complaints + at, sizeof(complaints) - at, fmt, args);
	va_end(args);
	snprintf(complaints + at, sizeof(complaints) - at, "\n");
}

static void check_conf(struct bp_conf *conf)
{
	struct bp_check check = { .conf = conf, .section = "function.sw", .complain = complain };

	complaints[0] = '\0';
	bp_function_switch.check(&conf->functions[0], &check);
}

static void right_texts_say_who_is_in_which_vlan(void **state)
{
	static struct bp_conf conf;
	static struct bp_switch_ports ports;
	/* A word without a port goes on with the port before it. */
	static const char *const same[] = { "p3:10,20, p4:10", "p3:10+20, p4:10",
					    " p3 : 10 + 20 ,p4: 10 ", "p4:10, p3:20, 10" };

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		sb_configure(&conf, &(struct sb_spec){ .access = "p1:10,p2:20", .trunk = same[i] });
		check_conf(&conf);
		assert_string_equal(complaints, "");
		assert_true(bp_switch_ports_read(&conf, &conf.functions[0], NULL, &ports));
		assert_int_equal(ports.members[10], SB_P(1) | SB_P(3) | SB_P(4));
		assert_int_equal(ports.members[20], SB_P(2) | SB_P(3));
		assert_int_equal(ports.members[0], 0);
		assert_int_equal(ports.trunks, SB_P(3) | SB_P(4));
		assert_int_equal(ports.pvid[0], 10);
		assert_int_equal(ports.pvid[2], 0);
	}
	sb_configure(&conf,
		     &(struct sb_spec){ .trunk = "p1:5u+10-12+4094, p2:all+7u, p3:1, p4:1" });
	assert_true(bp_switch_ports_read(&conf, &conf.functions[0], NULL, &ports));
	assert_int_equal(ports.pvid[0], 5);
	assert_int_equal(ports.pvid[1], 7);
	assert_int_equal(ports.members[11], SB_P(1) | SB_P(2));
	assert_int_equal(ports.members[13], SB_P(2));
	assert_int_equal(ports.members[4094], SB_P(1) | SB_P(2));
	assert_int_equal(ports.members[4095], 0);
}

static void a_static_address_is_in_one_vlan(void **state)
{
	static struct sb_frame f;
	static const struct sb_spec spec = {
		.access = "p1:10, p2:10, p3:20",
		.trunk = "p4:10,20",
		.addresses = "p1:02:00:00:00:00:01, p4:02:00:00:00:00:01@20"
	};
	struct sb *b = sb_open(&spec);

	(void)state;
	check_conf(&b->conf);
	assert_string_equal(complaints, "");
	assert_int_equal(sb_send(b, 2, SB_MAC(1), SB_MAC(2)), SB_P(1));
	assert_int_equal(sb_send(b, 3, SB_MAC(1), SB_MAC(3)), SB_P(4));
	sb_make(&f, SB_MAC(1), SB_MAC(4), 60);
	sb_tag(&f, 0x8100, 10);
	assert_int_equal(sb_give(b, 4, &f), SB_P(1));
	sb_close(b);
}

/* One line, which begins and ends so. */
static void expect_one_complaint(const char *begin, const char *end)
{
	const size_t n = strlen(complaints);
	char *newline = strchr(complaints, '\n');

	if (newline)
		*newline = '\0';
	if (!newline || strlen(complaints) + 1 != n || strlen(complaints) < strlen(end) ||
	    strncmp(complaints, begin, strlen(begin)) != 0 ||
	    strcmp(newline - strlen(end), end) != 0)
		fail_msg("wanted '%s…%s', got '%s'%s", begin, end, complaints,
			 newline && newline[1] ? " and more" : "");
}

static void wrong_texts_are_refused_with_what_is_allowed(void **state)
{
	static const char ours[] = "allowed: ports whose chain names this switch: p1, p2, p3, p4";
	static const char lists[] =
		"allowed: PORT:VLANS as p3:10+20-29, p4:all, p5:1u+10; VLANs are 1..4094, the one with "
		"u is that of frames without a tag";
	static const char macs[] =
		"allowed: PORT:MAC or PORT:MAC@VLAN for each address, as p1:02:00:00:00:00:01, "
		"p2:02:00:00:00:00:02@20";
	static const struct {
		struct sb_spec spec;
		const char *begin, *end; /* of the complaint */
	} cases[] = {
		{ { .access = "p1:10, p9:10" }, "access: found 'p9', ", ours },
		{ { .access = ":10" }, "access: found '', ", ours },
		{ { .access = "p1" },
		  "access: found 'p1', ",
		  "allowed: PORT:VLAN for each port, as p1:10, p2:20" },
		{ { .access = "p1:10," },
		  "access: found '', ",
		  "allowed: PORT:VLAN for each port, as p1:10, p2:20" },
		{ { .access = "p1:0" },
		  "access: found 'p1:0', ",
		  "allowed: one VLAN, 1..4094, behind the port's name" },
		{ { .access = "p1:4095" },
		  "access: found 'p1:4095', ",
		  "allowed: one VLAN, 1..4094, behind the port's name" },
		{ { .access = "p1:10+20" },
		  "access: found 'p1:10+20', ",
		  "allowed: one VLAN, 1..4094, behind the port's name" },
		{ { .access = "p1:99999999999999999999" },
		  "access: found 'p1:99999999999999999999', ",
		  "allowed: one VLAN, 1..4094, behind the port's name" },
		{ { .access = "p1:10, p1:20" },
		  "access: found port 'p1' a second time: ",
		  "say all about it in one place" },
		{ { .access = "p1:10, p2:10, p3:10", .trunk = "p3:10, p4:10" },
		  "trunk: found port 'p3' a second time: ",
		  "say all about it in one place" },
		{ { .access = "p1:10, p2:10, p4:10" },
		  "access: port 'p3' is named neither in access nor in trunk: ",
		  "add it, as access = p3:1 or trunk = p3:all" },
		{ { .trunk = "p1:10" },
		  "trunk: port 'p2' is named neither in access nor in trunk: ",
		  "add it, as access = p2:1 or trunk = p2:all" },
		{ { .trunk = "10, p1:20" },
		  "trunk: found '10' before any port, ",
		  "allowed: PORT:VLANS as p3:10+20, p4:10" },
		{ { .trunk = "p1:10, p2" }, "trunk: found 'p2', ", lists },
		{ { .trunk = "p1:" }, "trunk: found '', ", lists },
		{ { .trunk = "p1:10++20" }, "trunk: found '', ", lists },
		{ { .trunk = "p1:20-10" }, "trunk: found '20-10', ", lists },
		{ { .trunk = "p1:10-" }, "trunk: found '10-', ", lists },
		{ { .trunk = "p1:10-12u" }, "trunk: found '10-12u', ", lists },
		{ { .trunk = "p1:0" }, "trunk: found '0', ", lists },
		{ { .trunk = "p1:1-4095" }, "trunk: found '1-4095', ", lists },
		{ { .trunk = "p1:10u+20u" },
		  "trunk: found 20u beside 10u at port p1: ",
		  "frames without a tag belong to one VLAN" },
		{ { .group = "p1" },
		  "group: found 'p1', ",
		  "allowed: at least two ports that never send to each other, as p1, p2; further "
		  "groups behind '|'" },
		{ { .group = "p1, p2 | p2, p3" },
		  "group: found port 'p2' a second time: ",
		  "say all about it in one place" },
		{ { .group = "p1, p5" }, "group: found 'p5', ", ours },
		{ { .group = "p1, p2 |" }, "group: found '', ", ours },
		{ { .addresses = "02:00:00:00:00:01" },
		  "static: found '02:00:00:00:00:01', ",
		  macs },
		{ { .addresses = "p1" }, "static: found 'p1', ", macs },
		{ { .addresses = "p1@10" }, "static: found 'p1@10', ", macs },
		{ { .addresses = "p1:02:00:00:00:00:01," }, "static: found '', ", macs },
		{ { .addresses = "p1:02:00:00:00:00:1" },
		  "static: found 'p1:02:00:00:00:00:1', ",
		  macs },
		{ { .addresses = "p1:02:00:00:00:00:0g" },
		  "static: found 'p1:02:00:00:00:00:0g', ",
		  macs },
		{ { .addresses = "p1:02-00-00-00-00-01" },
		  "static: found 'p1:02-00-00-00-00-01', ",
		  macs },
		{ { .addresses = "p1:02:00:00:00:00:01:02:03:04" },
		  "static: found 'p1:02:00:00:00:00:01:02:03:04', ",
		  macs },
		{ { .addresses = "p9:02:00:00:00:00:01" }, "static: found 'p9', ", ours },
		{ { .addresses = "p1:01:00:5e:00:00:01" },
		  "static: found 'p1:01:00:5e:00:00:01', ",
		  "allowed: addresses of one host, no group's, not zero" },
		{ { .addresses = "p1:00:00:00:00:00:00" },
		  "static: found 'p1:00:00:00:00:00:00', ",
		  "allowed: addresses of one host, no group's, not zero" },
		{ { .addresses = "p1:02:00:00:00:00:01, p2:02:00:00:00:00:01" },
		  "static: found 'p2:02:00:00:00:00:01' a second time: ",
		  "an address is behind one port" },
		{ { .addresses = "p1:02:00:00:00:00:01@10" },
		  "static: found 'p1:02:00:00:00:00:01@10', ",
		  "allowed in a switch without access and trunk: addresses without a VLAN, as "
		  "p1:02:00:00:00:00:01" },
		{ { .trunk = "p1:10+20u, p2:all, p3:all, p4:all",
		    .addresses = "p1:02:00:00:00:00:01@30" },
		  "static: found 'p1:02:00:00:00:00:01@30', ",
		  "allowed behind '@': a VLAN of port p1" },
		{ { .trunk = "p1:all, p2:all, p3:all, p4:all",
		    .addresses = "p1:02:00:00:00:00:01@" },
		  "static: found 'p1:02:00:00:00:00:01@', ",
		  "allowed behind '@': a VLAN of port p1" },
		{ { .trunk = "p1:all, p2:all, p3:all, p4:all",
		    .addresses = "p1:02:00:00:00:00:01@4095" },
		  "static: found 'p1:02:00:00:00:00:01@4095', ",
		  "allowed behind '@': a VLAN of port p1" },
		{ { .trunk = "p1:all, p2:all, p3:all, p4:all",
		    .addresses = "p1:02:00:00:00:00:01" },
		  "static: found 'p1:02:00:00:00:00:01' without a VLAN, ",
		  "and port p1 has none for frames without a tag: add one of its VLANs behind '@'" },
		{ { .entries = 100, .limit = 200 },
		  "limit: found 200, above entries = 100 of all ports together: ",
		  "raise that, or delete the line" },
	};
	static struct bp_conf conf;
	void *sw;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sb_configure(&conf, &cases[i].spec);
		check_conf(&conf);
		expect_one_complaint(cases[i].begin, cases[i].end);
		if (cases[i].spec.access || cases[i].spec.trunk || cases[i].spec.group ||
		    cases[i].spec.addresses)
			assert_int_not_equal(
				bp_function_switch.ops->open(&conf, &conf.functions[0], &sw), 0);
	}
}

static void one_port_makes_no_switch(void **state)
{
	static struct bp_conf conf;

	(void)state;
	sb_configure(&conf, &(struct sb_spec){ 0 });
	for (unsigned i = 1; i < SB_PORTS; i++)
		conf.ports[i].n_chain = 0;
	check_conf(&conf);
	assert_string_equal(
		complaints,
		"-: found one port whose chain names this switch, allowed: two at least, as "
		"p1 = sw and p2 = sw in [forward]\n");
}

static uint64_t outs(const struct bp_conf *conf, unsigned port)
{
	return bp_function_switch.outs(conf, &conf->functions[0], port - 1);
}

static void outs_are_the_ports_that_frames_may_end_up_at(void **state)
{
	static struct bp_conf conf;

	(void)state;
	sb_configure(&conf, &(struct sb_spec){ .group = "p1, p2" });
	assert_int_equal(outs(&conf, 1), SB_P(3) | SB_P(4));
	assert_int_equal(outs(&conf, 3), SB_P(1) | SB_P(2) | SB_P(4));
	/* A port of another path is none of the switch's. */
	conf.ports[3].n_chain = 0;
	assert_int_equal(outs(&conf, 3), SB_P(1) | SB_P(2));
	sb_configure(&conf, &(struct sb_spec){ .access = "p1:10, p2:20", .trunk = "p3:10, p4:30" });
	assert_int_equal(outs(&conf, 1), SB_P(3));
	assert_int_equal(outs(&conf, 2), 0);
	/* Wrong: what can be told. */
	sb_configure(&conf, &(struct sb_spec){ .access = "p1:10, p2:x" });
	assert_int_equal(outs(&conf, 1), SB_P(2) | SB_P(3) | SB_P(4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_ports_of_a_vlan_exchange_frames_unchanged),
		cmocka_unit_test(vlans_are_apart),
		cmocka_unit_test(a_trunk_s_frames_go_to_the_ports_of_their_vlan),
		cmocka_unit_test(a_trunk_s_untagged_vlan_comes_and_goes_without_tag),
		cmocka_unit_test(an_access_port_takes_its_own_tag_and_no_other),
		cmocka_unit_test(a_priority_tag_gets_the_port_s_vlan_and_keeps_its_priority),
		cmocka_unit_test(vlan_4095_is_none),
		cmocka_unit_test(a_tag_that_is_cut_off_is_a_runt),
		cmocka_unit_test(a_service_tag_is_payload),
		cmocka_unit_test(of_two_tags_the_outer_counts),
		cmocka_unit_test(without_room_for_a_tag_a_frame_is_dropped),
		cmocka_unit_test(jumbo_frames_keep_every_byte),
		cmocka_unit_test(metadata_of_super_frames_moves_with_the_tag),
		cmocka_unit_test(metadata_that_contradicts_the_tag_is_dropped),
		cmocka_unit_test(egress_takes_the_tags_of_a_whole_burst),
		cmocka_unit_test(the_report_has_each_port_s_vlans),
		cmocka_unit_test(right_texts_say_who_is_in_which_vlan),
		cmocka_unit_test(a_static_address_is_in_one_vlan),
		cmocka_unit_test(wrong_texts_are_refused_with_what_is_allowed),
		cmocka_unit_test(one_port_makes_no_switch),
		cmocka_unit_test(outs_are_the_ports_that_frames_may_end_up_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
