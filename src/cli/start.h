/* A start-up that can be interrupted although what it calls cannot. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_START_H
#define BYPATH_CLI_START_H

#include <pthread.h>
#include <stdbool.h>

/* Between begin and end; fields are start.c's. */
struct bp_cli_start {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_running, is_over;
};

/*
 * Take SIGINT and SIGTERM, which are blocked, while the caller opens what may block: a FIFO, EAL
 * waiting for another process. Such a signal gives the caller 1 s to come back to bp_cli_start_end(); then
 * it is logged and ends the process as if it had never been blocked, without a report: nothing was
 * forwarded yet, and what the kernel holds for us goes with us. Control thread; does not block. Without
 * a thread to be had (logged), signals wait for the end of the start-up.
 */
void bp_cli_start_begin(struct bp_cli_start *start);

/*
 * The run drains from here on. Another SIGINT ends the process at once, without a report, whatever the drain waits for;
 * one within 300 ms is the same, since timeout(1) sends it to the process and to its group. Control thread; does not
 * block. Without a thread to be had it waits for the end of the drain.
 */
void bp_cli_end_begin(void);

/* The start-up is over, well or not: a signal that came is pending again. Control thread. */
void bp_cli_start_end(struct bp_cli_start *start);

#endif
