/* The receiver's counts, against packets of which the test knows everything. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gen/frame.h"
#include "gen/sink.h"
#include "gen_streams.h"

#include <stdlib.h>
#include <string.h>

#define RUN  7u
#define WRAP (UINT64_C(1) << 48)

struct bed {
	struct bp_sink *sink;
	struct bp_sink_stream *s; /* stream 0 */
	struct bp_stream stream;
	uint8_t frame[2048];
};

static int set_up(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	assert_int_equal(bp_sink_create(2, &b->sink), 0);
	b->s = b->sink->streams[0];
	b->sink->is_payload_checked = true;
	bp_sink_begin(b->sink, true, RUN, 0);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *b = *state;

	bp_sink_destroy(b->sink);
	free(b);
	return 0;
}

static const struct bp_stream_conf *conf(void)
{
	static struct bp_stream_conf c;

	c = stream_of(BP_PROTO_UDP4, 200);
	return &c;
}

/* One packet in the bed's frame. Returns its view. */
static struct bp_pkt make(struct bed *b, uint8_t stream, uint8_t run, uint64_t seq,
			  uint64_t time_ns)
{
	struct bp_signature sig = { seq % WRAP, time_ns, stream | BP_SIG_PATTERN, run };
	struct bp_pkt pkt = { .data = b->frame };
	char why[128];

	assert_int_equal(bp_stream_init(&b->stream, conf(),
					&(struct bp_stream_start){ stream, run, 0, 0 }, why,
					sizeof(why)),
			 0);
	bp_frame_build(&b->stream, &b->stream.templates[0], seq % WRAP, &pkt, 1, 2048);
	bp_sig_write(b->frame + b->stream.header_bytes, &sig);
	return pkt;
}

static void receive(struct bed *b, uint64_t seq)
{
	struct bp_pkt pkt = make(b, 0, RUN, seq, 1000);

	bp_sink_take(b->sink, &pkt, 1, 1500);
}

/* Known by its headers, with the payload's check off as well. */
static void a_frame_that_was_cut_off_is_corrupt(void **state)
{
	struct bed *b = *state;
	struct bp_pkt pkt = make(b, 0, RUN, 0, 1000);

	b->sink->is_payload_checked = false;
	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->s->n_corrupt, 0);
	pkt = make(b, 0, RUN, 1, 1000);
	pkt.len -= 40;
	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->s->n_corrupt, 1);
}

static void the_first_burst_and_the_last_have_their_times(void **state)
{
	struct bed *b = *state;
	struct bp_pkt pkts[2];

	pkts[0] = make(b, 0, RUN, 0, 1000);
	bp_sink_take(b->sink, pkts, 1, 5000);
	pkts[0] = make(b, 0, RUN, 1, 1000);
	bp_sink_take(b->sink, pkts, 1, 9000);
	bp_sink_take(b->sink, pkts, 1, 9500); /* a duplicate is no arrival */
	assert_int_equal(b->sink->first_ns, 5000);
	assert_int_equal(b->sink->n_first, 1);
	assert_int_equal(b->sink->last_ns, 9000);
}

static void in_order_nothing_is_wrong(void **state)
{
	struct bed *b = *state;

	for (uint64_t i = 0; i < 1000; i++)
		receive(b, i);
	assert_int_equal(b->s->n_received, 1000);
	assert_int_equal(b->s->n_once, 1000);
	assert_int_equal(b->s->n_bytes, 1000 * 196);
	assert_int_equal(b->s->n_duplicate | b->s->n_reordered | b->s->n_corrupt, 0);
	assert_int_equal(bp_sink_gaps(b->s), 0);
	assert_int_equal(b->s->latency.n, 1000);
	assert_int_equal(b->s->latency.max_ns, 500);
}

static void known_losses_are_counted_exactly(void **state)
{
	struct bed *b = *state;

	for (uint64_t i = 0; i < 1000; i++)
		if (i % 10 != 3)
			receive(b, i);
	assert_int_equal(b->s->n_once, 900);
	assert_int_equal(bp_sink_gaps(b->s), 100);
	assert_int_equal(b->s->n_reordered, 0);
}

