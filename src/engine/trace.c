/* A trace's life: memory made, paths armed, patience, everything taken back. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/trace.h"
#include "engine/internal.h"
#include "engine/record.h"
#include "engine/trace_control.h"

#include "core/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which paths ------------------------------------------------------------------------------- */

/* A hop has the packets of others. */
static bool is_wanted(const struct bp_path *p, const char *port)
{
	const struct bp_port_conf *in = p->rxq->port->conf;

	return !port || in->is_hop || !strcmp(in->name, port);
}

static bool is_carried(struct bp_path *p)
{
	return atomic_load_explicit(&p->direct, memory_order_relaxed) == bp_carried;
}

/* Steps that a packet of the path takes at most; behind a hop three more: taken, edited, sent. */
static unsigned count_steps(const struct bp_path *p)
{
	unsigned n = 3;

	for (unsigned i = 0; p->chain && i < p->chain->n_edges; i++)
		n += p->chain->edges[i].txq->port->conf->is_hop ? 5 : 2;
	return n + (p->chain ? p->chain->n_steps : 0);
}

/* What a trace of the packets of a port would see. */
struct sight {
	unsigned n_paths, n_steps; /* that are traced; of the longest */
	uint64_t carried; /* in-ports, a bit each, whose packets are not seen */
};

static struct sight look_at(struct bp_engine *e, const char *port)
{
	struct sight sight = { 0 };

	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned k = 0; k < e->workers[i].n_paths; k++) {
			struct bp_path *p = &e->workers[i].paths[k];
			unsigned n_steps = count_steps(p);

			if (!is_wanted(p, port) || (port && p->rxq->port->conf->is_hop))
				continue;
			if (is_carried(p)) {
				sight.carried |= UINT64_C(1) << p->rxq->port->port_id;
				continue;
			}
			sight.n_paths++;
			sight.n_steps = n_steps > sight.n_steps ? n_steps : sight.n_steps;
		}
	return sight;
}

/* Give the paths a trace, or (NULL) take it from them. */
static void publish(struct bp_engine *e, struct bp_trace *t, const char *port)
{
	for (unsigned i = 0; i < e->conf->engine.n_workers; i++)
		for (unsigned k = 0; k < e->workers[i].n_paths; k++) {
			struct bp_path *p = &e->workers[i].paths[k];

			/* Release: the worker finds it filled in. */
			if (!t || is_wanted(p, port))
				atomic_store_explicit(&p->trace, is_carried(p) ? NULL : t,
						      memory_order_release);
		}
	bp_paths_bind_directs(e, NULL);
}

/* ---- making it --------------------------------------------------------------------------------- */

/* Zeros, each page of them there: a worker is not to wait for the kernel to make one. */
static void *make_pages(size_t n_bytes)
{
	void *pages;

	n_bytes = (n_bytes + BP_CACHE_LINE - 1) / BP_CACHE_LINE * BP_CACHE_LINE;
	pages = aligned_alloc(BP_CACHE_LINE, n_bytes);
	if (pages)
		memset(pages, 0, n_bytes);
	return pages;
}

void bp_trace_free(struct bp_trace *t)
{
	if (!t)
		return;
	if (t->control) {
		if (t->filter)
			t->control->free_filter(t->filter);
		free(t->control->filter_text);
		free(t->control->conf);
		free(t->control);
	}
	for (unsigned i = 0; i < BP_WORKERS_MAX; i++)
		free(t->scratch[i]);
	free(t->journeys);
	free(t->steps);
	free(t);
}

/* For what a filter looks at in several views. */
static bool make_scratch(struct bp_trace *t, unsigned n_workers)
{
	for (unsigned i = 0; i < n_workers; i++) {
		t->scratch[i] = make_pages(t->match_bytes + 1);
		if (!t->scratch[i])
			return false;
	}
	return true;
}

/* NULL: memory lacks. The filter is the caller's until the trace begins. */
static struct bp_trace *make(const struct bp_trace_ask *ask, const struct sight *sight,
			     unsigned n_workers)
{
	struct bp_trace *t = make_pages(sizeof(*t));
	size_t n_steps = (size_t)ask->n_pkts * sight->n_steps;

	if (!t)
		return NULL;
	t->n_wanted = ask->n_pkts;
	t->n_steps_each = sight->n_steps;
	t->n_steps_max = n_steps < BP_TRACE_STEPS_MAX ? (unsigned)n_steps : BP_TRACE_STEPS_MAX;
	t->journeys = make_pages(ask->n_pkts * sizeof(*t->journeys));
	t->steps = make_pages(t->n_steps_max * sizeof(*t->steps));
	t->control = calloc(1, sizeof(*t->control));
	if (t->control && ask->filter_text)
		t->control->filter_text = strdup(ask->filter_text);
	t->match_bytes = ask->match_bytes;
	if (t->journeys && t->steps && t->control &&
	    (t->control->filter_text || !ask->filter_text) &&
	    (!ask->filter || make_scratch(t, n_workers)))
		return t;
	bp_trace_free(t);
	return NULL;
}

/* ---- its life ---------------------------------------------------------------------------------- */

static int refuse_busy(const struct bp_trace *t, char *why, size_t why_bytes)
{
	const struct bp_trace_control *c = t->control;

	snprintf(
		why, why_bytes,
		"a trace runs already: of %u packets%s%s%s%.200s, %u of them seen: wait for it, or end it",
		t->n_wanted, c->port[0] ? " from port " : "", c->port,
		c->filter_text ? " that match " : "", c->filter_text ? c->filter_text : "",
		atomic_load_explicit(&((struct bp_trace *)(uintptr_t)t)->n_done,
				     memory_order_relaxed));
	return -EBUSY;
}

