/* The function meter, by a clock of the test's: what passes is burst + rate × time, to the packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "function_bed.h"
#include "offload_check.h"

#include "core/clock.h"
#include "functions/marker.h"

#define HZ    UINT64_C(2995200961)
#define HOUR  UINT64_C(3600)
#define MILLI UINT64_C(1000)

/* A sequence that never repeats within a test, and is the same in each. */
static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* ---- the marker: RFC 2697, RFC 2698 ---------------------------------------------------------- */

struct load {
	struct bp_marker_conf conf;
	uint64_t hz, begin, seconds;
	uint64_t step; /* cycles between two packets, at most */
	uint64_t least, most; /* tokens of a packet */
};

/* Tokens of each colour. */
struct passed {
	uint64_t n[BP_COLOURS_N];
};

static struct passed offer(const struct load *load)
{
	uint64_t end = load->hz * load->seconds, seed = 1;
	struct passed passed = { { 0 } };
	struct bp_marker m;

	bp_marker_begin(&m, &load->conf, load->hz, load->begin);
	for (uint64_t at = 0; at <= end; at += 1 + next_random(&seed) % load->step) {
		uint64_t tokens = load->least + next_random(&seed) % (load->most - load->least + 1);

		bp_marker_refill(&m, load->begin + at); /* the counter may come round */
		passed.n[bp_marker_mark(&m, tokens)] += tokens;
	}
	return passed;
}

/* burst + rate × time, one packet more or less; and less by what comes between the last packet and the end. */
static void expect_exact(const struct load *load)
{
	uint64_t wanted = load->conf.size + load->conf.rate * load->seconds / MILLI;
	uint64_t after = load->conf.rate / MILLI * load->step / load->hz;
	struct passed passed = offer(load);

	assert_in_range(passed.n[BP_GREEN], wanted - load->most - after, wanted + load->most);
	assert_true(passed.n[BP_RED] > wanted / 2); /* more was offered, or nothing was shown */
}

static void an_hour_lets_burst_and_rate_through(void **state)
{
	struct load load = { .hz = HZ, .seconds = HOUR, .least = 480, .most = 12112 };

	(void)state;
	/* Odd bits per second, which no whole number of cycles fits. */
	load.conf = (struct bp_marker_conf){ .rate = 999983 * MILLI, .size = 524288 };
	load.step = HZ / 400;
	expect_exact(&load);
	/* 5 kpps and one more. */
	load.conf = (struct bp_marker_conf){ .rate = 5001 * MILLI, .size = 64 };
	load.least = load.most = 1;
	load.step = HZ / 6000;
	expect_exact(&load);
	/* A slow clock, and a bucket that never overflows between two packets just so. */
	load.conf.size = 2;
	load.hz = 1000003;
	load.step = 100;
	load.seconds = 100;
	expect_exact(&load);
}

static void counters_come_round_unseen(void **state)
{
	struct load load = { .conf = { .rate = 999983 * MILLI, .size = 524288 },
			     .hz = HZ,
			     .begin = UINT64_MAX - HZ * 30,
			     .seconds = 60,
			     .step = HZ / 400,
			     .least = 480,
			     .most = 12112 };

	(void)state;
	expect_exact(&load);
}

static void rates_may_be_tiny_or_huge(void **state)
{
	struct load load = { .hz = HZ, .least = 1, .most = 1 };

	(void)state;
	/* A packet in 1000 seconds, over eleven days. */
	load.conf = (struct bp_marker_conf){ .rate = 1, .size = 5 };
	load.seconds = 1000000;
	load.step = 200 * HZ;
	expect_exact(&load);
	/* 10 Tbit/s, a bucket of 1 GiB, super-frames. */
	load.conf =
		(struct bp_marker_conf){ .rate = BP_MARKER_RATE_MAX, .size = UINT64_C(1) << 33 };
	load.seconds = 1;
	load.least = load.most = 8 * 65226;
	load.step = 50;
	expect_exact(&load);
}

