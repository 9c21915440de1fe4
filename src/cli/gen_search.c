/* `bypath gen --search`: runs searches on the generator's trials. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/gen_search.h"

#include "bypath/log.h"

#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/page.h"
#include "core/json.h"
#include "gen/document.h"
#include "gen/search_report.h"
#include "report/json.h"
#include "report/view.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUDGET_S     120.0 /* per frame size, unless --budget is given */
#define TICK_NS      5000000
#define FRAME_MIN    64u
#define FRAME_MAX    9000u
#define RFC2544_LIST "64,128,256,512,1024,1280,1518"

const char bp_gen_search_usage[] =
	"search (docs/searches.md; --rate is then the highest rate to ask for)\n"
	"  --search KIND             ndr | pdr | throughput | latency | loss | back-to-back | mlr |\n"
	"                            rfc2889 (a switch's addresses; needs [gen] monitor)\n"
	"  --sizes LIST              frame sizes, as 64,512,1518; rfc2544 is RFC 2544's list\n"
	"  --budget SECONDS          for all of it (120 for each size; rfc2889 3600); 0: no limit\n"
	"  --loss PERCENT            tolerated loss (0; pdr 0.5); mlr takes several, as 0,0.1,0.5\n"
	"  --width PERCENT           of the upper bound, between the bounds (1; mlr 0.5; rfc2889 5)\n"
	"  --trial, --explore, --sum SECONDS\n"
	"                            a full trial, a short one, full trials behind a decision\n"
	"  --exceed PERCENT          of the full trials that may be lossy (50; throughput 0)\n"
	"  --repeats N               latency: trials for each rate; back-to-back: searches\n"
	"  --ndr FRAMES/S            known NDR: latency does not search it\n"
	"  --addresses N, --ageing SECONDS\n"
	"                            rfc2889: addresses to begin with (1000); after which the\n"
	"                            switch forgets one (300)\n";

/* ---- options --------------------------------------------------------------------------------- */

/* A number within limits, up to a comma or the end; *end is set behind it. */
static int take_number(const char *option, const char *text, double min, double max, double *value,
		       const char **end)
{
	char *stop;
	double number = 0;

	errno = 0;
	number = strtod(text, &stop);
	if (errno || stop == text || (*stop && *stop != ',') || !(number >= min && number <= max))
		return bp_cli_complain("--%s: found '%s', allowed: a number %.10g … %.10g", option,
				       text, min, max);
	*value = number;
	*end = *stop ? stop + 1 : stop;
	return 0;
}

/* Refuse fractions: frames and repetitions are whole. */
static int refuse_part(const char *option, const char *text, double number)
{
	if (number <= floor(number))
		return 0;
	return bp_cli_complain("--%s: found '%s', allowed: whole numbers", option, text);
}

/* One number, where the option was given. */
static int take(const struct bp_gen_search *s, enum bp_gen_search_option id, double min, double max,
		double *value)
{
	const char *end = "";
	double number = 0;

	if (!s->values[id].text)
		return 0;
	if (take_number(s->values[id].name, s->values[id].text, min, max, &number, &end))
		return BP_EXIT_USAGE + 1;
	if (*end)
		return bp_cli_complain("--%s: found '%s', allowed: one number", s->values[id].name,
				       s->values[id].text);
	*value = number;
	return 0;
}

/* The same of percents; *ratio is one. */
static int take_percent(const struct bp_gen_search *s, enum bp_gen_search_option id, double min,
			double max, double *ratio)
{
	double percent = -1;

	if (take(s, id, min, max, &percent))
		return BP_EXIT_USAGE + 1;
	if (percent >= 0)
		*ratio = bp_search_ratio(percent);
	return 0;
}

