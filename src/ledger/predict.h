/* Predicts a port's effective mode from its configuration, without opening it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_PREDICT_H
#define BYPATH_LEDGER_PREDICT_H

#include "bypath/facts.h"

/* bp_facts.predict of the port's driver, or its default. Never fails. */
void bp_predict_port(const struct bp_port_conf *conf, struct bp_port_info *info);

#endif
