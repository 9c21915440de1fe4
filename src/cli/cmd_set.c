/* `bypath set`: change a running instance. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/show_ask.h"

#include <stdio.h>
#include <string.h>

static void print_usage(FILE *out)
{
	fputs("usage: bypath set log LEVEL [NAME]\n"
	      "       bypath set port PORT up|down [NAME]\n"
	      "  LEVEL   error, warning, info, debug: the most detailed messages that it logs from now on\n"
	      "  PORT    down: nothing is moved from or to it until it is set up again\n"
	      "  NAME    of the instance; needed where several run\n",
	      out);
}

/* What can be set: words behind its own name, then NAME, which may be missing. */
static const struct {
	const char *what;
	int n_words;
} settings[] = { { "log", 1 }, { "port", 2 } };
#define N_SETTINGS (sizeof(settings) / sizeof(settings[0]))

/* The words behind the setting's own; 0: it is none, or has too few or too many. */
static int count_words(int n, char **words)
{
	for (size_t i = 0; n > 0 && i < N_SETTINGS; i++)
		if (!strcmp(words[0], settings[i].what) &&
		    (n == 1 + settings[i].n_words || n == 2 + settings[i].n_words))
			return settings[i].n_words;
	return 0;
}

static json_t *make_request(int n_words, char **words)
{
	if (n_words == 1)
		return json_pack("{s:s, s:s}", "command", "set", words[0], words[1]);
	return json_pack("{s:s, s:s, s:s}", "command", "set", words[0], words[1], "state",
			 words[2]);
}

static int run_command(int argc, char **argv)
{
	static const struct bp_cli_option rows[] = { { .name = NULL } };
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, NULL), n_words;
	char **words = argv + optind;

	if (code)
		return code - 1;
	n_words = count_words(argc - optind, words);
	if (!n_words) {
		code = bp_cli_complain("set takes: log LEVEL [NAME], or port PORT up|down [NAME]");
		print_usage(stderr);
		return code - 1;
	}
	return bp_ask_to(words[1 + n_words], make_request(n_words, words));
}

const struct bp_command bp_command_set = {
	.name = "set",
	.usage = "log LEVEL [NAME] | port PORT up|down [NAME]",
	.help = "change what a running instance logs, or set a port of it down or up",
	.run = run_command,
};
