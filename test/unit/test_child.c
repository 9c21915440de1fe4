/* A child's end as its parent sees it: its pipe closes first, its status comes later. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Closes the pipe it was given, lives for another tenth of a second, and dies by a signal. */
static int let_go_then_die(void *ctx)
{
	const int *fds = ctx;

	close(fds[0]);
	close(fds[1]);
	usleep(100000);
	raise(SIGKILL);
	return 0;
}

static int live(void *ctx)
{
	(void)ctx;
	pause();
	return 0;
}

static int set_up(void **state)
{
	char *folder = strdup("/tmp/bypath-child-XXXXXX");

	assert_non_null(folder);
	assert_non_null(mkdtemp(folder));
	*state = folder;
	return 0;
}

static int tear_down(void **state)
{
	char *folder = *state, log[64];

	snprintf(log, sizeof(log), "%s/child.log", folder);
	unlink(log);
	rmdir(folder);
	free(folder);
	return 0;
}

static void a_child_whose_pipe_has_closed_is_given_the_time_to_end(void **state)
{
	char how[96], byte;
	struct bp_child child;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(bp_child_start(&(struct bp_child_conf){ .netns = -1,
								 .folder = *state,
								 .name = "child",
								 .main = let_go_then_die,
								 .ctx = fds },
					&child),
			 0);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	assert_false(bp_child_lives_on(&child, 20));
	bp_child_describe(&child, how, sizeof(how));
	assert_string_equal(how, "was killed by signal 9 (Killed)");
}

static void a_child_that_lives_on_is_not_waited_for_longer(void **state)
{
	struct bp_child child;

	assert_int_equal(bp_child_start(&(struct bp_child_conf){ .netns = -1,
								 .folder = *state,
								 .name = "child",
								 .main = live },
					&child),
			 0);
	assert_true(bp_child_lives_on(&child, 0.05));
	assert_int_equal(bp_child_stop(&child, SIGKILL, 20), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_child_whose_pipe_has_closed_is_given_the_time_to_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_child_that_lives_on_is_not_waited_for_longer,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
