/* What `pcap` is: keys, modes, limits, copies, counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "describe.h"

#include "core/claim.h"
#include "core/device.h"

#include <string.h>
#include <sys/stat.h>

#define OWN(field)   BP_KEY_OF_OWN(struct bp_pcap_conf, field)
#define READ(field)  .modes = 1u << BP_PCAP_READ, OWN(field)
#define WRITE(field) .modes = 1u << BP_PCAP_WRITE, OWN(field)

static const struct bp_word modes[] = {
	{ "read", BP_PCAP_READ }, { "write", BP_PCAP_WRITE }, { "live", BP_PCAP_LIVE }, { NULL, 0 }
};
static const struct bp_word paces[] = { { "recorded", BP_PCAP_RECORDED },
					{ "max", BP_PCAP_MAX },
					{ NULL, 0 } };
static const struct bp_word truncated_words[] = { { "drop", false }, { "pad", true }, { NULL, 0 } };

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("a capture file, '-' for standard output, or with mode = live a network "
		      "interface",
		      "traffic.pcap"),
	BP_KEY_WORDS("mode", modes, "read", OWN(mode),
		     "play a capture, write one, or forward as a libpcap program would"),
	BP_KEY_CHECKSUM,
	BP_KEY_WORDS("loop", bp_words_yes_no, "no", READ(loop),
		     "start again at the end of the file"),
	BP_KEY_INT("rounds", 0, UINT32_MAX, "rounds", "as loop says", "0", READ(rounds),
		   "play the file so often"),
	BP_KEY_AS("round_delay", BP_KEY_SECONDS, "0", READ(round_delay_s),
		  "wait so long between two rounds, at any pace"),
	BP_KEY_WORDS("pace", paces, "recorded", READ(pace),
		     "as the file's time stamps say, or as fast as can be; rate_pps implies max"),
	BP_KEY_AS("speed", BP_KEY_FACTOR, "1", READ(speed),
		  "so many times faster than recorded; below 1 slower"),
	BP_KEY_AS("max_gap", BP_KEY_SECONDS, "0", READ(max_gap_s),
		  "the longest wait from one recorded packet to the next; 0: as long as recorded"),
	BP_KEY_INT("rate_pps", 0, 1000000000, "packets/s", "no limit", "0", READ(rate_pps),
		   "rate of the packets made"),
	BP_KEY_INT("count", 0, INT64_MAX, "packets", "never", "0", READ(count),
		   "stop after so many packets"),
	BP_KEY_INT_OR_0("rotate_bytes", 262144, INT64_MAX, "bytes", "no bound", "0",
			WRITE(rotate_bytes), "begin another file before this one gets longer"),
	BP_KEY_INT("rotate_s", 0, 31536000, "s", "any time", "0", WRITE(rotate_s),
		   "begin another file with the first packet after so long"),
	BP_KEY_INT_OR_0("rotate_files", 2, 65536, "files", "all", "0", WRITE(rotate_files),
			"keep so many of a run, delete its oldest"),
	BP_KEY_WORDS(
		"truncated", truncated_words, "drop", READ(pads_truncated),
		"packets that were cut when captured: drop, or pad with zeros to their length"),
	{ .name = "dst_mac",
	  .type = BP_KEY_MAC,
	  READ(dst_mac),
	  .example = "02:00:00:00:02:01",
	  .help = "destination of every frame; with src_mac also for captures without Ethernet headers" },
	{ .name = "src_mac",
	  .type = BP_KEY_MAC,
	  READ(src_mac),
	  .example = "02:00:00:00:01:01",
	  .help = "source of every frame" },
	BP_KEY_INT("vlan", 0, 4094, "", "as recorded", "0", READ(vlan),
		   "id of every frame's outermost VLAN tag, which is put there if there is none"),
	BP_KEY_WORDS("strip_vlan", bp_words_yes_no, "no", READ(strips_vlan),
		     "take all VLAN tags off"),
	BP_KEY_INT("round_shift", 0, (1u << 24) - 1, "addresses", "the same in each round", "0",
		   READ(round_shift),
		   "IP addresses of each round are so many higher than those of the one before"),
	{ .name = NULL },
};

const struct bp_counter_row bp_pcap_counters[] = {
	[BP_PCAP_DROP] = { "ps_drop", "packets", BP_SIDE_RX, BP_KIND_DROP,
			   "no free slot in libpcap's ring", false },
	[BP_PCAP_IFDROP] = { "ps_ifdrop", "packets", BP_SIDE_RX, BP_KIND_DROP,
			     "dropped by the interface or its driver", false },
	{ .name = NULL },
};

static const char savefile_c[] = "libpcap/sf-pcap.c";

static const struct bp_model_row rows[] = {
	{
		.dir = BP_RX,
		.words = "live",
		.homes = BP_HOME_ARENA,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 2,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED, .place = "libpcap's RX ring",
			    .mover = "tpacket_rcv", .copiers = { "skb_copy_bits" },
			    .kernel = { 1, 1 }, .call = "poll", .source = "libpcap/pcap-linux.c",
			    .why = "libpcap maps an AF_PACKET ring" },
			  { BP_DOMAIN_SHARED, BP_DOMAIN_USER, .place = "frame of the arena",
			    .mover = "bp_ledger_copy", .user = { 1, 1 },
			    .user_prov = BP_PROV_COUNTED, .source = "libpcap/pcap-linux.c",
			    .why = "libpcap takes its slot back after each packet" } },
	},
	{
		.dir = BP_TX,
		.words = "live",
		.homes = BP_HOME_ANY,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "packet_sendmsg", .copiers = { "skb_copy_datagram_from_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_PKT,
			    .call = "send (pcap_inject)", .source = "libpcap/pcap-linux.c",
			    .why = "pcap_inject sends one packet per call" } },
	},
	{
		.dir = BP_RX,
		.words = "read",
		.homes = BP_HOME_ARENA,
		.n_hops = 3,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_USER, .place = "stdio's buffer",
			    .mover = "read", .copiers = { "copy_page_to_iter" }, .kernel = { 1, 1 },
			    .rate = BP_CALL_PER_BATCH, .call = "read", .source = savefile_c,
			    .why = "one read fills a buffer that holds many packets" },
			  { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "libpcap's buffer",
			    .mover = "fread", .user = { 1, 1 }, .user_prov = BP_PROV_COUNTED,
			    .source = savefile_c, .why = "libpcap reads each record out of stdio" },
			  { BP_DOMAIN_USER, BP_DOMAIN_USER, .place = "frame of the arena",
			    .mover = "bp_ledger_copy", .user = { 1, 1 },
			    .user_prov = BP_PROV_COUNTED, .source = savefile_c,
			    .why = "libpcap's buffer is good for one packet only" } },
	},
	{
		.dir = BP_TX,
		.words = "write-pipe",
		.homes = BP_HOME_ANY,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "page of the pipe",
			    .mover = "writev", .copiers = { "copy_page_from_iter" },
			    .kernel = { 1, 1 }, .user = { 0, 1 }, .decider = BP_BY_READER,
			    .user_prov = BP_PROV_COUNTED, .rate = BP_CALL_PER_BATCH,
			    .call = "writev", .source = "linux/fs/pipe.c",
			    .why = "a record that a full pipe takes in part is copied once: its rest "
				   "waits" } },
	},
	{
		.dir = BP_TX,
		.words = "write",
		.homes = BP_HOME_ANY,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "page cache",
			    .mover = "pwritev",
			    .copiers = { "copy_page_from_iter_atomic",
					 "copy_folio_from_iter_atomic" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_BATCH, .call = "pwritev",
			    .source = "drivers/pcap/write.c",
			    .why = "records go out from where the packets lie, past stdio" } },
	},
	{ .n_hops = 0 },
};

const char *bp_pcap_mode_key(enum bp_pcap_modes mode)
{
	return bp_key_word_of(bp_key_find(keys, "mode"), mode);
}

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	enum bp_pcap_modes mode = bp_pcap_conf(port)->mode;

	const struct bp_claim claim = {
		.kind = mode == BP_PCAP_LIVE ? BP_CLAIM_NETDEV : BP_CLAIM_FILE,
		.is_heard = mode == BP_PCAP_LIVE,
		.is_read = mode == BP_PCAP_READ,
		.is_output = mode == BP_PCAP_WRITE && bp_claim_is_output(port->device),
	};

	return bp_claim_device(port, claim, claims);
}

/* ---- values against each other ---------------------------------------------------------------- */

