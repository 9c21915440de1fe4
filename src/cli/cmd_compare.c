/* `bypath compare`: every I/O path of this machine side by side. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "compare/run.h"
#include "compare/text.h"
#include "core/clock.h"
#include "core/cpu.h"
#include "report/html.h"
#include "report/json_model.h"

#include <errno.h>
#include <getopt.h>
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
#define IMIX_BYTES ((7 * 64 + 4 * 594 + 1518) / 12.0)

/* Set by the signal handler, read everywhere: a handler has no argument of its own. */
static atomic_bool stop_asked;

struct arguments {
	const char *paths, *json_path, *html_path, *ports, *gen_ports;
	bool with_peers, is_diff, has_sizes, has_rounds, has_duration, is_listed;
	const char *before, *after; /* --diff */
	const char *from; /* --html-from */
	char pairs[2][2 * BP_PATH_BYTES]; /* --ports and --gen-ports, cut at the comma */
	struct bp_cmp_options *o;
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath compare [options]\n"
	      "       bypath compare --diff A.json B.json [--json FILE]\n"
	      "       bypath compare --html-from FILE.json OUT.html\n"
	      "what\n"
	      "  --paths LIST          names or groups (veth, memory, ceiling, peer, ports, all); -NAME "
	      "leaves one out\n"
	      "  --list                list the paths and end\n"
	      "  --sizes LIST          frame sizes with FCS, or imix (64,1518; --quick: 64)\n"
	      "  --ports A,B           forward between these devices as well: a name or PCI address\n"
	      "  --gen-ports C,D       interfaces wired to A and to B, for the generator; without, the "
	      "rows of\n"
	      "                        --ports cannot run. Devices that are not named are never "
	      "touched\n"
	      "  --peers               rows of dpdk-testpmd on the same lab\n"
	      "how long\n"
	      "  --rounds N            1 … 16, interleaved (3)\n"
	      "  --duration SECONDS    of a trial (1); an NDR search takes six times as long\n"
	      "  --quick               everything once in less than a minute\n"
	      "further\n"
	      "  --json FILE           write bypath.compare/1 there; - is standard output\n"
	      "  --html FILE           write a page with charts there\n"
	      "  --html-from FILE.json OUT.html  the page of an earlier run\n"
	      "  --diff A.json B.json  what changed, and whether it is more than the spread\n"
	      "  --keep                keep and name the folder with configurations and logs\n",
	      out);
}

/* ---- options --------------------------------------------------------------------------------- */

static int parse_size(const char *text, struct bp_cmp_size *size)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (strcmp(text, "imix") != 0 && (*end || end == text || n < 64 || n > 9018))
		return bp_cli_complain("--sizes: found «%s», allowed: 64 … 9018, imix", text);
	snprintf(size->name, sizeof(size->name), "%s", text);
	size->bytes = strcmp(text, "imix") == 0 ? 0 : (uint32_t)n;
	size->mean_bytes = size->bytes ? size->bytes : IMIX_BYTES;
	return 0;
}

static int parse_sizes(const char *list, struct bp_cmp_options *o)
{
	char copy[128], *at = NULL, *text;
	int code = 0;

	o->n_sizes = 0;
	if (strlen(list) >= sizeof(copy))
		return bp_cli_complain("--sizes: more than %u sizes", BP_CMP_SIZES_MAX);
	strcpy(copy, list);
	for (text = strtok_r(copy, ", ", &at); text && !code; text = strtok_r(NULL, ", ", &at)) {
		if (o->n_sizes == BP_CMP_SIZES_MAX)
			return bp_cli_complain("--sizes: more than %u sizes", BP_CMP_SIZES_MAX);
		code = parse_size(text, &o->sizes[o->n_sizes++]);
	}
	return code || o->n_sizes
		       ? code
		       : bp_cli_complain("--sizes: found nothing, allowed: 64,1518,imix");
}

/* "A,B" into two strings in copy. */
static int parse_pair(const char *option, const char *text, char copy[2 * BP_PATH_BYTES],
		      const char **a, const char **b)
{
	char *comma;

	snprintf(copy, 2 * BP_PATH_BYTES, "%s", text);
	comma = strchr(copy, ',');
	if (!comma || comma == copy || !comma[1] || strchr(comma + 1, ','))
		return bp_cli_complain("%s: found «%s», allowed: two devices as eth1,eth2", option,
				       text);
	*comma = '\0';
	if (strcmp(copy, comma + 1) == 0)
		return bp_cli_complain("%s: found «%s» twice, allowed: two different devices",
				       option, copy);
	*a = copy;
	*b = comma + 1;
	return 0;
}