/* The longest gap that is one, at the highest rate, fills the buckets and no more. */
static void decades_of_silence_fill_a_bucket_once(void **state)
{
	const struct bp_marker_conf conf = { .rate = BP_MARKER_RATE_MAX,
					     .peak_rate = BP_MARKER_RATE_MAX,
					     .size = UINT64_C(1) << 33,
					     .further_size = UINT64_C(1) << 33 };
	struct bp_marker m;

	(void)state;
	bp_marker_begin(&m, &conf, UINT64_C(8000000000), 5);
	assert_int_equal(bp_marker_mark(&m, UINT64_C(1) << 33), BP_GREEN);
	assert_int_equal(bp_marker_mark(&m, 1), BP_RED);
	bp_marker_refill(&m, 5 + (uint64_t)INT64_MAX);
	assert_true(m.committed.level == m.committed.size);
	assert_true(m.further.level == m.further.size);
	assert_int_equal(bp_marker_mark(&m, UINT64_C(1) << 33), BP_GREEN);
	assert_int_equal(bp_marker_mark(&m, 1), BP_RED);
}

static void a_clock_that_goes_back_brings_nothing(void **state)
{
	const struct bp_marker_conf conf = { .rate = 1000 * MILLI, .size = 10 };
	uint64_t now = 1000 * HZ;
	struct bp_marker m;

	(void)state;
	bp_marker_begin(&m, &conf, HZ, now);
	assert_int_equal(bp_marker_mark(&m, 10), BP_GREEN);
	now -= 500 * HZ;
	bp_marker_refill(&m, now);
	assert_int_equal(bp_marker_mark(&m, 1), BP_RED);
	/* It is followed from there on, not waited for. */
	bp_marker_refill(&m, now + HZ / 1000 + 1);
	assert_int_equal(bp_marker_mark(&m, 1), BP_GREEN);
	assert_int_equal(bp_marker_mark(&m, 1), BP_RED);
}

static void single_rate_excess_is_what_the_burst_had_no_room_for(void **state)
{
	const struct bp_marker_conf conf = { .rate = 100 * MILLI, .size = 10, .further_size = 5 };
	uint64_t now = 7;
	struct bp_marker m;

	(void)state;
	bp_marker_begin(&m, &conf, HZ, now);
	assert_int_equal(bp_marker_mark(&m, 10), BP_GREEN);
	assert_int_equal(bp_marker_mark(&m, 3), BP_YELLOW);
	assert_int_equal(bp_marker_mark(&m, 3), BP_RED); /* 2 are left there */
	assert_int_equal(bp_marker_mark(&m, 2), BP_YELLOW);
	/* Ten tokens: the committed bucket has them all. */
	now += HZ / 10;
	bp_marker_refill(&m, now + 1);
	assert_int_equal(bp_marker_mark(&m, 10), BP_GREEN);
	assert_int_equal(bp_marker_mark(&m, 1), BP_RED);
	/* Thirteen: three are over. */
	now += HZ / 100 * 13;
	bp_marker_refill(&m, now + 14);
	assert_int_equal(bp_marker_mark(&m, 10), BP_GREEN);
	assert_int_equal(bp_marker_mark(&m, 4), BP_RED);
	assert_int_equal(bp_marker_mark(&m, 3), BP_YELLOW);
	assert_int_equal(bp_marker_mark(&m, 1), BP_RED);
}

static void two_rates_are_green_below_the_first_and_red_above_the_second(void **state)
{
	struct load load = { .conf = { .rate = 1000003 * MILLI,
				       .peak_rate = 3000017 * MILLI,
				       .size = 500000,
				       .further_size = 700000 },
			     .hz = HZ,
			     .seconds = HOUR,
			     .step = HZ / 800,
			     .least = 480,
			     .most = 12112 };
	uint64_t green = 500000 + 1000003 * HOUR, all = 700000 + 3000017 * HOUR;
	struct passed passed = offer(&load);
	struct bp_marker m;

	(void)state;
	assert_in_range(passed.n[BP_GREEN], green - load.most, green + load.most);
	assert_in_range(passed.n[BP_GREEN] + passed.n[BP_YELLOW], all - load.most, all + load.most);
	assert_true(passed.n[BP_RED] > all / 2);
	/* A red packet takes nothing, a yellow one the peak's only. */
	load.conf = (struct bp_marker_conf){
		.rate = MILLI, .peak_rate = MILLI, .size = 4, .further_size = 9
	};
	bp_marker_begin(&m, &load.conf, HZ, 0);
	assert_int_equal(bp_marker_mark(&m, 4), BP_GREEN);
	assert_int_equal(bp_marker_mark(&m, 3), BP_YELLOW);
	assert_int_equal(bp_marker_mark(&m, 3), BP_RED);
	assert_int_equal(bp_marker_mark(&m, 2), BP_YELLOW);
}

