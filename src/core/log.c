/* The log: levels, limits, where messages go; one write each, or handed to a thread that writes them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/log.h"

#include "core/clock.h"
#include "core/log_journal.h"
#include "core/log_limit.h"
#include "core/log_line.h"
#include "core/outlet.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES 262144u /* some 2000 lines */
#define STREAM_BYTES 65536u /* a text that is flushed as a whole */
#define TEXT_BYTES   1024u

/* Any thread writes, any reads; nothing else depends on it. */
static _Atomic enum bp_log_level max_level = BP_LOG_INFO;

/* Set by the control thread before others start that log. */
static enum bp_log_form form = BP_LOG_PLAIN;
static struct bp_outlet *outlet;
static FILE *stream;
static char stream_buffer[STREAM_BYTES]; /* setvbuf() takes a size with a buffer only */

/* Of a log that was opened. */
static bool is_limited;
static pthread_mutex_t limits_lock = PTHREAD_MUTEX_INITIALIZER;
static struct bp_limits limits; /* belongs to who holds limits_lock */

void bp_log_set_level(enum bp_log_level level)
{
	atomic_store_explicit(&max_level, level, memory_order_relaxed);
}

bool bp_log_is_on(enum bp_log_level level)
{
	return level <= atomic_load_explicit(&max_level, memory_order_relaxed);
}

bool bp_log_is_plain(void)
{
	return form == BP_LOG_PLAIN;
}

