/* Functions: what a path does with packets between rx and tx. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTION_H
#define BYPATH_FUNCTION_H

#include "bypath/act.h"
#include "bypath/facts.h"
#include "bypath/pkt_edit.h"

#include <assert.h>

struct json_t;

/*
 * A function is src/functions/NAME.c with a `const struct bp_function bp_function_NAME`, and a row in that folder's
 * meson.build. It decides for each packet where it goes; the engine moves, copies and drops packets, and counts
 * them. A port is a bit: unicast, flood, mirror and drop are one rule.
 */

/* Goes on to the next function of the chain, or to the port that ends it. */
#define BP_OUT_NEXT (UINT64_C(1) << 63)
static_assert(BP_PORTS_MAX <= 62, "a port is a bit of out[]");

/* What a function may rely on, in bytes: these lie in the first view, or the whole packet does, or, where a driver
 * gives less, what it gave. Nobody reads beyond len. */
#define BP_FN_HEADER_BYTES 128u

#define BP_FN_REASONS_MAX 16u

/* Why packets are dropped: why[i] is its index. */
struct bp_fn_reason {
	const char *name; /* the word in every output; NULL ends a list */
	const char *meaning; /* half a sentence: "dropped: …" */
};

enum bp_fn_flag {
	BP_FN_PICKS = 1u << 0, /* decides on the port by itself: may be the last word of a chain */
	BP_FN_READS = 1u << 1, /* looks at the first bytes: the engine prefetches them */
};

/* One per (function, worker): that worker's alone, but for what state points to. */
struct bp_fn {
	void *state; /* shared by all workers: what open() made */
	void *local; /* this worker's: what enter() made */
	uint64_t now; /* bp_clock_cycles() at the burst's begin */
	uint16_t port_id; /* process: where the burst was received; egress: where it goes */
	uint16_t worker_id;
};

/*
 * pkts[n]: whole packets, 1 ≤ n ≤ BP_BURST_MAX; the engine's before and after. out[i] and why[i] are of the packet
 * whose first view is pkts[i]; those of later views are not looked at. All out[] are BP_OUT_NEXT before, all
 * why[] 0.
 *
 * out[i] becomes: BP_OUT_NEXT (goes on); ports, a bit each by port_id (goes there); both (those ports get a copy of the
 * packet as it is now, the packet goes on); 0 (dropped for reasons[why[i]]). Only ports that outs() named. egress: 0 or
 * BP_OUT_NEXT.
 *
 * May change the bytes of the first view, and where they begin by bp_pkt_push() and bp_pkt_pull(). Super-frames arrive
 * whole: bp_pkt_wire() has their length on the wire. Never frees, sends, blocks or keeps a view.
 * Within a flow the order stays. The worker only.
 */
typedef void (*bp_fn_burst)(struct bp_fn *fn, struct bp_pkt *pkts, unsigned n, uint64_t *out,
			    uint8_t *why);

/* Where ports are, for tick(). */
struct bp_fn_ports {
	unsigned n_ports;
	uint64_t has_link; /* a bit each: started, and with a link */
};

/* All but the bursts: control thread, may block; 0 or -errno (logged). NULL: nothing to do. */
struct bp_function_ops {
	/* Make the shared state from the function's values, which check() found right. */
	int (*open)(const struct bp_conf *conf, const struct bp_function_conf *fn, void **state);
	/* Undo it. No worker is inside, each has left. */
	void (*close)(void *state);
	/* fn->state and worker_id are set: make fn->local. Before the worker runs. */
	int (*enter)(struct bp_fn *fn);
	/* Undo it. The worker has ended. */
	void (*leave)(struct bp_fn *fn);
	/* Every 100 ms beside the workers: ageing, the loss of a link. Must be safe beside running bursts. */
	void (*tick)(void *state, const struct bp_fn_ports *ports, uint64_t now_ns);
	/* What it knows, as a JSON object (jansson) that becomes the caller's; also after the workers' end. Safe beside
	 * running bursts. NULL: no memory. */
	struct json_t *(*show)(const void *state);
	/* Are files that open() read others now, so that a reload is to open it anew? NULL: it read none. */
	bool (*is_stale)(const void *state);
	/* Has its table no place for what is new? Beside running bursts. NULL: it has no such table. */
	bool (*is_full)(const void *state);
	/* A driver has done as the function's act says to packets that no worker saw: so many of them were changed, went on as
	 * they were. Beside running bursts. */
	void (*carried)(void *state, uint64_t n_changed, uint64_t n_untouched);
	bp_fn_burst process; /* on the chain */
	/* Per out-port that process() chose, after copies were made, before what that port lacks is made up for. */
	bp_fn_burst egress;
};

