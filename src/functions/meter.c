/* The function meter: holds packets to a rate, or to two. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 2697 (srTCM) and RFC 2698 (trTCM), colour-blind. Each worker has buckets of its own, with the whole rate: nothing
 * is shared, and what one worker receives does not slow another.
 */
#include "bypath/function.h"

#include "core/clock.h"
#include "core/json.h"
#include "functions/marker.h"
#include "functions/tally.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#define BURST_MAX (UINT64_C(1) << 30)
#define BURST_MS  10u /* where none is given: what comes in this time, … */
#define BURST_MIN_BITS      \
	(UINT64_C(131072) * \
	 8u) /* … but not less: the longest super-frame, which is 65 KiB, and more */
#define BURST_MIN_PKTS 128u
#define RATE_MIN       0.001

struct meter_conf {
	struct bp_rate rate, peak; /* peak: BP_RATE_MAX where none is given */
	uint64_t burst, excess, peak_burst; /* bytes, or packets */
	bool drops_yellow;
};

struct tally {
	_Atomic uint64_t packets, frames, bytes;
};

struct worker {
	alignas(64) struct bp_marker marker;
	struct tally tallies[BP_COLOURS_N];
};

struct meter {
	struct meter_conf conf;
	struct bp_marker_conf marker;
	uint64_t hz;
	/* Tokens of a packet: of each byte, of each frame on the wire. */
	uint64_t byte_tokens, frame_tokens;
	struct worker workers[BP_WORKERS_MAX];
};

/* ---- the packet path ------------------------------------------------------------------------- */

/* Why a packet of a colour is dropped. */
enum drop { DROP_YELLOW, DROP_RED };

static void process(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out, uint8_t *why)
{
	const struct meter *m = fn->state;
	struct worker *w = fn->local;
	struct {
		uint64_t packets, frames, bytes;
	} seen[BP_COLOURS_N] = { { 0, 0, 0 } };

	bp_marker_refill(&w->marker, fn->now);
	for (unsigned i = 0, n_views; i < n; i += n_views) {
		struct bp_pkt_wire wire;
		enum bp_colour colour;

		n_views = bp_pkt_n_views(&pkts[i], n - i);
		wire = bp_pkt_wire(&pkts[i], n_views);
		colour = bp_marker_mark(&w->marker, wire.n_bytes * m->byte_tokens +
							    wire.n_frames * m->frame_tokens);
		seen[colour].packets++;
		seen[colour].frames += wire.n_frames;
		seen[colour].bytes += wire.n_bytes;
		if (colour == BP_RED || (colour == BP_YELLOW && m->conf.drops_yellow)) {
			out[i] = 0;
			why[i] = colour == BP_RED ? DROP_RED : DROP_YELLOW;
		}
	}
	for (unsigned c = 0; c < BP_COLOURS_N; c++) {
		bp_tally_add(&w->tallies[c].packets, seen[c].packets);
		bp_tally_add(&w->tallies[c].frames, seen[c].frames);
		bp_tally_add(&w->tallies[c].bytes, seen[c].bytes);
	}
}

/* ---- control --------------------------------------------------------------------------------- */

static const struct bp_word yellows[] = { { "pass", false }, { "drop", true }, { NULL, 0 } };

#define OWN(field) BP_KEY_OF_FN(struct meter_conf, field)
#define BURST_OR_0(name_, flags_, zero_, place_, help_)                                 \
	{                                                                               \
		.name = name_, .type = BP_KEY_AMOUNT, .flags = flags_,                  \
		.unit = "bytes, or packets", .min = 0, .max = BURST_MAX, .zero = zero_, \
		.fallback = "0", place_, .help = help_                                  \
	}

