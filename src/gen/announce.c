/* Lets switches between the generator's ports learn where the streams' destinations are, before a trial. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/internal.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>

#define RATE_PPS 50000.0 /* what every path here carries */
#define LATE_S   2.0

struct announcer {
	struct bp_source source;
	struct bp_stream stream;
	struct bp_stream_conf conf;
};

/* The stream's frames on their way back: one from each of its destinations. */
static int set_up(struct announcer *a, const struct bp_gen *gen, const struct bp_stream_conf *conf,
		  struct bp_txq *txq)
{
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
	a->source.txq = txq;
	a->source.pool = bp_port_frames(txq->port);
	a->source.room = a->source.pool->room;
	a->source.streams = &a->stream;
	a->source.n_streams = 1;
	bp_source_begin(&a->source, &request);
	return 0;
}

/* A port that takes nothing would not let it come to an end. */
static int send_all(struct announcer *a)
{
	double most_s = LATE_S + (double)a->conf.dst_mac.n / RATE_PPS;
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(most_s * 1e9);

	while (atomic_load_explicit(&a->source.state, memory_order_relaxed) != BP_SOURCE_ENDED) {
		(void)bp_source_step(&a->source);
		if (bp_clock_ns() > end_ns)
			atomic_store_explicit(&a->source.is_asked_to_end, true,
					      memory_order_relaxed);
	}
	return a->stream.n_pkts - a->stream.n_dropped == a->conf.dst_mac.n ? 0 : -ETIMEDOUT;
}

int bp_gen_announce(struct bp_gen *gen)
{
	struct bp_txq *txq = &gen->by_role[BP_GEN_RX]->port->txq[0];
	struct announcer *a = calloc(1, sizeof(*a));
	int err = a ? 0 : -ENOMEM;

	for (unsigned i = 0; !err && i < gen->conf->n_streams; i++) {
		err = set_up(a, gen, &gen->conf->streams[i], txq);
		if (!err)
			err = send_all(a);
	}
	if (err == -ETIMEDOUT)
		bp_log(BP_LOG_ERROR, "port %s: did not take the frames that announce = yes sends",
		       gen->conf->gen.rx);
	free(a);
	return err;
}
