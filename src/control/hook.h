/* [alarm] on_event: a program that is run at each change of an alarm, beside everything else. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_HOOK_H
#define BYPATH_CONTROL_HOOK_H

#include "bypath/config.h"

#define BP_HOOK_EVENTS_MAX 64u /* that wait; what comes then is dropped, counted, logged */
#define BP_HOOK_LIMIT_MS   10000 /* of a program's run: then it is killed, with its process group */
#define BP_HOOK_GRACE_MS   500 /* for those that wait, and the one that runs, at the end */

struct bp_hook_event {
	char name[BP_NAME_BYTES]; /* BYPATH_EVENT: the alarm's kind */
	char subject[BP_NAME_BYTES]; /* BYPATH_SUBJECT; BYPATH_PORT as well, if it is a port */
	bool is_port, is_raised; /* BYPATH_STATE: raised or cleared */
	char text[256]; /* BYPATH_TEXT */
	char time[32]; /* BYPATH_TIME: RFC 3339, UTC */
};

struct bp_hook;

/*
 * Be ready to run a program, one run at a time, in the order of the events, in a thread of its own with all signals blocked,
 * and with the cores that the workers leave (bp_cpu_keep_off()). instance: BYPATH_INSTANCE. Of what it prints the first
 * line is logged as debug; a failure (it cannot be run, another code than 0, the limit) as a warning. Control
 * thread; does not block. A program that is not there is warned of, since it may come. 0; -EPERM: this process has rights
 * that its caller has not (logged); -errno (logged).
 */
int bp_hook_open(const char *program, const char *instance, struct bp_hook **events);

/* Does this process have no rights that its caller has not, so that bp_hook_open() may run programs? Any thread. */
bool bp_hook_is_allowed(void);

/* Can it be run by this process now? Any thread. 0, also of an empty text; -errno: why not. */
int bp_hook_look(const char *program);

/* Run another program from the next event on, none where the text is empty; those that wait are run by the one of their time.
 * Warned of as above. Control thread; does not block. */
void bp_hook_change(struct bp_hook *events, const char *program);

/* Hand over an event; where BP_HOOK_EVENTS_MAX wait it is dropped. Any thread; does not block. */
void bp_hook_put(struct bp_hook *events, const struct bp_hook_event *event);

/* Give those that wait BP_HOOK_GRACE_MS, kill what runs then. NULL does nothing. Control thread. */
void bp_hook_close(struct bp_hook *events);

#endif
