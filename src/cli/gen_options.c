/* The options of `bypath gen`: most of them are keys of the configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/gen_options.h"

#include "bypath/facts.h"
#include "cli/cmd.h"
#include "cli/common.h"

#include <stddef.h>
#include <string.h>

static void print_usage(FILE *out)
{
	fputs("usage: bypath gen FILE.ini [options]\n"
	      "       bypath gen --tx-port DRIVER:DEVICE --rx-port DRIVER:DEVICE [options]\n"
	      "where (without FILE.ini)\n",
	      out);
	fprintf(out, "  --tx-port DRIVER:DEVICE   send there, as %s:veth0 or %s:0000:03:00.1\n",
		bp_facts_named(BP_FACT_ANY_NETDEV), bp_facts_named(BP_FACT_DEVICE_STRING));
	fputs("  --rx-port DRIVER:DEVICE   receive there; the same port as --tx-port is allowed\n"
	      "  --monitor-port DRIVER:DEVICE\n"
	      "                            --search rfc2889 looks for floods there\n"
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
	      "  --vlan ID                 802.1Q tag\n"
	      "  --encap LIST              qinq:ID, vlan:ID, mpls:LABEL, vxlan:VNI, gre[:KEY], "
	      "gretap[:KEY]\n",
	      out);
	fputs(bp_gen_search_usage, out);
	fputs("further\n"
	      "  --tx-only, --rx-only      one side of FILE.ini, the other in another process\n"
	      "  --cores LIST              one core (sends and receives) or two, as 0,1\n"
	      "  --json FILE               write the report there as well; - is standard output\n"
	      "  --set SECTION.KEY=VALUE   override the file; may be repeated\n"
	      "  --quiet                   no figures meanwhile: --interval off\n",
	      out);
	fputs(bp_cli_log_usage, out);
}

static int add_set(struct bp_gen_arguments *o, const char *set)
{
	if (o->n_sets == BP_GEN_SETS_MAX)
		return bp_cli_complain("more than %u settings", BP_GEN_SETS_MAX);
	o->sets[o->n_sets++] = set;
	return 0;
}

/* key=value; value_bytes of value. */
static int add_own(struct bp_gen_arguments *o, const char *key, const char *value,
		   size_t value_bytes)
{
	char *set = o->own[o->n_own];

	if (o->n_own == BP_GEN_SETS_MAX)
		return bp_cli_complain("more than %u settings", BP_GEN_SETS_MAX);
	if ((size_t)snprintf(set, BP_GEN_SET_BYTES, "%s=%.*s", key, (int)value_bytes, value) >=
	    BP_GEN_SET_BYTES)
		return bp_cli_complain("%s: more than %u bytes", key, BP_GEN_SET_BYTES);
	o->n_own++;
	return add_set(o, set);
}

/* DRIVER:DEVICE, or DRIVER. */
static int add_port(struct bp_gen_arguments *o, const char *name, const char *spec)
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

static int add_replay(struct bp_gen_arguments *o)
{
	const char *player = bp_facts_named(BP_FACT_PLAYS);
	int code = add_own(o, "port.replay.driver", player, strlen(player));

	if (!code)
		code = add_own(o, "port.replay.device", o->replay, strlen(o->replay));
	if (!code && o->pace)
		code = add_own(o, "port.replay.pace", o->pace, strlen(o->pace));
	if (!code)
		code = add_own(o, "gen.replay", "replay", 6);
	return code;
}

/* The ports that options name, as settings. */
static int add_ports(struct bp_gen_arguments *o)
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
	if (!code && o->monitor_port)
		code = add_port(o, "monitor", o->monitor_port);
	if (!code && o->monitor_port)
		code = add_own(o, "gen.monitor", "monitor", 7);
	if (!code && o->replay)
		code = add_replay(o);
	return code;
}

static bool has_own(const struct bp_gen_arguments *o, const char *begin)
{
	for (size_t i = 0; i < o->n_own; i++)
		if (!strncmp(o->own[i], begin, strlen(begin)))
			return true;
	return false;
}

/* --search is another way to run than --tx-only, --rx-only, --replay, --duration, --count. */
static int check_search(const struct bp_gen_arguments *o)
{
	if (o->is_tx_only || o->is_rx_only || o->replay)
		return bp_cli_complain(
			"--search sends and receives itself: no --tx-only, --rx-only, "
			"--replay");
	if (has_own(o, "gen.duration=") || has_own(o, "gen.count="))
		return bp_cli_complain(
			"--duration and --count are no part of --search: --budget limits the "
			"whole, --trial is each trial's length");
	return 0;
}

/* Where the configuration comes from: a file, or options that stand in for it. */
static int check_file(const struct bp_gen_arguments *o)
{
	bool has_ports = o->tx_port || o->rx_port;

	if (o->file && (has_ports || o->replay || o->monitor_port))
		return bp_cli_complain(
			"--tx-port, --rx-port, --monitor-port, --replay stand in for FILE.ini: give one or "
			"the other (--set changes a file)");
	if (o->file && o->has_stream)
		return bp_cli_complain(
			"options that describe frames stand in for FILE.ini: change a "
			"file's stream with --set stream.NAME.KEY=VALUE");
	if (o->file || has_ports)
		return 0;
	print_usage(stderr);
	return bp_cli_complain("gen takes one FILE.ini, or --tx-port with --rx-port");
}

