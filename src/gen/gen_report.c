/* What the generator says of its last trial, and while one runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/gen.h"
#include "gen/internal.h"

#include "core/clock.h"

#include <stdio.h>
#include <string.h>

static uint64_t load(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)counter, memory_order_relaxed);
}

void bp_gen_live(const struct bp_gen *gen, struct bp_gen_live *live)
{
	*live = (struct bp_gen_live){ .elapsed_s = (double)(bp_clock_ns() - gen->begin_ns) / 1e9 };
	if (gen->by_role[BP_GEN_TX]) {
		live->n_offered = load(&gen->source.n_pkts);
		live->offered_bytes = load(&gen->source.n_bytes);
		live->n_dropped = bp_gen_tx_dropped(gen);
		live->n_missed = load(&gen->source.n_missed_cpu) + load(&gen->source.n_missed_full);
	}
	if (gen->sink) {
		live->n_received = load(&gen->sink->n_pkts);
		live->received_bytes = load(&gen->sink->n_bytes);
		live->n_once = load(&gen->sink->n_once);
		live->n_foreign = load(&gen->sink->n_foreign);
	}
}

/* n frames of the stream more were not sent: those that never came are not lost, then. */
static void take_unsent(struct bp_gen_stream_row *row, uint64_t n)
{
	row->n_unsent += n;
	row->n_sent -= n;
	row->n_lost = row->n_lost > n ? row->n_lost - n : 0;
}

/*
 * What the port dropped at once is known by stream. A loss that showed after its frame was counted as
 * sent is not: with one stream there is nothing to tell.
 */
static void read_unsent(const struct bp_gen *gen, struct bp_gen_report *r)
{
	uint64_t n_left = gen->result.n_unsent;

	for (unsigned i = 0; i < r->n_streams; i++) {
		uint64_t n = gen->streams[i].n_dropped;

		n = n < n_left ? n : n_left;
		take_unsent(&r->streams[i], n);
		n_left -= n;
	}
	if (r->n_streams == 1)
		take_unsent(&r->streams[0], n_left);
	r->is_unsent_known = r->n_streams == 1 || !n_left;
}

static void read_stream(const struct bp_gen *gen, unsigned i, struct bp_gen_stream_row *row)
{
	const struct bp_sink_stream *s = gen->sink ? gen->sink->streams[i] : NULL;
	bool has_tx = gen->by_role[BP_GEN_TX] != NULL;

	if (has_tx) {
		strcpy(row->name, gen->conf->streams[i].name);
		bp_encap_text(&gen->conf->streams[i], row->encap);
		row->n_sent = gen->streams[i].n_pkts;
	} else {
		snprintf(row->name, sizeof(row->name), "%u", i);
	}
	if (!s)
		return;
	row->n_received = s->n_received;
	row->n_bytes = s->n_bytes;
	row->n_once = s->n_once;
	row->n_lost = bp_sink_gaps(s);
	if (has_tx)
		row->n_lost = row->n_sent > s->n_once ? row->n_sent - s->n_once : 0;
	row->n_duplicate = s->n_duplicate;
	row->n_reordered = s->n_reordered;
	row->reorder_max = s->reorder_max;
	row->n_too_old = s->n_too_old;
	row->n_corrupt = s->n_corrupt;
	row->n_bad_time = s->n_bad_time;
	row->n_unchecked = s->n_unchecked;
	bp_latency_summarise(&s->latency, &row->latency);
}

static void read_streams(const struct bp_gen *gen, struct bp_gen_report *r)
{
	if (r->has_tx) {
		r->n_streams = r->has_replay ? 0 : gen->conf->n_streams;
		for (unsigned i = 0; i < r->n_streams; i++)
			read_stream(gen, i, &r->streams[i]);
		read_unsent(gen, r);
		return;
	}
	/* Only those that were seen. */
	for (unsigned i = 0; i < BP_STREAMS_MAX; i++)
		if (gen->sink->streams[i] && gen->sink->streams[i]->n_received)
			read_stream(gen, i, &r->streams[r->n_streams++]);
}

static void read_source(const struct bp_gen *gen, struct bp_gen_report *r)
{
	const struct bp_source *s = &gen->source;
	uint64_t n_pkts = load(&s->n_pkts);

	r->offered_bytes = load(&s->n_bytes);
	r->mean_frame_bytes = n_pkts ? (double)r->offered_bytes / (double)n_pkts : 0;
	r->n_missed_cpu = load(&s->n_missed_cpu);
	r->n_missed_full = load(&s->n_missed_full);
	r->n_no_frame = load(&s->n_no_frame);
}

static void read_sink(const struct bp_gen *gen, struct bp_gen_report *r)
{
	const struct bp_sink *s = gen->sink;

	r->received_bytes = load(&s->n_bytes);
	r->n_broken = s->n_broken;
	r->n_unknown = s->n_unknown;
	r->n_restarts = s->n_restarts;
	if (!r->has_tx && r->result.n_received)
		r->mean_frame_bytes = (double)r->received_bytes / (double)r->result.n_received;
}

const char *bp_gen_roles_name(const struct bp_gen_port_row *row)
{
	if (bp_gen_has_role(row, BP_GEN_REPLAY))
		return "replay";
	if (bp_gen_has_role(row, BP_GEN_MONITOR))
		return "monitor";
	if (!bp_gen_has_role(row, BP_GEN_TX))
		return "rx";
	return bp_gen_has_role(row, BP_GEN_RX) ? "tx, rx" : "tx";
}

void bp_gen_report(const struct bp_gen *gen, struct bp_gen_report *r)
{
	memset(r, 0, sizeof(*r));
	r->conf = gen->conf;
	r->request = gen->request;
	r->result = gen->result;
	r->has_tx = gen->by_role[BP_GEN_TX] != NULL;
	r->has_rx = gen->by_role[BP_GEN_RX] != NULL;
	r->has_replay = gen->by_role[BP_GEN_REPLAY] != NULL;
	r->is_loss_absolute = r->has_tx;
	r->n_workers = gen->n_workers;
	for (unsigned i = 0; i < gen->n_workers; i++)
		r->cores[i] = gen->workers[i].thread.core;
	for (unsigned i = 0; i < gen->n_workers; i++)
		r->n_preempted += load(&gen->workers[i].n_preempted);
	r->arena_page_bytes = gen->env.arena->page_bytes;
	r->arena_frames = gen->env.arena->n_frames;
	r->arena_frames_free = bp_frames_n_free(gen->env.frames);
	for (unsigned role = 0; role < BP_GEN_ROLES; role++) {
		struct bp_gen_port_row *row = &r->ports[r->n_ports];
		const struct bp_gen_port *p = gen->by_role[role];

		if (!p || (role == BP_GEN_RX && p == gen->by_role[BP_GEN_TX]))
			continue;
		bp_gen_read_port(p, row);
		row->roles = 1u << role;
		if (role == BP_GEN_TX && p == gen->by_role[BP_GEN_RX])
			row->roles |= 1u << BP_GEN_RX;
		for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
			r->n_tx_dropped += row->tx[id];
		r->n_ports++;
	}
	if (r->has_tx)
		read_source(gen, r);
	if (r->has_rx)
		read_sink(gen, r);
	read_streams(gen, r);
}
