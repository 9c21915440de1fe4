/* The filter that a command asks an instance for. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_FILTER_ASK_H
#define BYPATH_CLI_FILTER_ASK_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Compile a filter (pcap-filter(7)) and put it into a request, with how it was written; "": nothing to do. Names of hosts in it
 * are looked up, which blocks. false: what is wrong with it is said on standard error.
 */
bool bp_cli_ask_filter(json_t *request, const char *text);

#endif
