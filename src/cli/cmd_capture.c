/* `bypath capture`: the packets of a running instance's ports, as a pcapng. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"
#include "cli/capture_file.h"
#include "cli/filter_ask.h"
#include "cli/show_ask.h"

#include "capture/filter.h"
#include "control/client.h"
#include "core/capture.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/pcapng.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES  (1u << 20) /* at once: more than the longest block */
#define LOOK_MS     100
#define PATIENCE_S  2 /* for a reader that takes nothing, once the end was asked for */
#define SILENCE_NS  UINT64_C(15000000000) /* of the instance, then */
#define WORDS_BYTES (BP_CAPTURE_FILTER_BYTES + 1)
static_assert(READ_BYTES > BP_PCAPNG_BLOCK_MAX, "a block fits");

/* How often a signal has asked for the end: handlers have no argument. */
static volatile sig_atomic_t stop_asked;

struct options {
	const char *name, *ports, *kinds; /* NULL: the only one; as written; NULL: rx,tx */
	char filter[WORDS_BYTES];
	uint64_t count, snap_bytes, sample, buffer_bytes; /* 0: as the instance has it */
	struct bp_capture_file_conf file;
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath capture [NAME] PORT[,PORT…]|all [rx|tx|drop[,…]] [FILTER] -w FILE|- [options]\n"
	      "  NAME                   of the instance; needed where several run\n"
	      "  PORT                   of [port.PORT]; all: every one that packets pass through\n"
	      "  rx, tx, drop           as received, before functions; as handed to the port, behind them; as\n"
	      "                         dropped, with the reason as comment (default: rx,tx)\n"
	      "  FILTER                 in the words of pcap-filter(7): tcp port 80\n"
	      "  -w, --write FILE       a pcapng; -: standard output, as | tshark -r -\n"
	      "  -c, --count N          end after so many packets\n"
	      "  -s, --snaplen BYTES    of each packet (all)\n"
	      "  --sample N             of the packets that match, every Nth of each worker\n"
	      "  --buffer BYTES         of each worker, 1m..256m (4m): what it has no room for is counted, and missing\n"
	      "  --rotate-bytes BYTES   one file after another, of so many bytes\n"
	      "  --rotate-s SECONDS     or of so long\n"
	      "  --rotate-files N       of these, the newest are kept\n"
	      "BYTES may end with k, m or g. Ctrl-C ends it whole.\n",
	      out);
}

/* ---- words and options ------------------------------------------------------------------------ */

/* A number with a suffix, 1…hi. */
static bool read_number(const char *text, uint64_t hi, uint64_t *value)
{
	static const char suffixes[] = "kmg";
	const char *suffix;
	char *end;
	unsigned long long v;
	unsigned shift = 0;

	errno = 0;
	v = strtoull(text, &end, 10);
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		shift = 10 * ((unsigned)(suffix - suffixes) + 1);
		end++;
	}
	if (errno || end == text || *end || text[0] == '-' || !v || v > hi >> shift)
		return false;
	*value = (uint64_t)v << shift;
	return true;
}

static int take_number(void *options, const struct bp_cli_option *option, const char *text)
{
	static const struct {
		const char *name;
		uint64_t lo, hi;
	} bounds[] = {
		{ "snaplen", 1, BP_PCAPNG_SNAP_MAX },
		{ "buffer", BP_CAPTURE_RING_MIN, BP_CAPTURE_RING_MAX },
		{ "rotate-bytes", 4096, INT64_MAX },
		{ "rotate-s", 1, 86400 * 365 },
		{ NULL, 1, 1000000000000 },
	};
	uint64_t *value = (uint64_t *)(void *)((char *)options + option->at);
	unsigned i = 0;

	while (bounds[i].name && strcmp(bounds[i].name, option->name) != 0)
		i++;
	if (!read_number(text, bounds[i].hi, value) || *value < bounds[i].lo)
		return bp_cli_complain("--%s: found '%s', allowed: %" PRIu64 "..%" PRIu64,
				       option->name, text, bounds[i].lo, bounds[i].hi);
	return 0;
}

