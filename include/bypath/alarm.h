/* What an operator is to be told of: kinds of alarms, each of subjects, raised and cleared. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_ALARM_H
#define BYPATH_ALARM_H

#include <stdbool.h>

/* The word in every output, and what it says of its subject. */
// clang-format off
#define BP_ALARMS(ROW) \
	ROW(BP_ALARM_PORT_DOWN, "port_down", "the port has no link, its device is gone, or it is set down") \
	ROW(BP_ALARM_WORKER_STALLED, "worker_stalled", "the worker has made no round for more than a second") \
	ROW(BP_ALARM_DROPS, "drops", "the port drops more than [alarm] drops allows") \
	ROW(BP_ALARM_UNACCOUNTED, "unaccounted", "packets are neither sent, dropped nor held: a fault of bypath") \
	ROW(BP_ALARM_TABLE_FULL, "table_full", "the function's table is full") \
	ROW(BP_ALARM_RELOAD_REFUSED, "reload_refused", "a new configuration was asked for and refused")
// clang-format on

#define BP_ALARM_ID(id, ...) id,
enum bp_alarm { BP_ALARMS(BP_ALARM_ID) BP_ALARM_N };
#undef BP_ALARM_ID

/*
 * Takes what is so now of one alarm of one subject (the name of a port or function, the number of a worker; "": the run),
 * again and again; text, a sentence: read when it is raised. Control thread.
 */
typedef void (*bp_alarm_fn)(void *ctx, enum bp_alarm alarm, const char *subject, bool is_raised,
			    const char *text);

#endif
