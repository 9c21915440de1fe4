/* `bypath gen`: send traffic, receive it, say what became of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/cmd.h"
#include "cli/common.h"

#include "bypath/config.h"
#include "bypath/log.h"

#include "cli/gen_print.h"
#include "cli/gen_search.h"
#include "core/clock.h"
#include "gen/gen.h"
#include "report/json_model.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SETS_MAX    96u
#define SET_BYTES   512u
#define TICK_NS     100000000u
#define LINK_WAIT_S 10.0

struct options {
	const char *file; /* NULL: everything is said by options */
	const char *json_path; /* NULL: none */
	const char *tx_port, *rx_port, *replay, *pace; /* as given */
	bool is_quiet, is_tx_only, is_rx_only;
	bool has_stream; /* an option that describes frames was given */
	size_t n_sets;
	const char *sets[SETS_MAX];
	char own[SETS_MAX][SET_BYTES]; /* sets made of options */
	size_t n_own;
	struct bp_gen_search search;
};

static void print_usage(FILE *out)
{
	fputs("usage: bypath gen FILE.ini [options]\n"
	      "       bypath gen --tx-port DRIVER:DEVICE --rx-port DRIVER:DEVICE [options]\n"
	      "where (without FILE.ini)\n"
	      "  --tx-port DRIVER:DEVICE   send there, as af_packet:veth0 or dpdk:net_memif0,id=1\n"
	      "  --rx-port DRIVER:DEVICE   receive there; the same port as --tx-port is allowed\n"
	      "  --replay FILE.pcap        send what this capture holds; --pace recorded | max\n"
	      "how much\n"
	      "  --rate RATE               max, 1.5mpps, 2gbps (L2), 2gbpsl1, 50%\n"
	      "  --duration SECONDS        how long to send (10); 0: until SIGINT or SIGTERM\n"
	      "  --count FRAMES            stop after so many\n"
	      "what (one stream; several: [stream.NAME] in FILE.ini)\n"
	      "  --size SIZE               with FCS: 64, imix, 64:7,594:4,1518:1\n"
	      "  --protocol PROTOCOL       udp4 | udp6 | tcp4 | tcp6 | eth\n"
	      "  --src, --dst ADDRESSES    an address, or FIRST-LAST\n"
	      "  --sport, --dport PORTS    a port, or FIRST-LAST\n"
	      "  --src-mac, --dst-mac MACS an address, or FIRST-LAST\n"
	      "  --vlan ID                 802.1Q tag\n",
	      out);
	fputs(bp_gen_search_usage, out);
	fputs("further\n"
	      "  --tx-only, --rx-only      one side of FILE.ini, the other in another process\n"
	      "  --cores LIST              one core (sends and receives) or two, as 0,1\n"
	      "  --json FILE               write the report there as well; - is standard output\n"
	      "  --set SECTION.KEY=VALUE   override the file; may be repeated\n"
	      "  --quiet                   no line per second\n",
	      out);
}

/* ---- options --------------------------------------------------------------------------------- */

/* Options that are a key of the configuration: one schema checks both. */
static const struct key_option {
	const char *name, *set;
	bool is_stream;
} key_options[] = {
	{ "rate", "gen.rate", false },
	{ "duration", "gen.duration", false },
	{ "count", "gen.count", false },
	{ "cores", "engine.cores", false },
	{ "size", "stream.default.size", true },
	{ "protocol", "stream.default.protocol", true },
	{ "src", "stream.default.src", true },
	{ "dst", "stream.default.dst", true },
	{ "sport", "stream.default.sport", true },
	{ "dport", "stream.default.dport", true },
	{ "src-mac", "stream.default.src_mac", true },
	{ "dst-mac", "stream.default.dst_mac", true },
	{ "vlan", "stream.default.vlan", true },
};

#define N_KEY_OPTIONS (sizeof(key_options) / sizeof(key_options[0]))

