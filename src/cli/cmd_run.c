/* `bypath run`: forward until told to stop, then report. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/beside.h"
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/control.h"
#include "cli/control_capture.h"
#include "cli/log_options.h"
#include "cli/page.h"
#include "cli/start.h"
#include "cli/wait.h"

#include "bypath/config.h"
#include "bypath/log.h"
#include "bypath/report.h"

#include "config/settings.h"
#include "control/alarms.h"
#include "control/hook.h"
#include "control/metrics.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/notify.h"
#include "engine/alarms.h"
#include "engine/document.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "engine/rows.h"
#include "ledger/document.h"
#include "ledger/explain.h"
#include "probe/probe.h"
#include "report/html.h"
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

#define TICK_NS             100000000u
#define RELOAD_ERRORS_BYTES 16384u

struct options {
	const char *file;
	const char *report_path, *html_path; /* NULL: none */
	double duration_s; /* 0: until a signal */
	bool is_quiet; /* no figures, whatever [log] interval says */
	bool is_output_taken; /* by a capture */
	bool is_probed; /* by BPF programs */
	json_t *settings; /* what the configuration was made of */
	struct bp_cli_log log;
	struct bp_cli_sets sets;
};

static void print_usage(FILE *out)
{
	fprintf(out,
		"usage: bypath run FILE.ini [options]\n"
		"  --duration SECONDS        stop by itself after so long (default: until SIGINT or "
		"SIGTERM)\n"
		"  --report FILE.json        write the report there as well, on SIGUSR1 too\n"
		"  --html FILE               and as a page with charts, at the end\n"
		"  --set SECTION.KEY=VALUE   override the file; may be repeated\n"
		"  --probe                   observe the kernel's copies, system calls, softirqs by BPF "
		"(root)\n"
		"%s"
		"  --quiet                   no figures meanwhile: --interval off\n",
		bp_cli_log_usage);
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
		{ "html", BP_CLI_TEXT, .at = offsetof(struct options, html_path) },
		{ "probe", BP_CLI_FLAG, .at = offsetof(struct options, is_probed) },
		{ "set", BP_CLI_SET, .at = offsetof(struct options, sets) },
		{ "quiet", BP_CLI_FLAG, .at = offsetof(struct options, is_quiet) },
		BP_CLI_LOG_ROWS(offsetof(struct options, log)),
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, o);

	for (size_t i = 0; !code && i < o->log.n; i++)
		code = bp_cli_add_set(&o->sets, o->log.sets[i]);
	return code ? code : bp_cli_take_file(argc, argv, &options, &o->file);
}

/* A run of hours must not end in a report that cannot be written. */
static int check_report_path(const char *option, const char *path)
{
	char folder[PATH_MAX];

	if (!path)
		return 0;
	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder) ||
	    access(dirname(folder), W_OK)) {
		(void)bp_cli_complain(
			"%s %s: cannot be written there: %s: choose a folder that exists "
			"and is yours",
			option, path, strerror(errno));
		return -EINVAL;
	}
	return 0;
}

/* A snapshot as a document, the model of its paths in it, what a probe (or NULL) found; NULL when memory lacks. */
static json_t *make_document(const struct bp_report *report, struct bp_probe *probe)
{
	struct bp_model_path *models =
		calloc((size_t)report->n_ports * report->n_ports + 1, sizeof(*models));
	json_t *document = models ? bp_engine_document(report) : NULL;

	if (document)
		bp_ledger_add(document, models, bp_explain_report(report, models));
	if (probe)
		bp_probe_add(probe, document);
	free(models);
	return document;
}

/* A file, or none yet. What is behind a link, a pipe or a terminal may have a reader who takes nothing. */
static bool is_plain(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode);
}

/* A run from its ports' opening to its report. */
struct run {
	const struct bp_conf *conf; /* of the start; since then bp_engine_conf() */
	const struct options *options;
	struct bp_engine *engine;
	struct bp_probe *probe; /* NULL: none was asked for */
	struct bp_report *prev, *now; /* snapshots */
	struct bp_cli_control control;
	struct bp_alarms alarms;
	uint64_t interval_ns; /* between two lines of figures, 0: none */
	bool was_moving; /* in the interval before */
	bool has_broken; /* a reload left it without workers */
};

static void take_snapshot(struct run *run, struct bp_report *report)
{
	bp_report_release(report);
	bp_engine_report(run->engine, report);
}

/* The report as it stands, with what functions say of themselves, in run->now; its document, NULL when memory lacks. Also
 * for whoever asks on the socket. */
static json_t *take_report(void *ctx)
{
	struct run *run = ctx;
	json_t *document;

	take_snapshot(run, run->now);
	bp_engine_report_states(run->engine, run->now);
	document = make_document(run->now, run->probe);
	if (document)
		json_object_set_new(document, "alarms", bp_alarms_document(&run->alarms));
	return document;
}

