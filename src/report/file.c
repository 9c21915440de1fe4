/* Replaces report files as a whole. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/file.h"

#include "bypath/log.h"

#include "core/clock.h"
#include "core/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_MS   50
#define TRIES_MAX 64u /* names of a temporary file */

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

/* A file of its own beside path, whose name is to be freed. Its mode is that of every new file: the kernel takes the umask away,
 * which is all threads', so that nobody may ask for it by setting it. The descriptor or -errno. */
static int open_temp(const char *path, char **temp)
{
	int fd = -1, err = -EEXIST;

	for (unsigned i = 0; err == -EEXIST && i < TRIES_MAX; i++) {
		uint32_t number;

		if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
			number = (uint32_t)bp_clock_ns() + i;
		if (asprintf(temp, "%s.%08" PRIx32, path, number) < 0)
			return -ENOMEM;
		fd = open(*temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		err = fd < 0 ? -errno : 0;
		if (err)
			free(*temp);
	}
	return err ? err : fd;
}

static int replace(const char *path, bp_file_fn write, const void *arg)
{
	char *temp;
	int fd = open_temp(path, &temp), err;

	if (fd < 0)
		return fd;
	err = write_all(fd, write, arg);
	if (!err && rename(temp, path))
		err = -errno;
	if (err)
		unlink(temp);
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

/* ---- what is no regular file has a reader, who may not read ----------------------------------- */

/* Wait one step for the reader, which last took something at since_ns. 0 or -errno. */
static int wait_for_reader(int fd, uint64_t since_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	if (bp_outlet_is_urgent() && bp_clock_ns() - since_ns > BP_OUTLET_PATIENCE_NS)
		return -ETIMEDOUT;
	return poll(&p, 1, STEP_MS) < 0 ? -errno : 0;
}

/* A FIFO without a reader is refused (ENXIO) where it would block. Returns fd or -errno. */
static int open_through(const char *path)
{
	uint64_t begin_ns = bp_clock_ns();
	int fd;

	while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) < 0 &&
	       errno == ENXIO && bp_clock_ns() - begin_ns < BP_OUTLET_PATIENCE_NS)
		poll(NULL, 0, STEP_MS);
	return fd < 0 ? -errno : fd;
}

static int write_patiently(int fd, const char *text, size_t n_bytes)
{
	uint64_t since_ns = bp_clock_ns();
	int err = 0;

	for (size_t n_done = 0; n_done < n_bytes && !err;) {
		ssize_t n = write(fd, text + n_done, n_bytes - n_done);

		if (n > 0) {
			n_done += (size_t)n;
			since_ns = bp_clock_ns();
		} else {
			err = errno == EAGAIN ? wait_for_reader(fd, since_ns) : -errno;
		}
	}
	return err;
}

static int write_through(const char *path, bp_file_fn write, const void *arg)
{
	char *text = NULL;
	size_t n_bytes;
	FILE *memory = open_memstream(&text, &n_bytes);
	int fd, err;

	if (!memory)
		return -ENOMEM;
	err = write(memory, arg);
	if (fclose(memory) && !err)
		err = -ENOMEM;
	fd = err ? err : open_through(path);
	if (fd >= 0) {
		err = write_patiently(fd, text, n_bytes);
		close(fd);
	} else {
		err = fd;
	}
	free(text);
	return err;
}

static const char *advice(int err)
{
	if (err == -ENXIO)
		return "nobody reads there: start its reader first";
	if (err == -ETIMEDOUT)
		return "its reader takes nothing";
	return "name a file in a directory that exists, is writable and has space left";
}

/* A symbolic link stays: the file that it leads to is replaced, or created. */
static int replace_target(const char *path, bp_file_fn write, const void *arg)
{
	char target[PATH_MAX];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	/* open() has created what the link leads to. */
	if (fd < 0)
		return -errno;
	close(fd);
	return realpath(path, target) ? replace(target, write, arg) : -errno;
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
		bp_log(BP_LOG_ERROR, "report %s: cannot be written: %s: %s", path, strerror(-err),
		       advice(err));
	return err;
}