static const struct bp_key keys[] = {
	{ OWN(rate), .name = "rate", .type = BP_KEY_RATE, .flags = BP_KEY_REQUIRED | BP_KEY_NUMERIC,
	  .example = "100mbps",
	  .help = "the committed rate, of each worker: pps, bps (layer 2 without FCS) or bpsl1" },
	BURST_OR_0("burst", 0, "10 ms of the rate, at least 128k bytes or 128 packets", OWN(burst),
		   "the committed burst; packets where rate is pps"),
	BURST_OR_0("excess", 0, "none", OWN(excess),
		   "the excess burst (RFC 2697): what is beyond burst, and yellow"),
	{ OWN(peak), .name = "peak", .type = BP_KEY_RATE, .flags = BP_KEY_NUMERIC,
	  .example = "200mbps",
	  .help = "the peak rate (RFC 2698): what is above rate, and yellow; in the unit of rate" },
	BURST_OR_0("peak_burst", BP_KEY_BESIDE, "10 ms of peak, at least 128k bytes or 128 packets",
		   OWN(peak_burst), "the peak burst"),
	BP_KEY_WORDS("yellow", yellows, "pass", OWN(drops_yellow),
		     "what becomes of yellow packets"),
	{ .name = NULL },
};

static const struct bp_fn_reason reasons[] = {
	[DROP_YELLOW] = { "yellow", "above rate and burst, within excess or peak (yellow = drop)" },
	[DROP_RED] = { "red", "above what the meter lets through" },
	{ NULL, NULL },
};

static bool has_peak(const struct meter_conf *conf)
{
	return conf->peak.unit != BP_RATE_MAX;
}

/* False: it is no rate for a meter, and that was said. */
static bool check_rate(struct bp_check *check, const char *key, const struct bp_rate *rate)
{
	if (rate->value < RATE_MIN || rate->value * BP_MARKER_MILLI > (double)BP_MARKER_RATE_MAX) {
		check->complain(check, key, "found a rate of %g, allowed: 0.001 … 1e13",
				rate->value);
		return false;
	}
	return true;
}

static void check_peak(const struct meter_conf *conf, struct bp_check *check)
{
	if (!check_rate(check, "peak", &conf->peak))
		return;
	if (conf->peak.unit != conf->rate.unit)
		check->complain(check, "peak",
				"found another unit than that of rate: give both in the same");
	else if (conf->peak.value < conf->rate.value)
		check->complain(check, "peak",
				"found a rate below 'rate': the peak is the higher of the two");
	if (conf->excess)
		check->complain(
			check, "excess",
			"found beside 'peak': that is one marker or the other; delete one of the two");
}

static void check(const struct bp_function_conf *fn, struct bp_check *check)
{
	const struct meter_conf *conf = BP_FN_OWN(struct meter_conf, fn);
	bool is_peak_given = check->is_given(check, "peak");

	check_rate(check, "rate", &conf->rate);
	if (is_peak_given)
		check_peak(conf, check);
	else if (check->is_given(check, "peak_burst"))
		check->complain(check, "peak_burst",
				"found without 'peak': add that, or delete the line");
	if (conf->drops_yellow && !is_peak_given && !conf->excess)
		check->complain(
			check, "yellow",
			"found 'drop', but without 'excess' or 'peak' nothing is yellow: add one, or delete "
			"the line");
}

/* Tokens of a bucket: as given, or by its rate. */
static uint64_t choose_size(const struct bp_rate *rate, uint64_t given)
{
	bool is_pps = rate->unit == BP_RATE_PPS;
	uint64_t least = is_pps ? BURST_MIN_PKTS : BURST_MIN_BITS;
	uint64_t by_rate = (uint64_t)(rate->value * BURST_MS / 1000);
	uint64_t most = is_pps ? BURST_MAX : BURST_MAX * 8u;

	if (given)
		return is_pps ? given : given * 8u;
	return by_rate < least ? least : by_rate > most ? most : by_rate;
}

static uint64_t to_milli(const struct bp_rate *rate)
{
	return (uint64_t)llround(rate->value * BP_MARKER_MILLI);
}