static int take_sizes(struct bp_gen_search *s)
{
	const char *text = s->values[BP_GEN_SEARCH_SIZES].text;

	if (text && !strcmp(text, "rfc2544"))
		text = RFC2544_LIST;
	while (text && *text) {
		double size = 0;

		if (s->n_sizes == BP_GEN_SIZES_MAX)
			return bp_cli_complain("--sizes: more than %u", BP_GEN_SIZES_MAX);
		if (take_number("sizes", text, FRAME_MIN, FRAME_MAX, &size, &text) ||
		    refuse_part("sizes", s->values[BP_GEN_SEARCH_SIZES].text, size))
			return BP_EXIT_USAGE + 1;
		s->sizes[s->n_sizes++] = (uint32_t)size;
	}
	if (!s->n_sizes)
		s->sizes[s->n_sizes++] = 0;
	return 0;
}

static int take_losses(struct bp_gen_search *s)
{
	const char *text = s->values[BP_GEN_SEARCH_LOSS].text;
	unsigned n = 0;

	while (text && *text) {
		double percent = 0;

		if (n == (s->conf.kind == BP_SEARCH_MLR ? BP_SEARCH_GOALS_MAX : 1u))
			return bp_cli_complain("--loss: too many ratios: %s takes %s",
					       bp_search_name(s->conf.kind),
					       s->conf.kind == BP_SEARCH_MLR ? "4" : "1");
		if (take_number("loss", text, 0, 99, &percent, &text))
			return BP_EXIT_USAGE + 1;
		s->conf.loss_ratios[n++] = bp_search_ratio(percent);
	}
	s->conf.n_goals = n ? n : s->conf.n_goals;
	return 0;
}

static int take_times(struct bp_gen_search *s)
{
	struct bp_search_conf *c = &s->conf;
	double share = c->sum_s / c->trial_s, repeats = c->n_repeats;

	if (take(s, BP_GEN_SEARCH_TRIAL, 0.01, 1e5, &c->trial_s))
		return BP_EXIT_USAGE + 1;
	/* The rest keeps its proportion to the trial, unless it is given too. */
	c->sum_s = c->trial_s * share;
	if (c->kind == BP_SEARCH_THROUGHPUT || c->explore_s > c->trial_s)
		c->explore_s = c->trial_s;
	c->budget_s = BUDGET_S * s->n_sizes;
	if (take(s, BP_GEN_SEARCH_EXPLORE, 0.01, c->trial_s, &c->explore_s) ||
	    take(s, BP_GEN_SEARCH_SUM, c->trial_s, 1e6, &c->sum_s) ||
	    take(s, BP_GEN_SEARCH_BUDGET, 0, 1e7, &c->budget_s) ||
	    take(s, BP_GEN_SEARCH_REPEATS, 1, BP_SEARCH_BURSTS_MAX, &repeats) ||
	    refuse_part("repeats", s->values[BP_GEN_SEARCH_REPEATS].text, repeats))
		return BP_EXIT_USAGE + 1;
	c->n_repeats = (unsigned)repeats;
	return 0;
}

static bool is_of_rfc2889(unsigned option)
{
	return option == BP_GEN_SEARCH_ADDRESSES || option == BP_GEN_SEARCH_AGEING;
}

/* Options that one of the two kinds of search has no use for. */
static int refuse_others(const struct bp_gen_search *s)
{
	static const bool is_of_both[BP_GEN_SEARCH_OPTIONS] = {
		[BP_GEN_SEARCH_KIND] = true,
		[BP_GEN_SEARCH_SIZES] = true,
		[BP_GEN_SEARCH_BUDGET] = true,
		[BP_GEN_SEARCH_WIDTH] = true,
	};

	for (unsigned i = 0; i < BP_GEN_SEARCH_OPTIONS; i++)
		if (s->values[i].text && !is_of_both[i] && is_of_rfc2889(i) != s->is_rfc2889)
			return bp_cli_complain("--%s does not belong to --search %s",
					       s->values[i].name,
					       s->values[BP_GEN_SEARCH_KIND].text);
	return 0;
}

