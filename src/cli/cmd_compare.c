/* `bypath compare`: every I/O path of this machine side by side. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/compare_options.h"
#include "cli/page.h"

#include "bypath/driver.h"
#include "bypath/log.h"

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

static void add_note(struct bp_cmp_run *run, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add_note(struct bp_cmp_run *run, const char *fmt, ...)
{
	va_list args;

	if (run->n_notes == sizeof(run->notes) / sizeof(run->notes[0]))
		return;
	va_start(args, fmt);
	vsnprintf(run->notes[run->n_notes], sizeof(run->notes[0]), fmt, args);
	va_end(args);
	fprintf(bp_log_stream(), "bypath: %s\n", run->notes[run->n_notes++]);
	fflush(bp_log_stream());
}

/* The forwarder gets the last core, the generator the first ones. */
static int choose_cores(struct bp_cmp_run *run)
{
	unsigned cores[1024], n = bp_cpu_allowed(cores, 1024);

	if (!n)
		return -ENOTSUP;
	run->dut_core = cores[n - 1];
	run->gen_cores[0] = cores[0];
	run->gen_cores[1] = cores[n > 2 ? 1 : 0];
	run->n_gen_cores = n > 2 ? 2 : 1;
	run->is_core_shared = n == 1;
	if (run->is_core_shared)
		add_note(run,
			 "warning: one core only: generator and forwarder take turns on core %u, "
			 "so these figures say little about either",
			 cores[0]);
	return 0;
}

static bool needs_eal(const struct bp_cmp_run *run)
{
	for (unsigned i = 0; i < run->n_rows; i++)
		if (run->rows[i].path->driver && strcmp(run->rows[i].path->driver, "dpdk") == 0)
			return true;
	return false;
}

static void reserve_memory(struct bp_cmp_run *run)
{
	if (!run->is_root || !needs_eal(run))
		return;
	run->n_huge_free = bp_hugepages_reserve(run->folder, HUGE_PAGES);
	if (run->n_huge_free < (int)HUGE_PAGES ||
	    bp_pages_try_huge(HUGE_PAGES * BP_HUGE_BYTES) < HUGE_PAGES * BP_HUGE_BYTES) {
		bp_hugepages_return(run->folder);
		run->n_huge_free = 0;
		add_note(run, "no %u hugepages of 2 MiB to be had: DPDK runs on ordinary pages",
			 HUGE_PAGES);
	} else {
		add_note(run, "DPDK runs on hugepages of 2 MiB");
	}
}

static int make_rows(struct bp_cmp_run *run, const bool *chosen)
{
	unsigned n = 0;

	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		n += chosen[i];
	run->rows = calloc((size_t)n * run->options.n_sizes, sizeof(*run->rows));
	if (!run->rows)
		return -ENOMEM;
	for (unsigned s = 0; s < run->options.n_sizes; s++)
		for (unsigned i = 0; i < bp_cmp_n_paths; i++)
			if (chosen[i])
				run->rows[run->n_rows++] =
					(struct bp_cmp_row){ .path = &bp_cmp_paths[i],
							     .size = &run->options.sizes[s],
							     .softirq_ns = -1 };
	return 0;
}

static void show_row(const struct bp_cmp_run *run, const struct bp_cmp_row *row, unsigned round,
		     double left_s)
{
	FILE *out = bp_log_stream();

	fprintf(out, "  round %u/%u  %-20s %5s  ", round + 1, run->options.n_rounds,
		row->path->name, row->size->name);
	if (row->status == BP_CMP_FAILED || row->status == BP_CMP_CANNOT_RUN)
		fprintf(out, "%s: %.60s", row->status == BP_CMP_FAILED ? "failed" : "cannot run",
			row->reason);
	else if (row->forwarded.n)
		fprintf(out, "%8.3f Mpps", row->forwarded.v[row->forwarded.n - 1] * 1e-6);
	if (row->ndr.n)
		fprintf(out, "  NDR %.3f", row->ndr.v[row->ndr.n - 1] * 1e-6);
	fprintf(out, "  about %.0f s left\n", left_s);
	fflush(out);
}

