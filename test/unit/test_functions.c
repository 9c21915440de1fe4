/* The table of functions: each is in the build, or the build says why not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_function_is_there_or_says_why_not(void **state)
{
	static const char *const names[] = { "macswap", "mirror", "filter" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(!bp_function_find(names[i]) == !!bp_function_missing(names[i]));
	assert_non_null(bp_function_find("mirror"));
	assert_null(bp_function_find("filtre"));
	assert_null(bp_function_missing("filtre"));
}

static void reasons_fit_their_counters(void **state)
{
	(void)state;
	for (const struct bp_function *const *f = bp_function_table; *f; f++) {
		unsigned n = 0;

		while ((*f)->reasons && (*f)->reasons[n].name)
			n++;
		assert_true(n <= BP_FN_REASONS_MAX);
	}
}

static void a_function_edits_or_processes(void **state)
{
	(void)state;
	for (const struct bp_function *const *f = bp_function_table; *f; f++)
		assert_true(!(*f)->edit == ((*f)->ops && (*f)->ops->process));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_is_there_or_says_why_not),
		cmocka_unit_test(reasons_fit_their_counters),
		cmocka_unit_test(a_function_edits_or_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
