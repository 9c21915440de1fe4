/* Lists of words in messages end with whole words. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void words_stand_in_their_order(void **state)
{
	char list[64] = "";

	(void)state;
	bp_list_add(list, sizeof(list), ", ", "wan");
	assert_string_equal(list, "wan");
	bp_list_add(list, sizeof(list), ", ", "lan");
	assert_string_equal(list, "wan, lan");
}

/* p1 is another port than p10: in lists of every length each word is one of those that were given, or the end. */
static void no_word_is_cut(void **state)
{
	(void)state;
	for (size_t n_bytes = 4; n_bytes <= 64; n_bytes++) {
		char list[64] = "", *word, *rest = list;
		unsigned n = 0;

		for (unsigned i = 10; i < 30; i++) {
			char name[8];

			snprintf(name, sizeof(name), "p%u", i);
			bp_list_add(list, n_bytes, ", ", name);
			assert_true(strlen(list) < n_bytes);
		}
		for (; (word = strsep(&rest, ",")); n++) {
			char name[8];

			snprintf(name, sizeof(name), "%sp%u", n ? " " : "", n + 10);
			if (rest)
				assert_string_equal(word, name);
			else
				assert_string_equal(word, n ? " …" : "…");
		}
	}
}

/* Words may be lists themselves, whose end is not this one's. */
static void a_word_that_was_cut_is_no_end(void **state)
{
	char list[64] = "";

	(void)state;
	bp_list_add(list, sizeof(list), "\n", "allowed: p1, …");
	bp_list_add(list, sizeof(list), "\n", "and more");
	assert_string_equal(list, "allowed: p1, …\nand more");
	bp_list_add(list, 30, "\n", "without room");
	bp_list_add(list, 30, "\n", "x");
	assert_string_equal(list, "allowed: p1, …\nand more\n…");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_stand_in_their_order),
		cmocka_unit_test(no_word_is_cut),
		cmocka_unit_test(a_word_that_was_cut_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
