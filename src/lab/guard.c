/* A process that waits for another's end, to delete an interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/guard.h"

#include "core/netdev.h"
#include "lab/link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Signals of the terminal, and those that end the process it waits for, are not for it. */
static void stand_guard(const char *name, int pipe)
{
	sigset_t all;
	char word;

	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (read(pipe, &word, 1) < 0 && errno == EINTR)
		;
	bp_link_delete(name);
	_exit(0);
}

int bp_guard_start(const char *name, struct bp_guard *guard)
{
	int fds[2], err;
	pid_t pid;

	if (bp_netdev_index(-1, name) > 0)
		return -EEXIST;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	err = errno;
	if (pid == 0) {
		close(fds[1]);
		stand_guard(name, fds[0]);
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return -err;
	}
	*guard = (struct bp_guard){ .pipe = fds[1], .pid = pid };
	snprintf(guard->name, sizeof(guard->name), "%s", name);
	return 0;
}

void bp_guard_end(struct bp_guard *guard)
{
	int status = 0;

	if (!guard->pid)
		return;
	/* A word, not the end alone: a process that was forked since may hold the pipe as well. */
	if (write(guard->pipe, "", 1) < 0) {
		/* It has ended already. */
	}
	close(guard->pipe);
	while (waitpid(guard->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status)) /* killed: it may have deleted nothing */
		bp_link_delete(guard->name);
	*guard = (struct bp_guard){ 0 };
}
