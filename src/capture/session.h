/* Sessions: captures of a run, each sent to the connection that asked for it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CAPTURE_SESSION_H
#define BYPATH_CAPTURE_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define BP_SESSIONS_MAX 16u /* of a run */

struct bp_capture;
struct bp_session;
struct bp_sessions; /* all of a run */

/* What a session asks of whoever runs the engine. ctx: the one of bp_sessions_open(). */
struct bp_sessions_ops {
	/* Have make(arg) called by the control thread, wait for it. Any other thread. false: the run is about to end, and it
	 * was not called. */
	bool (*ask)(void *ctx, void (*make)(void *arg), void *arg);
	/* Put a capture on the ports of these names (n_names 0: all); take it off. Control thread; as bp_engine_capture(). */
	int (*attach)(void *ctx, struct bp_capture *capture, const char *const *names,
		      unsigned n_names, char *why, size_t why_bytes);
	void (*detach)(void *ctx, struct bp_capture *capture);
};

/* n_workers: of the engine. program: what the section says made it. Control thread. NULL: no memory. */
struct bp_sessions *bp_sessions_open(const struct bp_sessions_ops *ops, void *ctx,
				     unsigned n_workers, const char *program);

/* A reload has made the workers others in number: captures from now on have rings for the most that there have been, so that
 * fewer may be as many again. Control thread. */
void bp_sessions_set_workers(struct bp_sessions *sessions, unsigned n_workers);

/*
 * Begin what a request asks for:
 *
 *   "ports": ["wan", …]      missing: all that packets pass through
 *   "kinds": ["rx", "tx"]    or "drop"; missing: rx and tx
 *   "filter": [[…], …]       a program (capture/filter.h); missing: everything
 *   "filter_text"            what it was made of, for the file
 *   "snaplen", "count", "sample", "buffer"
 *
 * From now on the workers fill its rings. Any thread but the control thread; waits for that one. 0, *session for
 * bp_session_take(); -errno with a sentence in why (-EINVAL: of the request).
 */
int bp_sessions_begin(struct bp_sessions *sessions, const json_t *request,
		      struct bp_session **session, char *why, size_t why_bytes);

/* {"interfaces": ["wan", …]}: what the client is told first. A new reference or NULL. */
json_t *bp_session_answer(const struct bp_session *session);

/*
 * Give a session its connection, a stream socket that becomes the session's; -1: it never came, and the session ends. A
 * pcapng goes there from now on, by a thread of its own, until
 *
 *   - `count` packets are written, or the client shuts its side down, or the run ends: with the statistics of each
 *     interface as its last blocks;
 *   - the client is gone: at once;
 *   - a client that is to take the rest takes nothing for 10 s (2 s, and 10 s in all, where the run ends).
 *
 * A client that only stalls stays: what its rings have no room for is counted as lost. Any thread.
 */
void bp_session_take(void *session, int fd);

/* What is captured now: an array of objects. A new reference or NULL. Any thread. */
json_t *bp_sessions_show(struct bp_sessions *sessions);

/*
 * End all sessions, whole, and their threads; NULL does nothing. Control thread, when no request is under way any more, ask()
 * refuses and the workers have ended: what they captured until then is sent. Blocks as said above.
 */
void bp_sessions_close(struct bp_sessions *sessions);

#endif
