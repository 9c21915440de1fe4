/* Sends by a schedule of tokens. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Turn i of the schedule is due at begin + i / rate. A worker that comes late makes up for at most
 * a tenth of a millisecond of turns (or as the request says, or two bursts): more would be a burst that
 * nobody asked for.
 * What it lets pass is counted as missed. A frame that TX did not take is not dropped: it waits, its
 * send time is written anew before each attempt, and the turns that pass meanwhile are missed.
 *
 * A frame that TX took and dropped has used its turn, but no sequence number: TX ends the burst there
 * (bp_txq.ends_at_drop), and the frames of its stream that wait move up by one. So a receiver that
 * knows nothing of this port sees no gap.
 */
#include "gen/source.h"

#include "core/clock.h"

#define SCALE_BITS 56u
#define CATCH_UP_S 0.0001
#define GRACE_S    0.005
#define BURST      32u /* where the request leaves it open, and the schedule has a say */
#define BLOCKED_S  0.01 /* how long a port that cannot tell may take nothing: BP_CAP_TX_UNSURE */

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	/* One writer: see bp_count(). */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static void make_cycle(struct bp_source *s)
{
	uint16_t shares[BP_STREAMS_MAX];

	s->n_cycle = s->cycle_at = 0;
	if (!s->n_streams)
		return;
	for (unsigned i = 0; i < s->n_streams; i++)
		shares[i] = s->streams[i].conf->share;
	s->n_cycle = bp_frame_cycle(shares, s->n_streams, s->cycle, BP_STREAM_CYCLE_MAX);
}

/* Turns per cycle. A rate that is asked for is never none, and never wraps: a first frame, and a second one
 * after months; more than any generator sends. */
static uint64_t scale_rate(double rate_pps, double hz)
{
	double turns = rate_pps / hz * (double)(1ull << SCALE_BITS);

	if (rate_pps <= 0)
		return 0;
	return turns < 1 ? 1 : turns >= 0x1p63 ? 1ull << 63 : (uint64_t)turns;
}

void bp_source_begin(struct bp_source *s, const struct bp_source_request *r)
{
	double hz = (double)bp_clock_hz();
	double catch_up = r->rate_pps * (r->catch_up_s > 0 ? r->catch_up_s : CATCH_UP_S);

	make_cycle(s);
	s->burst = r->burst ? r->burst : r->rate_pps > 0 ? BURST : BP_BURST_MAX;
	s->begin = 0;
	s->end = r->duration_s > 0 ? (uint64_t)(r->duration_s * hz) : UINT64_MAX;
	s->turns_per_cycle = scale_rate(r->rate_pps, hz);
	s->n_turns = 0;
	s->n_left = r->n_pkts ? r->n_pkts : UINT64_MAX;
	s->n_turns_max = UINT64_MAX;
	if (r->rate_pps > 0 && r->duration_s > 0 && r->rate_pps * r->duration_s < 1e18)
		s->n_turns_max = (uint64_t)(r->rate_pps * r->duration_s + 0.5);
	if (!s->n_turns_max)
		s->n_turns_max = 1;
	s->backlog_max = 2 * s->burst;
	if (catch_up > (double)s->backlog_max)
		s->backlog_max = (uint64_t)catch_up;
	s->grace = (uint64_t)(hz * GRACE_S);
	s->blocked_max = (uint64_t)(hz * BLOCKED_S);
	s->blocked_since = 0;
	s->was_blocked = s->is_dry = false;
	s->at = s->n_views = s->n_waiting = s->stamp_at = 0;
	atomic_store_explicit(&s->n_pkts, 0, memory_order_relaxed);
	atomic_store_explicit(&s->n_bytes, 0, memory_order_relaxed);
	atomic_store_explicit(&s->n_missed_cpu, 0, memory_order_relaxed);
	atomic_store_explicit(&s->n_missed_full, 0, memory_order_relaxed);
	atomic_store_explicit(&s->n_no_frame, 0, memory_order_relaxed);
	atomic_store_explicit(&s->is_asked_to_end, false, memory_order_relaxed);
	atomic_store_explicit(&s->state, BP_SOURCE_READY, memory_order_relaxed);
}

double bp_source_mean_bytes(const struct bp_source *s)
{
	double sum = 0;

	if (!s->n_cycle)
		return 0;
	for (unsigned i = 0; i < s->n_cycle; i++)
		sum += bp_stream_mean_bytes(&s->streams[s->cycle[i]]);
	return sum / s->n_cycle;
}

double bp_source_elapsed_s(const struct bp_source *s)
{
	double hz = (double)bp_clock_hz();
	double elapsed, planned;

	if (atomic_load_explicit(&s->state, memory_order_acquire) != BP_SOURCE_ENDED)
		return 0;
	elapsed = (double)(s->last_cycles - s->begin) / hz;
	if (!s->turns_per_cycle)
		return elapsed;
	/* The last frame's own turn lasts until the next one would have been due. */
	planned =
		(double)s->n_turns * (double)(1ull << SCALE_BITS) / (double)s->turns_per_cycle / hz;
	return planned > elapsed ? planned : elapsed;
}

