/* Expectations of the conformance tests, printed as TAP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_CHECK_H
#define BYPATH_TEST_CHECK_H

#include <stdbool.h>

/* Record one expectation of the running test; a failure prints a line "# FILE:LINE: TEXT". */
#define expect(ok, ...) check_expect(__FILE__, __LINE__, (ok), __VA_ARGS__)

bool check_expect(const char *file, int line, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The running test does not apply here: it counts as skipped unless an expectation failed. */
void check_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void check_plan(unsigned n_tests);
void check_begin(const char *name);
/* Print the result line of the test that check_begin() opened. */
void check_end(void);
/* Whether the running test has failed already: loops end early on it. */
bool check_failed(void);
/* Number of tests that failed so far. */
unsigned check_n_failed(void);

#endif
