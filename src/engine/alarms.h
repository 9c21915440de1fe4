/* What of an engine an operator is to be told of: looked at now and then, said each time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_ALARMS_H
#define BYPATH_ENGINE_ALARMS_H

#include "bypath/alarm.h"
#include "bypath/config.h"

#include <stdint.h>

struct bp_engine;

/* A worker whose count of rounds stands still. */
struct bp_stall {
	uint64_t n_loops, still_ns; /* 0: it does not */
	uint64_t run_ns; /* that its thread had run when it began to */
};

struct bp_drop_watch {
	uint64_t n; /* drops at the last look */
	unsigned n_over; /* looks until it counts as over; 0: it is below the rate */
};

/* What the looks before found; the control thread's. Zeros at the start. */
struct bp_alarm_watch {
	uint64_t looked_ns, rated_ns;
	struct bp_stall stalls[BP_WORKERS_MAX];
	struct bp_drop_watch drops[BP_PORTS_MAX];
	uint64_t moved; /* packets in all, when conservation was looked at last */
	unsigned n_askew; /* looks that found more unaccounted for than can be under way */
};

/*
 * Say how it is with each alarm of each port, worker and function, the run's too; rates and tables once a second. Workers
 * may run. Beside bp_engine_tick(). Control thread; does not block.
 */
void bp_engine_alarms(struct bp_engine *engine, bp_alarm_fn fn, void *ctx);

#endif
