/* Counts what arrives. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/sink.h"

#include "core/clock.h"
#include "gen/frame.h"
#include "gen/pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEQ_WRAP (BP_SIG_SEQ_MASK + 1)

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	/* One writer: see bp_count(). */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

int bp_sink_create(unsigned n_streams, struct bp_sink **out)
{
	struct bp_sink *sink = calloc(1, sizeof(*sink));

	if (!sink)
		return -ENOMEM;
	for (unsigned i = 0; i < n_streams; i++) {
		sink->streams[i] = calloc(1, sizeof(struct bp_sink_stream));
		if (!sink->streams[i]) {
			bp_sink_destroy(sink);
			return -ENOMEM;
		}
	}
	*out = sink;
	return 0;
}

void bp_sink_destroy(struct bp_sink *sink)
{
	if (!sink)
		return;
	for (unsigned i = 0; i <= BP_SIG_STREAM_MASK; i++)
		free(sink->streams[i]);
	free(sink);
}

void bp_sink_begin(struct bp_sink *sink, bool has_run, uint8_t run, uint64_t first_seq)
{
	sink->is_run_known = has_run;
	sink->run = has_run ? run : 0;
	sink->first_ns = sink->n_first = sink->last_ns = 0;
	sink->n_broken = sink->n_stale = sink->n_restarts = sink->n_unknown = 0;
	atomic_store_explicit(&sink->n_pkts, 0, memory_order_relaxed);
	atomic_store_explicit(&sink->n_bytes, 0, memory_order_relaxed);
	atomic_store_explicit(&sink->n_once, 0, memory_order_relaxed);
	atomic_store_explicit(&sink->n_foreign, 0, memory_order_relaxed);
	atomic_store_explicit(&sink->n_all, 0, memory_order_relaxed);
	for (unsigned i = 0; i <= BP_SIG_STREAM_MASK; i++) {
		if (!sink->streams[i])
			continue;
		memset(sink->streams[i], 0, sizeof(*sink->streams[i]));
		sink->streams[i]->has_any = has_run;
		sink->streams[i]->first = sink->streams[i]->next =
			SEQ_WRAP + (first_seq & BP_SIG_SEQ_MASK);
	}
}

/* ---- order ----------------------------------------------------------------------------------- */

/* The 64-bit sequence number nearest to next that ends in the 48 bits of the wire. */
static uint64_t unwrap(uint64_t next, uint64_t wire)
{
	int64_t distance =
		(int64_t)((wire - next) << (64 - BP_SIG_SEQ_BITS)) >> (64 - BP_SIG_SEQ_BITS);

	return next + (uint64_t)distance;
}

static bool is_seen(const struct bp_sink_stream *s, uint64_t seq)
{
	return s->window[seq % BP_SINK_WINDOW / 64] >> (seq % 64) & 1;
}

static void set_seen(struct bp_sink_stream *s, uint64_t seq)
{
	s->window[seq % BP_SINK_WINDOW / 64] |= UINT64_C(1) << (seq % 64);
}

/* The window moves up to seq: numbers in between have not been seen. */
static void skip_to(struct bp_sink_stream *s, uint64_t seq)
{
	if (seq - s->next >= BP_SINK_WINDOW) {
		memset(s->window, 0, sizeof(s->window));
		return;
	}
	for (uint64_t i = s->next; i != seq; i++)
		s->window[i % BP_SINK_WINDOW / 64] &= ~(UINT64_C(1) << (i % 64));
}

/* A packet below NextExp. Whether it is new. */
static bool take_late(struct bp_sink_stream *s, uint64_t seq)
{
	uint64_t distance = s->next - seq;

	if (distance > BP_SINK_WINDOW) {
		s->n_too_old++;
	} else if (is_seen(s, seq)) {
		s->n_duplicate++;
		return false;
	} else {
		set_seen(s, seq);
	}
	s->n_reordered++;
	if (distance > s->reorder_max)
		s->reorder_max = distance;
	if (seq < s->first)
		s->first = seq; /* a receiver that began in the middle of disorder */
	s->n_once++;
	return true;
}

/* Whether the packet is new. */
static bool take_seq(struct bp_sink_stream *s, uint64_t wire)
{
	uint64_t seq;

	if (!s->has_any) {
		s->has_any = true;
		s->first = s->next = SEQ_WRAP + wire;
	}
	seq = unwrap(s->next, wire);
	if (seq < s->next)
		return take_late(s, seq);
	if (seq != s->next)
		skip_to(s, seq);
	set_seen(s, seq);
	s->next = seq + 1;
	s->n_once++;
	return true;
}

uint64_t bp_sink_gaps(const struct bp_sink_stream *s)
{
	uint64_t span = s->next - s->first, n_once = s->n_once - s->n_once_before;

	return s->n_gaps_before + (span > n_once ? span - n_once : 0);
}

/* ---- packets --------------------------------------------------------------------------------- */

