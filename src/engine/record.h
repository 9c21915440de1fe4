/* What workers record of a packet that is traced: hooks of the packet path, each behind one test of a pointer. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_RECORD_H
#define BYPATH_ENGINE_RECORD_H

#include "engine/chain.h"
#include "engine/trace.h"

/* Packets in hops that are followed, at a time: of others the journey ends at the hop. */
#define BP_TRACE_HOPS_MAX 64u

/* A packet that lies in a hop, or is about to: TX queue i of it feeds RX queue i, in order. */
struct bp_trace_hop {
	/* Port, queue, and how many packets that queue had taken before it. 0: free; 1: being filled in. */
	_Atomic uint64_t key;
	_Atomic uint16_t journey;
};

/*
 * All but the atomics is fixed while workers have it. These take journeys, steps and places in hops by counting up; what
 * they fill in is read when they have let go of the trace.
 */
struct bp_trace {
	bp_capture_match_fn matches;
	void *filter;
	uint32_t match_bytes; /* of a packet, that it looks at */
	uint8_t *scratch[BP_WORKERS_MAX]; /* match_bytes of each worker; NULL: no filter */
	unsigned n_wanted, n_steps_max;
	unsigned n_steps_each; /* that one packet may take at most */
	struct bp_journey *journeys; /* n_wanted */
	struct bp_trace_step *steps; /* n_steps_max */
	struct bp_trace_hop hops[BP_TRACE_HOPS_MAX];
	alignas(BP_CACHE_LINE) _Atomic uint32_t n_taken; /* journeys; may count beyond n_wanted */
	_Atomic uint32_t n_steps; /* likewise */
	_Atomic uint32_t n_done; /* journeys without anybody who is not done with it */
	_Atomic uint32_t n_in_hops;
	/* The control thread's. */
	struct bp_trace_control *control;
};

/* One packet on one path, while it goes there alone: on its worker's stack. */
struct bp_record {
	struct bp_trace *trace;
	struct bp_path *path;
	uint16_t journey;
	uint8_t worker_id;
	struct bp_trace_step *sending; /* under way; NULL: none, or there was no room */
	struct bp_edge *edge; /* of that */
	struct bp_trace_hop *hop; /* that it goes into; NULL: none */
	uint64_t before[BP_CNT_N]; /* of the edge's queue, at its begin */
	uint64_t
		chosen; /* ports that function_id chose and that nothing was sent to yet, a bit each */
	uint8_t function_id; /* the last one */
	uint32_t n_bytes; /* of the packet, as it left the last function */
	uint16_t n_head; /* likewise */
	uint8_t head[BP_TRACE_HEAD_BYTES];
};

/* A burst of whole packets from the path's RX queue, all that it was given at once. */
struct bp_trace_burst {
	struct bp_path *path;
	struct bp_pkt *pkts;
	unsigned n; /* views, ≥ 1 */
	uint64_t begin; /* cycles, before it was asked for */
	/* Move whole packets along the path, behind its edit: chain or edge. They are its own. */
	void (*forward)(struct bp_path *path, const void *ctx, struct bp_pkt *pkts, unsigned n,
			uint64_t *now);
	const void *ctx;
};

/*
 * Move a burst along its path: edit, then forward; a packet that is to be traced goes by itself, those before and behind it
 * as they stand. *now is the cycle count behind rx, then at the end. Its worker.
 */
void bp_record_burst(struct bp_trace *t, const struct bp_trace_burst *b, uint64_t *now);

/* Does it take no more packets: all that it wants, or no room is left for the steps of another? Any thread. */
bool bp_record_is_full(struct bp_trace *t);

/* The hooks: of the packet that goes alone. Its worker. */

/* A function has decided. */
void bp_record_function(struct bp_record *r, const struct bp_step *s, uint64_t end,
			const struct bp_pkt *pkts, unsigned n, uint64_t out, uint8_t why);
/* Something of it goes to this edge. */
void bp_record_send(struct bp_record *r, struct bp_edge *e, uint64_t begin);
/* A function's egress() has run on it: out as that left it. */
void bp_record_leave(struct bp_record *r, const struct bp_pkt *pkts, unsigned n, uint64_t out,
		     uint8_t why);
/* The edge is done with it. */
void bp_record_sent(struct bp_record *r, uint64_t end);

#endif
