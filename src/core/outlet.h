/* Output that its reader may not take: bounded, written by a thread of its own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_OUTLET_H
#define BYPATH_CORE_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How long a reader that takes nothing is waited for, where its wait must end. */
#define BP_OUTLET_PATIENCE_NS 2000000000u

/* When bp_outlet_drain() gives a reader up that has taken nothing for BP_OUTLET_PATIENCE_NS. */
enum bp_outlet_wait {
	BP_OUTLET_BRIEFLY, /* in any case */
	BP_OUTLET_UNTIL_SIGNAL, /* where bp_outlet_is_urgent() */
};

/* A descriptor, a buffer, the thread that writes one to the other. */
struct bp_outlet;

#define BP_OUTLET_NOTE_BYTES 512u

/* How an outlet that is no plain descriptor writes, and what it says of lost lines. */
struct bp_outlet_sink {
	/* As write(2): takes whole lines, where they are no longer than a piece. May block; the outlet's thread.
	 * NULL: write(2). */
	ssize_t (*write)(int fd, const char *text, size_t n);
	/* Make the line that says how many are missing in its place; returns its bytes, 0 for none. Any thread; does not
	 * block, nor use the outlet. NULL: no such line. */
	size_t (*note)(char note[BP_OUTLET_NOTE_BYTES], uint64_t n_lines);
};

/*
 * Start the thread of fd, with a buffer of n_bytes (at least 1). fd stays the caller's and in
 * whatever mode it is: others may share it, so it is never made non-blocking.
 * sink: copied; NULL: write(2), and no line that says what was lost.
 * Any thread; does not block. 0 or -errno; *outlet is then the caller's.
 */
int bp_outlet_open(int fd, size_t n_bytes, const struct bp_outlet_sink *sink,
		   struct bp_outlet **outlet);

/*
 * Hand over n bytes of whole lines. Takes all or, where the buffer has no room for them, nothing:
 * their lines are counted, and a line in their place says how many are missing as soon as there is
 * room for it. Any thread; does not wait for the reader. Returns whether they were taken.
 */
bool bp_outlet_put(struct bp_outlet *outlet, const char *text, size_t n);

/*
 * Wait until everything is written. One thread at a time; blocks while the reader takes something, and as
 * wait says while it does not. 0, -ETIMEDOUT, or -errno of the last write() that failed.
 */
int bp_outlet_drain(struct bp_outlet *outlet, enum bp_outlet_wait wait);

/* Lines that were handed over but not written, until now. Any thread. */
uint64_t bp_outlet_lost(struct bp_outlet *outlet);

/*
 * End the thread. It may sit in a write() that never returns; thread and memory then last as long as
 * the process. No other thread uses the outlet. Does not block. NULL: nothing happens.
 */
void bp_outlet_close(struct bp_outlet *outlet);

/* Is a SIGINT or SIGTERM pending, blocked? Who waits for a reader then does so for no longer than
 * BP_OUTLET_PATIENCE_NS. Any thread. */
bool bp_outlet_is_urgent(void);

#endif
