/* Captures: what workers copy beside the packets' way, into a ring that is bounded. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture/filter.h"
#include "core/capture.h"
#include "core/pcapng.h"
#include "core/transmit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define RING BP_CAPTURE_RING_MIN

/* ---- a port without a device -------------------------------------------------------------------- */

static uint8_t frames[BP_BURST_MAX][2048];
static unsigned n_put;

static void put(struct bp_pool *pool, unsigned worker_id, const struct bp_pkt *pkts, unsigned n)
{
	(void)pool;
	(void)worker_id;
	(void)pkts;
	n_put += n;
}

static struct bp_pool pool = { .put = put, .name = "test" };
static struct bp_pkt burst[BP_BURST_MAX];
static unsigned n_burst;

static unsigned give(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	unsigned n = n_burst < max ? n_burst : max;

	(void)q;
	memcpy(pkts, burst, n * sizeof(*pkts));
	return n;
}

/* How tx ends: after so many views it is full, and at a packet that begins with 0xfe; what begins with 0xdd is gone. */
static unsigned n_room;

/* What was sent is overwritten at once: whoever still wants it has copied it. */
static unsigned swallow(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	unsigned k = 0;

	while (k < n && k < n_room && pkts[k].data[0] != 0xfe) {
		unsigned n_views = bp_pkt_n_views(&pkts[k], n - k);
		bool is_gone = pkts[k].data[0] == 0xdd;

		for (unsigned v = k; v < k + n_views; v++)
			memset(pkts[v].data, 0xee, pkts[v].len);
		k += n_views;
		bp_count(&q->counters, is_gone ? BP_DROP_TX_KERNEL : BP_CNT_PKTS, 1);
		if (is_gone && q->ends_at_drop)
			break;
	}
	bp_pool_put(q->worker_id, pkts, k);
	return k;
}

struct bed {
	struct bp_rxq rxq;
	struct bp_txq txq;
	struct bp_port port;
	struct bp_capture capture;
};

static struct bed *make_bed(unsigned kinds)
{
	static const struct bp_port_conf conf = { .name = "p", .driver = "null" };
	struct bed *bed = aligned_alloc(BP_CACHE_LINE, (sizeof(*bed) + 63) / 64 * 64);

	memset(bed, 0, sizeof(*bed));
	bed->port.conf = &conf;
	bed->rxq.port = bed->txq.port = &bed->port;
	bed->rxq.driver_burst = give;
	bed->txq.driver_burst = swallow;
	bed->port.rxq = &bed->rxq;
	bed->port.txq = &bed->txq;
	bed->port.n_rxq = bed->port.n_txq = 1;
	bed->port.is_started = bed->port.is_published = true;
	bed->capture.kinds = kinds;
	bed->capture.snap_bytes = BP_PCAPNG_SNAP_MAX;
	bed->capture.sample = 1;
	n_room = BP_BURST_MAX;
	n_burst = n_put = 0;
	return bed;
}

static void begin(struct bed *bed)
{
	assert_int_equal(bp_capture_open(&bed->capture, 1, RING), 0);
	assert_int_equal(bp_capture_attach(&bed->capture, &bed->port, 0), 0);
	bp_port_bind_captures(&bed->port);
}

static void end(struct bed *bed)
{
	assert_true(bp_capture_detach(&bed->capture, &bed->port));
	bp_port_bind_captures(&bed->port);
	assert_ptr_equal(bed->rxq.burst, give);
	assert_ptr_equal(bed->txq.burst, swallow);
	bp_capture_close(&bed->capture);
	free(bed);
}

/* A packet of n_views views of n_bytes each, that begins with the byte. */
static void add_packet(uint8_t first, unsigned n_views, uint32_t n_bytes)
{
	for (unsigned v = 0; v < n_views; v++, n_burst++) {
		for (uint32_t i = 0; i < n_bytes; i++)
			frames[n_burst][i] = (uint8_t)(first + v + i);
		burst[n_burst] = (struct bp_pkt){ .data = frames[n_burst],
						  .pool = &pool,
						  .len = n_bytes,
						  .flags = v + 1 < n_views ? BP_PKT_MORE : 0 };
	}
}