/* The payload behind the signature, over all views of the packet. */
static bool is_intact(const struct bp_pkt *views, unsigned n_views, struct bp_frame_place place,
		      const struct bp_signature *sig)
{
	uint64_t word = bp_sig_pattern(sig->stream, sig->seq);
	uint32_t from = place.payload + BP_SIG_BYTES, view_at = 0;
	size_t payload_bytes = place.end - from;

	for (unsigned i = 0; i < n_views; i++) {
		uint32_t begin = view_at > from ? view_at : from, end = view_at + views[i].len;

		if (end > place.end)
			end = place.end;
		if (begin < end && !bp_pattern_holds(views[i].data + (begin - view_at), end - begin,
						     begin - from, payload_bytes, word))
			return false;
		view_at += views[i].len;
	}
	return view_at >= place.end;
}

/* A receiver on its own: the sender began anew, so the order does as well. */
static void begin_again(struct bp_sink_stream *s)
{
	s->n_gaps_before = bp_sink_gaps(s);
	s->n_once_before = s->n_once;
	s->has_any = false;
	s->next = s->first;
	memset(s->window, 0, sizeof(s->window));
}

/* The stream's counters, or NULL when the frame does not belong to this run. */
static struct bp_sink_stream *find_stream(struct bp_sink *sink, const struct bp_signature *sig)
{
	struct bp_sink_stream *s = sink->streams[sig->stream & BP_SIG_STREAM_MASK];

	if (!s) {
		sink->n_unknown++;
		return NULL;
	}
	if (sig->run == sink->run)
		return s;
	if (sink->is_run_known) {
		sink->n_stale++;
		return NULL;
	}
	sink->n_restarts += sink->run != 0;
	sink->run = sig->run;
	for (unsigned i = 0; i <= BP_SIG_STREAM_MASK; i++)
		if (sink->streams[i])
			begin_again(sink->streams[i]);
	return s;
}

static void take_time(struct bp_sink_stream *s, uint64_t now_ns, uint64_t sent_ns)
{
	uint64_t latency = (now_ns - sent_ns) & BP_SIG_TIME_MASK;

	if (latency > BP_SIG_TIME_MASK / 2)
		s->n_bad_time++;
	else
		bp_latency_add(&s->latency, latency);
}

static void take_packet(struct bp_sink *sink, const struct bp_pkt *views, unsigned n_views,
			uint64_t now_ns)
{
	uint32_t frame_bytes = (uint32_t)bp_pkt_bytes(views, n_views);
	struct bp_frame_place place = bp_frame_find(views[0].data, views[0].len, frame_bytes);
	enum bp_sig_state state = BP_SIG_FOREIGN;
	struct bp_signature sig;
	struct bp_sink_stream *s;

	add(&sink->n_all, 1);
	if (place.payload && place.payload + BP_SIG_BYTES <= views[0].len)
		state = bp_sig_read(views[0].data + place.payload, &sig);
	if (state == BP_SIG_BROKEN)
		sink->n_broken++;
	if (state == BP_SIG_FOREIGN)
		add(&sink->n_foreign, 1);
	if (state != BP_SIG_OK)
		return;
	s = find_stream(sink, &sig);
	if (!s)
		return;
	s->n_received++;
	s->n_bytes += frame_bytes;
	add(&sink->n_pkts, 1);
	add(&sink->n_bytes, frame_bytes);
	if (place.end > frame_bytes)
		s->n_corrupt++; /* cut off: known by its headers, whatever was in it */
	else if (sink->is_payload_checked && !(sig.stream & BP_SIG_PATTERN))
		s->n_unchecked++;
	else if (sink->is_payload_checked && (place.end < place.payload + BP_SIG_BYTES ||
					      !is_intact(views, n_views, place, &sig)))
		s->n_corrupt++;
	if (take_seq(s, sig.seq)) {
		add(&sink->n_once, 1);
		take_time(s, now_ns, sig.time_ns);
	}
}

void bp_sink_take(struct bp_sink *sink, const struct bp_pkt *pkts, unsigned n, uint64_t now_ns)
{
	uint64_t n_once = atomic_load_explicit(&sink->n_once, memory_order_relaxed), n_new;

	for (unsigned i = 0; i < n;) {
		unsigned n_views = bp_pkt_n_views(&pkts[i], n - i);

		take_packet(sink, &pkts[i], n_views, now_ns);
		i += n_views;
	}
	n_new = atomic_load_explicit(&sink->n_once, memory_order_relaxed) - n_once;
	if (!n_new)
		return;
	if (!n_once) {
		sink->first_ns = now_ns;
		sink->n_first = n_new;
	}
	sink->last_ns = now_ns;
}

bool bp_sink_step(struct bp_sink *sink)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = bp_rx(sink->rxq, pkts, sink->burst);

	if (!n)
		return false;
	bp_sink_take(sink, pkts, n, bp_clock_ns());
	bp_pool_put(sink->rxq->worker_id, pkts, n);
	return true;
}
