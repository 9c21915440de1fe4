/* What `tap` reports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_TAP_DESCRIBE_H
#define BYPATH_DRIVER_TAP_DESCRIBE_H

#include "bypath/facts.h"

/* In the kernel's words: what it sends to the tap, the port receives. */
enum tap_counter { TAP_TO_US_DROPPED, TAP_FROM_US_DROPPED };
extern const struct bp_counter_row tap_counters[];

#endif