/* What a snapshot has for the metrics beside itself. 0 or -ENOMEM. */
static int write_metrics(const struct run *run, FILE *out, bool is_open, json_t *floors)
{
	const struct bp_report *r = run->now;
	struct bp_copies *copies = calloc((size_t)r->n_ports * r->n_ports + 1, sizeof(*copies));
	json_t *states = json_array(), *alarms = bp_alarms_document(&run->alarms);
	const struct bp_metrics facts = { .version = BP_VERSION,
					  .instance = run->control.instance.name,
					  .report = r,
					  .kernel_copies = copies,
					  .states = states,
					  .alarms = alarms };
	int err = copies && states && alarms ? 0 : -ENOMEM;

	for (unsigned i = 0; !err && i < r->n_functions; i++)
		err = json_array_append_new(states, bp_rows_function_state(r->functions[i].doc))
			      ? -ENOMEM
			      : 0;
	if (!err) {
		bp_explain_kernel_copies(r, copies);
		err = bp_metrics_write(out, &facts, is_open, floors);
	}
	json_decref(alarms);
	json_decref(states);
	free(copies);
	return err;
}

/* The metrics as they stand, whose snapshot is run->now then: bp_cli_metrics_fn. */
static bool put_metrics(void *ctx, FILE *out, bool is_open, json_t *floors)
{
	struct run *run = ctx;

	take_snapshot(run, run->now);
	bp_engine_report_states(run->engine, run->now);
	return write_metrics(run, out, is_open, floors) == 0;
}

/* Before the paths are others. Where memory lacks, what went out last counts by the next model. */
static void note_metrics(struct run *run)
{
	struct bp_copies *copies;
	struct bp_metrics facts = { .report = run->now };

	take_snapshot(run, run->now);
	copies = calloc((size_t)run->now->n_ports * run->now->n_ports + 1, sizeof(*copies));
	facts.kernel_copies = copies;
	if (!copies)
		return;
	bp_explain_kernel_copies(run->now, copies);
	(void)bp_metrics_note(&facts, run->control.web.floors);
	free(copies);
}

/* The report as it stands: its text in the log, its document in the file of --report. */
static void report_now(struct run *run)
{
	json_t *document = take_report(run);

	if (!document)
		return;
	bp_view_print(bp_log_stream(), document);
	if (run->options->report_path && is_plain(run->options->report_path))
		(void)bp_json_write(json_incref(document), run->options->report_path);
	json_decref(document);
}

/* ---- another configuration -------------------------------------------------------------------- */

/* The file as it is now, and a new reference to its settings. 0 or -errno: *document is what says why. */
static int load_again(struct run *run, struct bp_conf *conf, bool only_tell, json_t **settings,
		      json_t **document)
{
	const struct options *o = run->options;
	char *errors = calloc(1, RELOAD_ERRORS_BYTES);
	int err = errors ? bp_config_load_settings(o->file, o->sets.v, o->sets.n, conf, errors,
						   RELOAD_ERRORS_BYTES, settings)
			 : -ENOMEM;

	if (err)
		bp_engine_refuse(run->engine, errors ? errors : "no memory", only_tell, document);
	else
		bp_plan_add_hops(conf);
	free(errors);
	return err;
}

/* A probe's programs know the devices of the start. */
static int refuse_probed(struct run *run, bool only_tell, json_t **document)
{
	bp_engine_refuse(
		run->engine,
		"--probe observes the devices of the start: end the run, and start it anew",
		only_tell, document);
	return -ENOTSUP;
}

/* What of it is not the engine's. */
static void follow(struct run *run, struct bp_cli_beside *beside, json_t *settings)
{
	const struct bp_conf *conf = bp_engine_conf(run->engine);

	bp_cli_beside_take(beside);
	bp_cli_captures_follow(&run->control, conf->engine.n_workers);
	bp_cli_control_set_config(&run->control, settings);
	run->interval_ns = bp_cli_log_begin(conf, run->options->is_quiet);
	run->was_moving = true;
	take_snapshot(run, run->prev);
}

/*
 * What is beside the engine is ready before that changes, and changes after it; to tell what that would be it is dropped. 0 or
 * -errno, *document.
 */
static int reload_all(struct run *run, const struct bp_conf *conf, json_t *settings, bool only_tell,
		      json_t **document)
{
	struct bp_cli_beside beside;
	char why[512];
	int err = bp_cli_beside_prepare(&beside, &run->control, &run->alarms,
					bp_engine_conf(run->engine), conf, why, sizeof(why));

	if (!err && !only_tell)
		note_metrics(run);
	if (err)
		bp_engine_refuse(run->engine, why, only_tell, document);
	else
		err = bp_engine_reload(run->engine, conf, only_tell, document);
	/* Without all its workers it runs by the new one all the same. */
	if (!only_tell && (!err || err == -ESHUTDOWN))
		follow(run, &beside, settings);
	else
		bp_cli_beside_drop(&beside);
	return err;
}