static unsigned receive(struct bed *bed)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = bp_rx(&bed->rxq, pkts, BP_BURST_MAX);

	n_burst = 0;
	return n;
}

/* ---- what lies in the ring ---------------------------------------------------------------------- */

struct record {
	uint32_t captured, wire, direction;
	uint64_t ns;
	uint8_t bytes[8192];
	char comment[128];
};

/* Take the oldest record as a reader of pcapng would. false: there is none. */
static bool take_record(struct bed *bed, struct record *record)
{
	struct bp_capture_ring *r = bed->capture.rings[0];
	struct bp_pcapng_packet packet;
	uint8_t *at = r->bytes + (r->tail & (r->size - 1)), *last;
	uint32_t again;

	if (r->tail == r->head)
		return false;
	memcpy(&packet, at, sizeof(packet));
	assert_int_equal(packet.head.type, BP_PCAPNG_PACKET);
	assert_int_equal(packet.head.n_bytes % 4, 0);
	assert_true(packet.head.n_bytes <= r->head - r->tail);
	last = at + packet.head.n_bytes - 4;
	memcpy(&again, last, sizeof(again));
	assert_int_equal(again, packet.head.n_bytes);
	*record = (struct record){ packet.captured_bytes,
				   packet.wire_bytes,
				   0,
				   (uint64_t)packet.time_high << 32 | packet.time_low,
				   { 0 },
				   "" };
	memcpy(record->bytes, at + sizeof(packet), packet.captured_bytes);
	at += sizeof(packet) + bp_pcapng_pad(packet.captured_bytes);
	for (;;) {
		struct bp_pcapng_option_head head;

		assert_true(at + sizeof(head) <= last);
		memcpy(&head, at, sizeof(head));
		at += sizeof(head);
		if (head.code == BP_PCAPNG_END)
			break;
		if (head.code == BP_PCAPNG_COMMENT)
			memcpy(record->comment, at, head.n_bytes);
		else if (head.code == BP_PCAPNG_EPB_FLAGS)
			memcpy(&record->direction, at, sizeof(record->direction));
		at += bp_pcapng_pad(head.n_bytes);
	}
	assert_ptr_equal(at, last);
	r->tail += packet.head.n_bytes;
	return true;
}

static void expect_record(struct bed *bed, uint8_t first, uint32_t wire, uint32_t direction,
			  const char *comment)
{
	static struct record record;

	assert_true(take_record(bed, &record));
	assert_int_equal(record.bytes[0], first);
	assert_int_equal(record.bytes[1], (uint8_t)(first + 1));
	assert_int_equal(record.wire, wire);
	assert_int_equal(record.direction, direction);
	assert_string_equal(record.comment, comment);
	assert_true(record.ns > UINT64_C(1700000000) * 1000000000);
}

static void expect_nothing(struct bed *bed)
{
	assert_true(bed->capture.rings[0]->tail == bed->capture.rings[0]->head);
	assert_true(bed->capture.rings[0]->write == bed->capture.rings[0]->head);
}

/* ---- receiving ---------------------------------------------------------------------------------- */

static void received_packets_are_copied_whole(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_RX);
	static struct record record;

	(void)state;
	begin(bed);
	add_packet(1, 1, 60);
	add_packet(10, 3, 1001); /* of several views */
	add_packet(20, 1, 0); /* of no bytes */
	assert_int_equal(receive(bed), 5);
	expect_record(bed, 1, 60, BP_PCAPNG_INBOUND, "");
	assert_true(take_record(bed, &record));
	assert_int_equal(record.captured, 3003);
	for (unsigned v = 0; v < 3; v++)
		for (unsigned i = 0; i < 1001; i++)
			assert_int_equal(record.bytes[v * 1001 + i], (uint8_t)(10 + v + i));
	assert_true(take_record(bed, &record));
	assert_int_equal(record.wire, 0);
	expect_nothing(bed);
	assert_int_equal(bed->capture.rings[0]->figures[0].n_copy_bytes, 3063);
	end(bed);
}

