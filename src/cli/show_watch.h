/* Redraws what a running instance does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_SHOW_WATCH_H
#define BYPATH_CLI_SHOW_WATCH_H

#include <stdbool.h>

/*
 * Until SIGINT, SIGTERM or the reader of standard output ends it: a screen every interval_s on a terminal, redrawn in
 * place and cut to its size; elsewhere one text behind the other, or (is_json) one bypath.watch/1 a line. An instance
 * that has ended is waited for. n: screens to draw, 0 for no bound. Control thread. An exit code.
 */
int bp_show_watch(const char *name, double interval_s, unsigned n, bool is_json);

#endif
