/* The final tables that say what each path cost. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_REPORT_TEXT_COST_H
#define BYPATH_REPORT_TEXT_COST_H

#include "bypath/report.h"

#include <stdio.h>

/* The tables of paths and the conservation law; arguments as bp_report_text(). */
void bp_report_text_cost(FILE *out, const struct bp_report *report,
			 const struct bp_model_path *models, unsigned n_models);

#endif
