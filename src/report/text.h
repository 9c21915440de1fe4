/* Reports as text: a line per second while a run goes on, tables at its end. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_TEXT_H
#define BYPATH_REPORT_TEXT_H

#include "bypath/report.h"

#include <stdio.h>

/* Bytes on the wire beside what a packet counts: preamble 7, SFD 1, FCS 4, gap 12 (IEEE 802.3). */
#define BP_WIRE_EXTRA_BYTES 24u

/*
 * Print all tables of a report. models: n_models values of src/ledger, one per port pair (the
 * kernel's copies; NULL, 0: shown as «-»). Any thread; blocks on out only.
 */
void bp_report_text(FILE *out, const struct bp_report *report, const struct bp_model_path *models,
		    unsigned n_models);

/*
 * Print what happened between two snapshots of one run: a line, or one per two paths where there
 * are more than two. Any thread; blocks on out only.
 */
void bp_report_live(FILE *out, const struct bp_report *prev, const struct bp_report *now);

/* The model for a port pair, or NULL. Pure. */
const struct bp_model_path *bp_report_model(const struct bp_model_path *models, unsigned n_models,
					    uint16_t in_port, uint16_t out_port);

/*
 * Packets that a path offered to its out-port: those received, super-frames as the packets that
 * were made of them. What costs per packet are divided by. Pure.
 */
uint64_t bp_report_path_out(const struct bp_report_path *path);

/* Can the path's time be split into user code with system calls? Not where a PMD makes calls that
 * are counted but whose time is not known. Pure. */
bool bp_report_path_has_split(const struct bp_report_path *path);

/* Sum of a queue's drop counters. Pure. */
uint64_t bp_report_drops(const uint64_t v[BP_CNT_N]);

#endif
