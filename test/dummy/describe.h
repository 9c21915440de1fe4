/* What a configuration says of a port of `dummy`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_DUMMY_DESCRIBE_H
#define BYPATH_DRIVER_DUMMY_DESCRIBE_H

#include "bypath/facts.h"

enum dummy_mode { DUMMY_ZEROS, DUMMY_ONES };

struct dummy_conf {
	enum dummy_mode mode;
	uint32_t frame_bytes; /* length of the frames it makes */
};

/* The one counter that it reports. */
extern const struct bp_counter_row dummy_counters[];

static inline const struct dummy_conf *dummy_conf(const struct bp_port_conf *port)
{
	return BP_OWN_CONST(struct dummy_conf, port);
}

#endif
