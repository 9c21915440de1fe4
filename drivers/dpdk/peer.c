/* What the far side of a virtio port takes beyond complete frames. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of DPDK 22.11. net_virtio_user's dev_info tells what the vhost side offers; what is asked for when
 * the port is configured is then negotiated. net_vhost has no peer when it starts; the features of
 * one that comes are librte_vhost's to tell. Neither PMD holds back what the peer has not agreed to.
 */
#include "vnet.h"

#include "bypath/log.h"

#include "core/devargs.h"

#include <rte_eth_vhost.h>
#include <rte_vhost.h>

#include <errno.h>
#include <limits.h>
#include <linux/virtio_net.h>
#include <string.h>

#define RX_WANTED \
	(RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_LRO)
#define TX_WANTED \
	(RTE_ETH_TX_OFFLOAD_UDP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO)

bool dpdk_vnet_is_on(const struct dpdk_port *dp)
{
	return (dp->kind == DPDK_VHOST || dp->kind == DPDK_VIRTIO_USER) &&
	       dp->port->conf->offload == BP_PASS_AUTO;
}

void dpdk_vnet_configure(struct dpdk_port *dp, struct rte_eth_conf *conf)
{
	uint64_t rx = RX_WANTED;
	char value[8];

	/* What a vhost side that came later offers, when net_virtio_user is the socket's server. */
	if (!dpdk_vnet_is_on(dp) || rte_eth_dev_info_get(dp->eth_id, &dp->dev_info))
		return;
	/* Super-frames arrive in several buffers each, if they may. */
	if (bp_devargs_get(dp->devargs, "mrg_rxbuf", value, sizeof(value)) && value[0] == '0')
		rx &= ~(uint64_t)RTE_ETH_RX_OFFLOAD_TCP_LRO;
	conf->rxmode.offloads |= dp->dev_info.rx_offload_capa & rx;
	conf->txmode.offloads |= dp->dev_info.tx_offload_capa & TX_WANTED;
}

/* --- what it takes ------------------------------------------------------------------------------ */

/* For RX these offloads mean that frames whose checksums are left to us come marked. */
static uint32_t caps_of(bool takes_csum, bool takes_tso, bool gives_csum)
{
	return (takes_csum ? BP_CAP_VNET_TX | (takes_tso ? 0u : BP_CAP_NO_TCP_GSO_TX) : 0) |
	       (gives_csum ? 0 : BP_CAP_CSUM_INFER);
}

/*
 * The PMD's id of its peer is 0 in queues that have not started, and stays when the peer has left: it
 * may be that of another port's.
 */
static bool is_own_peer(const struct dpdk_port *dp, int vid)
{
	char own[BP_PATH_BYTES], path[PATH_MAX];

	return vid >= 0 && bp_devargs_get(dp->devargs, "iface", own, sizeof(own)) &&
	       !rte_vhost_get_ifname(vid, path, sizeof(path)) && !strcmp(path, own);
}

static uint32_t vhost_caps(const struct dpdk_port *dp)
{
	const uint64_t tso = 1ull << VIRTIO_NET_F_GUEST_TSO4 | 1ull << VIRTIO_NET_F_GUEST_TSO6;
	int vid = rte_eth_vhost_get_vid_from_port_id(dp->eth_id);
	uint64_t features = 0;

	if (!is_own_peer(dp, vid) || rte_vhost_get_negotiated_features(vid, &features))
		return BP_CAP_CSUM_INFER;
	return caps_of(features >> VIRTIO_NET_F_GUEST_CSUM & 1, (features & tso) == tso,
		       features >> VIRTIO_NET_F_CSUM & 1);
}

static uint32_t virtio_caps(const struct dpdk_port *dp)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(dp->eth_id, &info))
		return BP_CAP_CSUM_INFER;
	return caps_of(info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_CKSUM,
		       info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_TSO,
		       info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
}

/* What the peer takes now. If it leaves meanwhile, the PMD's thread takes 'looking' away (on_event). */
static uint32_t look_at_peer(struct dpdk_port *dp)
{
	unsigned none = DPDK_PROMISE_NONE;

	atomic_compare_exchange_strong(&dp->promise, &none, DPDK_PROMISE_LOOKING);
	return dp->kind == DPDK_VHOST ? vhost_caps(dp) : virtio_caps(dp);
}

/* From now on the port goes by what look_at_peer() saw, unless that peer has left. */
static void keep_promise(struct dpdk_port *dp)
{
	unsigned looking = DPDK_PROMISE_LOOKING;

	atomic_compare_exchange_strong(&dp->promise, &looking, DPDK_PROMISE_KEPT);
}

void dpdk_vnet_describe(struct dpdk_port *dp)
{
	struct bp_port_info *info = &dp->port->info;
	uint32_t before = dp->peer_caps;

	if (!dpdk_vnet_is_on(dp))
		return;
	dp->peer_caps = look_at_peer(dp);
	if (dp->peer_caps != before && (dp->peer_caps & BP_CAP_VNET_TX))
		bp_log(BP_LOG_INFO, "port %s: its peer takes partial checksums%s",
		       dp->port->conf->name,
		       dp->peer_caps & BP_CAP_NO_TCP_GSO_TX ? "" : " and TCP super-frames");
	keep_promise(dp);
	info->caps &= ~(uint32_t)(BP_CAP_PLAIN_RX | BP_CAP_CSUM_INFER);
	info->caps |= dp->peer_caps | BP_CAP_NO_UDP_GSO;
}

/* --- whether it still does ---------------------------------------------------------------------- */

/* In the PMD's thread. The next peer may come before check() runs again. */
static int on_event(uint16_t eth_id, enum rte_eth_event_type event, void *arg, void *ret)
{
	struct dpdk_port *dp = arg;
	struct rte_eth_link link = { 0 };

	(void)event;
	(void)ret;
	if (rte_eth_link_get_nowait(eth_id, &link) || link.link_status != RTE_ETH_LINK_UP)
		atomic_store(&dp->promise, DPDK_PROMISE_NONE);
	return 0;
}

enum bp_link dpdk_vnet_check(struct dpdk_port *dp, enum bp_link link)
{
	if (!dpdk_vnet_is_on(dp))
		return link;
	if (link != BP_LINK_UP) {
		atomic_store(&dp->promise, DPDK_PROMISE_NONE);
		return link;
	}
	if (look_at_peer(dp) == dp->peer_caps) {
		keep_promise(dp);
		return link;
	}
	/* Packets that were marked for the former peer must not go to this one. */
	atomic_store(&dp->promise, DPDK_PROMISE_NONE);
	return BP_LINK_CHANGED;
}

void dpdk_vnet_listen(struct dpdk_port *dp)
{
	dp->listens =
		dpdk_vnet_is_on(dp) &&
		!rte_eth_dev_callback_register(dp->eth_id, RTE_ETH_EVENT_INTR_LSC, on_event, dp);
}

void dpdk_vnet_forget(struct dpdk_port *dp)
{
	if (!dp->listens)
		return;
	/* -EAGAIN: it is being called right now. */
	while (rte_eth_dev_callback_unregister(dp->eth_id, RTE_ETH_EVENT_INTR_LSC, on_event, dp) ==
	       -EAGAIN)
		rte_pause();
	dp->listens = false;
}
