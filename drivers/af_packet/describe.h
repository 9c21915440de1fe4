/* What a configuration says of a port of `af_packet`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_AF_PACKET_DESCRIBE_H
#define BYPATH_DRIVER_AF_PACKET_DESCRIBE_H

#include "bypath/facts.h"

enum afp_mode { AFP_MMAP, AFP_SOCKET };
enum afp_tx_way { AFP_TX_AUTO, AFP_TX_RING, AFP_TX_SEND };

struct afp_conf {
	enum afp_mode mode;
	enum afp_tx_way tx; /* AFP_MMAP */
	enum bp_tristate qdisc_bypass;
};

/* PACKET_STATISTICS. */
extern const struct bp_counter_row afp_counters[];

static inline const struct afp_conf *afp_conf(const struct bp_port_conf *port)
{
	return BP_OWN_CONST(struct afp_conf, port);
}

#endif
