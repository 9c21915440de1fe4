/* Report files: what mode they have, and what other threads see of that. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_ROUNDS 2000u

static char folder[] = "/tmp/bypath-file-XXXXXX";
static char path[64], other[64];

static int write_word(FILE *out, const void *arg)
{
	return fputs(arg, out) < 0 ? -1 : 0;
}

static void expect_file(mode_t mode, const char *word)
{
	char text[16] = "";
	struct stat st;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_string_equal(text, word);
	fclose(file);
}

static void it_has_the_mode_of_a_new_file(void **state)
{
	mode_t before = umask(027);

	(void)state;
	assert_int_equal(bp_file_replace(path, write_word, "one"), 0);
	expect_file(0640, "one");
	assert_int_equal(chmod(path, 0600), 0);
	umask(022);
	assert_int_equal(bp_file_replace(path, write_word, "two"), 0);
	expect_file(0644, "two");
	umask(before);
}

static _Atomic bool is_over;
static _Atomic unsigned n_open; /* files that everybody may read */

static void *make_files(void *arg)
{
	(void)arg;
	while (!atomic_load(&is_over)) {
		int fd = open(other, O_WRONLY | O_CREAT | O_EXCL, 0666);
		struct stat st;

		if (fd >= 0 && !fstat(fd, &st) && st.st_mode & 077)
			n_open++;
		close(fd);
		unlink(other);
	}
	return NULL;
}

static void files_of_other_threads_keep_theirs(void **state)
{
	mode_t before = umask(077);
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, make_files, NULL), 0);
	for (unsigned i = 0; i < N_ROUNDS; i++)
		assert_int_equal(bp_file_replace(path, write_word, "three"), 0);
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	assert_int_equal(n_open, 0);
	expect_file(0600, "three");
	umask(before);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/report", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

/* Nothing else is left there. */
static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_the_mode_of_a_new_file),
		cmocka_unit_test(files_of_other_threads_keep_theirs),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
