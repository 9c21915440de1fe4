/* Driver `af_xdp`: an interface's queues through AF_XDP sockets, in the best mode it allows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "bypath/log.h"

#include "core/netdev.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- open, close ------------------------------------------------------------------------------ */

static int check_frame_bytes(const struct bp_port *port)
{
	uint32_t frame_bytes = port->env->arena->frame_bytes;

	if (frame_bytes == 2048 || frame_bytes == 4096)
		return 0;
	bp_log(BP_LOG_ERROR,
	       "port %s: AF_XDP takes frames of 2048 or 4096 bytes, not %u: set [memory] "
	       "frame_bytes = 4096 (longer packets take several frames)",
	       port->conf->name, frame_bytes);
	return -EINVAL;
}

/* 0, -ENODEV and the like; nothing is logged. */
static int learn_device(struct af_xdp_port *xp)
{
	const char *name = xp->port->conf->device;
	struct af_xdp_device dev = { .driver = "" };
	int ifindex = bp_netdev_index(xp->ctl_fd, name), mtu = bp_netdev_mtu(xp->ctl_fd, name);

	if (ifindex < 0 || mtu < 0)
		return ifindex < 0 ? ifindex : mtu;
	dev.ifindex = ifindex;
	dev.mtu = (uint32_t)mtu;
	snprintf(dev.name, sizeof(dev.name), "%.15s", name);
	dev.kind = bp_netdev_driver(xp->ctl_fd, name, dev.driver);
	(void)bp_netdev_channels(xp->ctl_fd, name, &dev.queues);
	xp->dev = dev;
	return 0;
}

static int open_device(struct af_xdp_port *xp)
{
	const struct bp_port_conf *conf = xp->port->conf;
	char why[AF_XDP_WHY_BYTES];
	int err;

	xp->ctl_fd = bp_netdev_open();
	if (xp->ctl_fd < 0) {
		err = xp->ctl_fd;
		bp_log(BP_LOG_ERROR, "port %s: open a control socket: %s", conf->name,
		       strerror(-err));
		return err;
	}
	err = learn_device(xp);
	if (err)
		bp_log(BP_LOG_ERROR,
		       "port %s: device %s: %s: see `ip link` for the interfaces there are",
		       conf->name, conf->device, strerror(-err));
	if (err || !bp_netdev_need_ethernet(conf->device, why, sizeof(why)))
		return err;
	bp_log(BP_LOG_ERROR, "port %s: %s", conf->name, why);
	return -EINVAL;
}

static void free_port(struct af_xdp_port *xp)
{
	af_xdp_nic_restore(xp);
	af_xdp_prog_unload(xp->prog);
	if (xp->ctl_fd >= 0)
		close(xp->ctl_fd);
	free(xp->queues);
	free(xp);
}

static int af_xdp_open(struct bp_port *port)
{
	unsigned n_queues = port->n_rxq > port->n_txq ? port->n_rxq : port->n_txq;
	struct af_xdp_port *xp;
	char why[AF_XDP_WHY_BYTES] = "out of memory";
	int err = check_frame_bytes(port);

	if (err)
		return err;
	xp = calloc(1, sizeof(*xp));
	if (!xp)
		return -ENOMEM;
	xp->port = port;
	xp->ctl_fd = -1;
	xp->promisc_fd = -1;
	xp->n_queues = n_queues;
	xp->queues = aligned_alloc(BP_CACHE_LINE, (n_queues ? n_queues : 1) * sizeof(*xp->queues));
	err = xp->queues ? open_device(xp) : -ENOMEM;
	if (err)
		goto free_xp;
	memset(xp->queues, 0, n_queues * sizeof(*xp->queues));
	/* Loaded even where it is not attached in the end: permission shows at once. */
	err = af_xdp_prog_load(n_queues ? n_queues : 1, &xp->prog, why, sizeof(why));
	if (err) {
		bp_log(BP_LOG_ERROR, "port %s: load the XDP program: %s: %s", port->conf->name,
		       strerror(-err), why);
		goto free_xp;
	}
	port->priv = xp;
	return 0;

free_xp:
	free_port(xp);
	return err;
}

static void af_xdp_close(struct bp_port *port)
{
	free_port(port->priv);
	port->priv = NULL;
}

