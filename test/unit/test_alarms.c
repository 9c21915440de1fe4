/* Alarms change once however often they are said; a program that is told of them holds nobody. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "control/alarms.h"
#include "control/hook.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- what is raised ------------------------------------------------------------------------------- */

static const json_t *row_of(const json_t *rows, const char *alarm, const char *subject)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strcmp(bp_json_text_at(row, "alarm"), alarm) &&
		    !strcmp(json_string_value(json_object_get(row, "subject")), subject))
			return row;
	return NULL;
}

static void a_change_counts_once_however_often_it_is_said(void **state)
{
	struct bp_alarms *alarms = calloc(1, sizeof(*alarms));
	const json_t *row;
	json_t *rows;

	(void)state;
	for (int n = 0; n < 3; n++) {
		bp_alarms_set(alarms, BP_ALARM_DROPS, "wan", false, "");
		bp_alarms_set(alarms, BP_ALARM_DROPS, "lan", true, "lan drops");
		bp_alarms_set(alarms, BP_ALARM_PORT_DOWN, "lan", false, "");
	}
	rows = bp_alarms_document(alarms);
	assert_int_equal(json_array_size(rows), 3);
	row = row_of(rows, "drops", "lan");
	assert_true(json_is_true(json_object_get(row, "raised")));
	assert_int_equal(json_integer_value(json_object_get(row, "times")), 1);
	assert_string_equal(bp_json_text_at(row, "text"), "lan drops");
	row = row_of(rows, "drops", "wan");
	assert_true(json_is_false(json_object_get(row, "raised")));
	assert_true(json_is_null(json_object_get(row, "changed")));
	json_decref(rows);
	bp_alarms_set(alarms, BP_ALARM_DROPS, "lan", false, "");
	bp_alarms_set(alarms, BP_ALARM_DROPS, "lan", true, "again");
	rows = bp_alarms_document(alarms);
	row = row_of(rows, "drops", "lan");
	assert_int_equal(json_integer_value(json_object_get(row, "times")), 2);
	assert_string_equal(bp_json_text_at(row, "text"), "again");
	json_decref(rows);
	free(alarms);
}

/* A second refusal is no second alarm, but what the operator has to mend is another thing. */
static void what_is_wrong_now_is_said_not_what_was_first(void **state)
{
	struct bp_alarms *alarms = calloc(1, sizeof(*alarms));
	const json_t *row;
	json_t *rows;

	(void)state;
	bp_alarms_set(alarms, BP_ALARM_RELOAD_REFUSED, "", true, "line 18");
	bp_alarms_set(alarms, BP_ALARM_RELOAD_REFUSED, "", true, "line 20");
	bp_alarms_set(alarms, BP_ALARM_PORT_DOWN, "lan", true, "set down");
	bp_alarms_set(alarms, BP_ALARM_PORT_DOWN, "lan", true, "no link");
	/* Over its limit at first; the looks in which it calms down say less. */
	bp_alarms_set(alarms, BP_ALARM_DROPS, "lan", true, "2000 packets/s");
	bp_alarms_set(alarms, BP_ALARM_DROPS, "lan", true, "0 packets/s");
	rows = bp_alarms_document(alarms);
	row = row_of(rows, "reload_refused", "");
	assert_string_equal(bp_json_text_at(row, "text"), "line 20");
	assert_int_equal(json_integer_value(json_object_get(row, "times")), 1);
	assert_string_equal(bp_json_text_at(row_of(rows, "port_down", "lan"), "text"), "no link");
	assert_string_equal(bp_json_text_at(row_of(rows, "drops", "lan"), "text"),
			    "2000 packets/s");
	json_decref(rows);
	free(alarms);
}

/* More subjects than there is room for are left out, and the others stay right. */
static void more_than_there_is_room_for_harm_nobody(void **state)
{
	struct bp_alarms *alarms = calloc(1, sizeof(*alarms));
	char subject[16];
	json_t *rows;

	(void)state;
	for (unsigned i = 0; i < BP_ALARMS_MAX + 10; i++) {
		snprintf(subject, sizeof(subject), "p%u", i);
		bp_alarms_set(alarms, BP_ALARM_PORT_DOWN, subject, true, "gone");
	}
	rows = bp_alarms_document(alarms);
	assert_int_equal(json_array_size(rows), BP_ALARMS_MAX);
	assert_non_null(row_of(rows, "port_down", "p255"));
	json_decref(rows);
	free(alarms);
}

