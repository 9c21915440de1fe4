/* `bypath trace`: the journeys of single packets through a running instance. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/filter_ask.h"
#include "cli/show_ask.h"

#include "capture/filter.h"
#include "control/client.h"
#include "report/json.h"
#include "report/view.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACKETS_MAX  1000u
#define FILTER_BYTES BP_CAPTURE_FILTER_BYTES
#define LOOK_NS      50000000u /* between two looks at how far it is */

struct options {
	const char *name; /* NULL: the only one */
	const char *port; /* NULL: any */
	unsigned n_packets;
	double for_s;
	bool is_json;
	char filter[FILTER_BYTES + 1]; /* "": none */
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath trace [NAME] N [FILTER] [options]\n"
	      "  NAME            of the instance; needed where several run\n"
	      "  N               packets to see, 1..1000: each with its way through queues and functions, its copies,\n"
	      "                  the time at each step, where it ended\n"
	      "  FILTER          which ones, as tcpdump has it (pcap-filter(7)), by how they were received; the words behind N\n"
	      "  --port PORT     only those that are received there\n"
	      "  --for SECONDS   wait for so long, then show what was seen (10); SIGINT does so at once\n"
	      "  --json          bypath.trace/1 on standard output\n",
	      out);
}

static int take_for(void *options, const struct bp_cli_option *option, const char *text)
{
	struct options *o = options;
	char *end;

	(void)option;
	errno = 0;
	o->for_s = strtod(text, &end);
	if (errno || end == text || *end || !isfinite(o->for_s) || o->for_s < 0.1 ||
	    o->for_s > 86400)
		return bp_cli_complain("--for: found '%s', allowed: 0.1..86400 seconds", text);
	return 0;
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

static int take_packets(const char *text, struct options *o)
{
	unsigned long n = strtoul(text, NULL, 10);

	if (!is_number(text) || !n || n > PACKETS_MAX)
		return bp_cli_complain("trace: N: found '%s', allowed: 1..%u packets", text,
				       PACKETS_MAX);
	o->n_packets = (unsigned)n;
	return 0;
}

static int take_filter(int n, char **words, struct options *o)
{
	size_t n_bytes = 0;

	for (int i = 0; i < n; i++) {
		n_bytes += (size_t)snprintf(&o->filter[n_bytes], sizeof(o->filter) - n_bytes,
					    "%s%s", i ? " " : "", words[i]);
		if (n_bytes >= sizeof(o->filter))
			return bp_cli_complain("trace: FILTER: found more than %u bytes",
					       FILTER_BYTES);
	}
	return 0;
}

/* [NAME] N [FILTER]. A name may look like a number: it is one where another number follows. 0 or an exit code + 1. */
static int take_words(int argc, char **argv, struct options *o)
{
	int n = argc - optind, code;
	char **words = argv + optind;

	if (!n)
		return bp_cli_complain("trace takes [NAME] N [FILTER]: N is missing");
	if (!is_number(words[0]) || (n > 1 && is_number(words[1]))) {
		o->name = *words++;
		n--;
	}
	if (!n)
		return bp_cli_complain("trace takes [NAME] N [FILTER]: N is missing behind '%s'",
				       o->name);
	code = take_packets(words[0], o);
	return code ? code : take_filter(n - 1, words + 1, o);
}

/* ---- asking ------------------------------------------------------------------------------------ */

/* The answer, a new reference; NULL: why is said on standard error. */
static json_t *ask(int fd, const char *name, json_t *request)
{
	char why[512];
	json_t *result = NULL;

	if (bp_client_ask(fd, request, &result, why, sizeof(why)))
		fprintf(stderr, "bypath: error: instance '%s': %s\n", name, why);
	return result;
}

/* NULL: what is wrong with the filter is said. */
static json_t *make_request(const struct options *o)
{
	json_t *request = json_pack("{s:s, s:i}", "command", "trace", "packets", (int)o->n_packets);

	/* What is no UTF-8 json_string() does not take: it is no name. */
	if (o->port)
		json_object_set_new(request, "port", json_string(o->port));
	if (bp_cli_ask_filter(request, o->filter))
		return request;
	json_decref(request);
	return NULL;
}

/* Wait a moment; true: a signal. */
static bool is_interrupted(const sigset_t *signals)
{
	static const struct timespec ts = { .tv_nsec = LOOK_NS };
	int number;

	do
		number = sigtimedwait(signals, NULL, &ts);
	while (number < 0 && errno == EINTR);
	return number > 0;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Until all are seen, the time is over, or a signal comes; false: the instance has said no. */
static bool wait_for_packets(int fd, const char *name, json_int_t id, double for_s,
			     const sigset_t *signals, const char **ended)
{
	double end_s = now_s() + for_s;

	for (;;) {
		json_t *state =
			ask(fd, name, json_pack("{s:s, s:I}", "command", "traced", "trace", id));
		bool is_over = json_is_true(json_object_get(state, "over"));

		if (!state)
			return false;
		json_decref(state);
		*ended = is_over ? "over" : now_s() >= end_s ? "time" : NULL;
		if (*ended)
			return true;
		if (is_interrupted(signals)) {
			*ended = "interrupted";
			return true;
		}
	}
}

/* The document; NULL: why not is said on standard error. Takes the request's reference. */
static json_t *trace(int fd, const char *name, const struct options *o, json_t *request)
{
	json_t *begun, *document = NULL;
	const char *ended = NULL;
	sigset_t signals;
	json_int_t id;

	bp_cli_block_signals(&signals);
	begun = ask(fd, name, request);
	id = json_integer_value(json_object_get(begun, "trace"));
	/* As who captures packets says: what is sent from now on is seen. */
	if (begun)
		fprintf(stderr, "bypath: recording the next %u packets, for %g s at most\n",
			o->n_packets, o->for_s);
	if (begun && wait_for_packets(fd, name, id, o->for_s, &signals, &ended))
		document = ask(
			fd, name,
			json_pack("{s:s, s:I, s:b}", "command", "traced", "trace", id, "end", 1));
	json_decref(begun);
	if (document) {
		json_object_set_new(document, "ended", json_string(ended));
		json_object_set_new(document, "for_s", json_real(o->for_s));
	}
	return document;
}

static int run_command(int argc, char **argv)
{
	static const struct bp_cli_option rows[] = {
		{ "port", BP_CLI_TEXT, .at = offsetof(struct options, port) },
		{ "for", BP_CLI_TAKE, .take = take_for },
		{ "json", BP_CLI_FLAG, .at = offsetof(struct options, is_json) },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	char name[BP_INSTANCE_NAME_BYTES];
	struct options o = { .for_s = 10 };
	int code = bp_cli_parse(argc, argv, &options, &o), fd;
	json_t *request, *document;

	if (!code) {
		code = take_words(argc, argv, &o);
		if (code)
			print_usage(stderr);
	}
	if (!code)
		code = bp_ask_find(o.name, name);
	if (code)
		return code - 1;
	/* Before signals are blocked: it may look names of hosts up for long. */
	request = make_request(&o);
	if (!request)
		return BP_EXIT_USAGE;
	fd = bp_ask_connect(name);
	if (fd < 0) {
		json_decref(request);
		return BP_EXIT_FAILED;
	}
	document = trace(fd, name, &o, request);
	close(fd);
	if (!document)
		return BP_EXIT_FAILED;
	if (o.is_json)
		return bp_json_print(stdout, document) ? BP_EXIT_FAILED : BP_EXIT_OK;
	bp_view_print(stdout, document);
	json_decref(document);
	return BP_EXIT_OK;
}

const struct bp_command bp_command_trace = {
	.name = "trace",
	.usage = "[NAME] N [FILTER] [--port PORT] [--for SECONDS] [--json]",
	.help = "the next N packets of a running instance: each function's verdict, copies, time, end",
	.run = run_command,
};