static void snaplen_cuts_and_says_how_long_it_was(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_RX);
	static struct record record;

	(void)state;
	bed->capture.snap_bytes = 50;
	begin(bed);
	add_packet(1, 2, 40);
	receive(bed);
	assert_true(take_record(bed, &record));
	assert_int_equal(record.captured, 50);
	assert_int_equal(record.wire, 80);
	assert_int_equal(record.bytes[49], (uint8_t)(2 + 9));
	end(bed);
}

static void sampling_takes_every_nth_that_matches(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_RX);

	(void)state;
	bed->capture.sample = 3;
	begin(bed);
	for (unsigned i = 0; i < 9; i++)
		add_packet((uint8_t)(i * 10), 1, 60);
	receive(bed);
	expect_record(bed, 20, 60, BP_PCAPNG_INBOUND, "");
	expect_record(bed, 50, 60, BP_PCAPNG_INBOUND, "");
	expect_record(bed, 80, 60, BP_PCAPNG_INBOUND, "");
	expect_nothing(bed);
	end(bed);
}

/* A ring that nobody empties takes what it has room for, counts the rest, delays nobody. */
static void full_ring_counts_what_is_lost(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_RX);
	struct bp_capture_figures *f;
	static struct record record;
	uint64_t n = 0, n_rounds = 40;

	(void)state;
	begin(bed);
	f = &bed->capture.rings[0]->figures[0];
	for (unsigned i = 0; i < n_rounds; i++) {
		for (unsigned k = 0; k < BP_BURST_MAX; k++)
			add_packet((uint8_t)k, 1, 1500);
		assert_int_equal(receive(bed), BP_BURST_MAX);
	}
	assert_true(f->n_lost > 0);
	assert_int_equal(f->n_seen, n_rounds * BP_BURST_MAX);
	assert_int_equal(f->n_matched, f->n_seen);
	while (take_record(bed, &record))
		n++;
	assert_int_equal(n + f->n_lost, f->n_seen);
	end(bed);
}

/* Blocks lie across the end of the ring as if there were none. */
static void ring_wraps_without_a_seam(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_RX | BP_CAPTURE_TX | BP_CAPTURE_DROP);
	uint64_t n_bytes = 0;

	(void)state;
	begin(bed);
	for (unsigned i = 0; n_bytes < 3 * (uint64_t)RING; i++) {
		uint32_t len = 61 + i * 37 % 1400;

		add_packet((uint8_t)i, 1, len);
		add_packet((uint8_t)(i & 63), 1, len);
		burst[0].data[0] = 0xdd; /* gone: gets a comment, and moves what stands behind it */
		assert_int_equal(bp_tx_all(&bed->txq, burst, n_burst, 0), 2);
		n_burst = 0;
		{
			static struct record record;

			assert_true(take_record(bed, &record));
			assert_string_equal(record.comment, "dropped: tx_kernel_drop");
			assert_int_equal(record.wire, len);
		}
		expect_record(bed, (uint8_t)(i & 63), len, BP_PCAPNG_OUTBOUND, "");
		expect_nothing(bed);
		n_bytes += 2 * len;
	}
	end(bed);
}

/* ---- filters ------------------------------------------------------------------------------------ */

static struct bp_capture_filter *open_filter(const char *text)
{
	struct bp_capture_filter *filter = NULL;
	char why[256] = "";
	json_t *program = bp_capture_filter_compile(text, why, sizeof(why));

