/* Runs modprobe, looks modules up by modalias. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/modprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* modprobe's own words, as one line; a reader that goes on to the end never stalls it. */
static void read_words(int fd, char *words, size_t words_bytes)
{
	char rest[256];
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, rest, sizeof(rest))) > 0 || (n < 0 && errno == EINTR)) {
		size_t room = words_bytes - 1 - used, take = n < 0 ? 0 : (size_t)n;

		take = take < room ? take : room;
		memcpy(words + used, rest, take);
		used += take;
	}
	words[used] = '\0';
	while (used && words[used - 1] == '\n')
		words[--used] = '\0';
	for (char *c = words; *c; c++)
		if (*c == '\n')
			*c = ' ';
}

static int start(char *const argv[], int err_fd, pid_t *pid)
{
	char path_env[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const env[] = { path_env, NULL };
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, err_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
	err = posix_spawn(pid, argv[0], &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int run(char *const argv[], char *words, size_t words_bytes)
{
	int fds[2], status = 0, err;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	err = start(argv, fds[1], &pid);
	close(fds[1]);
	if (!err) {
		read_words(fds[0], words, words_bytes);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			err = -EIO;
	}
	close(fds[0]);
	return err;
}

int bp_modprobe(const char *name, char *why, size_t why_bytes)
{
	char path[PATH_MAX], option[] = "--", module[PATH_MAX], words[256] = "";
	char *const argv[] = { path, option, module, NULL };
	int err;

	snprintf(module, sizeof(module), "%s", name);
	if (!find_program(path)) {
		snprintf(why, why_bytes,
			 "there is no modprobe to load %s: install the package kmod", name);
		return -ENOENT;
	}
	err = run(argv, words, sizeof(words));
	if (err)
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
