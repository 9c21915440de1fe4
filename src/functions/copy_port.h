/* The port that a function sends copies to, and whether it may. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_COPY_PORT_H
#define BYPATH_FUNCTIONS_COPY_PORT_H

#include "bypath/function.h"

#define BP_COPY_PORT_WHY_BYTES 320u

/*
 * The index of the port of this name (n_chars of it, which need no end), to which packets of fn's chains are to be
 * copied. fn: one of conf->functions. BP_NO_PORT, with the reason in why: there is no such port; it is one of those
 * that the packets come from; it is the end of one of the chains, where each would be sent twice. Pure; any thread.
 */
int bp_copy_port(const struct bp_conf *conf, const struct bp_function_conf *fn, const char *name,
		 size_t n_chars, char why[BP_COPY_PORT_WHY_BYTES]);

#endif
