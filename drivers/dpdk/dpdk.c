/* Driver `dpdk`: any DPDK poll-mode driver as a port; its control operations. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst.h"
#include "vnet.h"

#include "bypath/log.h"
#include "core/devargs.h"
#include "core/frames.h"
#include "core/netdev.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_memory.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Shorter frames stop some NICs' TX queue (i40e: under 17 bytes); the wire pads to 60 anyway. */
#define PCI_MIN_BYTES 60u

/* Ports that this worker has entered: it is registered with EAL once. */
static _Thread_local unsigned n_entered;

/* --- open, close -------------------------------------------------------------------------------- */

static void free_port(struct dpdk_port *dp)
{
	free(dp->rxq);
	free(dp->txq);
	free(dp);
}

static struct dpdk_port *make_port(struct bp_port *port)
{
	struct dpdk_port *dp = calloc(1, sizeof(*dp));

	if (!dp)
		return NULL;
	dp->port = port;
	dp->eth_id = RTE_MAX_ETHPORTS;
	dp->promisc_fd = -1;
	dp->rxq = calloc(port->n_rxq + 1u, sizeof(*dp->rxq));
	dp->txq = calloc(port->n_txq + 1u, sizeof(*dp->txq));
	if (dp->rxq && dp->txq)
		return dp;
	free_port(dp);
	return NULL;
}

/* Does the PMD sit on an interface that exists without it? */
static bool has_kernel_iface(const struct dpdk_port *dp)
{
	return dp->kind == DPDK_AF_PACKET || dp->kind == DPDK_AF_XDP ||
	       (dp->kind == DPDK_PCAP && dp->iface[0]);
}

/* Refuse an interface whose packets have no Ethernet header: the PMD would take them for frames. */
static int check_iface_type(const struct dpdk_port *dp)
{
	char why[256];

	if (!has_kernel_iface(dp) || !bp_netdev_need_ethernet(dp->iface, why, sizeof(why)))
		return 0;
	bp_log(BP_LOG_ERROR, "port %s: %s", dp->port->conf->name, why);
	return -EINVAL;
}

static int dpdk_open(struct bp_port *port)
{
	struct dpdk_port *dp = make_port(port);
	unsigned n_queues = RTE_MAX(1u, (unsigned)RTE_MAX(port->n_rxq, port->n_txq));
	int err;

	if (!dp)
		return -ENOMEM;
	err = dpdk_device_parse(dp, n_queues);
	if (!err)
		err = check_iface_type(dp);
	if (!err)
		err = dpdk_secure_check(dp);
	if (!err)
		err = dpdk_eal_start(port);
	if (err)
		goto free_dp;
	err = dpdk_device_probe(dp, false);
	if (err)
		goto free_dp;
	dp->rejoins = dpdk_rejoin_applies(dp);
	err = rte_eth_dev_info_get(dp->eth_id, &dp->dev_info);
	if (err)
		goto remove_device;
	dpdk_arena_open(dp);
	err = dpdk_pool_create(dp);
	if (err)
		goto remove_device;
	if (dp->kind == DPDK_MEMIF)
		dpdk_guard_add(dp);
	dpdk_vnet_listen(dp);
	dpdk_unplug_listen(dp);
	port->priv = dp;
	port->tx_pool = &dp->pool.pool;
	return 0;

remove_device:
	dpdk_device_remove(dp);
	dpdk_arena_close(dp);
free_dp:
	free_port(dp);
	return err;
}

static int dpdk_prepare(struct bp_env *env, const struct bp_port_conf *conf)
{
	const struct bp_port port = { .env = env, .conf = conf, .numa_node = bp_port_node(conf) };

	return dpdk_eal_start(&port);
}

static void dpdk_close(struct bp_port *port)
{
	struct dpdk_port *dp = port->priv;

	if (dp->kind == DPDK_MEMIF)
		dpdk_guard_remove(dp);
	dpdk_vnet_forget(dp);
	dpdk_unplug_forget(dp);
	dpdk_device_remove(dp);
	dpdk_pool_destroy(dp);
	dpdk_arena_close(dp);
	free_port(dp);
	port->priv = NULL;
}