	if (!program)
		fail_msg("%s: %s", text, why);
	if (bp_capture_filter_open(program, &filter, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	json_decref(program);
	return filter;
}

/* The same answer however the packet lies in views, also where the filter looks into a later one. */
static void filter_sees_across_views(void **state)
{
	static const struct {
		const char *text;
		bool is_match;
	} rows[] = {
		{ "ether[0] = 7", true },
		{ "ether[0] = 8", false },
		{ "ether[100] = 107", true },
		{ "ether[100] = 108", false },
		{ "ether[98:4] = 0x696a6b6c", true },
		{ "len = 120", true },
		{ "len = 60", false },
		{ "ether[119] = 126", true },
		{ "ether[120] = 0", false },
		{ "ether[ether[0]] = 14", true },
		{ "ether[ether[0] + 90] = 104", true },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned n_views = 1; n_views <= 6; n_views++) {
			struct bed *bed = make_bed(BP_CAPTURE_RX);
			struct bp_capture_filter *filter = open_filter(rows[i].text);

			bed->capture.match = bp_capture_filter_match;
			bed->capture.program = filter;
			bed->capture.match_bytes = bp_capture_filter_reach(filter);
			if (bed->capture.match_bytes > BP_PCAPNG_SNAP_MAX)
				bed->capture.match_bytes = BP_PCAPNG_SNAP_MAX;
			begin(bed);
			for (unsigned v = 0; v < n_views; v++) {
				uint32_t len = 120 / n_views;

				for (uint32_t k = 0; k < len; k++)
					frames[v][k] = (uint8_t)(7 + v * len + k);
				burst[v] = (struct bp_pkt){ .data = frames[v],
							    .pool = &pool,
							    .len = len,
							    .flags = v + 1 < n_views ? BP_PKT_MORE
										     : 0 };
			}
			n_burst = n_views;
			receive(bed);
			assert_int_equal(bed->capture.rings[0]->figures[0].n_matched,
					 rows[i].is_match);
			end(bed);
			bp_capture_filter_close(filter);
		}
}

/* A program from anybody: what does not end, or leaves itself, is refused. */
static void unsound_programs_are_refused(void **state)
{
	static const char *const rows[] = {
		"[]",
		"[[6]]",
		"[[6,0,0,-1]]",
		"[[6,0,0,4294967296]]",
		"[[\"6\",0,0,0]]",
		"{}",
		"[[40,0,0,12]]", /* does not return */
		"[[5,0,0,4294967295],[6,0,0,1]]", /* jumps back */
		"[[5,0,0,7],[6,0,0,1]]", /* jumps out */
		"[[21,9,0,0],[6,0,0,1]]",
		"[[52,0,0,0],[6,0,0,1]]", /* divides by 0 */
		"[[148,0,0,0],[6,0,0,1]]",
		"[[96,0,0,99],[6,0,0,1]]", /* memory that is not there */
		"[[2,0,0,16],[6,0,0,1]]",
		"[[3,0,0,16],[6,0,0,1]]",
		"[[100,0,0,32],[6,0,0,1]]", /* shifts by more than there is */
		"[[116,0,0,32],[6,0,0,1]]",
		/* What is none of its instructions, though its class is one. */
		"[[262,0,0,1]]",
		"[[14,0,0,1]]",
		"[[30,0,0,1]]",
		"[[15,0,0,0],[6,0,0,1]]",
		"[[23,0,0,0],[6,0,0,1]]",
		"[[263,0,0,0],[6,0,0,1]]",
		"[[65535,0,0,0],[6,0,0,1]]",
		"[[176,0,0,0],[6,0,0,1]]",
		"[[56,0,0,0],[6,0,0,1]]",
		"[[10,0,0,0],[6,0,0,1]]",
		"[[85,0,0,0],[6,0,0,1]]",
		"[[140,0,0,0],[6,0,0,1]]",
		"[[6,0,0,1],[15,0,0,0]]", /* also where it never comes to */
		/* Memory that was not written before, or not on both ways, or another word of it. */
		"[[96,0,0,0],[22,0,0,0]]",
		"[[97,0,0,0],[135,0,0,0],[22,0,0,0]]",
		"[[2,0,0,1],[96,0,0,0],[22,0,0,0]]",
		"[[96,0,0,0],[2,0,0,0],[22,0,0,0]]",
		"[[21,0,1,7],[2,0,0,3],[96,0,0,3],[22,0,0,0]]",
		"[[5,0,0,1],[2,0,0,3],[96,0,0,3],[22,0,0,0]]",
	};
	struct bp_capture_filter *filter = NULL;
	char why[256];

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *program = json_loads(rows[i], 0, NULL);

		assert_non_null(program);
		assert_int_equal(bp_capture_filter_open(program, &filter, why, sizeof(why)),
				 -EINVAL);
		json_decref(program);
	}
	assert_null(bp_capture_filter_compile("tcp prot 80", why, sizeof(why)));
	assert_null(bp_capture_filter_compile("ip6 protochain 6", why, sizeof(why)));
	assert_null(bp_capture_filter_compile("inbound", why, sizeof(why)));
	assert_non_null(strstr(why, "only a capturing socket"));
}

/* A request's filter is a program, and its text a text that a terminal can be shown. */
static void requests_have_programs_and_plain_texts(void **state)
{
	static const struct {
		const char *request;
		int err;
	} rows[] = {
		{ "{}", 0 },
		{ "{\"filter_text\": 7}", 0 }, /* of no filter */
		{ "{\"filter\": [[6,0,0,1]]}", 0 },
		{ "{\"filter\": [[6,0,0,1]], \"filter_text\": \"host größe\"}", 0 },
		{ "{\"filter\": \"tcp port 80\"}", -EINVAL },
		{ "{\"filter\": null}", -EINVAL },
		{ "{\"filter\": [[6,0,0,1]], \"filter_text\": 7}", -EINVAL },
		{ "{\"filter\": [[6,0,0,1]], \"filter_text\": \"\\u001b[2J\"}", -EINVAL },
		{ "{\"filter\": [[6,0,0,1]], \"filter_text\": \"a\\nb\"}", -EINVAL },
		{ "{\"filter\": [[6,0,0,1]], \"filter_text\": \"a\\u007f\"}", -EINVAL },
		{ "{\"filter\": [[6,0,0,1]], \"filter_text\": \"a\\u009b2J\"}", -EINVAL },
	};
	struct bp_capture_filter *filter;
	char why[256], *text_long = malloc(BP_CAPTURE_FILTER_BYTES + 2);
	const char *text;
	json_t *request;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request = json_loads(rows[i].request, 0, NULL);
		assert_non_null(request);
		assert_int_equal(bp_capture_filter_read(request, &filter, &text, why, sizeof(why)),
				 rows[i].err);
		bp_capture_filter_close(filter);
		json_decref(request);
	}
	for (unsigned more = 0; more < 2; more++) {
		memset(text_long, 'a', BP_CAPTURE_FILTER_BYTES + 1);
		text_long[BP_CAPTURE_FILTER_BYTES + more] = '\0';
		request = json_pack("{s:[[i,i,i,i]], s:s}", "filter", 6, 0, 0, 1, "filter_text",
				    text_long);
		assert_non_null(request);
		assert_int_equal(bp_capture_filter_read(request, &filter, &text, why, sizeof(why)),
				 more ? -EINVAL : 0);
		bp_capture_filter_close(filter);
		json_decref(request);
	}
	free(text_long);
}

