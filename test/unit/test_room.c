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

/* The files of a cgroup of either version: names that begin alike. */
struct version {
	const char *mount; /* what mountinfo says behind the mount point */
	const char *group; /* before the path in /proc/self/cgroup */
	const char *most, *used, *idle;
};

static const struct version versions[] = {
	{ "rw shared:4 - cgroup2 cgroup2 rw,nsdelegate", "0::", "memory.max", "memory.current",
	  "inactive_file" },
	{ "rw,relatime - cgroup cgroup rw,memory", "4:memory:", "memory.limit_in_bytes",
	  "memory.usage_in_bytes", "total_inactive_file" },
};

static const struct version *now;

static void mount(const char *root)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "23 1 0:21 / /proc rw - proc proc rw\n"
		 "31 23 0:28 / %s/none rw - cgroup cgroup rw,cpu,cpuacct\n"
		 "32 23 0:29 %s %s/of\\040it %s\n",
		 folder, root, folder, now->mount);
	put("self/mountinfo", text);
}

static void enter(const char *path)
{
	char text[256];

	snprintf(text, sizeof(text), "9:name=systemd:/other\n2:cpu,cpuacct:/other\n%s%s\n",
		 now->group, path);
	put("self/cgroup", text);
}

static void set(const char *group, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "of it/%s%s", group, name);
	put(path, text);
}

static void expect(uint64_t bytes)
{
	assert_true(bp_room_bytes(folder) == bytes);
}

static void check_version(const struct version *version)
{
	char stat[128];

	now = version;
	put("meminfo", NULL);
	put("self/cgroup", NULL);
	put("self/mountinfo", NULL);
	expect(UINT64_MAX);
	put("meminfo", "MemTotal:  900 kB\nMemFree: 7 kB\nMemAvailable:    100 kB\n");
	expect(102400);
	enter("/a/b");
	expect(102400); /* it is mounted nowhere */
	mount("/");
	expect(102400);
	set("a/b/", now->most, "max\n");
	set("a/b/", now->used, "5000\n");
	expect(102400);
	set("a/b/", now->most, "9223372036854771712\n"); /* version 1's word for it */
	expect(102400);
	set("a/b/", now->most, "9000\n");
	expect(4000);
	/* One above allows less; more is used than may be; of that, files that nobody reads. */
	set("a/", now->most, "7000\n");
	set("a/", now->used, "6000\n");
	expect(1000);
	set("a/", now->used, "8000\n");
	expect(0);
	snprintf(stat, sizeof(stat), "cache 7\n%s 3500\nactive_file 9\n", now->idle);
	set("a/", "memory.stat", stat);
	expect(2500);
	set("a/", now->used, NULL);
	expect(4000);
	/* In a namespace of its own the process's cgroup is the first folder. */
	enter("/");
	set("", now->most, "3000\n");
	set("", now->used, "0\n");
	expect(3000);
	/* A mount of a part of the tree, with the process in it, at its top, or not in it. */
	mount("/outer");
	enter("/outer/a/b");
	expect(3000);
	set("", now->most, "30000\n");
	expect(4000);
	enter("/outer");
	expect(30000);
	enter("/outermost/a/b");
	expect(30000);
	enter("/../a/b");
	expect(30000);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const groups[] = { "", "a/", "a/b/" };

		set(groups[i], now->most, NULL);
		set(groups[i], now->used, NULL);
		set(groups[i], "memory.stat", NULL);
	}
}

static void the_least_counts_of_either_version(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	make("self");
	make("of it");
	make("of it/a");
	make("of it/a/b");
	check_version(&versions[0]);
	check_version(&versions[1]);
}

/* What this machine says, whatever it is, is a number. */
static void this_process_has_some(void **state)
{
	(void)state;
	assert_true(bp_room_bytes("/proc") > 0);
	assert_true(bp_room_bytes("/proc") < UINT64_MAX);
}

static int clean(void **state)
{
	static const char *const names[] = { "meminfo", "self/cgroup", "self/mountinfo" };
	static const char *const folders[] = { "self", "of it/a/b", "of it/a", "of it", "" };
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
		cmocka_unit_test(the_least_counts_of_either_version),
		cmocka_unit_test(this_process_has_some),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
