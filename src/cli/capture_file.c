/* Where a capture is written to: a file, one after another, a pipe. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/capture_file.h"

#include "cli/common.h"

#include "core/clock.h"
#include "core/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRIES_MAX 1000u /* for a name that is free */

struct bp_capture_file {
	const struct bp_capture_file_conf *conf;
	int fd; /* -1: none yet */
	bool is_regular, is_made; /* made here, and nothing in it */
	uint64_t n_bytes; /* of whole blocks in it */
	uint64_t n_packets; /* in all files */
	uint64_t n_head_bytes; /* of these, those of head */
	uint64_t due_ns; /* its time is over; UINT64_MAX: never */
	/* Of several: */
	uint8_t *head; /* what each begins with */
	size_t n_head;
	bool has_head; /* whole: a packet has come */
	unsigned number; /* of the next */
	char **names; /* of those that are kept, the oldest first */
	size_t n_names;
};

static bool does_rotate(const struct bp_capture_file_conf *conf)
{
	return conf->rotate_bytes || conf->rotate_s;
}

static int complain(const char *path, int err, const char *why)
{
	(void)bp_cli_complain("cannot write %s: %s", strcmp(path, "-") ? path : "standard output",
			      why ? why : strerror(-err));
	return err;
}

/* ---- blocks ----------------------------------------------------------------------------------- */

static struct bp_pcapng_head head_at(const uint8_t *block)
{
	struct bp_pcapng_head head;

	memcpy(&head, block, sizeof(head));
	return head;
}

/* Account for the blocks that lie whole in the first n_bytes. */
static void count_blocks(struct bp_capture_file *f, const uint8_t *blocks, size_t n_bytes)
{
	size_t at = 0;

	while (at + sizeof(struct bp_pcapng_head) <= n_bytes &&
	       head_at(blocks + at).n_bytes <= n_bytes - at) {
		f->n_packets += head_at(blocks + at).type == BP_PCAPNG_PACKET;
		at += head_at(blocks + at).n_bytes;
	}
	f->n_bytes += at;
}

/* ---- one file --------------------------------------------------------------------------------- */

/* A disk that is full, a reader that went: what is there ends with a block, where that can be had. */
static int cut_off(struct bp_capture_file *f, const uint8_t *blocks, size_t n_written, int err)
{
	count_blocks(f, blocks, n_written);
	if (f->is_regular && ftruncate(f->fd, (off_t)f->n_bytes))
		return err; /* its last block is torn: readers say so */
	return err;
}

static int write_blocks(struct bp_capture_file *f, const uint8_t *blocks, size_t n_bytes)
{
	size_t n_written = 0;

	while (n_written < n_bytes) {
		ssize_t n = write(f->fd, blocks + n_written, n_bytes - n_written);

		if (n > 0)
			n_written += (size_t)n;
		else if (!n)
			return cut_off(f, blocks, n_written, -ENOSPC);
		else if (errno != EINTR)
			return cut_off(f, blocks, n_written, -errno);
		else if (f->conf->gives_up())
			return cut_off(f, blocks, n_written, -EINTR);
	}
	count_blocks(f, blocks, n_bytes);
	return 0;
}

static int check_kind(struct bp_capture_file *f)
{
	const char *path = f->conf->path;
	struct stat st;

	if (isatty(f->fd))
		return complain(path, -EINVAL,
				"it is a terminal: lead it into a reader (tshark -r -) or a file");
	if (fstat(f->fd, &st))
		return complain(path, -errno, NULL);
	/* Where standard output begins in its file is its owner's business. */
	f->is_regular = S_ISREG(st.st_mode) && f->fd != STDOUT_FILENO;
	return 0;
}

static int open_one(struct bp_capture_file *f)
{
	const char *path = f->conf->path;

	if (!strcmp(path, "-")) {
		f->fd = STDOUT_FILENO;
		if (!bp_cli_has_output())
			return complain(path, -EINVAL,
					"it is closed: lead it into a reader or a file");
		return check_kind(f);
	}
	f->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	f->is_made = f->fd >= 0;
	if (f->fd < 0 && errno == EEXIST)
		f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	return f->fd < 0 ? complain(path, -errno, NULL) : check_kind(f);
}

/* ---- one after another ------------------------------------------------------------------------ */

/* "out.pcapng" → "out_20250131T235959Z_00001.pcapng". Allocated, or NULL. */
static char *make_name(const char *path, unsigned number)
{
	const char *slash = strrchr(path, '/'), *suffix = strrchr(path, '.');
	time_t now = time(NULL);
	char stamp[32], *name;
	struct tm tm;

	if (!suffix || (slash && suffix < slash) || suffix == path || suffix == slash + 1)
		suffix = path + strlen(path);
	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	if (asprintf(&name, "%.*s_%s_%05u%s", (int)(suffix - path), path, stamp, number, suffix) <
	    0)
		return NULL;
	return name;
}