static void loss_before_the_first_frame_counts(void **state)
{
	struct bed *b = *state;

	for (uint64_t i = 5; i < 10; i++)
		receive(b, i);
	assert_int_equal(bp_sink_gaps(b->s), 5);
}

static void known_duplicates_are_counted_exactly(void **state)
{
	struct bed *b = *state;

	for (uint64_t i = 0; i < 1000; i++) {
		receive(b, i);
		if (i % 7 == 0)
			receive(b, i); /* at once */
		if (i % 10 == 0 && i >= 500)
			receive(b, i - 500); /* late */
	}
	assert_int_equal(b->s->n_duplicate, 143 + 50);
	assert_int_equal(b->s->n_once, 1000);
	assert_int_equal(b->s->n_received, 1193);
	assert_int_equal(b->s->n_reordered, 0); /* RFC 4737: of first arrivals only */
	assert_int_equal(bp_sink_gaps(b->s), 0);
	assert_int_equal(b->s->latency.n, 1000);
}

/* RFC 4737: of a swapped pair, one is reordered; of one delayed by n, that one only. */
static void known_disorder_is_counted_exactly(void **state)
{
	struct bed *b = *state;

	for (uint64_t i = 0; i < 100; i += 2) {
		receive(b, i + 1);
		receive(b, i);
	}
	assert_int_equal(b->s->n_reordered, 50);
	assert_int_equal(b->s->reorder_max, 2);
	for (uint64_t i = 101; i <= 150; i++)
		receive(b, i);
	receive(b, 100);
	assert_int_equal(b->s->n_reordered, 51);
	assert_int_equal(b->s->reorder_max, 51);
	assert_int_equal(b->s->n_once, 151);
	assert_int_equal(bp_sink_gaps(b->s), 0);
	assert_int_equal(b->s->n_duplicate, 0);
}

/* What a gap skipped is neither seen nor left over from a window before. */
static void duplicates_and_late_ones_are_told_apart_over_the_whole_window(void **state)
{
	struct bed *b = *state;

	for (uint64_t i = 0; i < 3 * BP_SINK_WINDOW; i++)
		if (i % 3)
			receive(b, i);
	assert_int_equal(b->s->n_duplicate, 0);
	/* The oldest within the window, all of them late. */
	for (uint64_t i = 2 * BP_SINK_WINDOW; i < 3 * BP_SINK_WINDOW; i++)
		if (i % 3 == 0)
			receive(b, i);
	assert_int_equal(b->s->n_duplicate, 0);
	assert_int_equal(b->s->n_too_old, 0);
	assert_int_equal(b->s->n_reordered, BP_SINK_WINDOW / 3);
	/* Now all are duplicates. */
	for (uint64_t i = 2 * BP_SINK_WINDOW; i < 3 * BP_SINK_WINDOW; i++)
		receive(b, i);
	assert_int_equal(b->s->n_duplicate, BP_SINK_WINDOW);
	/* One further back nobody can tell. */
	receive(b, 2 * BP_SINK_WINDOW - 1);
	assert_int_equal(b->s->n_too_old, 1);
	assert_int_equal(b->s->n_duplicate, BP_SINK_WINDOW);
}

static void a_leap_beyond_the_window_forgets_it(void **state)
{
	struct bed *b = *state;

	for (uint64_t i = 0; i < 100; i++)
		receive(b, i);
	receive(b, 100 + 5 * BP_SINK_WINDOW);
	assert_int_equal(bp_sink_gaps(b->s), 5 * BP_SINK_WINDOW);
	receive(b, 50 + 5 * BP_SINK_WINDOW); /* same place in the window as 50 */
	assert_int_equal(b->s->n_duplicate, 0);
	assert_int_equal(b->s->n_reordered, 1);
	assert_int_equal(bp_sink_gaps(b->s), 5 * BP_SINK_WINDOW - 1);
}

