/* The conformance suite: one rig per run, every test of the port contract on it, TAP on stdout. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"
#include "tests.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TEST_SECONDS 60u /* a test that takes longer hangs */

static const struct rig *const rig_tables[] = { rigs_process, rigs_net, rigs_file, rigs_dpdk };
static const struct test *const test_tables[] = { tests_life,     tests_ownership, tests_sizes,
						  tests_counters, tests_metadata,  tests_direct,
						  tests_refused };

static const struct rig *find_rig(const char *name)
{
	for (unsigned i = 0; i < sizeof(rig_tables) / sizeof(rig_tables[0]); i++)
		for (const struct rig *rig = rig_tables[i]; rig->name; rig++)
			if (!strcmp(rig->name, name))
				return rig;
	return NULL;
}

static void on_alarm(int signal)
{
	static const char text[] = "Bail out! a test hangs: a call that never blocks blocked\n";

	(void)signal;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

static void run_test(const struct rig *rig, const struct test *test)
{
	static struct world w;

	check_begin(test->name);
	alarm(TEST_SECONDS);
	if ((rig->flags & test->needs) != test->needs || (rig->flags & test->bars)) {
		check_skip("not for this rig");
	} else if (world_open(&w, rig)) {
		test->run(&w);
		world_close(&w);
	}
	alarm(0);
	check_end();
}

static unsigned for_each_test(const struct rig *rig, const char *only)
{
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(test_tables) / sizeof(test_tables[0]); i++)
		for (const struct test *test = test_tables[i]; test->name; test++) {
			if (only && strcmp(test->name, only))
				continue;
			n++;
			if (rig)
				run_test(rig, test);
		}
	return n;
}

static int skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return 0;
}

/* The rig's driver must be in this build. */
static bool has_driver(const struct rig *rig, char *why, size_t why_bytes)
{
	const char *reason = NULL;

	if (bp_driver_find(rig->driver, &reason))
		return true;
	snprintf(why, why_bytes, "driver %s: %s", rig->driver, reason);
	return false;
}

int main(int argc, char **argv)
{
	const struct rig *rig = argc > 1 ? find_rig(argv[1]) : NULL;
	const char *only = argc > 2 ? argv[2] : NULL;
	char why[256] = "";
	int err = 0;

	if (!rig) {
		fprintf(stderr, "usage: conformance RIG [TEST]\nrigs:\n");
		for (unsigned i = 0; i < sizeof(rig_tables) / sizeof(rig_tables[0]); i++)
			for (rig = rig_tables[i]; rig->name; rig++)
				fprintf(stderr, "  %s\n", rig->name);
		return 2;
	}
	if ((rig->flags & RIG_ROOT) && geteuid() != 0)
		return skip_all("not root: the rig needs interfaces of its own");
	if (!has_driver(rig, why, sizeof(why)))
		return skip_all(why);
	signal(SIGALRM, on_alarm);
	if (rig->setup)
		err = rig->setup(rig, why, sizeof(why));
	if (err == 77)
		return skip_all(why);
	if (err) {
		printf("Bail out! set-up of rig %s: %s: %s\n", rig->name, why, strerror(-err));
		return 1;
	}
	check_plan(for_each_test(NULL, only));
	for_each_test(rig, only);
	if (rig->teardown)
		rig->teardown(rig);
	return check_n_failed() ? 1 : 0;
}
