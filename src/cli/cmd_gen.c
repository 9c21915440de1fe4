/* `bypath gen`: send traffic, receive it, say what became of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/config.h"
#include "bypath/log.h"

#include "cli/gen_options.h"
#include "cli/page.h"
#include "cli/start.h"
#include "core/clock.h"
#include "core/units.h"
#include "gen/document.h"
#include "gen/learning.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TICK_NS     100000000u
#define LINK_WAIT_S 10.0

/* What happened between two looks at a trial. */
struct interval {
	double elapsed_s, offered_pps, received_pps;
	uint64_t n_dropped, n_missed; /* in it */
	int64_t n_missing; /* of the whole trial, as n_foreign */
	uint64_t n_foreign;
	bool has_offered, has_received, has_missing;
};

static struct interval between(const struct bp_gen_live *prev, const struct bp_gen_live *now)
{
	double s = now->elapsed_s - prev->elapsed_s;

	s = s > 0 ? s : 1;
	return (struct interval){
		.elapsed_s = now->elapsed_s,
		.offered_pps = (double)(now->n_offered - prev->n_offered) / s,
		.received_pps = (double)(now->n_received - prev->n_received) / s,
		.n_dropped = now->n_dropped - prev->n_dropped,
		.n_missed = now->n_missed - prev->n_missed,
		.n_missing = (int64_t)(now->n_offered - now->n_dropped - now->n_once),
		.n_foreign = now->n_foreign,
		.has_offered = now->n_offered,
		.has_received = now->n_received || !now->n_offered,
		.has_missing = now->n_offered && now->n_received,
	};
}

static void print_text(FILE *out, const struct interval *i)
{
	char text[BP_UNITS_BYTES];

	if (i->has_offered)
		fprintf(out, "  offered %s", bp_units(i->offered_pps, "pps", text));
	if (i->has_received)
		fprintf(out, "  received %s", bp_units(i->received_pps, "pps", text));
	if (i->has_missing)
		fprintf(out, "  missing %lld", (long long)i->n_missing);
	if (i->n_dropped)
		fprintf(out, "  own port dropped %llu", (unsigned long long)i->n_dropped);
	if (i->n_missed)
		fprintf(out, "  behind schedule %llu", (unsigned long long)i->n_missed);
	if (i->n_foreign)
		fprintf(out, "  foreign %llu", (unsigned long long)i->n_foreign);
}

static void log_text(const struct interval *i)
{
	const struct bp_log_field fields[] = {
		{ "event", "interval", 0 },
		{ "elapsed_s", NULL, i->elapsed_s },
		{ "offered_pps", NULL, i->offered_pps },
		{ "received_pps", NULL, i->received_pps },
		{ "missing_packets", NULL, i->has_missing ? (double)i->n_missing : NAN },
		{ "own_port_dropped_packets", NULL, (double)i->n_dropped },
		{ "behind_schedule_packets", NULL, (double)i->n_missed },
		{ "foreign_packets", NULL, (double)i->n_foreign },
		{ NULL, NULL, 0 },
	};
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return;
	print_text(out, i);
	if (!fclose(out))
		bp_log_figures(fields, "%s", text + strspn(text, " "));
	free(text);
}

static void print_live(const struct bp_gen_live *prev, const struct bp_gen_live *now)
{
	struct interval interval = between(prev, now);
	FILE *out = bp_log_stream();

	if (!bp_log_is_on(BP_LOG_INFO))
		return;
	if (!bp_log_is_plain()) {
		log_text(&interval);
		return;
	}
	fprintf(out, "%5.0f s ", now->elapsed_s);
	print_text(out, &interval);
	fputc('\n', out);
	fflush(out);
}

/* Did anything move, or can it be that something did not that should have? */
static bool is_moving(const struct bp_gen_live *prev, const struct bp_gen_live *now)
{
	return now->n_offered != prev->n_offered || now->n_received != prev->n_received ||
	       now->n_dropped != prev->n_dropped || now->n_missed != prev->n_missed ||
	       now->n_foreign != prev->n_foreign;
}

/* Until the trial is over; a signal ends it early, with what was measured until then. */
static void watch(struct bp_gen *gen, const struct bp_gen_arguments *o, const sigset_t *signals)
{
	double interval_s = (double)o->interval_ns / 1e9, next_line_s = interval_s;
	struct bp_gen_live prev, now;
	bool was_moving = true;

	bp_gen_live(gen, &prev);
	while (bp_gen_tick(gen)) {
		struct timespec ts = { .tv_nsec = TICK_NS / 10 };

		if (sigtimedwait(signals, NULL, &ts) > 0) {
			bp_gen_interrupt(gen);
			bp_cli_keep_end();
			return;
		}
		bp_log_tick();
		bp_gen_live(gen, &now);
		if (!o->interval_ns || now.elapsed_s < next_line_s)
			continue;
		next_line_s += interval_s;
		if (is_moving(&prev, &now) || was_moving)
			print_live(&prev, &now);
		was_moving = is_moving(&prev, &now);
		prev = now;
	}
}

