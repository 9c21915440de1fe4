/* What `af_packet` is: keys, modes, copies, counters. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rows are read from Linux 6.1, 6.12 and 6.18. Where a probe disagrees, the probe is right and a row here gets a
 * fix. Only whole-payload copies by a CPU count; header pulls and copybreak of drivers do not. Functions that are
 * named exist out of line in each of them.
 */
#include "describe.h"

#include "core/claim.h"
#include "core/device.h"

#include <linux/if_packet.h>
#include <string.h>

#define OWN(field) BP_KEY_OF_OWN(struct af_packet_conf, field)

static const struct bp_word modes[] = { { "mmap", AF_PACKET_MMAP },
					{ "socket", AF_PACKET_SOCKET },
					{ NULL, 0 } };
static const struct bp_word tx_ways[] = { { "auto", AF_PACKET_TX_AUTO },
					  { "ring", AF_PACKET_TX_RING },
					  { "send", AF_PACKET_TX_SEND },
					  { NULL, 0 } };

static const struct bp_key keys[] = {
	BP_KEY_DEVICE("a network interface", "eth0"),
	BP_KEY_WORDS(
		"mode", modes, "mmap", OWN(mode),
		"mmap: receive from a ring that is shared with the kernel; socket: by recvmmsg"),
	BP_KEY_QUEUES,
	BP_KEY_CHECKSUM,
	BP_KEY_OFFLOAD,
	BP_KEY_RING_SIZE(65536),
	{ .name = "tx",
	  .type = BP_KEY_CHOICE,
	  .words = tx_ways,
	  .fallback = "auto",
	  .modes = 1u << AF_PACKET_MMAP,
	  OWN(tx),
	  .help = "send through the TX ring, or by sendmmsg straight from where packets lie" },
	BP_KEY_WORDS("qdisc_bypass", bp_words_yes_no_auto, "auto", OWN(qdisc_bypass),
		     "PACKET_QDISC_BYPASS: send past the device's queueing discipline"),
	{ .name = NULL },
};

const struct bp_counter_row af_packet_counters[] = {
	{ "tp_drops", "packets", BP_SIDE_RX, BP_KIND_DROP, "no room in the socket's queue or ring",
	  false },
	{ .name = NULL },
};

static const char af_packet_c[] = "linux/net/packet/af_packet.c";

static const struct bp_model_row rows[] = {
	{
		.dir = BP_RX,
		.words = "socket",
		.homes = BP_HOME_ARENA,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_USER, .place = "frame of the arena",
			    .mover = "packet_recvmsg", .copiers = { "skb_copy_datagram_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_BATCH, .call = "recvmmsg",
			    .source = af_packet_c,
			    .why = "packet_rcv only clones the skb; recvmmsg copies its payload" } },
	},
	{
		.dir = BP_RX,
		.words = "mmap",
		.homes = BP_HOME_LOAN,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_KERNEL, BP_DOMAIN_SHARED, .place = "slot of the RX ring",
			    .mover = "tpacket_rcv", .copiers = { "skb_copy_bits" },
			    .kernel = { 1, 1 }, .call = "poll", .source = af_packet_c,
			    .why = "softirq fills the mapped ring; a frame longer than a slot takes a recvmsg" } },
	},
	{
		.dir = BP_TX,
		.words = "mmap ring",
		.homes = BP_HOME_ANY, /* the copy into the ring is the row's own first hop */
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 2,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_SHARED, .place = "slot of the TX ring",
			    .mover = "bp_ledger_copy", .user = { 1, 1 },
			    .user_prov = BP_PROV_COUNTED, .source = "drivers/af_packet/tx_ring.c",
			    .why = "received bytes never lie in the TX ring; what fits no slot goes by "
				   "sendmmsg" },
			  { BP_DOMAIN_SHARED, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "packet_sendmsg", .copiers = { "skb_store_bits" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_BATCH, .call = "sendto",
			    .source = af_packet_c,
			    .why = "the driver asks for a copy (hdr_len: all) rather than for pages, "
				   "which veth would copy later" } },
	},
	{
		.dir = BP_TX,
		.words = "socket|send",
		.homes = BP_HOME_ANY,
		.device_hop = BP_DEVICE_HOP_SKB,
		.n_hops = 1,
		.hops = { { BP_DOMAIN_USER, BP_DOMAIN_KERNEL, .place = "skb",
			    .mover = "packet_sendmsg", .copiers = { "skb_copy_datagram_from_iter" },
			    .kernel = { 1, 1 }, .rate = BP_CALL_PER_BATCH, .call = "sendmmsg",
			    .source = af_packet_c,
			    .why = "sends from wherever the bytes lie, a receive ring as well" } },
	},
	{ .n_hops = 0 },
};

static unsigned claims(const struct bp_port_conf *port, struct bp_claim *claims)
{
	return bp_claim_device(port, (struct bp_claim){ .kind = BP_CLAIM_NETDEV, .is_heard = true },
			       claims);
}

static void predict(const struct bp_port_conf *port, const struct bp_port_conf *to,
		    struct bp_port_info *info)
{
	const struct af_packet_conf *conf = af_packet_conf(port);

	(void)to;
	(void)bp_device_predict(port->device, info, NULL);
	strcpy(info->mode, conf->mode == AF_PACKET_SOCKET  ? "socket"
			   : conf->tx == AF_PACKET_TX_SEND ? "mmap-v2+send"
							   : "mmap-v2+ring");
	info->caps = BP_CAP_VNET_TX;
}

const struct bp_facts bp_facts_af_packet = {
	.flags = BP_FACT_ANY_NETDEV,
	.summary = "packet sockets of the kernel: recvmmsg, or a receive ring shared with it",
	.keys = keys,
	.example = "packet",
	.claims = claims,
	.predict = predict,
	.rows = rows,
	.counters = af_packet_counters,
};
