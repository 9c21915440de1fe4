/* Where the files of a process's cgroups lie. */
/* SPDX-License-Identifier: BSD-3-Clause */
/* Source: cgroups(7) (/proc/PID/cgroup), proc(5) (/proc/PID/mountinfo). */
#include "core/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool bp_cgroup_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list, *comma; at; at = comma ? comma + 1 : NULL) {
		comma = strchr(at, ',');
		if (strncmp(at, word, n) == 0 && (at[n] == '\0' || at[n] == ','))
			return true;
	}
	return false;
}

static FILE *open_own(const char *proc, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/self/%s", proc, name);
	return fopen(path, "re");
}

/* "4:memory:/a/b", "0::/a/b": the process's path in the hierarchy. */
static bool read_path(const char *proc, const char *controller, char path[PATH_MAX])
{
	FILE *file = open_own(proc, "cgroup");
	char *line = NULL;
	size_t n_room = 0;
	bool is_found = false;

	while (file && !is_found && getline(&line, &n_room, file) > 0) {
		char *list = strchr(line, ':'), *own = list ? strchr(list + 1, ':') : NULL;

		if (!own)
			continue;
		*list++ = '\0';
		*own++ = '\0';
		own[strcspn(own, "\n")] = '\0';
		is_found = controller ? bp_cgroup_has(list, controller) : !*list;
		if (is_found)
			snprintf(path, PATH_MAX, "%s", own);
	}
	if (file)
		fclose(file);
	free(line);
	return is_found;
}

/* What separates words is written as "\040". */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (at[0] == '\\' && strspn(at + 1, "01234567") >= 3) {
			*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/* A line of mountinfo: "36 35 98:0 ROOT POINT options … - TYPE source SUPER-OPTIONS". */
struct mount {
	char *root, *point;
};

static bool read_mount(char *line, const char *controller, struct mount *mount)
{
	char *type = strstr(line, " - "), *options, *at = NULL;

	if (!type)
		return false;
	*type = '\0';
	type += 3;
	type[strcspn(type, "\n")] = '\0';
	options = strrchr(type, ' ');
	type[strcspn(type, " ")] = '\0';
	if (strcmp(type, controller ? "cgroup" : "cgroup2") != 0 ||
	    (controller && (!options || !bp_cgroup_has(options + 1, controller))))
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (!strtok_r(i ? NULL : line, " ", &at))
			return false;
	mount->root = strtok_r(NULL, " ", &at);
	mount->point = strtok_r(NULL, " ", &at);
	if (!mount->root || !mount->point)
		return false;
	unescape(mount->root);
	unescape(mount->point);
	return true;
}

/* What of path lies below the mount's root; NULL: it is not below it. */
static const char *below(const char *path, const char *root)
{
	size_t n = strcmp(root, "/") ? strlen(root) : 0;

	if (strncmp(path, root, n) != 0 || (path[n] && path[n] != '/') || !strncmp(path, "/..", 3))
		return NULL;
	return strcmp(path + n, "/") ? path + n : "";
}

bool bp_cgroup_find(const char *proc, const char *controller, struct bp_cgroup *group)
{
	char path[PATH_MAX], *line = NULL;
	FILE *file = read_path(proc, controller, path) ? open_own(proc, "mountinfo") : NULL;
	bool is_found = false, is_below = false;
	struct mount mount;
	size_t n_room = 0;

	while (file && !is_below && getline(&line, &n_room, file) > 0) {
		const char *rest;

		if (!read_mount(line, controller, &mount))
			continue;
		rest = below(path, mount.root);
		is_found = true;
		is_below = rest;
		group->n_mount = strnlen(mount.point, PATH_MAX - 1);
		snprintf(group->folder, sizeof(group->folder), "%.*s%s", (int)group->n_mount,
			 mount.point, rest ? rest : "");
	}
	if (file)
		fclose(file);
	free(line);
	return is_found;
}

bool bp_cgroup_up(struct bp_cgroup *group)
{
	char *end = strrchr(group->folder + group->n_mount, '/');

	if (!end)
		return false;
	*end = '\0';
	return true;
}
