/* Runs trials: workers that step the source with the sink, from the first frame to the last. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/gen.h"
#include "gen/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"
#include "core/cpu.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define SETTLE_TIMES 10.0
#define DRAIN_NS     500000000u
#define CHECK_NS     100000000u
#define GUEST_NAP_NS 50000
#define GUEST_LATE_S 0.001
#define BOUND_SHARE  0.995 /* of what was asked: below, the generator was the bottleneck */

static void nap_ms(long ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* ---- workers --------------------------------------------------------------------------------- */

static bool uses(const struct bp_gen_worker *w, const struct bp_port *port)
{
	return (port->n_txq && port->txq[0].worker_id == w->worker_id) ||
	       (port->n_rxq && port->rxq[0].worker_id == w->worker_id);
}

static void leave_ports(struct bp_gen_worker *w, unsigned n_ports)
{
	for (unsigned i = n_ports; i-- > 0;) {
		struct bp_port *port = w->gen->ports[i].port;

		if (uses(w, port) && port->driver->ops->thread_leave)
			port->driver->ops->thread_leave(port, w->worker_id);
	}
}

static int enter_ports(struct bp_gen_worker *w)
{
	for (unsigned i = 0; i < w->gen->n_ports; i++) {
		struct bp_port *port = w->gen->ports[i].port;
		int err = uses(w, port) && port->driver->ops->thread_enter
				  ? port->driver->ops->thread_enter(port, w->worker_id)
				  : 0;

		if (err) {
			leave_ports(w, i);
			return err;
		}
	}
	return 0;
}

/*
 * Two threads that both spin on one core take turns of milliseconds, and the sender misses half of its
 * schedule. So the receiver sleeps when there is nothing, and is let in at once when it wakes.
 */
static void become_guest(void)
{
	(void)prctl(PR_SET_TIMERSLACK, 1ul);
	/* Of this thread alone. Without the privilege it comes a little later. */
	(void)setpriority(PRIO_PROCESS, 0, -NZERO);
}

static void rest(const struct bp_gen_worker *w)
{
	static const struct timespec nap = { .tv_nsec = GUEST_NAP_NS };

	if (w->is_guest)
		nanosleep(&nap, NULL);
	else
		bp_cpu_pause();
}

static void *worker_main(void *arg)
{
	struct bp_gen_worker *w = arg;
	struct bp_gen *gen = w->gen;
	int err = bp_cpu_pin(w->core);

	pthread_setname_np(pthread_self(), w->does_tx ? "bypath-gen-tx" : "bypath-gen-rx");
	if (err)
		bp_log(BP_LOG_ERROR, "generator: cannot run on core %u: %s: see [engine] cores",
		       w->core, strerror(-err));
	else
		err = enter_ports(w);
	atomic_store_explicit(&w->state, err ? BP_GEN_FAILED : BP_GEN_RUNNING,
			      memory_order_release);
	if (err)
		return NULL;
	if (w->does_tx && gen->kernel_source) {
		atomic_store_explicit(&gen->source_err, bp_ks_run(&gen->source),
				      memory_order_relaxed);
		leave_ports(w, gen->n_ports);
		return NULL;
	}
	if (w->is_guest)
		become_guest();
	while (!atomic_load_explicit(&w->is_asked_to_end, memory_order_acquire)) {
		bool has_moved = false;

		if (w->does_tx)
			has_moved |= bp_source_step(&gen->source);
		if (w->does_rx)
			has_moved |= bp_sink_step(gen->sink);
		if (!has_moved)
			rest(w);
	}
	leave_ports(w, gen->n_ports);
	return NULL;
}

static int start_worker(struct bp_gen_worker *w)
{
	int err;

	atomic_store_explicit(&w->is_asked_to_end, false, memory_order_relaxed);
	atomic_store_explicit(&w->state, BP_GEN_STARTING, memory_order_relaxed);
	err = pthread_create(&w->thread, NULL, worker_main, w);
	if (err) {
		bp_log(BP_LOG_ERROR, "generator: cannot create a thread: %s", strerror(err));
		return -err;
	}
	while (atomic_load_explicit(&w->state, memory_order_acquire) == BP_GEN_STARTING)
		nap_ms(0);
	if (atomic_load_explicit(&w->state, memory_order_acquire) == BP_GEN_FAILED) {
		pthread_join(w->thread, NULL);
		return -EIO;
	}
	return 0;
}

static bool has_source_ended(const struct bp_gen *gen)
{
	return atomic_load_explicit(&gen->source.state, memory_order_acquire) == BP_SOURCE_ENDED;
}

/* End the sender and wait until it has. */
static void end_source(struct bp_gen *gen)
{
	atomic_store_explicit(&gen->source.is_asked_to_end, true, memory_order_relaxed);
	while (!has_source_ended(gen)) {
		if (gen->kernel_source)
			bp_ks_poll(&gen->source);
		nap_ms(gen->kernel_source ? 1 : 0);
	}
	if (gen->kernel_source)
		bp_ks_poll(&gen->source); /* the last figures */
}

static void stop_workers(struct bp_gen *gen)
{
	/* A source in the kernel looks at no flag of its worker. */
	if (gen->kernel_source)
		for (unsigned i = 0; i < gen->n_workers; i++)
			if (gen->workers[i].does_tx && (gen->n_running & 1u << i))
				end_source(gen);
	for (unsigned i = 0; i < gen->n_workers; i++) {
		if (!(gen->n_running & 1u << i))
			continue;
		/* Release: what the control thread has read is read; the worker sees the flag. */
		atomic_store_explicit(&gen->workers[i].is_asked_to_end, true, memory_order_release);
		pthread_join(gen->workers[i].thread, NULL);
	}
	gen->n_running = 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool has_kernel_source(const struct bp_conf *conf)
{
	const struct bp_driver *driver = NULL;
	const char *why;

	if (conf->gen.tx_port != BP_NO_PORT)
		driver = bp_driver_find(conf->ports[conf->gen.tx_port].driver, &why);
	return driver && driver->kernel_source;
}

/* See bp_gen_create(): the last cores are left to the device under test. */
static int choose_workers(struct bp_gen *gen)
{
	const struct bp_conf *conf = gen->conf;
	unsigned allowed[1024], n_allowed = bp_cpu_allowed(allowed, 1024), first = 0;
	bool has_tx = conf->gen.tx_port != BP_NO_PORT, has_rx = conf->gen.rx_port != BP_NO_PORT;
	/* Who sends through it cannot receive as well: two threads, if need be on one core. */
	bool is_blocking = has_kernel_source(conf);
	unsigned n_cores = conf->engine.n_cores ? conf->engine.n_cores : n_allowed;
	unsigned n = has_tx && has_rx ? 2 : 1;

	if (!n_allowed)
		return -ENOTSUP;
	if (!is_blocking && (conf->engine.n_cores ? conf->engine.n_cores < 2 : n_allowed < 3))
		n = 1;
	if (n_allowed > 3)
		first = n_allowed - 3;
	gen->n_workers = n;
	if (n > n_cores)
		bp_log(BP_LOG_WARN,
		       "generator: sends and receives on core %u by two threads: give "
		       "it two with [engine] cores",
		       conf->engine.n_cores ? conf->engine.cores[0] : allowed[0]);
	for (unsigned i = 0; i < n; i++)
		gen->workers[i] = (struct bp_gen_worker){
			.gen = gen,
			.worker_id = (uint16_t)i,
			.core = (uint16_t)(conf->engine.n_cores ? conf->engine.cores[i % n_cores]
								: allowed[(first + i) % n_allowed]),
			.does_tx = has_tx && i == 0,
			.does_rx = has_rx && i + 1 == n,
		};
	gen->workers[1].is_guest =
		is_blocking && n == 2 && gen->workers[0].core == gen->workers[1].core;
	return 0;
}

int bp_gen_create(const struct bp_conf *conf, struct bp_gen **out)
{
	unsigned n_streams = conf->gen.tx_port == BP_NO_PORT ? BP_STREAMS_MAX : conf->n_streams;
	struct bp_gen *gen = calloc(1, sizeof(*gen));
	int err;

	if (!gen)
		return -ENOMEM;
	gen->conf = conf;
	/* Anything but what another process is likely to have begun with. */
	gen->run = (uint8_t)(bp_clock_ns() >> 10);
	err = choose_workers(gen);
	if (!err && conf->gen.rx_port != BP_NO_PORT)
		err = bp_sink_create(n_streams, &gen->sink);
	if (!err)
		err = bp_gen_open_ports(gen);
	if (err) {
		bp_gen_destroy(gen);
		return err;
	}
	*out = gen;
	return 0;
}

void bp_gen_destroy(struct bp_gen *gen)
{
	if (!gen)
		return;
	stop_workers(gen);
	bp_gen_close_ports(gen);
	bp_sink_destroy(gen->sink);
	free(gen);
}

static int link_of(const struct bp_gen_port *p)
{
	const struct bp_driver_ops *ops = p->port->driver->ops;

	return ops->check ? ops->check(p->port) : BP_LINK_UP;
}

int bp_gen_wait_links(struct bp_gen *gen, double seconds, char *why, size_t why_bytes)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(seconds * 1e9);

	for (;;) {
		const struct bp_gen_port *down = NULL;

		for (unsigned i = 0; i < gen->n_ports; i++)
			if (link_of(&gen->ports[i]) != BP_LINK_UP)
				down = &gen->ports[i];
		if (!down)
			return 0;
		if (bp_clock_ns() >= end_ns ||
		    atomic_load_explicit(&gen->is_interrupted, memory_order_relaxed)) {
			snprintf(why, why_bytes, "port %s: %s has no link after %.0f s",
				 down->port->conf->name, down->port->conf->device, seconds);
			return -ETIMEDOUT;
		}
		nap_ms(20);
	}
}

/* ---- rate ------------------------------------------------------------------------------------ */

static int make_streams(struct bp_gen *gen, struct bp_stream *streams, uint32_t frame_size,
			char *why, size_t why_bytes)
{
	const struct bp_conf *conf = gen->conf;
	int err = 0;

	for (unsigned i = 0; !err && i < conf->n_streams; i++)
		err = bp_stream_init(&streams[i], &conf->streams[i], (uint8_t)i, gen->run,
				     frame_size, conf->gen.first_seq, why, why_bytes);
	return err;
}

double bp_gen_mean_bytes(const struct bp_gen *gen, uint32_t frame_size)
{
	double sum = 0, shares = 0;

	for (unsigned i = 0; i < gen->conf->n_streams; i++) {
		const struct bp_stream_conf *s = &gen->conf->streams[i];
		double bytes = 0, weights = 0;

		for (unsigned j = 0; j < s->sizes.n; j++) {
			bytes += (double)s->sizes.v[j].weight *
				 (frame_size ? frame_size : s->sizes.v[j].bytes);
			weights += s->sizes.v[j].weight;
		}
		sum += s->share * (bytes / weights - BP_FCS_BYTES);
		shares += s->share;
	}
	return shares > 0 ? sum / shares : 0;
}

int bp_gen_rate(struct bp_gen *gen, uint32_t frame_size, double *rate_pps, char *why,
		size_t why_bytes)
{
	const struct bp_rate *rate = &gen->conf->gen.rate;
	/* On the wire: FCS; then preamble 8, gap 12 (IEEE 802.3). */
	double l2_bits = 8 * (bp_gen_mean_bytes(gen, frame_size) + BP_FCS_BYTES);
	double l1_bits = l2_bits + 8 * 20, line_bps;

	if (rate->unit == BP_RATE_MAX || rate->unit == BP_RATE_PPS) {
		*rate_pps = rate->unit == BP_RATE_MAX ? 0 : rate->value;
		return 0;
	}
	if (gen->conf->gen.replay_port != BP_NO_PORT) {
		snprintf(
			why, why_bytes,
			"[gen] rate: frames of a capture have no size that bits per second could be "
			"divided by: give the rate in pps");
		return -EINVAL;
	}
	*rate_pps = rate->value / (rate->unit == BP_RATE_BPS_L2 ? l2_bits : l1_bits);
	if (rate->unit != BP_RATE_PERCENT)
		return 0;
	line_bps = bp_gen_line_bps(gen);
	if (line_bps <= 0) {
		snprintf(why, why_bytes,
			 "[gen] rate: percent of which line? The speed behind port %s (%s) is not "
			 "known: give the rate in pps or bps",
			 gen->conf->gen.tx, gen->by_role[BP_GEN_TX]->port->conf->device);
		return -EINVAL;
	}
	*rate_pps = rate->value / 100 * line_bps / l1_bits;
	return 0;
}

/* ---- trials ---------------------------------------------------------------------------------- */

/*
 * Longest frame that the TX port carries of a stream; 0: no bound known. A kernel device has room for
 * a tag beyond its MTU, but for nothing else there.
 */
static uint32_t tx_max_bytes(const struct bp_port *port, const struct bp_stream *stream)
{
	uint32_t max = port->info.max_frame_bytes;
	uint32_t by_mtu = port->info.mtu + 14u + (stream->conf->vlan ? 4u : 0u);

	if (!port->info.mtu || port->info.kind == BP_DEVICE_PMD)
		return max;
	return !max || by_mtu < max ? by_mtu : max;
}

/* Can the TX port carry the stream's longest frame? */
static int check_size(const struct bp_gen *gen, const struct bp_stream *stream, char *why,
		      size_t why_bytes)
{
	const struct bp_port *port = gen->by_role[BP_GEN_TX]->port;
	uint32_t room = bp_frames_room(gen->frames), max = bp_stream_max_bytes(stream);
	uint32_t bound = tx_max_bytes(port, stream);

	if (bound && max > bound) {
		snprintf(why, why_bytes,
			 "port %s: frames of size %u are longer than %.64s carries (%u with FCS): "
			 "raise its MTU or lower the size",
			 port->conf->name, max + BP_FCS_BYTES, port->conf->device,
			 bound + BP_FCS_BYTES);
		return -EINVAL;
	}
	if (!gen->kernel_source && max > room && !(port->info.caps & BP_CAP_MULTI_TX)) {
		snprintf(why, why_bytes,
			 "port %s: a frame of size %u takes several views of %u bytes, which this "
			 "port does not send%s",
			 port->conf->name, max + BP_FCS_BYTES, room,
			 room < 2048 ? ": set [memory] frame_bytes = 4096" : "");
		return -EINVAL;
	}
	return 0;
}

static int check_sizes(const struct bp_gen *gen, char *why, size_t why_bytes)
{
	int err = 0;

	for (unsigned i = 0; !err && i < gen->conf->n_streams; i++)
		err = check_size(gen, &gen->streams[i], why, why_bytes);
	return err;
}

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
	gen->kernel_source = bp_ks_of(s);
	if (make_streams(gen, gen->streams, r->frame_size, why, sizeof(why)) ||
	    check_sizes(gen, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "%s", why);
		return -EINVAL;
	}
	s->replay = replay ? &replay->port->rxq[0] : NULL;
	s->frames = gen->frames;
	s->room = bp_frames_room(gen->frames);
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
	atomic_store_explicit(&gen->source_err, 0, memory_order_relaxed);
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
	bp_gen_mark_ports(gen);
	gen->begin_ns = bp_clock_ns();
	gen->end_ns =
		r->duration_s > 0 ? gen->begin_ns + (uint64_t)(r->duration_s * 1e9) : UINT64_MAX;
	/* The receiver first: it must be there when the first frame comes. */
	for (unsigned i = gen->n_workers; !err && i-- > 0;) {
		err = start_worker(&gen->workers[i]);
		if (!err)
			gen->n_running |= 1u << i;
	}
	if (err)
		stop_workers(gen);
	return err;
}

