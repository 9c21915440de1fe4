/* Setting up a port's mbufs, with the ethdev queues that use them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "vnet.h"

#include "bypath/log.h"
#include "core/clock.h"
#include "core/devargs.h"

#include <rte_errno.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_MBUFS     256u
#define CACHE_MBUFS_BIG 16u
#define BIG_ROOM        16384u
/*
 * virtio: a seventh of a super-frame of 64 KiB. A ring holds 146 of them then rather than 31, and net_virtio_user of
 * 22.11 sends chains of up to seven mbufs by one descriptor, longer ones by one for each.
 */
#define SUPER_ROOM  9408u
#define SUPER_SEGS  7u
#define SUPER_CACHE 64u
#define N_MBUFS_MIN 1023u
/* Frame bytes that the AF_PACKET ring's own header takes of framesz in net_af_packet. */
#define AF_PACKET_OVERHEAD 32u
#define ETH_VLAN_BYTES     (RTE_ETHER_HDR_LEN + 8u)
/* net_virtio counts its own header as part of a frame when it compares the MTU with an mbuf's room. */
#define VIRTIO_HEADER_BYTES 12u

/* --- sizes ------------------------------------------------------------------------------------ */

/* No frame that net_null makes is longer. It reads numbers of any base. */
static uint32_t null_frame_bytes(const struct dpdk_port *dp)
{
	unsigned long n_bytes = 64; /* its default */
	char value[32];

	if (bp_devargs_get(dp->devargs, "size", value, sizeof(value)))
		n_bytes = RTE_MAX(n_bytes, strtoul(value, NULL, 0));
	return (uint32_t)RTE_MIN(n_bytes, (unsigned long)UINT16_MAX);
}

uint32_t dpdk_mbuf_room(const struct dpdk_port *dp)
{
	uint32_t room = RTE_MBUF_DEFAULT_DATAROOM;
	uint32_t mtu = dp->port->conf->mtu;
	uint32_t wanted = mtu ? mtu + ETH_VLAN_BYTES + VIRTIO_HEADER_BYTES : 0;

	switch (dp->kind) {
	case DPDK_MEMIF:
		wanted = bp_devargs_number(dp->devargs, "bsize", 2048);
		break;
	case DPDK_AF_PACKET:
		wanted = bp_devargs_number(dp->devargs, "framesz", 2048) - AF_PACKET_OVERHEAD;
		break;
	case DPDK_NULL:
		/* No longer than its frames: mbufs that lie closer together need fewer entries of
		 * the TLB. */
		room = 0;
		wanted = null_frame_bytes(dp);
		break;
	default:
		break;
	}
	wanted = (wanted + 63) & ~63u;
	if (wanted > room)
		room = wanted;
	return RTE_MIN(room, (uint32_t)UINT16_MAX - RTE_PKTMBUF_HEADROOM);
}

/* Does the PMD keep mbufs in its rings, beyond the call that it got them in? */
static bool holds_mbufs(const struct dpdk_port *dp)
{
	return !dpdk_pmd_has(dp->port->conf->device, DPDK_KEEPS_NONE);
}

uint16_t dpdk_ring_size(const struct dpdk_port *dp)
{
	if (dp->port->conf->ring_size)
		return (uint16_t)RTE_MIN(dp->port->conf->ring_size, 32768u);
	/* net_tap makes an iovec per descriptor. */
	return dp->kind == DPDK_TAP ? 256 : 1024;
}

uint32_t dpdk_max_frame(const struct dpdk_port *dp)
{
	bool can_multi = dp->dev_info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	uint32_t mtu = dp->port->info.mtu;

	switch (dp->kind) {
	case DPDK_MEMIF:
		/* Longer frames go out as chained buffers, and 22.11 never clears the flag that
		 * chains them: the next frames in those buffers would be glued together. */
		return bp_devargs_number(dp->devargs, "bsize", 2048);
	case DPDK_NULL:
	case DPDK_RING:
	case DPDK_PCAP:
		return can_multi ? UINT16_MAX
				 : RTE_MAX(dpdk_mbuf_room(dp), (uint32_t)RTE_MBUF_DEFAULT_DATAROOM);
	default:
		return (mtu ? mtu : RTE_ETHER_MTU) + RTE_ETHER_HDR_LEN;
	}
}

/* --- mbufs ------------------------------------------------------------------------------------ */

static bool keeps_views(const struct bp_port_conf *port)
{
	return bp_facts_find(port->driver)->flags & BP_FACT_KEEPS_VIEWS;
}

/* Frames that the TX rings of a port may hold. */
static unsigned held_by(const struct bp_port_conf *port, unsigned n_workers)
{
	unsigned ring = port->ring_size ? port->ring_size : 1024;

	if (keeps_views(port))
		return ring;
	if (strcmp(port->driver, "dpdk") || dpdk_pmd_has(port->device, DPDK_KEEPS_NONE))
		return 0;
	return n_workers * ring;
}

