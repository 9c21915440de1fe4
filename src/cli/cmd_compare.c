/* `bypath compare`: every I/O path of this machine side by side. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/compare_options.h"
#include "cli/page.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "compare/goals.h"
#include "compare/ports.h"
#include "compare/workload.h"
#include "core/clock.h"
#include "core/cpu.h"
#include "core/pages.h"
#include "report/html.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHOSEN_MAX 64u
#define HUGE_PAGES 64u
#define WHY_BYTES  2048u
#define QUICK_S    52.0 /* in all, with a margin below the minute that it promises */

/* Set by the signal handler, read everywhere: a handler has no argument of its own. */
static atomic_bool stop_asked;

static void on_signal(int signal)
{
	(void)signal;
	atomic_store_explicit(&stop_asked, true, memory_order_relaxed);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void add_note(struct bp_comparison *cmp, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_note(struct bp_comparison *cmp, const char *fmt, ...)
{
	va_list args;

	if (cmp->n_notes == sizeof(cmp->notes) / sizeof(cmp->notes[0]))
		return;
	va_start(args, fmt);
	vsnprintf(cmp->notes[cmp->n_notes], sizeof(cmp->notes[0]), fmt, args);
	va_end(args);
	fprintf(bp_log_stream(), "bypath: %s\n", cmp->notes[cmp->n_notes++]);
	fflush(bp_log_stream());
}

/* The forwarder gets the last core, the generator the first ones. */
static int choose_cores(struct bp_comparison *cmp)
{
	unsigned cores[1024], n = bp_cpu_allowed(cores, 1024);

	if (!n)
		return -ENOTSUP;
	cmp->dut_core = cores[n - 1];
	cmp->gen_cores[0] = cores[0];
	cmp->gen_cores[1] = cores[n > 2 ? 1 : 0];
	cmp->n_gen_cores = n > 2 ? 2 : 1;
	cmp->is_core_shared = n == 1;
	if (cmp->is_core_shared)
		add_note(cmp,
			 "warning: one core only: generator and forwarder take turns on core %u, "
			 "so these figures say little about either",
			 cores[0]);
	return 0;
}

static bool any_needs_eal(const struct bp_cmp_row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bp_cmp_has(rows[i].path, BP_CMP_BY_DPDK))
			return true;
	return false;
}

static bool needs_eal(const struct bp_comparison *cmp)
{
	return any_needs_eal(cmp->rows, cmp->n_rows) || any_needs_eal(cmp->figures, cmp->n_figures);
}

static void reserve_memory(struct bp_comparison *cmp)
{
	if (!cmp->is_root || !needs_eal(cmp))
		return;
	cmp->n_huge_free = bp_hugepages_reserve(cmp->folder, HUGE_PAGES);
	if (cmp->n_huge_free < (int)HUGE_PAGES ||
	    bp_pages_try_huge(HUGE_PAGES * BP_HUGE_BYTES) < HUGE_PAGES * BP_HUGE_BYTES) {
		bp_hugepages_return(cmp->folder);
		cmp->n_huge_free = 0;
		add_note(cmp, "no %u hugepages of 2 MiB to be had: DPDK runs on ordinary pages",
			 HUGE_PAGES);
	} else {
		add_note(cmp, "DPDK runs on hugepages of 2 MiB");
	}
}

static int make_rows(struct bp_comparison *cmp, const bool *chosen)
{
	unsigned n = 0;

	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		n += chosen[i];
	cmp->rows = calloc((size_t)n * cmp->options.n_sizes, sizeof(*cmp->rows));
	if (!cmp->rows)
		return -ENOMEM;
	for (unsigned s = 0; s < cmp->options.n_sizes; s++)
		for (unsigned i = 0; i < bp_cmp_n_paths; i++)
			if (chosen[i])
				cmp->rows[cmp->n_rows++] =
					(struct bp_cmp_row){ .path = &bp_cmp_paths[i],
							     .size = &cmp->options.sizes[s],
							     .softirq_ns = -1 };
	return 0;
}

static void show_row(const struct bp_comparison *cmp, const struct bp_cmp_row *row, unsigned round,
		     double left_s)
{
	FILE *out = bp_log_stream();

	fprintf(out, "  round %u/%u  %-20s %5s  ", round + 1, cmp->options.n_rounds,
		row->path->name, row->size->name);
	if (bp_cmp_has_ended(row))
		fprintf(out, "%s: %.60s", row->status == BP_CMP_FAILED ? "failed" : "cannot run",
			row->reason);
	else if (row->figure.n)
		fprintf(out, "%s %8.2f %s", row->workload->name,
			row->figure.v[row->figure.n - 1] * row->workload->scale,
			row->workload->unit);
	else if (row->forwarded.n)
		fprintf(out, "%8.3f Mpps", row->forwarded.v[row->forwarded.n - 1] * 1e-6);
	if (row->ndr.n)
		fprintf(out, "  NDR %.3f", row->ndr.v[row->ndr.n - 1] * 1e-6);
	fprintf(out, "  about %.0f s left\n", left_s);
	fflush(out);
}

/* The row or figure that comes i-th in a round. Every second round goes the other way: of two, neither always
 * follows the other. */
static struct bp_cmp_row *row_at(struct bp_comparison *cmp, unsigned round, unsigned i)
{
	unsigned n = cmp->n_rows + cmp->n_figures, at = round % 2 && !cmp->n_rows ? n - 1 - i : i;

	return at < cmp->n_rows ? &cmp->rows[at] : &cmp->figures[at - cmp->n_rows];
}

/* Round by round, in each round every row once: what drifts, drifts for all alike. */
static void measure_all(struct bp_comparison *cmp)
{
	unsigned n_round = cmp->n_rows + cmp->n_figures, n_done = 0;
	unsigned n_all = n_round * cmp->options.n_rounds;
	uint64_t begin_ns = bp_clock_ns();

	for (unsigned round = 0; round < cmp->options.n_rounds; round++)
		for (unsigned i = 0; i < n_round; i++) {
			struct bp_cmp_row *row = row_at(cmp, round, i);
			double spent_s;

			if (atomic_load_explicit(cmp->stop, memory_order_relaxed))
				return;
			if (row->workload)
				bp_cmp_work(cmp, row);
			else
				bp_cmp_measure(cmp, row);
			n_done++;
			spent_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;
			show_row(cmp, row, round, spent_s / n_done * (n_all - n_done));
			if (cmp->options.is_quick) /* what is left, for the rows that are left */
				cmp->options.search_s = fmax(
					0, fmin(3, (QUICK_S - spent_s) / fmax(1, n_all - n_done) -
							   2.45));
		}
}

static bool has_failed(const struct bp_cmp_row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (rows[i].status == BP_CMP_FAILED)
			return true;
	return false;
}

static int finish(struct bp_comparison *cmp, const struct bp_compare_arguments *a)
{
	json_t *document = bp_cmp_document(cmp);
	int code;

	if (!document) {
		bp_log(BP_LOG_ERROR, "no memory for the document: nothing is printed or written");
		return BP_EXIT_FAILED;
	}
	bp_log_flush();
	code = bp_cli_report(json_incref(document), bp_compare_has_text(a), false, a->json_path);
	if (a->html_path && bp_report_html(document, a->html_path))
		code = BP_EXIT_FAILED;
	json_decref(document);
	if (has_failed(cmp->rows, cmp->n_rows) || has_failed(cmp->figures, cmp->n_figures))
		code = BP_EXIT_FAILED;
	return code;
}

static void describe(struct bp_comparison *cmp, int argc, char **argv)
{
	time_t now = time(NULL);
	struct tm tm;
	size_t n = (size_t)snprintf(cmp->command, sizeof(cmp->command), "bypath");
	ssize_t len = readlink("/proc/self/exe", cmp->exe, sizeof(cmp->exe) - 1);
	const char *why;

	cmp->exe[len > 0 ? len : 0] = '\0';
	for (int i = 0; i < argc && n < sizeof(cmp->command); i++)
		n += (size_t)snprintf(cmp->command + n, sizeof(cmp->command) - n, " %s", argv[i]);
	strftime(cmp->begun, sizeof(cmp->begun), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	cmp->version = BP_VERSION;
	cmp->is_root = geteuid() == 0;
	cmp->has_live = bp_driver_find("xdp_live", &why) != NULL;
	cmp->stop = &stop_asked;
}

static void free_rows(struct bp_cmp_row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		json_decref(rows[i].report);
		json_decref(rows[i].probed);
		free(rows[i].ini);
	}
	free(rows);
}

static int run_all(struct bp_comparison *cmp, const struct bp_compare_arguments *a)
{
	char left[BP_CMP_TEXT_BYTES], kept[BP_WORKDIR_BYTES];
	uint64_t begin_ns = bp_clock_ns();
	int code;

	catch_signals();
	bp_log_start_thread(); /* without: it logs directly */
	if (bp_workdir_create(cmp->folder, left, sizeof(left)))
		return BP_EXIT_FAILED;
	if (*left)
		add_note(cmp, "%s", left);
	if (!cmp->is_root)
		add_note(cmp,
			 "not root: only the paths without network run (null, ring, pcap-file); "
			 "for all of them: sudo bypath compare");
	bp_cmp_ports_advise(bp_log_stream(), cmp);
	if (cmp->generator == BP_CMP_GENERATOR_ELSEWHERE)
		add_note(
			cmp,
			"another box sends: rates are counted at %s and %s; what loss-free rate and latency "
			"need is a generator that this comparison commands (--gen-ports)",
			cmp->options.in, cmp->options.out);
	if (*cmp->line_why && cmp->generator != BP_CMP_GENERATOR_NONE)
		add_note(cmp, "%s: no share of a line's rate", cmp->line_why);
	if (!choose_cores(cmp)) {
		reserve_memory(cmp);
		measure_all(cmp);
	}
	if (*cmp->live_why)
		add_note(cmp, "no live frames as source, AF_PACKET sends instead: %s",
			 cmp->live_why);
	cmp->elapsed_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;
	if (cmp->options.is_kept) {
		bp_workdir_keep(cmp->folder, kept);
		fprintf(bp_log_stream(), "bypath: configurations and logs are in %s\n", kept);
		fflush(bp_log_stream());
	} else {
		bp_workdir_remove(cmp->folder);
	}
	code = finish(cmp, a);
	return code;
}

/* Those of --paths, else all. 0 or an exit code. */
static int list_paths(const struct bp_compare_arguments *a)
{
	const struct bp_cmp_choice choice = { .with_peers = a->with_peers };
	char why[WHY_BYTES] = "no memory";
	bool chosen[CHOSEN_MAX];

	if (bp_cmp_choose(a->paths ? a->paths : "all", &choice, chosen, why, sizeof(why)))
		return bp_cli_complain("%s", why) - 1;
	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		if (chosen[i])
			printf("%-22s %-8s %s\n", bp_cmp_paths[i].name, bp_cmp_paths[i].group,
			       bp_cmp_paths[i].title);
	return BP_EXIT_OK;
}

/* What is measured: goals' rows, workloads, else every chosen path. 0 or an exit code. */
static int plan(struct bp_comparison *cmp, const struct bp_compare_arguments *a)
{
	const struct bp_cmp_choice choice = { a->with_peers, a->ports != NULL,
					      cmp->options.function != NULL };
	char why[WHY_BYTES] = "no memory";
	bool chosen[CHOSEN_MAX];
	int rc;

	if (a->goals) {
		rc = bp_cmp_goals_read(a->goals, cmp, why, sizeof(why));
		if (!rc)
			rc = bp_cmp_goals_rows(cmp);
		return rc ? bp_cli_complain("--goals: %s", why) - 1 : 0;
	}
	if (bp_cmp_choose(a->paths, &choice, chosen, why, sizeof(why)))
		return bp_cli_complain("%s", why) - 1;
	if (a->workloads) {
		rc = bp_cmp_workload_rows(cmp, a->workloads, chosen, why, sizeof(why));
		return rc ? bp_cli_complain("%s", why) - 1 : 0;
	}
	if (bp_cmp_ports_check(&cmp->options, why, sizeof(why)))
		return bp_cli_complain("--ports: %s", why) - 1;
	bp_cmp_ports_look(cmp);
	bp_cmp_ports_ask_line(cmp);
	return make_rows(cmp, chosen) ? BP_EXIT_FAILED : 0;
}

static int run_command(int argc, char **argv)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	struct bp_compare_arguments a = { .o = cmp ? &cmp->options : NULL };
	int code = BP_EXIT_FAILED;

	if (!cmp)
		return code;
	code = bp_compare_parse(argc, argv, &a);
	if (code || a.is_diff || a.is_listed || a.from) {
		code = code        ? code - 1
		       : a.is_diff ? bp_compare_show_diff(&a)
		       : a.from    ? bp_compare_write_html(&a)
				   : list_paths(&a);
		free(cmp);
		return code;
	}
	describe(cmp, argc, argv);
	code = plan(cmp, &a);
	if (!code)
		code = run_all(cmp, &a);
	free_rows(cmp->rows, cmp->n_rows);
	free_rows(cmp->figures, cmp->n_figures);
	free(cmp);
	return code;
}

const struct bp_command bp_command_compare = {
	.name = "compare",
	.usage =
		"[--quick] [--paths LIST] [--sizes LIST] [--rounds N] [--ports A,B] [--function NAME] "
		"[--json FILE]",
	.help = "run every I/O path of this machine side by side",
	.run = run_command,
};
