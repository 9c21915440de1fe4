/* Traces: the journeys of the next packets that match, recorded by the workers that move them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_TRACE_H
#define BYPATH_ENGINE_TRACE_H

#include "bypath/function.h"
#include "bypath/port.h"

#include "core/capture.h"

#include <jansson.h>

struct bp_engine;

/* ---- what is told of a packet ------------------------------------------------------------------ */

#define BP_TRACE_PKTS_MAX   1000u
#define BP_TRACE_STEPS_MAX  16384u /* of all packets of a trace: what lies beyond is counted */
#define BP_TRACE_HEAD_BYTES BP_FN_HEADER_BYTES
#define BP_TRACE_EDIT_BYTES 32u
#define BP_TRACE_NO_ID      UINT8_MAX

/* n_old bytes at `at` became n_new others, as far as the first BP_TRACE_HEAD_BYTES tell; both 0: nothing changed. Of each
 * the first BP_TRACE_EDIT_BYTES are kept. */
struct bp_trace_edit {
	uint16_t at, n_old, n_new;
	uint8_t old_bytes[BP_TRACE_EDIT_BYTES], new_bytes[BP_TRACE_EDIT_BYTES];
};

enum bp_trace_kind {
	BP_TRACE_RX, /* taken from an RX queue: a journey's first step, and the first behind a hop */
	BP_TRACE_EDIT, /* changed without a decision: bp_path.edit */
	BP_TRACE_FUNCTION, /* a function's process() */
	BP_TRACE_TX, /* towards one out-port: copied, egress(), offloads, TX */
};

/* Cycles are bp_clock_cycles(). A step is one worker's. */
struct bp_trace_step {
	uint16_t journey; /* index of its packet */
	uint8_t kind; /* enum bp_trace_kind */
	uint8_t worker_id;
	uint8_t in_port_id; /* of the path */
	uint8_t port_id; /* RX: as in_port_id; TX: the out-port */
	uint8_t queue_port_id; /* TX: whose queue it is: the out-port, or a hop before it */
	uint8_t function_id; /* EDIT, FUNCTION: of conf->functions; TX: who chose the port. Else BP_TRACE_NO_ID */
	uint8_t why; /* FUNCTION, TX: the reason, where that function dropped it */
	uint8_t drop; /* TX: enum bp_cnt, where n_dropped is not 0 */
	bool is_dropped_leaving; /* TX: by egress() */
	bool is_followed; /* TX into a hop: what comes behind it is among the steps */
	uint16_t queue_id; /* RX, TX */
	uint16_t n_burst; /* RX: packets of the burst that it came with, itself among them */
	uint32_t n_bytes; /* RX, TX: of the packet; TX: before the offloads */
	uint64_t begin, end; /* RX: of the burst */
	uint64_t out; /* FUNCTION: the decision, as bp_fn_burst has it */
	/* What the TX queue counted between begin and end; RX: n_copies of the packet alone. */
	uint32_t n_sent, n_copies, n_copy_bytes, n_calls, n_csums, n_supers, n_segments, n_replicas,
		n_dropped;
	uint32_t n_held; /* TX: packets of this queue that the other side had at the end */
	uint64_t call_cycles;
	struct bp_trace_edit edit; /* EDIT, FUNCTION; TX: by egress() */
};
static_assert(BP_PORTS_MAX < BP_TRACE_NO_ID && BP_FUNCTIONS_MAX < BP_TRACE_NO_ID, "ids are bytes");

/* A packet as it was received. */
struct bp_journey {
	uint32_t n_bytes; /* of all its views */
	uint16_t n_views, n_head; /* n_head: of head[] */
	bool has_meta;
	struct bp_vnet_hdr meta;
	uint8_t head[BP_TRACE_HEAD_BYTES];
	/* Workers that are not done with it: who received it, and one for each hop that it lies in. */
	_Atomic uint32_t n_open;
	_Atomic uint32_t n_lost; /* steps that there was no room for */
};

/* ---- asking for it ----------------------------------------------------------------------------- */

struct bp_trace_ask {
	unsigned n_pkts; /* 1 … BP_TRACE_PKTS_MAX */
	const char *port; /* packets that are received there; NULL: anywhere */
	const char *filter_text; /* as it was written, for who asks what is going on; NULL: none */
	void *filter; /* NULL: all packets match; else the trace's, if it begins: free_filter() */
	bp_capture_match_fn matches; /* of packets as received; several threads at once */
	uint32_t match_bytes; /* matches() looks at no byte further on; ≤ BP_PCAPNG_SNAP_MAX */
	void (*free_filter)(void *filter);
};

/* A trace whose client has not asked for so long is ended. */
#define BP_TRACE_PATIENCE_MS 5000u

/*
 * Let the workers record the next packets that match, while they go their way by the same code, in their order. One trace at
 * a time. Direct bursts go by views meanwhile. Paths that a driver carries have no packets that anybody here sees: they
 * are left out, and bp_trace_document() names them.
 *
 * Control thread; does not block. 0 with *id; -EBUSY: another one runs; -ENOENT: no such port, or nothing is received there;
 * -ENOTSUP: all its paths are carried; -EPERM: [memory] protect; -ENOMEM; -ESHUTDOWN: the run ends. why is a sentence then,
 * ask->filter the caller's.
 */
int bp_trace_begin(struct bp_engine *e, const struct bp_trace_ask *ask, unsigned *id, char *why,
		   size_t why_bytes);

struct bp_trace_state {
	unsigned n_seen, n_wanted; /* packets whose journeys are told to their ends; asked for */
	bool is_over; /* it takes no more: all are seen, or no room is left, or it was aborted */
};

/* How far the trace of this id is; renews its patience. Control thread; does not block. 0; -ENOENT: there is none, any more. */
int bp_trace_look(struct bp_engine *e, unsigned id, struct bp_trace_state *state);

struct bp_trace;

/* End the trace of this id; the workers have let go of it when this returns. Control thread; waits for a round of each worker,
 * 100 ms at most. What it recorded, the caller's: bp_trace_free(); NULL: there is none of this id, or a worker stands still and
 * may be in it, so that it is given up. */
struct bp_trace *bp_trace_end(struct bp_engine *e, unsigned id);

/* End a trace that nobody asks for any more. Control thread, every 100 ms. */
void bp_trace_tick(struct bp_engine *e);

/* Take whatever trace there is from the workers, before paths or ports are changed: its client finds what it has seen until then.
 * Control thread; waits as bp_trace_end(). */
void bp_trace_abort(struct bp_engine *e);
/* Forget it. Control thread. */
void bp_trace_drop(struct bp_engine *e);

void bp_trace_free(struct bp_trace *t);

/*
 * What an ended trace recorded: bypath.trace/1, without what the model says of copies (bp_ledger_add_trace(), for the ports of
 * bp_trace_conf() and bp_trace_infos(), which are the trace's). It has copies of all that it needs: any thread. A new reference,
 * NULL when memory lacks.
 */
json_t *bp_trace_document(const struct bp_trace *t);
const struct bp_conf *bp_trace_conf(const struct bp_trace *t);
const struct bp_port_info *bp_trace_infos(const struct bp_trace *t);

#endif
