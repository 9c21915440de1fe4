/* The alarms of a run: which are raised, since when; who is told when one changes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/alarms.h"

#include "control/hook.h"

#include "bypath/log.h"

#include "core/clock.h"
#include "core/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FORGOTTEN_NS 5000000000u

struct kind {
	const char *name, *meaning;
	enum bp_log_level level; /* that a raised one is logged with */
	bool is_renewed; /* while it is raised the cause may become another: its text is of the last time */
};

static const struct kind kinds[BP_ALARM_N] = {
#define ROW(id, name_, meaning_)       \
	[id] = { .name = name_,        \
		 .meaning = meaning_,  \
		 .level = BP_LOG_WARN, \
		 .is_renewed = (id) == BP_ALARM_RELOAD_REFUSED || (id) == BP_ALARM_PORT_DOWN },
	BP_ALARMS(ROW)
#undef ROW
};

/* The row of a subject that nobody speaks of any more: names come and go. */
static struct bp_alarm_row *find_forgotten(struct bp_alarms *alarms)
{
	uint64_t now_ns = bp_clock_ns();

	for (unsigned i = 0; i < alarms->n; i++)
		if (!alarms->rows[i].is_raised && now_ns - alarms->rows[i].said_ns > FORGOTTEN_NS)
			return &alarms->rows[i];
	return NULL;
}

static struct bp_alarm_row *find_row(struct bp_alarms *alarms, enum bp_alarm alarm,
				     const char *subject)
{
	struct bp_alarm_row *row;

	for (unsigned i = 0; i < alarms->n; i++) {
		row = &alarms->rows[i];
		if (row->alarm == alarm && !strcmp(row->subject, subject))
			return row;
	}
	row = alarms->n < BP_ALARMS_MAX ? &alarms->rows[alarms->n++] : find_forgotten(alarms);
	if (!row)
		return NULL;
	*row = (struct bp_alarm_row){ .n_raised = 0 };
	row->alarm = alarm;
	snprintf(row->subject, sizeof(row->subject), "%s", subject);
	return row;
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* As RFC 3339 has it, in UTC, with milliseconds. */
static const char *time_text(uint64_t ns, char text[32])
{
	time_t s = (time_t)(ns / 1000000000u);
	struct tm tm;
	size_t len;

	gmtime_r(&s, &tm);
	len = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, 32 - len, ".%03uZ", (unsigned)(ns / 1000000u % 1000u));
	return text;
}

static void log_change(const struct bp_alarm_row *row)
{
	const struct kind *kind = &kinds[row->alarm];
	const struct bp_log_field fields[] = { { "event", "alarm", 0 },
					       { "alarm", kind->name, 0 },
					       { "state", row->is_raised ? "raised" : "cleared",
						 0 },
					       { "subject", row->subject, 0 },
					       { NULL, NULL, 0 } };

	if (row->alarm == BP_ALARM_PORT_DOWN)
		return; /* note_link() (engine/watch.c) has said it, with the device */
	if (row->is_raised)
		bp_log_with(kind->level, fields, "alarm %s: %s", kind->name, row->text);
	else
		bp_log_with(BP_LOG_INFO, fields, "alarm %s is over: %s", kind->name, row->text);
}

static void tell(const struct bp_alarms *alarms, const struct bp_alarm_row *row)
{
	struct bp_hook_event event = { .is_raised = row->is_raised,
				       .is_port = row->alarm == BP_ALARM_PORT_DOWN ||
						  row->alarm == BP_ALARM_DROPS };

	if (!alarms->events)
		return;
	snprintf(event.name, sizeof(event.name), "%s", kinds[row->alarm].name);
	snprintf(event.subject, sizeof(event.subject), "%s", row->subject);
	snprintf(event.text, sizeof(event.text), "%s", row->text);
	time_text(row->changed_ns, event.time);
	bp_hook_put(alarms->events, &event);
}

void bp_alarms_set(void *ctx, enum bp_alarm alarm, const char *subject, bool is_raised,
		   const char *text)
{
	struct bp_alarms *alarms = ctx;
	struct bp_alarm_row *row = find_row(alarms, alarm, subject);

	if (row)
		row->said_ns = bp_clock_ns();
	if (row && is_raised && (!row->is_raised || kinds[alarm].is_renewed))
		snprintf(row->text, sizeof(row->text), "%s", text);
	if (!row || row->is_raised == is_raised)
		return;
	row->is_raised = is_raised;
	row->n_raised += is_raised;
	row->changed_ns = wall_ns();
	log_change(row);
	tell(alarms, row);
}

void bp_alarms_expire(struct bp_alarms *alarms)
{
	uint64_t now_ns = bp_clock_ns();

	for (unsigned i = 0; i < alarms->n; i++) {
		struct bp_alarm_row *row = &alarms->rows[i];

		if (row->is_raised && row->alarm != BP_ALARM_RELOAD_REFUSED &&
		    now_ns - row->said_ns > FORGOTTEN_NS)
			bp_alarms_set(alarms, row->alarm, row->subject, false, "");
	}
}

json_t *bp_alarms_document(const struct bp_alarms *alarms)
{
	json_t *rows = json_array();
	char text[32];

	for (unsigned i = 0; i < alarms->n; i++) {
		const struct bp_alarm_row *row = &alarms->rows[i];
		const char *changed = row->changed_ns ? time_text(row->changed_ns, text) : NULL;

		json_array_append_new(rows,
				      json_pack("{s:s, s:s, s:s, s:b, s:o, s:s?, s:o}", "alarm",
						kinds[row->alarm].name, "meaning",
						kinds[row->alarm].meaning, "subject", row->subject,
						"raised", (int)row->is_raised, "times",
						bp_json_count(row->n_raised), "changed", changed,
						"text", bp_json_text(changed ? row->text : NULL)));
	}
	return rows;
}