/* A super-frame of 64 KiB and a bucket of 16: it passes when that is full. What comes until the next packet is lost. */
static void packets_longer_than_the_bucket_pass_at_the_rate(void **state)
{
	struct load load = { .conf = { .rate = 80000003 * MILLI, .size = 131072 },
			     .hz = HZ,
			     .seconds = 60,
			     .step = HZ / 40000,
			     .least = 8 * 65226,
			     .most = 8 * 68130 };
	uint64_t most = 131072 + UINT64_C(80000003) * 60;

	(void)state;
	assert_in_range(offer(&load).n[BP_GREEN], most / 100 * 99, most + load.most);
}

static void below_the_rate_all_is_green(void **state)
{
	struct load load = { .conf = { .rate = 1000000 * MILLI, .size = 24224 },
			     .hz = HZ,
			     .seconds = 600,
			     .least = 480,
			     .most = 12112 };
	struct bp_marker m;
	uint64_t n = 0;

	(void)state;
	bp_marker_begin(&m, &load.conf, load.hz, 0);
	/* 12112 bits in 12113 µs. */
	for (uint64_t now = 0; now < HZ * 600; now += HZ / 1000 * 12113 / 1000 + 1000, n++) {
		bp_marker_refill(&m, now);
		assert_int_equal(bp_marker_mark(&m, 12112), BP_GREEN);
	}
	assert_true(n > 49000);
}

/* ---- the function ---------------------------------------------------------------------------- */

static struct bp_pkt packet(struct bed *bed, uint32_t n_bytes)
{
	static const uint8_t bytes[1514];

	return bed_view(bed, bytes, n_bytes, 0, NULL);
}

/* Offer full bursts for so long. Returns the bytes that went on. */
static uint64_t run_for(struct fn_bed *fn, unsigned worker_id, struct bp_pkt *pkts, unsigned n,
			uint64_t *now, double seconds)
{
	uint64_t end = *now + (uint64_t)(seconds * (double)bp_clock_hz()), n_bytes = 0, seed = 3;

	for (; *now <= end; *now += bp_clock_hz() / 1000 + next_random(&seed) % 100000) {
		fn->fns[worker_id].now = *now;
		fn_run(fn, worker_id, pkts, n);
		for (unsigned i = 0; i < n; i++)
			n_bytes += fn_dropped(fn, i) ? 0 : pkts[i].len;
	}
	return n_bytes;
}

static void an_hour_of_bursts_is_exact(void **state)
{
	static const struct fn_set sets[] = { { "rate", "3mbps" },
					      { "burst", "64k" },
					      { NULL, NULL } };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	uint64_t now, n_bytes, wanted;
	struct bp_pkt pkts[8];
	struct fn_bed *fn;
	double seconds = 3600;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		pkts[i] = packet(bed, 60 + i * 200);
	fn = fn_begin("meter", sets);
	now = bp_clock_cycles();
	n_bytes = run_for(fn, 0, pkts, 8, &now, seconds);
	wanted = 65536 + (uint64_t)(seconds * 3e6 / 8);
	/* The last burst may be up to 1.1 ms before the end, which is half of the longest packet. */
	assert_in_range(n_bytes, wanted - 1460 - 420, wanted + 1460);
	assert_true(fn_shown(fn, "green.bytes") == (double)n_bytes);
	assert_true(fn_shown(fn, "yellow.packets") == 0);
	assert_true(fn_shown(fn, "red.packets") > 1e6);
	assert_true(fn_shown(fn, "rate") == 3e6);
	assert_true(fn_shown(fn, "burst") == 65536);
	assert_true(fn_shown(fn, "workers") == 1);
	fn_end(fn);
	bed_close(bed);
}

static void each_worker_has_the_whole_rate(void **state)
{
	static const struct fn_set sets[] = { { "rate", "100pps" },
					      { "burst", "10" },
					      { NULL, NULL } };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_pkt pkts[4];
	struct fn_bed *fn;
	uint64_t now;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		pkts[i] = packet(bed, 100);
	fn = fn_begin("meter", sets);
	for (unsigned worker_id = 0; worker_id < 2; worker_id++) {
		now = bp_clock_cycles();
		assert_in_range(run_for(fn, worker_id, pkts, 4, &now, 10), 100 * (10 + 999),
				100 * (10 + 1001));
	}
	assert_true(fn_shown(fn, "workers") == 2);
	assert_in_range((uint64_t)fn_shown(fn, "green.packets"), 2 * (10 + 999), 2 * (10 + 1001));
	fn_end(fn);
	bed_close(bed);
}