/* Programs that are run as they are, each of an ether type and a length: their answers are told. */
static void sound_programs_are_run(void **state)
{
	static const struct {
		const char *program;
		bool is_match;
	} rows[] = {
		{ "[[6,0,0,1]]", true },
		{ "[[6,0,0,0]]", false },
		{ "[[40,0,0,12],[21,0,1,2048],[6,0,0,1],[6,0,0,0]]", true },
		{ "[[128,0,0,0],[2,0,0,15],[0,0,0,0],[96,0,0,15],[21,0,1,64],[6,0,0,1],[6,0,0,0]]",
		  true },
		/* Written on both ways. */
		{ "[[128,0,0,0],[21,0,2,64],[2,0,0,3],[5,0,0,1],[3,0,0,3],[97,0,0,3],[135,0,0,0],[22,0,0,0]]",
		  true },
		/* Not written where it never comes from. */
		{ "[[2,0,0,0],[5,0,0,1],[6,0,0,0],[96,0,0,0],[22,0,0,0]]", false },
		{ "[[0,0,0,1],[100,0,0,31],[116,0,0,31],[22,0,0,0]]", true },
		/* Divided by an X of 0: it ends there. */
		{ "[[0,0,0,1],[1,0,0,0],[60,0,0,0],[6,0,0,1]]", false },
		{ "[[0,0,0,1],[1,0,0,0],[156,0,0,0],[6,0,0,1]]", false },
		{ "[[32,0,0,4294967295],[6,0,0,1]]", false },
	};
	static const uint8_t frame[64] = { [12] = 8 };

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *program = json_loads(rows[i].program, 0, NULL);
		struct bp_capture_filter *filter = NULL;
		char why[256] = "";

		assert_non_null(program);
		if (bp_capture_filter_open(program, &filter, why, sizeof(why)))
			fail_msg("%s: %s", rows[i].program, why);
		assert_int_equal(
			bp_capture_filter_match(filter, frame, sizeof(frame), sizeof(frame)),
			rows[i].is_match);
		bp_capture_filter_close(filter);
		json_decref(program);
	}
}