/* --- start, stop -------------------------------------------------------------------------------- */

static void bind_rxq(struct dpdk_port *dp, uint16_t i)
{
	struct bp_rxq *q = &dp->port->rxq[i];
	bool is_virtio = dp->kind == DPDK_VHOST || dp->kind == DPDK_VIRTIO_USER;

	dp->rxq[i] = (struct dpdk_rxq){
		.pool = dp->receives_arena ? bp_frames_pool(dp->port->env->frames) : &dp->pool.pool,
		.arena = dp->receives_arena ? dp->arena : NULL,
		.dp = dp,
		.eth_id = dp->eth_id,
		.queue_id = i,
		.is_guarded = dp->kind == DPDK_MEMIF,
		.reads_each = dp->kind == DPDK_TAP,
		.view_flags = RTE_MBUF_F_RX_VLAN_STRIPPED | (is_virtio ? DPDK_VNET_MARKS : 0),
	};
	q->priv = &dp->rxq[i];
	q->driver_burst = dpdk_rx_choose(dp);
	atomic_store_explicit(&q->fd, -1, memory_order_relaxed);
}

static void bind_txq(struct dpdk_port *dp, uint16_t i)
{
	struct bp_txq *q = &dp->port->txq[i];
	bool is_by_mtu = dp->kind != DPDK_MEMIF && dp->port->info.max_frame_bytes != UINT16_MAX;

	dp->txq[i] = (struct dpdk_txq){
		.dp = dp,
		.arena = dp->sends_arena ? dp->arena : NULL,
		.mbufs = &dp->pool.tx,
		.multi_segs = dp->dev_info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS,
		.is_guarded = dp->kind == DPDK_MEMIF,
		.eth_id = dp->eth_id,
		.queue_id = i,
		.counts_calls = dp->kind == DPDK_TAP,
		.out = dp->kind == DPDK_AF_PACKET                      ? dpdk_afp_out
		       : dp->kind == DPDK_TAP || dp->kind == DPDK_PCAP ? dpdk_answer_out
								       : NULL,
		.afp = dp->afp ? &dp->afp[i] : NULL,
		.pad_bytes = dp->kind == DPDK_PCI ? PCI_MIN_BYTES : 0,
		.min_bytes = dp->kind == DPDK_PCI ? PCI_MIN_BYTES : RTE_ETHER_HDR_LEN,
		.max_bytes = dp->port->info.max_frame_bytes,
		.vlan_bytes = is_by_mtu ? 4 : 0,
	};
	q->priv = &dp->txq[i];
	q->driver_burst = dpdk_tx_choose(dp);
}

/* Size of the pages that hold a port's mbufs, as EAL knows them. */
static uint64_t page_bytes(const struct dpdk_port *dp)
{
	const struct rte_memseg_list *list = rte_mem_virt2memseg_list(dp->pool.rx.mp);

	return list ? list->page_sz : 0;
}

static const char *warning(const struct dpdk_port *dp)
{
	switch (dp->kind) {
	case DPDK_MEMIF:
		return dp->is_server ? "; a client that connects and closes at once ends a "
				       "net_memif server of DPDK 22.11"
				     : "";
	case DPDK_TAP:
		return "; this PMD's reads that find nothing are not counted as crossings";
	case DPDK_AF_XDP:
		return "; this PMD may wait in poll() for up to 1 s; its system calls are not "
		       "counted";
	default:
		return "";
	}
}

