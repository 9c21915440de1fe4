/* Descriptors and mappings that are closed by threads. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/closer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define N     64u
#define BYTES 4096u

/* A mapping of a file that cannot be sealed against writes for as long as it is there. */
static void *make_map(int *fd)
{
	void *map;

	*fd = memfd_create("closer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(*fd >= 0);
	assert_int_equal(ftruncate(*fd, BYTES), 0);
	map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(fcntl(*fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	return map;
}

static void assert_unmapped(int fd)
{
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	close(fd);
}

/* Has the pipe no writer any more? */
static void assert_closed(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static void all_are_closed_when_the_wait_is_over(void **state)
{
	struct bp_closer *closer = bp_closer_open();
	int ends[N][2], files[N];

	(void)state;
	assert_non_null(closer);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(pipe(ends[i]), 0);
		bp_closer_take(closer, ends[i][1], make_map(&files[i]), BYTES);
	}
	bp_closer_take(closer, -1, NULL, 0); /* nothing */
	bp_closer_wait(closer);
	for (unsigned i = 0; i < N; i++) {
		assert_unmapped(files[i]);
		assert_closed(ends[i][0]);
	}
	bp_closer_close(closer);
}

static void without_memory_it_closes_at_once(void **state)
{
	int ends[2], file;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	bp_closer_take(NULL, ends[1], make_map(&file), BYTES);
	assert_closed(ends[0]);
	assert_unmapped(file);
	bp_closer_wait(NULL);
	bp_closer_close(NULL);
}

static void its_end_waits(void **state)
{
	struct bp_closer *closer = bp_closer_open();
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	bp_closer_take(closer, ends[1], NULL, 0);
	bp_closer_close(closer);
	assert_closed(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_closed_when_the_wait_is_over),
		cmocka_unit_test(without_memory_it_closes_at_once),
		cmocka_unit_test(its_end_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