static int parse_rfc2889(struct bp_gen_search *s)
{
	struct bp_rfc2889_conf *c = &s->rfc2889;
	double n_initial;

	bp_rfc2889_defaults(c);
	n_initial = c->n_initial;
	if (take_sizes(s) || take(s, BP_GEN_SEARCH_BUDGET, 0, 1e7, &c->budget_s) ||
	    take_percent(s, BP_GEN_SEARCH_WIDTH, 0.01, 50, &c->width) ||
	    take(s, BP_GEN_SEARCH_AGEING, 0.1, 1e6, &c->ageing_s) ||
	    take(s, BP_GEN_SEARCH_ADDRESSES, 1, BP_RFC2889_ADDRESSES_MAX, &n_initial) ||
	    refuse_part("addresses", s->values[BP_GEN_SEARCH_ADDRESSES].text, n_initial))
		return BP_EXIT_USAGE + 1;
	c->n_initial = (uint32_t)n_initial;
	if (s->n_sizes > 1)
		return bp_cli_complain(
			"--sizes: found '%s', allowed with --search rfc2889: one size",
			s->values[BP_GEN_SEARCH_SIZES].text);
	return 0;
}

int bp_gen_search_parse(struct bp_gen_search *s)
{
	enum bp_search_kind kind;

	for (unsigned i = 1; i < BP_GEN_SEARCH_OPTIONS; i++)
		if (s->values[i].text && !s->values[BP_GEN_SEARCH_KIND].text)
			return bp_cli_complain("--%s needs --search", s->values[i].name);
	if (!s->values[BP_GEN_SEARCH_KIND].text)
		return 0;
	s->is_asked = true;
	s->is_rfc2889 = !strcmp(s->values[BP_GEN_SEARCH_KIND].text, "rfc2889");
	if (refuse_others(s))
		return BP_EXIT_USAGE + 1;
	if (s->is_rfc2889)
		return parse_rfc2889(s);
	kind = bp_search_by_name(s->values[BP_GEN_SEARCH_KIND].text);
	if (kind == BP_SEARCH_KIND_N)
		return bp_cli_complain(
			"--search: found '%s', allowed: ndr, pdr, throughput, latency, loss, "
			"back-to-back, mlr, rfc2889",
			s->values[BP_GEN_SEARCH_KIND].text);
	bp_search_defaults(kind, &s->conf);
	if (take_sizes(s) || take_losses(s) || take_times(s) ||
	    take_percent(s, BP_GEN_SEARCH_WIDTH, 0.01, 50, &s->conf.width) ||
	    take_percent(s, BP_GEN_SEARCH_EXCEED, 0, 99, &s->conf.exceed_ratio) ||
	    take(s, BP_GEN_SEARCH_NDR, 1, 1e12, &s->conf.ndr_pps))
		return BP_EXIT_USAGE + 1;
	return 0;
}

/* ---- the search ------------------------------------------------------------------------------ */

int bp_gen_search_trial(void *ctx, const struct bp_trial_request *request,
			struct bp_trial_result *result)
{
	struct timespec tick = { .tv_nsec = TICK_NS };
	struct bp_gen_search_run *run = ctx;
	int err = bp_gen_start(run->gen, request);

	if (err)
		return err;
	while (bp_gen_tick(run->gen)) {
		if (sigtimedwait(run->signals, NULL, &tick) <= 0)
			continue;
		atomic_store_explicit(&run->stop, true, memory_order_relaxed);
		bp_gen_interrupt(run->gen);
		bp_cli_keep_end();
		break;
	}
	return bp_gen_finish(run->gen, result);
}

static void show(void *ctx, const struct bp_search_progress *progress)
{
	const struct bp_gen_search_run *run = ctx;

	if (run->is_terminal)
		fputs("\r\033[K", bp_log_stream());
	bp_search_print_progress(bp_log_stream(), progress);
	if (!run->is_terminal)
		fputc('\n', bp_log_stream());
	fflush(bp_log_stream());
}

