/* `bypath gen --search rfc2889`: a switch's address tests on a generator with three ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/gen_search.h"

#include "bypath/log.h"

#include "cli/common.h"
#include "cli/page.h"
#include "core/clock.h"
#include "gen/document.h"
#include "gen/learning.h"
#include "report/view.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The search's ctx: the trials' first. */
struct both {
	struct bp_learning learning;
	struct bp_gen_search_run *run;
};

static int run_trial(void *ctx, const struct bp_learning_request *request,
		     struct bp_learning_result *result)
{
	struct both *both = ctx;

	return bp_learning_trial(&both->learning, request, result);
}

static bool rest(void *ctx, double seconds)
{
	struct bp_gen_search_run *run = ((struct both *)ctx)->run;
	uint64_t now_ns = bp_clock_ns(), end_ns = now_ns + (uint64_t)(seconds * 1e9);
	int number = -1;

	/* Also over a stop and a continue: a wait that is too short would find what was learnt before. */
	for (; number <= 0 && now_ns < end_ns; now_ns = bp_clock_ns()) {
		struct timespec ts = { .tv_sec = (time_t)((end_ns - now_ns) / 1000000000u),
				       .tv_nsec = (long)((end_ns - now_ns) % 1000000000u) };

		number = sigtimedwait(run->signals, NULL, &ts);
	}
	if (number <= 0)
		return true;
	atomic_store_explicit(&run->stop, true, memory_order_relaxed);
	bp_cli_keep_end();
	return false;
}

static void show(void *ctx, const struct bp_rfc2889_trial *next, double wait_s)
{
	const struct bp_gen_search_run *run = ((struct both *)ctx)->run;
	FILE *out = bp_log_stream();

	fprintf(out, "%srfc2889 %s: next %u addresses", run->is_terminal ? "\r\033[K" : "",
		next->test == BP_RFC2889_CAPACITY ? "capacity" : "rate", next->request.n_addresses);
	if (next->request.learn_pps > 0)
		fprintf(out, " at %.6f Mpps", next->request.learn_pps / 1e6);
	if (wait_s > 0)
		fprintf(out, ", after %.1f s in which the device forgets", wait_s);
	if (!run->is_terminal)
		fputc('\n', out);
	fflush(out);
}

static int print(const struct bp_rfc2889_result *result, const struct bp_gen_search *s,
		 const struct bp_gen_search_run *run, json_t *root)
{
	json_t *document;
	struct bp_cli_page page;
	bool is_printed;

	if (run->is_terminal && !run->is_quiet)
		fputs("\r\033[K", bp_log_stream());
	if (bp_cli_page_open(&page))
		return -ENOMEM;
	document = bp_learning_document(result, run->conf, s->sizes[0],
					bp_gen_line_pps(run->gen, s->sizes[0]));
	if (!document)
		bp_log(BP_LOG_ERROR, "no memory for the search's figures");
	bp_view_print(page.file, document);
	is_printed = !bp_cli_page_print(&page) && document;
	json_array_append_new(json_object_get(root, "searches"), document);
	return !is_printed || result->capacity.cause == BP_SEARCH_CAUSE_FAILED ||
	       result->rate.cause == BP_SEARCH_CAUSE_FAILED;
}

/* Frames whose rate is not what is measured go no faster than those that were allowed. */
static int choose_rates(struct bp_rfc2889_conf *conf, const struct bp_gen_search *s,
			const struct bp_gen_search_run *run)
{
	char why[256];

	if (bp_gen_rate(run->gen, s->sizes[0], &conf->max_pps, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "%s", why);
		return -EINVAL;
	}
	if (conf->max_pps > 0)
		conf->calm_pps = fmin(conf->calm_pps, conf->max_pps);
	return 0;
}

int bp_gen_rfc2889(const struct bp_gen_search *s, struct bp_gen_search_run *run, json_t *root)
{
	struct bp_rfc2889_conf conf = s->rfc2889;
	struct bp_rfc2889_result *result = calloc(1, sizeof(*result));
	struct both both = { .learning = { .frame_size = s->sizes[0],
					   .run = bp_gen_search_trial,
					   .run_ctx = run },
			     .run = run };
	int err = result ? choose_rates(&conf, s, run) : -ENOMEM;

	if (!err)
		err = bp_learning_begin(&both.learning, run->gen, run->conf);
	if (!err) {
		conf.trial = run_trial;
		conf.rest = rest;
		conf.ctx = &both;
		conf.stop = &run->stop;
		conf.progress = run->is_quiet ? NULL : show;
		err = bp_rfc2889_run(&conf, result);
	}
	bp_learning_end(&both.learning);
	if (!err)
		err = print(result, s, run, root);
	free(result);
	return err;
}