static void describe(struct dpdk_port *dp)
{
	struct bp_port_info *info = &dp->port->info;
	uint64_t page = page_bytes(dp);
	char value[8];

	dpdk_device_describe(dp);
	info->max_frame_bytes = dpdk_max_frame(dp);
	snprintf(info->mode, sizeof(info->mode), "pmd");
	if (dp->kind == DPDK_MEMIF)
		snprintf(info->mode, sizeof(info->mode), "%s%s",
			 dp->is_server ? "server" : "client",
			 bp_devargs_get(dp->devargs, "zero-copy", value, sizeof(value)) &&
					 !strcmp(value, "yes")
				 ? "-zerocopy"
				 : "");
	info->tx_homes = dp->sends_arena ? BP_HOME_ARENA : 0;
	info->rx_homes = dp->receives_arena ? BP_HOME_ARENA : 0;
	snprintf(info->note, sizeof(info->note), "mbufs in pages of %llu %s%s%s%.130s",
		 (unsigned long long)(page >> 20 ? page >> 20 : page >> 10),
		 page >> 20 ? "MiB" : "KiB", warning(dp), dp->arena_note[0] ? "; " : "",
		 dp->arena_note);
	if (!dp->was_started && warning(dp)[0] && dp->kind != DPDK_TAP)
		bp_log(BP_LOG_WARN, "port %s: %s", dp->port->conf->name, warning(dp) + 2);
}

static int check_iface_mtu(const struct dpdk_port *dp)
{
	const struct bp_port_conf *conf = dp->port->conf;
	uint32_t mtu = dp->port->info.mtu;

	if (!conf->mtu || !has_kernel_iface(dp) || mtu >= conf->mtu)
		return 0;
	bp_log(BP_LOG_ERROR, "port %s: mtu = %u, but %s has %u: run: ip link set %s mtu %u",
	       conf->name, conf->mtu, dp->iface, mtu, dp->iface, conf->mtu);
	return -EINVAL;
}

static int open_ring(struct dpdk_port *dp)
{
	char why[BP_PATH_BYTES] = "out of memory";
	int err = dpdk_afp_open(dp, why, sizeof(why));

	if (err && !dp->was_started)
		bp_log(BP_LOG_ERROR, "port %s: %s", dp->port->conf->name, why);
	return err;
}

static int start_device(struct dpdk_port *dp)
{
	const char *name = dp->port->conf->name;
	int err;

	if (dp->kind == DPDK_MEMIF) {
		err = dpdk_guard_start(dp);
		if (err && dp->was_started)
			return -ENODEV;
		if (err)
			bp_log(BP_LOG_WARN,
			       "port %s: no net_memif server at %s%s yet: packets are dropped as "
			       "port_down until it is there",
			       name, dp->is_abstract ? "@" : "", dp->socket);
		return 0; /* check() says that it is lost, and start() comes again */
	}
	dpdk_eal_listen();
	err = rte_eth_dev_start(dp->eth_id);
	if (err && !dp->was_started)
		bp_log(BP_LOG_ERROR, "port %s: %s does not start: %s", name,
		       dp->dev_info.driver_name, dpdk_eal_why(err));
	dp->is_started = !err;
	if (!err)
		dpdk_afp_forget_others(dp);
	return err;
}

/* What cannot be stopped stays started: start() stops it first, and close() leaves it. */
static void stop_device(struct dpdk_port *dp)
{
	if (dp->is_started && dpdk_quiet_applies(dp)) {
		dpdk_quiet_stop(dp);
		return;
	}
	if (dp->is_started)
		rte_eth_dev_stop(dp->eth_id);
	dp->is_started = false;
}

/*
 * Ask for frames to every MAC address. On an interface of the kernel's the PMD would set a flag
 * that outlives the process, so a socket of our own asks instead. Virtual PMDs have no filter and
 * return ENOTSUP.
 */
static void become_promiscuous(struct dpdk_port *dp)
{
	const char *name = dp->port->conf->name;
	int err;

	if (has_kernel_iface(dp)) {
		dp->promisc_fd = bp_netdev_hold_promisc(dp->if_index);
		err = dp->promisc_fd < 0 ? dp->promisc_fd : 0;
	} else {
		err = rte_eth_promiscuous_enable(dp->eth_id);
	}
	if (err && (err != -ENOTSUP || dp->kind == DPDK_PCI))
		bp_log(BP_LOG_WARN,
		       "port %s: %s does not become promiscuous: %s: frames for other MAC addresses "
		       "may not be received",
		       name, dp->port->conf->device, strerror(-err));
}

