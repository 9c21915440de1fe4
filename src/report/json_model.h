/* Figures as JSON values, shared by all that writes JSON. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_JSON_MODEL_H
#define BYPATH_REPORT_JSON_MODEL_H

#include "bypath/ledger.h"
#include "bypath/port.h"

#include "core/offcore.h"

#include <jansson.h>

/* All return a new reference, NULL when memory lacks. Any thread. */

/* A counter: an integer, or a real above what JSON readers take as one. */
json_t *bp_json_count(uint64_t n);
/* numerator / denominator, null where the denominator is not above 0. */
json_t *bp_json_ratio(double numerator, double denominator);
/* A text of any bytes; what is no UTF-8 in it is '?'. NULL is null. */
json_t *bp_json_text(const char *text);
/* {"share": …, "cause": …}: how much of the time a thread was off its core. */
json_t *bp_json_off(double share, enum bp_off_cause cause);
/* {"lo": …, "hi": …} */
json_t *bp_json_copies(struct bp_copies copies);
/* Sum of a model's user copies of one provenance. */
struct bp_copies bp_json_user_copies(const struct bp_model_path *model, enum bp_provenance prov);
/* {"kernel_copies": …, "library_copies": …, "crossings": …}; null if model is NULL or unknown. */
json_t *bp_json_modelled(const struct bp_model_path *model);
/* The array of hops; empty if model is NULL. */
json_t *bp_json_hops(const struct bp_model_path *model);
/* {"name": …, "driver": …, "mode": …, …}: what is known of a port beside its counters. */
json_t *bp_json_port(const struct bp_port_conf *conf, const struct bp_port_info *info);
/* What kernel, device or PMD publish of a port: `reported[]`. */
json_t *bp_json_reported(const struct bp_reported *reported, unsigned n);

/*
 * Write root to a file, as bp_report_json() does, then let go of it; NULL is -ENOMEM. Any thread;
 * blocks on the file. 0, or -errno (logged).
 */
int bp_json_write(json_t *root, const char *path);

#endif