/* ---- who is told ---------------------------------------------------------------------------------- */

static char folder[] = "/tmp/bypath-alarms-XXXXXX";

static void path_of(const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", folder, name);
}

static void write_program(const char *text, char path[128])
{
	FILE *f;

	path_of("program", path);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncd %s\n%s\n", folder, text);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static unsigned count_lines(const char *name)
{
	char path[128];
	unsigned n = 0;
	FILE *f;

	path_of(name, path);
	f = fopen(path, "r");
	for (int c; f && (c = fgetc(f)) != EOF;)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

static void wait_for_lines(const char *name, unsigned n)
{
	const struct timespec nap = { .tv_nsec = 10000000 };

	for (unsigned i = 0; count_lines(name) < n; i++) {
		assert_true(i < 6000);
		nanosleep(&nap, NULL);
	}
}

static void put(struct bp_hook *events, unsigned number)
{
	struct bp_hook_event event = {
		.name = "drops", .is_port = true, .is_raised = true, .time = "now"
	};

	snprintf(event.subject, sizeof(event.subject), "p%u", number);
	bp_hook_put(events, &event);
}

/* The first runs, as many as there is room for wait, the others are dropped; in their order. */
static void a_flood_is_bounded_and_keeps_its_order(void **state)
{
	struct bp_hook *events;
	char program[128], go[128], path[128], line[64];
	unsigned n, last = 0, number;
	FILE *f;

	(void)state;
	write_program("echo run >>begun\nwhile [ ! -e go ]; do sleep 0.02; done\n"
		      "echo \"$BYPATH_PORT\" >>ended",
		      program);
	assert_int_equal(bp_hook_open(program, "test", &events), 0);
	put(events, 0);
	wait_for_lines("begun", 1);
	for (unsigned i = 1; i < 200; i++)
		put(events, i);
	path_of("go", go);
	f = fopen(go, "w");
	assert_non_null(f);
	fclose(f);
	wait_for_lines("ended", 1 + BP_HOOK_EVENTS_MAX);
	bp_hook_close(events);
	assert_int_equal(count_lines("ended"), 1 + BP_HOOK_EVENTS_MAX);
	path_of("ended", path);
	f = fopen(path, "r");
	for (n = 0; fgets(line, sizeof(line), f); n++) {
		assert_int_equal(sscanf(line, "p%u", &number), 1);
		assert_true(!n || number == last + 1);
		last = number;
	}
	fclose(f);
}

static void the_end_waits_for_no_program(void **state)
{
	struct bp_hook *events;
	char program[128];
	time_t begin = time(NULL);

	(void)state;
	write_program("trap '' TERM\necho run >>hangs\nsleep 600", program);
	assert_int_equal(bp_hook_open(program, "test", &events), 0);
	for (unsigned i = 0; i < 10; i++)
		put(events, i);
	wait_for_lines("hangs", 1);
	bp_hook_close(events);
	assert_true(time(NULL) - begin < 60);
	assert_int_equal(count_lines("hangs"), 1);
}

static void a_program_that_is_not_there_is_passed_over(void **state)
{
	struct bp_hook *events;

	(void)state;
	assert_int_equal(bp_hook_open("/nonexistent/program", "test", &events), 0);
	for (unsigned i = 0; i < 100; i++)
		put(events, i);
	bp_hook_close(events);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "program", "go", "begun", "ended", "hangs" };
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(names[i], path);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_counts_once_however_often_it_is_said),
		cmocka_unit_test(what_is_wrong_now_is_said_not_what_was_first),
		cmocka_unit_test(more_than_there_is_room_for_harm_nobody),
		cmocka_unit_test(a_flood_is_bounded_and_keeps_its_order),
		cmocka_unit_test(the_end_waits_for_no_program),
		cmocka_unit_test(a_program_that_is_not_there_is_passed_over),
	};

	return cmocka_run_group_tests_name("alarms", tests, make_folder, remove_folder);
}
