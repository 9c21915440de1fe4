/* What `xdp_live` reports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_XDP_LIVE_DESCRIBE_H
#define BYPATH_DRIVER_XDP_LIVE_DESCRIBE_H

#include "bypath/facts.h"

enum live_counter { LIVE_SENT, LIVE_REFUSED };
extern const struct bp_counter_row xdp_live_counters[];

#endif
