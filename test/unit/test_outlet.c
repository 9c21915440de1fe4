/* A bounded buffer before a reader that stops reading. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/clock.h"
#include "core/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PIPE_BYTES 4096

struct bed {
	int fds[2];
	struct bp_outlet *outlet;
};

static size_t make_note(char note[BP_OUTLET_NOTE_BYTES], uint64_t n_lines)
{
	return (size_t)snprintf(note, BP_OUTLET_NOTE_BYTES, "the log: %llu lines are missing\n",
				(unsigned long long)n_lines);
}

static int set_up(void **state)
{
	static const struct bp_outlet_sink sink = { .note = make_note };
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_int_equal(pipe2(bed->fds, O_CLOEXEC), 0);
	assert_true(fcntl(bed->fds[1], F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES);
	assert_int_equal(bp_outlet_open(bed->fds[1], 1024, &sink, &bed->outlet), 0);
	*state = bed;
	return 0;
}

static int tear_down(void **state)
{
	struct bed *bed = *state;

	bp_outlet_close(bed->outlet);
	close(bed->fds[0]);
	/* The other end stays open: the thread may be in its write() still, and nobody is told when it is not. */
	free(bed);
	return 0;
}

static void fill_pipe(struct bed *bed)
{
	char page[PIPE_BYTES] = "";

	assert_int_equal(write(bed->fds[1], page, sizeof(page)), sizeof(page));
}

static void empty_pipe(struct bed *bed)
{
	char page[PIPE_BYTES];

	assert_int_equal(read(bed->fds[0], page, sizeof(page)), sizeof(page));
}

/* Lines '0\n', '1\n' …; returns how many were taken. */
static unsigned put_lines(struct bed *bed, unsigned first, unsigned n)
{
	unsigned n_taken = 0;

	for (unsigned i = first; i < first + n; i++) {
		char line[32];
		int len = snprintf(line, sizeof(line), "%u\n", i);

		n_taken += bp_outlet_put(bed->outlet, line, (size_t)len);
	}
	return n_taken;
}

/* Read until the line that is text. Each number follows the last one, but behind a note that names how many are
 * missing. Returns the lines said to be. */
static unsigned read_until(struct bed *bed, const char *text)
{
	FILE *in = fdopen(dup(bed->fds[0]), "r");
	unsigned next = 0, n_missing = 0;
	char line[256];

	setvbuf(in, NULL, _IONBF, 0);
	while (fgets(line, sizeof(line), in) && strcmp(line, text)) {
		unsigned n;

		if (sscanf(line, "the log: %u lines are missing", &n) == 1) {
			n_missing += n;
			next += n;
		} else {
			assert_int_equal(strtoul(line, NULL, 10), next);
			next++;
		}
	}
	fclose(in);
	return n_missing;
}

static void a_stalled_reader_holds_nobody_and_learns_what_it_missed(void **state)
{
	struct bed *bed = *state;
	uint64_t begin_ns = bp_clock_ns();
	FILE *in = fdopen(dup(bed->fds[0]), "r");
	unsigned n = 0, n_read = 0, n_taken;
	char line[256];

	fill_pipe(bed);
	n_taken = put_lines(bed, 0, 10000);
	assert_true(n_taken < 10000);
	assert_int_equal(bp_outlet_drain(bed->outlet, BP_OUTLET_BRIEFLY), -ETIMEDOUT);
	assert_true(bp_clock_ns() - begin_ns >= BP_OUTLET_PATIENCE_NS);
	assert_int_equal(bp_outlet_lost(bed->outlet), 10000 - n_taken);
	empty_pipe(bed);
	/* Nobody needs to say more for the note to come. */
	while (fgets(line, sizeof(line), in) &&
	       sscanf(line, "the log: %u lines are missing", &n) != 1)
		assert_int_equal(strtoul(line, NULL, 10), n_read++);
	assert_int_equal(n_read, n_taken);
	assert_int_equal(n, 10000 - n_taken);
	fclose(in);
}

static void *read_all(void *arg)
{
	struct bed *bed = arg;

	return (void *)(uintptr_t)read_until(bed, "end\n");
}

static void a_reader_that_reads_misses_nothing(void **state)
{
	struct bed *bed = *state;
	pthread_t reader;
	void *n_missing;

	pthread_create(&reader, NULL, read_all, bed);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(put_lines(bed, i * 20, 20), 20);
		assert_int_equal(bp_outlet_drain(bed->outlet, BP_OUTLET_UNTIL_SIGNAL), 0);
	}
	bp_outlet_put(bed->outlet, "end\n", 4);
	pthread_join(reader, &n_missing);
	assert_int_equal((uintptr_t)n_missing, 0);
	assert_int_equal(bp_outlet_lost(bed->outlet), 0);
}

static void a_pending_end_bounds_the_wait(void **state)
{
	struct bed *bed = *state;
	sigset_t term, before;
	int number;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, &before);
	fill_pipe(bed);
	put_lines(bed, 0, 10000);
	assert_false(bp_outlet_is_urgent());
	raise(SIGTERM);
	assert_true(bp_outlet_is_urgent());
	assert_int_equal(bp_outlet_drain(bed->outlet, BP_OUTLET_UNTIL_SIGNAL), -ETIMEDOUT);
	sigwait(&term, &number);
	empty_pipe(bed);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void an_error_of_the_write_is_told(void **state)
{
	struct bp_outlet *outlet;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(bp_outlet_open(fd, 64, NULL, &outlet), 0);
	assert_true(bp_outlet_put(outlet, "text\n", 5));
	assert_int_equal(bp_outlet_drain(outlet, BP_OUTLET_UNTIL_SIGNAL), -ENOSPC);
	assert_int_equal(bp_outlet_lost(outlet), 1);
	bp_outlet_close(outlet);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_stalled_reader_holds_nobody_and_learns_what_it_missed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reader_that_reads_misses_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_pending_end_bounds_the_wait, set_up, tear_down),
		cmocka_unit_test(an_error_of_the_write_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
