/* Closes descriptors that take long, many at a time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/closer.h"

#include "core/aside.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)PTHREAD_STACK_MIN + 65536u)

struct bp_closer {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned n_left; /* threads that have not closed yet; lock's */
};

struct task {
	struct bp_closer *closer;
	int fd;
	void *map;
	size_t n_bytes;
};

/* The descriptor first: nothing arrives while its ring is taken away. The last of both ends the socket. */
static void end(const struct task *task)
{
	if (task->fd >= 0)
		close(task->fd);
	if (task->map)
		munmap(task->map, task->n_bytes);
}

static void *run(void *arg)
{
	struct task *task = arg;
	struct bp_closer *closer = task->closer;

	end(task);
	free(task);
	pthread_mutex_lock(&closer->lock);
	if (!--closer->n_left)
		pthread_cond_signal(&closer->changed);
	pthread_mutex_unlock(&closer->lock);
	return NULL;
}

struct bp_closer *bp_closer_open(void)
{
	struct bp_closer *closer = calloc(1, sizeof(*closer));

	if (closer) {
		pthread_mutex_init(&closer->lock, NULL);
		pthread_cond_init(&closer->changed, NULL);
	}
	return closer;
}

void bp_closer_take(struct bp_closer *closer, int fd, void *map, size_t n_bytes)
{
	const struct task now = { closer, fd, map, n_bytes };
	struct task *task = closer && (fd >= 0 || map) ? malloc(sizeof(*task)) : NULL;

	if (!task) {
		end(&now);
		return;
	}
	*task = now;
	pthread_mutex_lock(&closer->lock);
	closer->n_left++;
	pthread_mutex_unlock(&closer->lock);
	if (bp_aside_start(NULL, NULL, STACK_BYTES, run, task))
		run(task);
}

void bp_closer_wait(struct bp_closer *closer)
{
	if (!closer)
		return;
	pthread_mutex_lock(&closer->lock);
	while (closer->n_left)
		pthread_cond_wait(&closer->changed, &closer->lock);
	pthread_mutex_unlock(&closer->lock);
}

void bp_closer_close(struct bp_closer *closer)
{
	bp_closer_wait(closer);
	if (!closer)
		return;
	pthread_cond_destroy(&closer->changed);
	pthread_mutex_destroy(&closer->lock);
	free(closer);
}
