/* `bypath explain`: where each packet's bytes would go, without opening a port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/explain_line.h"
#include "cli/page.h"

#include "bypath/config.h"
#include "bypath/port.h"

#include "ledger/document.h"
#include "ledger/explain.h"
#include "probe/probed.h"
#include "report/json.h"
#include "report/view.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
	const char *file;
	bool is_json;
	const char *probed; /* a report of a probed run, or NULL */
	struct bp_line_options line;
	struct bp_cli_sets sets;
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath explain FILE.ini [options]\n"
	      "  --set SECTION.KEY=VALUE   override the file; may be repeated\n"
	      "  --json                    the same facts for programs\n"
	      "  --probe REPORT.json       what the kernel copied, beside it: from bypath run --probe --report\n"
	      "  --line-rate RATE          on paper: what a line of 10gbps, 25G, ... asks of each path\n"
	      "    --from REPORT.json      the cost of a packet, from bypath run --report on this file\n"
	      "    --cycles N              or the cost in cycles, as you know it\n"
	      "    --hz HZ                 cycles per second of a core, as 3.6g (this machine's)\n",
	      out);
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct bp_cli_option rows[] = {
		{ "set", BP_CLI_SET, .at = offsetof(struct options, sets) },
		{ "json", BP_CLI_FLAG, .at = offsetof(struct options, is_json) },
		{ "probe", BP_CLI_TEXT, .at = offsetof(struct options, probed) },
		{ "line-rate", BP_CLI_TEXT, .at = offsetof(struct options, line.rate) },
		{ "cycles", BP_CLI_TEXT, .at = offsetof(struct options, line.cycles) },
		{ "hz", BP_CLI_TEXT, .at = offsetof(struct options, line.hz) },
		{ "from", BP_CLI_TEXT, .at = offsetof(struct options, line.from) },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, o);

	if (!code && o->probed && o->line.rate)
		return bp_cli_complain("--probe and --line-rate show different things: give one");
	code = code ? code : bp_line_check(&o->line);
	return code ? code : bp_cli_take_file(argc, argv, &options, &o->file);
}

static void print_holder(void *arg, unsigned port_id, const char *text)
{
	const struct bp_conf *conf = arg;

	fprintf(stderr, "bypath: note: port %s: %s: until it ends, bypath run is refused\n",
		conf->ports[port_id].name, text);
}

/* What was observed, into the document. 0 or an exit code + 1. */
static int take_probed(const char *path, json_t *document)
{
	json_t *report = bp_cli_read_document(path, "bypath.report/1", "report of bypath run");
	int err;

	if (!report)
		return BP_EXIT_USAGE + 1;
	err = bp_probed_take(document, report);
	json_decref(report);
	return err ? bp_cli_complain("%s: of a run without a probe: bypath run --probe --report %s",
				     path, path)
		   : 0;
}

static int explain(const struct bp_conf *conf, const struct options *o)
{
	struct bp_port_info infos[BP_PORTS_MAX];
	struct bp_model_path *paths =
		calloc((size_t)conf->n_ports * conf->n_ports + 1, sizeof(*paths));
	json_t *document;
	unsigned n_paths;
	int err = 0, code = 0;

	if (!paths)
		return BP_EXIT_FAILED;
	bp_ports_find_held(conf, print_holder, (void *)conf);
	n_paths = bp_explain_predict(conf, infos, paths);
	document = bp_ledger_document(o->file, conf, infos, paths, n_paths);
	free(paths);
	if (o->probed)
		code = take_probed(o->probed, document);
	if (!code && o->line.rate) {
		json_t *line = NULL;

		code = bp_line_make(&o->line, document,
				    &line); /* which takes the one it is made of */
		document = line;
	}
	if (code) {
		json_decref(document);
		return code - 1;
	}
	if (o->is_json || !document)
		err = bp_json_print(stdout, json_incref(document));
	else
		bp_view_print(stdout, document);
	json_decref(document);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}

static int run_command(int argc, char **argv)
{
	struct options o = { 0 };
	struct bp_conf *conf;
	int code = parse_options(argc, argv, &o);

	if (code)
		return code - 1;
	conf = calloc(1, sizeof(*conf));
	if (!conf)
		return BP_EXIT_FAILED;
	code = bp_cli_load(o.file, o.sets.v, o.sets.n, conf);
	code = code ? code - 1 : explain(conf, &o);
	free(conf);
	return code;
}

const struct bp_command bp_command_explain = {
	.name = "explain",
	.usage =
		"FILE.ini [--set SECTION.KEY=VALUE] [--json] [--probe REPORT.json | --line-rate RATE]",
	.help = "show where each packet's bytes would go, without opening a port",
	.run = run_command,
};
