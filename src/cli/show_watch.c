/* Redraws what a running instance does. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/show_watch.h"

#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show.h"

#include "control/client.h"
#include "control/instance.h"
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

/* Draw over what is there: what is as before does not flicker. */
static void draw(const char *text)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	unsigned rows, columns;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	rows = size.ws_row < ROWS_LEAST ? ROWS_LEAST : size.ws_row;
	columns = size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col;
	fputs("\033[H", stdout);
	for (unsigned row = 0; *text && row < rows; row++) {
		size_t n = strcspn(text, "\n");
		bool is_more = row + 1 == rows && text[n] && text[n + 1];

		/* No line end behind the last row: the screen would roll. */
		if (is_more)
			fputs("… more: a higher window shows it", stdout);
		else
			fwrite(text, 1, cut(text, n, columns), stdout);
		fputs("\033[K", stdout);
		text += n + (text[n] == '\n');
		if (row + 1 < rows && *text)
			fputc('\n', stdout);
	}
	fputs("\033[J", stdout);
}

static void show_text(const struct watch *w, const char *text)
{
	if (w->is_terminal)
		draw(text);
	else
		fputs(text, stdout);
	fflush(stdout);
}

static void show_rates(const struct watch *w, json_t *rates)
{
	char *text = NULL;
	size_t n_bytes = 0;
	FILE *f;

	if (w->is_json) {
		json_dumpf(rates, stdout, JSON_COMPACT);
		fputc('\n', stdout);
		fflush(stdout);
		return;
	}
	f = open_memstream(&text, &n_bytes);
	if (!f)
		return;
	bp_view_print(f, rates);
	if (!fclose(f))
		show_text(w, text);
	free(text);
}

/* ---- the instance --------------------------------------------------------------------------------- */

static void say_gone(struct watch *w, const char *why)
{
	char text[256];

	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	json_decref(w->before);
	w->before = NULL;
	if (w->is_json)
		return;
	snprintf(text, sizeof(text), "%s · %s: waiting for it\n", w->name, why);
	show_text(w, text);
}

/* Look once. Returns whether something was drawn. */
static bool look(struct watch *w)
{
	char path[BP_INSTANCE_PATH_BYTES], why[256] = "not running";
	json_t *now = NULL, *rates;

	if (w->fd < 0 && bp_instance_find(w->name, path))
		w->fd = bp_client_connect(path);
	if (w->fd < 0 ||
	    bp_client_ask(w->fd, json_pack("{s:s, s:s}", "command", "show", "what", "all"), &now,
			  why, sizeof(why))) {
		say_gone(w, why);
		return false;
	}
	rates = w->before ? bp_show_rates(w->before, now) : NULL;
	json_decref(w->before);
	w->before = now;
	if (rates)
		show_rates(w, rates);
	json_decref(rates);
	return rates;
}

/* Wait as long; true: a signal, or nobody who reads. */
static bool waits_out(const sigset_t *signals, double s)
{
	struct timespec ts = { .tv_sec = (time_t)s,
			       .tv_nsec = (long)((s - (double)(time_t)s) * 1e9) };
	int number;

	do
		number = sigtimedwait(signals, NULL, &ts);
	while (number < 0 && errno == EINTR);
	return number > 0 || ferror(stdout);
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

	bp_cli_block_signals(&signals);
	if (w.is_terminal)
		fputs("\033[?25l\033[2J", stdout); /* no cursor, an empty screen */
	/* The first figures come soon: of a tenth of a second. */
	look(&w);
	while (!waits_out(&signals, n_drawn ? interval_s : interval_s < 0.1 ? interval_s : 0.1)) {
		n_drawn += look(&w);
		if (n && n_drawn == n)
			break;
	}
	if (w.is_terminal)
		fputs("\033[?25h\n", stdout);
	json_decref(w.before);
	if (w.fd >= 0)
		close(w.fd);
	return BP_EXIT_OK;
}
