/* `bypath run`: forward until told to stop, then report. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/page.h"
#include "cli/start.h"

#include "bypath/config.h"
#include "bypath/log.h"
#include "bypath/report.h"

#include "core/clock.h"
#include "engine/document.h"
#include "engine/engine.h"
#include "ledger/document.h"
#include "ledger/explain.h"
#include "report/json.h"
#include "report/view.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 100000000u

struct options {
	const char *file;
	const char *report_path; /* NULL: none */
	double duration_s; /* 0: until a signal */
	bool is_quiet; /* no live line */
	bool is_output_taken; /* by a capture */
	struct bp_cli_sets sets;
};

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: bypath run FILE.ini [options]\n"
		"  --duration SECONDS        stop by itself after so long (default: until SIGINT or "
		"SIGTERM)\n"
		"  --report FILE.json        write the report there as well, on SIGUSR1 too\n"
		"  --set SECTION.KEY=VALUE   override the file; may be repeated\n"
		"  --quiet                   no line per second\n");
}

static int take_duration(void *options, const struct bp_cli_option *option, const char *text)
{
	struct options *o = options;
	char *end;

	(void)option;
	errno = 0;
	o->duration_s = strtod(text, &end);
	if (errno || end == text || *end || !isfinite(o->duration_s) || o->duration_s <= 0 ||
	    o->duration_s > 1e9)
		return bp_cli_complain("--duration: found '%s', allowed: seconds above 0", text);
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct bp_cli_option rows[] = {
		{ "duration", BP_CLI_TAKE, .take = take_duration },
		{ "report", BP_CLI_TEXT, .at = offsetof(struct options, report_path) },
		{ "set", BP_CLI_SET, .at = offsetof(struct options, sets) },
		{ "quiet", BP_CLI_FLAG, .at = offsetof(struct options, is_quiet) },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, o);

	return code ? code : bp_cli_take_file(argc, argv, &options, &o->file);
}

/* A run of hours must not end in a report that cannot be written. */
static int check_report_path(const char *path)
{
	char folder[PATH_MAX];

	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder) ||
	    access(dirname(folder), W_OK)) {
		fprintf(stderr,
			"bypath: error: --report %s: cannot be written there: %s: choose a "
			"folder that exists and is yours\n",
			path, strerror(errno));
		return -EINVAL;
	}
	return 0;
}

/* A snapshot as a document, the model of its paths in it; NULL when memory lacks. */
static json_t *make_document(const struct bp_report *report)
{
	struct bp_model_path *models = calloc(BP_PORTS_MAX, sizeof(*models));
	json_t *document = models ? bp_engine_document(report) : NULL;

	if (document)
		bp_ledger_add(document, models, bp_explain_report(report, models));
	free(models);
	return document;
}

/* A file, or none yet. What is behind a link, a pipe or a terminal may have a reader who takes nothing. */
static bool is_plain(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode);
}

/* The report as it stands: its text in the log, its document in the file of --report. */
static void report_now(struct bp_engine *engine, const struct options *o, struct bp_report *report)
{
	json_t *document;

	bp_engine_report(engine, report);
	document = make_document(report);
	if (!document)
		return;
	bp_view_print(bp_log_stream(), document);
	if (o->report_path && is_plain(o->report_path))
		(void)bp_json_write(json_incref(document), o->report_path);
	json_decref(document);
}

/* Does the signal that came (or none: -1) end the run? If so, it is pending again. */
static bool is_end(int number, struct bp_engine *engine, const struct options *o,
		   struct bp_report *scratch)
{
	if (number == SIGUSR1)
		report_now(engine, o, scratch);
	else if (number == SIGHUP)
		bp_log(BP_LOG_INFO, "SIGHUP: ignored: the configuration is read at the start only");
	else if (number > 0)
		bp_cli_keep_end();
	return number > 0 && number != SIGUSR1 && number != SIGHUP;
}

/* [engine] until = replayed: have the captures been played, and is all of them on its way? */
static bool is_played(struct bp_engine *engine, const struct bp_conf *conf)
{
	if (conf->engine.until != BP_UNTIL_REPLAYED || !bp_engine_is_played(engine))
		return false;
	bp_engine_settle(engine);
	return true;
}

