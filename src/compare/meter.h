/* Rates that interfaces count while somebody else sends. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_METER_H
#define BYPATH_COMPARE_METER_H

#include "compare/run.h"

/* If a larger share of the load than this is forwarded, the load was the limit. */
#define BP_CMP_BOUND_SHARE 0.98

/* Packets per second in the middle of a trial. */
struct bp_cmp_rates {
	double offered, forwarded;
};

/*
 * Offered is what arrived at the interface before the forwarder, its own missed ones included; forwarded is what
 * the far end of the wire behind it received, or what a named port sent. Both block, end early when the
 * comparison is stopped (-EINTR) and when the forwarder dies or an interface cannot be asked (the row has ended).
 */

/* Wait until packets pass. 0, or the row has ended. */
int bp_cmp_meter_flow(struct bp_cmp_run *run);

/* One trial, made again while it is disturbed (BP_CMP_TRIES): the least disturbed one, its share is the row's. */
int bp_cmp_meter_trial(struct bp_cmp_run *run, struct bp_cmp_rates *rates);

/* Packets that the far interface of the wires has received since it was made. 0 or -errno. */
int bp_cmp_meter_far(const struct bp_cmp_run *run, uint64_t *n);

#endif
