/* Replaces report files as a whole. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/file.h"

#include "bypath/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, bp_file_fn write, const void *arg)
{
	FILE *file = fdopen(fd, "w");
	int err;

	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	err = write(file, arg);
	if (!err && ferror(file))
		err = -EIO;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

static int replace(const char *path, bp_file_fn write, const void *arg)
{
	mode_t mask = umask(0);
	char *temp = NULL;
	int fd, err;

	umask(mask);
	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		goto free_temp;
	}
	fchmod(fd, 0666 & ~mask);
	err = write_all(fd, write, arg);
	if (!err && rename(temp, path))
		err = -errno;
	if (err)
		unlink(temp);
free_temp:
	free(temp);
	return err;
}

/* Standard output or error that goes into this very file: who opens it anew writes over what stands
 * there. -1: neither. */
static int find_standard(const struct stat *st)
{
	struct stat mine;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (!fstat(fd, &mine) && mine.st_dev == st->st_dev && mine.st_ino == st->st_ino)
			return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return -1;
}

static int write_through(const char *path, bp_file_fn write, const void *arg)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : write_all(fd, write, arg);
}

/* A link stays one: the file that it leads to is replaced, or made. */
static int replace_target(const char *path, bp_file_fn write, const void *arg)
{
	char target[PATH_MAX];

	/* ENOENT: a link to what is not there yet; target is that (realpath(3)). */
	if (!realpath(path, target) && errno != ENOENT)
		return -errno;
	return replace(target, write, arg);
}

int bp_file_replace(const char *path, bp_file_fn write, const void *arg)
{
	struct stat st, link;
	bool is_there = !stat(path, &st);
	int fd = is_there && S_ISREG(st.st_mode) ? find_standard(&st) : -1, err;

	if (fd >= 0)
		err = write_all(fd, write, arg);
	else if (is_there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		err = write_through(path, write, arg);
	else if (!lstat(path, &link) && S_ISLNK(link.st_mode))
		err = replace_target(path, write, arg);
	else
		err = replace(path, write, arg);
	if (err)
		bp_log(BP_LOG_ERROR,
		       "report %s: cannot be written: %s: name a file in a directory that exists, "
		       "is writable and has space left",
		       path, strerror(-err));
	return err;
}
