/* Serves a socket: one line of JSON asks, one line of JSON answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONTROL_SERVER_H
#define BYPATH_CONTROL_SERVER_H

#include <jansson.h>

#define BP_CONTROL_VERSION 1
#define BP_SERVER_CLIENTS_MAX \
	32u /* one more, and the one that has been idle for longest is closed */
#define BP_SERVER_REQUEST_BYTES 65536u /* of a line; a longer one ends its connection */
#define BP_SERVER_PATIENCE_MS   10000 /* for a line that stands still half-way, either way */

struct bp_server;

/*
 * Answer a command; request is the client's object, with "uid" of the process that connected in it. The server's thread; may
 * block for as long as an answer takes. A new reference, or NULL with *code (a word: "unknown-command") and *message (a
 * sentence, to be freed, or NULL: memory lacks) of what is wrong.
 */
typedef json_t *(*bp_answer_fn)(void *ctx, const char *command, const json_t *request,
				const char **code, char **message);

/*
 * Serve whoever connects to listen_fd (listening, not blocking; the caller's, open until the server stopped),
 * in a thread of its own with all signals blocked:
 *
 *   {"v": 1, "command": "ping", …}                      v may be missing
 *   {"v": 1, "ok": true, "result": …}
 *   {"v": 1, "ok": false, "error": {"code": …, "message": …}}
 *
 * Requests of a connection are answered one after another; while an answer is not taken no further one is read.
 * Control thread. 0 or -errno; then nothing is to be stopped.
 */
int bp_server_start(struct bp_server **server, int listen_fd, bp_answer_fn answer, void *ctx);

/*
 * The connection whose request is being answered is given away: when the answer is sent, take(owner, fd) gets it, which does not
 * block, for good; with -1 where its client was gone before, or the server ends. The thread that sends calls it: the server's, or
 * that of bp_server_stop(). In a bp_answer_fn that then returns a result.
 */
void bp_server_hand_over(struct bp_server *server, void (*take)(void *owner, int fd), void *owner);

/* End the thread and all connections; NULL does nothing. Control thread; an answer() under way is waited for. */
void bp_server_stop(struct bp_server *server);

#endif