static void set_marker(struct meter *m)
{
	const struct meter_conf *conf = &m->conf;
	bool is_pps = conf->rate.unit == BP_RATE_PPS;

	m->marker.rate = to_milli(&conf->rate);
	m->marker.size = choose_size(&conf->rate, conf->burst);
	m->marker.further_size = is_pps ? conf->excess : conf->excess * 8u;
	if (has_peak(conf)) {
		m->marker.peak_rate = to_milli(&conf->peak);
		m->marker.further_size = choose_size(&conf->peak, conf->peak_burst);
	}
	m->byte_tokens = is_pps ? 0 : 8;
	m->frame_tokens = is_pps                              ? 1
			  : conf->rate.unit == BP_RATE_BPS_L1 ? 8u * BP_WIRE_EXTRA_BYTES
							      : 0;
}

static int meter_open(const struct bp_conf *conf, const struct bp_function_conf *fn, void **state)
{
	struct meter *m = aligned_alloc(alignof(struct meter), sizeof(*m));

	(void)conf;
	if (!m)
		return -ENOMEM;
	memset(m, 0, sizeof(*m));
	m->conf = *BP_FN_OWN(struct meter_conf, fn);
	m->hz = bp_clock_hz();
	set_marker(m);
	*state = m;
	return 0;
}

static int meter_enter(struct bp_fn *fn)
{
	struct meter *m = fn->state;
	struct worker *w = &m->workers[fn->worker_id];

	bp_marker_begin(&w->marker, &m->marker, m->hz, bp_clock_cycles());
	fn->local = w;
	return 0;
}

static json_t *show_colour(const struct meter *m, enum bp_colour colour)
{
	uint64_t packets = 0, frames = 0, bytes = 0;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++) {
		packets += bp_tally_read(&m->workers[i].tallies[colour].packets);
		frames += bp_tally_read(&m->workers[i].tallies[colour].frames);
		bytes += bp_tally_read(&m->workers[i].tallies[colour].bytes);
	}
	return json_pack("{s:o, s:o, s:o}", "packets", bp_json_count(packets), "frames",
			 bp_json_count(frames), "bytes", bp_json_count(bytes));
}

/* Workers that have had packets: each has the whole rate. */
static json_int_t count_workers(const struct meter *m)
{
	json_int_t n = 0;

	for (unsigned i = 0; i < BP_WORKERS_MAX; i++) {
		uint64_t packets = 0;

		for (unsigned c = 0; c < BP_COLOURS_N; c++)
			packets += bp_tally_read(&m->workers[i].tallies[c].packets);
		n += packets > 0;
	}
	return n;
}

static json_t *show(const void *state)
{
	static const char *const units[] = {
		[BP_RATE_PPS] = "pps", [BP_RATE_BPS_L2] = "bps", [BP_RATE_BPS_L1] = "bpsl1"
	};
	const struct meter *m = state;
	uint64_t size_tokens = m->byte_tokens ? m->byte_tokens : 1;
	json_t *doc = json_pack("{s:s, s:s, s:f, s:o, s:s, s:I, s:o, s:o, s:o}", "marker",
				has_peak(&m->conf) ? "trtcm" : "srtcm", "unit",
				units[m->conf.rate.unit], "rate", m->conf.rate.value, "burst",
				bp_json_count(m->marker.size / size_tokens), "scope", "worker",
				"workers", count_workers(m), "green", show_colour(m, BP_GREEN),
				"yellow", show_colour(m, BP_YELLOW), "red", show_colour(m, BP_RED));

	if (doc && has_peak(&m->conf))
		json_object_set_new(doc, "peak", json_real(m->conf.peak.value));
	if (doc)
		json_object_set_new(doc, has_peak(&m->conf) ? "peak_burst" : "excess",
				    bp_json_count(m->marker.further_size / size_tokens));
	return doc;
}

static const struct bp_function_ops ops = {
	.open = meter_open,
	.close = free,
	.enter = meter_enter,
	.show = show,
	.process = process,
};

const struct bp_function bp_function_meter = {
	.name = "meter",
	.summary = "holds packets to a rate, or to two: RFC 2697, RFC 2698",
	.keys = keys,
	.reasons = reasons,
	.ops = &ops,
	.check = check,
};
