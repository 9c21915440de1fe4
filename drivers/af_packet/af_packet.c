/* Driver `af_packet`: packet sockets of the kernel, by messages or by a shared ring. */
/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls on the packet path: see rx_socket.c, ring_v2.c, tx_send.c, tx_ring.c, direct.c. */
#include "slots.h"

#include "bypath/log.h"

#include "core/closer.h"
#include "core/netdev.h"
#include "core/netifs.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GSO_EVERY  10u /* checks between two looks at the device's offloads */
#define VLAN_BYTES 4u

/* ---- configuration against the system --------------------------------------------------------- */

/* "eth0, eth1" into text, cut at a name's end. */
static void list_interfaces(char *text, size_t n_bytes)
{
	struct bp_netifs all = { NULL, 0 };
	size_t at = 0;

	text[0] = '\0';
	(void)bp_netifs_read_links(&all);
	for (size_t i = 0; i < all.n; i++) {
		int n = snprintf(text + at, n_bytes - at, "%s%s", at ? ", " : "", all.v[i].name);

		if (n < 0 || (size_t)n >= n_bytes - at) {
			text[at] = '\0';
			break;
		}
		at += (size_t)n;
	}
	bp_netifs_free(&all);
}

static int find_device(struct af_packet_port *ap)
{
	const struct bp_port_conf *conf = ap->port->conf;
	char names[512], why[256];

	if (bp_netdev_index(ap->ctl_fd, conf->device) < 0) {
		list_interfaces(names, sizeof(names));
		bp_log(BP_LOG_ERROR,
		       "port %s: no interface '%s' in this network namespace: there are %s",
		       conf->name, conf->device, names);
		return -ENODEV;
	}
	if (bp_netdev_need_ethernet(conf->device, why, sizeof(why))) {
		bp_log(BP_LOG_ERROR, "port %s: %s", conf->name, why);
		return -EINVAL;
	}
	if (bp_netdev_is_up(ap->ctl_fd, conf->device) == 0)
		bp_log(BP_LOG_WARN,
		       "port %s: interface %s is down and carries nothing: ip link set %s up",
		       conf->name, conf->device, conf->device);
	return 0;
}

/* Can packet sockets be had at all? */
static int try_socket(struct af_packet_port *ap)
{
	uint32_t vnet_bytes;
	int fd = af_packet_socket_open(true, &vnet_bytes);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (fd == -EPERM || fd == -EACCES)
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot open a packet socket: not permitted: run as root, or give "
		       "the program CAP_NET_RAW (setcap cap_net_raw,cap_net_admin+ep FILE)",
		       ap->port->conf->name);
	else
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot open a packet socket: %s: the kernel needs CONFIG_PACKET",
		       ap->port->conf->name, strerror(-fd));
	return fd;
}

/* ---- open, close ------------------------------------------------------------------------------ */

static int alloc_queues(struct af_packet_port *ap)
{
	struct bp_port *port = ap->port;

	ap->rxqs = calloc(port->n_rxq + 1u, sizeof(*ap->rxqs));
	ap->txqs = calloc(port->n_txq + 1u, sizeof(*ap->txqs));
	if (!ap->rxqs || !ap->txqs)
		return -ENOMEM;
	for (uint16_t i = 0; i < port->n_rxq; i++) {
		ap->rxqs[i] = (struct af_packet_rxq){
			.fd = -1,
			.queue_id = i,
			.ap = ap,
		};
		port->rxq[i].priv = &ap->rxqs[i];
	}
	for (uint16_t i = 0; i < port->n_txq; i++) {
		ap->txqs[i].fd = ap->txqs[i].ring.fd = -1;
		ap->txqs[i].ap = ap;
		port->txq[i].priv = &ap->txqs[i];
	}
	return 0;
}

static int add_pools(struct af_packet_port *ap)
{
	static const struct bp_pool ring = {
		.put = af_packet_ring_put,
		.name = "af_packet-ring",
		.is_loan = true,
	};
	int err;

	if (!ap->port->n_rxq)
		return 0;
	err = af_packet_big_open(&ap->big, ap->port->n_rxq);
	if (err)
		return err;
	err = bp_env_add_pool(ap->port->env, &ap->big.pool);
	if (err || ap->mode != AF_PACKET_MMAP)
		return err;
	return bp_env_share_pool(ap->port->env, &ring, &ap->ring_pool);
}

static void af_packet_close(struct bp_port *port)
{
	struct af_packet_port *ap = port->priv;

	af_packet_big_close(&ap->big);
	close(ap->ctl_fd);
	free(ap->rxqs);
	free(ap->txqs);
	free(ap);
	port->priv = NULL;
}