static void check_rotation(const struct bp_port_conf *port, struct bp_check *check)
{
	const struct bp_pcap_conf *conf = bp_pcap_conf(port);

	if (conf->rotate_files && !bp_pcap_does_rotate(conf))
		check->complain(check, "rotate_files",
				"found %u without rotate_bytes or rotate_s: say when a file ends",
				conf->rotate_files);
	if (bp_pcap_does_rotate(conf) && bp_claim_is_output(port->device))
		check->complain(
			check, conf->rotate_bytes ? "rotate_bytes" : "rotate_s",
			"found beside device = -: standard output has no next file: name a file, or "
			"delete the line");
}

/* More than one? */
static bool has_rounds(const struct bp_pcap_conf *conf)
{
	return conf->rounds ? conf->rounds > 1 : conf->loop;
}

static void check_rounds(const struct bp_pcap_conf *conf, struct bp_check *check)
{
	if (conf->rounds > 1 && !conf->loop && check->is_given(check, "loop"))
		check->complain(
			check, "rounds",
			"found '%llu' beside loop = no: the two contradict each other; delete one",
			(unsigned long long)conf->rounds);
	if (conf->round_delay_s > 0 && !has_rounds(conf))
		check->complain(
			check, "round_delay",
			"found a time between rounds, but there is one round: set rounds, or loop = "
			"yes");
	if (conf->round_shift && !has_rounds(conf))
		check->complain(
			check, "round_shift",
			"is about further rounds, but there is one: set rounds, or loop = yes");
}