static int parse_number(const char *option, const char *text, double min, double max, double *to)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || end == text || !(value >= min && value <= max))
		return bp_cli_complain("%s: found «%s», allowed: %g … %g", option, text, min, max);
	*to = value;
	return 0;
}

static int take_option(struct arguments *a, int c, const char *value)
{
	struct bp_cmp_options *o = a->o;
	double n = 0;
	int code = 0;

	switch (c) {
	case 'p':
		a->paths = value;
		return 0;
	case 's':
		a->has_sizes = true;
		return parse_sizes(value, o);
	case 'r':
		a->has_rounds = true;
		code = parse_number("--rounds", value, 1, BP_CMP_ROUNDS_MAX, &n);
		if (!code && n > floor(n))
			code = bp_cli_complain("--rounds: found «%s», allowed: a whole number",
					       value);
		if (!code)
			o->n_rounds = (unsigned)n;
		return code;
	case 'd':
		a->has_duration = true;
		return parse_number("--duration", value, 0.05, 3600, &o->trial_s);
	case 'P':
		a->ports = value;
		return parse_pair("--ports", value, a->pairs[0], &o->in, &o->out);
	case 'G':
		a->gen_ports = value;
		return parse_pair("--gen-ports", value, a->pairs[1], &o->gen_tx, &o->gen_rx);
	case 'j':
		a->json_path = strcmp(value, "-") ? value : "/dev/stdout";
		return 0;
	case 'H':
		a->html_path = value;
		return 0;
	case 'F':
		a->from = value;
		return 0;
	case 'q':
		o->is_quick = true;
		return 0;
	case 'e':
		a->with_peers = true;
		return 0;
	case 'k':
		o->is_kept = true;
		return 0;
	case 'D':
		a->is_diff = true;
		return 0;
	case 'l':
		a->is_listed = true;
		return 0;
	case 'h':
		print_usage(stdout);
		return BP_EXIT_OK + 1;
	default:
		print_usage(stderr);
		return BP_EXIT_USAGE + 1;
	}
}