/* --- start ------------------------------------------------------------------------------------ */

/* What to do about queues: n of them, where the device can change that, or queues = n_possible. */
static void add_remedy(const struct af_xdp_port *xp, unsigned n, unsigned n_possible, char *why,
		       size_t why_bytes)
{
	const struct af_xdp_device *dev = &xp->dev;
	size_t used = strlen(why);

	if (bp_netdev_has_fixed_channels(xp->ctl_fd, dev->name))
		snprintf(why + used, why_bytes - used,
			 "%s cannot change that (no ethtool -L): set queues = %u, and let no more "
			 "than %u workers send to it",
			 dev->driver, n_possible, dev->queues.n_tx);
	else if (dev->queues.is_combined || n < dev->queues.n_rx)
		snprintf(why + used, why_bytes - used,
			 "run `ethtool -L %s %s %u` or set queues = %u", dev->name,
			 dev->queues.is_combined ? "combined" : "rx", n, n_possible);
	else
		snprintf(why + used, why_bytes - used,
			 "run `ethtool -L %s rx %u tx %u` or set queues = %u", dev->name, n, n,
			 n_possible);
}

/* A device queue without a socket would be a leak into the kernel: there must be none. */
static int check_queues(const struct af_xdp_port *xp, char *why, size_t why_bytes)
{
	const struct bp_port *port = xp->port;
	const struct af_xdp_device *dev = &xp->dev;

	if (port->n_rxq && dev->queues.n_rx > port->n_rxq) {
		snprintf(why, why_bytes,
			 "%s has %u receive queues and queues = %u: packets of the others would "
			 "go to the kernel instead: ",
			 dev->name, dev->queues.n_rx, port->n_rxq);
		add_remedy(xp, port->n_rxq, dev->queues.n_rx, why, why_bytes);
		return -EINVAL;
	}
	if ((dev->queues.n_rx && port->n_rxq > dev->queues.n_rx) ||
	    (dev->queues.n_tx && port->n_txq > dev->queues.n_tx)) {
		snprintf(why, why_bytes,
			 "%s has %u receive and %u transmit queues, %u of each are needed: ",
			 dev->name, dev->queues.n_rx, dev->queues.n_tx, xp->n_queues);
		add_remedy(xp, xp->n_queues,
			   dev->queues.n_rx < dev->queues.n_tx ? dev->queues.n_rx
							       : dev->queues.n_tx,
			   why, why_bytes);
		return -EINVAL;
	}
	return 0;
}

static void fill_info(struct af_xdp_port *xp, enum af_xdp_mode mode)
{
	struct bp_port_info *info = &xp->port->info;
	const struct af_xdp_device *dev = &xp->dev;

	snprintf(info->mode, sizeof(info->mode), "%s", af_xdp_mode_name(mode));
	snprintf(info->device_driver, sizeof(info->device_driver), "%s", dev->driver);
	info->kind = dev->kind;
	info->mtu = dev->mtu;
	info->rx_copies = 0;
	info->tx_copies = 0;
	if (dev->kind == BP_DEVICE_VETH || dev->kind == BP_DEVICE_TAP) {
		info->caps |= BP_CAP_CSUM_INFER;
		/* A tap's writer hands super-frames to generic XDP even beside a native program. On
		 * veth none come while a native program is attached. */
		if (mode == AF_XDP_SKB || dev->kind == BP_DEVICE_TAP)
			info->caps |= BP_CAP_GSO_INFER;
	}
	if (!xp->port->n_rxq && !info->note[0])
		snprintf(info->note, sizeof(info->note), "sends only: %s",
			 mode == AF_XDP_ZEROCOPY ? "nothing is received from it"
						 : "no XDP program is attached");
}

/* The MTU allows what TX cannot carry: it works, but not for the longest packets. */
static void warn_about_mtu(const struct af_xdp_port *xp)
{
	const struct bp_port *port = xp->port;

	if (port->n_txq && port->info.max_frame_bytes < xp->dev.mtu + ETH_HLEN)
		bp_log(BP_LOG_WARN,
		       "port %s: the MTU of %s is %u, but a packet to send is at most %u bytes in "
		       "frames of %u: longer ones are dropped as tx_too_long: lower the MTU%s",
		       port->conf->name, xp->dev.name, xp->dev.mtu, port->info.max_frame_bytes,
		       port->env->arena->frame_bytes,
		       port->env->arena->frame_bytes < 4096 ? " or set [memory] frame_bytes = 4096"
							    : "");
}

