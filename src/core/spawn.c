/* Runs a program within a time limit, keeps what it prints. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS  10
#define DEATH_MS 1000 /* for a killed program: one that the kernel holds never ends */

/* A running program: its output, what was kept of that. */
struct child {
	pid_t pid;
	int fd; /* does not block */
	char *words;
	size_t words_bytes, used;
};

static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigfillset(&defaults);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	/* Its children are killed with it; the terminal's Ctrl-C is not for it. */
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						     POSIX_SPAWN_SETPGROUP);
}

static int start(const struct bp_spawn *program, int out_fd, pid_t *pid)
{
	char path_env[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *env[BP_SPAWN_ENV_MAX + 2] = { path_env };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int err = posix_spawn_file_actions_init(&actions);

	for (unsigned i = 0; program->env && program->env[i] && i < BP_SPAWN_ENV_MAX; i++)
		env[i + 1] = program->env[i];
	if (err)
		return -err;
	err = posix_spawnattr_init(&attributes);
	if (!err) {
		set_attributes(&attributes);
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
		posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
		err = posix_spawn(pid, program->argv[0], &actions, &attributes, program->argv, env);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* Reads on when the room is full: the program never waits for a reader. */
static void read_words(struct child *child)
{
	char some[256];
	ssize_t n;

	while ((n = read(child->fd, some, sizeof(some))) > 0) {
		size_t room = child->words_bytes - 1 - child->used;
		size_t take = (size_t)n < room ? (size_t)n : room;

		memcpy(child->words + child->used, some, take);
		child->used += take;
	}
}

static void make_one_line(char *words, size_t used)
{
	words[used] = '\0';
	while (used && words[used - 1] == '\n')
		words[--used] = '\0';
	for (char *c = words; *c; c++)
		if (*c == '\n')
			*c = ' ';
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static bool is_over(_Atomic bool *flag)
{
	return flag && atomic_load_explicit(flag, memory_order_relaxed);
}

/* 0: it has ended, status says how; -ETIMEDOUT; -ECANCELED; -ECHILD. The program's end counts, not that of its
 * output, which a child of its own may keep open. */
static int wait_for_end(struct child *child, int limit_ms, _Atomic bool *flag, int *status)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	long end_ms = now_ms() + limit_ms;
	pid_t pid;

	while ((pid = waitpid(child->pid, status, WNOHANG)) == 0 && now_ms() < end_ms &&
	       !is_over(flag)) {
		read_words(child);
		nanosleep(&step, NULL);
	}
	if (pid < 0)
		return -errno;
	read_words(child);
	if (pid)
		return 0;
	return is_over(flag) ? -ECANCELED : -ETIMEDOUT;
}

static int judge_end(struct child *child, const struct bp_spawn *program, int *code)
{
	int status = 0, err = wait_for_end(child, program->limit_ms, program->is_over, &status);

	if (err == -ETIMEDOUT || err == -ECANCELED) {
		kill(-child->pid, SIGKILL);
		(void)wait_for_end(child, DEATH_MS, NULL, &status);
		return err;
	}
	if (!err)
		*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return err || !*code ? err : -EIO;
}

int bp_spawn(const struct bp_spawn *program, char *words, size_t words_bytes, int *code)
{
	struct child child = { .words = words, .words_bytes = words_bytes };
	int fds[2], err;

	*code = 0;
	words[0] = '\0';
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	child.fd = fds[0];
	err = fcntl(fds[0], F_SETFL, O_NONBLOCK) ? -errno : start(program, fds[1], &child.pid);
	close(fds[1]);
	if (!err) {
		err = judge_end(&child, program, code);
		make_one_line(words, child.used);
	}
	close(fds[0]);
	return err;
}
