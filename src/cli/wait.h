/* Waits, at the start of a run, for devices: for those that are not there yet, or not free yet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_WAIT_H
#define BYPATH_CLI_WAIT_H

#include "bypath/config.h"

#include <stdbool.h>

/*
 * Until no device of conf's ports is held by a process that is ending already: kill -9 returns before the devices are free.
 * Opens nothing. SIGINT and SIGTERM, which the caller has blocked, end it and are not pending any more; others stay so.
 * Control thread; blocks, 5 s at most. 0, also where it has not ended by then: the locks say so; -EINTR (logged).
 */
int bp_cli_wait_for_end(const struct bp_conf *conf);

/*
 * [engine] wait: until each interface and PCI device that the ports of conf open is there, looked for every 100 ms. Opens
 * nothing. Signals as above. Control thread; blocks. 0: all are there, or wait is 0, when the ports say what is missing;
 * -ETIMEDOUT (logged, with what is missing); -EINTR (logged).
 */
int bp_cli_wait(const struct bp_conf *conf);

/*
 * Between two tries to take what one that was killed a moment ago may have still, whose process cannot be told (an address, a
 * name): rests a while. tries: begins at 0. false: for long enough, whoever has it goes on. Control thread, at the start.
 */
bool bp_cli_may_be_left(unsigned *tries);

#endif
