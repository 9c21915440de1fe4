/* `bypath explain`: where each packet's bytes would go, without opening a port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"

#include "bypath/config.h"

#include "ledger/explain.h"
#include "report/json.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define SETS_MAX     64u
#define ERRORS_BYTES 16384u

struct options {
	const char *file;
	bool is_json;
	size_t n_sets;
	const char *sets[SETS_MAX];
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath explain FILE.ini [options]\n"
	      "  --set SECTION.KEY=VALUE   override the file; may be repeated\n"
	      "  --json                    the same facts for programs\n",
	      out);
}

/* Returns 0 to go on, or an exit code + 1. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "set", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'h') {
			print_usage(stdout);
			return BP_EXIT_OK + 1;
		}
		if (c == '?') {
			print_usage(stderr);
			return BP_EXIT_USAGE + 1;
		}
		if (c == 's' && o->n_sets == SETS_MAX) {
			fprintf(stderr, "bypath: error: more than %u --set\n", SETS_MAX);
			return BP_EXIT_USAGE + 1;
		}
		if (c == 's')
			o->sets[o->n_sets++] = optarg;
		o->is_json |= c == 'j';
	}
	if (argc - optind != 1) {
		fputs("bypath: error: explain takes one FILE.ini\n", stderr);
		print_usage(stderr);
		return BP_EXIT_USAGE + 1;
	}
	o->file = argv[optind];
	return 0;
}

static int explain(const struct bp_conf *conf, const struct options *o)
{
	struct bp_port_info infos[BP_PORTS_MAX];
	struct bp_model_path *paths = calloc(BP_PORTS_MAX, sizeof(*paths));
	unsigned n_paths;
	int err = 0;

	if (!paths)
		return BP_EXIT_FAILED;
	n_paths = bp_explain_predict(conf, infos, paths);
	if (o->is_json)
		err = bp_report_json_explain(stdout, o->file, conf, infos, paths, n_paths);
	else
		bp_explain_text(stdout, o->file, conf, infos, paths, n_paths);
	free(paths);
	if (!err && (fflush(stdout) || ferror(stdout))) {
		fputs("bypath: error: explain: cannot write to standard output\n", stderr);
		err = -EIO;
	}
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}

int bp_cmd_explain(int argc, char **argv)
{
	struct options o = { 0 };
	struct bp_conf *conf;
	char *errors;
	int code = parse_options(argc, argv, &o);

	if (code)
		return code - 1;
	conf = calloc(1, sizeof(*conf));
	errors = calloc(1, ERRORS_BYTES);
	if (!conf || !errors) {
		code = BP_EXIT_FAILED;
	} else if (bp_config_load(o.file, o.sets, o.n_sets, conf, errors, ERRORS_BYTES)) {
		fputs(errors, stderr);
		code = BP_EXIT_USAGE;
	} else {
		code = explain(conf, &o);
	}
	free(errors);
	free(conf);
	return code;
}
