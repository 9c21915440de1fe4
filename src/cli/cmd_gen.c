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
#include "gen/document.h"
#include "gen/learning.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TICK_NS     100000000u
#define LINK_WAIT_S 10.0

/* What happened between two looks at a trial. */
static void print_live(FILE *out, const struct bp_gen_live *prev, const struct bp_gen_live *now)
{
	double s = now->elapsed_s - prev->elapsed_s;

	if (s <= 0)
		s = 1;
	fprintf(out, "%5.0f s ", now->elapsed_s);
	if (now->n_offered)
		fprintf(out, " offered %.3f Mpps",
			(double)(now->n_offered - prev->n_offered) / s / 1e6);
	if (now->n_received || !now->n_offered)
		fprintf(out, "  received %.3f Mpps",
			(double)(now->n_received - prev->n_received) / s / 1e6);
	if (now->n_offered && now->n_received)
		fprintf(out, "  missing %lld",
			(long long)(now->n_offered - now->n_dropped - now->n_once));
	if (now->n_dropped > prev->n_dropped)
		fprintf(out, "  own port dropped %llu",
			(unsigned long long)(now->n_dropped - prev->n_dropped));
	if (now->n_missed > prev->n_missed)
		fprintf(out, "  behind schedule %llu",
			(unsigned long long)(now->n_missed - prev->n_missed));
	if (now->n_foreign)
		fprintf(out, "  foreign %llu", (unsigned long long)now->n_foreign);
	fputc('\n', out);
	fflush(out);
}

/* Until the trial is over; a signal ends it early, with what was measured until then. */
static void watch(struct bp_gen *gen, const struct bp_gen_arguments *o, const sigset_t *signals)
{
	struct bp_gen_live prev, now;
	double next_line_s = 1;

	bp_gen_live(gen, &prev);
	while (bp_gen_tick(gen)) {
		struct timespec ts = { .tv_nsec = TICK_NS / 10 };

		if (sigtimedwait(signals, NULL, &ts) > 0) {
			bp_gen_interrupt(gen);
			bp_cli_keep_end();
			return;
		}
		bp_gen_live(gen, &now);
		if (o->is_quiet || now.elapsed_s < next_line_s)
			continue;
		next_line_s += 1;
		print_live(bp_log_stream(), &prev, &now);
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