/* Round by round, in each round every row once: what drifts, drifts for all alike. */
static void measure_all(struct bp_cmp_run *run)
{
	unsigned n_all = run->n_rows * run->options.n_rounds, n_done = 0;
	uint64_t begin_ns = bp_clock_ns();

	for (unsigned round = 0; round < run->options.n_rounds; round++)
		for (unsigned i = 0; i < run->n_rows; i++) {
			double spent_s;

			if (atomic_load_explicit(run->stop, memory_order_relaxed))
				return;
			bp_cmp_measure(run, &run->rows[i]);
			n_done++;
			spent_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;
			show_row(run, &run->rows[i], round, spent_s / n_done * (n_all - n_done));
			if (run->options.is_quick) /* what is left, for the rows that are left */
				run->options.search_s = fmax(
					0, fmin(3, (QUICK_S - spent_s) / fmax(1, n_all - n_done) -
							   2.2));
		}
}

static int finish(struct bp_cmp_run *run, const struct bp_compare_arguments *a)
{
	json_t *document = bp_cmp_document(run);
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
	for (unsigned i = 0; i < run->n_rows; i++)
		if (run->rows[i].status == BP_CMP_FAILED)
			code = BP_EXIT_FAILED;
	return code;
}

static void describe(struct bp_cmp_run *run, int argc, char **argv)
{
	time_t now = time(NULL);
	struct tm tm;
	size_t n = (size_t)snprintf(run->command, sizeof(run->command), "bypath");
	ssize_t len = readlink("/proc/self/exe", run->exe, sizeof(run->exe) - 1);
	const char *why;

	run->exe[len > 0 ? len : 0] = '\0';
	for (int i = 0; i < argc && n < sizeof(run->command); i++)
		n += (size_t)snprintf(run->command + n, sizeof(run->command) - n, " %s", argv[i]);
	strftime(run->begun, sizeof(run->begun), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	run->version = BP_VERSION;
	run->is_root = geteuid() == 0;
	run->has_live = bp_driver_find("xdp_live", &why) != NULL;
	run->stop = &stop_asked;
}

static void free_rows(struct bp_cmp_run *run)
{
	for (unsigned i = 0; i < run->n_rows; i++) {
		json_decref(run->rows[i].report);
		free(run->rows[i].ini);
	}
	free(run->rows);
}

static int run_all(struct bp_cmp_run *run, const struct bp_compare_arguments *a)
{
	char left[BP_CMP_TEXT_BYTES], kept[BP_WORKDIR_BYTES];
	uint64_t begin_ns = bp_clock_ns();
	int code;

	catch_signals();
	bp_log_start_thread(); /* without: it logs directly */
	if (bp_workdir_create(run->folder, left, sizeof(left)))
		return BP_EXIT_FAILED;
	if (*left)
		add_note(run, "%s", left);
	if (!run->is_root)
		add_note(run,
			 "not root: only the paths without network run (null, ring, pcap-file); "
			 "for all of them: sudo bypath compare");
	if (!choose_cores(run)) {
		reserve_memory(run);
		measure_all(run);
	}
	if (*run->live_why)
		add_note(run, "no live frames as source, AF_PACKET sends instead: %s",
			 run->live_why);
	run->elapsed_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;
	if (run->options.is_kept) {
		bp_workdir_keep(run->folder, kept);
		fprintf(bp_log_stream(), "bypath: configurations and logs are in %s\n", kept);
		fflush(bp_log_stream());
	} else {
		bp_workdir_remove(run->folder);
	}
	code = finish(run, a);
	return code;
}

static void list_paths(void)
{
	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		printf("%-22s %-8s %s\n", bp_cmp_paths[i].name, bp_cmp_paths[i].group,
		       bp_cmp_paths[i].title);
}

int bp_cmd_compare(int argc, char **argv)
{
	struct bp_cmp_run *run = calloc(1, sizeof(*run));
	struct bp_compare_arguments a = { .o = run ? &run->options : NULL };
	bool chosen[CHOSEN_MAX];
	char why[WHY_BYTES];
	int code = BP_EXIT_FAILED;

	if (!run)
		return code;
	code = bp_compare_parse(argc, argv, &a);
	if (code || a.is_diff || a.is_listed || a.from) {
		code = code        ? code - 1
		       : a.is_diff ? bp_compare_show_diff(&a)
		       : a.from    ? bp_compare_write_html(&a)
				   : BP_EXIT_OK;
		if (a.is_listed)
			list_paths();
		free(run);
		return code;
	}
	describe(run, argc, argv);
	if (bp_cmp_choose(a.paths, a.with_peers, a.ports != NULL, chosen, why, sizeof(why)))
		code = bp_cli_complain("%s", why) - 1;
	else
		code = make_rows(run, chosen) ? BP_EXIT_FAILED : run_all(run, &a);
	free_rows(run);
	free(run);
	return code;
}