static int af_packet_open(struct bp_port *port)
{
	struct af_packet_port *ap = calloc(1, sizeof(*ap));
	int err;

	if (!ap)
		return -ENOMEM;
	ap->port = port;
	port->priv = ap;
	ap->ctl_fd = bp_netdev_open();
	if (ap->ctl_fd < 0) {
		err = ap->ctl_fd;
		bp_log(BP_LOG_ERROR, "port %s: netlink socket: %s", port->conf->name,
		       strerror(-err));
		free(ap);
		port->priv = NULL;
		return err;
	}
	ap->mode = af_packet_conf(port->conf)->mode;
	/* The ring costs a copy in user space, and is still the faster one at every frame size
	 * (docs/performance.md has the measurement). */
	ap->has_tx_ring =
		ap->mode == AF_PACKET_MMAP && af_packet_conf(port->conf)->tx != AF_PACKET_TX_SEND;
	err = find_device(ap);
	if (!err)
		err = try_socket(ap);
	if (!err) {
		err = alloc_queues(ap);
		if (!err)
			err = add_pools(ap);
		if (err)
			bp_log(BP_LOG_ERROR, "port %s: cannot set up its queues: %s",
			       port->conf->name, strerror(-err));
	}
	if (err)
		af_packet_close(port);
	return err;
}

/* ---- start, stop ------------------------------------------------------------------------------ */

/* Add the kernel's count of frames that found no room, which reading clears. */
static void read_drops(struct af_packet_rxq *rq)
{
	struct tpacket_stats stats = { 0 };
	socklen_t n_bytes = sizeof(stats);

	if (rq->fd >= 0 && !getsockopt(rq->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n_bytes))
		rq->n_kernel_drops += stats.tp_drops;
}

static void stop_queues(struct bp_port *port)
{
	struct af_packet_port *ap = port->priv;

	for (uint16_t i = 0; i < port->n_rxq; i++) {
		struct af_packet_rxq *rq = &ap->rxqs[i];

		atomic_store_explicit(&port->rxq[i].fd, -1, memory_order_relaxed);
		read_drops(rq);
		af_packet_rx_socket_stop(&port->rxq[i]);
		bp_closer_take(port->env->closer, rq->fd, af_packet_rx_ring_stop(&port->rxq[i]),
			       rq->ring.n_bytes);
		rq->fd = -1;
	}
	for (uint16_t i = 0; i < port->n_txq; i++) {
		af_packet_tx_ring_stop(&port->txq[i]);
		af_packet_tx_send_stop(&port->txq[i]);
	}
}

static void af_packet_stop(struct bp_port *port)
{
	struct af_packet_port *ap = port->priv;

	stop_queues(port);
	bp_netdev_tx_dropped_end(&ap->tx_dropped, port->conf->device);
}

static int start_rxq(struct bp_rxq *q)
{
	struct af_packet_rxq *rq = q->priv;
	int err;

	rq->fd = af_packet_socket_open(rq->ap->mode == AF_PACKET_SOCKET, &rq->vnet_bytes);
	if (rq->fd < 0)
		return rq->fd;
	err = rq->ap->mode == AF_PACKET_SOCKET ? af_packet_rx_socket_start(q)
					       : af_packet_rx_ring_start(q);
	if (err)
		return err;
	err = af_packet_socket_bind_rx(rq->ap, rq->fd);
	if (err)
		return err;
	atomic_store_explicit(&q->fd, rq->fd, memory_order_relaxed);
	return 0;
}

static int start_queues(struct bp_port *port)
{
	struct af_packet_port *ap = port->priv;
	int err = 0;

	for (uint16_t i = 0; !err && i < port->n_rxq; i++)
		err = start_rxq(&port->rxq[i]);
	for (uint16_t i = 0; !err && port->n_rxq > 1 && i < port->n_rxq; i++)
		err = af_packet_socket_listen(ap, ap->rxqs[i].fd);
	for (uint16_t i = 0; !err && i < port->n_txq; i++) {
		err = af_packet_tx_send_start(&port->txq[i]);
		if (!err && ap->has_tx_ring)
			err = af_packet_tx_ring_start(&port->txq[i]);
	}
	return err;
}

static void set_mode(const struct af_packet_port *ap)
{
	struct bp_port_info *info = &ap->port->info;

	if (ap->mode == AF_PACKET_SOCKET)
		strcpy(info->mode, "socket");
	else
		strcpy(info->mode, ap->has_tx_ring ? "mmap-v2+ring" : "mmap-v2+send");
}

/* Longest frame at this MTU: with addresses, type and a VLAN tag. */
static uint32_t frame_bytes_of(int mtu)
{
	return (uint32_t)mtu + ETH_HLEN + VLAN_BYTES;
}

static void learn_gso_types(struct af_packet_port *ap)
{
	atomic_store_explicit(&ap->gso_types,
			      af_packet_gso_types(ap->ctl_fd, ap->port->conf->device),
			      memory_order_relaxed);
}

static int learn_device(struct af_packet_port *ap)
{
	struct bp_port_info *info = &ap->port->info;
	const char *device = ap->port->conf->device;
	int mtu = bp_netdev_mtu(ap->ctl_fd, device);

	if (mtu < 0)
		return mtu;
	info->mtu = (uint32_t)mtu;
	info->max_frame_bytes = frame_bytes_of(mtu);
	info->kind = bp_netdev_driver(ap->ctl_fd, device, info->device_driver);
	learn_gso_types(ap);
	return 0;
}

