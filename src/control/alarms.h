/* The alarms of a run: which are raised, since when; who is told when one changes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_ALARMS_H
#define BYPATH_CONTROL_ALARMS_H

#include "bypath/alarm.h"
#include "bypath/config.h"

#include <jansson.h>

struct bp_hook;

#define BP_ALARMS_MAX       256u /* a port, worker, function each: more than a configuration can have */
#define BP_ALARM_TEXT_BYTES 256u

struct bp_alarm_row {
	enum bp_alarm alarm;
	char subject[BP_NAME_BYTES];
	bool is_raised;
	uint64_t said_ns; /* bp_clock_ns() of the last time */
	uint64_t n_raised; /* times since the start */
	uint64_t changed_ns; /* CLOCK_REALTIME of the last change; 0: none yet */
	char text
		[BP_ALARM_TEXT_BYTES]; /* when it was raised; of ports, reloads: what is wrong now */
};

/* The control thread's. Zeros but for events: none are known yet. */
struct bp_alarms {
	struct bp_hook *events; /* a program to be run at each change, or NULL */
	unsigned n;
	struct bp_alarm_row rows[BP_ALARMS_MAX];
};

/*
 * Say how it is: a change is logged (but a port's link, which the engine has logged), counted, handed to events. Nothing
 * blocks. bp_alarm_fn: ctx is a struct bp_alarms. Control thread.
 */
void bp_alarms_set(void *alarms, enum bp_alarm alarm, const char *subject, bool is_raised,
		   const char *text);

/* What nobody has spoken of for 5 s is over: its port, worker or function is no more. Not of reloads, which are said once.
 * Control thread, now and then. */
void bp_alarms_expire(struct bp_alarms *alarms);

/* [{"alarm", "meaning", "subject", "raised", "times", "changed", "text"}, …]; a new reference or NULL. Control thread. */
json_t *bp_alarms_document(const struct bp_alarms *alarms);

#endif
