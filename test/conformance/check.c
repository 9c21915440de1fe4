/* Test results in the TAP format that meson reads. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>

#define LINES_PER_TEST 12u

static struct {
	const char *name;
	unsigned n_tests;
	unsigned n_bad;
	unsigned n_failed;
	char skip[160];
} run;

bool check_expect(const char *file, int line, bool ok, const char *fmt, ...)
{
	va_list args;

	if (ok)
		return true;
	if (run.n_bad++ < LINES_PER_TEST) {
		printf("# %s:%d: ", file, line);
		va_start(args, fmt);
		vprintf(fmt, args);
		va_end(args);
		printf("\n");
		fflush(stdout);
	}
	return false;
}

void check_skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(run.skip, sizeof(run.skip), fmt, args);
	va_end(args);
}

void check_plan(unsigned n_tests)
{
	printf("1..%u\n", n_tests);
	fflush(stdout);
}

void check_begin(const char *name)
{
	run.name = name;
	run.n_bad = 0;
	run.skip[0] = '\0';
	run.n_tests++;
}

void check_end(void)
{
	if (run.n_bad) {
		run.n_failed++;
		printf("# %u expectations failed\n", run.n_bad);
	}
	printf("%s %u - %s", run.n_bad ? "not ok" : "ok", run.n_tests, run.name);
	if (!run.n_bad && run.skip[0])
		printf(" # SKIP %s", run.skip);
	printf("\n");
	fflush(stdout);
}

bool check_failed(void)
{
	return run.n_bad > 0;
}

unsigned check_n_failed(void)
{
	return run.n_failed;
}