/* Whatever libpcap makes of an expression is sound: its use of memory, too. */
static void compiled_programs_are_sound(void **state)
{
	static const char *const rows[] = {
		"",
		"tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
		"(ip[2:2] - ((ip[0] & 0xf) << 2)) - ((tcp[12] & 0xf0) >> 2) != 0",
		"ether[ether[0] + ether[ether[1] + 2] * 3] / (ether[5] + 1) % 7 = ether[ether[9] & 3]",
		"vlan and vlan 10 and (ip6 or arp) and (tcp port 80 or udp portrange 5000-6000)",
		"mpls 1000 and mpls 2 and ip host 10.0.0.1",
		"pppoes and ip6 net 2001:db8::/32 and tcp port 22",
		"geneve 7 and (vlan 3 or tcp[tcpflags] & (tcp-syn|tcp-fin) != 0)",
		"((ip[0] + ip[1]) * (ip[2] + ip[3])) ^ ((ip[4] | ip[5]) << (ip[6] & 7)) > (ip[7] - ip[8])",
		"ether multicast and not ether broadcast and less 100 and greater 20",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		bp_capture_filter_close(open_filter(rows[i]));
}

/* ---- sending ------------------------------------------------------------------------------------ */

/* What tx leaves to its caller is captured when it is sent, once. */
static void retried_packets_are_captured_once(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_TX);

	(void)state;
	begin(bed);
	for (unsigned i = 0; i < 5; i++)
		add_packet((uint8_t)(i * 10), 1, 60);
	n_room = 2; /* of each attempt */
	assert_int_equal(bp_tx_all(&bed->txq, burst, 5, 4), 5);
	for (unsigned i = 0; i < 5; i++)
		expect_record(bed, (uint8_t)(i * 10), 60, BP_PCAPNG_OUTBOUND, "");
	expect_nothing(bed);
	assert_int_equal(bed->capture.rings[0]->figures[0].n_seen, 5);
	assert_int_equal(bed->capture.rings[0]->figures[0].n_copy_bytes, 5 * 60);
	end(bed);
}

static void retried_packets_are_sampled_once(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_TX);

	(void)state;
	bed->capture.sample = 2;
	begin(bed);
	for (unsigned i = 0; i < 7; i++)
		add_packet((uint8_t)(i * 10), 1, 60);
	n_room = 3; /* of each attempt */
	assert_int_equal(bp_tx_all(&bed->txq, burst, 7, 4), 7);
	for (unsigned i = 1; i < 7; i += 2)
		expect_record(bed, (uint8_t)(i * 10), 60, BP_PCAPNG_OUTBOUND, "");
	expect_nothing(bed);
	assert_int_equal(bed->capture.rings[0]->figures[0].n_copy_bytes, 3 * 60);
	end(bed);
}

