/* Runs trials: from the first frame sent to the last one received. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/gen.h"
#include "gen/internal.h"

#include "bypath/facts.h"
#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_TIMES 10.0
#define DRAIN_NS     500000000u
#define CHECK_NS     100000000u
#define GUEST_LATE_S 0.001
#define BOUND_SHARE  0.995 /* of what was asked: below, the generator was the bottleneck */

static int begin_source(struct bp_gen *gen, const struct bp_trial_request *r)
{
	struct bp_source_request request = { .rate_pps = r->rate_pps,
					     .duration_s = r->duration_s,
					     .n_pkts = r->n_pkts,
					     .burst = gen->conf->gen.burst,
					     /* The receiver's turns make the sender late. */
					     .catch_up_s =
						     gen->workers[1].is_guest ? GUEST_LATE_S : 0 };
	struct bp_source *s = &gen->source;
	struct bp_gen_port *replay = gen->by_role[BP_GEN_REPLAY];
	char why[256];

	s->txq = &gen->by_role[BP_GEN_TX]->port->txq[0];
	s->txq->ends_at_drop = true; /* no worker uses it now */
	gen->kernel_source = bp_ks_of(s);
	if (bp_gen_make_streams(gen, r->frame_size, why, sizeof(why)) ||
	    bp_gen_check_sizes(gen, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "%s", why);
		return -EINVAL;
	}
	s->replay = replay ? &replay->port->rxq[0] : NULL;
	s->pool = bp_port_frames(s->txq->port);
	s->room = s->pool->room;
	s->streams = gen->streams;
	s->n_streams = replay ? 0 : gen->conf->n_streams;
	bp_source_begin(s, &request);
	return gen->kernel_source ? bp_ks_begin(s, &request, gen->conf->gen.first_seq) : 0;
}

int bp_gen_start(struct bp_gen *gen, const struct bp_trial_request *r)
{
	int err = 0;

	gen->request = *r;
	memset(&gen->result, 0, sizeof(gen->result));
	gen->is_port_lost = false;
	if (r->is_after_stop)
		atomic_store_explicit(&gen->is_interrupted, false, memory_order_relaxed);
	atomic_store_explicit(&gen->source_err, 0, memory_order_relaxed);
	atomic_store_explicit(&gen->is_announced, !gen->conf->gen.announce, memory_order_relaxed);
	gen->run = (uint8_t)(gen->run + 1 ? gen->run + 1 : 1);
	if (gen->by_role[BP_GEN_TX])
		err = begin_source(gen, r);
	if (err)
		return err;
	if (gen->sink) {
		gen->sink->rxq = &gen->by_role[BP_GEN_RX]->port->rxq[0];
		gen->sink->is_payload_checked = gen->conf->gen.payload_check;
		gen->sink->burst = BP_BURST_MAX;
		bp_sink_begin(gen->sink, gen->by_role[BP_GEN_TX] != NULL, gen->run,
			      gen->conf->gen.first_seq);
	}
	if (gen->monitor) {
		gen->monitor->rxq = &gen->by_role[BP_GEN_MONITOR]->port->rxq[0];
		gen->monitor->burst = BP_BURST_MAX;
		bp_sink_begin(gen->monitor, true, gen->run, gen->conf->gen.first_seq);
	}
	bp_gen_mark_ports(gen);
	bp_gen_look_at_links(gen);
	gen->begin_ns = bp_clock_ns();
	gen->end_ns =
		r->duration_s > 0 ? gen->begin_ns + (uint64_t)(r->duration_s * 1e9) : UINT64_MAX;
	/* The receiver first: it must be there when the first frame comes. */
	for (unsigned i = gen->n_workers; !err && i-- > 0;) {
		err = bp_gen_start_worker(&gen->workers[i]);
		if (!err)
			gen->n_running |= 1u << i;
	}
	if (err)
		bp_gen_stop_workers(gen);
	return err;
}

/* Look no more often than this: each look takes a lock of the whole kernel, for which others may
 * make it wait. */
static void check_ports(struct bp_gen *gen)
{
	if (bp_clock_ns() - gen->checked_ns >= CHECK_NS)
		bp_gen_look_at_links(gen);
}

