/* What several commands do alike: complaints, --set, loading a configuration, signals. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_COMMON_H
#define BYPATH_CLI_COMMON_H

#include "bypath/config.h"

#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#define BP_CLI_SETS_MAX 64u

/* The --set of a command line, as bp_config_load() takes them. */
struct bp_cli_sets {
	size_t n;
	const char *v[BP_CLI_SETS_MAX];
};

/* Functions of one thread, before any other runs. Where they return 'an exit code + 1', they have
 * said why on standard error, and 0 means to go on. */

/* Print "bypath: error: TEXT". Returns BP_EXIT_USAGE + 1. */
int bp_cli_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What an option does with its value. */
enum bp_cli_kind {
	BP_CLI_FLAG, /* no value: sets a bool */
	BP_CLI_TEXT, /* sets a const char *; the string stays argv's */
	BP_CLI_OUTPUT, /* as TEXT; "-" becomes the path of standard output */
	BP_CLI_SET, /* adds to a struct bp_cli_sets */
	BP_CLI_TAKE, /* calls take() */
	BP_CLI_TAKE_OPTIONAL, /* calls take(); value is NULL where none was given */
};

/* One option of a command. */
struct bp_cli_option {
	const char *name; /* without "--"; NULL ends a table */
	enum bp_cli_kind kind;
	/* The offset in the command's struct of what FLAG, TEXT, OUTPUT or SET sets; else take()'s. */
	size_t at;
	/* Understand value into o, the command's struct. 0 or an exit code + 1. */
	int (*take)(void *o, const struct bp_cli_option *option, const char *value);
	const char *key; /* take()'s: a key of the configuration */
	char letter; /* as "-w", too; 0: none */
};

/* A command's options, at most BP_CLI_OPTIONS_MAX; --help needs no row. */
struct bp_cli_options {
	const struct bp_cli_option *rows;
	void (*print_usage)(FILE *out);
};

#define BP_CLI_OPTIONS_MAX 48u

/* Take every option into o; --help and what is unknown end it. 0 or an exit code + 1. */
int bp_cli_parse(int argc, char **argv, const struct bp_cli_options *options, void *o);

/* The one FILE.ini behind the options (getopt's optind). 0 or an exit code + 1. */
int bp_cli_take_file(int argc, char **argv, const struct bp_cli_options *options,
		     const char **file);

/* Keep one --set; the string stays the caller's. 0 or an exit code + 1. */
int bp_cli_add_set(struct bp_cli_sets *sets, const char *set);

/* bp_config_load() with its errors printed. 0 or an exit code + 1; conf untouched then. */
int bp_cli_load(const char *path, const char *const *sets, size_t n_sets, struct bp_conf *conf);

/* The same, with a new reference to its settings (config/settings.h); NULL: not wanted. */
int bp_cli_load_settings(const char *path, const char *const *sets, size_t n_sets,
			 struct bp_conf *conf, json_t **settings);

/*
 * Refuse a report that would replace a capture of one of the ports, whatever its spelling, and messages
 * (standard error) that would stand in one. path: NULL for no report. 0 or an exit code + 1.
 */
int bp_cli_check_output(const struct bp_conf *conf, const char *path);

/* The port whose capture is what standard output leads to, so that nothing else may be printed there; NULL:
 * none. */
const struct bp_port_conf *bp_cli_find_capture(const struct bp_conf *conf);

/*
 * Block the signals that a command waits for by sigtimedwait(), before threads start: SIGINT, SIGTERM,
 * and SIGHUP unless it was ignored at the start, as under nohup. SIGUSR1 is blocked, too, and not in
 * set; SIGPIPE is ignored.
 */
void bp_cli_block_signals(sigset_t *set);

/* Make a SIGTERM pending, so that whatever waits for a reader from now on does not for long. */
void bp_cli_keep_end(void);

/*
 * Open those of the descriptors 0 to 2 that are closed: a file opened there later would take what
 * is printed. A standard output opened here takes nothing, so that printing fails at the end, as in
 * any program.
 */
void bp_cli_open_standard_files(void);

/* Does standard output take what is printed? Not where it was closed at the start. */
bool bp_cli_has_output(void);

/*
 * The end of every command: what it has printed is written now. Returns the exit code, or BP_EXIT_FAILED
 * where that does not work (said on standard error) and all else did.
 */
int bp_cli_end(int code);

#endif