/* What changes the recorded pace needs it. */
static void check_recorded(const struct bp_pcap_conf *conf, struct bp_check *check, const char *key)
{
	if (check->is_given(check, key) && conf->pace != BP_PCAP_RECORDED)
		check->complain(
			check, key,
			"changes the recorded pace, but %s sets another: delete one of the two",
			conf->rate_pps ? "rate_pps" : "pace = max");
}

static void check_pace(struct bp_pcap_conf *conf, struct bp_check *check)
{
	if (conf->rate_pps && check->is_given(check, "pace") && conf->pace != BP_PCAP_MAX)
		check->complain(
			check, "pace",
			"found 'recorded' beside rate_pps = %llu: the two contradict each other; "
			"delete one",
			(unsigned long long)conf->rate_pps);
	if (conf->rate_pps)
		conf->pace = BP_PCAP_MAX;
	check_recorded(conf, check, "speed");
	check_recorded(conf, check, "max_gap");
}

static void check(struct bp_port_conf *port, struct bp_check *check)
{
	struct bp_pcap_conf *conf = BP_OWN(struct bp_pcap_conf, port);

	check_rotation(port, check);
	check_rounds(conf, check);
	if (conf->vlan && conf->strips_vlan)
		check->complain(
			check, "strip_vlan",
			"found 'yes' beside vlan = %u: the two contradict each other; delete one",
			conf->vlan);
	check_pace(conf, check);
}

/* A pipe has no next file. It is not opened: that would be its writer's, or its reader's. */
static void check_here(const struct bp_port_conf *port, struct bp_check *check)
{
	struct stat st;

	if (bp_pcap_does_rotate(bp_pcap_conf(port)) && !stat(port->device, &st) &&
	    !S_ISREG(st.st_mode))
		check->complain(
			check, "device",
			"found '%s', which is no regular file, beside rotate_bytes or rotate_s: "
			"delete these, or name a file",
			port->device);
}

static void limits(const struct bp_port_conf *port, struct bp_limits *limits)
{
	const struct bp_pcap_conf *conf = bp_pcap_conf(port);

	limits->key = "mode";
	if (conf->mode == BP_PCAP_WRITE)
		limits->no_rx = "nothing comes out of a file that is written";
	if (conf->mode != BP_PCAP_READ)
		return;
	limits->no_tx =
		"nothing can be sent to a file that is read: use mode = write, or another driver";
	limits->is_capture = true;
	limits->is_paced = conf->rate_pps || conf->pace == BP_PCAP_RECORDED;
	limits->is_endless = conf->loop && !conf->rounds && !conf->count;
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	enum bp_pcap_modes mode = bp_pcap_conf(port)->mode;
	bool is_output = bp_claim_is_output(port->device);
	struct stat st;

	(void)to;
	strcpy(info->mode, bp_pcap_mode_key(mode));
	info->caps = BP_CAP_PLAIN_RX;
	if (mode == BP_PCAP_LIVE && bp_device_predict(port->device, info, NULL) &&
	    (info->kind == BP_DEVICE_VETH || info->kind == BP_DEVICE_TAP))
		info->caps |= BP_CAP_CSUM_INFER;
	if (mode != BP_PCAP_WRITE)
		return;
	if (is_output)
		strcpy(info->note, "standard output is taken for a pipe");
	if (is_output || (!stat(port->device, &st) && S_ISFIFO(st.st_mode)))
		strcpy(info->mode, "write-pipe");
}

const struct bp_facts bp_facts_pcap = {
	.summary = "libpcap: plays a capture, writes one, or forwards as a libpcap program would",
	.flags = BP_FACT_ONE_QUEUE | BP_FACT_PLAYS | BP_FACT_KNOWS_BURST,
	.keys = keys,
	.example = "file",
	.claims = claims,
	.check = check,
	.check_here = check_here,
	.limits = limits,
	.predict = predict,
	.rows = rows,
	.counters = bp_pcap_counters,
};