static int add_set(struct options *o, const char *set)
{
	if (o->n_sets == SETS_MAX)
		return bp_cli_complain("more than %u settings", SETS_MAX);
	o->sets[o->n_sets++] = set;
	return 0;
}

/* key=value; value_bytes of value. */
static int add_own(struct options *o, const char *key, const char *value, size_t value_bytes)
{
	char *set = o->own[o->n_own];

	if (o->n_own == SETS_MAX)
		return bp_cli_complain("more than %u settings", SETS_MAX);
	if ((size_t)snprintf(set, SET_BYTES, "%s=%.*s", key, (int)value_bytes, value) >= SET_BYTES)
		return bp_cli_complain("%s: more than %u bytes", key, SET_BYTES);
	o->n_own++;
	return add_set(o, set);
}

static int add_key_option(struct options *o, unsigned i, const char *value)
{
	o->has_stream |= key_options[i].is_stream;
	return add_own(o, key_options[i].set, value, strlen(value));
}

/* DRIVER:DEVICE, or DRIVER. */
static int add_port(struct options *o, const char *name, const char *spec)
{
	size_t n = strcspn(spec, ":");
	char key[64];
	int code;

	snprintf(key, sizeof(key), "port.%s.driver", name);
	code = add_own(o, key, spec, n);
	if (code || !spec[n])
		return code;
	snprintf(key, sizeof(key), "port.%s.device", name);
	return add_own(o, key, spec + n + 1, strlen(spec + n + 1));
}

static int add_replay(struct options *o)
{
	int code = add_own(o, "port.replay.driver", "pcap", 4);

	if (!code)
		code = add_own(o, "port.replay.mode", "read", 4);
	if (!code)
		code = add_own(o, "port.replay.device", o->replay, strlen(o->replay));
	if (!code && o->pace)
		code = add_own(o, "port.replay.pace", o->pace, strlen(o->pace));
	if (!code)
		code = add_own(o, "gen.replay", "replay", 6);
	return code;
}

/* The ports that options name, as settings. */
static int add_ports(struct options *o)
{
	bool is_one = o->tx_port && o->rx_port && !strcmp(o->tx_port, o->rx_port);
	int code = 0;

	if (o->tx_port)
		code = add_port(o, "tx", o->tx_port);
	if (!code && o->tx_port)
		code = add_own(o, "gen.tx", "tx", 2);
	if (!code && o->rx_port && !is_one)
		code = add_port(o, "rx", o->rx_port);
	if (!code && o->rx_port)
		code = add_own(o, "gen.rx", is_one ? "tx" : "rx", 2);
	if (!code && o->replay)
		code = add_replay(o);
	return code;
}

static bool has_own(const struct options *o, const char *begin)
{
	for (size_t i = 0; i < o->n_own; i++)
		if (!strncmp(o->own[i], begin, strlen(begin)))
			return true;
	return false;
}

static int check_options(struct options *o)
{
	if (bp_gen_search_parse(&o->search))
		return BP_EXIT_USAGE + 1;
	if (o->is_tx_only && o->is_rx_only)
		return bp_cli_complain("--tx-only and --rx-only exclude each other");
	if (o->file && (o->tx_port || o->rx_port || o->replay))
		return bp_cli_complain(
			"--tx-port, --rx-port, --replay stand in for FILE.ini: give one or "
			"the other (--set changes a file)");
	if (o->file && o->has_stream)
		return bp_cli_complain(
			"options that describe frames stand in for FILE.ini: change a "
			"file's stream with --set stream.NAME.KEY=VALUE");
	if (!o->file && !o->tx_port && !o->rx_port) {
		print_usage(stderr);
		return bp_cli_complain("gen takes one FILE.ini, or --tx-port with --rx-port");
	}
	if (!o->tx_port && o->replay)
		return bp_cli_complain("--replay needs --tx-port: say where to send it");
	if (o->pace && !o->replay)
		return bp_cli_complain("--pace needs --replay");
	if (o->search.is_asked && (o->is_tx_only || o->is_rx_only || o->replay))
		return bp_cli_complain(
			"--search sends and receives itself: no --tx-only, --rx-only, "
			"--replay");
	if (o->search.is_asked && (has_own(o, "gen.duration=") || has_own(o, "gen.count=")))
		return bp_cli_complain(
			"--duration and --count are no part of --search: --budget limits the "
			"whole, --trial is each trial's length");
	return 0;
}