static bool is_instance(const char *word)
{
	char names[BP_INSTANCES_MAX][BP_INSTANCE_NAME_BYTES];
	size_t n = bp_instance_list(names);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], word))
			return true;
	return false;
}

static bool is_kinds(const char *word)
{
	static const char *const kinds[] = { "rx", "tx", "drop" };

	for (;;) {
		size_t n = strcspn(word, ","), i = 0;

		while (i < 3 && (strlen(kinds[i]) != n || strncmp(kinds[i], word, n) != 0))
			i++;
		if (i == 3)
			return false;
		word += n;
		if (!*word++)
			return true;
	}
}

/* [NAME] PORT [KINDS] [FILTER…] */
static int take_words(int argc, char **argv, struct options *o)
{
	size_t used = 0;

	if (argc - optind > 1 && is_instance(argv[optind]))
		o->name = argv[optind++];
	if (optind == argc)
		return bp_cli_complain("capture takes: [NAME] PORT [rx|tx|drop] [FILTER] -w FILE");
	o->ports = argv[optind++];
	if (optind < argc && is_kinds(argv[optind]))
		o->kinds = argv[optind++];
	for (; optind < argc; optind++) {
		int n = snprintf(o->filter + used, sizeof(o->filter) - used, "%s%s",
				 used ? " " : "", argv[optind]);

		used += (size_t)n;
		if (used >= sizeof(o->filter))
			return bp_cli_complain("FILTER: found more than %u bytes",
					       BP_CAPTURE_FILTER_BYTES);
	}
	if (!o->file.path)
		return bp_cli_complain("-w is missing: name a file, or - for standard output");
	if ((o->file.rotate_bytes || o->file.rotate_s) && !strcmp(o->file.path, "-"))
		return bp_cli_complain(
			"--rotate-…: standard output is one file: name another by -w");
	if (o->file.rotate_files && !o->file.rotate_bytes && !o->file.rotate_s)
		return bp_cli_complain(
			"--rotate-files: allowed: with --rotate-bytes or --rotate-s");
	return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct bp_cli_option rows[] = {
		{ "write", BP_CLI_TEXT, .at = offsetof(struct options, file.path), .letter = 'w' },
		{ "count", BP_CLI_TAKE, .at = offsetof(struct options, count), .take = take_number,
		  .letter = 'c' },
		{ "snaplen", BP_CLI_TAKE, .at = offsetof(struct options, snap_bytes),
		  .take = take_number, .letter = 's' },
		{ "sample", BP_CLI_TAKE, .at = offsetof(struct options, sample),
		  .take = take_number },
		{ "buffer", BP_CLI_TAKE, .at = offsetof(struct options, buffer_bytes),
		  .take = take_number },
		{ "rotate-bytes", BP_CLI_TAKE, .at = offsetof(struct options, file.rotate_bytes),
		  .take = take_number },
		{ "rotate-s", BP_CLI_TAKE, .at = offsetof(struct options, file.rotate_s),
		  .take = take_number },
		{ "rotate-files", BP_CLI_TAKE, .at = offsetof(struct options, file.rotate_files),
		  .take = take_number },
		{ .name = NULL },
	};
	static const struct bp_cli_options options = { rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, o);

	if (!code) {
		code = take_words(argc, argv, o);
		if (code)
			print_usage(stderr);
	}
	return code;
}

/* ---- the request ------------------------------------------------------------------------------ */

/* "a,b" as an array. */
static json_t *split(const char *words)
{
	json_t *list = json_array();

	while (*words) {
		size_t n = strcspn(words, ",");

		json_array_append_new(list, json_stringn(words, n));
		words += n + (words[n] == ',');
	}
	return list;
}

static void add_number(json_t *request, const char *name, uint64_t value)
{
	if (value)
		json_object_set_new(request, name, json_integer((json_int_t)value));
}

