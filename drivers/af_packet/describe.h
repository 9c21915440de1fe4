/* What a configuration says of a port of `af_packet`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_AF_PACKET_DESCRIBE_H
#define BYPATH_DRIVER_AF_PACKET_DESCRIBE_H

#include "bypath/facts.h"

enum af_packet_mode { AF_PACKET_MMAP, AF_PACKET_SOCKET };
enum af_packet_tx_way { AF_PACKET_TX_AUTO, AF_PACKET_TX_RING, AF_PACKET_TX_SEND };

struct af_packet_conf {
	enum af_packet_mode mode;
	enum af_packet_tx_way tx; /* AF_PACKET_MMAP */
	enum bp_tristate qdisc_bypass;
};

/* PACKET_STATISTICS. */
extern const struct bp_counter_row af_packet_counters[];

static inline const struct af_packet_conf *af_packet_conf(const struct bp_port_conf *port)
{
	return BP_OWN_CONST(struct af_packet_conf, port);
}

#endif