/* Remember a name, remove the oldest where there are enough. Takes name over. */
static int keep_name(struct bp_capture_file *f, char *name)
{
	char **names = reallocarray(f->names, f->n_names + 1, sizeof(*names));

	if (!names) {
		free(name);
		return -ENOMEM;
	}
	f->names = names;
	f->names[f->n_names++] = name;
	if (!f->conf->rotate_files || f->n_names <= f->conf->rotate_files)
		return 0;
	(void)unlink(f->names[0]); /* somebody else may have */
	free(f->names[0]);
	memmove(f->names, f->names + 1, --f->n_names * sizeof(*f->names));
	return 0;
}

/* The next file of several, never over one that is there. 0 or -errno. */
static int open_next(struct bp_capture_file *f)
{
	int err = 0;

	if (f->fd >= 0 && close(f->fd))
		err = -errno;
	f->fd = -1;
	for (unsigned i = 0; !err && f->fd < 0; i++) {
		char *name = make_name(f->conf->path, ++f->number);

		f->fd = name ? open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
		if (f->fd >= 0) {
			err = keep_name(f, name);
			break;
		}
		err = name && errno == EEXIST && i < TRIES_MAX ? 0 : name ? -errno : -ENOMEM;
		free(name);
	}
	f->is_regular = true;
	f->n_bytes = 0;
	f->due_ns =
		f->conf->rotate_s ? bp_clock_ns() + f->conf->rotate_s * 1000000000u : UINT64_MAX;
	return err;
}

static int keep_head(struct bp_capture_file *f, const uint8_t *block, size_t n_bytes)
{
	uint8_t *head = realloc(f->head, f->n_head + n_bytes);

	if (!head)
		return -ENOMEM;
	memcpy(head + f->n_head, block, n_bytes);
	f->head = head;
	f->n_head += n_bytes;
	return 0;
}

/* Would the next packet make the file too long, behind n_waiting bytes that are still to be written, or is its time over? Never
 * of one without packets. */
static bool is_full(const struct bp_capture_file *f, uint64_t n_waiting, uint64_t n_next)
{
	uint64_t n_bytes = f->n_bytes + n_waiting;

	if (n_bytes <= f->n_head_bytes)
		return false;
	return (f->conf->rotate_bytes && n_bytes + n_next > f->conf->rotate_bytes) ||
	       (f->conf->rotate_s && bp_clock_ns() >= f->due_ns);
}

static int begin_next(struct bp_capture_file *f)
{
	int err = open_next(f);

	if (!err)
		err = write_blocks(f, f->head, f->n_head);
	f->n_head_bytes = f->n_head;
	return err;
}

static int put_rotating(struct bp_capture_file *f, const uint8_t *blocks, size_t n_bytes)
{
	size_t begin = 0, at = 0;
	int err = 0;

	while (!err && at < n_bytes) {
		struct bp_pcapng_head head = head_at(blocks + at);
		bool is_head = head.type == BP_PCAPNG_SECTION || head.type == BP_PCAPNG_INTERFACE;

		if (is_head && !f->has_head) {
			err = keep_head(f, blocks + at, head.n_bytes);
			begin = at + head.n_bytes;
		} else if (!f->has_head) {
			f->has_head = true;
			err = begin_next(f);
		}
		/* Statistics stand in the last file, whatever its length. */
		if (!err && head.type == BP_PCAPNG_PACKET && is_full(f, at - begin, head.n_bytes)) {
			err = write_blocks(f, blocks + begin, at - begin);
			begin = at;
			if (!err)
				err = begin_next(f);
		}
		at += head.n_bytes;
	}
	return err ? err : write_blocks(f, blocks + begin, n_bytes - begin);
}

/* ---- its life --------------------------------------------------------------------------------- */

int bp_capture_file_open(const struct bp_capture_file_conf *conf, struct bp_capture_file **out)
{
	struct bp_capture_file *f = calloc(1, sizeof(*f));
	int err = 0;

	if (!f)
		return -ENOMEM;
	f->conf = conf;
	f->fd = -1;
	if (!does_rotate(conf))
		err = open_one(f);
	if (err) {
		bp_capture_file_forget(f);
		return err;
	}
	*out = f;
	return 0;
}

static void free_file(struct bp_capture_file *f)
{
	for (size_t i = 0; i < f->n_names; i++)
		free(f->names[i]);
	free(f->names);
	free(f->head);
	free(f);
}

void bp_capture_file_forget(struct bp_capture_file *f)
{
	if (!f)
		return;
	if (f->fd > STDERR_FILENO)
		close(f->fd);
	if (f->is_made)
		(void)unlink(f->conf->path);
	free_file(f);
}

int bp_capture_file_put(struct bp_capture_file *f, const uint8_t *blocks, size_t n_bytes)
{
	if (does_rotate(f->conf))
		return put_rotating(f, blocks, n_bytes);
	/* What stood in it until now makes way for the first block. */
	if (!f->n_bytes && f->is_regular && ftruncate(f->fd, 0))
		return -errno;
	return write_blocks(f, blocks, n_bytes);
}

uint64_t bp_capture_file_packets(const struct bp_capture_file *f)
{
	return f->n_packets;
}

int bp_capture_file_close(struct bp_capture_file *f)
{
	int err = f->fd > STDERR_FILENO && close(f->fd) ? -errno : 0;

	free_file(f);
	return err;
}
