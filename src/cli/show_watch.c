/* Redraws what a running instance does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/show_watch.h"

#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show.h"
#include "cli/show_fit.h"

#include "control/client.h"
#include "control/instance.h"
#include "core/clock.h"
#include "report/view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define ROWS_LEAST    2u
#define COLUMNS_LEAST 20u

struct watch {
	const char *name;
	double interval_s;
	bool is_json, is_terminal;
	int fd; /* to the instance, -1: none */
	json_t *before; /* its report of the last time, or NULL */
	json_t *rates; /* what is on the screen; NULL: say is */
	char say[256];
};

/* ---- the screen ----------------------------------------------------------------------------------- */

/* Bytes of the first `columns` characters: none here is wider than one. */
static size_t cut(const char *line, size_t n_bytes, unsigned columns)
{
	size_t n = 0;

	for (unsigned n_chars = 0; n < n_bytes; n++) {
		if (((unsigned char)line[n] & 0xc0) == 0x80)
			continue;
		if (n_chars++ == columns)
			break;
	}
	return n;
}

static struct winsize find_size(void)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	size.ws_row = size.ws_row < ROWS_LEAST ? ROWS_LEAST : size.ws_row;
	size.ws_col = size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col;
	return size;
}

/* Draw over what is there: what is as before does not flicker. */
static void draw(const char *text, unsigned rows, unsigned columns)
{
	static const char more[] = "… more: a higher window shows it";

	fputs("\033[H", stdout);
	for (unsigned row = 0; *text && row < rows; row++) {
		size_t n = strcspn(text, "\n");
		bool is_more = row + 1 == rows && text[n] && text[n + 1];

		/* No line end behind the last row: the screen would roll. */
		if (is_more)
			fwrite(more, 1, cut(more, sizeof(more) - 1, columns), stdout);
		else
			fwrite(text, 1, cut(text, n, columns), stdout);
		fputs("\033[K", stdout);
		text += n + (text[n] == '\n');
		if (row + 1 < rows && *text)
			fputc('\n', stdout);
	}
	fputs("\033[J", stdout);
}

/* What there is to show, as text; NULL: no memory. To be freed. */
static char *make_text(const struct watch *w, unsigned rows)
{
	char *text = NULL;
	size_t n_bytes = 0;
	FILE *f = open_memstream(&text, &n_bytes);
	json_t *fitted = w->rates ? json_deep_copy(w->rates) : NULL;

	if (f && fitted) {
		bp_show_fit(fitted, rows);
		bp_view_print(f, fitted);
	} else if (f) {
		fputs(w->say, f);
	}
	json_decref(fitted);
	if (!f || fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Show it; again, where the window's size has changed. */
static void show(const struct watch *w)
{
	struct winsize size = find_size();
	char *text;

	if (w->is_json) {
		if (w->rates) {
			json_dumpf(w->rates, stdout, JSON_COMPACT);
			fputc('\n', stdout);
		}
		fflush(stdout);
		return;
	}
	text = make_text(w, w->is_terminal ? size.ws_row : 0);
	if (text && w->is_terminal)
		draw(text, size.ws_row, size.ws_col);
	else if (text)
		fputs(text, stdout);
	fflush(stdout);
	free(text);
}

/* ---- the instance --------------------------------------------------------------------------------- */

static void say_gone(struct watch *w, const char *why)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	json_decref(w->before);
	json_decref(w->rates);
	w->before = w->rates = NULL;
	snprintf(w->say, sizeof(w->say), "%s · %s: waiting for it\n", w->name, why);
	show(w);
}

/* Look once. Returns whether figures were shown. */
static bool look(struct watch *w)
{
	char path[BP_INSTANCE_PATH_BYTES], why[200] = "not running";
	json_t *now = NULL;

	if (w->fd < 0 && bp_instance_find(w->name, path))
		w->fd = bp_client_connect(path);
	if (w->fd < 0 ||
	    bp_client_ask(w->fd, json_pack("{s:s, s:s}", "command", "show", "what", "all"), &now,
			  why, sizeof(why))) {
		say_gone(w, why);
		return false;
	}
	json_decref(w->rates);
	w->rates = w->before ? bp_show_rates(w->before, now) : NULL;
	json_decref(w->before);
	w->before = now;
	if (w->rates)
		show(w);
	return w->rates;
}

/* Wait as long; true: a signal, or nobody who reads. A window of another size is drawn anew at once. */
static bool waits_out(const struct watch *w, const sigset_t *signals, double s)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(s * 1e9);
	int number = 0;

	while (!ferror(stdout)) {
		uint64_t now_ns = bp_clock_ns(), left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
		struct timespec ts = { .tv_sec = (time_t)(left_ns / 1000000000u),
				       .tv_nsec = (long)(left_ns % 1000000000u) };

		number = sigtimedwait(signals, NULL, &ts);
		if (number == SIGWINCH)
			show(w);
		else if (number > 0)
			return true;
		else if (errno != EINTR)
			return false;
	}
	return true;
}

/* SIGWINCH as well. */
static void block_signals(sigset_t *signals)
{
	sigset_t size;

	bp_cli_block_signals(signals);
	sigemptyset(&size);
	sigaddset(&size, SIGWINCH);
	sigaddset(signals, SIGWINCH);
	pthread_sigmask(SIG_BLOCK, &size, NULL);
}

int bp_show_watch(const char *name, double interval_s, unsigned n, bool is_json)
{
	struct watch w = { .name = name,
			   .interval_s = interval_s,
			   .is_json = is_json,
			   .fd = -1,
			   .is_terminal = !is_json && isatty(STDOUT_FILENO) };
	unsigned n_drawn = 0;
	sigset_t signals;

	block_signals(&signals);
	if (w.is_terminal)
		fputs("\033[?25l\033[2J", stdout); /* no cursor, an empty screen */
	/* The first figures come soon: of a tenth of a second. */
	look(&w);
	while (!waits_out(&w, &signals,
			  n_drawn            ? interval_s
			  : interval_s < 0.1 ? interval_s
					     : 0.1)) {
		n_drawn += look(&w);
		if (n && n_drawn == n)
			break;
	}
	if (w.is_terminal)
		fputs("\033[?25h\n", stdout);
	json_decref(w.before);
	json_decref(w.rates);
	if (w.fd >= 0)
		close(w.fd);
	return BP_EXIT_OK;
}
