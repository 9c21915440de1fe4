/* Log lines on standard error, one write each, or handed to a thread that writes them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/log.h"

#include "core/outlet.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_BYTES 262144u /* some 2000 lines */
#define STREAM_BYTES 65536u /* a text that is flushed as a whole */

static enum bp_log_level max_level = BP_LOG_INFO; /* set before threads start */

/* Set once, by the control thread, before others start that log. */
static struct bp_outlet *outlet;
static FILE *stream;

void bp_log_set_level(enum bp_log_level level)
{
	max_level = level;
}

void bp_log(enum bp_log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[1024];
	va_list args;
	int len;

	if (level > max_level)
		return;
	len = snprintf(line, sizeof(line), "bypath: %s: ", names[level]);
	va_start(args, fmt);
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, fmt, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	line[len++] = '\n';
	if (outlet)
		bp_outlet_put(outlet, line, (size_t)len);
	else if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return; /* nowhere left to say it */
}

int bp_log_library(enum bp_log_level level, const char *fmt, va_list args)
{
	char text[512] = "";
	int len = vsnprintf(text, sizeof(text), fmt, args);

	if (len >= (int)sizeof(text))
		len = (int)sizeof(text) - 1;
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	bp_log(level, "%s", text);
	return len;
}

/* ---- the thread ------------------------------------------------------------------------------ */

/* A forked child has the buffer, but not the thread. */
static void forget_thread(void)
{
	outlet = NULL;
	stream = NULL;
}

static ssize_t stream_write(void *cookie, const char *text, size_t n)
{
	(void)cookie;
	bp_outlet_put(outlet, text, n);
	return (ssize_t)n;
}

int bp_log_start_thread(void)
{
	static const cookie_io_functions_t io = { .write = stream_write };
	int err;

	if (outlet)
		return 0;
	stream = fopencookie(NULL, "w", io);
	if (!stream)
		return -ENOMEM;
	setvbuf(stream, NULL, _IOFBF, STREAM_BYTES);
	err = bp_outlet_open(STDERR_FILENO, BUFFER_BYTES, "standard error", &outlet);
	if (err) {
		fclose(stream);
		stream = NULL;
		return err;
	}
	pthread_atfork(NULL, NULL, forget_thread);
	atexit(bp_log_flush);
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