static int refuse_sight(const struct bp_engine *e, const struct bp_trace_ask *ask,
			const struct sight *sight, char *why, size_t why_bytes)
{
	size_t n;

	if (sight->carried) {
		snprintf(
			why, why_bytes,
			"%s%s: a driver carries its packets in the kernel, where no worker sees them: bypath show "
			"ledger has what they cost",
			ask->port ? "port " : "every port", ask->port ? ask->port : "");
		return -ENOTSUP;
	}
	n = (size_t)snprintf(why, why_bytes,
			     "found \"port\" '%.64s', allowed, since packets are received there:",
			     ask->port ? ask->port : "");
	for (unsigned i = 0; i < e->conf->n_ports && n < why_bytes; i++)
		if (e->conf->ports[i].out_ports && !e->conf->ports[i].is_hop)
			n += (size_t)snprintf(&why[n], why_bytes - n, " %s",
					      e->conf->ports[i].name);
	return -ENOENT;
}

int bp_trace_begin(struct bp_engine *e, const struct bp_trace_ask *ask, unsigned *id, char *why,
		   size_t why_bytes)
{
	struct sight sight = look_at(e, ask->port);
	struct bp_trace *t;

	if (e->is_stopped) {
		snprintf(why, why_bytes, "the run is about to end");
		return -ESHUTDOWN;
	}
	if (e->trace)
		return refuse_busy(e->trace, why, why_bytes);
	if (e->conf->memory.protect) {
		snprintf(
			why, why_bytes,
			"[memory] protect = yes takes away access to packets' bytes: a trace needs it: start "
			"with protect = no");
		return -EPERM;
	}
	if (!sight.n_paths)
		return refuse_sight(e, ask, &sight, why, why_bytes);
	t = make(ask, &sight, e->conf->engine.n_workers);
	if (!t) {
		snprintf(why, why_bytes, "memory lacks for %u packets", ask->n_pkts);
		return -ENOMEM;
	}
	t->filter = ask->filter;
	t->matches = ask->filter ? ask->matches : NULL;
	t->control->free_filter = ask->free_filter;
	t->control->id = ++e->n_traces;
	snprintf(t->control->port, sizeof(t->control->port), "%s", ask->port ? ask->port : "");
	t->control->carried = sight.carried;
	t->control->asked_ns = bp_clock_ns();
	e->trace = t;
	publish(e, t, ask->port);
	*id = t->control->id;
	return 0;
}

/* The workers let go of it, and it has what it needs to be told without them. false: one stands still, perhaps in it. */
static bool stop(struct bp_engine *e, struct bp_trace *t)
{
	struct bp_trace_control *c = t->control;
	struct timespec now;

	if (c->is_ended)
		return true;
	publish(e, NULL, NULL);
	if (bp_workers_settle(e, BP_SETTLE_MS) >= 0)
		return false;
	c->is_ended = true;
	clock_gettime(CLOCK_REALTIME, &now);
	c->end_cycles = bp_clock_cycles();
	c->end_real_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	c->conf = malloc(sizeof(*c->conf));
	if (c->conf)
		*c->conf = *e->conf;
	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (e->env.ports[i])
			c->infos[i] = e->env.ports[i]->info;
	for (unsigned i = 0; i < e->conf->n_functions; i++)
		c->functions[i] = e->functions[i].function;
	return true;
}

static void free_trace(void *trace)
{
	bp_trace_free(trace);
}

/* NULL: a worker that stands still may yet write into it; it is freed when that has gone on. */
static struct bp_trace *stop_or_retire(struct bp_engine *e)
{
	struct bp_trace *t = e->trace;

	if (stop(e, t))
		return t;
	e->trace = NULL;
	bp_retire(e, t, free_trace);
	return NULL;
}

static bool is_of(const struct bp_engine *e, unsigned id)
{
	return e->trace && e->trace->control->id == id;
}

int bp_trace_look(struct bp_engine *e, unsigned id, struct bp_trace_state *state)
{
	struct bp_trace *t = e->trace;
	unsigned n_taken;

	if (!is_of(e, id))
		return -ENOENT;
	t->control->asked_ns = bp_clock_ns();
	n_taken = atomic_load_explicit(&t->n_taken, memory_order_relaxed);
	if (n_taken > t->n_wanted)
		n_taken = t->n_wanted;
	state->n_wanted = t->n_wanted;
	state->n_seen = atomic_load_explicit(&t->n_done, memory_order_relaxed);
	state->is_over = t->control->is_ended || (bp_record_is_full(t) && state->n_seen == n_taken);
	return 0;
}

struct bp_trace *bp_trace_end(struct bp_engine *e, unsigned id)
{
	struct bp_trace *t;

	if (!is_of(e, id))
		return NULL;
	t = stop_or_retire(e);
	e->trace = NULL;
	return t;
}

void bp_trace_abort(struct bp_engine *e)
{
	if (!e->trace)
		return;
	e->trace->control->is_aborted = !e->trace->control->is_ended;
	(void)stop_or_retire(e);
}

void bp_trace_drop(struct bp_engine *e)
{
	if (e->trace)
		bp_trace_free(bp_trace_end(e, e->trace->control->id));
}

void bp_trace_tick(struct bp_engine *e)
{
	if (e->trace &&
	    bp_clock_ns() - e->trace->control->asked_ns > BP_TRACE_PATIENCE_MS * UINT64_C(1000000))
		bp_trace_drop(e);
}