/* Probe the device again if it was let go, or is to be let go first. */
static int find_device(struct dpdk_port *dp)
{
	int err;

	if (dpdk_unplug_is_due(dp)) /* again, before it was started */
		dpdk_unplug_let_go(dp);
	if (dp->eth_id != RTE_MAX_ETHPORTS)
		return 0;
	if (!dpdk_rejoin_can(dp))
		return -ENODEV;
	err = dpdk_device_probe(dp, dp->was_started);
	if (err)
		return err;
	if (dp->rejoins)
		dpdk_vnet_listen(dp);
	err = rte_eth_dev_info_get(dp->eth_id, &dp->dev_info);
	if (!err)
		err = dpdk_arena_renew(dp);
	if (!err)
		err = dpdk_pool_renew(dp);
	if (err) /* or the next attempt would take it for one that has all this */
		dpdk_device_remove(dp);
	return err;
}

/* A memif client keeps its queues: only the connection comes and goes. */
static int configure_queues(struct dpdk_port *dp)
{
	if (dp->kind != DPDK_MEMIF)
		return dpdk_queues_configure(dp, dp->was_started);
	return dp->was_started ? 0 : dpdk_guard_configure(dp);
}

static int start_queues(struct dpdk_port *dp)
{
	int err = configure_queues(dp);

	if (err)
		return err;
	describe(dp);
	err = check_iface_mtu(dp);
	if (!err)
		err = open_ring(dp);
	if (err)
		return err;
	for (uint16_t i = 0; i < dp->port->n_rxq; i++)
		bind_rxq(dp, i);
	for (uint16_t i = 0; i < dp->port->n_txq; i++)
		bind_txq(dp, i);
	return start_device(dp);
}

static int dpdk_start(struct bp_port *port)
{
	struct dpdk_port *dp = port->priv;
	int err = dp->is_started ? dpdk_quiet_stop(dp) : 0; /* what stop() could not */

	if (!err && dp->is_deserted)
		dpdk_rejoin_let_go(dp);
	if (!err)
		err = find_device(dp);
	if (err)
		return dp->was_started ? -ENODEV : err;
	err = start_queues(dp);
	if (err) {
		if (dp->rejoins && dp->was_started)
			dpdk_rejoin_let_go(dp);
		else if (has_kernel_iface(dp) && dp->was_started)
			dpdk_device_remove(dp);
		return dp->was_started ? -ENODEV : err;
	}
	dpdk_vnet_describe(dp);
	dp->if_index = has_kernel_iface(dp) ? bp_netdev_index(-1, dp->iface) : 0;
	dpdk_afp_find(dp);
	become_promiscuous(dp);
	dp->was_started = true;
	if (has_kernel_iface(dp))
		bp_netdev_tx_dropped_begin(&dp->tx_dropped, dp->iface);
	if (rte_eth_stats_get(dp->eth_id, &dp->base))
		dp->base = (struct rte_eth_stats){ 0 };
	return 0;
}

/* What the driver still holds goes back: received but not handed over, consumed but not sent. */
static void drop_leftovers(struct dpdk_port *dp)
{
	for (unsigned i = 0; i < dp->port->n_rxq; i++) {
		struct dpdk_rxq *rq = &dp->rxq[i];

		if (rq->n_stash)
			rte_pktmbuf_free_bulk(&rq->stash[rq->first_stash], rq->n_stash);
		rq->n_stash = 0;
	}
	for (unsigned i = 0; i < dp->port->n_txq; i++) {
		struct dpdk_txq *tq = &dp->txq[i];
		struct bp_txq *q = &dp->port->txq[i];

		if (tq->n_backlog)
			dpdk_drop(q, &tq->backlog[tq->first_backlog], tq->n_backlog,
				  BP_DROP_TX_ABANDONED, NULL);
		if (tq->afp)
			bp_count_lost_after(&q->counters, BP_DROP_TX_ABANDONED,
					    dpdk_afp_abandon(tq->afp));
		tq->n_backlog = 0;
		atomic_store_explicit(&q->n_held, 0, memory_order_relaxed);
	}
}

