/* The table of functions: each works, or the build says why not. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/function.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_function_that_cannot_be_had_says_why(void **state)
{
	(void)state;
	for (const struct bp_function *const *f = bp_function_table; *f; f++) {
		bool works = (*f)->edit || ((*f)->ops && (*f)->ops->process);

		assert_ptr_equal(bp_function_find((*f)->name), *f);
		assert_true(works == !bp_function_missing((*f)->name));
	}
	assert_null(bp_function_missing("mirror"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_that_cannot_be_had_says_why),
		cmocka_unit_test(reasons_fit_their_counters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
