/* The generator's report for people and for programs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_GEN_PRINT_H
#define BYPATH_CLI_GEN_PRINT_H

#include "gen/gen.h"

#include <jansson.h>
#include <stdio.h>

/* All tables of a report; at most 120 columns. */
void bp_gen_print_text(FILE *out, const struct bp_gen_report *report);

/* What happened between two looks at one trial: a line. */
void bp_gen_print_live(FILE *out, const struct bp_gen_live *prev, const struct bp_gen_live *now);

/* Schema `bypath.gen/1`, described in docs/gen.md. A new reference, NULL when memory lacks. */
json_t *bp_gen_print_json(const struct bp_gen_report *report);

#endif
