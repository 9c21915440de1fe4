/* `bypath show`: ask a running instance. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/page.h"
#include "cli/show.h"
#include "cli/show_ask.h"
#include "cli/show_watch.h"

#include "report/json.h"
#include "report/view.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	const char *what, *name; /* name NULL: the only one */
	const char *since; /* a file, or NULL */
	double interval_s;
	unsigned n_screens; /* 0: no bound */
	bool is_json, is_watch, is_all;
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath show [WHAT] [NAME] [options]\n"
	      "  NAME                 of the instance: [engine] name, or the file's without .ini; needed where "
	      "several run\n"
	      "  WHAT\n"
	      "    instances          those that run\n",
	      out);
	for (const struct bp_show *show = bp_shows; show->what; show++)
		fprintf(out, "    %-18s %s\n", show->what, show->help);
	fputs("  --watch              redraw rates, workers, paths, drops until interrupted\n"
	      "  --interval SECONDS   of --watch (1)\n"
	      "  --count N            end --watch after so many\n"
	      "  --since FILE.json    counters since what 'show counters --json' had written there\n"
	      "  --all                of config: with the defaults of what is not set\n"
	      "  --json               the answer as JSON; with --watch a line each time\n",
	      out);
}

static int take_interval(void *options, const struct bp_cli_option *option, const char *text)
{
	struct options *o = options;
	char *end;

	(void)option;
	errno = 0;
	o->interval_s = strtod(text, &end);
	if (errno || end == text || *end || !isfinite(o->interval_s) || o->interval_s < 0.1 ||
	    o->interval_s > 86400)
		return bp_cli_complain("--interval: found '%s', allowed: 0.1..86400 seconds", text);
	return 0;
}

static int take_count(void *options, const struct bp_cli_option *option, const char *text)
{
	struct options *o = options;
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	(void)option;
	if (end == text || *end || text[0] == '-' || !n || n > 1000000000)
		return bp_cli_complain("--count: found '%s', allowed: 1..1000000000", text);
	o->n_screens = (unsigned)n;
	return 0;
}

/* Is this word a WHAT, and no instance's name? */
static bool is_piece(const char *word)
{
	char path[BP_INSTANCE_PATH_BYTES];

	return (bp_show_find(word) || !strcmp(word, BP_SHOW_INSTANCES)) &&
	       !bp_instance_find(word, path);
}

/* WHAT and NAME, either of which may be missing. 0 or an exit code + 1. */
static int take_words(int argc, char **argv, struct options *o)
{
	char allowed[256];

	o->what = o->is_watch ? NULL : "all";
	/* --watch shows all there is: what stands behind it is a name, which may be one of these words. */
	if (!o->is_watch && optind < argc &&
	    (bp_show_find(argv[optind]) || !strcmp(argv[optind], BP_SHOW_INSTANCES)))
		o->what = argv[optind++];
	if (o->is_watch && optind < argc && is_piece(argv[optind]))
		return bp_cli_complain(
			"--watch shows rates of everything, not of '%s' alone: leave that out",
			argv[optind]);
	if (optind < argc)
		o->name = argv[optind++];
	if (optind < argc) {
		bp_show_list(allowed, sizeof(allowed));
		return bp_cli_complain(
			"show: found '%s' behind a name; WHAT is one of instances, %s",
			argv[optind], allowed);
	}
	if (o->since && (!o->what || strcmp(o->what, "counters") != 0))
		return bp_cli_complain("--since: allowed: with 'show counters'");
	if (o->is_all && (!o->what || strcmp(o->what, "config") != 0))
		return bp_cli_complain("--all: allowed: with 'show config'");
	return 0;
}

static int list_instances(bool is_json)
{
	char names[BP_INSTANCES_MAX][BP_INSTANCE_NAME_BYTES];
	size_t n = bp_instance_list(names);
	json_t *rows = json_array();

	for (size_t i = 0; i < n; i++) {
		json_array_append_new(rows, json_string(names[i]));
		if (!is_json)
			printf("%s\n", names[i]);
	}
	if (is_json)
		return bp_json_print(stdout, json_pack("{s:s, s:o}", "schema", "bypath.instances/1",
						       "instances", rows))
			       ? BP_EXIT_FAILED
			       : BP_EXIT_OK;
	json_decref(rows);
	return BP_EXIT_OK;
}

static int show_once(const char *name, const struct options *o)
{
	json_t *answer = bp_ask(name, json_pack("{s:s, s:s}", "command", "show", "what", o->what));
	json_t *before = NULL;

	if (!answer)
		return BP_EXIT_FAILED;
	if (o->since) {
		before = bp_cli_read_document(o->since, "bypath.show/1",
					      "piece of 'show counters --json'");
		if (!before || !bp_show_since(answer, before)) {
			if (before)
				bp_cli_complain(
					"--since %s: not the counters of this run of '%s': write "
					"them anew: bypath show counters --json",
					o->since, name);
			json_decref(before);
			json_decref(answer);
			return BP_EXIT_FAILED;
		}
		json_decref(before);
	}
	if (!o->is_all)
		bp_show_given(answer);
	if (o->is_json)
		return bp_json_print(stdout, answer) ? BP_EXIT_FAILED : BP_EXIT_OK;
	bp_view_print(stdout, answer);
	json_decref(answer);
	return BP_EXIT_OK;
}

static int run_command(int argc, char **argv)
{
	static const struct bp_cli_option rows[] = {
		{ "json", BP_CLI_FLAG, .at = offsetof(struct options, is_json) },
		{ "watch", BP_CLI_FLAG, .at = offsetof(struct options, is_watch) },
		{ "all", BP_CLI_FLAG, .at = offsetof(struct options, is_all) },
		{ "since", BP_CLI_TEXT, .at = offsetof(struct options, since) },
		{ "interval", BP_CLI_TAKE, .take = take_interval },
		{ "count", BP_CLI_TAKE, .take = take_count },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	struct options o = { .interval_s = 1 };
	char name[BP_INSTANCE_NAME_BYTES];
	int code = bp_cli_parse(argc, argv, &options, &o);

	if (!code) {
		code = take_words(argc, argv, &o);
		if (code)
			print_usage(stderr);
	}
	if (code)
		return code - 1;
	if (o.what && !strcmp(o.what, BP_SHOW_INSTANCES))
		return list_instances(o.is_json);
	code = bp_ask_find(o.name, name);
	if (code)
		return code - 1;
	return o.is_watch ? bp_show_watch(name, o.interval_s, o.n_screens, o.is_json)
			  : show_once(name, &o);
}

const struct bp_command bp_command_show = {
	.name = "show",
	.usage =
		"[WHAT] [NAME] [--watch] [--interval S] [--count N] [--since FILE.json] [--all] [--json]",
	.help = "ask a running instance: ports, queues, workers, paths, drops, functions, ledger, …",
	.run = run_command,
};