/* Drops with a name each; later views of a packet are not looked at. */
static void colours_decide(void **state)
{
	static const struct {
		struct fn_set sets[FN_SETS_MAX];
		const char *dropped[3]; /* of three packets of two views each, 200 bytes */
	} cases[] = {
		{ { { "rate", "8bps" }, { "burst", "200" }, { "excess", "200" } },
		  { NULL, NULL, "red" } },
		{ { { "rate", "8bps" },
		    { "burst", "200" },
		    { "excess", "200" },
		    { "yellow", "drop" } },
		  { NULL, "yellow", "red" } },
		{ { { "rate", "8bps" },
		    { "burst", "200" },
		    { "peak", "8bps" },
		    { "peak_burst", "400" } },
		  { NULL, NULL, "red" } },
		{ { { "rate", "1pps" }, { "burst", "2" } }, { NULL, NULL, "red" } },
		/* 224 bytes each on layer 1 */
		{ { { "rate", "8bpsl1" }, { "burst", "447" } }, { NULL, "red", "red" } },
		{ { { "rate", "8bpsl1" }, { "burst", "448" } }, { NULL, NULL, "red" } },
	};
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_pkt pkts[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		pkts[i] = packet(bed, 100);
		pkts[i].flags = i % 2 ? 0 : BP_PKT_MORE;
	}
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct fn_bed *fn;

		fn = fn_begin("meter", cases[c].sets);
		fn->fns[0].now = bp_clock_cycles();
		fn_run(fn, 0, pkts, 6);
		for (unsigned i = 0; i < 3; i++) {
			const char *dropped = fn_dropped(fn, 2 * i);

			if (cases[c].dropped[i])
				assert_string_equal(dropped, cases[c].dropped[i]);
			else
				assert_null(dropped);
			assert_int_equal(fn->out[2 * i + 1], BP_OUT_NEXT);
		}
		fn_end(fn);
	}
	bed_close(bed);
}

/* 45 segments of 1514 bytes at most, whether or not metadata's hint is right. */
static void super_frames_count_as_their_segments(void **state)
{
	static const struct fn_set by_bytes[] = { { "rate", "8bps" },
						  { "burst", "68130" },
						  { NULL, NULL } };
	static const struct fn_set by_pkts[] = { { "rate", "1pps" },
						 { "burst", "45" },
						 { NULL, NULL } };
	struct fb_spec spec = { .payload_bytes = 65160,
				.tcp_option_bytes = 12,
				.csum = FB_PARTIAL };
	struct bed *bed = bed_open(64, 0, 0, 1500);
	struct bp_vnet_hdr meta;
	struct bp_pkt pkts[3];
	struct fn_bed *fn;

	(void)state;
	fb_build(&input, &spec);
	meta = meta_of(&input, BP_VNET_GSO_TCPV4, 1448);
	meta.hdr_len = 1514;
	pkts[0] = bed_view(bed, input.bytes, input.len, 0, &meta);
	pkts[1] = packet(bed, 60);
	for (unsigned i = 0; i < 2; i++) {
		fn = fn_begin("meter", i ? by_pkts : by_bytes);
		fn->fns[0].now = bp_clock_cycles();
		fn_run(fn, 0, pkts, 2);
		assert_null(fn_dropped(fn, 0));
		assert_string_equal(fn_dropped(fn, 1), "red"); /* all is taken, to the byte */
		assert_true(fn_shown(fn, "green.packets") == 1);
		assert_true(fn_shown(fn, "green.frames") == 45);
		assert_true(fn_shown(fn, "green.bytes") == 65160 + 45 * 66);
		fn_end(fn);
	}
	bed_close(bed);
}

