/* The table of all sections and keys. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema.h"

#include "config/load.h"

#include "bypath/driver.h"
#include "bypath/pkt.h"

#include "core/layers.h"
#include "core/serve.h"

#include <string.h>

/* Where a key's value goes: a field of bp_conf, of a stream, of [gen]. */
#define CONF(field) \
	.offset = offsetof(struct bp_conf, field), .size = sizeof(((struct bp_conf *)0)->field)
#define STREAM(field)                                     \
	.offset = offsetof(struct bp_stream_conf, field), \
	.size = sizeof(((struct bp_stream_conf *)0)->field)
#define GEN(field) CONF(gen.field)
/* One of [engine] that only a restart changes, and why. */
#define FIXED(field, why) CONF(field), .reload = BP_RELOAD_START, .fixed = why

static const struct bp_word engine_modes[] = { { "io", BP_ENGINE_IO },
					       { "macswap", BP_ENGINE_MACSWAP },
					       { NULL, 0 } };
static const struct bp_word idle_modes[] = { { "adaptive", BP_IDLE_ADAPTIVE },
					     { "busy", BP_IDLE_BUSY },
					     { NULL, 0 } };
static const struct bp_word untils[] = { { "signal", BP_UNTIL_SIGNAL },
					 { "replayed", BP_UNTIL_REPLAYED },
					 { NULL, 0 } };
static const struct bp_word links[] = { { "ignore", false }, { "follow", true }, { NULL, 0 } };
static const struct bp_word frame_sizes[] = { { "2048", 2048 }, { "4096", 4096 }, { NULL, 0 } };

static const struct bp_word log_levels[] = { { "error", BP_LOG_ERROR },
					     { "warning", BP_LOG_WARN },
					     { "info", BP_LOG_INFO },
					     { "debug", BP_LOG_DEBUG },
					     { NULL, 0 } };
static const struct bp_word log_formats[] = {
	{ "text", BP_LOG_TEXT }, { "json", BP_LOG_JSON }, { "logfmt", BP_LOG_LOGFMT }, { NULL, 0 }
};

static const struct bp_key engine_keys[] = {
	BP_KEY_WORDS("mode", engine_modes, "io", FIXED(engine.mode, "ports are opened for it"),
		     "io: forward unchanged; macswap: swap the two MAC addresses"),
	BP_KEY_INT("workers", 1, BP_WORKERS_MAX, "threads", NULL, "1", CONF(engine.n_workers),
		   "threads that poll, each pinned to a core of its own"),
	{ .name = "cores",
	  .type = BP_KEY_CORES,
	  .max = UINT16_MAX,
	  .example = "1,2",
	  CONF(engine.cores),
	  .help = "the workers' cores, one each, as 1,2 or 4-7; without it chosen near to the ports" },
	BP_KEY_WORDS("idle", idle_modes, "adaptive", CONF(engine.idle),
		     "without packets: busy keeps polling; adaptive spins, pauses, then waits"),
	BP_KEY_INT("burst", 1, BP_BURST_MAX, "views", NULL, "64", CONF(engine.burst),
		   "packet views that a worker moves at once"),
	BP_KEY_INT("tx_retries", 0, 1024, "attempts", NULL, "16", CONF(engine.tx_retries),
		   "further attempts to send what a TX queue did not take, before tx_full"),
	BP_KEY_WORDS("until", untils, "signal", CONF(engine.until),
		     "replayed: a run ends by itself when its captures have been played"),
	{ .name = "name",
	  .type = BP_KEY_TEXT,
	  .example = "edge",
	  FIXED(engine.name, "whoever asks the instance knows it by that name"),
	  .help = "of the running instance, for bypath show; without it the file's, without .ini" },
	BP_KEY_WORDS("control", bp_words_yes_no, "yes",
		     FIXED(engine.has_control, "the socket is opened with the instance's name"),
		     "listen on a socket, for bypath show: /run/bypath/NAME.sock"),
	{ .name = "wait",
	  .type = BP_KEY_SECONDS,
	  .fallback = "0",
	  CONF(engine.wait_s),
	  .reload = BP_RELOAD_NEXT,
	  .help = "at the start, wait so long for interfaces and PCI devices that are not there yet" },
	{ .name = NULL },
};

