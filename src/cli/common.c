/* What several commands do alike: complaints, --set, loading a configuration, signals. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/common.h"

#include "cli/cmd.h"
#include "cli/complete.h"

#include "bypath/log.h"

#include "config/settings.h"
#include "core/claim.h"
#include "engine/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ERRORS_BYTES 65536u
#define OPT_ROW      256 /* and above: no character, of which getopt_long() returns some */

int bp_cli_complain(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (bp_log_is_text())
		fprintf(stderr, "bypath: error: %s\n", text);
	else
		bp_log(BP_LOG_ERROR, "%s", text);
	return BP_EXIT_USAGE + 1;
}

static int take_option(const struct bp_cli_option *option, const char *value, void *o)
{
	void *at = (char *)o + option->at;

	switch (option->kind) {
	case BP_CLI_FLAG:
		*(bool *)at = true;
		return 0;
	case BP_CLI_TEXT:
		*(const char **)at = value;
		return 0;
	case BP_CLI_OUTPUT:
		*(const char **)at = strcmp(value, "-") ? value : "/dev/stdout";
		return 0;
	case BP_CLI_SET:
		return bp_cli_add_set(at, value);
	default:
		return option->take(o, option, value);
	}
}

static int argument_of(enum bp_cli_kind kind)
{
	if (kind == BP_CLI_FLAG)
		return no_argument;
	return kind == BP_CLI_TAKE_OPTIONAL ? optional_argument : required_argument;
}

int bp_cli_parse(int argc, char **argv, const struct bp_cli_options *options, void *o)
{
	/* The rows, --help, the zeros that getopt_long() stops at. */
	struct option longs[BP_CLI_OPTIONS_MAX + 2] = { 0 };
	char letters[3 * BP_CLI_OPTIONS_MAX + 1] = "";
	int n = 0, n_letters = 0, c, code = 0;

	if (argc > 1 && !strcmp(argv[1], BP_COMPLETE)) {
		bp_complete_behind(argv[0], argc - 2, argv + 2, options->rows);
		return BP_EXIT_OK + 1;
	}
	for (; options->rows[n].name; n++) {
		int argument = argument_of(options->rows[n].kind);

		longs[n] = (struct option){ options->rows[n].name, argument, NULL, OPT_ROW + n };
		if (options->rows[n].letter)
			n_letters += sprintf(&letters[n_letters], "%c%s", options->rows[n].letter,
					     argument == required_argument ? ":" : "");
	}
	longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
	while (!code && (c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		for (int i = 0; i < n && c < OPT_ROW; i++)
			if (c == options->rows[i].letter)
				c = OPT_ROW + i;
		if (c == 'h') {
			options->print_usage(stdout);
			code = BP_EXIT_OK + 1;
		} else if (c == '?') {
			options->print_usage(stderr);
			code = BP_EXIT_USAGE + 1;
		} else {
			code = take_option(&options->rows[c - OPT_ROW], optarg, o);
		}
	}
	return code;
}

int bp_cli_take_file(int argc, char **argv, const struct bp_cli_options *options, const char **file)
{
	if (argc - optind != 1) {
		int code = bp_cli_complain("%s takes one FILE.ini", argv[0]);

		options->print_usage(stderr);
		return code;
	}
	*file = argv[optind];
	return 0;
}

int bp_cli_add_set(struct bp_cli_sets *sets, const char *set)
{
	if (sets->n == BP_CLI_SETS_MAX)
		return bp_cli_complain("more than %u --set", BP_CLI_SETS_MAX);
	sets->v[sets->n++] = set;
	return 0;
}

/* Lines for people, or a message each. */
static void print_errors(char *errors)
{
	char *line;

	if (bp_log_is_text())
		fputs(errors, stderr);
	else
		while ((line = strsep(&errors, "\n")))
			if (*line)
				bp_log(BP_LOG_ERROR, "%s", line);
}

int bp_cli_load(const char *path, const char *const *sets, size_t n_sets, struct bp_conf *conf)
{
	return bp_cli_load_settings(path, sets, n_sets, conf, NULL);
}

int bp_cli_load_settings(const char *path, const char *const *sets, size_t n_sets,
			 struct bp_conf *conf, json_t **settings)
{
	char *errors = malloc(ERRORS_BYTES);
	int err;

	if (!errors)
		return BP_EXIT_FAILED + 1;
	err = bp_config_load_settings(path, sets, n_sets, conf, errors, ERRORS_BYTES, settings);
	if (err)
		print_errors(errors);
	free(errors);
	if (err)
		return BP_EXIT_USAGE + 1;
	bp_plan_add_hops(conf);
	return 0;
}

/* The port that writes its capture where fd leads to. What a device takes (/dev/null) nobody finds again. */
static const struct bp_port_conf *find_capture(const struct bp_conf *conf, int fd)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	struct bp_claim_id id;
	struct stat st;

	if (fstat(fd, &st) || S_ISCHR(st.st_mode))
		return NULL;
	for (unsigned i = 0; i < conf->n_ports; i++) {
		unsigned n = bp_claims_of(&conf->ports[i], claims);

		for (unsigned k = 0; k < n; k++) {
			if (claims[k].kind != BP_CLAIM_FILE || claims[k].is_read)
				continue;
			bp_claim_look(&claims[k], &id);
			if (id.ino && id.ino == st.st_ino && id.dev == st.st_dev)
				return &conf->ports[i];
		}
	}
	return NULL;
}

