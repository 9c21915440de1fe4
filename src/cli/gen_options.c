/* The options of `bypath gen`: most of them are keys of the configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/gen_options.h"

#include "bypath/driver.h"
#include "cli/cmd.h"
#include "cli/common.h"

#include <string.h>

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
	      "  --quiet                   no line per second\n",
	      out);
}

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
	{ "encap", "stream.default.encap", true },
};

#define N_KEY_OPTIONS (sizeof(key_options) / sizeof(key_options[0]))

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

static int add_key_option(struct bp_gen_arguments *o, unsigned i, const char *value)
{
	o->has_stream |= key_options[i].is_stream;
	return add_own(o, key_options[i].set, value, strlen(value));
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

/* The driver whose ports play a file. */
static const char *find_player(void)
{
	const struct bp_driver_entry *entry = bp_driver_table;

	while (entry->name && !(entry->facts->flags & BP_FACT_PLAYS))
		entry++;
	return entry->name ? entry->name : "";
}

static int add_replay(struct bp_gen_arguments *o)
{
	const char *player = find_player();
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

static int check_options(struct bp_gen_arguments *o)
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

/* OPT_KEYS + n: the n-th of key_options; OPT_SEARCH + n: of bp_gen_search_options. */
enum { OPT_TX = 256, OPT_RX, OPT_REPLAY, OPT_PACE, OPT_KEYS = 1000, OPT_SEARCH = 2000 };

static int take_option(void *options, int c, const char *value)
{
	struct bp_gen_arguments *o = options;

	if (c >= OPT_SEARCH) {
		o->search.values[c - OPT_SEARCH] = value;
		return 0;
	}
	if (c >= OPT_KEYS)
		return add_key_option(o, (unsigned)(c - OPT_KEYS), value);
	switch (c) {
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
	default:
		return add_set(o, value);
	}
}

int bp_gen_parse(int argc, char **argv, struct bp_gen_arguments *o)
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
	const struct bp_cli_options options = { longs, print_usage, take_option };
	int code;

	for (unsigned i = 0; i < N_KEY_OPTIONS; i++)
		longs[i] = (struct option){ key_options[i].name, required_argument, NULL,
					    OPT_KEYS + (int)i };
	for (unsigned i = 0; i < BP_GEN_SEARCH_OPTIONS; i++)
		longs[N_KEY_OPTIONS + i] =
			(struct option){ bp_gen_search_options[i], required_argument, NULL,
					 OPT_SEARCH + (int)i };
	memcpy(&longs[N_KEY_OPTIONS + BP_GEN_SEARCH_OPTIONS], others, sizeof(others));
	code = bp_cli_parse(argc, argv, &options, o);
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