static const struct bp_key memory_keys[] = {
	BP_KEY_INT("frames", 512, 4194304, "frames", NULL, "16384", CONF(memory.n_frames),
		   "frames of the arena, fixed at the start"),
	{ .name = "frame_bytes",
	  .type = BP_KEY_CHOICE,
	  .unit = "bytes",
	  .words = frame_sizes,
	  .fallback = "2048",
	  CONF(memory.frame_bytes),
	  .help = "size of a frame; 256 bytes of it are headroom" },
	BP_KEY_WORDS("hugepages", bp_words_yes_no_auto, "auto", CONF(memory.hugepages),
		     "2 MiB pages: auto takes them if there are any, yes refuses to start without"),
	BP_KEY_WORDS("protect", bp_words_yes_no, "no", CONF(memory.protect),
		     "take away access to the arena after set-up: proves that io touches nothing"),
	{ .name = NULL },
};

static const struct bp_key metrics_keys[] = {
	{ .name = "listen",
	  .type = BP_KEY_TEXT,
	  .example = "127.0.0.1:9477",
	  CONF(metrics.listen),
	  .help = "serve a page, OpenMetrics at /metrics: ADDRESS:PORT, [ADDRESS]:PORT, unix:/PATH; without it nowhere" },
	{ .name = NULL },
};

static void check_metrics(struct bp_conf *conf, struct bp_check *check)
{
	struct sockaddr_storage address;
	socklen_t n;

	if (conf->metrics.listen[0] && !bp_serve_parse(conf->metrics.listen, &address, &n))
		check->complain(check, "listen", "found '%s', allowed: " BP_SERVE_ALLOWED,
				conf->metrics.listen);
}

static const struct bp_key log_keys[] = {
	BP_KEY_WORDS("level", log_levels, "info", CONF(log.level),
		     "the most detailed messages that are logged"),
	BP_KEY_WORDS(
		"format", log_formats, "text", CONF(log.format),
		"text: for people, for systemd's journal with its fields; json: an object per line"),
	BP_KEY_AS("interval", BP_KEY_INTERVAL, "auto", CONF(log.interval_s),
		  "how often the figures of what moves are logged"),
	{ .name = NULL },
};

static const struct bp_key alarm_keys[] = {
	{ .name = "drops",
	  .type = BP_KEY_RATE,
	  .flags = BP_KEY_PPS,
	  .fallback = "max",
	  CONF(alarm.drops),
	  .help = "raise an alarm where a port drops more, as 1000pps; max: never" },
	{ .name = "on_event",
	  .type = BP_KEY_FILE,
	  .example = "/usr/local/sbin/on-event",
	  CONF(alarm.on_event),
	  .help = "a program that is run when an alarm is raised or cleared, the facts in its environment" },
	{ .name = NULL },
};

static const struct bp_key forward_keys[] = {
	{ .name = "*",
	  .type = BP_KEY_PORT,
	  .help = "what is received on this port: the functions that it goes through, then the port that it is sent on" },
	BP_KEY_WORDS(
		"link", links, "ignore", CONF(forward.follows_link),
		"follow: where one of two ports loses its link, the other's is taken down until it is back"),
	{ .name = NULL },
};

static const struct bp_key gen_keys[] = {
	{ GEN(tx), .name = "tx", .type = BP_KEY_TEXT, .example = "packet",
	  .help = "the port that frames are sent on; without it nothing is sent" },
	{ GEN(rx), .name = "rx", .type = BP_KEY_TEXT, .example = "xdp",
	  .help = "the port that they come back on; without it nothing is received" },
	{ GEN(replay), .name = "replay", .type = BP_KEY_TEXT, .example = "file",
	  .help = "a port that plays a capture, whose packets are sent instead of streams" },
	{ GEN(monitor), .name = "monitor", .type = BP_KEY_TEXT, .example = "other",
	  .help = "a third port, where --search rfc2889 looks for frames that a switch floods" },
	BP_KEY_AS("rate", BP_KEY_RATE, "max", GEN(rate),
		  "of all streams together; bps counts L2 with FCS, bpsl1 preamble and gap too"),
	BP_KEY_AS("duration", BP_KEY_SECONDS, "10", GEN(duration_s),
		  "how long to send; 0: until SIGINT or SIGTERM"),
	BP_KEY_INT("count", 0, INT64_MAX, "frames", "no bound", "0", GEN(count),
		   "stop after so many frames"),
	BP_KEY_AS("settle", BP_KEY_SECONDS, "0.5", GEN(settle_s),
		  "after the last frame, receive until nothing has come for so long"),
	BP_KEY_INT("burst", 0, BP_BURST_MAX, "frames", "32, or 64 with rate = max", "0", GEN(burst),
		   "frames sent at once when they are due"),
	BP_KEY_WORDS(
		"announce", bp_words_yes_no, "no", GEN(announce),
		"before each trial rx sends one frame from each dst_mac, for switches to learn"),
	BP_KEY_WORDS("payload_check", bp_words_yes_no, "yes", GEN(payload_check),
		     "compare every byte of the payload on reception"),
	BP_KEY_INT("first_seq", 0, (1ull << 48) - 1, "", NULL, "0", GEN(first_seq),
		   "sequence number of each stream's first frame; they wrap at 2^48"),
	{ .name = NULL },
};

