/* The table of all sections and keys. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/schema.h"

#include "bypath/pkt.h"

#include <string.h>

/* The place of a field. */
#define CONF(field) \
	.offset = offsetof(struct bp_conf, field), .size = sizeof(((struct bp_conf *)0)->field)
#define PORT(field)                                                        \
	.section = "port", .offset = offsetof(struct bp_port_conf, field), \
	.size = sizeof(((struct bp_port_conf *)0)->field)

#define STREAM(field)                                                          \
	.section = "stream", .offset = offsetof(struct bp_stream_conf, field), \
	.size = sizeof(((struct bp_stream_conf *)0)->field)
#define GEN(field) .section = "gen", CONF(gen.field)

#define ON_NETDEV (BP_SD_AF_PACKET | BP_SD_AF_XDP)

const struct bp_word bp_schema_drivers[] = { { "af_packet", 0, 0 }, { "af_xdp", 0, 0 },
					     { "dpdk", 0, 0 },      { "pcap", 0, 0 },
					     { "tap", 0, 0 },       { "ring", 0, 0 },
					     { "null", 0, 0 },      { "xdp_live", 0, 0 },
					     { NULL, 0, 0 } };

const struct bp_section bp_schema_sections[] = {
	{ "engine", "how packets are forwarded" },
	{ "memory", "the arena that holds the frames of all ports but dpdk ones" },
	{ "dpdk", "how EAL starts; read only if there is a dpdk port" },
	{ "port", "one attachment to a network, its name behind the dot" },
	{ "forward", "FROM = TO: packets received on port FROM are sent on port TO" },
	{ "gen", "what bypath gen sends and receives; bypath run does not read it" },
	{ "stream", "frames of one kind that bypath gen sends, the stream's name behind the dot" },
	{ NULL, NULL },
};

static const struct bp_word yes_no[] = { { "yes", 1, 0 }, { "no", 0, 0 }, { NULL, 0, 0 } };
static const struct bp_word yes_no_auto[] = {
	{ "auto", BP_AUTO, 0 }, { "yes", BP_YES, 0 }, { "no", BP_NO, 0 }, { NULL, 0, 0 }
};
static const struct bp_word auto_off[] = { { "auto", BP_AUTO, 0 },
					   { "off", BP_NO, 0 },
					   { NULL, 0, 0 } };
static const struct bp_word pass_words[] = { { "auto", BP_PASS_AUTO, 0 },
					     { "off", BP_PASS_OFF, 0 },
					     { NULL, 0, 0 } };
static const struct bp_word engine_modes[] = { { "io", BP_ENGINE_IO, 0 },
					       { "macswap", BP_ENGINE_MACSWAP, 0 },
					       { NULL, 0, 0 } };
static const struct bp_word idle_modes[] = { { "adaptive", BP_IDLE_ADAPTIVE, 0 },
					     { "busy", BP_IDLE_BUSY, 0 },
					     { NULL, 0, 0 } };
static const struct bp_word untils[] = { { "signal", BP_UNTIL_SIGNAL, 0 },
					 { "replayed", BP_UNTIL_REPLAYED, 0 },
					 { NULL, 0, 0 } };
static const struct bp_word frame_sizes[] = { { "2048", 2048, 0 },
					      { "4096", 4096, 0 },
					      { NULL, 0, 0 } };
static const struct bp_word port_modes[] = {
	{ "mmap", 0, BP_SD_AF_PACKET }, { "socket", 0, BP_SD_AF_PACKET },
	{ "auto", 0, BP_SD_AF_XDP },    { "zerocopy", 0, BP_SD_AF_XDP },
	{ "copy", 0, BP_SD_AF_XDP },    { "skb", 0, BP_SD_AF_XDP },
	{ "read", 0, BP_SD_PCAP },      { "write", 0, BP_SD_PCAP },
	{ "live", 0, BP_SD_PCAP },      { NULL, 0, 0 }
};
static const struct bp_word tx_ways[] = {
	{ "auto", 0, 0 }, { "ring", 0, 0 }, { "send", 0, 0 }, { NULL, 0, 0 }
};
static const struct bp_word protocols[] = {
	{ "udp4", BP_PROTO_UDP4, 0 }, { "udp6", BP_PROTO_UDP6, 0 }, { "tcp4", BP_PROTO_TCP4, 0 },
	{ "tcp6", BP_PROTO_TCP6, 0 }, { "eth", BP_PROTO_ETH, 0 },   { NULL, 0, 0 }
};
static const struct bp_word truncated_words[] = { { "drop", 0, 0 },
						  { "pad", 1, 0 },
						  { NULL, 0, 0 } };
