/* One capture file after another: names, files, the thread that makes them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "turns.h"

#include "bypath/log.h"

#include "core/aside.h"
#include "core/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_ROOM 40u /* what a name that is put away has more: "_20250131T235959Z_" and a number */
#define LOOK_MS   1000 /* how soon a deleted file is noticed, a failed one tried again */
#define STEPS_MAX 100000u /* names that are taken already, one after another */

/* Whose turn the slots are: the thread makes `next`, the writer takes it and fills `done`. */
enum state { WANTED, READY, TAKEN };

struct slot {
	struct bp_pcap_turn_file file;
	time_t began_s;
};

/* A file that was put away. */
struct kept {
	char *path;
	dev_t dev;
	ino_t ino;
};

struct bp_pcap_turns {
	struct bp_pcap_turns_due due; /* first: bp_pcap_turns_is_due() */
	uint64_t interval_cycles; /* 0: any time */
	/* Release by who hands the slots over, acquire by who takes them. */
	_Atomic unsigned state;
	struct slot next, done;
	time_t began_s; /* of the writer's file; the writer's */
	int wake_fd; /* an eventfd, from the writer and from close() */
	_Atomic bool is_closed, has_lost;
	/* Everything below is the thread's, before it runs and after its end the control thread's. */
	pthread_t thread;
	const char *port_name;
	uint8_t header[24];
	char path[PATH_MAX], temp[PATH_MAX + 8];
	int current_fd; /* of the writer's file */
	bool is_told; /* that the next file cannot be made */
	unsigned number; /* of the file that is put away next */
	uint32_t n_kept, n_kept_max; /* 0: all are kept, none is remembered */
	struct kept *kept; /* the oldest first */
};

static_assert(offsetof(struct bp_pcap_turns, due) == 0, "bp_pcap_turns_is_due() looks there");

/* ---- names ----------------------------------------------------------------------------------- */

/* "DIR/out.pcap" → "DIR/out_20250131T235959Z_00001.pcap". Allocated; NULL: no memory. */
static char *make_name(const char *path, time_t began_s, unsigned number)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *dot = strrchr(base, '.');
	const char *suffix = dot && dot != base ? dot : base + strlen(base);
	char stamp[32], *name;
	struct tm tm;

	gmtime_r(&began_s, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	if (asprintf(&name, "%.*s_%s_%05u%s", (int)(suffix - path), path, stamp, number, suffix) <
	    0)
		return NULL;
	return name;
}

/* Give `path` a second name that nobody has; where the file system has no links, instead. 0 or -errno. */
static int add_name(const char *path, const char *name)
{
	if (!link(path, name))
		return 0;
	if (errno == EEXIST || (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS))
		return -errno;
	return renameat2(AT_FDCWD, path, AT_FDCWD, name, RENAME_NOREPLACE) ? -errno : 0;
}

/* The name under which the file at t->path stands from now on. Allocated; NULL, with -errno in *err. */
static char *put_away(struct bp_pcap_turns *t, time_t began_s, int *err)
{
	for (unsigned i = 0; i < STEPS_MAX; i++) {
		char *name = make_name(t->path, began_s, t->number++);

		*err = name ? add_name(t->path, name) : -ENOMEM;
		if (!*err)
			return name;
		free(name);
		if (*err != -EEXIST)
			break;
	}
	return NULL;
}

/* ---- the files that are kept ------------------------------------------------------------------ */

/* Somebody else's file of that name stays. */
static void delete_kept(const struct kept *k)
{
	struct stat st;

	if (!lstat(k->path, &st) && st.st_dev == k->dev && st.st_ino == k->ino)
		unlink(k->path);
}

/* name is taken over. */
static void keep(struct bp_pcap_turns *t, char *name, const struct stat *st)
{
	if (!t->n_kept_max) {
		free(name);
		return;
	}
	if (t->n_kept == t->n_kept_max) {
		delete_kept(&t->kept[0]);
		free(t->kept[0].path);
		memmove(&t->kept[0], &t->kept[1], --t->n_kept * sizeof(t->kept[0])); /* header */
	}
	t->kept[t->n_kept++] = (struct kept){ name, st->st_dev, st->st_ino };
}

static bool is_at(const char *path, const struct stat *st)
{
	struct stat there;

	return !lstat(path, &there) && there.st_dev == st->st_dev && there.st_ino == st->st_ino;
}