static void sequence_numbers_wrap(void **state)
{
	struct bed *b = *state;

	bp_sink_begin(b->sink, true, RUN, WRAP - 50);
	for (uint64_t i = WRAP - 50; i < WRAP + 50; i++)
		if (i != WRAP - 1 && i != WRAP + 20 && i != WRAP)
			receive(b, i);
	receive(b, WRAP - 1); /* late across the wrap */
	receive(b, WRAP - 2); /* twice */
	receive(b, WRAP);
	assert_int_equal(b->s->n_once, 99);
	assert_int_equal(b->s->n_duplicate, 1);
	assert_int_equal(b->s->n_reordered, 2);
	assert_int_equal(bp_sink_gaps(b->s), 1);
	assert_int_equal(b->s->n_too_old, 0);
}

static void late_receiver_counts_from_what_it_saw_first(void **state)
{
	struct bed *b = *state;

	bp_sink_begin(b->sink, false, 0, 0);
	receive(b, 1001); /* begins in the middle of disorder */
	receive(b, 1000);
	receive(b, 1003);
	assert_int_equal(b->s->n_once, 3);
	assert_int_equal(b->s->n_reordered, 1);
	assert_int_equal(bp_sink_gaps(b->s), 1);
	assert_int_equal(b->sink->n_restarts, 0);
}

static void late_receiver_of_a_wrapping_sequence(void **state)
{
	struct bed *b = *state;

	bp_sink_begin(b->sink, false, 0, 0);
	receive(b, 0);
	receive(b, WRAP - 1);
	receive(b, 2);
	assert_int_equal(b->s->n_reordered, 1);
	assert_int_equal(bp_sink_gaps(b->s), 1);
}

static void sender_that_begins_anew_is_no_loss(void **state)
{
	struct bed *b = *state;
	struct bp_pkt pkt;

	bp_sink_begin(b->sink, false, 0, 0);
	receive(b, 500);
	receive(b, 502);
	for (uint64_t i = 0; i < 3; i++) {
		pkt = make(b, 0, RUN + 1, 2 * i, 1000);
		bp_sink_take(b->sink, &pkt, 1, 1500);
	}
	assert_int_equal(b->sink->n_restarts, 1);
	assert_int_equal(b->s->n_once, 5);
	assert_int_equal(b->s->n_duplicate | b->s->n_reordered, 0);
	assert_int_equal(bp_sink_gaps(b->s), 1 + 2);
}

static void frames_of_another_trial_are_stale(void **state)
{
	struct bed *b = *state;
	struct bp_pkt pkt = make(b, 0, RUN + 1, 0, 1000);

	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->sink->n_stale, 1);
	assert_int_equal(b->s->n_received, 0);
	pkt = make(b, 40, RUN, 0, 1000);
	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->sink->n_unknown, 1);
}

static void foreign_frames_count_apart(void **state)
{
	struct bed *b = *state;
	struct bp_pkt pkt = make(b, 0, RUN, 0, 1000);

	b->frame[b->stream.header_bytes] ^= 1; /* no magic */
	bp_sink_take(b->sink, &pkt, 1, 1500);
	memset(b->frame, 0xff, sizeof(b->frame));
	bp_sink_take(b->sink, &pkt, 1, 1500);
	for (pkt.len = 0; pkt.len < 64; pkt.len++)
		bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->sink->n_foreign, 66);
	assert_int_equal(b->s->n_received, 0);
	assert_int_equal(b->sink->n_broken, 0);
}

