/* Takes the lock that keeps two `bypath bind` apart. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK BP_BIND_FOLDER "/bind.lock"

static int fail(int err, const char *what, char *why, size_t why_bytes)
{
	snprintf(why, why_bytes, "%s: %s", what, strerror(err));
	return -err;
}

int bp_bind_lock(bool is_patient, char *why, size_t why_bytes)
{
	int fd, err;

	if (mkdir(BP_BIND_FOLDER, 0755) && errno != EEXIST)
		return fail(errno, "make the folder " BP_BIND_FOLDER, why, why_bytes);
	/* Not readable for others: an open file is all that a lock needs. */
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail(errno, "open " LOCK, why, why_bytes);
	do
		err = flock(fd, LOCK_EX | (is_patient ? 0 : LOCK_NB)) ? errno : 0;
	while (err == EINTR);
	if (!err)
		return fd;
	close(fd);
	return fail(err, "lock " LOCK, why, why_bytes);
}