/* Change what runs to what the file says now, or only tell what that would be. A bypath.change/1, NULL when memory lacks. */
static json_t *reload(struct run *run, bool only_tell)
{
	struct bp_conf *conf = malloc(sizeof(*conf));
	json_t *document = NULL, *settings = NULL;
	int err = conf ? 0 : -ENOMEM;

	if (!only_tell)
		bp_notify_reloading();
	if (err)
		bp_engine_refuse(run->engine, "no memory", only_tell, &document);
	if (!err && run->probe)
		err = refuse_probed(run, only_tell, &document);
	if (!err)
		err = load_again(run, conf, only_tell, &settings, &document);
	if (!err)
		err = reload_all(run, conf, settings, only_tell, &document);
	free(conf);
	json_decref(settings);
	if (!only_tell) {
		const char *why =
			json_string_value(json_array_get(json_object_get(document, "refused"), 0));

		bp_alarms_set(&run->alarms, BP_ALARM_RELOAD_REFUSED, "", err != 0,
			      why ? why : strerror(-err));
		bp_notify_ready();
	}
	if (err == -ESHUTDOWN) { /* its workers do not run: whoever supervises it starts it anew */
		run->has_broken = true;
		kill(getpid(), SIGTERM);
	}
	return document;
}

/* For the control socket. */
static json_t *reload_asked(void *ctx, bool only_tell)
{
	return reload(ctx, only_tell);
}

static void hang_up(struct run *run)
{
	bp_log(BP_LOG_INFO, "SIGHUP: reads %s again", run->options->file);
	json_decref(reload(run, false));
}