static int report(const struct bp_gen *gen, const struct bp_gen_arguments *o)
{
	struct bp_gen_report *r = malloc(sizeof(*r));
	json_t *document = NULL;
	int code;

	if (r) {
		bp_gen_report(gen, r);
		document = bp_gen_document(r);
	}
	code = bp_cli_report(document, true, o->is_output_taken, o->json_path);
	free(r);
	return code;
}

static int run_trial(struct bp_gen *gen, const struct bp_conf *conf, struct bp_gen_arguments *o,
		     const sigset_t *signals)
{
	struct bp_trial_request request = { .duration_s = conf->gen.duration_s,
					    .n_pkts = conf->gen.count };
	struct bp_trial_result result;
	char why[256];
	int err, code;

	if (bp_gen_rate(gen, 0, &request.rate_pps, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "%s", why);
		return BP_EXIT_USAGE;
	}
	if (bp_gen_wait_links(gen, LINK_WAIT_S, why, sizeof(why)))
		bp_log(BP_LOG_WARN, "%s: going on without", why);
	if (o->search.is_asked)
		return bp_gen_search_run(&o->search, gen, conf, o->is_quiet, o->json_path, signals);
	if (bp_gen_start(gen, &request))
		return BP_EXIT_FAILED;
	bp_log(BP_LOG_INFO, conf->gen.tx_port == BP_NO_PORT ? "receiving" : "sending");
	watch(gen, o, signals);
	err = bp_gen_finish(gen, &result);
	code = report(gen, o);
	return err ? BP_EXIT_FAILED : code;
}

static int generate(const struct bp_conf *conf, struct bp_gen_arguments *o)
{
	struct bp_gen *gen = NULL;
	struct bp_cli_start start;
	int err, code = BP_EXIT_FAILED;
	sigset_t signals;

	bp_cli_block_signals(&signals);
	o->interval_ns = bp_cli_log_begin(conf, o->is_quiet);
	bp_log_start_thread(); /* without: it logs directly */
	o->is_output_taken = bp_cli_page_is_for_log(conf);
	bp_cli_start_begin(&start);
	err = bp_gen_create(conf, &gen);
	bp_cli_start_end(&start);
	if (!err)
		code = run_trial(gen, conf, o, &signals);
	bp_gen_destroy(gen);
	return code;
}

/* One side of the file; the other runs in another process. 0, or an exit code + 1. */
static int choose_side(const struct bp_gen_arguments *o, struct bp_conf *conf)
{
	const char *name = o->file ? o->file : "the command line";
	char why[256];

	if (o->is_tx_only)
		conf->gen.rx_port = BP_NO_PORT;
	if (o->is_rx_only)
		conf->gen.tx_port = conf->gen.replay_port = BP_NO_PORT;
	if (conf->gen.tx_port == BP_NO_PORT && conf->gen.rx_port == BP_NO_PORT)
		return bp_cli_complain("%s: nothing to send or receive: [gen] names no port for %s",
				       name,
				       o->is_tx_only   ? "tx"
				       : o->is_rx_only ? "rx"
						       : "tx or rx");
	if (o->search.is_asked &&
	    (conf->gen.tx_port == BP_NO_PORT || conf->gen.rx_port == BP_NO_PORT ||
	     conf->gen.replay_port != BP_NO_PORT))
		return bp_cli_complain("%s: --search needs [gen] tx and rx, without replay", name);
	/* Further ports are for other searches, or for bypath run. */
	if (!o->search.is_rfc2889)
		conf->gen.monitor_port = BP_NO_PORT;
	else if (bp_learning_check(conf, why, sizeof(why)))
		return bp_cli_complain("%s: %s", name, why);
	return 0;
}

static int run_command(int argc, char **argv)
{
	struct bp_gen_arguments *o = calloc(1, sizeof(*o));
	struct bp_conf *conf = calloc(1, sizeof(*conf));
	int code = BP_EXIT_FAILED;

	if (!o || !conf)
		goto free_all;
	code = bp_gen_parse(argc, argv, o);
	if (code) {
		code--;
		goto free_all;
	}
	bp_cli_log_expect(&o->log);
	code = bp_cli_load(o->file ? o->file : "/dev/null", o->sets, o->n_sets, conf);
	if (!code)
		code = choose_side(o, conf);
	if (!code)
		code = bp_cli_check_output(conf, o->json_path);
	code = code ? code - 1 : generate(conf, o);
free_all:
	free(conf);
	free(o);
	return code;
}

const struct bp_command bp_command_gen = {
	.name = "gen",
	.usage =
		"FILE.ini | --tx-port DRIVER:DEVICE --rx-port DRIVER:DEVICE [--rate R] [--size S] …",
	.help = "send traffic, receive it, say what became of it",
	.run = run_command,
};