bool bp_gen_tick(struct bp_gen *gen)
{
	check_ports(gen);
	if (gen->is_port_lost || atomic_load_explicit(&gen->is_interrupted, memory_order_relaxed))
		return false;
	if (gen->kernel_source)
		bp_ks_poll(&gen->source);
	if (gen->by_role[BP_GEN_TX])
		return !bp_gen_has_source_ended(gen);
	if (gen->request.n_pkts &&
	    atomic_load_explicit(&gen->sink->n_once, memory_order_relaxed) >= gen->request.n_pkts)
		return false;
	return bp_clock_ns() < gen->end_ns;
}

static uint64_t tx_delta(const struct bp_gen *gen, enum bp_cnt id)
{
	const struct bp_gen_port *p = gen->by_role[BP_GEN_TX];

	return bp_counter(&p->port->txq[0].counters, id) - p->tx_before[id];
}

/* Packets that the TX port says it has sent in this trial. */
static uint64_t count_sent(const struct bp_gen *gen)
{
	const struct bp_gen_port *p = gen->by_role[BP_GEN_TX];
	uint32_t n_held = atomic_load_explicit(&p->port->txq[0].n_held, memory_order_relaxed);

	return tx_delta(gen, BP_CNT_PKTS) - tx_delta(gen, BP_CNT_LOST_AFTER) + p->held_before -
	       n_held;
}

/* Frames of the trial, or, replaying, whatever comes. */
static uint64_t count_arrived(const struct bp_gen *gen)
{
	const struct bp_sink *sink = gen->sink;

	return atomic_load_explicit(gen->by_role[BP_GEN_REPLAY] ? &sink->n_all : &sink->n_once,
				    memory_order_relaxed);
}

static bool is_held(const struct bp_gen *gen)
{
	const struct bp_gen_port *p = gen->by_role[BP_GEN_TX];

	return atomic_load_explicit(&p->port->txq[0].n_held, memory_order_relaxed) != 0;
}

/* What is flooded may come later than what is forwarded. */
static uint64_t count_at_monitor(const struct bp_gen *gen)
{
	return gen->monitor ? atomic_load_explicit(&gen->monitor->n_once, memory_order_relaxed) : 0;
}

/* Wait until everything sent has come, or nothing comes any more. */
static void settle(struct bp_gen *gen)
{
	double quiet_s =
		gen->request.settle_s > 0 ? gen->request.settle_s : gen->conf->gen.settle_s;
	uint64_t quiet_ns = (uint64_t)(quiet_s * 1e9), begin_ns = bp_clock_ns(), last_ns = begin_ns;
	uint64_t seen = 0;

	for (;;) {
		uint64_t now_ns = bp_clock_ns(), arrived = gen->sink ? count_arrived(gen) : 0;
		uint64_t at_all = arrived + count_at_monitor(gen);

		if (is_held(gen) ? now_ns - begin_ns > DRAIN_NS : !gen->sink)
			return;
		if (gen->sink && !is_held(gen) && arrived >= count_sent(gen) &&
		    !gen->request.is_monitor_awaited)
			return;
		if (at_all != seen)
			last_ns = now_ns;
		seen = at_all;
		if (gen->sink && now_ns - last_ns > quiet_ns && !is_held(gen))
			return;
		if ((double)(now_ns - begin_ns) > SETTLE_TIMES * (double)quiet_ns)
			return;
		bp_gen_nap_ms(1);
	}
}

/* A receiver alone leaves out the time before the first frame. The packets of the first burst were
 * sent before that time begins, so the rate does not count them. */
static void rate_arrivals(const struct bp_sink *sink, struct bp_trial_result *r, uint64_t n_once)
{
	uint64_t n_after = n_once > sink->n_first ? n_once - sink->n_first : 0;

	r->elapsed_s = n_once ? (double)(sink->last_ns - sink->first_ns) * 1e-9 : 0;
	r->received_pps = r->elapsed_s > 0 ? (double)n_after / r->elapsed_s : 0;
}