/* Those of all dpdk ports: views of this pool may end up in any. */
static unsigned held_by_tx(const struct dpdk_port *dp)
{
	const struct bp_conf *conf = dp->port->env->conf;
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++)
		n += held_by(&conf->ports[i], dp->port->env->n_workers);
	return n;
}

/* Those of the ports that this one's packets may go to. */
static unsigned held_by_next(const struct dpdk_port *dp)
{
	const struct bp_conf *conf = dp->port->env->conf;
	uint64_t outs = dp->port->conf->out_ports;
	unsigned n = 0;

	while (outs) {
		const struct bp_port_conf *out = &conf->ports[bp_ports_take(&outs)];

		if (keeps_views(out))
			return held_by_tx(dp);
		n += held_by(out, dp->port->env->n_workers);
	}
	return n;
}

/* Frames that other ports have ready to receive into what they send here. */
static unsigned filled_by_rx(const struct dpdk_port *dp)
{
	const struct bp_conf *conf = dp->port->env->conf;
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		const struct bp_port_conf *other = &conf->ports[i];

		if (bp_facts_find(other->driver)->flags & BP_FACT_FILLS_FRAMES &&
		    bp_port_main_out(other) == dp->port->port_id)
			n += other->n_queues * BP_RX_FILLING;
	}
	return n;
}

/* What every worker may have of them: its cache, a burst received, one made, one sent, one in the
 * backlog. */
static unsigned n_in_flight(const struct dpdk_port *dp)
{
	return dp->port->env->n_workers * (CACHE_MBUFS * 3 / 2 + 4 * BP_BURST_MAX) + BP_BURST_MAX +
	       filled_by_rx(dp);
}

static unsigned n_in_rings(const struct dpdk_port *dp)
{
	unsigned ring = dpdk_ring_size(dp);
	unsigned n_rxq = RTE_MAX(1u, (unsigned)dp->port->n_rxq);
	unsigned n_txq = RTE_MAX(1u, (unsigned)dp->port->n_txq);
	unsigned n = 0;
	char value[8];

	if (dp->kind == DPDK_AF_XDP) /* its fill, RX and TX rings have 2048 descriptors each */
		n += n_rxq * 4096 + n_txq * 2048;
	else if (holds_mbufs(dp))
		n += n_rxq * ring * 2 + n_txq * ring;
	if (dp->kind == DPDK_TAP)
		n += n_rxq * (ring + 1);
	if (bp_devargs_get(dp->devargs, "zero-copy", value, sizeof(value)))
		n += (n_rxq + n_txq) * 2048;
	return n + held_by_tx(dp);
}

/* 0 or -ENOMEM, not logged. */
static int try_mbufs(const struct dpdk_port *dp, struct dpdk_mbufs *mbufs, unsigned n,
		     unsigned n_cache)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	/* The name must be unique: a pool that a view still points into outlives its port. */
	snprintf(name, sizeof(name), "bp%llx", (unsigned long long)bp_clock_ns());
	mbufs->mp = rte_pktmbuf_pool_create(name, n, n_cache, 0,
					    (uint16_t)(mbufs->room + RTE_PKTMBUF_HEADROOM),
					    rte_eth_dev_socket_id(dp->eth_id));
	return mbufs->mp ? 0 : -ENOMEM;
}

static int make_mbufs(const struct dpdk_port *dp, struct dpdk_mbufs *mbufs, unsigned n,
		      unsigned n_cache)
{
	if (!try_mbufs(dp, mbufs, n, n_cache))
		return 0;
	bp_log(BP_LOG_ERROR,
	       "port %s: no memory for %u mbufs of %u bytes (%u MiB): %s: give EAL more: "
	       "[dpdk] memory (no_huge) or more hugepages",
	       dp->port->conf->name, n, mbufs->room, (unsigned)(((uint64_t)n * mbufs->room) >> 20),
	       rte_strerror(rte_errno));
	return -ENOMEM;
}

/* A burst and a cache per worker. */
static unsigned n_big_in_flight(const struct dpdk_port *dp, unsigned n_cache)
{
	return dp->port->env->n_workers * (n_cache * 3 / 2 + BP_BURST_MAX) + BP_BURST_MAX;
}

static void free_mbufs(struct dpdk_mbufs *mbufs)
{
	rte_mempool_free(mbufs->mp);
	mbufs->mp = NULL;
}

/*
 * Where super-frames come in and go out: mbufs that hold a large part of one, to receive into, with others to copy
 * into, so that a peer that takes nothing leaves RX its own. False: it is not so, or there is no memory for it.
 */
