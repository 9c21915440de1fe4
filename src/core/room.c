/* How much memory this process may still take. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/room.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Source: proc(5), /proc/meminfo. */
static uint64_t read_available(const char *proc)
{
	char path[PATH_MAX], line[128];
	uint64_t kib, bytes = UINT64_MAX;
	FILE *file;

	snprintf(path, sizeof(path), "%s/meminfo", proc);
	file = fopen(path, "re");
	while (file && bytes == UINT64_MAX && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			bytes = kib * 1024;
	if (file)
		fclose(file);
	return bytes;
}

/* A file of one number; UINT64_MAX: there is none, as "max". */
static uint64_t read_number(const char *folder, const char *name)
{
	char path[2 * PATH_MAX + 32];
	uint64_t number = UINT64_MAX;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (file && fscanf(file, "%" SCNu64, &number) != 1)
		number = UINT64_MAX;
	if (file)
		fclose(file);
	return number;
}

/* The path of the process's cgroup, of version 2: "/a/b", "/". Source: cgroups(7). */
static void read_cgroup(const char *proc, char group[PATH_MAX])
{
	char path[PATH_MAX], line[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/self/cgroup", proc);
	snprintf(group, PATH_MAX, "/");
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4))
			snprintf(group, PATH_MAX, "%s", line + 3);
	}
	if (file)
		fclose(file);
}

uint64_t bp_room_bytes(const char *proc, const char *cgroups)
{
	uint64_t room = read_available(proc);
	char group[PATH_MAX], folder[2 * PATH_MAX];
	char *end;

	read_cgroup(proc, group);
	do {
		uint64_t most, used;

		snprintf(folder, sizeof(folder), "%s%s", cgroups, group);
		most = read_number(folder, "memory.max");
		used = read_number(folder, "memory.current");
		if (most != UINT64_MAX && used != UINT64_MAX) {
			uint64_t left = used < most ? most - used : 0;

			room = left < room ? left : room;
		}
		end = strrchr(group, '/');
		if (end)
			*end = '\0';
	} while (end);
	return room;
}
