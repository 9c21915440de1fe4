/* Runs modprobe, looks modules up by modalias. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/modprobe.h"

#include "core/spawn.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LIMIT_S 30 /* a driver's initialisation may load firmware */

/* The path that the kernel uses, or where distributions have it. */
static bool find_program(char path[PATH_MAX])
{
	FILE *f = fopen("/proc/sys/kernel/modprobe", "re");
	bool is_read = f && fgets(path, PATH_MAX, f);

	if (f)
		fclose(f);
	if (is_read)
		path[strcspn(path, "\n")] = '\0';
	if (is_read && !access(path, X_OK))
		return true;
	strcpy(path, "/sbin/modprobe");
	return !access(path, X_OK);
}

int bp_modprobe(const char *name, char *why, size_t why_bytes)
{
	char path[PATH_MAX], option[] = "--", module[PATH_MAX], words[256] = "";
	char *const argv[] = { path, option, module, NULL };
	const struct bp_spawn program = { .argv = argv, .limit_ms = LIMIT_S * 1000 };
	int err, code;

	snprintf(module, sizeof(module), "%s", name);
	if (!find_program(path)) {
		snprintf(why, why_bytes,
			 "there is no modprobe to load %s: install the package kmod", name);
		return -ENOENT;
	}
	err = bp_spawn(&program, words, sizeof(words), &code);
	if (err == -ETIMEDOUT)
		snprintf(why, why_bytes, "%s %s did not end within %d s: see dmesg%s%s", path, name,
			 LIMIT_S, words[0] ? ": it said: " : "", words);
	else if (err)
		snprintf(why, why_bytes, "%s %s failed: %s", path, name,
			 words[0] ? words : strerror(-err));
	return err;
}

/* --- look-up ---------------------------------------------------------------------------------- */

bool bp_modprobe_line_claims(const char *line, const char *modalias, char *name, size_t name_bytes)
{
	const char *pattern = line + strlen("alias "), *module;
	char copy[256];
	size_t len;

	if (strncmp(line, "alias ", strlen("alias ")))
		return false;
	len = strcspn(pattern, " \n");
	module = pattern + len + (pattern[len] == ' ');
	/* "pci:": other buses' patterns are most of the file. */
	if (len >= sizeof(copy) || strncmp(pattern, modalias, strcspn(modalias, ":") + 1))
		return false;
	memcpy(copy, pattern, len);
	copy[len] = '\0';
	if (fnmatch(copy, modalias, 0))
		return false;
	snprintf(name, name_bytes, "%.*s", (int)strcspn(module, " \n"), module);
	return true;
}

bool bp_modprobe_claims(const char *modalias, char *name, size_t name_bytes)
{
	bool is_found = false;
	char path[PATH_MAX], *line = NULL;
	struct utsname host;
	size_t room = 0;
	FILE *f = NULL;

	name[0] = '\0';
	if (!uname(&host)) {
		snprintf(path, sizeof(path), "/lib/modules/%s/modules.alias", host.release);
		f = fopen(path, "re");
	}
	while (f && !is_found && getline(&line, &room, f) > 0)
		is_found = bp_modprobe_line_claims(line, modalias, name, name_bytes);
	free(line);
	if (f)
		fclose(f);
	return is_found;
}
