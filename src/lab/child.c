/* Child processes that die with their parent and write into files. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/child.h"

#include "core/clock.h"
#include "lab/netns.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP_US 2000u

static void run_child(const struct bp_child_conf *conf, pid_t parent, int log)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it died before the line above */
		_exit(1);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, 0);
	dup2(log, 1);
	dup2(log, 2);
	/* EAL leaves its files there instead of in /var/run/dpdk. */
	setenv("RUNTIME_DIRECTORY", conf->folder, 1);
	setenv("OVS_RUNDIR", conf->folder, 1); /* instead of /var/run/openvswitch */
	setenv("LC_ALL", "C", 1); /* what programs say is read */
	if (conf->netns >= 0 && bp_netns_enter(conf->netns)) {
		fprintf(stderr, "cannot enter the namespace: %s\n", strerror(errno));
		_exit(1);
	}
	if (conf->main)
		_exit(conf->main(conf->ctx));
	execv(conf->argv[0], (char *const *)(uintptr_t)conf->argv);
	fprintf(stderr, "%s: %s\n", conf->argv[0], strerror(errno));
	_exit(1);
}

int bp_child_start(const struct bp_child_conf *conf, struct bp_child *child)
{
	pid_t parent = getpid(), pid;
	sigset_t all, before;
	int log, err;

	memset(child, 0, sizeof(*child));
	snprintf(child->log, sizeof(child->log), "%s/%s.log", conf->folder, conf->name);
	log = open(child->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return -errno;
	fflush(NULL); /* nothing buffered is printed twice */
	/* Signals wait until the child has set its own dispositions: our handler would swallow them
	 * there. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	err = errno;
	if (pid == 0)
		run_child(conf, parent, log);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(log);
	if (pid < 0)
		return -err;
	child->pid = pid;
	return 0;
}

bool bp_child_alive(struct bp_child *child)
{
	int status;

	if (child->pid <= 0)
		return false;
	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		return true;
	child->status = status;
	child->pid = 0;
	return false;
}

bool bp_child_lives_on(struct bp_child *child, double seconds)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(seconds * 1e9);

	while (bp_child_alive(child)) {
		if (bp_clock_ns() > end_ns)
			return true;
		usleep(STEP_US);
	}
	return false;
}

int bp_child_stop(struct bp_child *child, int signal, double seconds)
{
	if (child->pid <= 0)
		return 0;
	kill(child->pid, signal);
	if (bp_child_lives_on(child, seconds)) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, &child->status, 0);
		child->pid = 0;
		return -ETIMEDOUT;
	}
	return WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0 ? 0 : -EIO;
}

void bp_child_describe(const struct bp_child *child, char *text, size_t bytes)
{
	if (WIFSIGNALED(child->status))
		snprintf(text, bytes, "was killed by signal %d (%s)", WTERMSIG(child->status),
			 strsignal(WTERMSIG(child->status)));
	else
		snprintf(text, bytes, "ended with code %d", WEXITSTATUS(child->status));
}

bool bp_child_said(const struct bp_child *child, const char *text)
{
	char line[1024];
	bool said = false;
	FILE *file = fopen(child->log, "re");

	while (file && !said && fgets(line, sizeof(line), file))
		said = strstr(line, text) != NULL;
	if (file)
		fclose(file);
	return said;
}

/* Behind "FOLDER/FILE:LINE: ", where FOLDER is the log's: it is gone before anybody could look. */
static char *skip_place(const struct bp_child *child, char *line)
{
	const char *slash = strrchr(child->log, '/');
	size_t len = slash ? (size_t)(slash - child->log) + 1 : 0;
	char *colon;

	if (!len || strncmp(line, child->log, len))
		return line;
	colon = strstr(line + len, ": ");
	return colon ? colon + 2 : line;
}

void bp_child_last_line(const struct bp_child *child, const char *text, char *line, size_t bytes)
{
	char now[1024];
	FILE *file = fopen(child->log, "re");

	line[0] = '\0';
	while (file && fgets(now, sizeof(now), file)) {
		char *at = now;

		now[strcspn(now, "\n")] = '\0';
		if (!*now || !strstr(now, text))
			continue;
		if (isdigit((unsigned char)*at) && strstr(at, " bypath: ")) /* a time stamp */
			at = strstr(at, " bypath: ") + 1;
		if (strncmp(at, "bypath: ", 8) == 0)
			at += 8;
		if (strncmp(at, "error: ", 7) == 0)
			at += 7;
		snprintf(line, bytes, "%s", skip_place(child, at));
	}
	if (file)
		fclose(file);
}