/* Does the signal that came (or none: -1) end the run? If so, it is pending again. */
static bool is_end(int number, struct run *run)
{
	if (number == SIGUSR1)
		report_now(run);
	else if (number == bp_calls_signal())
		return false; /* its calls are made in any case */
	else if (number == SIGHUP)
		hang_up(run);
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

/* The figures of an interval in which something moved, or of the first in which nothing did. */
static void log_figures(struct run *run)
{
	struct bp_report *taken = run->now;
	bool is_moving;

	take_snapshot(run, taken);
	is_moving = bp_engine_is_moving(run->prev, taken);
	if (!bp_log_is_on(BP_LOG_INFO))
		is_moving = true; /* the first line after a silence is there in any case */
	else if ((is_moving || run->was_moving) && bp_log_is_plain())
		bp_engine_print_live(bp_log_stream(), run->prev, taken);
	else if (is_moving || run->was_moving)
		bp_engine_log_live(run->prev, taken);
	run->was_moving = is_moving;
	run->now = run->prev;
	run->prev = taken;
}

/* Health of the ports and the figures of each interval, until the time is over, a signal comes, or all is played. */
static void watch(struct run *run, const sigset_t *signals)
{
	double duration_s = run->options->duration_s;
	uint64_t begin_ns = bp_clock_ns(), next_line_ns = begin_ns + run->interval_ns;
	uint64_t next_tick_ns = begin_ns;
	uint64_t end_ns = duration_s > 0 ? begin_ns + (uint64_t)(duration_s * 1e9) : UINT64_MAX;

	take_snapshot(run, run->prev);
	for (;;) {
		uint64_t now_ns = bp_clock_ns();
		uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
		struct timespec ts = { .tv_nsec = (long)(left_ns < TICK_NS ? left_ns : TICK_NS) };

		if (!left_ns || is_end(sigtimedwait(signals, NULL, &ts), run))
			return;
		bp_calls_make(&run->control.calls);
		if (bp_clock_ns() < next_tick_ns)
			continue;
		next_tick_ns = bp_clock_ns() + TICK_NS;
		if (run->probe)
			bp_probe_look(run->probe);
		bp_engine_tick(run->engine);
		bp_engine_alarms(run->engine, bp_alarms_set, &run->alarms);
		bp_alarms_expire(&run->alarms);
		if (is_played(run->engine, bp_engine_conf(run->engine)))
			return;
		bp_log_tick();
		if (!run->interval_ns || bp_clock_ns() < next_line_ns)
			continue;
		next_line_ns += run->interval_ns;
		log_figures(run);
	}
}

static int report_end(struct run *run)
{
	const struct options *o = run->options;
	json_t *document = take_report(run);
	int code;

	/* Where standard output was closed at the start nobody reads it: the report of a service is
	 * a file. */
	code = bp_cli_report(json_incref(document), bp_cli_has_output(), o->is_output_taken,
			     o->report_path);
	if (o->html_path && document && bp_report_html(document, o->html_path))
		code = BP_EXIT_FAILED;
	json_decref(document);
	if (run->now->unaccounted) {
		bp_log(BP_LOG_ERROR, "%lld packets are unaccounted for: %s",
		       (long long)run->now->unaccounted,
		       bp_engine_lacks_workers(run->engine) ? "a worker that did not end had them"
							    : "please report this");
		code = BP_EXIT_FAILED;
	}
	return code;
}

static bool has_path(const struct bp_conf *conf)
{
	for (unsigned i = 0; i < conf->n_ports; i++)
		if (conf->ports[i].out_ports)
			return true;
	return false;
}

/* Open the ports, a probe in front of them if one is wanted. 0 or -errno (logged). */
static int open_ports(struct run *run)
{
	struct bp_cli_start start;
	int err = 0;

	bp_cli_start_begin(&start);
	if (run->options->is_probed)
		err = bp_probe_open(run->conf, &run->probe);
	if (!err)
		err = bp_engine_create(run->conf, &run->engine);
	bp_cli_start_end(&start);
	if (!err && run->probe)
		bp_probe_look(run->probe);
	return err;
}

/* What is there before the ports are opened, and ready for what happens to them. 0 or -errno (logged). */
static int get_ready(struct run *run, sigset_t *signals)
{
	const struct bp_conf *conf = run->conf;
	int err = bp_cli_wait_for_end(conf);

	if (!err)
		err = bp_cli_control_open(&run->control, conf, run->options->file, signals);
	if (!err && conf->alarm.on_event[0])
		err = bp_hook_open(conf->alarm.on_event,
				   run->control.instance.name[0] ? run->control.instance.name
								 : conf->engine.name,
				   &run->alarms.events);
	return err ? err : bp_cli_wait(conf);
}

static int forward(const struct bp_conf *conf, struct options *o)
{
	struct bp_report *reports = calloc(2, sizeof(*reports));
	struct run run = { .conf = conf,
			   .options = o,
			   .control = { .instance = { .lock_fd = -1, .listen_fd = -1 } },
			   .prev = reports };
	int code = BP_EXIT_FAILED, err;
	sigset_t signals;

	if (!reports)
		return BP_EXIT_FAILED;
	run.now = &reports[1];
	bp_cli_block_signals(&signals);
	sigaddset(&signals, SIGUSR1);
	run.interval_ns = bp_cli_log_begin(conf, o->is_quiet);
	run.was_moving = true; /* a run that begins with nothing says so once */
	bp_log_start_thread(); /* without: it logs directly */
	o->is_output_taken = bp_cli_page_is_for_log(conf);
	err = get_ready(&run, &signals);
	if (err == -EINTR)
		code = BP_EXIT_OK; /* ended as it was asked to */
	if (!err && !open_ports(&run) && bp_engine_start(run.engine) == 0) {
		bp_log(BP_LOG_INFO, "forwarding");
		bp_notify_ready();
		run.control.engine = run.engine;
		bp_cli_captures_open(&run.control, run.engine, conf->engine.n_workers);
		bp_cli_control_set_config(&run.control, o->settings);
		bp_cli_control_start(&run.control, take_report, reload_asked, put_metrics, &run);
		watch(&run, &signals);
		bp_cli_end_begin();
		bp_notify_stopping();
		bp_cli_control_close(&run.control);
		if (run.probe)
			bp_probe_end(run.probe);
		bp_engine_stop(run.engine);
		bp_cli_captures_close(&run.control);
		code = report_end(&run);
		if (bp_engine_has_failed(run.engine) || run.has_broken)
			code = BP_EXIT_FAILED;
	}
	bp_hook_close(run.alarms.events);
	bp_cli_control_close(&run.control);
	bp_probe_close(run.probe);
	bp_engine_destroy(run.engine);
	bp_report_release(&reports[0]);
	bp_report_release(&reports[1]);
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
	bp_cli_log_expect(&o.log);
	if (check_report_path("--report", o.report_path) ||
	    check_report_path("--html", o.html_path))
		return BP_EXIT_USAGE;
	code = bp_cli_load_settings(o.file, o.sets.v, o.sets.n, &conf, &o.settings);
	if (code)
		return code - 1;
	if (!has_path(&conf)) {
		return bp_cli_complain(
			       "%s: [forward] says nothing, so there is nothing to run: its "
			       "[gen] section is for bypath gen",
			       o.file) -
		       1;
	}
	code = bp_cli_check_output(&conf, o.report_path);
	code = code ? code - 1 : forward(&conf, &o);
	json_decref(o.settings);
	return code;
}

const struct bp_command bp_command_run = {
	.name = "run",
	.usage =
		"FILE.ini [--duration S] [--report FILE.json] [--html FILE] [--probe] [--set SECTION.KEY=VALUE]",
	.help = "forward between the ports of FILE.ini",
	.run = run_command,
};
