/* One capture file after another: the next is ready before the last is full. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_TURNS_H
#define BYPATH_DRIVER_PCAP_TURNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The file that is being written has the name that the configuration gives, and is a whole capture at
 * every moment. When it ends, it is put away beside: out.pcap becomes out_20250131T235959Z_00001.pcap, by
 * when it was begun (UTC) with its number in this run, so that names sort in the order of the packets,
 * never over a file that is there. What an earlier run left under the name is put away first.
 *
 * A thread of its own makes, names, closes and deletes files, so that the worker does nothing but to
 * take the next descriptor. Where that is not ready (a slow disk, a full one), the worker goes on in the
 * file that it has: nothing is lost, and the file becomes longer than was asked for.
 */
struct bp_pcap_turns;

/* A file as its writer sees it. */
struct bp_pcap_turn_file {
	int fd; /* -1: none */
	off_t end; /* of the last whole record */
};

struct bp_pcap_turns_request {
	const char *port_name; /* for the log; outlives the turns */
	const char *path; /* of the file that is written: an existing one, or none yet */
	uint32_t interval_s; /* a file lasts so long; 0: any time */
	uint32_t n_files_max; /* of this run, with the one that is written; 0: all are kept */
	uint8_t header[24]; /* what each file begins with */
};

/*
 * Make the first file, start the thread. Control thread; blocks on the disk. 0, with *turns the caller's
 * and *file what to write to, or -errno (logged).
 */
int bp_pcap_turns_open(const struct bp_pcap_turns_request *r, struct bp_pcap_turns **turns,
		       struct bp_pcap_turn_file *file);

/*
 * Give a file back that is whole, for the next one. The writer's thread; never blocks; one write() to an
 * eventfd. false: the next is not ready, *file stays.
 */
bool bp_pcap_turns_swap(struct bp_pcap_turns *turns, struct bp_pcap_turn_file *file);

/* End the thread, put the last file away. Control thread, when nobody writes; blocks on the disk. Returns what
 * bp_pcap_turns_has_lost() says at the end. */
bool bp_pcap_turns_close(struct bp_pcap_turns *turns, struct bp_pcap_turn_file *file);

/* Are packets gone with a file that somebody deleted, or that could not be closed? Any thread. */
bool bp_pcap_turns_has_lost(struct bp_pcap_turns *turns);

/* First member of struct bp_pcap_turns. */
struct bp_pcap_turns_due {
	/* Cycles at which the file's time is over. By the writer; the thread sets 0 when the file has
	 * lost its name: relaxed, it is looked at again. */
	_Atomic uint64_t at;
};

/* Is the time of the writer's file over? The writer's thread. */
static inline bool bp_pcap_turns_is_due(struct bp_pcap_turns *turns, uint64_t now_cycles)
{
	struct bp_pcap_turns_due *due = (struct bp_pcap_turns_due *)turns;

	return now_cycles >= atomic_load_explicit(&due->at, memory_order_relaxed);
}

#endif