/* Health of the ports and a line per second, until the time is over, a signal comes, or all is played. */
static void watch(struct bp_engine *engine, const struct bp_conf *conf, const struct options *o,
		  const sigset_t *signals, struct bp_report *prev, struct bp_report *now)
{
	uint64_t begin_ns = bp_clock_ns(), next_line_ns = begin_ns + 1000000000u;
	uint64_t end_ns =
		o->duration_s > 0 ? begin_ns + (uint64_t)(o->duration_s * 1e9) : UINT64_MAX;

	bp_engine_report(engine, prev);
	for (;;) {
		uint64_t now_ns = bp_clock_ns();
		uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
		struct timespec ts = { .tv_nsec = (long)(left_ns < TICK_NS ? left_ns : TICK_NS) };

		if (!left_ns || is_end(sigtimedwait(signals, NULL, &ts), engine, o, now))
			return;
		bp_engine_tick(engine);
		if (is_played(engine, conf))
			return;
		if (o->is_quiet || bp_clock_ns() < next_line_ns)
			continue;
		next_line_ns += 1000000000u;
		bp_engine_report(engine, now);
		bp_engine_print_live(bp_log_stream(), prev, now);
		*prev = *now;
	}
}

static int report_end(struct bp_engine *engine, const struct options *o, struct bp_report *report)
{
	int code;

	bp_engine_report(engine, report);
	/* Where standard output was closed at the start nobody reads it: the report of a service is
	 * a file. */
	code = bp_cli_report(make_document(report), bp_cli_has_output(), o->is_output_taken,
			     o->report_path);
	if (report->unaccounted) {
		bp_log(BP_LOG_ERROR, "%lld packets are unaccounted for: please report this",
		       (long long)report->unaccounted);
		code = BP_EXIT_FAILED;
	}
	return code;
}

static bool has_path(const struct bp_conf *conf)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].forward_to != BP_NO_PORT)
			return true;
	return false;
}

static int forward(const struct bp_conf *conf, struct options *o)
{
	struct bp_report *reports = calloc(2, sizeof(*reports));
	struct bp_engine *engine = NULL;
	struct bp_cli_start start;
	int err, code = BP_EXIT_FAILED;
	sigset_t signals;

	if (!reports)
		return BP_EXIT_FAILED;
	bp_cli_block_signals(&signals);
	sigaddset(&signals, SIGUSR1);
	bp_log_start_thread(); /* without: it logs directly */
	o->is_output_taken = bp_cli_page_is_for_log(conf);
	bp_cli_start_begin(&start);
	err = bp_engine_create(conf, &engine);
	bp_cli_start_end(&start);
	if (!err && bp_engine_start(engine) == 0) {
		bp_log(BP_LOG_INFO, "forwarding");
		watch(engine, conf, o, &signals, &reports[0], &reports[1]);
		bp_engine_stop(engine);
		code = report_end(engine, o, &reports[0]);
		if (bp_engine_has_failed(engine))
			code = BP_EXIT_FAILED;
	}
	bp_engine_destroy(engine);
	free(reports);
	return code;
}

static int run_command(int argc, char **argv)
{
	struct options o = { 0 };
	struct bp_conf conf;
	int code = parse_options(argc, argv, &o);

	if (code)
		return code - 1;
	if (o.report_path && check_report_path(o.report_path))
		return BP_EXIT_USAGE;
	code = bp_cli_load(o.file, o.sets.v, o.sets.n, &conf);
	if (code)
		return code - 1;
	if (!has_path(&conf)) {
		fprintf(stderr,
			"bypath: error: %s: [forward] says nothing, so there is nothing to run: its "
			"[gen] section is for bypath gen\n",
			o.file);
		return BP_EXIT_USAGE;
	}
	code = bp_cli_check_output(&conf, o.report_path);
	return code ? code - 1 : forward(&conf, &o);
}

const struct bp_command bp_command_run = {
	.name = "run",
	.usage = "FILE.ini [--duration S] [--report FILE.json] [--set SECTION.KEY=VALUE]",
	.help = "forward between the ports of FILE.ini",
	.run = run_command,
};
