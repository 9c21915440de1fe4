/* `bypath reload`: have a running instance follow its file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/check_against.h"
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show_ask.h"

#include "engine/change.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

struct options {
	bool only_tell, is_json;
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath reload [NAME] [--check] [--json]\n"
	      "  reads the instance's file again and changes what is another there, while packets flow\n"
	      "  --check   say what that would change, and change nothing\n"
	      "  --json    as a document, bypath.change/1\n"
	      "  NAME      of the instance; needed where several run\n",
	      out);
}

/* "port wan was away for 43.1 ms: 218 packets arrived meanwhile and are lost" */
static void print_away(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const json_t *packets = json_object_get(row, "packets");

		printf("port %s was away for %.1f ms: ",
		       json_string_value(json_object_get(row, "name")),
		       json_number_value(json_object_get(row, "ms")));
		if (json_is_integer(packets))
			printf("%lld packets arrived meanwhile and are lost (reload_away)\n",
			       (long long)json_integer_value(packets));
		else
			puts("how many packets arrived meanwhile is not known");
	}
}

static void print_answer(const json_t *document, const struct options *o)
{
	if (o->is_json) {
		json_dumpf(document, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	bp_print_change(document);
	print_away(json_object_get(document, "away"));
	if (!json_is_true(json_object_get(document, "empty")) && !o->only_tell)
		printf("reloaded in %.1f ms; the workers stood still for %.2f ms\n",
		       json_number_value(json_object_get(document, "took_ms")),
		       json_number_value(json_object_get(document, "pause_ms")));
}

static int run_command(int argc, char **argv)
{
	static const struct bp_cli_option rows[] = {
		{ "check", BP_CLI_FLAG, .at = offsetof(struct options, only_tell) },
		{ "json", BP_CLI_FLAG, .at = offsetof(struct options, is_json) },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	char found[BP_INSTANCE_NAME_BYTES];
	struct options o = { 0 };
	char why[BP_REFUSED_BYTES];
	json_t *document = NULL;
	int err, code = bp_cli_parse(argc, argv, &options, &o);

	if (!code && argc - optind > 1) {
		code = bp_cli_complain("reload takes one NAME");
		print_usage(stderr);
	}
	if (!code)
		code = bp_ask_find(argv[optind], found);
	if (code)
		return code - 1;
	err = bp_ask_why(found,
			 json_pack("{s:s, s:b}", "command", "reload", "check", (int)o.only_tell),
			 &document, why);
	if (err == -EREMOTE && o.is_json)
		document = bp_change_refused(why);
	if (document && (!err || o.is_json))
		print_answer(document, &o);
	json_decref(document);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}

const struct bp_command bp_command_reload = {
	.name = "reload",
	.usage = "[NAME] [--check] [--json]",
	.help = "have a running instance follow its file",
	.run = run_command,
};