static void damage_is_seen_wherever_it_is(void **state)
{
	struct bed *b = *state;
	struct bp_pkt pkt = make(b, 0, RUN, 0, 1000);
	uint32_t payload = b->stream.header_bytes;
	uint64_t n = 0;

	for (uint32_t i = payload + BP_SIG_BYTES; i < pkt.len; i++, n++) {
		pkt = make(b, 0, RUN, n, 1000);
		b->frame[i] ^= 0x40;
		bp_sink_take(b->sink, &pkt, 1, 1500);
	}
	assert_int_equal(b->s->n_corrupt, n);
	assert_int_equal(b->s->n_once, n);
	pkt = make(b, 0, RUN, n, 1000);
	b->frame[payload + 5] ^= 1; /* in the sequence number */
	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->sink->n_broken, 1);
	assert_int_equal(b->s->n_received, n);
	pkt = make(b, 0, RUN, n, 1000);
	pkt.len -= 10; /* cut */
	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->s->n_corrupt, n + 1);
	b->sink->is_payload_checked = false;
	pkt = make(b, 0, RUN, n + 1, 1000);
	b->frame[pkt.len - 20] ^= 1;
	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->s->n_corrupt, n + 1);
}

/* The payload of another packet is damage, even when each of its bytes is right. */
static void payload_of_another_packet_is_damage(void **state)
{
	struct bed *b = *state;
	struct bp_signature sig = { 1, 1000, 0 | BP_SIG_PATTERN, RUN };
	struct bp_pkt pkt = make(b, 0, RUN, 0, 1000);

	bp_sig_write(b->frame + b->stream.header_bytes, &sig);
	bp_sink_take(b->sink, &pkt, 1, 1500);
	assert_int_equal(b->s->n_corrupt, 1);
}

static void packets_of_several_views_are_one(void **state)
{
	struct bed *b = *state;
	struct bp_pkt whole = make(b, 0, RUN, 0, 1000), views[3];

	for (uint32_t cut = 70; cut < 190; cut++) {
		whole = make(b, 0, RUN, cut - 70, 1000);
		views[0] = (struct bp_pkt){ .data = b->frame, .len = cut, .flags = BP_PKT_MORE };
		views[1] =
			(struct bp_pkt){ .data = b->frame + cut, .len = 3, .flags = BP_PKT_MORE };
		views[2] =
			(struct bp_pkt){ .data = b->frame + cut + 3, .len = whole.len - cut - 3 };
		bp_sink_take(b->sink, views, 3, 1500);
	}
	assert_int_equal(b->s->n_once, 120);
	assert_int_equal(b->s->n_corrupt, 0);
	b->frame[whole.len - 1] ^= 1;
	bp_sink_take(b->sink, views, 3, 1500);
	assert_int_equal(b->s->n_corrupt, 1);
}

static void clocks_that_disagree_are_no_latency(void **state)
{
	struct bed *b = *state;
	struct bp_pkt pkt = make(b, 0, RUN, 0, 5000);

	bp_sink_take(b->sink, &pkt, 1, 4000);
	assert_int_equal(b->s->n_bad_time, 1);
	assert_int_equal(b->s->latency.n, 0);
	/* 48 bits of time wrap every 78 hours. */
	pkt = make(b, 0, RUN, 1, WRAP - 100);
	bp_sink_take(b->sink, &pkt, 1, WRAP + 150);
	assert_int_equal(b->s->n_bad_time, 1);
	assert_int_equal(b->s->latency.max_ns, 250);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_frame_that_was_cut_off_is_corrupt),
		TEST(the_first_burst_and_the_last_have_their_times),
		TEST(in_order_nothing_is_wrong),
		TEST(known_losses_are_counted_exactly),
		TEST(loss_before_the_first_frame_counts),
		TEST(known_duplicates_are_counted_exactly),
		TEST(known_disorder_is_counted_exactly),
		TEST(duplicates_and_late_ones_are_told_apart_over_the_whole_window),
		TEST(a_leap_beyond_the_window_forgets_it),
		TEST(sequence_numbers_wrap),
		TEST(late_receiver_counts_from_what_it_saw_first),
		TEST(late_receiver_of_a_wrapping_sequence),
		TEST(sender_that_begins_anew_is_no_loss),
		TEST(frames_of_another_trial_are_stale),
		TEST(foreign_frames_count_apart),
		TEST(damage_is_seen_wherever_it_is),
		TEST(payload_of_another_packet_is_damage),
		TEST(packets_of_several_views_are_one),
		TEST(clocks_that_disagree_are_no_latency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
