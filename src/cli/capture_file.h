/* Where a capture is written to: a file, one after another, a pipe. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_CAPTURE_FILE_H
#define BYPATH_CLI_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bp_capture_file;

/* rotate_*: 0 for no bound. With a bound of bytes or seconds the files are PATH with when each was begun (UTC) and its number
 * before its suffix: out_20250131T235959Z_00001.pcapng. */
struct bp_capture_file_conf {
	const char *path; /* "-": standard output */
	uint64_t rotate_bytes; /* a file has no more, but for one packet that is longer */
	uint64_t rotate_s; /* a file lasts so long */
	uint64_t rotate_files; /* of this capture that are kept, the oldest go */
	bool (*gives_up)(void); /* asked when a signal interrupts a write() that stands still */
};

/*
 * Open what is written to, and change nothing yet; a FIFO waits for its reader. Conf is the caller's, for as long as the file.
 * 0; -EINVAL, or another -errno (said on standard error).
 */
int bp_capture_file_open(const struct bp_capture_file_conf *conf, struct bp_capture_file **file);

/* Nothing came of the capture: what open() made is removed. NULL does nothing. */
void bp_capture_file_forget(struct bp_capture_file *file);

/*
 * Write blocks of a pcapng, whole ones, in their order: the first are the section and its interfaces, with which each file of
 * several begins. May block. 0, or -errno: nothing more can be written, and what a regular file holds ends with a block.
 */
int bp_capture_file_put(struct bp_capture_file *file, const uint8_t *blocks, size_t n_bytes);

/* Packets in what was written. */
uint64_t bp_capture_file_packets(const struct bp_capture_file *file);

/* Close it. 0, or -errno: what was written may not be there (a file system that says so late). */
int bp_capture_file_close(struct bp_capture_file *file);

#endif
