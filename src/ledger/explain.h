/* What packets of a configuration, or of a run, will cost: the model of every path. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_EXPLAIN_H
#define BYPATH_LEDGER_EXPLAIN_H

#include "bypath/config.h"
#include "bypath/facts.h"
#include "bypath/port.h"
#include "bypath/report.h"

/* Predict what start() would put into a port's info, without opening the port: bp_facts.predict of its driver,
 * or the default of that. Never fails; blocks on the kernel only. */
void bp_predict_port(const struct bp_port_conf *conf, const struct bp_port_conf *to,
		     struct bp_port_info *info);

/*
 * Predict every port of conf and every path between them, without opening any.
 *
 * infos    conf->n_ports values are written, in the order of conf->ports
 * paths    room for n_ports × n_ports values; those of an in-port stand together
 *
 * Returns the number of paths: one for each port that packets of a port may go to. Blocks on the kernel only.
 */
unsigned bp_explain_predict(const struct bp_conf *conf, struct bp_port_info *infos,
			    struct bp_model_path *paths);

/*
 * The model for every port pair that a report knows, by the effective modes that it reports.
 * paths: room for n_ports × n_ports values. Returns their number. Blocks on the kernel only (a PMD's
 * interface is looked up).
 */
unsigned bp_explain_report(const struct bp_report *report, struct bp_model_path *paths);

/*
 * Of these models no more than how often the kernel copies a packet: n_ports × n_ports values, by in-port; of each, by
 * out-port. 0 to UINT8_MAX: not modelled, or no path. Blocks likewise.
 */
void bp_explain_kernel_copies(const struct bp_report *report, struct bp_copies *copies);

struct bp_model_end;

/* The ends of running ports, for bp_explain_pair(): infos in the order of conf->ports, as many ends. Blocks on the kernel. */
void bp_explain_ends(const struct bp_conf *conf, const struct bp_port_info *infos,
		     struct bp_model_end *ends);

/* The model of in → out. Pure. */
void bp_explain_pair(const struct bp_model_end *ends, unsigned in_port, unsigned out_port,
		     struct bp_model_path *path);

/* What the engine may have to do with a path's payload, as docs/offload.md has it: a sentence, static; NULL:
 * nothing. infos: what was predicted. Pure. */
const char *bp_explain_offload(const struct bp_conf *conf, const struct bp_port_info *infos,
			       const struct bp_model_path *path);

#endif