static const struct bp_key stream_keys[] = {
	BP_KEY_WORDS("protocol", bp_protocol_words, "udp4", STREAM(protocol),
		     "the headers; eth: EtherType 0x88b5 and no others"),
	BP_KEY_INT("share", 1, 100, "parts", NULL, "1", STREAM(share),
		   "of the frames, against the other streams' shares"),
	BP_KEY_AS("size", BP_KEY_SIZES, "64", STREAM(sizes),
		  "frame size with FCS; imix is 64:7,594:4,1518:1"),
	BP_KEY_INT("vlan", 0, 4094, "", "no tag", "0", STREAM(vlan),
		   "802.1Q tag; its 4 bytes count in size"),
	{ STREAM(encap), .name = "encap", .type = BP_KEY_ENCAP, .example = "qinq:100,vxlan:5000",
	  .help = "headers between Ethernet and protocol; their bytes count in size" },
	{ STREAM(extensions), .name = "extensions", .type = BP_KEY_EXTENSIONS,
	  .example = "hop-by-hop,fragment", .help = "IPv6 extension headers of protocol" },
	{ STREAM(outer_src), .name = "outer_src", .type = BP_KEY_ADDRS, .example = "198.18.1.1",
	  .help = "source of the tunnel in encap; without it 198.18.1.1, 2001:2:0:1::1" },
	{ STREAM(outer_dst), .name = "outer_dst", .type = BP_KEY_ADDRS, .example = "198.19.1.1",
	  .help = "destination of the tunnel in encap; without it 198.19.1.1, 2001:2:1:1::1" },
	{ STREAM(inner_src_mac), .name = "inner_src_mac", .type = BP_KEY_MACS,
	  .flags = BP_KEY_BESIDE, .fallback = "02:00:00:00:03:01",
	  .help = "source MAC address within vxlan, gretap" },
	{ STREAM(inner_dst_mac), .name = "inner_dst_mac", .type = BP_KEY_MACS,
	  .flags = BP_KEY_BESIDE, .fallback = "02:00:00:00:04:01",
	  .help = "destination MAC address within vxlan, gretap" },
	BP_KEY_AS("src_mac", BP_KEY_MACS, "02:00:00:00:01:01", STREAM(src_mac),
		  "source MAC address, or a range that packets go through"),
	BP_KEY_AS("dst_mac", BP_KEY_MACS, "02:00:00:00:02:01", STREAM(dst_mac),
		  "destination MAC address, or a range"),
	{ STREAM(src), .name = "src", .type = BP_KEY_ADDRS, .example = "198.18.0.1-198.18.0.254",
	  .help = "source address, or a range; without it 198.18.0.1, 2001:2::1" },
	{ STREAM(dst), .name = "dst", .type = BP_KEY_ADDRS, .example = "198.19.0.1",
	  .help = "destination address, or a range; without it 198.19.0.1, 2001:2:1::1" },
	BP_KEY_AS("sport", BP_KEY_L4PORTS, "50000", STREAM(sport), "source port, or a range"),
	BP_KEY_AS("dport", BP_KEY_L4PORTS, "9", STREAM(dport),
		  "destination port, or a range; 9 is discard"),
	BP_KEY_INT("ttl", 1, 255, "hops", NULL, "64", STREAM(ttl), "time to live, hop limit"),
	BP_KEY_INT("dscp", 0, 63, "", "best effort", "0", STREAM(dscp),
		   "differentiated services code point"),
	{ .name = NULL },
};