/* All pointers are static. */
struct bp_function {
	const char *name; /* [function.NAME] type */
	const char *summary; /* one line */
	uint32_t flags; /* enum bp_fn_flag */
	const struct bp_key *keys; /* BP_KEY_OF_FN(); ends with name NULL */
	const struct bp_fn_reason
		*reasons; /* of its drops, at most BP_FN_REASONS_MAX; NULL: it drops nothing */
	const struct bp_function_ops *ops;
	/* Set: it changes bytes and nothing else, has no process and no state. A driver's direct burst may know it. */
	bp_edit_fn edit;
	/* All that it does, as an act, for drivers that carry packets by themselves: the act is zeroed, fn is right. Its reasons
	 * are in the order of enum bp_act_drop then. Pure. NULL: no act says it. */
	void (*as_act)(const struct bp_function_conf *fn, struct bp_act *act);
	/* The ports that it may put into out[] of packets from in_port, a bit each. Pure; fn is loaded, and may be wrong
	 * (then: what it can tell). NULL: none. */
	uint64_t (*outs)(const struct bp_conf *conf, const struct bp_function_conf *fn,
			 unsigned in_port);
	/* Its values against each other, ports and files: what is wrong is complained about. May read files.
	 * Control thread. NULL: nothing to check. */
	void (*check)(const struct bp_function_conf *fn, struct bp_check *check);
};

/* The functions that the build knows, ends with NULL: a generated table. */
extern const struct bp_function *const bp_function_table[];

/* The functions of the table that this build cannot do, ends with name NULL: generated beside it. Their check() refuses
 * them. */
struct bp_function_gap {
	const char *name;
	const char *why; /* half a sentence: "libpcap not found: install libpcap-dev" */
};
extern const struct bp_function_gap bp_function_gaps[];

/* A function by its type, or NULL. Pure; any thread. */
const struct bp_function *bp_function_find(const char *type);

/* Why this build cannot do the function of this type; NULL: it can, or there is none. Pure; any thread. */
const char *bp_function_missing(const char *type);

/* The ports whose chain names the function, a bit each. Pure; any thread. */
uint64_t bp_function_in_ports(const struct bp_conf *conf, const struct bp_function_conf *fn);

/* The index of the port of this name (n_chars of it), or BP_NO_PORT. Pure; any thread. */
int bp_function_port(const struct bp_conf *conf, const char *name, size_t n_chars);

/* What functions[function_id] of a configuration that is right does, as an act; false: no act says it. Pure; any thread. */
bool bp_function_act(const struct bp_conf *conf, unsigned function_id, struct bp_act *act);

/* A function's own struct, which BP_KEY_OF_FN() fills; a larger one than BP_FN_OWN_BYTES does not compile. */
#define BP_FN_OWN(type, fn) ((const type *)(const void *)(fn)->own)
#define BP_KEY_OF_FN(type, field)                                                  \
	.offset = offsetof(struct bp_function_conf, own) + offsetof(type, field) + \
		  0 * sizeof(char[sizeof(type) <= BP_FN_OWN_BYTES ? 1 : -1]),      \
	.size = sizeof(((type *)0)->field)

#endif
