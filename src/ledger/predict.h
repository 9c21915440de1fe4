/* Predicts a port's effective mode from its configuration, without opening it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_PREDICT_H
#define BYPATH_LEDGER_PREDICT_H

#include "bypath/port.h"

struct bp_device;

struct bp_prediction {
	struct bp_port_info info; /* mode, device_driver, kind, mtu; note says what it rests on */
	enum bp_device_kind below; /* as struct bp_model_end wants it */
};

/* Needs no privilege. Any thread; blocks on the kernel only. Never fails. */
void bp_predict_port(const struct bp_port_conf *conf, struct bp_prediction *prediction);

/*
 * The part for af_xdp, given what is known of the device: mode, and note with the reason. strict and
 * a mode that is not to be had: the mode is that without strict, the note says that a run refuses.
 * Pure. A device that does not exist leaves the note alone.
 */
void bp_predict_af_xdp(const struct bp_port_conf *conf, const struct bp_device *device,
		       struct bp_prediction *prediction);

#endif
