/* What a fuzz target insists on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUZZ_DEMAND_H
#define BYPATH_FUZZ_DEMAND_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the process, with what should hold, unless it does. */
static inline void demand(bool is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	abort();
}

#endif
