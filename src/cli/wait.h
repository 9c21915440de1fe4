/* Waits, at the start of a run, for devices that are not there yet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_WAIT_H
#define BYPATH_CLI_WAIT_H

#include "bypath/config.h"

#include <signal.h>

/*
 * [engine] wait: until each interface and PCI device that the ports of conf open is there, looked for every 100 ms. Opens
 * nothing. signals: blocked, those that the caller waits for; SIGINT and SIGTERM end it and are not pending any more, others
 * are passed over. Control thread; blocks. 0: all are there, or wait is 0, when the ports say what is missing;
 * -ETIMEDOUT (logged, with what is missing); -EINTR (logged).
 */
int bp_cli_wait(const struct bp_conf *conf, const sigset_t *signals);

#endif
