/* Turns streams into templates, a trial into one run of the driver's source. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/kernel_source.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 4096u

const struct bp_ks_ops *bp_ks_of(const struct bp_source *s)
{
	return s->txq ? s->txq->port->driver->kernel_source : NULL;
}

/* ---- templates ------------------------------------------------------------------------------- */

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* UINT64_MAX stands for everything too large. */
static uint64_t lcm(uint64_t a, uint64_t b)
{
	uint64_t product;

	if (a == UINT64_MAX || b == UINT64_MAX ||
	    __builtin_mul_overflow(a, b / gcd(a, b), &product))
		return UINT64_MAX;
	return product;
}

/* Packets until a stream's sizes and fields are where they began. */
static uint64_t stream_period(const struct bp_stream *stream)
{
	uint64_t period = stream->n_cycle;

	for (unsigned i = 0; i < stream->n_fields; i++)
		period = lcm(period, stream->fields[i].n);
	return period;
}

static uint64_t whole_period(const struct bp_source *s)
{
	uint64_t n_rounds = 1, whole;

	for (unsigned i = 0; i < s->n_streams; i++) {
		uint64_t period = stream_period(&s->streams[i]), per_round = 0;

		for (unsigned j = 0; j < s->n_cycle; j++)
			per_round += s->cycle[j] == i;
		if (period != UINT64_MAX)
			period /= gcd(period, per_round);
		n_rounds = lcm(n_rounds, period);
	}
	if (n_rounds == UINT64_MAX || __builtin_mul_overflow(n_rounds, s->n_cycle, &whole))
		return UINT64_MAX;
	return whole;
}

static void make_template(struct bp_stream *stream, uint8_t *room, struct bp_ks_template *out)
{
	const struct bp_frame_template *t = bp_stream_next(stream);
	struct bp_pkt view = { .data = room };

	bp_frame_build(stream, t, 0, &view, 1, ROOM);
	memset(out, 0, sizeof(*out));
	memcpy(out->header, room, stream->header_bytes);
	out->frame_bytes = t->frame_bytes;
	out->signature_at = stream->header_bytes;
	/* Without BP_SIG_PATTERN: the rest of the payload is zeros, neutral in checksums too. */
	out->stream_id = stream->stream_id;
}

unsigned bp_ks_make_templates(struct bp_source *s, struct bp_ks_template *templates, unsigned max,
			      uint64_t *n_whole)
{
	uint8_t room[ROOM + BP_HEADER_MAX];
	unsigned n;

	*n_whole = whole_period(s);
	n = *n_whole <= max ? (unsigned)*n_whole : max - max % s->n_cycle;
	for (unsigned i = 0; i < n; i++)
		make_template(&s->streams[s->cycle[i % s->n_cycle]], room, &templates[i]);
	return n;
}

/* ---- trials ---------------------------------------------------------------------------------- */

int bp_ks_begin(struct bp_source *s, const struct bp_source_request *request, uint64_t first_seq)
{
	struct bp_ks_template *templates = calloc(BP_KS_TEMPLATES_MAX, sizeof(*templates));
	struct bp_ks_request r = { .templates = templates,
				   .rate_pps = request->rate_pps,
				   .duration_s = request->duration_s,
				   .n_pkts_max = s->n_left,
				   .n_turns_max = s->n_turns_max,
				   .backlog_max = s->backlog_max,
				   .first_seq = first_seq & BP_SIG_SEQ_MASK,
				   .run = s->streams[0].run,
				   .burst = s->burst };
	struct bp_port *port = s->txq->port;
	uint64_t n_whole;
	int err;

	if (!templates)
		return -ENOMEM;
	r.n_templates = bp_ks_make_templates(s, templates, BP_KS_TEMPLATES_MAX, &n_whole);
	if (r.n_templates < n_whole)
		bp_log(BP_LOG_WARN,
		       "port %s: the streams' ranges take more than %u frames to come round: driver "
		       "%s repeats the first %u",
		       port->conf->name, BP_KS_TEMPLATES_MAX, port->driver->name, r.n_templates);
	err = bp_ks_of(s)->begin(port, &r);
	free(templates);
	return err;
}

static void store(_Atomic uint64_t *to, uint64_t v)
{
	atomic_store_explicit(to, v, memory_order_relaxed);
}

static void publish(struct bp_source *s, const struct bp_ks_state *now)
{
	store(&s->n_pkts, now->n_tried);
	store(&s->n_bytes, now->tried_bytes);
	store(&s->n_missed_cpu, now->n_missed);
}

int bp_ks_run(struct bp_source *s)
{
	const struct bp_ks_ops *ops = bp_ks_of(s);
	struct bp_ks_state done;
	int err;

	/* Release: pairs with bp_ks_poll(), which publishes only while this runs. */
	atomic_store_explicit(&s->state, BP_SOURCE_SENDING, memory_order_release);
	err = ops->run(s->txq->port);
	ops->read(s->txq->port, &done);
	s->begin = 0;
	s->last_cycles = (uint64_t)((double)done.elapsed_ns * 1e-9 * (double)bp_clock_hz());
	s->n_turns = done.n_turns;
	for (unsigned i = 0; i < s->n_streams; i++) {
		s->streams[i].n_pkts = done.stream_pkts[i];
		s->streams[i].n_dropped = done.stream_dropped[i];
	}
	/* Release: the streams' counters, for the control thread. */
	atomic_store_explicit(&s->state, BP_SOURCE_ENDED, memory_order_release);
	return err;
}

void bp_ks_poll(struct bp_source *s)
{
	const struct bp_ks_ops *ops = bp_ks_of(s);
	unsigned state = atomic_load_explicit(&s->state, memory_order_acquire);
	struct bp_ks_state now;

	ops->read(s->txq->port, &now);
	publish(s, &now);
	if (state == BP_SOURCE_SENDING &&
	    (now.is_over || atomic_load_explicit(&s->is_asked_to_end, memory_order_relaxed)))
		ops->stop(s->txq->port);
}