/* net_ring keeps what lies in its rings beyond stop and close, and with it the mbufs' pool. */
static void empty_rings(const struct dpdk_port *dp)
{
	struct rte_mbuf *mbufs[BP_BURST_MAX];
	uint16_t n;

	for (uint16_t i = 0; i < dp->port->n_rxq; i++)
		while ((n = rte_eth_rx_burst(dp->eth_id, i, mbufs, BP_BURST_MAX)))
			rte_pktmbuf_free_bulk(mbufs, n);
}

static uint64_t since(uint64_t value, uint64_t base)
{
	return value > base ? value - base : 0; /* else the PMD has begun again at 0 */
}

static void add_stats(const struct dpdk_port *dp, struct rte_eth_stats *sum)
{
	struct rte_eth_stats now;

	if (dp->eth_id == RTE_MAX_ETHPORTS || rte_eth_stats_get(dp->eth_id, &now))
		return;
	sum->imissed += since(now.imissed, dp->base.imissed);
	sum->ierrors += since(now.ierrors, dp->base.ierrors);
	sum->oerrors += since(now.oerrors, dp->base.oerrors);
	sum->rx_nombuf += since(now.rx_nombuf, dp->base.rx_nombuf);
}

static bool dpdk_rx_end(struct bp_port *port)
{
	const struct dpdk_port *dp = port->priv;
	bool is_deaf = dp->n_sockets > 0;

	/* The PMD takes its program off when it is removed, and what comes until then lies in a ring of nobody's. */
	if (dp->kind == DPDK_AF_XDP)
		return !bp_netdev_detach_xdp(dp->if_index);
	for (unsigned i = 0; i < dp->n_sockets; i++)
		is_deaf &= !bp_netdev_deafen(dp->sockets[i]);
	return is_deaf;
}

static unsigned dpdk_sockets(const struct bp_port *port, int *fds, unsigned max)
{
	const struct dpdk_port *dp = port->priv;
	unsigned n = 0;

	for (; n < dp->n_sockets && n < max; n++)
		fds[n] = dp->sockets[n];
	return n;
}

static void dpdk_stop(struct bp_port *port)
{
	struct dpdk_port *dp = port->priv;

	if (dp->eth_id == RTE_MAX_ETHPORTS)
		return;
	add_stats(dp, &dp->sum);
	dp->n_ring_full += dpdk_afp_take_drops(dp);
	dp->n_sockets = 0;
	dp->base = (struct rte_eth_stats){ 0 };
	if (has_kernel_iface(dp))
		bp_netdev_tx_dropped_end(&dp->tx_dropped, dp->iface);
	if (dp->kind == DPDK_RING && dp->is_started)
		empty_rings(dp);
	if (dp->kind == DPDK_MEMIF)
		dpdk_guard_stop(dp);
	else
		stop_device(dp);
	if (dp->promisc_fd >= 0)
		close(dp->promisc_fd);
	dp->promisc_fd = -1;
	drop_leftovers(dp);
	/* Sockets bound to an interface that is gone, or that the PMD has closed in the call above: they are opened by
	 * probing again. */
	if (dp->kind == DPDK_AF_PACKET ||
	    (has_kernel_iface(dp) && bp_netdev_index(-1, dp->iface) != dp->if_index))
		dpdk_device_remove(dp);
	if (dpdk_unplug_is_due(dp))
		dpdk_unplug_let_go(dp);
	else if (dp->is_deserted && !dp->is_started) /* else start() does, when it has stopped */
		dpdk_rejoin_let_go(dp);
	else if (dpdk_arena_is_held(dp))
		dpdk_device_remove(dp);
}

/* --- while it runs ------------------------------------------------------------------------------ */

/* net_tap looks for its interface in this namespace, and reports one that was moved away as down
 * even if it is up. */
static bool is_moved_tap(const struct dpdk_port *dp)
{
	char name[IF_NAMESIZE];

	return dp->kind == DPDK_TAP && bp_netdev_name(-1, (int)dp->dev_info.if_index, name) < 0;
}

static enum bp_link dpdk_check(struct bp_port *port)
{
	struct dpdk_port *dp = port->priv;
	struct rte_eth_link link = { 0 };

