/* Begins a schedule of packets at a rate. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pace.h"

void bp_pace_begin(struct bp_pace *pace, uint64_t rate_pps, unsigned burst, uint64_t hz,
		   uint64_t now)
{
	*pace = (struct bp_pace){ .rate_pps = rate_pps, .due_cycles = now };
	if (!rate_pps)
		return;
	pace->step_cycles = hz / rate_pps;
	pace->step_parts = hz % rate_pps;
	pace->catch_up_cycles = (uint64_t)((unsigned __int128)hz * burst / rate_pps);
}
