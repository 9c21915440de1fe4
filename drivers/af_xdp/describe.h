/* What a configuration says of a port of `af_xdp`, and the words for its modes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_AF_XDP_DESCRIBE_H
#define BYPATH_DRIVER_AF_XDP_DESCRIBE_H

#include "bypath/facts.h"

#include "core/device.h"

/* From the best to the one that every device has. A port may ask for one of them, or for the best that is to
 * be had. */
enum af_xdp_mode { AF_XDP_ZEROCOPY, AF_XDP_COPY, AF_XDP_SKB, AF_XDP_N_MODES, AF_XDP_AUTO };

struct af_xdp_conf {
	enum af_xdp_mode mode;
	bool strict; /* refuse to start when the mode got is not the mode asked for */
	uint32_t busy_poll_us; /* SO_BUSY_POLL budget time, 0 off */
};

/* Of struct xdp_statistics. */
enum af_xdp_counter {
	AF_XDP_RX_DROPPED,
	AF_XDP_RX_RING_FULL,
	AF_XDP_FILL_RING_EMPTY,
	AF_XDP_RX_INVALID,
	AF_XDP_TX_INVALID,
};
extern const struct bp_counter_row af_xdp_counters[];

static inline const struct af_xdp_conf *af_xdp_conf(const struct bp_port_conf *port)
{
	return BP_OWN_CONST(struct af_xdp_conf, port);
}

/* The first mode to try. Pure. */
static inline enum af_xdp_mode af_xdp_first_mode(const struct af_xdp_conf *conf)
{
	return conf->mode == AF_XDP_AUTO ? AF_XDP_ZEROCOPY : conf->mode;
}

/* May it go on to the next mode when one is not to be had? Pure. */
static inline bool af_xdp_may_fall_back(const struct af_xdp_conf *conf)
{
	return conf->mode == AF_XDP_AUTO || !conf->strict;
}

/* The word of the configuration ("zerocopy"), the one of reports ("native-zerocopy"). Static. Pure. */
const char *af_xdp_mode_key(enum af_xdp_mode mode);
const char *af_xdp_mode_name(enum af_xdp_mode mode);

/*
 * bp_facts.predict, given what is known of the device: mode, and note with the reason. strict and a mode that is
 * not to be had: the mode is that without strict, the note says that a run refuses. Pure. A device that does not
 * exist leaves the note alone.
 */
void af_xdp_predict_mode(const struct bp_port_conf *port, const struct bp_device *device,
			 struct bp_port_info *info);

#endif