static void read_sink(struct bp_gen *gen, struct bp_trial_result *r, struct bp_latency *latency)
{
	uint64_t n_once = 0, n_gaps = 0;

	for (unsigned i = 0; i <= BP_SIG_STREAM_MASK; i++) {
		const struct bp_sink_stream *s = gen->sink->streams[i];

		if (!s)
			continue;
		r->n_received += s->n_received;
		r->n_duplicate += s->n_duplicate;
		r->n_reordered += s->n_reordered;
		r->n_corrupt += s->n_corrupt;
		r->n_damaged += s->n_corrupt;
		n_once += s->n_once;
		n_gaps += bp_sink_gaps(s);
		bp_latency_merge(latency, &s->latency);
	}
	r->n_corrupt += gen->sink->n_broken;
	r->n_stale = gen->sink->n_stale;
	r->n_foreign = atomic_load_explicit(&gen->sink->n_foreign, memory_order_relaxed);
	if (gen->by_role[BP_GEN_REPLAY]) {
		r->n_received = n_once = count_arrived(gen);
		r->n_foreign = 0;
	}
	r->n_rx_dropped = bp_gen_rx_dropped(gen->by_role[BP_GEN_RX]);
	r->n_lost = n_gaps;
	if (gen->by_role[BP_GEN_TX])
		r->n_lost = r->n_sent > n_once ? r->n_sent - n_once : 0;
	else
		r->n_sent = n_once + n_gaps;
	r->received_pps = r->elapsed_s > 0 ? (double)n_once / r->elapsed_s : 0;
	if (!gen->by_role[BP_GEN_TX])
		rate_arrivals(gen->sink, r, n_once);
}

/* Had all ports their link? Frames that a device lost for want of it are no fault of the one under test. */
static bool judge_links(const struct bp_gen *gen, struct bp_trial_result *r)
{
	const struct bp_gen_port *p = NULL;

	for (unsigned i = 0; i < gen->n_ports; i++)
		if (gen->ports[i].had_no_link)
			p = &gen->ports[i];
	if (!p)
		return true;
	r->is_generator_bound = true;
	snprintf(
		r->why, sizeof(r->why),
		"%sits own port %.31s had no link for a time: what was lost then is not the device's "
		"loss",
		r->is_interrupted ? "interrupted, and " : "", p->port->conf->name);
	return false;
}

/* Did the receiver keep up? */
static bool judge_receiver(const struct bp_gen *gen, struct bp_trial_result *r)
{
	if (!r->n_rx_dropped || !r->n_lost)
		return true;
	r->is_generator_bound = true;
	snprintf(r->why, sizeof(r->why),
		 "its own port %s dropped %llu frames, which are among the lost: it receives too "
		 "slowly",
		 gen->conf->gen.rx, (unsigned long long)r->n_rx_dropped);
	return false;
}

static void judge_sender(const struct bp_gen *gen, struct bp_trial_result *r)
{
	const struct bp_source *s = &gen->source;
	uint64_t n_cpu = atomic_load_explicit(&s->n_missed_cpu, memory_order_relaxed);
	uint64_t n_full = atomic_load_explicit(&s->n_missed_full, memory_order_relaxed);

	if (r->is_own_pace)
		return;
	if (r->asked_pps <= 0) {
		r->is_generator_bound = gen->sink && !r->n_lost && r->n_sent;
		if (r->is_generator_bound)
			snprintf(r->why, sizeof(r->why),
				 "as fast as the generator goes, and nothing was lost: the device "
				 "under test may be faster");
		return;
	}
	r->is_generator_bound = !r->is_interrupted && r->offered_pps < BOUND_SHARE * r->asked_pps;
	if (!r->is_generator_bound)
		return;
	if (n_full > n_cpu)
		snprintf(r->why, sizeof(r->why), "port %s did not take frames as fast as asked",
			 gen->conf->gen.tx);
	else
		snprintf(r->why, sizeof(r->why),
			 "the generator's worker was late: it needs a core of its own, or the rate "
			 "is above what it can build");
}