/* A new reference, or NULL: said. */
static json_t *make_request(const struct options *o)
{
	json_t *request = json_pack("{s:s}", "command", "capture");

	if (strcmp(o->ports, "all") != 0)
		json_object_set_new(request, "ports", split(o->ports));
	if (o->kinds)
		json_object_set_new(request, "kinds", split(o->kinds));
	add_number(request, "count", o->count);
	add_number(request, "snaplen", o->snap_bytes);
	add_number(request, "sample", o->sample);
	add_number(request, "buffer", o->buffer_bytes);
	if (bp_cli_ask_filter(request, o->filter))
		return request;
	json_decref(request);
	return NULL;
}

static void say_begin(const json_t *answer)
{
	const json_t *name;
	size_t i;

	fputs("bypath: capturing at", stderr);
	json_array_foreach(json_object_get(answer, "interfaces"), i, name)
		fprintf(stderr, "%s %s", i ? "," : "", json_string_value(name));
	fputc('\n', stderr);
}

/* Connect and ask. The descriptor, from which the pcapng comes, or -1: said. Takes the request's reference. */
static int ask(const char *name, json_t *request)
{
	char why[512];
	int fd = bp_ask_connect(name);
	json_t *answer = NULL;

	if (fd < 0) {
		json_decref(request);
		return -1;
	}
	if (bp_client_ask(fd, request, &answer, why, sizeof(why))) {
		fprintf(stderr, "bypath: error: instance '%s': %s\n", name, why);
		close(fd);
		return -1;
	}
	say_begin(answer);
	json_decref(answer);
	return fd;
}

/* ---- what comes ------------------------------------------------------------------------------- */

struct stream {
	int fd;
	struct bp_capture_file *file;
	uint8_t *bytes; /* READ_BYTES */
	size_t n_bytes; /* that have come, and are no whole block yet */
	unsigned n_interfaces, n_ended; /* blocks of either kind */
	uint64_t n_packets, n_matched, n_lost;
	uint64_t came_ns; /* the last byte */
	int err; /* of what is written */
	bool is_garbled, is_asked_to_end;
};

/* A block of statistics: what the instance saw at one interface. */
static void read_statistics(struct stream *s, const uint8_t *block, uint32_t n_bytes)
{
	uint32_t at = sizeof(struct bp_pcapng_statistics);

	s->n_ended++;
	while (at + sizeof(struct bp_pcapng_option_head) + sizeof(uint64_t) <= n_bytes) {
		struct bp_pcapng_option_head head;
		uint64_t value;

		memcpy(&head, block + at, sizeof(head));
		memcpy(&value, block + at + sizeof(head), sizeof(value));
		if (head.code == BP_PCAPNG_ISB_FILTERACCEPT)
			s->n_matched += value;
		if (head.code == BP_PCAPNG_ISB_OSDROP)
			s->n_lost += value;
		at += (uint32_t)sizeof(head) + bp_pcapng_pad(head.n_bytes);
	}
}

/* Look at the blocks that are whole. Returns their bytes. */
static size_t look_at_blocks(struct stream *s)
{
	size_t at = 0;

	while (at + sizeof(struct bp_pcapng_head) <= s->n_bytes) {
		struct bp_pcapng_head head;

		memcpy(&head, s->bytes + at, sizeof(head));
		if (head.n_bytes < sizeof(head) + 4 || head.n_bytes % 4 ||
		    head.n_bytes > BP_PCAPNG_BLOCK_MAX) {
			s->is_garbled = true;
			break;
		}
		if (head.n_bytes > s->n_bytes - at)
			break;
		s->n_interfaces += head.type == BP_PCAPNG_INTERFACE;
		if (head.type == BP_PCAPNG_STATISTICS)
			read_statistics(s, s->bytes + at, head.n_bytes);
		at += head.n_bytes;
	}
	return at;
}

/* false: no more comes, or it is of no use. */
static bool take_bytes(struct stream *s)
{
	ssize_t n = recv(s->fd, s->bytes + s->n_bytes, READ_BYTES - s->n_bytes, 0);
	size_t n_whole;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!n)
		return false;
	s->came_ns = bp_clock_ns();
	s->n_bytes += (size_t)n;
	n_whole = look_at_blocks(s);
	s->err = bp_capture_file_put(s->file, s->bytes, n_whole);
	s->n_bytes -= n_whole;
	memmove(s->bytes, s->bytes + n_whole, s->n_bytes);
	return !s->err && !s->is_garbled;
}