static void a_burst_that_is_not_given_is_ten_milliseconds(void **state)
{
	static const struct {
		struct fn_set sets[FN_SETS_MAX];
		const char *path;
		double value;
	} cases[] = {
		{ { { "rate", "1mbps" } }, "burst", 131072 },
		{ { { "rate", "8gbps" } }, "burst", 10e6 },
		{ { { "rate", "10000gbps" } }, "burst", 1 << 30 },
		{ { { "rate", "1pps" } }, "burst", 128 },
		{ { { "rate", "1mpps" } }, "burst", 10000 },
		{ { { "rate", "1mbps" }, { "peak", "8gbps" } }, "peak_burst", 10e6 },
		{ { { "rate", "1mbps" } }, "excess", 0 },
		{ { { "rate", "1mbps" }, { "excess", "2m" } }, "excess", 2 << 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fn_bed *fn;

		fn = fn_begin("meter", cases[i].sets);
		if (fn_shown(fn, cases[i].path) != cases[i].value)
			fail_msg("%s %s is %g", cases[i].sets[0].value, cases[i].path,
				 fn_shown(fn, cases[i].path));
		fn_end(fn);
	}
}

static void combinations_without_sense_are_refused(void **state)
{
	static const struct {
		struct fn_set sets[FN_SETS_MAX];
		const char *complaints;
	} cases[] = {
		{ { { "rate", "100mbps" }, { "burst", "64k" } }, "" },
		{ { { "rate", "0.001pps" } }, "" },
		{ { { "rate", "10000gbpsl1" } }, "" },
		{ { { "rate", "1mbps" },
		    { "peak", "1mbps" },
		    { "peak_burst", "1" },
		    { "yellow", "drop" } },
		  "" },
		{ { { "rate", "1mbps" }, { "excess", "1" }, { "yellow", "drop" } }, "" },
		{ { { "rate", "0.0009bps" } },
		  "rate: found a rate of 0.0009, allowed: 0.001 … 1e13\n" },
		{ { { "rate", "20000gbps" } },
		  "rate: found a rate of 2e+13, allowed: 0.001 … 1e13\n" },
		{ { { "rate", "2mbps" }, { "peak", "3kpps" } },
		  "peak: found another unit than that of rate: give both in the same\n" },
		{ { { "rate", "2mbps" }, { "peak", "1mbps" } },
		  "peak: found a rate below 'rate': the peak is the higher of the two\n" },
		{ { { "rate", "2mbps" }, { "peak", "3mbps" }, { "excess", "64k" } },
		  "excess: found beside 'peak': that is one marker or the other; delete one of the two\n" },
		{ { { "rate", "2mbps" }, { "peak_burst", "64k" } },
		  "peak_burst: found without 'peak': add that, or delete the line\n" },
		{ { { "rate", "2mbps" }, { "yellow", "drop" } },
		  "yellow: found 'drop', but without 'excess' or 'peak' nothing is yellow: add one, or delete "
		  "the line\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		fn_expect_complaints("meter", cases[i].sets, cases[i].complaints);
}

static void amounts_are_numbers_with_a_prefix(void **state)
{
	static const char *const wrong[] = { "",
					     "k",
					     "64kb",
					     "64g",
					     "-1",
					     "1.5k",
					     "0x10",
					     "2000m",
					     "17592186044416m",
					     "99999999999999999999" };
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(
			expected, sizeof(expected),
			"found '%s', allowed: 0..1073741824 bytes, or packets, 0: none; k, m behind it: × "
			"1024, 1024²",
			wrong[i]);
		fn_expect_refused("meter", "excess", wrong[i], expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_lets_burst_and_rate_through),
		cmocka_unit_test(counters_come_round_unseen),
		cmocka_unit_test(rates_may_be_tiny_or_huge),
		cmocka_unit_test(decades_of_silence_fill_a_bucket_once),
		cmocka_unit_test(a_clock_that_goes_back_brings_nothing),
		cmocka_unit_test(single_rate_excess_is_what_the_burst_had_no_room_for),
		cmocka_unit_test(two_rates_are_green_below_the_first_and_red_above_the_second),
		cmocka_unit_test(packets_longer_than_the_bucket_pass_at_the_rate),
		cmocka_unit_test(below_the_rate_all_is_green),
		cmocka_unit_test(an_hour_of_bursts_is_exact),
		cmocka_unit_test(each_worker_has_the_whole_rate),
		cmocka_unit_test(colours_decide),
		cmocka_unit_test(super_frames_count_as_their_segments),
		cmocka_unit_test(a_burst_that_is_not_given_is_ten_milliseconds),
		cmocka_unit_test(combinations_without_sense_are_refused),
		cmocka_unit_test(amounts_are_numbers_with_a_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