static int check_options(struct bp_gen_arguments *o)
{
	int code;

	if (bp_gen_search_parse(&o->search))
		return BP_EXIT_USAGE + 1;
	if (o->is_tx_only && o->is_rx_only)
		return bp_cli_complain("--tx-only and --rx-only exclude each other");
	code = check_file(o);
	if (code)
		return code;
	if (o->monitor_port && !o->search.is_rfc2889)
		return bp_cli_complain("--monitor-port belongs to --search rfc2889");
	if (!o->tx_port && o->replay)
		return bp_cli_complain("--replay needs --tx-port: say where to send it");
	if (o->pace && !o->replay)
		return bp_cli_complain("--pace needs --replay");
	return o->search.is_asked ? check_search(o) : 0;
}

/* An option that is a key of the configuration: one schema checks both. */
static int take_key(void *arguments, const struct bp_cli_option *option, const char *value)
{
	return add_own(arguments, option->key, value, strlen(value));
}

/* A key of the stream that is sent when no file describes another. */
static int take_stream_key(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_gen_arguments *o = arguments;

	o->has_stream = true;
	return take_key(o, option, value);
}

static int take_search(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_gen_arguments *o = arguments;

	o->search.values[option->at] = (struct bp_gen_search_value){ option->name, value };
	return 0;
}

static int take_set(void *arguments, const struct bp_cli_option *option, const char *value)
{
	(void)option;
	return add_set(arguments, value);
}

static const struct bp_cli_option options_rows[] = {
	{ "tx-port", BP_CLI_TEXT, .at = offsetof(struct bp_gen_arguments, tx_port) },
	{ "rx-port", BP_CLI_TEXT, .at = offsetof(struct bp_gen_arguments, rx_port) },
	{ "monitor-port", BP_CLI_TEXT, .at = offsetof(struct bp_gen_arguments, monitor_port) },
	{ "replay", BP_CLI_TEXT, .at = offsetof(struct bp_gen_arguments, replay) },
	{ "pace", BP_CLI_TEXT, .at = offsetof(struct bp_gen_arguments, pace) },
	{ "rate", BP_CLI_TAKE, .take = take_key, .key = "gen.rate" },
	{ "duration", BP_CLI_TAKE, .take = take_key, .key = "gen.duration" },
	{ "count", BP_CLI_TAKE, .take = take_key, .key = "gen.count" },
	{ "cores", BP_CLI_TAKE, .take = take_key, .key = "engine.cores" },
	{ "size", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.size" },
	{ "protocol", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.protocol" },
	{ "src", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.src" },
	{ "dst", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.dst" },
	{ "sport", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.sport" },
	{ "dport", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.dport" },
	{ "src-mac", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.src_mac" },
	{ "dst-mac", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.dst_mac" },
	{ "vlan", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.vlan" },
	{ "encap", BP_CLI_TAKE, .take = take_stream_key, .key = "stream.default.encap" },
	{ "search", BP_CLI_TAKE, .at = BP_GEN_SEARCH_KIND, .take = take_search },
	{ "sizes", BP_CLI_TAKE, .at = BP_GEN_SEARCH_SIZES, .take = take_search },
	{ "budget", BP_CLI_TAKE, .at = BP_GEN_SEARCH_BUDGET, .take = take_search },
	{ "loss", BP_CLI_TAKE, .at = BP_GEN_SEARCH_LOSS, .take = take_search },
	{ "width", BP_CLI_TAKE, .at = BP_GEN_SEARCH_WIDTH, .take = take_search },
	{ "trial", BP_CLI_TAKE, .at = BP_GEN_SEARCH_TRIAL, .take = take_search },
	{ "explore", BP_CLI_TAKE, .at = BP_GEN_SEARCH_EXPLORE, .take = take_search },
	{ "sum", BP_CLI_TAKE, .at = BP_GEN_SEARCH_SUM, .take = take_search },
	{ "exceed", BP_CLI_TAKE, .at = BP_GEN_SEARCH_EXCEED, .take = take_search },
	{ "repeats", BP_CLI_TAKE, .at = BP_GEN_SEARCH_REPEATS, .take = take_search },
	{ "addresses", BP_CLI_TAKE, .at = BP_GEN_SEARCH_ADDRESSES, .take = take_search },
	{ "ageing", BP_CLI_TAKE, .at = BP_GEN_SEARCH_AGEING, .take = take_search },
	{ "ndr", BP_CLI_TAKE, .at = BP_GEN_SEARCH_NDR, .take = take_search },
	{ "tx-only", BP_CLI_FLAG, .at = offsetof(struct bp_gen_arguments, is_tx_only) },
	{ "rx-only", BP_CLI_FLAG, .at = offsetof(struct bp_gen_arguments, is_rx_only) },
	{ "json", BP_CLI_OUTPUT, .at = offsetof(struct bp_gen_arguments, json_path) },
	{ "set", BP_CLI_TAKE, .take = take_set },
	{ "quiet", BP_CLI_FLAG, .at = offsetof(struct bp_gen_arguments, is_quiet) },
	BP_CLI_LOG_ROWS(offsetof(struct bp_gen_arguments, log)),
	{ .name = NULL },
};

int bp_gen_parse(int argc, char **argv, struct bp_gen_arguments *o)
{
	static const struct bp_cli_options options = { options_rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, o);

	if (code)
		return code;
	if (argc - optind > 1) {
		print_usage(stderr);
		return bp_cli_complain("gen takes one FILE.ini at most");
	}
	for (size_t i = 0; !code && i < o->log.n; i++)
		code = add_set(o, o->log.sets[i]);
	if (code)
		return code;
	o->file = argc > optind ? argv[optind] : NULL;
	code = check_options(o);
	return code ? code : add_ports(o);
}
