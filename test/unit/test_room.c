/* How much memory is left, as the kernel's files say. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/bypath-room-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	file = text ? fopen(path, "w") : NULL;
	if (!text)
		return;
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void make(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void the_least_counts(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	make("self");
	make("a");
	make("a/b");
	assert_true(bp_room_bytes(folder, folder) == UINT64_MAX);
	put("meminfo", "MemTotal:  900 kB\nMemFree: 7 kB\nMemAvailable:    100 kB\n");
	assert_int_equal(bp_room_bytes(folder, folder), 102400);
	put("self/cgroup", "4:memory:/other\n0::/a/b\n");
	assert_int_equal(bp_room_bytes(folder, folder), 102400);
	put("a/b/memory.max", "max\n");
	put("a/b/memory.current", "5000\n");
	assert_int_equal(bp_room_bytes(folder, folder), 102400);
	put("a/b/memory.max", "9000\n");
	assert_int_equal(bp_room_bytes(folder, folder), 4000);
	/* One above allows less; more is used than may be. */
	put("a/memory.max", "7000\n");
	put("a/memory.current", "6000\n");
	assert_int_equal(bp_room_bytes(folder, folder), 1000);
	put("a/memory.current", "8000\n");
	assert_int_equal(bp_room_bytes(folder, folder), 0);
	put("a/memory.current", NULL);
	assert_int_equal(bp_room_bytes(folder, folder), 4000);
	/* In a namespace of its own the process's cgroup is the first folder. */
	put("self/cgroup", "0::/\n");
	put("memory.max", "3000\n");
	put("memory.current", "0\n");
	assert_int_equal(bp_room_bytes(folder, folder), 3000);
}

static int clean(void **state)
{
	static const char *const names[] = { "meminfo",        "memory.max",
					     "memory.current", "self/cgroup",
					     "a/memory.max",   "a/memory.current",
					     "a/b/memory.max", "a/b/memory.current" };
	static const char *const folders[] = { "self", "a/b", "a", "" };
	char path[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(names[i], NULL);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		rmdir(path);
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_counts),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
