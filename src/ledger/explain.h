/* Draws the model of every path as text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_EXPLAIN_H
#define BYPATH_LEDGER_EXPLAIN_H

#include "bypath/config.h"
#include "bypath/ledger.h"
#include "bypath/port.h"
#include "bypath/report.h"

#include <stdio.h>

/*
 * Predict every port of conf and every path between them, without opening any.
 *
 * infos    conf->n_ports values are written, in the order of conf->ports
 * paths    room for conf->n_ports values
 *
 * Returns the number of paths: one per port whose packets are forwarded. Blocks on the kernel only.
 */
unsigned bp_explain_predict(const struct bp_conf *conf, struct bp_port_info *infos,
			    struct bp_model_path *paths);

/*
 * The model for every port pair that a report knows, by the effective modes that it reports.
 * paths: room for BP_PORTS_MAX values. Returns their number. Blocks on the kernel only (a PMD's
 * interface is looked up).
 */
unsigned bp_explain_report(const struct bp_report *report, struct bp_model_path *paths);

/* Print what bp_explain_predict() found, in 100 columns. file: the configuration's name. */
void bp_explain_text(FILE *out, const char *file, const struct bp_conf *conf,
		     const struct bp_port_info *infos, const struct bp_model_path *paths,
		     unsigned n_paths);

/* '1', '0–1', into text of 16 bytes. Pure. */
void bp_explain_copies(struct bp_copies copies, char *text);

#endif
