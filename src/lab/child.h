/* Processes of a test bed: started in a namespace, watched, ended; they never outlive this one. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_CHILD_H
#define BYPATH_LAB_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct bp_child {
	pid_t pid; /* 0: none */
	int status; /* as of waitpid(), once it has ended */
	char log[112]; /* its output */
};

/* What a child is given. */
struct bp_child_conf {
	int netns; /* descriptor, or -1: the caller's */
	const char *folder; /* for its log and for DPDK's run-time files */
	const char *name; /* NAME.log */
	/* Run instead of a program: returns an exit code. Inherits everything but the output. */
	int (*main)(void *ctx);
	void *ctx;
	const char *const *argv; /* NULL-terminated, where there is no main; argv[0] is a path */
};

/*
 * Start a process, in a process group of its own (a terminal's Ctrl-C is not for it) and killed
 * when the calling thread's process ends, however it ends. 0 or -errno.
 */
int bp_child_start(const struct bp_child_conf *conf, struct bp_child *child);

/* false: it has ended; status is set. Never blocks. */
bool bp_child_alive(struct bp_child *child);

/*
 * The same of one whose pipe has just closed: a process lets go of its descriptors before its end
 * can be waited for, so it is given so long. false: it has ended; status is set.
 */
bool bp_child_lives_on(struct bp_child *child, double seconds);

/*
 * Send a signal, wait so long for the end, then kill. Returns 0 where it ended by itself with exit
 * code 0, else -ETIMEDOUT (killed) or -EIO. Nothing where there is none.
 */
int bp_child_stop(struct bp_child *child, int signal, double seconds);

/* How it ended: "ended with code 1", "was killed by signal 9 (Killed)". */
void bp_child_describe(const struct bp_child *child, char *text, size_t bytes);

/* Whether its output has the text. */
bool bp_child_said(const struct bp_child *child, const char *text);
/* The last line of its output that has `text` ("": any), without 'bypath: …: ' and a place in
 * a file of its folder before it. */
void bp_child_last_line(const struct bp_child *child, const char *text, char *line, size_t bytes);

#endif