/* On veth a VLAN interface of the sender leaves the tag in metadata, and the frame comes without
 * it. */
static void warn_about_tags(const struct af_xdp_port *xp, enum af_xdp_mode mode)
{
	const struct bp_port *port = xp->port;

	if (!port->n_rxq || xp->dev.kind != BP_DEVICE_VETH || af_xdp_prog_puts_tags_back(xp->prog))
		return;
	bp_log(BP_LOG_WARN,
	       "port %s: frames from VLAN interfaces at the peer of %s come without their tag: %s: run "
	       "`ethtool -K PEER txvlan off` there",
	       port->conf->name, xp->dev.name,
	       mode == AF_XDP_SKB
		       ? "mode = skb does not see it"
		       : "the kernel does not tell it (Linux 6.8, with BTF, and a native mode do)");
}

static void publish_queues(struct af_xdp_port *xp)
{
	struct bp_port *port = xp->port;

	for (unsigned i = 0; i < port->n_rxq; i++) {
		port->rxq[i].priv = &xp->queues[i].rx;
		port->rxq[i].driver_burst = af_xdp_rx_burst;
		atomic_store_explicit(&port->rxq[i].fd, xp->queues[i].rx.fd, memory_order_relaxed);
	}
	for (unsigned i = 0; i < port->n_txq; i++) {
		port->txq[i].priv = &xp->queues[i].tx;
		port->txq[i].driver_burst = af_xdp_tx_burst;
	}
}

/* A failure is told once; a retry that fails in the same way is not worth a line every 100 ms. */
static int say_failure(struct af_xdp_port *xp, int err, const char *why)
{
	if (err != xp->logged_err)
		bp_log(BP_LOG_ERROR, "port %s: start af_xdp on %s: %s", xp->port->conf->name,
		       xp->port->conf->device, why[0] ? why : strerror(-err));
	xp->logged_err = err;
	return err;
}

static int af_xdp_start(struct bp_port *port)
{
	struct af_xdp_port *xp = port->priv;
	char why[AF_XDP_WHY_BYTES] = "";
	enum af_xdp_mode mode;
	int ret = learn_device(xp);

	if (ret)
		return ret == -ENODEV ? ret : say_failure(xp, ret, strerror(-ret));
	ret = check_queues(xp, why, sizeof(why));
	/* A port that only sends does not touch a program that somebody else has attached. */
	if (!ret && port->n_rxq)
		ret = af_xdp_prog_check_none(&xp->dev, af_xdp_busy_tries(xp), why, sizeof(why));
	if (ret)
		return say_failure(xp, ret, why);
	ret = af_xdp_nic_take(xp, why, sizeof(why));
	if (ret)
		return ret == -ENODEV ? ret : say_failure(xp, ret, why);
	ret = af_xdp_mode_start(xp, why, sizeof(why));
	if (ret < 0) {
		af_xdp_nic_release(xp);
		return ret == -ENODEV ? ret : say_failure(xp, ret, why);
	}
	mode = (enum af_xdp_mode)ret;
	xp->is_zerocopy = mode == AF_XDP_ZEROCOPY;
	fill_info(xp, mode);
	warn_about_mtu(xp);
	if (!xp->was_started)
		warn_about_tags(xp, mode);
	publish_queues(xp);
	bp_netdev_tx_dropped_begin(&xp->tx_dropped, xp->dev.name);
	xp->was_started = true;
	xp->logged_err = 0;
	return 0;
}

/* The program stays, and lets pass what it has no socket for. */
static bool af_xdp_rx_end(struct bp_port *port)
{
	struct af_xdp_port *xp = port->priv;

	af_xdp_prog_unset_sockets(xp->prog, xp->n_queues);
	return true;
}