static int af_packet_start(struct bp_port *port)
{
	struct af_packet_port *ap = port->priv;
	struct bp_port_info *info = &port->info;
	int err;

	ap->fanout_id = -1;
	info->note[0] = '\0';
	ap->ifindex = bp_netdev_index(ap->ctl_fd, port->conf->device);
	if (ap->ifindex < 0)
		return -ENODEV;
	err = learn_device(ap);
	if (err)
		return err;
	err = start_queues(port);
	if (err) {
		stop_queues(port);
		/* The interface vanished between two of these steps. */
		if (err == -ENXIO || bp_netdev_index(ap->ctl_fd, port->conf->device) != ap->ifindex)
			err = -ENODEV;
		if (err != -ENODEV && err != -ENETDOWN)
			bp_log(BP_LOG_ERROR, "port %s: cannot start on %s: %s", port->conf->name,
			       port->conf->device, strerror(-err));
		return err;
	}
	set_mode(ap);
	bp_netdev_tx_dropped_begin(&ap->tx_dropped, port->conf->device);
	info->caps = BP_CAP_VNET_TX | BP_CAP_MULTI_TX | BP_CAP_ENCAP_RX;
	info->rx_copies = 0;
	info->tx_copies = 0;
	return 0;
}

/* ---- while workers poll ----------------------------------------------------------------------- */

/*
 * The MTU may change while workers poll. Slots keep the size of the start: what is longer comes by
 * the socket (ring_v2.c), and goes by sendmmsg() (tx_ring.c).
 */
static void follow_mtu(struct af_packet_port *ap)
{
	struct bp_port_info *info = &ap->port->info;
	int mtu = bp_netdev_mtu(ap->ctl_fd, ap->port->conf->device);

	if (mtu < 0 || (uint32_t)mtu == info->mtu)
		return;
	/* Workers read them in tx_ring.c. Until then what is longer than a lowered MTU still leaves by
	 * the TX ring: the kernel compares no length where metadata stands before the frame. */
	__atomic_store_n(&info->mtu, (uint32_t)mtu, __ATOMIC_RELAXED);
	__atomic_store_n(&info->max_frame_bytes, frame_bytes_of(mtu), __ATOMIC_RELAXED);
}

static enum bp_link af_packet_check(struct bp_port *port)
{
	struct af_packet_port *ap = port->priv;
	enum bp_link link = bp_netdev_link(ap->ctl_fd, port->conf->device, ap->ifindex);

	if (link == BP_LINK_LOST)
		return link;
	/* A device that went down leaves an error on the socket, which makes poll() return at once
	 * until somebody reads it: a ring never does. */
	for (uint16_t i = 0; i < port->n_rxq; i++) {
		int err;
		socklen_t n_bytes = sizeof(err);

		(void)getsockopt(ap->rxqs[i].fd, SOL_SOCKET, SO_ERROR, &err, &n_bytes);
	}
	if (ap->n_checks++ % GSO_EVERY == 0)
		learn_gso_types(ap);
	follow_mtu(ap);
	return link;
}

static unsigned af_packet_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct af_packet_port *ap = port->priv;
	struct bp_reported drops = { &af_packet_counters[0], 0 };
	unsigned n = 0;

	for (uint16_t i = 0; i < port->n_rxq; i++) {
		struct af_packet_rxq *rq = &ap->rxqs[i];

		read_drops(rq);
		drops.value += rq->n_kernel_drops +
			       atomic_load_explicit(&rq->n_not_queued, memory_order_relaxed);
	}
	if (port->n_rxq && n < max)
		out[n++] = drops;
	if (port->n_txq && n < max)
		out[n++] = bp_netdev_tx_dropped_row(&ap->tx_dropped, port->conf->device, true);
	return n;
}

static bool af_packet_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	(void)pool;
	/* sendmmsg() copies from any address; the ring takes frames only as copies. */
	return !((const struct af_packet_txq *)q->priv)->ap->has_tx_ring;
}

/* What passes none of the sockets' filters is the kernel's alone. */
static bool af_packet_rx_end(struct bp_port *port)
{
	const struct af_packet_port *ap = port->priv;
	bool is_deaf = true;

	for (uint16_t i = 0; i < port->n_rxq; i++)
		is_deaf &= !bp_netdev_deafen(ap->rxqs[i].fd);
	return is_deaf;
}

static unsigned af_packet_sockets(const struct bp_port *port, int *fds, unsigned max)
{
	const struct af_packet_port *ap = port->priv;
	unsigned n = 0;

	for (; n < port->n_rxq && n < max; n++)
		fds[n] = ap->rxqs[n].fd;
	return n;
}

static const struct bp_driver_ops af_packet_ops = {
	.open = af_packet_open,
	.start = af_packet_start,
	.rx_end = af_packet_rx_end,
	.sockets = af_packet_sockets,
	.stop = af_packet_stop,
	.close = af_packet_close,
	.check = af_packet_check,
	.stats = af_packet_stats,
	.accepts = af_packet_accepts,
	.direct = af_packet_direct_choose,
};

const struct bp_driver bp_driver_af_packet = {
	.abi = BP_DRIVER_ABI,
	.name = "af_packet",
	.ops = &af_packet_ops,
};
