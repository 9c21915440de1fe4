/* What a configuration says of a port of `null`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_NULL_DESCRIBE_H
#define BYPATH_DRIVER_NULL_DESCRIBE_H

#include "bypath/facts.h"

struct null_conf {
	uint64_t rate_pps; /* packets per second, 0 unlimited */
	uint64_t count; /* stop after so many packets, 0 never */
	uint32_t frame_bytes; /* length of the frames it makes, 14..9000 */
};

static inline const struct null_conf *null_conf(const struct bp_port_conf *port)
{
	return BP_OWN_CONST(struct null_conf, port);
}

#endif