static void af_xdp_stop(struct bp_port *port)
{
	struct af_xdp_port *xp = port->priv;

	bp_netdev_tx_dropped_end(&xp->tx_dropped, xp->dev.name);
	af_xdp_prog_detach(xp->prog);
	for (unsigned i = 0; i < port->n_rxq; i++)
		atomic_store_explicit(&port->rxq[i].fd, -1, memory_order_relaxed);
	af_xdp_mode_close_queues(xp);
	af_xdp_nic_release(xp);
}

/* --- while it runs ---------------------------------------------------------------------------- */

/* A socket whose device is unregistered carries ENETDOWN from then on. */
static bool has_socket_error(const struct af_xdp_port *xp)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (!xp->n_queues || !xp->queues[0].xsk)
		return false;
	(void)getsockopt(xsk_socket__fd(xp->queues[0].xsk), SOL_SOCKET, SO_ERROR, &err, &len);
	return err != 0;
}

/* Buffers, longest packet and offloads were chosen for the MTU of the start: said once of each new one. */
static bool has_new_mtu(struct af_xdp_port *xp)
{
	int mtu = bp_netdev_mtu(xp->ctl_fd, xp->dev.name);

	if (mtu < 0 || (uint32_t)mtu == xp->dev.mtu)
		return false;
	bp_log(BP_LOG_WARN, "port %s: the MTU of %s was %u and is %d now", xp->port->conf->name,
	       xp->dev.name, xp->dev.mtu, mtu);
	xp->dev.mtu = (uint32_t)mtu;
	return true;
}

/*
 * Without its program nothing reaches the sockets, and nothing else shows it. The port starts again, which
 * puts the program back; unless another one is attached by then, which is its owner's to take away.
 */
static bool has_lost_program(const struct af_xdp_port *xp)
{
	char why[AF_XDP_WHY_BYTES];

	if (!af_xdp_prog_check(xp->prog, why, sizeof(why)))
		return false;
	bp_log(BP_LOG_WARN, "port %s: the XDP program on %s was %s: the port starts again",
	       xp->port->conf->name, xp->dev.name, why);
	return true;
}

static enum bp_link af_xdp_check(struct bp_port *port)
{
	struct af_xdp_port *xp = port->priv;
	enum bp_link link = bp_netdev_link(xp->ctl_fd, port->conf->device, xp->dev.ifindex);

	if (link == BP_LINK_LOST || has_socket_error(xp) || has_lost_program(xp))
		return BP_LINK_LOST;
	return has_new_mtu(xp) ? BP_LINK_CHANGED : link;
}

static unsigned af_xdp_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct af_xdp_port *xp = port->priv;
	struct xdp_statistics sum = xp->past;
	unsigned n = 0;

	for (unsigned i = 0; i < xp->n_queues; i++)
		if (xp->queues[i].xsk)
			af_xdp_queue_stats(&xp->queues[i], &sum);
	const struct bp_reported all[] = {
		{ &af_xdp_counters[AF_XDP_RX_DROPPED], sum.rx_dropped },
		{ &af_xdp_counters[AF_XDP_RX_RING_FULL], sum.rx_ring_full },
		{ &af_xdp_counters[AF_XDP_FILL_RING_EMPTY], sum.rx_fill_ring_empty_descs },
		{ &af_xdp_counters[AF_XDP_RX_INVALID], sum.rx_invalid_descs },
		{ &af_xdp_counters[AF_XDP_TX_INVALID], sum.tx_invalid_descs },
		bp_netdev_tx_dropped_row(&xp->tx_dropped, xp->dev.name, !xp->is_zerocopy),
	};

	for (; n < max && n < sizeof(all) / sizeof(all[0]); n++)
		out[n] = all[n];
	return n;
}

static bool af_xdp_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	return pool == bp_frames_pool(q->port->env->frames);
}

static const struct bp_driver_ops af_xdp_ops = {
	.open = af_xdp_open,
	.start = af_xdp_start,
	.rx_end = af_xdp_rx_end,
	.stop = af_xdp_stop,
	.close = af_xdp_close,
	.check = af_xdp_check,
	.stats = af_xdp_stats,
	.accepts = af_xdp_accepts,
};

const struct bp_driver bp_driver_af_xdp = {
	.abi = BP_DRIVER_ABI,
	.name = "af_xdp",
	.ops = &af_xdp_ops,
};