/* One frame size. 0; 1: go no further; -errno. */
static int search_size(struct bp_gen_search *s, struct bp_gen_search_run *run, json_t *root)
{
	struct bp_search_result result;
	struct bp_cli_page page;
	bool is_printed;
	char why[256];
	int err;

	if (bp_gen_rate(run->gen, s->conf.frame_size, &s->conf.max_pps, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "%s", why);
		return -EINVAL;
	}
	/* Whole frames per second; below one it is refused, and not taken for 'find out'. */
	if (s->conf.max_pps >= 1)
		s->conf.max_pps = floor(s->conf.max_pps);
	err = bp_search_run(&s->conf, &result);
	if (run->is_terminal && s->conf.progress)
		fputs("\r\033[K", bp_log_stream());
	if (!err && bp_cli_page_open(&page))
		err = -ENOMEM;
	if (!err) {
		json_t *search = bp_search_document(&result, run->conf,
						    bp_gen_line_pps(run->gen, s->conf.frame_size));

		if (!search)
			bp_log(BP_LOG_ERROR, "no memory for the search's figures");
		bp_view_print(page.file, search);
		is_printed = !bp_cli_page_print(&page) && search;
		json_array_append_new(json_object_get(root, "searches"), search);
		err = result.cause == BP_SEARCH_CAUSE_FAILED || !is_printed;
	}
	bp_search_result_free(&result);
	return err;
}

static int search_sizes(struct bp_gen_search *s, struct bp_gen_search_run *run, json_t *root)
{
	double left_s = s->conf.budget_s;
	int err = 0;

	for (unsigned i = 0; i < s->n_sizes && !err; i++) {
		struct timespec begin, end;

		clock_gettime(CLOCK_MONOTONIC, &begin);
		s->conf.frame_size = s->sizes[i];
		/* The time that one size leaves over goes to the sizes after it. */
		if (left_s > 0)
			s->conf.budget_s = left_s / (s->n_sizes - i);
		err = search_size(s, run, root);
		clock_gettime(CLOCK_MONOTONIC, &end);
		if (left_s > 0)
			left_s = fmax(0.001, left_s - (double)(end.tv_sec - begin.tv_sec) -
						     1e-9 * (double)(end.tv_nsec - begin.tv_nsec));
		if (atomic_load_explicit(&run->stop, memory_order_relaxed))
			break;
	}
	return err;
}

int bp_gen_search_run(struct bp_gen_search *s, struct bp_gen *gen, const struct bp_conf *conf,
		      bool is_quiet, const char *json_path, const sigset_t *signals)
{
	struct bp_gen_search_run run = { .gen = gen,
					 .conf = conf,
					 .signals = signals,
					 .is_terminal = bp_log_is_plain() && isatty(STDERR_FILENO),
					 .is_quiet = is_quiet };
	json_t *root = json_pack("{s:s, s:o, s:[]}", "schema", "bypath.searches/1", "machine",
				 bp_json_machine(), "searches");
	int err;

	if (!root)
		return BP_EXIT_FAILED;
	s->conf.trial = bp_gen_search_trial;
	s->conf.trial_ctx = &run;
	s->conf.stop = &run.stop;
	s->conf.progress = is_quiet ? NULL : show;
	s->conf.progress_ctx = &run;
	err = s->is_rfc2889 ? bp_gen_rfc2889(s, &run, root) : search_sizes(s, &run, root);
	if (json_path && bp_json_write(json_incref(root), json_path))
		err = err ? err : 1;
	json_decref(root);
	s->conf.trial_ctx = s->conf.progress_ctx = NULL;
	s->conf.stop = NULL;
	return err == -EINVAL ? BP_EXIT_USAGE : err ? BP_EXIT_FAILED : BP_EXIT_OK;
}
