/* Rigs for the dpdk driver: PMDs in this process, over the kernel, and in pairs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"
#include "peer_port.h"
#include "raw_peer.h"
#include "rig.h"
#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEAR       "cf0" /* the port's end */
#define FAR        "cf1" /* the peer's end */
#define CONNECT_NS 5000000000u

static void configure_one(struct bp_port_conf *port, const char *name, const char *device)
{
	snprintf(port->name, sizeof(port->name), "%s", name);
	snprintf(port->driver, sizeof(port->driver), "dpdk");
	snprintf(port->device, sizeof(port->device), "%s", device);
}

static void configure_port(const struct rig *rig, struct bp_conf *conf)
{
	configure_one(&conf->ports[0], "dut", rig->arg);
}

/* Its packets go to a port that sends in place what lies in the arena, and nothing else: so there it receives them. */
static void configure_into_arena(const struct rig *rig, struct bp_conf *conf)
{
	configure_port(rig, conf);
	conf->memory.frame_bytes = 4096;
	conf->ports[0].forward_to = 1;
	conf->ports[0].out_ports = 1u << 1;
	snprintf(conf->ports[1].driver, sizeof(conf->ports[1].driver), "af_xdp");
}

static void configure_pair(const struct rig *rig, struct bp_conf *conf)
{
	conf->n_ports = 2;
	configure_one(&conf->ports[0], "dut", rig->arg);
	configure_one(&conf->ports[1], "peer", rig->arg2);
}

/* What the engine does every 100 ms; a port that is not connected yet is started again. */
static bool is_connected(struct bp_port *port)
{
	enum bp_link link = port->driver->ops->check(port);

	if (link == BP_LINK_LOST) {
		bp_port_unpublish(port);
		bp_port_stop(port);
		bp_port_start(port);
		bp_port_bind_pools(port);
	}
	return link == BP_LINK_UP;
}

static void offer_buffers(struct bp_port *port, unsigned worker_id)
{
	bp_rx_fn burst = atomic_load_explicit(&port->rxq[0].burst, memory_order_acquire);
	struct bp_pkt pkts[BP_BURST_MAX];

	bp_pool_put(worker_id, pkts, burst(&port->rxq[0], pkts, BP_BURST_MAX));
}

static int attach_pair(struct world *w)
{
	uint64_t deadline_ns = now_ns() + CONNECT_NS;
	bool is_up = false;

	while (!is_up && now_ns() < deadline_ns) {
		is_up = is_connected(w->port);
		is_up &= is_connected(w->peer);
		pause_briefly();
	}
	if (!is_up)
		return -ENOTCONN;
	/* A memif client offers its buffers to the server when it first looks for packets. */
	offer_buffers(w->port, WORKER);
	offer_buffers(w->peer, PEER_WORKER);
	return 0;
}

static int setup_namespace(const struct rig *rig, char *why, size_t why_bytes)
{
	(void)rig;
	return raw_peer_namespace(why, why_bytes);
}

static int setup_veth(const struct rig *rig, char *why, size_t why_bytes)
{
	int err = raw_peer_namespace(why, why_bytes);
	uint32_t mtu = rig->max_frame_bytes - 14;

	if (err)
		return err;
	return raw_peer_command(why, why_bytes,
				"ip link add " NEAR " mtu %u type veth peer name " FAR " mtu %u && "
				"ip link set " NEAR " up && ip link set " FAR " up",
				mtu, mtu);
}

static int attach_far(struct world *w)
{
	return raw_peer_open(w, FAR);
}

static int attach_near(struct world *w)
{
	return raw_peer_open(w, NEAR);
}

static int setup_tap(const struct rig *rig, char *why, size_t why_bytes)
{
	if (access("/dev/net/tun", F_OK) == 0)
		return setup_namespace(rig, why, why_bytes);
	snprintf(why, why_bytes, "no /dev/net/tun: load the kernel module tun");
	return 77;
}