/* Turns that are due and neither used nor missed; misses those that came too late. */
static uint64_t take_due(struct bp_source *s, uint64_t now)
{
	uint64_t max = s->n_left < s->burst ? s->n_left : s->burst, due;

	if (!s->turns_per_cycle)
		return max;
	due = (uint64_t)((unsigned __int128)(now - s->begin) * s->turns_per_cycle >> SCALE_BITS) +
	      1;
	if (due > s->n_turns_max)
		due = s->n_turns_max;
	due -= due > s->n_turns ? s->n_turns : due;
	if (due > s->backlog_max) {
		uint64_t n_missed = due - s->backlog_max;

		add(s->was_blocked ? &s->n_missed_full : &s->n_missed_cpu, n_missed);
		s->n_turns += n_missed;
		due -= n_missed;
	}
	s->was_blocked = false;
	return due < max ? due : max;
}

/* ---- frames of streams ----------------------------------------------------------------------- */

/* Views for what comes next: n_views of them, and one for each turn behind that. Returns how many there are. */
static unsigned take_views(struct bp_source *s, unsigned n_there, unsigned n_views,
			   uint64_t n_turns)
{
	unsigned most = BP_BURST_MAX - n_there;
	uint64_t want = n_views + n_turns;

	return n_there + s->pool->get(s->pool, s->txq->worker_id, &s->pkts[n_there],
				      want < most ? (unsigned)want : most);
}

/* Build the frames of n turns, or of fewer when there are no more views. */
static void build(struct bp_source *s, uint64_t n)
{
	unsigned n_built = 0, n_there = take_views(s, 0, 0, n), n_used = 0, cycle_at = s->cycle_at;

	for (; n_built < n; n_built++) {
		struct bp_stream *stream = &s->streams[s->cycle[cycle_at]];
		const struct bp_frame_template *t =
			&stream->templates[stream->cycle[stream->cycle_at]];
		unsigned n_views = bp_frame_n_views(t, s->room), end = n_used + n_views;
		struct bp_pkt *views = &s->pkts[n_used];

		if (end > BP_BURST_MAX)
			break;
		if (end > n_there)
			n_there = take_views(s, n_there, end - n_there, n - n_built - 1);
		if (end > n_there) {
			add(&s->n_no_frame, 1);
			break;
		}
		bp_stream_next(stream);
		if (++cycle_at == s->n_cycle)
			cycle_at = 0;
		/* Before the frame is written: its bytes could be anything's, to the compiler. */
		s->stamps[n_built] = (struct bp_source_stamp){
			.signature = views[0].data + stream->header_bytes,
			.seq = stream->seq,
			.stream_id = stream->stream_id,
		};
		stream->seq = (stream->seq + 1) & BP_SIG_SEQ_MASK;
		if (__builtin_expect(n_views == 1, 1))
			bp_frame_build_one(stream, t, s->stamps[n_built].seq, views);
		else
			bp_frame_build(stream, t, s->stamps[n_built].seq, views, n_views, s->room);
		n_used = end;
	}
	bp_pool_put(s->txq->worker_id, &s->pkts[n_used], n_there - n_used);
	s->cycle_at = cycle_at;
	s->n_turns += n_built;
	s->n_left -= n_built;
	s->at = s->stamp_at = 0;
	s->n_views = n_used;
	s->n_waiting = n_built;
}

