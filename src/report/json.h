/* Reports as JSON: schema `bypath.report/1`, described in docs/report.md. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_JSON_H
#define BYPATH_REPORT_JSON_H

#include "bypath/report.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Write a report to a file. The file at path is replaced as a whole or not at all; something that
 * is there but no regular file (/dev/stdout, a pipe) is written to directly.
 *
 * models   n_models values of src/ledger, one per port pair; NULL, 0: `modelled` becomes null
 *
 * Any thread; blocks on the file. Returns 0, or -errno (logged, with what to do).
 */
int bp_report_json(const struct bp_report *report, const struct bp_model_path *models,
		   size_t n_models, const char *path);

/* What bp_explain_predict() found, schema `bypath.explain/1`. 0, -ENOMEM or -EIO. */
int bp_report_json_explain(FILE *out, const char *file, const struct bp_conf *conf,
			   const struct bp_port_info *infos, const struct bp_model_path *paths,
			   size_t n_paths);

/* A driver of this build as `bypath drivers` shows it. */
struct bp_report_driver {
	const char *name;
	const char *state; /* "linked in", "module", "module fails", "left out" */
	const char *reason; /* why it cannot be used, or NULL */
	const char *summary; /* or NULL where it is not known */
};

/* Schema `bypath.drivers/1`. 0, -ENOMEM or -EIO. */
int bp_report_json_drivers(FILE *out, const struct bp_report_driver *drivers, size_t n_drivers);

#endif