/* 0 to go on, or an exit code + 1. */
static int parse_options(int argc, char **argv, struct arguments *a)
{
	static const struct option longs[] = {
		{ "paths", required_argument, NULL, 'p' },
		{ "sizes", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "duration", required_argument, NULL, 'd' },
		{ "ports", required_argument, NULL, 'P' },
		{ "gen-ports", required_argument, NULL, 'G' },
		{ "json", required_argument, NULL, 'j' },
		{ "html", required_argument, NULL, 'H' },
		{ "html-from", required_argument, NULL, 'F' },
		{ "quick", no_argument, NULL, 'q' },
		{ "peers", no_argument, NULL, 'e' },
		{ "keep", no_argument, NULL, 'k' },
		{ "diff", no_argument, NULL, 'D' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c, code = 0, n_words;

	while (!code && (c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		code = take_option(a, c, optarg);
	if (code)
		return code;
	n_words = argc - optind;
	if (a->is_diff && n_words == 2) {
		a->before = argv[optind];
		a->after = argv[optind + 1];
		return 0;
	}
	if (a->from && !a->is_diff && n_words == 1) {
		a->html_path = argv[optind];
		return 0;
	}
	if (a->from)
		return bp_cli_complain("--html-from takes two files: FILE.json OUT.html");
	if (n_words || a->is_diff)
		return bp_cli_complain(
			a->is_diff ? "--diff takes two files: A.json B.json"
				   : "compare takes options only: see bypath compare --help");
	if (a->gen_ports && !a->ports)
		return bp_cli_complain(
			"--gen-ports needs --ports: say between which devices to forward");
	return 0;
}

/* ---- --diff ---------------------------------------------------------------------------------- */

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *document = json_load_file(path, 0, &error);
	const char *schema = json_string_value(json_object_get(document, "schema"));

	if (!document)
		bp_log(BP_LOG_ERROR, "%s: %s (line %d)", path, error.text, error.line);
	else if (!schema || strcmp(schema, "bypath.compare/1") != 0) {
		bp_log(BP_LOG_ERROR,
		       "%s: no comparison: its schema is «%s», allowed: bypath.compare/1", path,
		       schema ? schema : "");
		json_decref(document);
		document = NULL;
	}
	return document;
}

static int show_diff(const struct arguments *a)
{
	json_t *before = load(a->before), *after = before ? load(a->after) : NULL, *diff;
	int code = BP_EXIT_OK;

	if (!after) {
		json_decref(before);
		return BP_EXIT_USAGE;
	}
	diff = bp_cmp_diff(before, after);
	if (!a->json_path || strcmp(a->json_path, "/dev/stdout") != 0)
		bp_cmp_print_diff(stdout, before, after, diff);
	if (a->json_path &&
	    bp_json_write(json_pack("{s:s, s:s, s:s, s:O}", "schema", "bypath.compare-diff/1",
				    "before", a->before, "after", a->after, "diff", diff),
			  a->json_path))
		code = BP_EXIT_FAILED;
	json_decref(diff);
	json_decref(before);
	json_decref(after);
	return code;
}

static int write_html_from(const struct arguments *a)
{
	json_t *document = load(a->from);
	int err;

	if (!document)
		return BP_EXIT_USAGE;
	err = bp_report_html(document, a->html_path);
	json_decref(document);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}

/* ---- the run --------------------------------------------------------------------------------- */

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
	fprintf(stderr, "bypath: %s\n", run->notes[run->n_notes++]);
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
	if (run->n_huge_free < (int)HUGE_PAGES) {
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
	fprintf(stderr, "  round %u/%u  %-20s %5s  ", round + 1, run->options.n_rounds,
		row->path->name, row->size->name);
	if (row->status == BP_CMP_FAILED || row->status == BP_CMP_CANNOT_RUN)
		fprintf(stderr, "%s: %.60s", row->status == BP_CMP_FAILED ? "failed" : "cannot run",
			row->reason);
	else if (row->forwarded.n)
		fprintf(stderr, "%8.3f Mpps", row->forwarded.v[row->forwarded.n - 1] * 1e-6);
	if (row->ndr.n)
		fprintf(stderr, "  NDR %.3f", row->ndr.v[row->ndr.n - 1] * 1e-6);
	fprintf(stderr, "  about %.0f s left\n", left_s);
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

static int finish(struct bp_cmp_run *run, const struct arguments *a)
{
	json_t *document = bp_cmp_document(run);
	int code = BP_EXIT_OK;

	if (!document)
		return BP_EXIT_FAILED;
	if (!a->json_path || strcmp(a->json_path, "/dev/stdout") != 0)
		bp_cmp_print(stdout, document);
	if (fflush(stdout) || ferror(stdout))
		code = BP_EXIT_FAILED;
	if (a->json_path && bp_json_write(json_incref(document), a->json_path))
		code = BP_EXIT_FAILED;
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

static void set_times(const struct arguments *a, struct bp_cmp_options *o)
{
	if (!a->has_sizes)
		(void)parse_sizes(o->is_quick ? "64" : "64,1518", o);
	if (!a->has_rounds)
		o->n_rounds = o->is_quick ? 1 : 3;
	if (!a->has_duration)
		o->trial_s = o->is_quick ? 0.3 : 1;
	o->search_s = o->is_quick ? 1.2 : 6 * o->trial_s;
}

static void free_rows(struct bp_cmp_run *run)
{
	for (unsigned i = 0; i < run->n_rows; i++) {
		json_decref(run->rows[i].report);
		free(run->rows[i].ini);
	}
	free(run->rows);
}

static int run_all(struct bp_cmp_run *run, const struct arguments *a)
{
	char left[BP_CMP_TEXT_BYTES], kept[BP_WORKDIR_BYTES];
	uint64_t begin_ns = bp_clock_ns();
	int code;

	catch_signals();
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
		fprintf(stderr, "bypath: configurations and logs are in %s\n", kept);
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
	struct arguments a = { .o = run ? &run->options : NULL };
	bool chosen[CHOSEN_MAX];
	char why[WHY_BYTES];
	int code = BP_EXIT_FAILED;

	if (!run)
		return code;
	code = parse_options(argc, argv, &a);
	if (code || a.is_diff || a.is_listed || a.from) {
		code = code        ? code - 1
		       : a.is_diff ? show_diff(&a)
		       : a.from    ? write_html_from(&a)
				   : BP_EXIT_OK;
		if (a.is_listed)
			list_paths();
		free(run);
		return code;
	}
	set_times(&a, &run->options);
	describe(run, argc, argv);
	if (bp_cmp_choose(a.paths, a.with_peers, a.ports != NULL, chosen, why, sizeof(why)))
		code = bp_cli_complain("%s", why) - 1;
	else
		code = make_rows(run, chosen) ? BP_EXIT_FAILED : run_all(run, &a);
	free_rows(run);
	free(run);
	return code;
}