const struct bp_port_conf *bp_cli_find_capture(const struct bp_conf *conf)
{
	return find_capture(conf, STDOUT_FILENO);
}

int bp_cli_check_output(const struct bp_conf *conf, const char *path)
{
	struct bp_claim output = { .kind = BP_CLAIM_FILE }, claims[BP_CLAIMS_MAX];
	const struct bp_port_conf *port = find_capture(conf, STDERR_FILENO);

	if (port)
		return bp_cli_complain(
			"standard error leads into the capture of port %s: messages would get "
			"between its packets: lead it elsewhere, as 2>FILE",
			port->name);
	if (!path)
		return 0;
	snprintf(output.name, sizeof(output.name), "%s", path);
	for (unsigned i = 0; i < conf->n_ports; i++) {
		unsigned n = bp_claims_of(&conf->ports[i], claims);

		for (unsigned k = 0; k < n; k++)
			if (bp_claims_clash_here(&output, &claims[k]))
				return bp_cli_complain(
					"the report %s would replace the capture of port %s: name "
					"another file",
					path, conf->ports[i].name);
	}
	return 0;
}

static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

void bp_cli_block_signals(sigset_t *set)
{
	sigset_t blocked;

	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	/* sigtimedwait() returns a blocked SIGHUP even where nohup has it ignored: leave it out
	 * there. */
	if (!is_ignored(SIGHUP))
		sigaddset(set, SIGHUP);
	blocked = *set;
	/* By default SIGUSR1 ends the process without a report. A command that answers it adds it
	 * to the set. */
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void bp_cli_keep_end(void)
{
	raise(SIGTERM);
}

void bp_cli_open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null",
			  fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) >= 0
				  ? O_RDWR
				  : O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

bool bp_cli_has_output(void)
{
	return (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

int bp_cli_end(int code)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return code;
	/* stdio keeps no reason for output that it lost earlier: writing one byte more meets the
	 * error again. */
	if (!errno && write(STDOUT_FILENO, "\n", 1) > 0)
		errno = 0;
	/* A reader that has seen enough, as head(1), is nobody's mistake. */
	if (errno != EPIPE)
		fprintf(stderr, "bypath: error: standard output: cannot be written: %s\n",
			errno ? strerror(errno) : "a part of it is lost");
	return code == BP_EXIT_OK ? BP_EXIT_FAILED : code;
}
