/* Rigs on network interfaces of the kernel: tap, and what stands on a veth pair. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "raw_peer.h"
#include "rig.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEAR  "cf0" /* the port's end */
#define FAR   "cf1" /* the peer's end */
#define JUMBO 9000

static void configure_port(const struct rig *rig, struct bp_conf *conf)
{
	struct bp_port_conf *port = &conf->ports[0];

	snprintf(port->name, sizeof(port->name), "dut");
	snprintf(port->driver, sizeof(port->driver), "%s", rig->driver);
	snprintf(port->device, sizeof(port->device), NEAR);
	set_default_keys(port);
	if (rig->arg)
		set_key(port, "mode", rig->arg);
	if (rig->arg2)
		set_key(port, "tx", rig->arg2);
}

/* ---- tap ------------------------------------------------------------------------------------- */

static int setup_tap(const struct rig *rig, char *why, size_t why_bytes)
{
	(void)rig;
	if (access("/dev/net/tun", F_OK) < 0) {
		snprintf(why, why_bytes, "no /dev/net/tun: load the kernel module tun");
		return 77;
	}
	return raw_peer_namespace(why, why_bytes);
}

/* Each start makes the device anew; check() must notice its new MTU. */
static int attach_tap(struct world *w)
{
	char why[256];
	int err = raw_peer_command(why, sizeof(why), "ip link set " NEAR " mtu %d", JUMBO);

	if (!err)
		err = w->port->driver->ops->check(w->port) == BP_LINK_UP ? 0 : -ENETDOWN;
	return err ? err : raw_peer_open(w, NEAR);
}

/* ---- veth ------------------------------------------------------------------------------------ */

static int setup_veth(const struct rig *rig, char *why, size_t why_bytes)
{
	int mtu = rig->max_frame_bytes >= JUMBO ? JUMBO : 1500;
	int err = raw_peer_namespace(why, why_bytes);

	if (err)
		return err;
	return raw_peer_command(why, why_bytes,
				"ip link add " NEAR " mtu %d type veth peer name " FAR " mtu %d && "
				"ip link set " NEAR " up && ip link set " FAR " up",
				mtu, mtu);
}

static int attach_veth(struct world *w)
{
	return raw_peer_open(w, FAR);
}

static int set_far_mtu(unsigned mtu)
{
	return raw_peer_set_mtu(FAR, mtu);
}

#define ON_VETH                                                                  \
	.setup = setup_veth, .configure = configure_port, .attach = attach_veth, \
	.detach = raw_peer_detach, .send = raw_peer_send, .recv = raw_peer_recv, \
	.set_far_mtu = set_far_mtu, .min_frame_bytes = 14

const struct rig rigs_net[] = {
	{
		.name = "tap",
		.driver = "tap",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_RX_CALLS | RIG_TX_CALLS | RIG_IO_FILES |
			 RIG_VLAN,
		.max_frame_bytes = JUMBO + 18,
		.min_frame_bytes = 14,
		.setup = setup_tap,
		.configure = configure_port,
		.attach = attach_tap,
		.detach = raw_peer_detach,
		.send = raw_peer_send,
		.recv = raw_peer_recv,
	},
	{
		.name = "af_packet-socket",
		.driver = "af_packet",
		.arg = "socket",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_RX_CALLS | RIG_TX_CALLS | RIG_VLAN |
			 RIG_REFUSES,
		.max_frame_bytes = JUMBO,
		ON_VETH,
	},
	{
		.name = "af_packet-mmap-send",
		.driver = "af_packet",
		.arg = "mmap",
		.arg2 = "send",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_TX_CALLS | RIG_VLAN | RIG_REFUSES,
		.max_frame_bytes = JUMBO,
		ON_VETH,
	},
	{
		.name = "af_packet-mmap-ring",
		.driver = "af_packet",
		.arg = "mmap",
		.arg2 = "ring",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_TX_CALLS | RIG_VLAN | RIG_REFUSES,
		.max_frame_bytes = JUMBO,
		ON_VETH,
	},
	{
		.name = "af_xdp-skb",
		.driver = "af_xdp",
		.arg = "skb",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_TX_CALLS | RIG_VLAN | RIG_REFUSES,
		.max_frame_bytes = 1514,
		ON_VETH,
	},
	{
		.name = "af_xdp-copy",
		.driver = "af_xdp",
		.arg = "copy",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_TX_CALLS | RIG_VLAN | RIG_REFUSES,
		.max_frame_bytes = 1514,
		ON_VETH,
	},
	{
		.name = "af_xdp-copy-jumbo",
		.driver = "af_xdp",
		.arg = "copy",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_TX_CALLS | RIG_VLAN | RIG_REFUSES,
		.max_frame_bytes = JUMBO,
		ON_VETH,
	},
	{
		.name = "pcap-live",
		.driver = "pcap",
		.arg = "live",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_RX_CALLS | RIG_TX_CALLS | RIG_VLAN |
			 RIG_REFUSES,
		.max_frame_bytes = JUMBO,
		ON_VETH,
	},
	{ .name = NULL },
};