/* Does the capture, or the rate of its port, set the pace? */
static bool is_own_pace(const struct bp_gen *gen)
{
	const struct bp_gen_port *replay = gen->by_role[BP_GEN_REPLAY];
	struct bp_limits limits;

	if (replay)
		bp_limits_of(replay->port->conf, &limits);
	return replay && gen->request.rate_pps <= 0 && limits.is_paced;
}

/* Stop sending, wait for the frames that are under way, stop the workers. */
static void end_traffic(struct bp_gen *gen)
{
	bp_gen_look_at_links(gen); /* at the end as well: a trial may be over between two looks */
	if (gen->by_role[BP_GEN_TX]) {
		bp_gen_end_source(gen);
		if (!gen->is_port_lost)
			settle(gen);
	}
	gen->result.elapsed_s = (double)(bp_clock_ns() - gen->begin_ns) / 1e9;
	bp_gen_stop_workers(gen);
}

static void read_source(const struct bp_gen *gen, struct bp_trial_result *r)
{
	const struct bp_source *s = &gen->source;

	r->elapsed_s = bp_source_elapsed_s(s);
	r->n_offered = atomic_load_explicit(&s->n_pkts, memory_order_relaxed);
	r->n_missed = atomic_load_explicit(&s->n_missed_cpu, memory_order_relaxed) +
		      atomic_load_explicit(&s->n_missed_full, memory_order_relaxed);
	r->n_sent = count_sent(gen);
	r->n_unsent = r->n_offered > r->n_sent ? r->n_offered - r->n_sent : 0;
}

static void read_counts(struct bp_gen *gen, struct bp_trial_result *r, struct bp_latency *latency)
{
	if (gen->by_role[BP_GEN_TX])
		read_source(gen, r);
	if (gen->sink && latency)
		read_sink(gen, r, latency);
	if (r->elapsed_s > 0) {
		r->offered_pps = (double)r->n_offered / r->elapsed_s;
		r->sent_pps = (double)r->n_sent / r->elapsed_s;
	}
	r->loss_ratio = r->n_sent ? (double)r->n_lost / (double)r->n_sent : 0;
}

/* Which of the figures say something about the device under test; why not the others. */
static void judge(const struct bp_gen *gen, struct bp_trial_result *r)
{
	bool had_links = judge_links(gen, r);

	if (had_links && judge_receiver(gen, r) && gen->by_role[BP_GEN_TX])
		judge_sender(gen, r);
	if (gen->is_port_lost)
		snprintf(r->why, sizeof(r->why), "port %s is gone", gen->lost_name);
	else if (r->is_interrupted && had_links)
		snprintf(r->why, sizeof(r->why), "interrupted");
}

int bp_gen_finish(struct bp_gen *gen, struct bp_trial_result *out)
{
	struct bp_trial_result *r = &gen->result;
	struct bp_latency *latency = calloc(1, sizeof(*latency));

	end_traffic(gen);
	r->is_interrupted = gen->is_port_lost ||
			    atomic_load_explicit(&gen->is_interrupted, memory_order_relaxed);
	r->asked_pps = gen->request.rate_pps;
	r->is_own_pace = is_own_pace(gen);
	bp_gen_read_off(gen, &r->off_share, &r->off_cause);
	read_counts(gen, r, latency);
	judge(gen, r);
	if (latency) {
		bp_latency_summarise(latency, &r->latency);
		if (gen->request.latency)
			bp_latency_merge(gen->request.latency, latency);
		free(latency);
	}
	*out = *r;
	if (gen->is_port_lost)
		return -ENODEV;
	return bp_gen_has_failed_port(gen)
		       ? -EIO
		       : atomic_load_explicit(&gen->source_err, memory_order_relaxed);
}

int bp_gen_trial(void *ctx, const struct bp_trial_request *request, struct bp_trial_result *result)
{
	struct bp_gen *gen = ctx;
	int err = bp_gen_start(gen, request);

	if (err)
		return err;
	while (bp_gen_tick(gen))
		bp_gen_nap_ms(5);
	return bp_gen_finish(gen, result);
}

void bp_gen_interrupt(struct bp_gen *gen)
{
	atomic_store_explicit(&gen->is_interrupted, true, memory_order_relaxed);
}