	if (dp->kind == DPDK_MEMIF)
		return dpdk_guard_check(dp);
	if (has_kernel_iface(dp))
		return bp_netdev_link(-1, dp->iface, dp->if_index);
	if (dpdk_unplug_is_due(dp))
		return BP_LINK_LOST;
	if (is_moved_tap(dp) || rte_eth_link_get_nowait(dp->eth_id, &link))
		return BP_LINK_UP;
	dp->is_deserted = dp->rejoins && link.link_status != RTE_ETH_LINK_UP;
	if (dp->is_deserted)
		return BP_LINK_LOST;
	return dpdk_vnet_check(dp, link.link_status == RTE_ETH_LINK_UP ? BP_LINK_UP : BP_LINK_DOWN);
}

static int dpdk_set_link(struct bp_port *port, bool is_up)
{
	struct dpdk_port *dp = port->priv;
	int ret =
		is_up ? rte_eth_dev_set_link_up(dp->eth_id) : rte_eth_dev_set_link_down(dp->eth_id);

	if (ret == -EIO || ret == -ENODEV)
		return -ENODEV;
	return ret == -ENOTSUP ? -EOPNOTSUPP : ret;
}

static unsigned dpdk_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct dpdk_port *dp = port->priv;
	struct rte_eth_stats sum = dp->sum;
	unsigned n;

	add_stats(dp, &sum);
	const uint64_t values[] = { [DPDK_IMISSED] = sum.imissed,
				    [DPDK_RX_NOMBUF] = sum.rx_nombuf,
				    [DPDK_IERRORS] = sum.ierrors,
				    [DPDK_OERRORS] = sum.oerrors };

	for (n = 0; n < RTE_DIM(values) && n < max; n++)
		out[n] = (struct bp_reported){ &dpdk_counters[n], values[n] };
	/* The sockets of a port that only sends are full of what nobody wants. */
	if (dp->kind == DPDK_AF_PACKET && port->n_rxq && n < max) {
		dp->n_ring_full += dpdk_afp_take_drops(dp);
		out[n++] = (struct bp_reported){ &dpdk_counters[DPDK_RING_FULL], dp->n_ring_full };
	}
	/* net_af_xdp takes for sent what the kernel dropped: answer.c. */
	if (has_kernel_iface(dp) && port->n_txq && n < max)
		out[n++] = bp_netdev_tx_dropped_row(&dp->tx_dropped, dp->iface,
						    dp->kind != DPDK_AF_XDP);
	return n;
}

static bool dpdk_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	const struct dpdk_port *dp = q->port->priv;

	return pool->put == dpdk_pool_put || (dp->sends_arena && pool == dp->arena->pool);
}

static int dpdk_thread_enter(struct bp_port *port, unsigned worker_id)
{
	dpdk_arena_enter(worker_id);
	if (n_entered++ || !rte_thread_register())
		return 0;
	/* Works without: only the mempools' per-thread caches are missing. */
	bp_log(BP_LOG_WARN, "port %s: worker %u runs without DPDK's mbuf caches: %s",
	       port->conf->name, worker_id, rte_strerror(rte_errno));
	return 0;
}

static void dpdk_thread_leave(struct bp_port *port, unsigned worker_id)
{
	(void)port;
	(void)worker_id;
	if (--n_entered)
		return;
	rte_thread_unregister();
	dpdk_arena_leave();
}

static const struct bp_driver_ops dpdk_ops = {
	.prepare = dpdk_prepare,
	.open = dpdk_open,
	.start = dpdk_start,
	.rx_end = dpdk_rx_end,
	.sockets = dpdk_sockets,
	.stop = dpdk_stop,
	.close = dpdk_close,
	.check = dpdk_check,
	.stats = dpdk_stats,
	.accepts = dpdk_accepts,
	.thread_enter = dpdk_thread_enter,
	.thread_leave = dpdk_thread_leave,
	.direct = dpdk_direct_choose,
	.set_link = dpdk_set_link,
};

/* What bp_driver_find() looks up in the module. */
extern const struct bp_driver bp_driver;
const struct bp_driver bp_driver = {
	.abi = BP_DRIVER_ABI,
	.name = "dpdk",
	.ops = &dpdk_ops,
};