static void note_stop(int number)
{
	stop_asked = stop_asked + (number != SIGALRM || stop_asked == 1);
	/* Whoever sits in a write() that stands still looks at it then. */
	alarm(PATIENCE_S);
}

static bool gives_up(void)
{
	return stop_asked > 1;
}

static void take_signals(void)
{
	struct sigaction action = { .sa_handler = note_stop }, before;
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	sigaction(SIGALRM, &action, NULL);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void follow(struct stream *s)
{
	bool goes_on = true;

	s->came_ns = bp_clock_ns();
	while (goes_on) {
		struct pollfd polled = { .fd = s->fd, .events = POLLIN };

		if (stop_asked && !s->is_asked_to_end) {
			s->is_asked_to_end = true;
			s->came_ns = bp_clock_ns();
			shutdown(s->fd, SHUT_WR);
		}
		if (s->is_asked_to_end && bp_clock_ns() - s->came_ns > SILENCE_NS)
			return;
		if (poll(&polled, 1, LOOK_MS) > 0)
			goes_on = take_bytes(s);
	}
}

/* ---- the end ---------------------------------------------------------------------------------- */

static int report(const struct stream *s, const struct options *o)
{
	bool is_whole = s->n_interfaces && s->n_ended == s->n_interfaces;

	fprintf(stderr, "bypath: %" PRIu64 " packets written", s->n_packets);
	if (is_whole)
		fprintf(stderr, ", %" PRIu64 " lost%s", s->n_lost,
			s->n_lost ? ": the buffer was full (--buffer, --snaplen, FILTER)" : "");
	fputc('\n', stderr);
	if (s->err == -EPIPE)
		return BP_EXIT_OK; /* the reader has all it wants */
	if (s->err)
		fprintf(stderr, "bypath: error: cannot write %s: %s: it ends there\n", o->file.path,
			s->err == -EINTR ? "its reader takes nothing" : strerror(-s->err));
	else if (s->is_garbled)
		fputs("bypath: error: the instance sent what is no capture: please report this\n",
		      stderr);
	else if (!is_whole)
		fputs("bypath: error: the instance has ended without the capture's end: its last packets "
		      "are missing\n",
		      stderr);
	return is_whole && !s->err ? BP_EXIT_OK : BP_EXIT_FAILED;
}

static int run_stream(struct stream *s, const struct options *o)
{
	int code, err;

	follow(s);
	close(s->fd);
	s->n_packets = bp_capture_file_packets(s->file);
	err = bp_capture_file_close(s->file);
	s->err = s->err ? s->err : err;
	code = report(s, o);
	free(s->bytes);
	return code;
}

static int run_command(int argc, char **argv)
{
	struct options o = { .file.gives_up = gives_up };
	struct stream s = { .fd = -1 };
	char name[BP_INSTANCE_NAME_BYTES];
	int code = parse(argc, argv, &o);
	json_t *request;

	if (!code)
		code = bp_ask_find(o.name, name);
	if (code)
		return code - 1;
	request = make_request(&o);
	if (!request)
		return BP_EXIT_USAGE;
	s.bytes = malloc(READ_BYTES);
	if (!s.bytes || bp_capture_file_open(&o.file, &s.file)) {
		json_decref(request);
		free(s.bytes);
		return BP_EXIT_FAILED;
	}
	take_signals();
	s.fd = ask(name, request);
	if (s.fd >= 0)
		return run_stream(&s, &o);
	bp_capture_file_forget(s.file);
	free(s.bytes);
	return BP_EXIT_FAILED;
}

const struct bp_command bp_command_capture = {
	.name = "capture",
	.usage =
		"[NAME] PORT|all [rx|tx|drop] [FILTER] -w FILE|- [--count N] [--snaplen BYTES] [--rotate-bytes BYTES]",
	.help = "packets of a running instance's ports as a pcapng, from any backend",
	.run = run_command,
};