/* Put the finished file away. A file that somebody has moved stays where it is. */
static void name_file(struct bp_pcap_turns *t, int fd, time_t began_s)
{
	struct stat st;
	char *name;
	int err;

	if (fstat(fd, &st))
		return;
	if (!st.st_nlink) {
		bp_log(BP_LOG_ERROR,
		       "port %s: %s was deleted while it was written: the packets in it "
		       "are gone",
		       t->port_name, t->path);
		atomic_store_explicit(&t->has_lost, true, memory_order_relaxed);
	} else if (!is_at(t->path, &st)) {
		bp_log(BP_LOG_WARN,
		       "port %s: %s was moved while it was written: it stays where it "
		       "is, and counts for rotate_files no longer",
		       t->port_name, t->path);
	} else {
		name = put_away(t, began_s, &err);
		if (name)
			keep(t, name, &st);
		else
			bp_log(BP_LOG_ERROR, "port %s: %s cannot be put away: %s", t->port_name,
			       t->path, strerror(-err));
	}
}

/* No file is written any more: what was put away needs its first name no longer. */
static void drop_path(const struct bp_pcap_turns *t, int fd)
{
	struct stat st;

	if (!fstat(fd, &st) && st.st_nlink > 1 && is_at(t->path, &st))
		unlink(t->path);
}

static void close_file(struct bp_pcap_turns *t, int fd)
{
	if (!close(fd))
		return;
	bp_log(BP_LOG_ERROR, "port %s: a file of the capture %s may be incomplete: %s",
	       t->port_name, t->path, strerror(errno));
	atomic_store_explicit(&t->has_lost, true, memory_order_relaxed);
}

/* ---- the next file ---------------------------------------------------------------------------- */