static bool make_super(struct dpdk_port *dp)
{
	struct dpdk_pool *pool = &dp->pool;
	bool has_rings = dp->kind == DPDK_VIRTIO_USER; /* net_vhost's hold no mbufs of ours */
	unsigned n_burst = dp->port->env->n_workers * SUPER_SEGS * BP_BURST_MAX;
	unsigned n = n_big_in_flight(dp, SUPER_CACHE) + n_burst + held_by_next(dp);

	pool->super = (struct dpdk_mbufs){ .room = SUPER_ROOM };
	if (!dpdk_vnet_is_on(dp) || dpdk_mbuf_room(dp) > SUPER_ROOM)
		return false;
	if (has_rings)
		n += RTE_MAX(1u, (unsigned)dp->port->n_rxq) * dpdk_ring_size(dp);
	pool->rx.room = SUPER_ROOM;
	if (try_mbufs(dp, &pool->rx, n, SUPER_CACHE))
		return false;
	if (!try_mbufs(dp, &pool->super, has_rings ? 2 * n_burst : n_burst, 0))
		return true;
	free_mbufs(&pool->rx);
	return false;
}

/* Mbufs to receive into, where super-frames are none or whole. */
static int make_rx(struct dpdk_port *dp)
{
	struct dpdk_mbufs *rx = &dp->pool.rx;
	unsigned n = n_in_flight(dp) + n_in_rings(dp);

	if (dp->receives_arena) {
		*rx = (struct dpdk_mbufs){ dp->arena->mp, dp->arena->room };
		return 0;
	}
	rx->room = dpdk_mbuf_room(dp);
	if (rx->room <= BIG_ROOM)
		return make_mbufs(dp, rx, RTE_MAX(n, N_MBUFS_MIN), CACHE_MBUFS);
	/* 64 KiB each: none to copy or write into. */
	return make_mbufs(dp, rx, n_big_in_flight(dp, CACHE_MBUFS_BIG) + n_in_rings(dp),
			  CACHE_MBUFS_BIG);
}

/* The arena's headers go with the arena (arena.c). */
static void free_rx(struct dpdk_port *dp)
{
	if (!dp->receives_arena)
		rte_mempool_free(dp->pool.rx.mp);
	dp->pool.rx.mp = NULL;
}

/* Before anybody uses the port, or again when its device took mbufs with it. */
static int make_pools(struct dpdk_port *dp)
{
	struct dpdk_pool *pool = &dp->pool;
	bool is_super = !dp->receives_arena && make_super(dp);
	int err = is_super ? 0 : make_rx(dp);
	unsigned n;

	if (err)
		return err;
	pool->tx = pool->rx;
	if (!is_super && !dp->receives_arena && pool->rx.room <= BIG_ROOM &&
	    pool->rx.room >= RTE_MBUF_DEFAULT_DATAROOM)
		return 0;
	pool->tx.room = RTE_MBUF_DEFAULT_DATAROOM;
	n = n_in_flight(dp);
	if (holds_mbufs(dp))
		n += dp->port->n_txq * (unsigned)dpdk_ring_size(dp);
	err = make_mbufs(dp, &pool->tx, RTE_MAX(n, N_MBUFS_MIN), CACHE_MBUFS);
	if (err) {
		free_rx(dp);
		free_mbufs(&pool->super);
	}
	return err;
}

int dpdk_pool_create(struct dpdk_port *dp)
{
	struct dpdk_pool *pool = &dp->pool;
	int err;

	err = make_pools(dp);
	if (err)
		return err;
	atomic_init(&pool->frames, pool->tx.mp);
	snprintf(pool->name, sizeof(pool->name), "%.20s mbufs", dp->port->conf->name);
	pool->pool = (struct bp_pool){ .put = dpdk_pool_put,
				       .get = dpdk_pool_get,
				       .room = pool->tx.room,
				       .name = pool->name };
	err = bp_env_add_pool(dp->port->env, &pool->pool);
	if (err)
		dpdk_pool_destroy(dp);
	return err;
}

/*
 * net_af_xdp keeps the mbufs of its fill ring when it is removed. Views that others still hold
 * cannot be told from those, so the old mempool stays for as long as EAL does.
 */
int dpdk_pool_renew(struct dpdk_port *dp)
{
	int err = dp->kind == DPDK_AF_XDP ? make_pools(dp) : 0;

	/* Release: see dpdk_pool_get(). */
	if (!err)
		atomic_store_explicit(&dp->pool.frames, dp->pool.tx.mp, memory_order_release);
	return err;
}