/* net_ring: what the port sends it receives. */
static int send_around(struct world *w, const uint8_t *frame, uint32_t len)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	uint32_t seq;
	unsigned n, k;

	if (!frame_seq(frame, len, &seq))
		return -EINVAL;
	n = world_build(w, pkts, BP_BURST_MAX, seq, len, 0);
	k = world_tx(w, pkts, n);
	bp_pool_put(WORKER, pkts + k, n - k);
	return n && k == n ? 0 : -EAGAIN;
}

#define PAIR                                                                          \
	.setup = setup_namespace, .configure = configure_pair, .attach = attach_pair, \
	.detach = peer_port_detach, .send = peer_port_send, .recv = peer_port_recv,   \
	.min_frame_bytes = 14, .flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_VLAN

static int set_far_mtu(unsigned mtu)
{
	return raw_peer_set_mtu(FAR, mtu);
}

#define ON_VETH(configure_)                                                      \
	.setup = setup_veth, .configure = configure_, .attach = attach_far,      \
	.detach = raw_peer_detach, .send = raw_peer_send, .recv = raw_peer_recv, \
	.set_far_mtu = set_far_mtu, .min_frame_bytes = 14,                       \
	.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_VLAN | RIG_REFUSES
/* net_pcap: what its ring's slots hold of a frame it takes for the whole. */
#define ON_VETH_CUT(configure_) ON_VETH(configure_) | RIG_CUTS

const struct rig rigs_dpdk[] = {
	{
		.name = "dpdk-null",
		.driver = "dpdk",
		.flags = RIG_SOURCE | RIG_RX_NO_CALLS | RIG_TX_NO_CALLS,
		.max_frame_bytes = 2048,
		.min_frame_bytes = 14,
		.configure = configure_port,
		.arg = "net_null0,size=64",
	},
	{
		.name = "dpdk-ring",
		.driver = "dpdk",
		.flags = RIG_RX | RIG_RX_NO_CALLS | RIG_TX_NO_CALLS,
		.max_frame_bytes = 1514,
		.min_frame_bytes = 14,
		.configure = configure_port,
		.send = send_around,
		.arg = "net_ring0",
	},
	{
		.name = "dpdk-memif-client",
		.driver = "dpdk",
		PAIR,
		.max_frame_bytes = 2048,
		/* One process, one memif socket per name: the second name is for the client. */
		.arg = "net_memif0,role=client,socket=/tmp/./bypath-cf,socket-abstract=no",
		.arg2 = "net_memif1,role=server,socket=/tmp/bypath-cf,socket-abstract=no",
	},
	{
		.name = "dpdk-memif-server",
		.driver = "dpdk",
		PAIR,
		.max_frame_bytes = 9216,
		.arg = "net_memif0,role=server,socket=/run/bypath-cf,bsize=9216",
		.arg2 = "net_memif1,role=client,socket=/run/bypath-cf,bsize=9216",
	},
	{
		.name = "dpdk-af_packet",
		.driver = "dpdk",
		ON_VETH(configure_port),
		.max_frame_bytes = 9014,
		.arg = "net_af_packet0,iface=" NEAR,
	},
	{
		.name = "dpdk-pcap",
		.driver = "dpdk",
		ON_VETH_CUT(configure_port),
		.max_frame_bytes = 1514,
		.arg = "net_pcap0,iface=" NEAR,
	},
	{
		.name = "dpdk-tap",
		.driver = "dpdk",
		.flags = RIG_ROOT | RIG_RX | RIG_TX | RIG_VLAN,
		.max_frame_bytes = 1514,
		.min_frame_bytes = 14,
		.setup = setup_tap,
		.configure = configure_port,
		.attach = attach_near,
		.detach = raw_peer_detach,
		.send = raw_peer_send,
		.recv = raw_peer_recv,
		.arg = "net_tap0,iface=" NEAR,
	},
	{
		.name = "dpdk-pcap-arena",
		.driver = "dpdk",
		ON_VETH_CUT(configure_into_arena),
		.max_frame_bytes = 1514,
		.arg = "net_pcap0,iface=" NEAR,
	},
	{ .name = NULL },
};