/* Of drops alone every Nth drop: packets that are sent between them do not count. */
static void drops_are_sampled_among_themselves(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_DROP);
	struct bp_capture_figures *f;

	(void)state;
	bed->capture.sample = 2;
	begin(bed);
	f = &bed->capture.rings[0]->figures[0];
	for (unsigned i = 0; i < 12; i++) {
		add_packet((uint8_t)(i * 10), 1, 60 + i);
		if (i % 3 == 0)
			burst[i].data[0] = 0xdd; /* gone: 0, 3, 6, 9 */
	}
	n_room = 5; /* of each attempt */
	assert_int_equal(bp_tx_all(&bed->txq, burst, 12, 4), 12);
	for (unsigned i = 3; i < 12; i += 6) {
		static struct record record;

		assert_true(take_record(bed, &record));
		assert_int_equal(record.wire, 60 + i);
		assert_string_equal(record.comment, "dropped: tx_kernel_drop");
	}
	expect_nothing(bed);
	assert_int_equal(f->n_seen, 4);
	assert_int_equal(f->n_matched, 2);
	end(bed);
}

static void packets_of_a_full_port_are_no_sent_ones(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_TX);

	(void)state;
	begin(bed);
	for (unsigned i = 0; i < 4; i++)
		add_packet((uint8_t)(i * 10), 1, 60);
	n_room = 3;
	assert_int_equal(bp_tx_all(&bed->txq, burst, 4, 0), 3);
	for (unsigned i = 0; i < 3; i++)
		expect_record(bed, (uint8_t)(i * 10), 60, BP_PCAPNG_OUTBOUND, "");
	expect_nothing(bed);
	assert_int_equal(n_put, 4);
	end(bed);
}

/* Each packet that the port drops comes with its reason, whether tx or its caller drops it. */
static void drops_come_with_their_reason(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_DROP);

	(void)state;
	begin(bed);
	add_packet(10, 1, 60);
	add_packet(0xdd, 2, 60); /* gone */
	add_packet(20, 1, 60);
	add_packet(0xdd, 1, 64); /* gone */
	add_packet(0xfe, 1, 70); /* full */
	assert_int_equal(bp_tx_all(&bed->txq, burst, 6, 0), 5);
	expect_record(bed, 0xdd, 120, BP_PCAPNG_OUTBOUND, "dropped: tx_kernel_drop");
	expect_record(bed, 0xdd, 64, BP_PCAPNG_OUTBOUND, "dropped: tx_kernel_drop");
	expect_record(bed, 0xfe, 70, BP_PCAPNG_OUTBOUND, "dropped: tx_full");
	expect_nothing(bed);
	assert_int_equal(bed->capture.rings[0]->figures[0].n_seen, 3);
	assert_false(bed->txq.ends_at_drop);
	end(bed);
}

/* What was counted as sent shows as lost beside a packet that is dropped for another reason. */
static unsigned lose_late(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	bp_count_lost_after(&q->counters, BP_DROP_TX_KERNEL, 1);
	n = bp_pkt_n_views(pkts, n);
	bp_count(&q->counters, BP_DROP_TX_TOO_LONG, 1);
	bp_pool_put(q->worker_id, pkts, n);
	return n;
}

static void a_late_loss_gives_its_reason_to_no_other(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_DROP);

	(void)state;
	begin(bed);
	bed->txq.driver_burst = lose_late;
	add_packet(10, 1, 60);
	assert_int_equal(bp_tx_all(&bed->txq, burst, 1, 0), 1);
	expect_record(bed, 10, 60, BP_PCAPNG_OUTBOUND, "dropped: tx_too_long");
	expect_nothing(bed);
	bed->txq.driver_burst = swallow;
	end(bed);
}

static void sent_and_dropped_stand_in_one_capture(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_TX | BP_CAPTURE_DROP);
	struct bp_capture_reason reason = { BP_SIDE_RX, "edge", "filtered" };

	(void)state;
	begin(bed);
	add_packet(10, 1, 60);
	add_packet(0xdd, 1, 61);
	add_packet(20, 1, 62);
	assert_int_equal(bp_tx_all(&bed->txq, burst, 3, 0), 3);
	n_burst = 0;
	add_packet(40, 1, 63);
	bp_capture_drop(&bed->port, 0, &reason, burst, 1);
	expect_record(bed, 10, 60, BP_PCAPNG_OUTBOUND, "");
	expect_record(bed, 0xdd, 61, BP_PCAPNG_OUTBOUND, "dropped: tx_kernel_drop");
	expect_record(bed, 20, 62, BP_PCAPNG_OUTBOUND, "");
	expect_record(bed, 40, 63, BP_PCAPNG_INBOUND, "dropped: edge: filtered");
	expect_nothing(bed);
	end(bed);
}