/* The signatures of all frames that wait, with the time as it is now. */
static void stamp(struct bp_source *s, unsigned n_pkts)
{
	const uint64_t now_ns = bp_clock_ns();
	const uint8_t run = s->streams[0].run;

	for (unsigned i = s->stamp_at; i < s->stamp_at + n_pkts; i++) {
		const struct bp_source_stamp *st = &s->stamps[i];
		struct bp_signature sig = { .seq = st->seq,
					    .time_ns = now_ns,
					    .stream = st->stream_id | BP_SIG_PATTERN,
					    .run = run };

		bp_sig_write(st->signature, &sig);
	}
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool replay(struct bp_source *s, uint64_t n)
{
	unsigned n_pkts;

	s->at = s->stamp_at = 0;
	s->n_views = bp_rx(s->replay, s->pkts, (unsigned)n);
	s->is_dry = atomic_load_explicit(&s->replay->is_over, memory_order_acquire);
	s->n_waiting = n_pkts = bp_pkt_count(s->pkts, s->n_views);
	s->n_turns += n_pkts;
	s->n_left -= n_pkts;
	return s->n_views != 0;
}

/* The last frame that TX consumed was dropped: its number goes to the next of its stream. */
static void take_back(struct bp_source *s)
{
	uint8_t stream_id = s->stamps[s->stamp_at - 1].stream_id;
	struct bp_stream *stream = &s->streams[stream_id];
	unsigned end = s->at + s->n_views, n_views;

	stream->n_dropped++;
	stream->seq = (stream->seq - 1) & BP_SIG_SEQ_MASK;
	for (unsigned at = s->at, i = s->stamp_at; at < end; at += n_views, i++) {
		struct bp_source_stamp *st = &s->stamps[i];

		n_views = bp_pkt_n_views(&s->pkts[at], end - at);
		if (st->stream_id != stream_id)
			continue;
		st->seq = (st->seq - 1) & BP_SIG_SEQ_MASK;
		bp_frame_renumber(stream, st->seq, &s->pkts[at], n_views);
	}
}

/* TX consumed k of the waiting views; the last packet of them it dropped, or none. */
static void account(struct bp_source *s, unsigned k, bool is_dropped)
{
	unsigned n_pkts = k == s->n_views ? s->n_waiting : bp_pkt_count(&s->pkts[s->at], k);

	add(&s->n_bytes, bp_pkt_bytes(&s->pkts[s->at], k));
	add(&s->n_pkts, n_pkts);
	s->n_views -= k;
	s->n_waiting -= n_pkts;
	s->at += k;
	s->last_cycles = bp_clock_cycles();
	if (s->replay)
		return;
	if (s->n_streams == 1)
		s->streams[0].n_pkts += n_pkts;
	else
		for (unsigned i = s->stamp_at; i < s->stamp_at + n_pkts; i++)
			s->streams[s->stamps[i].stream_id].n_pkts++;
	s->stamp_at += n_pkts;
	if (is_dropped)
		take_back(s);
}

/* TX has taken nothing of what waits. A port that cannot tell may never take the first of it. */
static bool give_up(struct bp_source *s)
{
	struct bp_pkt *pkts = &s->pkts[s->at];
	uint64_t now = bp_clock_cycles();
	unsigned k;

	if (!(s->txq->port->info.caps & BP_CAP_TX_UNSURE))
		return false;
	if (!s->blocked_since)
		s->blocked_since = now;
	if (now - s->blocked_since < s->blocked_max)
		return false;
	k = bp_pkt_n_views(pkts, s->n_views);
	bp_count(&s->txq->counters, BP_DROP_TX_FULL, 1);
	bp_pool_put(s->txq->worker_id, pkts, k);
	account(s, k, true);
	return true;
}

/* Offer what waits to TX. */
static bool transmit(struct bp_source *s)
{
	struct bp_pkt *pkts = &s->pkts[s->at];
	uint64_t n_dropped = bp_counters_dropped(&s->txq->counters);
	unsigned k;

	if (!s->replay)
		stamp(s, s->n_waiting);
	k = bp_tx(s->txq, pkts, s->n_views);
	n_dropped = bp_counters_dropped(&s->txq->counters) - n_dropped;
	s->was_blocked |= k < s->n_views && !n_dropped;
	if (!k)
		return give_up(s);
	s->blocked_since = 0;
	account(s, k, n_dropped);
	return true;
}

static void kick(struct bp_source *s)
{
	if (atomic_load_explicit(&s->txq->n_held, memory_order_relaxed))
		bp_tx(s->txq, NULL, 0);
}

static void finish(struct bp_source *s)
{
	bp_pool_put(s->txq->worker_id, &s->pkts[s->at], s->n_views);
	if (s->turns_per_cycle && s->n_waiting)
		add(&s->n_missed_full, s->n_waiting);
	s->n_views = s->n_waiting = 0;
	/* Without a schedule the time up to the end counts, even if nothing could be sent; what a capture
	 * holds is over with its last frame. */
	if (!s->turns_per_cycle && s->n_left && !s->is_dry)
		s->last_cycles = bp_clock_cycles();
	/* Release: the streams' counters, for the control thread. */
	atomic_store_explicit(&s->state, BP_SOURCE_ENDED, memory_order_release);
}

/* Is the time over? Turns that were due before the end get a little more. */
static bool is_over(struct bp_source *s, uint64_t now)
{
	if (atomic_load_explicit(&s->is_asked_to_end, memory_order_relaxed))
		return true;
	if (!s->n_views && (!s->n_left || s->is_dry || s->n_turns >= s->n_turns_max))
		return true;
	if (s->end == UINT64_MAX || now - s->begin < s->end)
		return false;
	if (!s->turns_per_cycle || s->replay)
		return true;
	if (now - s->begin < s->end + s->grace)
		return false;
	if (s->n_turns_max > s->n_turns) {
		add(s->was_blocked ? &s->n_missed_full : &s->n_missed_cpu,
		    s->n_turns_max - s->n_turns);
		s->n_turns = s->n_turns_max;
	}
	return true;
}

bool bp_source_step(struct bp_source *s)
{
	unsigned state = atomic_load_explicit(&s->state, memory_order_relaxed);
	uint64_t now = bp_clock_cycles(), n;

	if (state == BP_SOURCE_ENDED) {
		kick(s);
		return false;
	}
	if (state == BP_SOURCE_READY) {
		s->begin = s->last_cycles = now;
		atomic_store_explicit(&s->state, BP_SOURCE_SENDING, memory_order_release);
	}
	if (is_over(s, now)) {
		finish(s);
		return false;
	}
	if (!s->n_views) {
		n = take_due(s, now);
		if (n && s->replay)
			replay(s, n);
		else if (n)
			build(s, n);
	}
	if (s->n_views)
		return transmit(s);
	kick(s);
	return false;
}