static const struct bp_key port_keys[] = {
	{ .name = "driver",
	  .type = BP_KEY_DRIVER,
	  .flags = BP_KEY_REQUIRED,
	  BP_KEY_OF_PORT(driver),
	  .help = "the I/O backend" },
	{ .name = NULL },
};

static const struct bp_key function_keys[] = {
	{ .name = "type",
	  .type = BP_KEY_FUNCTION,
	  .flags = BP_KEY_REQUIRED,
	  .offset = offsetof(struct bp_function_conf, type),
	  .size = sizeof(((struct bp_function_conf *)0)->type),
	  .help = "what it does" },
	{ .name = NULL },
};

static const struct bp_section sections[] = {
	{ "engine", "how packets are forwarded", engine_keys, false, NULL, BP_RELOAD_LIVE, NULL },
	{ "memory",
	  "the arena that holds the frames of all ports; some drivers have memory of their own as well",
	  memory_keys, false, NULL, BP_RELOAD_START, "all ports have their frames in the arena" },
	{ "metrics", "figures of a running instance, for Prometheus and the like", metrics_keys,
	  false, check_metrics, BP_RELOAD_LIVE, NULL },
	{ "log", "what is said, how, and how often, on standard error", log_keys, false, NULL,
	  BP_RELOAD_LIVE, NULL },
	{ "alarm", "what an operator is told of, beside the log", alarm_keys, false, NULL,
	  BP_RELOAD_LIVE, NULL },
	{ "port", "one attachment to a network, its name behind the dot", port_keys, true, NULL,
	  BP_RELOAD_ANEW, NULL },
	{ "forward",
	  "FROM = TO: packets received on port FROM are sent on port TO; FROM = F, TO: through function F on the way",
	  forward_keys, false, bp_check_follow, BP_RELOAD_LIVE, NULL },
	{ "function", "what packets go through between two ports, its name behind the dot",
	  function_keys, true, NULL, BP_RELOAD_ANEW, NULL },
	{ "gen", "what bypath gen sends and receives; bypath run does not read it", gen_keys, false,
	  NULL, BP_RELOAD_NONE, NULL },
	{ "stream", "frames of one kind that bypath gen sends, the stream's name behind the dot",
	  stream_keys, true, NULL, BP_RELOAD_NONE, NULL },
};
#define N_SECTIONS ((unsigned)(sizeof(sections) / sizeof(sections[0])))

/* The i-th section among those that drivers own, or NULL. */
static const struct bp_section *driver_section(unsigned i)
{
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		if (entry->facts->section && i-- == 0)
			return entry->facts->section;
	return NULL;
}

const struct bp_section *bp_schema_section(unsigned i)
{
	return i < N_SECTIONS ? &sections[i] : driver_section(i - N_SECTIONS);
}

const struct bp_section *bp_schema_section_of(const char *name)
{
	const struct bp_section *section;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		if (!strcmp(section->name, name))
			return section;
	return NULL;
}

const struct bp_key *bp_schema_find(const char *section, const char *name)
{
	const struct bp_section *s = bp_schema_section_of(section);

	return s ? bp_key_find(s->keys, name) : NULL;
}

enum bp_reload bp_schema_reload(const struct bp_section *section, const struct bp_key *key)
{
	if (key->reload)
		return key->reload;
	return section->reload ? section->reload : BP_RELOAD_START;
}

const char *bp_schema_fixed(const struct bp_section *section, const struct bp_key *key)
{
	if (key->fixed)
		return key->fixed;
	return section->fixed ? section->fixed : "it is not made to change";
}

const char *bp_schema_reload_word(const struct bp_section *section, const struct bp_key *key)
{
	static const char *const words[] = {
		[BP_RELOAD_LIVE] = "live",     [BP_RELOAD_ANEW] = "made anew",
		[BP_RELOAD_START] = "restart", [BP_RELOAD_NEXT] = "next start",
		[BP_RELOAD_NONE] = "—",
	};

	return words[bp_schema_reload(section, key)];
}