void dpdk_pool_destroy(struct dpdk_port *dp)
{
	struct dpdk_pool *pool = &dp->pool;

	if (!pool->rx.mp || dp->is_left)
		return;
	if (pool->tx.mp != pool->rx.mp)
		rte_mempool_free(pool->tx.mp);
	free_mbufs(&pool->super);
	/* Memory that somebody still points into must not be given away: better a leak. */
	if (!dp->receives_arena && rte_mempool_in_use_count(pool->rx.mp) && dp->kind != DPDK_AF_XDP)
		bp_log(BP_LOG_WARN, "port %s: %u mbufs never came back", dp->port->conf->name,
		       rte_mempool_in_use_count(pool->rx.mp));
	else
		free_rx(dp);
	pool->rx.mp = pool->tx.mp = NULL;
}

/* --- queues ----------------------------------------------------------------------------------- */

static void rx_offloads(const struct dpdk_port *dp, struct rte_eth_conf *conf, uint16_t n_rxq)
{
	const struct rte_eth_dev_info *info = &dp->dev_info;
	uint64_t want_hf = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
	uint32_t mtu = conf->rxmode.mtu ? conf->rxmode.mtu : RTE_ETHER_MTU;

	/* NICs lose their vector receive path with it: only where a frame needs it. */
	if ((info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) &&
	    (dp->kind != DPDK_PCI || mtu + ETH_VLAN_BYTES > dp->pool.rx.room) &&
	    dp->kind != DPDK_TAP)
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
	if (n_rxq > 1 && (info->flow_type_rss_offloads & want_hf)) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = want_hf & info->flow_type_rss_offloads;
	}
}

static int check_queues(const struct dpdk_port *dp, uint16_t n_rxq, uint16_t n_txq)
{
	const struct rte_eth_dev_info *info = &dp->dev_info;
	bool is_rx = n_rxq > info->max_rx_queues;

	if (!is_rx && n_txq <= info->max_tx_queues)
		return 0;
	bp_log(BP_LOG_ERROR, "port %s: %u %s queues are needed, %s offers %u: %s",
	       dp->port->conf->name, is_rx ? n_rxq : n_txq, is_rx ? "RX" : "TX", info->driver_name,
	       is_rx ? info->max_rx_queues : info->max_tx_queues,
	       is_rx ? "lower queues" : "lower [engine] workers");
	return -EINVAL;
}

static int setup_queues(struct dpdk_port *dp, uint16_t n_rxq, uint16_t n_txq)
{
	uint16_t n_rxd = dpdk_ring_size(dp), n_txd = n_rxd;
	unsigned node = (unsigned)rte_eth_dev_socket_id(dp->eth_id);
	int err = rte_eth_dev_adjust_nb_rx_tx_desc(dp->eth_id, &n_rxd, &n_txd);

	for (uint16_t i = 0; !err && i < n_rxq; i++)
		err = rte_eth_rx_queue_setup(dp->eth_id, i, n_rxd, node, NULL, dp->pool.rx.mp);
	for (uint16_t i = 0; !err && i < n_txq; i++)
		err = rte_eth_tx_queue_setup(dp->eth_id, i, n_txd, node, NULL);
	return err;
}

static bool mtu_is_ours(const struct dpdk_port *dp)
{
	return dp->kind != DPDK_MEMIF && dp->kind != DPDK_AF_PACKET && dp->kind != DPDK_AF_XDP;
}

int dpdk_queues_configure(struct dpdk_port *dp, bool quiet)
{
	const struct bp_port_conf *pc = dp->port->conf;
	struct rte_eth_conf conf = { 0 };
	uint16_t n_rxq = dp->port->n_rxq ? dp->port->n_rxq : 1;
	uint16_t n_txq = dp->port->n_txq ? dp->port->n_txq : 1;
	int err = check_queues(dp, n_rxq, n_txq);

	if (err)
		return err;
	if (pc->mtu && mtu_is_ours(dp))
		conf.rxmode.mtu = pc->mtu;
	if (dp->dev_info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS)
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	rx_offloads(dp, &conf, n_rxq);
	dpdk_vnet_configure(dp, &conf);
	conf.intr_conf.lsc = dpdk_quiet_wants_lsc(dp);
	dp->is_awake |= dpdk_quiet_wants_lsc(dp);
	dpdk_eal_listen();
	err = rte_eth_dev_configure(dp->eth_id, n_rxq, n_txq, &conf);
	if (!err && conf.rxmode.mtu)
		err = rte_eth_dev_set_mtu(dp->eth_id, (uint16_t)pc->mtu);
	/* Few PMDs on top of a device can set it; those that cannot carry their default. */
	if (err == -ENOTSUP && dp->kind != DPDK_PCI)
		err = 0;
	if (!err)
		err = setup_queues(dp, n_rxq, n_txq);
	if (err && !quiet)
		bp_log(BP_LOG_ERROR,
		       "port %s: %s refuses %u RX and %u TX queues%s: %s: check mtu, queues "
		       "and ring_size",
		       pc->name, dp->dev_info.driver_name, n_rxq, n_txq,
		       pc->mtu ? " with this mtu" : "", dpdk_eal_why(err));
	return err;
}
