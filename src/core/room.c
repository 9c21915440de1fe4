/* How much memory this process may still take. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/room.h"

#include "core/cgroup.h"

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

/* A row of a file of names and numbers; 0: there is none. */
static uint64_t read_row(const char *folder, const char *name, const char *row)
{
	char path[2 * PATH_MAX + 32], line[128], word[64];
	uint64_t number, found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %" SCNu64, word, &number) == 2 && !strcmp(word, row))
			found = number;
	if (file)
		fclose(file);
	return found;
}

/* What a version of cgroups calls it, those below included. */
struct words {
	const char *controller; /* NULL: version 2 has one hierarchy */
	const char *most, *used, *idle; /* idle: a row of memory.stat */
};

/* Source: Linux Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst. */
static const struct words versions[] = {
	{ NULL, "memory.max", "memory.current", "inactive_file" },
	{ "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file" },
};

/* What one cgroup allows beyond what it uses; UINT64_MAX: it sets no limit. */
static uint64_t read_left(const char *folder, const struct words *words)
{
	uint64_t most = read_number(folder, words->most), used = read_number(folder, words->used);
	uint64_t idle;

	if (most == UINT64_MAX || used == UINT64_MAX)
		return UINT64_MAX;
	idle = read_row(folder, "memory.stat", words->idle);
	used -= idle < used ? idle : used;
	return used < most ? most - used : 0;
}

uint64_t bp_room_bytes(const char *proc)
{
	uint64_t room = read_available(proc);
	struct bp_cgroup group;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		bool is_there = bp_cgroup_find(proc, versions[i].controller, &group);

		while (is_there) {
			uint64_t left = read_left(group.folder, &versions[i]);

			room = left < room ? left : room;
			is_there = bp_cgroup_up(&group);
		}
	}
	return room;
}
