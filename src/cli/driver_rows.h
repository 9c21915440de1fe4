/* The drivers of this build as rows of a document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_DRIVER_ROWS_H
#define BYPATH_CLI_DRIVER_ROWS_H

#include <jansson.h>
#include <stdbool.h>

/*
 * An array of {"name", "state", "reason", "summary"}: the "drivers" of bypath.drivers/1, and of what `bypath show build` asks
 * for. loads: modules are loaded to know whether they can be (control thread of a process that runs nothing); without,
 * their state is "module". reason is null where nothing is missing. A new reference, or NULL: memory lacks.
 */
json_t *bp_driver_rows(bool loads);

#endif