static void a_port_that_is_down_shows_what_it_drops(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_DROP);

	(void)state;
	begin(bed);
	bed->txq.burst = bp_tx_down;
	add_packet(10, 1, 60);
	assert_int_equal(bp_tx_all(&bed->txq, burst, 1, 0), 1);
	expect_record(bed, 10, 60, BP_PCAPNG_OUTBOUND, "dropped: port_down");
	expect_nothing(bed);
	bed->rxq.burst = bp_rx_set_down; /* by an operator */
	n_burst = 0;
	add_packet(20, 2, 60);
	assert_int_equal(receive(bed), 0);
	expect_record(bed, 20, 120, BP_PCAPNG_INBOUND, "dropped: set_down");
	expect_nothing(bed);
	end(bed);
}

/* ---- several ------------------------------------------------------------------------------------ */

static void captures_of_one_port_do_not_meet(void **state)
{
	struct bed *bed = make_bed(BP_CAPTURE_RX);
	struct bp_capture more[BP_PORT_CAPTURES_MAX] = { 0 };

	(void)state;
	begin(bed);
	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++) {
		more[i] = (struct bp_capture){ .kinds = BP_CAPTURE_RX,
					       .snap_bytes = 20,
					       .sample = 1 };
		assert_int_equal(bp_capture_open(&more[i], 1, RING), 0);
		assert_int_equal(bp_capture_attach(&more[i], &bed->port, 0),
				 i + 1 < BP_PORT_CAPTURES_MAX ? 0 : -EBUSY);
	}
	add_packet(10, 1, 60);
	receive(bed);
	expect_record(bed, 10, 60, BP_PCAPNG_INBOUND, "");
	assert_true(bp_capture_detach(&more[0], &bed->port));
	assert_false(bp_capture_detach(&more[0], &bed->port));
	add_packet(20, 1, 60);
	receive(bed);
	expect_record(bed, 20, 60, BP_PCAPNG_INBOUND, "");
	assert_int_equal(more[0].rings[0]->figures[0].n_seen, 1);
	assert_int_equal(more[1].rings[0]->figures[0].n_seen, 2);
	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++) {
		(void)bp_capture_detach(&more[i], &bed->port);
		bp_capture_close(&more[i]);
	}
	end(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received_packets_are_copied_whole),
		cmocka_unit_test(snaplen_cuts_and_says_how_long_it_was),
		cmocka_unit_test(sampling_takes_every_nth_that_matches),
		cmocka_unit_test(full_ring_counts_what_is_lost),
		cmocka_unit_test(ring_wraps_without_a_seam),
		cmocka_unit_test(filter_sees_across_views),
		cmocka_unit_test(unsound_programs_are_refused),
		cmocka_unit_test(requests_have_programs_and_plain_texts),
		cmocka_unit_test(sound_programs_are_run),
		cmocka_unit_test(compiled_programs_are_sound),
		cmocka_unit_test(retried_packets_are_captured_once),
		cmocka_unit_test(retried_packets_are_sampled_once),
		cmocka_unit_test(drops_are_sampled_among_themselves),
		cmocka_unit_test(packets_of_a_full_port_are_no_sent_ones),
		cmocka_unit_test(drops_come_with_their_reason),
		cmocka_unit_test(a_late_loss_gives_its_reason_to_no_other),
		cmocka_unit_test(sent_and_dropped_stand_in_one_capture),
		cmocka_unit_test(a_port_that_is_down_shows_what_it_drops),
		cmocka_unit_test(captures_of_one_port_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
