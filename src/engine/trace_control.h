/* What the control thread knows of a trace. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ENGINE_TRACE_CONTROL_H
#define BYPATH_ENGINE_TRACE_CONTROL_H

#include "bypath/function.h"

struct bp_trace_control {
	unsigned id;
	char port[BP_NAME_BYTES]; /* "": any */
	char *filter_text; /* NULL: none */
	void (*free_filter)(void *filter);
	uint64_t carried; /* in-ports whose packets it does not see, a bit each */
	uint64_t asked_ns; /* when its client was heard last */
	bool is_aborted; /* by what changes paths, not by who asked for it */
	bool is_ended; /* no worker has it; what follows is filled in */
	uint64_t end_cycles, end_real_ns; /* the same moment; CLOCK_REALTIME */
	struct bp_conf *conf; /* a copy; NULL: memory lacked */
	struct bp_port_info infos[BP_PORTS_MAX];
	const struct bp_function *functions[BP_FUNCTIONS_MAX]; /* as conf->functions */
};

#endif
