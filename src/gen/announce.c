/* Lets switches between the generator's ports learn where the streams' destinations are, before a trial. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/internal.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>

#define RATE_PPS 50000.0 /* what every path here carries */
#define LATE_S   2.0 /* of all streams together */
#define PASSES   3u /* which of a stream's frames were dropped is not known: all go once more */

struct announcer {
	const struct bp_gen_worker *worker;
	struct bp_source source;
	struct bp_stream stream;
	struct bp_stream_conf conf;
	uint64_t end_ns;
};

/* The stream's frames on their way back: one from each of its destinations. */
static int set_up(struct announcer *a, const struct bp_stream_conf *conf)
{
	const struct bp_gen *gen = a->worker->gen;
	/* No trial has run 0: one that comes to the receiver all the same is stale. */
	const struct bp_stream_start start = { .frame_size = gen->request.frame_size };
	const struct bp_source_request request = { .rate_pps = RATE_PPS,
						   .n_pkts = conf->dst_mac.n,
						   .burst = gen->conf->gen.burst };
	char why[256];

	a->conf = *conf;
	a->conf.src_mac = conf->dst_mac;
	a->conf.dst_mac = conf->src_mac;
	if (bp_stream_init(&a->stream, &a->conf, &start, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "%s", why);
		return -EINVAL;
	}
	a->source.txq = &gen->by_role[BP_GEN_RX]->port->txq[0];
	a->source.txq->ends_at_drop = true;
	a->source.pool = bp_port_frames(a->source.txq->port);
	a->source.room = a->source.pool->room;
	a->source.streams = &a->stream;
	a->source.n_streams = 1;
	bp_source_begin(&a->source, &request);
	return 0;
}

static bool is_over(const struct announcer *a)
{
	return bp_clock_ns() > a->end_ns || bp_gen_is_asked_to_end(a->worker);
}

/* Returns how many the port took and did not drop. A port that takes nothing would not let it come to an end. */
static uint64_t send_all(struct announcer *a)
{
	while (atomic_load_explicit(&a->source.state, memory_order_relaxed) != BP_SOURCE_ENDED) {
		(void)bp_source_step(&a->source);
		if (is_over(a))
			atomic_store_explicit(&a->source.is_asked_to_end, true,
					      memory_order_relaxed);
	}
	return a->stream.n_pkts - a->stream.n_dropped;
}

/* *n_most becomes how many of the stream's frames left at once. */
static int announce(struct announcer *a, const struct bp_stream_conf *conf, uint64_t *n_most)
{
	*n_most = 0;
	for (unsigned i = 0; i < PASSES && *n_most < conf->dst_mac.n && !is_over(a); i++) {
		int err = set_up(a, conf);
		uint64_t n = err ? 0 : send_all(a);

		if (err)
			return err;
		*n_most = n > *n_most ? n : *n_most;
	}
	return 0;
}

static int judge(const struct announcer *a, uint64_t n_sent, uint64_t n_wanted)
{
	const char *port = a->worker->gen->conf->gen.rx;

	if (n_sent == n_wanted || bp_gen_is_asked_to_end(a->worker))
		return 0;
	bp_log(n_sent ? BP_LOG_WARN : BP_LOG_ERROR,
	       "port %s: did not take %llu of the %llu frames that announce = yes sends: a switch "
	       "may not know these addresses, and flood",
	       port, (unsigned long long)(n_wanted - n_sent), (unsigned long long)n_wanted);
	return n_sent ? 0 : -ETIMEDOUT;
}

int bp_gen_announce(const struct bp_gen_worker *worker)
{
	const struct bp_conf *conf = worker->gen->conf;
	struct announcer *a = calloc(1, sizeof(*a));
	uint64_t n_wanted = 0, n_sent = 0, n;
	int err = a ? 0 : -ENOMEM;

	for (unsigned i = 0; i < conf->n_streams; i++)
		n_wanted += conf->streams[i].dst_mac.n;
	if (a) {
		a->worker = worker;
		a->end_ns =
			bp_clock_ns() + (uint64_t)((LATE_S + (double)n_wanted / RATE_PPS) * 1e9);
	}
	for (unsigned i = 0; !err && i < conf->n_streams; i++) {
		err = announce(a, &conf->streams[i], &n);
		n_sent += n;
	}
	if (!err)
		err = judge(a, n_sent, n_wanted);
	free(a);
	return err;
}