enum { OPT_KEYS = 1000, OPT_SEARCH, OPT_TX, OPT_RX, OPT_REPLAY, OPT_PACE };

/* Returns 0 to go on, or an exit code + 1. */
static int take_option(struct options *o, int c, unsigned key, const char *value)
{
	switch (c) {
	case OPT_KEYS:
		return add_key_option(o, key, value);
	case OPT_SEARCH:
		o->search.values[key - N_KEY_OPTIONS] = value;
		return 0;
	case OPT_TX:
		o->tx_port = value;
		return 0;
	case OPT_RX:
		o->rx_port = value;
		return 0;
	case OPT_REPLAY:
		o->replay = value;
		return 0;
	case OPT_PACE:
		o->pace = value;
		return 0;
	case 't':
		o->is_tx_only = true;
		return 0;
	case 'r':
		o->is_rx_only = true;
		return 0;
	case 'q':
		o->is_quiet = true;
		return 0;
	case 'j':
		o->json_path = strcmp(value, "-") ? value : "/dev/stdout";
		return 0;
	case 's':
		return add_set(o, value);
	case 'h':
		print_usage(stdout);
		return BP_EXIT_OK + 1;
	default:
		print_usage(stderr);
		return BP_EXIT_USAGE + 1;
	}
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option others[] = {
		{ "tx-port", required_argument, NULL, OPT_TX },
		{ "rx-port", required_argument, NULL, OPT_RX },
		{ "replay", required_argument, NULL, OPT_REPLAY },
		{ "pace", required_argument, NULL, OPT_PACE },
		{ "tx-only", no_argument, NULL, 't' },
		{ "rx-only", no_argument, NULL, 'r' },
		{ "json", required_argument, NULL, 'j' },
		{ "set", required_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct option
		longs[N_KEY_OPTIONS + BP_GEN_SEARCH_OPTIONS + sizeof(others) / sizeof(others[0])];
	int c, index = 0, code = 0;

	for (unsigned i = 0; i < N_KEY_OPTIONS; i++)
		longs[i] =
			(struct option){ key_options[i].name, required_argument, NULL, OPT_KEYS };
	for (unsigned i = 0; i < BP_GEN_SEARCH_OPTIONS; i++)
		longs[N_KEY_OPTIONS + i] = (struct option){ bp_gen_search_options[i],
							    required_argument, NULL, OPT_SEARCH };
	memcpy(&longs[N_KEY_OPTIONS + BP_GEN_SEARCH_OPTIONS], others, sizeof(others));
	while (!code && (c = getopt_long(argc, argv, "", longs, &index)) != -1)
		code = take_option(o, c, (unsigned)index, optarg);
	if (code)
		return code;
	if (argc - optind > 1) {
		print_usage(stderr);
		return bp_cli_complain("gen takes one FILE.ini at most");
	}
	o->file = argc > optind ? argv[optind] : NULL;
	code = check_options(o);
	return code ? code : add_ports(o);
}

/* ---- the trial ------------------------------------------------------------------------------- */

/* Until the trial is over; a signal ends it early, with what was measured until then. */
static void watch(struct bp_gen *gen, const struct options *o, const sigset_t *signals)
{
	struct bp_gen_live prev, now;
	double next_line_s = 1;

	bp_gen_live(gen, &prev);
	while (bp_gen_tick(gen)) {
		struct timespec ts = { .tv_nsec = TICK_NS / 10 };

		if (sigtimedwait(signals, NULL, &ts) > 0) {
			bp_gen_interrupt(gen);
			return;
		}
		bp_gen_live(gen, &now);
		if (o->is_quiet || now.elapsed_s < next_line_s)
			continue;
		next_line_s += 1;
		bp_gen_print_live(stderr, &prev, &now);
		prev = now;
	}
}

static int report(const struct bp_gen *gen, const struct options *o)
{
	struct bp_gen_report *r = malloc(sizeof(*r));
	int code = BP_EXIT_OK;

	if (!r)
		return BP_EXIT_FAILED;
	bp_gen_report(gen, r);
	bp_gen_print_text(stdout, r);
	fflush(stdout);
	if (o->json_path && bp_json_write(bp_gen_print_json(r), o->json_path))
		code = BP_EXIT_FAILED;
	free(r);
	return code;
}

static int run_trial(struct bp_gen *gen, const struct bp_conf *conf, struct options *o,
		     const sigset_t *signals)
{
	struct bp_trial_request request = { .duration_s = conf->gen.duration_s,
					    .n_pkts = conf->gen.count };
	struct bp_trial_result result;
	char why[256];
	int err, code;

	if (bp_gen_rate(gen, 0, &request.rate_pps, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "%s", why);
		return BP_EXIT_USAGE;
	}
	if (bp_gen_wait_links(gen, LINK_WAIT_S, why, sizeof(why)))
		bp_log(BP_LOG_WARN, "%s: going on without", why);
	if (o->search.is_asked)
		return bp_gen_search_run(&o->search, gen, o->is_quiet, o->json_path, signals);
	if (bp_gen_start(gen, &request))
		return BP_EXIT_FAILED;
	bp_log(BP_LOG_INFO, conf->gen.tx_port == BP_NO_PORT ? "receiving" : "sending");
	watch(gen, o, signals);
	err = bp_gen_finish(gen, &result);
	code = report(gen, o);
	return err ? BP_EXIT_FAILED : code;
}

static int generate(const struct bp_conf *conf, struct options *o)
{
	struct bp_gen *gen = NULL;
	int code = BP_EXIT_FAILED;
	sigset_t signals;

	bp_cli_block_signals(&signals);
	if (!bp_gen_create(conf, &gen))
		code = run_trial(gen, conf, o, &signals);
	bp_gen_destroy(gen);
	return code;
}

/* One side of the file; the other runs in another process. 0, or an exit code + 1. */
static int choose_side(const struct options *o, struct bp_conf *conf)
{
	const char *name = o->file ? o->file : "the command line";

	if (o->is_tx_only)
		conf->gen.rx_port = BP_NO_PORT;
	if (o->is_rx_only)
		conf->gen.tx_port = conf->gen.replay_port = BP_NO_PORT;
	if (conf->gen.tx_port == BP_NO_PORT && conf->gen.rx_port == BP_NO_PORT)
		return bp_cli_complain("%s: nothing to send or receive: [gen] names no port for %s",
				       name,
				       o->is_tx_only   ? "tx"
				       : o->is_rx_only ? "rx"
						       : "tx or rx");
	if (o->search.is_asked &&
	    (conf->gen.tx_port == BP_NO_PORT || conf->gen.rx_port == BP_NO_PORT ||
	     conf->gen.replay_port != BP_NO_PORT))
		return bp_cli_complain("%s: --search needs [gen] tx and rx, without replay", name);
	return 0;
}

int bp_cmd_gen(int argc, char **argv)
{
	struct options *o = calloc(1, sizeof(*o));
	struct bp_conf *conf = calloc(1, sizeof(*conf));
	int code = BP_EXIT_FAILED;

	if (!o || !conf)
		goto free_all;
	code = parse_options(argc, argv, o);
	if (code) {
		code--;
		goto free_all;
	}
	code = bp_cli_load(o->file ? o->file : "/dev/null", o->sets, o->n_sets, conf);
	if (!code)
		code = choose_side(o, conf);
	code = code ? code - 1 : generate(conf, o);
free_all:
	free(conf);
	free(o);
	return code;
}