bool bp_log_is_text(void)
{
	return form == BP_LOG_PLAIN || form == BP_LOG_STAMPED;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Who else is told of this thread's errors. */
static _Thread_local struct {
	void (*heard)(void *ctx, const char *text);
	void *ctx;
} listener;

static void put_line(const char *line, size_t n)
{
	if (outlet)
		bp_outlet_put(outlet, line, n);
	else if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to say it */
}

/* The journal's form is for its thread; without one a line has its priority in front. */
static enum bp_log_form form_now(void)
{
	return form == BP_LOG_JOURNAL && !outlet ? BP_LOG_PRIORITY : form;
}

static void put_record(const struct bp_log_record *record)
{
	char text[TEXT_BYTES + BP_LOG_STAMP_BYTES + 32];
	char *line = NULL;
	size_t n;

	if (!bp_log_is_text() && form != BP_LOG_PRIORITY)
		line = bp_log_line(record, form_now(), &n);
	if (!line) /* a text for people, which needs no memory */
		n = bp_log_text_line(record, bp_log_is_text() ? form : BP_LOG_PRIORITY, text,
				     sizeof(text));
	put_line(line ? line : text, n);
	free(line);
}

static void add_field(struct bp_log_record *record, const struct bp_log_field *field)
{
	if (record->n_fields < BP_LOG_FIELDS_MAX)
		record->fields[record->n_fields++] = *field;
}

/* ---- what is left out ------------------------------------------------------------------------ */

static void say_left_out(const struct bp_limit_row *over)
{
	char text[BP_LIMIT_TEXT_BYTES + 128];
	struct bp_log_record record = { .place = &over->site.place,
					.level = over->site.level,
					.text = text };

	clock_gettime(CLOCK_REALTIME, &record.time);
	snprintf(text, sizeof(text), "%llu more messages like this one in %u s are left out: %s",
		 (unsigned long long)over->n_left_out, (unsigned)(BP_LIMIT_NS / 1000000000u),
		 over->text);
	bp_log_clean(text); /* it may be cut within a character */
	if (over->site.kind)
		add_field(&record,
			  &(struct bp_log_field){ over->site.kind, over->site.subject, 0 });
	add_field(&record, &(struct bp_log_field){ "left_out", NULL, (double)over->n_left_out });
	put_record(&record);
}

/* May it be logged? Says before it what its site has left out. */
static bool is_within_limit(const struct bp_limit_site *site, const char *text)
{
	struct bp_limit_row over;
	bool passes;

	if (!is_limited || site->level == BP_LOG_DEBUG || site->place.is_figures)
		return true;
	pthread_mutex_lock(&limits_lock);
	passes = bp_limit_pass(&limits, site, text, bp_clock_ns(), &over);
	pthread_mutex_unlock(&limits_lock);
	if (over.n_left_out)
		say_left_out(&over);
	return passes;
}

static void say_all_left_out(uint64_t now_ns)
{
	struct bp_limit_row over;
	bool is_any;

	do {
		pthread_mutex_lock(&limits_lock);
		is_any = bp_limit_take(&limits, now_ns, &over);
		pthread_mutex_unlock(&limits_lock);
		if (is_any)
			say_left_out(&over);
	} while (is_any);
}

void bp_log_tick(void)
{
	if (is_limited)
		say_all_left_out(bp_clock_ns());
}

/* ---- messages -------------------------------------------------------------------------------- */

/* The subject that fmt says its first argument is: "port %s: …". */
static void find_subject(struct bp_limit_site *site, const char *fmt, va_list args)
{
	static const char *const kinds[] = { "port", "function" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t n = strlen(kinds[i]);

		if (strncmp(fmt, kinds[i], n) || strncmp(fmt + n, " %s: ", 5))
			continue;
		site->kind = kinds[i];
		snprintf(site->subject, sizeof(site->subject), "%s", va_arg(args, const char *));
		return;
	}
}

void bp_log_listen(void (*heard)(void *ctx, const char *text), void *ctx)
{
	listener.heard = heard;
	listener.ctx = ctx;
}

void bp_log_put(const struct bp_log_place *place, enum bp_log_level level,
		const struct bp_log_field *fields, const char *fmt, ...)
{
	struct bp_limit_site site = { .place = *place, .level = level };
	struct bp_log_record record = { .place = place, .level = level };
	char text[TEXT_BYTES];
	va_list args;

	if (!bp_log_is_on(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	bp_log_clean(text);
	if (level == BP_LOG_ERROR && listener.heard)
		listener.heard(listener.ctx, text);
	va_start(args, fmt);
	find_subject(&site, fmt, args);
	va_end(args);
	if (!is_within_limit(&site, text))
		return;
	clock_gettime(CLOCK_REALTIME, &record.time);
	record.text = text;
	if (site.kind)
		add_field(&record, &(struct bp_log_field){ site.kind, site.subject, 0 });
	for (; fields && fields->name; fields++)
		add_field(&record, fields);
	put_record(&record);
}

int bp_log_library(enum bp_log_level level, const char *fmt, va_list args)
{
	char text[512] = "", *rest = text, *line;
	int len;

	if (!bp_log_is_on(level))
		return 0;
	len = vsnprintf(text, sizeof(text), fmt, args);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			bp_log(level, "%s", line);
	return len < (int)sizeof(text) ? len : (int)sizeof(text) - 1;
}

/* ---- the log of a program that runs for long ------------------------------------------------- */

static enum bp_log_form choose_form(enum bp_log_format format)
{
	if (format == BP_LOG_JSON)
		return BP_LOG_AS_JSON;
	if (format == BP_LOG_LOGFMT)
		return BP_LOG_AS_LOGFMT;
	if (bp_journal_is_behind(STDERR_FILENO))
		return bp_journal_is_native() ? BP_LOG_JOURNAL : BP_LOG_PRIORITY;
	return isatty(STDERR_FILENO) ? BP_LOG_PLAIN : BP_LOG_STAMPED;
}

void bp_log_open(enum bp_log_format format)
{
	if (outlet)
		return;
	form = choose_form(format);
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* A forked child has the buffer, but not the thread; and perhaps a lock that nobody there opens. */
static void forget_thread(void)
{
	outlet = NULL;
	stream = NULL;
	is_limited = false;
}

/* A text of one line is a message; of more, one where messages have fields, and as it is where they are text. */
static ssize_t stream_write(void *cookie, const char *text, size_t n)
{
	size_t n_text = n && text[n - 1] == '\n' ? n - 1 : n;
	bool is_one_line = n_text < n && n_text < TEXT_BYTES && !memchr(text, '\n', n_text);
	struct bp_log_record record = { .level = BP_LOG_INFO };
	char *copy;

	(void)cookie;
	if (form == BP_LOG_PLAIN || form == BP_LOG_PRIORITY ||
	    (form == BP_LOG_STAMPED && !is_one_line)) {
		put_line(text, n);
		return (ssize_t)n;
	}
	copy = strndup(text, n_text);
	if (!copy)
		return (ssize_t)n;
	if (form == BP_LOG_STAMPED)
		bp_log_clean(copy);
	clock_gettime(CLOCK_REALTIME, &record.time);
	record.text = copy;
	put_record(&record);
	free(copy);
	return (ssize_t)n;
}

static size_t make_note(char note[BP_OUTLET_NOTE_BYTES], uint64_t n_lines)
{
	char text[160];
	struct bp_log_record record = { .level = BP_LOG_WARN, .text = text };
	size_t n;
	char *line;

	clock_gettime(CLOCK_REALTIME, &record.time);
	snprintf(text, sizeof(text), "%s: %llu lines are missing here: nobody read them in time",
		 form == BP_LOG_JOURNAL ? "the journal" : "standard error",
		 (unsigned long long)n_lines);
	line = bp_log_line(&record, form, &n);
	if (!line || n > BP_OUTLET_NOTE_BYTES)
		n = bp_log_text_line(&record, BP_LOG_PLAIN, note, BP_OUTLET_NOTE_BYTES);
	else
		memcpy(note, line, n);
	free(line);
	return n;
}

static void end_log(void)
{
	if (is_limited)
		say_all_left_out(UINT64_MAX);
	bp_log_flush();
}

int bp_log_start_thread(void)
{
	static const cookie_io_functions_t io = { .write = stream_write };
	const struct bp_outlet_sink sink = {
		.write = form == BP_LOG_JOURNAL ? bp_journal_write : NULL,
		.note = make_note,
	};
	int err;

	if (outlet)
		return 0;
	stream = fopencookie(NULL, "w", io);
	if (!stream)
		return -ENOMEM;
	setvbuf(stream, stream_buffer, _IOFBF, sizeof(stream_buffer));
	err = bp_outlet_open(STDERR_FILENO, BUFFER_BYTES, &sink, &outlet);
	if (err) {
		fclose(stream);
		stream = NULL;
		return err;
	}
	/* From here on: what is said before, such as the faults of a file, is said once, all of it. */
	is_limited = true;
	pthread_atfork(NULL, NULL, forget_thread);
	atexit(end_log);
	return 0;
}

FILE *bp_log_stream(void)
{
	return stream ? stream : stderr;
}

void bp_log_flush(void)
{
	if (!outlet)
		return;
	fflush(stream);
	bp_outlet_drain(outlet, BP_OUTLET_BRIEFLY);
}