static const struct bp_word paces[] = { { "recorded", 0, 0 }, { "max", 0, 0 }, { NULL, 0, 0 } };

const struct bp_key bp_schema[] = {
	{ .section = "engine",
	  .name = "mode",
	  .type = BP_KEY_CHOICE,
	  .words = engine_modes,
	  .fallback = "io",
	  CONF(engine.mode),
	  .help = "io: forward unchanged; macswap: swap the two MAC addresses" },
	{ .section = "engine",
	  .name = "workers",
	  .type = BP_KEY_NUMBER,
	  .unit = "threads",
	  .min = 1,
	  .max = BP_WORKERS_MAX,
	  .fallback = "1",
	  CONF(engine.n_workers),
	  .help = "threads that poll, each pinned to a core of its own" },
	{ .section = "engine",
	  .name = "cores",
	  .type = BP_KEY_CORES,
	  .max = UINT16_MAX,
	  .example = "1,2",
	  CONF(engine.cores),
	  .help = "the workers' cores, one each, as 1,2 or 4-7; without it chosen near to the ports" },
	{ .section = "engine",
	  .name = "idle",
	  .type = BP_KEY_CHOICE,
	  .words = idle_modes,
	  .fallback = "adaptive",
	  CONF(engine.idle),
	  .help = "without packets: busy keeps polling; adaptive spins, pauses, then waits" },
	{ .section = "engine",
	  .name = "burst",
	  .type = BP_KEY_NUMBER,
	  .unit = "views",
	  .min = 1,
	  .max = BP_BURST_MAX,
	  .fallback = "64",
	  CONF(engine.burst),
	  .help = "packet views that a worker moves at once" },
	{ .section = "engine",
	  .name = "tx_retries",
	  .type = BP_KEY_NUMBER,
	  .unit = "attempts",
	  .max = 1024,
	  .fallback = "16",
	  CONF(engine.tx_retries),
	  .help = "further attempts to send what a TX queue did not take, before tx_full" },
	{ .section = "engine",
	  .name = "until",
	  .type = BP_KEY_CHOICE,
	  .words = untils,
	  .fallback = "signal",
	  CONF(engine.until),
	  .help = "replayed: a run ends by itself when its captures (pcap, mode = read) have been played" },

	{ .section = "memory",
	  .name = "frames",
	  .type = BP_KEY_NUMBER,
	  .unit = "frames",
	  .min = 512,
	  .max = 4194304,
	  .fallback = "16384",
	  CONF(memory.n_frames),
	  .help = "frames of the arena, fixed at the start" },
	{ .section = "memory",
	  .name = "frame_bytes",
	  .type = BP_KEY_CHOICE,
	  .unit = "bytes",
	  .words = frame_sizes,
	  .fallback = "2048",
	  CONF(memory.frame_bytes),
	  .help = "size of a frame; 256 bytes of it are headroom" },
	{ .section = "memory",
	  .name = "hugepages",
	  .type = BP_KEY_CHOICE,
	  .words = yes_no_auto,
	  .fallback = "auto",
	  CONF(memory.hugepages),
	  .help = "2 MiB pages: auto takes them if there are any, yes refuses to start without" },
	{ .section = "memory",
	  .name = "protect",
	  .type = BP_KEY_CHOICE,
	  .words = yes_no,
	  .fallback = "no",
	  CONF(memory.protect),
	  .help = "take away access to the arena after set-up: proves that io touches nothing" },

	{ .section = "dpdk",
	  .name = "in_memory",
	  .type = BP_KEY_CHOICE,
	  .words = yes_no,
	  .fallback = "yes",
	  CONF(dpdk.in_memory),
	  .help = "leave no files behind, allow several instances; becomes no with no_huge = yes" },
	{ .section = "dpdk",
	  .name = "no_huge",
	  .type = BP_KEY_CHOICE,
	  .words = yes_no,
	  .fallback = "no",
	  CONF(dpdk.no_huge),
	  .help = "ordinary pages for EAL's memory" },
	{ .section = "dpdk",
	  .name = "memory",
	  .type = BP_KEY_NUMBER,
	  .flags = BP_KEY_ZERO,
	  .unit = "MiB",
	  .min = 16,
	  .max = 1048576,
	  .zero = "EAL's choice",
	  .fallback = "0",
	  CONF(dpdk.memory_mib),
	  .help = "memory that EAL takes" },
	{ .section = "dpdk",
	  .name = "file_prefix",
	  .type = BP_KEY_TEXT,
	  .example = "bypath",
	  CONF(dpdk.file_prefix),
	  .help = "name of EAL's files, for several instances with in_memory = no" },
	{ .section = "dpdk",
	  .name = "args",
	  .type = BP_KEY_TEXT,
	  .example = "\"--log-level=lib.eal:info\"",
	  CONF(dpdk.args),
	  .help = "further EAL arguments, split at blanks" },

	{ PORT(driver), .name = "driver", .type = BP_KEY_WORD, .flags = BP_KEY_REQUIRED,
	  .words = bp_schema_drivers, .drivers = BP_SD_ALL, .help = "the I/O backend" },
	{ PORT(device), .name = "device", .type = BP_KEY_TEXT, .flags = BP_KEY_REQUIRED,
	  .drivers = BP_SD_ALL & ~BP_SD_NULL,
	  .help = "network interface, PCI address or DPDK device string, file, or ring's name" },
	{ PORT(mode), .name = "mode", .type = BP_KEY_WORD, .flags = BP_KEY_FIRST_WORD,
	  .words = port_modes, .drivers = ON_NETDEV | BP_SD_PCAP,
	  .help = "how the driver attaches: see its page in docs/drivers" },
	{ PORT(strict), .name = "strict", .type = BP_KEY_CHOICE, .words = yes_no, .fallback = "no",
	  .drivers = BP_SD_AF_XDP,
	  .help = "refuse to start when the mode asked for is not the mode got" },
	{ PORT(take_host), .name = "take_host", .type = BP_KEY_CHOICE, .words = yes_no,
	  .fallback = "no", .drivers = BP_SD_AF_XDP | BP_SD_DPDK,
	  .help = "take an interface although it carries the host's address or default route" },
	{ PORT(n_queues), .name = "queues", .type = BP_KEY_NUMBER, .unit = "queues", .min = 1,
	  .max = BP_QUEUES_MAX, .fallback = "1",
	  .drivers = ON_NETDEV | BP_SD_DPDK | BP_SD_TAP | BP_SD_RING | BP_SD_NULL,
	  .help = "RX queues, spread over the workers" },
	{ PORT(checksum), .name = "checksum", .type = BP_KEY_CHOICE, .words = auto_off,
	  .fallback = "auto", .drivers = BP_SD_ALL & ~(BP_SD_NULL | BP_SD_XDP_LIVE),
	  .help = "auto: complete partial L4 checksums of packets received here when need be" },
	{ PORT(offload), .name = "offload", .type = BP_KEY_CHOICE, .words = pass_words,
	  .fallback = "auto", .drivers = BP_SD_AF_PACKET | BP_SD_TAP | BP_SD_DPDK | BP_SD_RING,
	  .help = "auto: partial checksums, super-frames pass as they are to a port that takes them" },
	{ PORT(ring_size), .name = "ring_size", .type = BP_KEY_NUMBER,
	  .flags = BP_KEY_ZERO | BP_KEY_POWER_OF_2, .unit = "slots", .min = 8, .max = 65536,
	  .zero = "driver's choice", .fallback = "0",
	  .drivers = ON_NETDEV | BP_SD_DPDK | BP_SD_RING,
	  .help = "descriptors or slots per queue" },
	{ PORT(mtu), .name = "mtu", .type = BP_KEY_NUMBER, .flags = BP_KEY_ZERO, .unit = "bytes",
	  .min = 68, .max = 9600, .zero = "leave it", .fallback = "0", .drivers = BP_SD_DPDK,
	  .help = "MTU to set on the device" },
	{ PORT(tx), .name = "tx", .type = BP_KEY_WORD, .words = tx_ways, .fallback = "auto",
	  .drivers = BP_SD_AF_PACKET, .mode = "mmap",
	  .help = "send through the TX ring, or by sendmmsg straight from where packets lie" },
	{ PORT(qdisc_bypass), .name = "qdisc_bypass", .type = BP_KEY_CHOICE, .words = yes_no_auto,
	  .fallback = "auto", .drivers = BP_SD_AF_PACKET,
	  .help = "PACKET_QDISC_BYPASS: send past the device's queueing discipline" },
	{ PORT(busy_poll_us), .name = "busy_poll_us", .type = BP_KEY_NUMBER, .unit = "µs",
	  .max = 100000, .zero = "off", .fallback = "0", .drivers = BP_SD_AF_XDP,
	  .help = "SO_BUSY_POLL: time a system call may spend polling the device" },
	{ PORT(loop), .name = "loop", .type = BP_KEY_CHOICE, .words = yes_no, .fallback = "no",
	  .drivers = BP_SD_PCAP, .mode = "read", .help = "start again at the end of the file" },
	{ PORT(rounds), .name = "rounds", .type = BP_KEY_NUMBER, .unit = "rounds",
	  .max = UINT32_MAX, .zero = "as loop says", .fallback = "0", .drivers = BP_SD_PCAP,
	  .mode = "read", .help = "play the file so often" },
	{ PORT(round_delay_s), .name = "round_delay", .type = BP_KEY_SECONDS, .fallback = "0",
	  .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "wait so long between two rounds, at any pace" },
	{ PORT(pace), .name = "pace", .type = BP_KEY_WORD, .words = paces, .fallback = "recorded",
	  .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "as the file's time stamps say, or as fast as can be; rate_pps implies max" },
	{ PORT(speed), .name = "speed", .type = BP_KEY_FACTOR, .fallback = "1",
	  .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "so many times faster than recorded; below 1 slower" },
	{ PORT(max_gap_s), .name = "max_gap", .type = BP_KEY_SECONDS, .fallback = "0",
	  .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "the longest wait from one recorded packet to the next; 0: as long as recorded" },
	{ PORT(rate_pps), .name = "rate_pps", .type = BP_KEY_NUMBER, .unit = "packets/s",
	  .max = 1000000000, .zero = "no limit", .fallback = "0",
	  .drivers = BP_SD_PCAP | BP_SD_NULL, .mode = "read", .help = "rate of the packets made" },
	{ PORT(count), .name = "count", .type = BP_KEY_NUMBER, .unit = "packets", .max = INT64_MAX,
	  .zero = "never", .fallback = "0", .drivers = BP_SD_PCAP | BP_SD_NULL, .mode = "read",
	  .help = "stop after so many packets" },
	{ PORT(rotate_bytes), .name = "rotate_bytes", .type = BP_KEY_NUMBER, .flags = BP_KEY_ZERO,
	  .unit = "bytes", .min = 262144, .max = INT64_MAX, .zero = "no bound", .fallback = "0",
	  .drivers = BP_SD_PCAP, .mode = "write",
	  .help = "begin another file before this one gets longer" },
	{ PORT(rotate_s), .name = "rotate_s", .type = BP_KEY_NUMBER, .unit = "s", .max = 31536000,
	  .zero = "any time", .fallback = "0", .drivers = BP_SD_PCAP, .mode = "write",
	  .help = "begin another file with the first packet after so long" },
	{ PORT(rotate_files), .name = "rotate_files", .type = BP_KEY_NUMBER, .flags = BP_KEY_ZERO,
	  .unit = "files", .min = 2, .max = 65536, .zero = "all", .fallback = "0",
	  .drivers = BP_SD_PCAP, .mode = "write",
	  .help = "keep so many of a run, delete its oldest" },
	{ PORT(pads_truncated), .name = "truncated", .type = BP_KEY_CHOICE,
	  .words = truncated_words, .fallback = "drop", .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "packets that were cut when captured: drop, or pad with zeros to their length" },
	{ PORT(dst_mac), .name = "dst_mac", .type = BP_KEY_MAC, .drivers = BP_SD_PCAP,
	  .mode = "read", .example = "02:00:00:00:02:01",
	  .help = "destination of every frame; with src_mac also for captures without Ethernet headers" },
	{ PORT(src_mac), .name = "src_mac", .type = BP_KEY_MAC, .drivers = BP_SD_PCAP,
	  .mode = "read", .example = "02:00:00:00:01:01", .help = "source of every frame" },
	{ PORT(vlan), .name = "vlan", .type = BP_KEY_NUMBER, .unit = "", .max = 4094,
	  .zero = "as recorded", .fallback = "0", .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "id of every frame's outermost VLAN tag, which is put there if there is none" },
	{ PORT(strips_vlan), .name = "strip_vlan", .type = BP_KEY_CHOICE, .words = yes_no,
	  .fallback = "no", .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "take all VLAN tags off" },
	{ PORT(round_shift), .name = "round_shift", .type = BP_KEY_NUMBER, .unit = "addresses",
	  .max = (1u << 24) - 1, .zero = "the same in each round", .fallback = "0",
	  .drivers = BP_SD_PCAP, .mode = "read",
	  .help = "IP addresses of each round are so many higher than those of the one before" },
	{ PORT(frame_bytes), .name = "frame_bytes", .type = BP_KEY_NUMBER, .unit = "bytes",
	  .min = 14, .max = 9000, .fallback = "64", .drivers = BP_SD_NULL,
	  .help = "length of the frames made, without FCS" },

	{ .section = "forward",
	  .name = "*",
	  .type = BP_KEY_PORT,
	  .help = "the port whose packets are sent on the port named behind the =" },

	{ GEN(tx), .name = "tx", .type = BP_KEY_TEXT, .example = "packet",
	  .help = "the port that frames are sent on; without it nothing is sent" },
	{ GEN(rx), .name = "rx", .type = BP_KEY_TEXT, .example = "xdp",
	  .help = "the port that they come back on; without it nothing is received" },
	{ GEN(replay), .name = "replay", .type = BP_KEY_TEXT, .example = "file",
	  .help = "a pcap port with mode = read whose packets are sent instead of streams" },
	{ GEN(rate), .name = "rate", .type = BP_KEY_RATE, .fallback = "max",
	  .help = "of all streams together; bps counts L2 with FCS, bpsl1 preamble and gap too" },
	{ GEN(duration_s), .name = "duration", .type = BP_KEY_SECONDS, .fallback = "10",
	  .help = "how long to send; 0: until SIGINT or SIGTERM" },
	{ GEN(count), .name = "count", .type = BP_KEY_NUMBER, .unit = "frames", .max = INT64_MAX,
	  .zero = "no bound", .fallback = "0", .help = "stop after so many frames" },
	{ GEN(settle_s), .name = "settle", .type = BP_KEY_SECONDS, .fallback = "0.5",
	  .help = "after the last frame, receive until nothing has come for so long" },
	{ GEN(burst), .name = "burst", .type = BP_KEY_NUMBER, .unit = "frames", .min = 1,
	  .max = BP_BURST_MAX, .fallback = "32", .help = "frames sent at once when they are due" },
	{ GEN(payload_check), .name = "payload_check", .type = BP_KEY_CHOICE, .words = yes_no,
	  .fallback = "yes", .help = "compare every byte of the payload on reception" },
	{ GEN(first_seq), .name = "first_seq", .type = BP_KEY_NUMBER, .unit = "", .min = 0,
	  .max = (1ull << 48) - 1, .fallback = "0",
	  .help = "sequence number of each stream's first frame; they wrap at 2^48" },

	{ STREAM(protocol), .name = "protocol", .type = BP_KEY_CHOICE, .words = protocols,
	  .fallback = "udp4", .help = "the headers; eth: EtherType 0x88b5 and no others" },
	{ STREAM(share), .name = "share", .type = BP_KEY_NUMBER, .unit = "parts", .min = 1,
	  .max = 100, .fallback = "1", .help = "of the frames, against the other streams' shares" },
	{ STREAM(sizes), .name = "size", .type = BP_KEY_SIZES, .fallback = "64",
	  .help = "frame size with FCS; imix is 64:7,594:4,1518:1" },
	{ STREAM(vlan), .name = "vlan", .type = BP_KEY_NUMBER, .unit = "", .max = 4094,
	  .zero = "no tag", .fallback = "0", .help = "802.1Q tag; its 4 bytes count in size" },
	{ STREAM(encap), .name = "encap", .type = BP_KEY_ENCAP, .example = "qinq:100,vxlan:5000",
	  .help = "headers between Ethernet and protocol; their bytes count in size" },
	{ STREAM(extensions), .name = "extensions", .type = BP_KEY_EXTENSIONS,
	  .example = "hop-by-hop,fragment", .help = "IPv6 extension headers of protocol" },
	{ STREAM(outer_src), .name = "outer_src", .type = BP_KEY_ADDRS, .example = "198.18.1.1",
	  .help = "source of the tunnel in encap; without it 198.18.1.1" },
	{ STREAM(outer_dst), .name = "outer_dst", .type = BP_KEY_ADDRS, .example = "198.19.1.1",
	  .help = "destination of the tunnel in encap; without it 198.19.1.1, 2001:2:1:1::1" },
	{ STREAM(inner_src_mac), .name = "inner_src_mac", .type = BP_KEY_MACS,
	  .flags = BP_KEY_BESIDE, .fallback = "02:00:00:00:03:01",
	  .help = "source MAC address within vxlan, gretap" },
	{ STREAM(inner_dst_mac), .name = "inner_dst_mac", .type = BP_KEY_MACS,
	  .flags = BP_KEY_BESIDE, .fallback = "02:00:00:00:04:01",
	  .help = "destination MAC address within vxlan, gretap" },
	{ STREAM(src_mac), .name = "src_mac", .type = BP_KEY_MACS, .fallback = "02:00:00:00:01:01",
	  .help = "source MAC address, or a range that packets go through" },
	{ STREAM(dst_mac), .name = "dst_mac", .type = BP_KEY_MACS, .fallback = "02:00:00:00:02:01",
	  .help = "destination MAC address, or a range" },
	{ STREAM(src), .name = "src", .type = BP_KEY_ADDRS, .example = "198.18.0.1-198.18.0.254",
	  .help = "source address, or a range; without it 198.18.0.1, 2001:2::1" },
	{ STREAM(dst), .name = "dst", .type = BP_KEY_ADDRS, .example = "198.19.0.1",
	  .help = "destination address, or a range; without it 198.19.0.1, 2001:2:1::1" },
	{ STREAM(sport), .name = "sport", .type = BP_KEY_L4PORTS, .fallback = "50000",
	  .help = "source port, or a range" },
	{ STREAM(dport), .name = "dport", .type = BP_KEY_L4PORTS, .fallback = "9",
	  .help = "destination port, or a range; 9 is discard" },
	{ STREAM(ttl), .name = "ttl", .type = BP_KEY_NUMBER, .unit = "hops", .min = 1, .max = 255,
	  .fallback = "64", .help = "time to live, hop limit" },
	{ STREAM(dscp), .name = "dscp", .type = BP_KEY_NUMBER, .unit = "", .max = 63,
	  .zero = "best effort", .fallback = "0", .help = "differentiated services code point" },
	{ .section = NULL },
};

const struct bp_key *bp_schema_find(const char *section, const char *name)
{
	for (const struct bp_key *key = bp_schema; key->section; key++)
		if (!strcmp(key->section, section) && !strcmp(key->name, name))
			return key;
	return NULL;
}

uint32_t bp_schema_driver(const char *name)
{
	for (unsigned i = 0; bp_schema_drivers[i].word; i++)
		if (!strcmp(bp_schema_drivers[i].word, name))
			return 1u << i;
	return 0;
}

const struct bp_word *bp_schema_word(const struct bp_key *key, const char *word, uint32_t driver)
{
	for (const struct bp_word *w = key->words; w->word; w++)
		if (!strcmp(w->word, word) && (!w->drivers || !driver || (w->drivers & driver)))
			return w;
	return NULL;
}

const char *bp_schema_default(const struct bp_key *key, uint32_t driver)
{
	if (!(key->flags & BP_KEY_FIRST_WORD))
		return key->fallback;
	for (const struct bp_word *w = key->words; w->word; w++)
		if (w->drivers & driver)
			return w->word;
	return NULL;
}