/* Under its second name, with its lock (core/lock.h) and header. 0 or -errno. */
static int make_temp(struct bp_pcap_turns *t, struct bp_pcap_turn_file *file)
{
	int fd, err = 0;

	unlink(t->temp); /* of a run that was killed: the lock of path is ours */
	fd = open(t->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	flock(fd, LOCK_EX | LOCK_NB); /* nobody else has it; some file systems have no locks */
	errno = 0;
	if (pwrite(fd, t->header, sizeof(t->header), 0) != (ssize_t)sizeof(t->header))
		err = errno ? -errno : -ENOSPC;
	if (err) {
		close(fd);
		unlink(t->temp);
		return err;
	}
	*file = (struct bp_pcap_turn_file){ .fd = fd, .end = sizeof(t->header) };
	return 0;
}

/* path now names the file that was made under the second name. */
static void publish_temp(struct bp_pcap_turns *t)
{
	if (rename(t->temp, t->path))
		bp_log(BP_LOG_ERROR, "port %s: the capture goes into %s: it cannot be named %s: %s",
		       t->port_name, t->temp, t->path, strerror(errno));
}

static void make_next(struct bp_pcap_turns *t)
{
	int err = make_temp(t, &t->next.file);

	if (err && !t->is_told)
		bp_log(BP_LOG_ERROR,
		       "port %s: %s goes on, longer than asked for: the next file cannot "
		       "be made: %s",
		       t->port_name, t->path, strerror(-err));
	t->is_told = err;
	if (!err) /* release: the slot, for bp_pcap_turns_swap() */
		atomic_store_explicit(&t->state, READY, memory_order_release);
}

/* The writer has the next one. */
static void finish(struct bp_pcap_turns *t)
{
	struct slot done = t->done;

	name_file(t, done.file.fd, done.began_s);
	publish_temp(t);
	close_file(t, done.file.fd);
	t->current_fd = t->next.file.fd;
	atomic_store_explicit(&t->state, WANTED, memory_order_relaxed); /* the thread's own now */
}

/* A file that has lost its name ends at once, so that what follows is kept in the next one. */
static void look_at_current(struct bp_pcap_turns *t)
{
	struct stat st;

	if (!fstat(t->current_fd, &st) && !st.st_nlink)
		atomic_store_explicit(&t->due.at, 0, memory_order_relaxed);
}

static void *run(void *arg)
{
	struct bp_pcap_turns *t = arg;
	uint64_t n;

	for (;;) {
		struct pollfd p = { .fd = t->wake_fd, .events = POLLIN };
		/* Acquire: the slot `done`, from bp_pcap_turns_swap(). */
		unsigned state = atomic_load_explicit(&t->state, memory_order_acquire);

		if (state == TAKEN) {
			finish(t);
			make_next(t);
			continue;
		}
		if (atomic_load_explicit(&t->is_closed, memory_order_relaxed))
			return NULL;
		if (state == WANTED)
			make_next(t);
		look_at_current(t);
		if (poll(&p, 1, LOOK_MS) > 0 && read(t->wake_fd, &n, sizeof(n)) < 0)
			continue;
	}
}

/* ---- the writer's thread ----------------------------------------------------------------------- */

static uint64_t next_due(const struct bp_pcap_turns *t)
{
	return t->interval_cycles ? bp_clock_cycles() + t->interval_cycles : UINT64_MAX;
}

bool bp_pcap_turns_swap(struct bp_pcap_turns *t, struct bp_pcap_turn_file *file)
{
	uint64_t one = 1;
	bool is_woken;

	if (atomic_load_explicit(&t->state, memory_order_acquire) != READY)
		return false;
	t->done = (struct slot){ *file, t->began_s };
	*file = t->next.file;
	t->began_s = time(NULL);
	atomic_store_explicit(&t->due.at, next_due(t), memory_order_relaxed);
	/* Release: the slot, for the thread. */
	atomic_store_explicit(&t->state, TAKEN, memory_order_release);
	is_woken = write(t->wake_fd, &one, sizeof(one)) > 0;
	(void)is_woken; /* if not, it looks within LOOK_MS */
	return true;
}

bool bp_pcap_turns_has_lost(struct bp_pcap_turns *t)
{
	return atomic_load_explicit(&t->has_lost, memory_order_relaxed);
}

/* ---- control ---------------------------------------------------------------------------------- */

static void free_turns(struct bp_pcap_turns *t)
{
	for (uint32_t i = 0; i < t->n_kept; i++)
		free(t->kept[i].path);
	free(t->kept);
	if (t->wake_fd >= 0)
		close(t->wake_fd);
	free(t);
}

/* Links resolved: the files stand beside the one that is written, not beside a link to it. */
static int take_path(struct bp_pcap_turns *t, const char *path)
{
	const char *base;

	if (!realpath(path, t->path))
		return -errno;
	base = strrchr(t->path, '/') + 1;
	if (strlen(base) > NAME_MAX - NAME_ROOM || strlen(t->path) > PATH_MAX - NAME_ROOM)
		return -ENAMETOOLONG;
	snprintf(t->temp, sizeof(t->temp), "%s.next", t->path);
	return 0;
}

/* What an earlier run left under the name, but for an empty file. */
static int put_old_away(struct bp_pcap_turns *t)
{
	struct stat st;
	int err = 0;

	if (lstat(t->path, &st) || st.st_size <= (off_t)sizeof(t->header))
		return 0;
	free(put_away(t, st.st_mtime, &err));
	t->number = 1;
	return err;
}

static struct bp_pcap_turns *make_turns(const struct bp_pcap_turns_request *r)
{
	struct bp_pcap_turns *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->interval_cycles = r->interval_s * bp_clock_hz();
	t->port_name = r->port_name;
	t->number = 1;
	t->n_kept_max =
		r->n_files_max ? r->n_files_max - 1 : 0; /* the one that is written counts */
	t->kept = calloc(r->n_files_max ? r->n_files_max : 1, sizeof(*t->kept));
	memcpy(t->header, r->header, sizeof(t->header)); /* header */
	atomic_store_explicit(&t->due.at, next_due(t), memory_order_relaxed);
	if (t->wake_fd >= 0 && t->kept)
		return t;
	free_turns(t);
	return NULL;
}

int bp_pcap_turns_open(const struct bp_pcap_turns_request *r, struct bp_pcap_turns **turns,
		       struct bp_pcap_turn_file *file)
{
	struct bp_pcap_turns *t = make_turns(r);
	struct bp_pcap_turn_file first = { .fd = -1 };
	int err = t ? take_path(t, r->path) : -ENOMEM;

	if (!err)
		err = put_old_away(t);
	if (!err)
		err = make_temp(t, &first);
	if (!err) {
		publish_temp(t);
		t->current_fd = first.fd;
		t->began_s = time(NULL);
		err = bp_aside_start(&t->thread, NULL, 0, run, t);
	}
	if (!err) {
		*turns = t;
		*file = first;
		return 0;
	}
	bp_log(BP_LOG_ERROR, "port %s: cannot write captures as %s: %s", r->port_name, r->path,
	       strerror(-err));
	if (first.fd >= 0)
		close(first.fd);
	if (t)
		free_turns(t);
	return err;
}

bool bp_pcap_turns_close(struct bp_pcap_turns *t, struct bp_pcap_turn_file *file)
{
	uint64_t one = 1;
	bool is_woken, has_lost;

	atomic_store_explicit(&t->is_closed, true, memory_order_relaxed);
	is_woken = write(t->wake_fd, &one, sizeof(one)) > 0;
	(void)is_woken;
	pthread_join(t->thread, NULL);
	if (atomic_load_explicit(&t->state, memory_order_relaxed) == READY) {
		close(t->next.file.fd);
		unlink(t->temp);
	}
	t->n_kept_max += t->n_kept_max ? 1 : 0; /* none is written any more */
	name_file(t, file->fd, t->began_s);
	drop_path(t, file->fd);
	close_file(t, file->fd);
	*file = (struct bp_pcap_turn_file){ .fd = -1 };
	has_lost = bp_pcap_turns_has_lost(t);
	free_turns(t);
	return has_lost;
}
