/* Messages on standard error, or in systemd's journal. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LOG_H
#define BYPATH_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum bp_log_level { BP_LOG_ERROR, BP_LOG_WARN, BP_LOG_INFO, BP_LOG_DEBUG };
enum bp_log_format { BP_LOG_TEXT, BP_LOG_JSON, BP_LOG_LOGFMT };

/* [log]: what bp_cli_log_begin() (cli/log_options.h) makes of the log. */
struct bp_log_conf {
	enum bp_log_level level;
	enum bp_log_format format;
	double interval_s; /* between two lines of figures; 0: none; BP_LOG_INTERVAL_AUTO */
};
/* Every second on a terminal, none elsewhere. */
#define BP_LOG_INTERVAL_AUTO (-1.0)

/* Where a message stands in the source. */
struct bp_log_place {
	const char *file;
	int line;
	const char *function;
	bool is_figures; /* asked for by an interval: never left out */
};

/* What a program finds in a message: a name of a-z 0-9 _, and a text or, where that is NULL, a number. */
struct bp_log_field {
	const char *name; /* NULL ends a list */
	const char *text;
	double number;
};

/* Log a message of printf()'s form: bp_log_put() says all. Log once, where cause and name are known: object, action,
 * reason, what to do. */
#define bp_log(level_, ...) bp_log_with(level_, NULL, __VA_ARGS__)
/* The same with fields (a list, or NULL). */
#define bp_log_with(level_, fields_, ...)                                                       \
	bp_log_put(&(const struct bp_log_place){ __FILE__, __LINE__, __func__, false }, level_, \
		   fields_, __VA_ARGS__)
/* The figures of an interval. */
#define bp_log_figures(fields_, ...)                                                   \
	bp_log_put(&(const struct bp_log_place){ __FILE__, __LINE__, __func__, true }, \
		   BP_LOG_INFO, fields_, __VA_ARGS__)

/*
 * Log one message if level is enabled: as one line "bypath: LEVEL: TEXT", or as bp_log_open() says. A format that
 * begins with "port %s: " or "function %s: " names its subject, which is a field of the message.
 * Control characters, and bytes that are no UTF-8, become '?'. Any thread, never on the packet path; one write per
 * message, which blocks on the reader before bp_log_start_thread().
 */
void bp_log_put(const struct bp_log_place *place, enum bp_log_level level,
		const struct bp_log_field *fields, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Have the errors that the calling thread logs told to heard() as well, so that who asked for something is told why it
 * failed; NULL: no more. Their texts are the callee's for the call only.
 */
void bp_log_listen(void (*heard)(void *ctx, const char *text), void *ctx);

/*
 * Log what a library says through its log callback, a message for each of its lines. args is
 * used up. Any thread; never on the packet path. Returns the bytes of the text.
 */
int bp_log_library(enum bp_log_level level, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

/*
 * From now on this is the log of a program that runs for long. Text is as before on a terminal; has time stamps (ISO 8601,
 * milliseconds, zone) elsewhere; and goes to systemd's journal with its fields where standard error leads there
 * (JOURNAL_STREAM). JSON: an object per line; logfmt: a line of name=value. A message site repeats itself about one subject
 * BP_LIMIT_MESSAGES times in BP_LIMIT_NS at most (core/log_limit.h), then says how many it left out; debug is not limited.
 * Control thread, before bp_log_start_thread(); may be called again until then. Does not block.
 */
void bp_log_open(enum bp_log_format format);

/* Are messages lines of text for people, on a terminal or in a file? Any thread after bp_log_open(). */
bool bp_log_is_text(void);

/* Is that text as a terminal has it, without time stamps? */
bool bp_log_is_plain(void);

/*
 * From now on a thread writes what is logged, so that a reader of standard error (or the journal) that stops reading
 * stops nobody else: lines that find its buffer full are lost, and a line in their place says how
 * many. What is buffered is written before exit(), unless the reader takes nothing for 2 s. A forked
 * child logs directly again. Control thread, before others start; does not block; 0 or -errno, 0
 * without effect when it runs already.
 */
int bp_log_start_thread(void);

/*
 * Standard error for whole texts, by the same thread: write one, then fflush(). Where messages are no text it
 * is one message. Control thread only. Without bp_log_start_thread() it is stderr. The stream stays the log's.
 */
FILE *bp_log_stream(void);

/* Say how many messages were left out by a limit whose time is over. Control thread, now and then; does not block. */
void bp_log_tick(void);

/* Wait until what was logged is written, or its reader has taken nothing for 2 s. Control thread. */
void bp_log_flush(void);

/* Set the most detailed level that is logged (default BP_LOG_INFO). Any thread, at any time. */
void bp_log_set_level(enum bp_log_level level);

/* Is it? Any thread. */
bool bp_log_is_on(enum bp_log_level level);

#endif
