/* `bypath explain`: where each packet's bytes would go, without opening a port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/config.h"
#include "bypath/port.h"

#include "ledger/document.h"
#include "ledger/explain.h"
#include "report/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct options {
	const char *file;
	bool is_json;
	struct bp_cli_sets sets;
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath explain FILE.ini [options]\n"
	      "  --set SECTION.KEY=VALUE   override the file; may be repeated\n"
	      "  --json                    the same facts for programs\n",
	      out);
}

static int take_option(void *options, int c, const char *value)
{
	struct options *o = options;

	if (c == 's')
		return bp_cli_add_set(&o->sets, value);
	o->is_json = true;
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "set", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct bp_cli_options options = { longs, print_usage, take_option };
	int code = bp_cli_parse(argc, argv, &options, o);

	return code ? code : bp_cli_take_file(argc, argv, &options, &o->file);
}

static void print_holder(void *arg, unsigned port_id, const char *text)
{
	const struct bp_conf *conf = arg;

	fprintf(stderr, "bypath: note: port %s: %s: until it ends, bypath run is refused\n",
		conf->ports[port_id].name, text);
}

static int explain(const struct bp_conf *conf, const struct options *o)
{
	struct bp_port_info infos[BP_PORTS_MAX];
	struct bp_model_path *paths = calloc(BP_PORTS_MAX, sizeof(*paths));
	unsigned n_paths;
	int err = 0;

	if (!paths)
		return BP_EXIT_FAILED;
	bp_ports_find_held(conf, print_holder, (void *)conf);
	n_paths = bp_explain_predict(conf, infos, paths);
	if (o->is_json)
		err = bp_json_print(stdout,
				    bp_ledger_document(o->file, conf, infos, paths, n_paths));
	else
		bp_explain_text(stdout, o->file, conf, infos, paths, n_paths);
	free(paths);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}

int bp_cmd_explain(int argc, char **argv)
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
