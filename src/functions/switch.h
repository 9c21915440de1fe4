/* The state of a switch, between the bursts that use it and the control thread that ages and shows it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_SWITCH_H
#define BYPATH_FUNCTIONS_SWITCH_H

#include "functions/switch_ports.h"
#include "functions/switch_table.h"

#include "core/pace.h"

struct json_t;

/* Why frames are dropped. */
enum bp_switch_reason {
	BP_SWITCH_RUNT,
	BP_SWITCH_BAD_SOURCE,
	BP_SWITCH_RESERVED,
	BP_SWITCH_VID_4095,
	BP_SWITCH_VID_NOT_ALLOWED,
	BP_SWITCH_UNTAGGED,
	BP_SWITCH_NO_HEADROOM,
	BP_SWITCH_METADATA,
	BP_SWITCH_STORM,
	BP_SWITCH_SAME_PORT,
	BP_SWITCH_SPLIT_HORIZON,
	BP_SWITCH_NO_PORT,
	BP_SWITCH_N_REASONS,
};

/* What goes to every port; each class has its own limit. */
enum bp_switch_flood {
	BP_SWITCH_BROADCAST,
	BP_SWITCH_MULTICAST,
	BP_SWITCH_UNKNOWN,
	BP_SWITCH_N_FLOODS,
};

/* What a worker counts: learned[] by enum bp_fdb_learned. One writer; relaxed on both sides. */
struct bp_switch_counts {
	_Atomic uint64_t learned[BP_FDB_FULL + 1];
	_Atomic uint64_t floods[BP_SWITCH_N_FLOODS]; /* packets, not their copies */
	_Atomic uint64_t storms[BP_SWITCH_N_FLOODS]; /* dropped by the limit */
};

/* fn->local. Stays with the state when the worker ends. */
struct bp_switch_worker {
	struct bp_pace storm[BP_PORTS_MAX][BP_SWITCH_N_FLOODS];
	struct bp_switch_counts counts;
};

struct bp_switch {
	/* Fixed. */
	struct bp_fdb *fdb;
	uint32_t ageing_s;
	uint64_t storm_pps; /* 0: no limit */
	char name[BP_NAME_BYTES];
	char port_names[BP_PORTS_MAX][BP_NAME_BYTES];
	unsigned n_ports;
	struct bp_switch_ports ports;
	/* tick() writes, workers read once per burst. */
	alignas(BP_CACHE_LINE) _Atomic uint32_t now_s;
	_Atomic uint64_t has_link;
	/* A worker writes when an address has moved BP_FDB_LOOP_MOVES times in a second. */
	alignas(BP_CACHE_LINE) _Atomic uint64_t n_loops;
	_Atomic uint64_t loop_key;
	_Atomic uint32_t loop_ports; /* the port it came to, ×256: the one it came from */
	_Atomic uint32_t loop_s;
	/* The control thread writes; show() reads. */
	alignas(BP_CACHE_LINE) _Atomic uint64_t n_aged;
	_Atomic uint64_t n_flushed;
	_Atomic(struct bp_switch_worker *) workers[BP_WORKERS_MAX]; /* NULL: never entered */
	/* The control thread's alone. */
	uint64_t swept_ns; /* up to when addresses were aged, */
	uint32_t sweep_at; /* and which bucket is next */
	uint64_t n_loops_said, loop_said_ns;
};

/* A switch's address table and counts as a JSON object. Safe beside workers. NULL: no memory. */
struct json_t *bp_switch_show(const struct bp_switch *sw);

/* A MAC address, as a key has it. */
#define BP_SWITCH_MAC_TEXT    "%02x:%02x:%02x:%02x:%02x:%02x"
#define BP_SWITCH_MAC_ARGS(m) (m)[0], (m)[1], (m)[2], (m)[3], (m)[4], (m)[5]

#endif