/* Not more often: each look takes a lock of the whole kernel, for which others may make it wait. */
static void check_ports(struct bp_gen *gen)
{
	uint64_t now_ns = bp_clock_ns();

	if (now_ns - gen->checked_ns < CHECK_NS)
		return;
	gen->checked_ns = now_ns;
	for (unsigned i = 0; i < gen->n_ports; i++) {
		if (gen->is_port_lost || link_of(&gen->ports[i]) != BP_LINK_LOST)
			continue;
		gen->is_port_lost = true;
		strcpy(gen->lost_name, gen->ports[i].port->conf->name);
		bp_log(BP_LOG_ERROR, "port %s: %s is gone: the trial ends here", gen->lost_name,
		       gen->ports[i].port->conf->device);
	}
}

bool bp_gen_tick(struct bp_gen *gen)
{
	check_ports(gen);
	if (gen->is_port_lost || atomic_load_explicit(&gen->is_interrupted, memory_order_relaxed))
		return false;
	if (gen->kernel_source)
		bp_ks_poll(&gen->source);
	if (gen->by_role[BP_GEN_TX])
		return !has_source_ended(gen);
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

	return tx_delta(gen, BP_CNT_PKTS) - tx_delta(gen, BP_DROP_TX_ABANDONED) + p->held_before -
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

/* Wait until everything sent has come, or nothing comes any more. */
static void settle(struct bp_gen *gen)
{
	double quiet_s =
		gen->request.settle_s > 0 ? gen->request.settle_s : gen->conf->gen.settle_s;
	uint64_t quiet_ns = (uint64_t)(quiet_s * 1e9), begin_ns = bp_clock_ns(), last_ns = begin_ns;
	uint64_t seen = 0;

	for (;;) {
		uint64_t now_ns = bp_clock_ns(), arrived = gen->sink ? count_arrived(gen) : 0;

		if (is_held(gen) ? now_ns - begin_ns > DRAIN_NS : !gen->sink)
			return;
		if (gen->sink && !is_held(gen) && arrived >= count_sent(gen))
			return;
		if (arrived != seen)
			last_ns = now_ns;
		seen = arrived;
		if (gen->sink && now_ns - last_ns > quiet_ns && !is_held(gen))
			return;
		if ((double)(now_ns - begin_ns) > SETTLE_TIMES * (double)quiet_ns)
			return;
		nap_ms(1);
	}
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
	r->n_lost = n_gaps;
	if (gen->by_role[BP_GEN_TX])
		r->n_lost = r->n_sent > n_once ? r->n_sent - n_once : 0;
	else
		r->n_sent = n_once + n_gaps;
	r->received_pps = r->elapsed_s > 0 ? (double)n_once / r->elapsed_s : 0;
}

static void judge(struct bp_gen *gen, struct bp_trial_result *r)
{
	const struct bp_source *s = &gen->source;
	uint64_t n_cpu = atomic_load_explicit(&s->n_missed_cpu, memory_order_relaxed);
	uint64_t n_full = atomic_load_explicit(&s->n_missed_full, memory_order_relaxed);

	if (!gen->by_role[BP_GEN_TX])
		return;
	if (r->asked_pps <= 0) {
		r->is_generator_bound = gen->sink && !r->n_lost && r->n_sent;
		if (r->is_generator_bound)
			snprintf(r->why, sizeof(r->why),
				 "as fast as the generator goes, and nothing was lost: the device "
				 "under test may be faster");
		return;
	}
	r->is_generator_bound = !r->is_interrupted && r->sent_pps < BOUND_SHARE * r->asked_pps;
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

int bp_gen_finish(struct bp_gen *gen, struct bp_trial_result *out)
{
	struct bp_trial_result *r = &gen->result;
	struct bp_latency *latency = calloc(1, sizeof(*latency));
	bool has_tx = gen->by_role[BP_GEN_TX] != NULL;

	if (has_tx) {
		end_source(gen);
		if (!gen->is_port_lost)
			settle(gen);
	}
	r->elapsed_s = (double)(bp_clock_ns() - gen->begin_ns) / 1e9;
	stop_workers(gen);
	r->is_interrupted = gen->is_port_lost ||
			    atomic_load_explicit(&gen->is_interrupted, memory_order_relaxed);
	r->asked_pps = gen->request.rate_pps;
	if (has_tx) {
		r->elapsed_s = bp_source_elapsed_s(&gen->source);
		r->n_offered = atomic_load_explicit(&gen->source.n_pkts, memory_order_relaxed);
		r->n_missed =
			atomic_load_explicit(&gen->source.n_missed_cpu, memory_order_relaxed) +
			atomic_load_explicit(&gen->source.n_missed_full, memory_order_relaxed);
		r->n_sent = count_sent(gen);
	}
	if (gen->sink && latency)
		read_sink(gen, r, latency);
	if (r->elapsed_s > 0) {
		r->offered_pps = (double)r->n_offered / r->elapsed_s;
		r->sent_pps = (double)r->n_sent / r->elapsed_s;
	}
	r->loss_ratio = r->n_sent ? (double)r->n_lost / (double)r->n_sent : 0;
	judge(gen, r);
	if (latency) {
		bp_latency_summarise(latency, &r->latency);
		if (gen->request.latency)
			bp_latency_merge(gen->request.latency, latency);
		free(latency);
	}
	if (gen->is_port_lost)
		snprintf(r->why, sizeof(r->why), "port %s is gone", gen->lost_name);
	else if (r->is_interrupted)
		snprintf(r->why, sizeof(r->why), "interrupted");
	*out = *r;
	return gen->is_port_lost ? -ENODEV
				 : atomic_load_explicit(&gen->source_err, memory_order_relaxed);
}

int bp_gen_trial(void *ctx, const struct bp_trial_request *request, struct bp_trial_result *result)
{
	struct bp_gen *gen = ctx;
	int err = bp_gen_start(gen, request);

	if (err)
		return err;
	while (bp_gen_tick(gen))
		nap_ms(5);
	return bp_gen_finish(gen, result);
}

void bp_gen_interrupt(struct bp_gen *gen)
{
	atomic_store_explicit(&gen->is_interrupted, true, memory_order_relaxed);
}
