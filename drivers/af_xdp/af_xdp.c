/* Driver `af_xdp`: an interface's queues through AF_XDP sockets, in the best mode it allows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "bypath/log.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VLAN_BYTES 4u

enum xsk_mode { MODE_ZEROCOPY, MODE_COPY, MODE_SKB, MODE_N };

static const struct {
	const char *key; /* in the configuration */
	const char *name; /* in the report */
	bool is_native;
	uint16_t bind_flag;
} modes[MODE_N] = {
	[MODE_ZEROCOPY] = { "zerocopy", "native-zerocopy", true, XDP_ZEROCOPY },
	[MODE_COPY] = { "copy", "native-copy", true, XDP_COPY },
	[MODE_SKB] = { "skb", "skb-copy", false, XDP_COPY },
};

/* The mode asked for; auto is the best one, with leave to fall back. MODE_N: no such word. */
static enum xsk_mode first_mode(const struct bp_port_conf *conf, bool *is_auto)
{
	*is_auto = !conf->mode[0] || strcmp(conf->mode, "auto") == 0;
	if (*is_auto)
		return MODE_ZEROCOPY;
	for (unsigned i = 0; i < MODE_N; i++)
		if (strcmp(conf->mode, modes[i].key) == 0)
			return (enum xsk_mode)i;
	return MODE_N;
}

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

static int check_conf(const struct bp_port *port)
{
	const struct bp_port_conf *conf = port->conf;
	bool is_auto;

	if (first_mode(conf, &is_auto) == MODE_N) {
		bp_log(BP_LOG_ERROR, "port %s: mode = %s: af_xdp knows auto, zerocopy, copy, skb",
		       conf->name, conf->mode);
		return -EINVAL;
	}
	return check_frame_bytes(port);
}

static int open_device(struct xsk_port *xp)
{
	const struct bp_port_conf *conf = xp->port->conf;
	int err;

	xp->ctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (xp->ctl_fd < 0) {
		err = -errno;
		bp_log(BP_LOG_ERROR, "port %s: open a control socket: %s", conf->name,
		       strerror(-err));
		return err;
	}
	err = xsk_device_query(xp->ctl_fd, conf->device, &xp->dev);
	if (err)
		bp_log(BP_LOG_ERROR,
		       "port %s: device %s: %s: see `ip link` for the interfaces there are",
		       conf->name, conf->device, strerror(-err));
	return err;
}

static void free_port(struct xsk_port *xp)
{
	xsk_prog_unload(xp->prog);
	if (xp->ctl_fd >= 0)
		close(xp->ctl_fd);
	free(xp->queues);
	free(xp);
}

static int af_xdp_open(struct bp_port *port)
{
	unsigned n_queues = port->n_rxq > port->n_txq ? port->n_rxq : port->n_txq;
	struct xsk_port *xp;
	char why[XSK_WHY_BYTES] = "out of memory";
	int err = check_conf(port);

	if (err)
		return err;
	xp = calloc(1, sizeof(*xp));
	if (!xp)
		return -ENOMEM;
	xp->port = port;
	xp->ctl_fd = -1;
	xp->n_queues = n_queues;
	xp->queues = aligned_alloc(BP_CACHE_LINE, (n_queues ? n_queues : 1) * sizeof(*xp->queues));
	err = xp->queues ? open_device(xp) : -ENOMEM;
	if (err)
		goto free_xp;
	memset(xp->queues, 0, n_queues * sizeof(*xp->queues));
	/* Loaded even where it is not attached in the end: permission shows at once. */
	err = xsk_prog_load(n_queues ? n_queues : 1, &xp->prog, why, sizeof(why));
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

/* A device queue without a socket would be a leak into the kernel: there must be none. */
static int check_queues(const struct xsk_port *xp, char *why, size_t why_bytes)
{
	const struct bp_port *port = xp->port;
	const struct xsk_device *dev = &xp->dev;
	const char *kind = dev->is_combined ? "combined" : "rx";

	if (port->n_rxq && dev->n_rx > port->n_rxq) {
		snprintf(why, why_bytes,
			 "%s has %u receive queues and queues = %u: packets of the others would "
			 "go to the kernel instead: run `ethtool -L %s %s %u` or set queues = %u",
			 dev->name, dev->n_rx, port->n_rxq, dev->name, kind, port->n_rxq,
			 dev->n_rx);
		return -EINVAL;
	}
	if ((dev->n_rx && port->n_rxq > dev->n_rx) || (dev->n_tx && port->n_txq > dev->n_tx)) {
		snprintf(why, why_bytes,
			 "%s has %u receive and %u transmit queues, %u of each are needed: run "
			 "`ethtool -L %s %s` or set queues = %u",
			 dev->name, dev->n_rx, dev->n_tx, xp->n_queues, dev->name,
			 dev->is_combined ? "combined N" : "rx N tx N",
			 dev->n_rx < dev->n_tx ? dev->n_rx : dev->n_tx);
		return -EINVAL;
	}
	return 0;
}

static unsigned busy_tries(const struct xsk_port *xp)
{
	return xp->was_started ? XSK_RETRY_TRIES : XSK_BUSY_TRIES;
}

static int check_no_other_prog(const struct xsk_port *xp, char *why, size_t why_bytes)
{
	const char *device = xp->dev.name;
	const char *how = "xdp"; /* what `ip link` calls the place */
	int id = xsk_prog_attached(xp->dev.ifindex, &how);

	/* A bypath that was just killed takes a moment to let go. */
	for (unsigned i = 1; id > 0 && i < busy_tries(xp) && xsk_prog_is_bypath(id); i++) {
		xsk_pause();
		id = xsk_prog_attached(xp->dev.ifindex, &how);
	}
	if (id <= 0)
		return id;
	snprintf(why, why_bytes,
		 "XDP program %d is attached to %s already: stop the process that owns it "
		 "(`bpftool prog show id %d`), or `ip link set dev %s %s off`",
		 id, device, id, device, how);
	return -EBUSY;
}

/* Why the kernel did not attach the program, as far as the error code tells. */
static void explain_attach(const struct xsk_port *xp, bool is_native, int err, char *why,
			   size_t why_bytes)
{
	const struct xsk_device *dev = &xp->dev;
	const char *name = dev->name;

	if (err == -EOPNOTSUPP && is_native)
		snprintf(why, why_bytes, "the driver of %s has no native XDP", name);
	else if (err == -ENOSPC && dev->kind == BP_DEVICE_VETH)
		snprintf(why, why_bytes,
			 "%s needs as many receive queues as its peer has "
			 "transmit queues: see `ethtool -l` at both ends",
			 name);
	else if (err == -ENOTCONN)
		snprintf(why, why_bytes, "%s has no peer", name);
	else if ((err == -ERANGE || err == -EINVAL) && is_native)
		snprintf(why, why_bytes,
			 "the driver of %s refuses native XDP, likely for MTU %u: "
			 "lower it with `ip link set dev %s mtu`",
			 name, dev->mtu, name);
	else
		snprintf(why, why_bytes, "attach the XDP program%s: %s",
			 is_native ? " natively" : "", strerror(-err));
}

static void close_queues(struct xsk_port *xp)
{
	for (unsigned i = 0; i < xp->n_queues; i++) {
		uint32_t n_abandoned = xsk_queue_close(xp, i);

		if (i < xp->port->n_txq) {
			struct bp_txq *q = &xp->port->txq[i];

			if (n_abandoned)
				bp_count(&q->counters, BP_DROP_TX_ABANDONED, n_abandoned);
			atomic_store_explicit(&q->n_held, 0, memory_order_relaxed);
		}
	}
}

static int open_queues(struct xsk_port *xp, uint16_t bind_flags, char *why, size_t why_bytes)
{
	const struct bp_port *port = xp->port;
	const struct bp_port_conf *conf = port->conf;
	int err = 0;

	for (unsigned i = 0; i < xp->n_queues && !err; i++) {
		const struct xsk_plan plan = {
			.ring_size = conf->ring_size ? conf->ring_size : XSK_DEFAULT_RING,
			.bind_flags = bind_flags,
			.has_rx = i < port->n_rxq,
			.has_tx = i < port->n_txq,
			.busy_poll_us = conf->busy_poll_us,
			.busy_tries = busy_tries(xp),
		};

		err = xsk_queue_open(xp, i, &plan, why, why_bytes);
		if (err || !plan.has_rx)
			continue;
		err = xsk_prog_set_socket(xp->prog, i, xsk_socket__fd(xp->queues[i].xsk));
		if (err)
			snprintf(why, why_bytes, "put the socket of queue %u into the XSKMAP: %s",
				 i, strerror(-err));
	}
	if (err)
		close_queues(xp);
	return err;
}

/* Longest frame that TX carries with one view per packet, or with SG. */
static uint32_t max_frame_bytes(const struct xsk_port *xp, uint16_t bind_flags)
{
	uint32_t wanted = xp->dev.mtu + ETH_HLEN + VLAN_BYTES;
	uint32_t n_views = 1;

	if (bind_flags & XDP_USE_SG)
		n_views = bind_flags & XDP_ZEROCOPY ? XSK_ZC_MAX_VIEWS : XSK_COPY_MAX_VIEWS;
	return wanted < n_views * bp_frames_room(xp->port->env->frames)
		       ? wanted
		       : n_views * bp_frames_room(xp->port->env->frames);
}

/* One mode, with packets of several views or without. The program goes on last: until then the
 * kernel keeps its packets. */
static int try_once(struct xsk_port *xp, enum xsk_mode mode, uint16_t sg, char *why,
		    size_t why_bytes)
{
	uint16_t bind_flags = (uint16_t)(modes[mode].bind_flag | sg);
	int err;

	xp->port->info.max_frame_bytes = max_frame_bytes(xp, bind_flags);
	err = open_queues(xp, bind_flags, why, why_bytes);
	if (err == -EOPNOTSUPP && mode == MODE_ZEROCOPY)
		snprintf(why, why_bytes, "the driver of %s has no zero-copy%s", xp->dev.name,
			 sg ? ", or none for packets of several frames" : "");
	/* Sending in copy mode needs no program: what the interface receives stays untouched. */
	if (err || (!xp->port->n_rxq && mode != MODE_ZEROCOPY))
		return err;
	err = xsk_prog_attach(xp->prog, xp->dev.ifindex, modes[mode].is_native);
	if (err) {
		explain_attach(xp, modes[mode].is_native, err, why, why_bytes);
		close_queues(xp);
	}
	return err;
}

static int try_mode(struct xsk_port *xp, enum xsk_mode mode, char *why, size_t why_bytes)
{
	uint32_t longest = xp->dev.mtu + ETH_HLEN, room = bp_frames_room(xp->port->env->frames);
	char why_not[XSK_WHY_BYTES];
	int err = try_once(xp, mode, XDP_USE_SG, why, why_bytes);

	/* EINVAL: before Linux 6.6; EOPNOTSUPP: zero-copy for single buffers only. */
	if (err != -EINVAL && err != -EOPNOTSUPP)
		goto out;
	if (longest > room) {
		if (err == -EINVAL) {
			snprintf(why, why_bytes,
				 "MTU %u is larger than the frame size, and this kernel has no "
				 "packets of several frames for AF_XDP (Linux 6.6): lower the MTU "
				 "to %u%s",
				 xp->dev.mtu, room - ETH_HLEN,
				 room < longest && longest <= 4096 - BP_HEADROOM
					 ? " or set [memory] frame_bytes = 4096"
					 : "");
			err = -EMSGSIZE;
		}
		goto out;
	}
	if (try_once(xp, mode, 0, why_not, sizeof(why_not)) == 0) {
		xp->port->info.caps = BP_CAP_PLAIN_RX;
		return 0;
	}
	snprintf(why, why_bytes, "%s", why_not);
out:
	if (!err)
		xp->port->info.caps = BP_CAP_MULTI_TX | BP_CAP_PLAIN_RX;
	return err;
}

/* "not zerocopy: …; not copy: …": why each better mode was not to be had. */
static void note_failure(struct bp_port_info *info, enum xsk_mode mode, const char *why)
{
	size_t len = strlen(info->note);

	snprintf(info->note + len, sizeof(info->note) - len, "%snot %s: %s", len ? "; " : "",
		 modes[mode].key, why);
}

/* Try the modes from the one asked for downwards. Returns the mode got, or -errno. */
static int choose_mode(struct xsk_port *xp, char *why, size_t why_bytes)
{
	const struct bp_port_conf *conf = xp->port->conf;
	struct bp_port_info *info = &xp->port->info;
	bool is_auto;
	enum xsk_mode first = first_mode(conf, &is_auto);
	int err = -EINVAL;

	info->note[0] = '\0';
	for (unsigned mode = first; mode < MODE_N; mode++) {
		err = try_mode(xp, (enum xsk_mode)mode, why, why_bytes);
		if (!err)
			return (int)mode;
		/* What no other mode would mend, and what strict forbids to mend. Beside another's
		 * program zero-copy cannot even send, copy mode can. */
		if ((err == -EBUSY && xp->port->n_rxq) || err == -EPERM || err == -ENOBUFS ||
		    err == -ENOMEM || err == -ENODEV || (conf->strict && !is_auto))
			break;
		note_failure(info, (enum xsk_mode)mode, why);
	}
	return err;
}

/* Read back what the kernel made of it. */
static void confirm_mode(struct xsk_port *xp, enum xsk_mode *mode)
{
	bool is_zerocopy = xp->n_queues && xsk_queue_is_zerocopy(&xp->queues[0]);
	int is_native = modes[*mode].is_native;

	if (xp->port->n_rxq)
		is_native = xsk_prog_is_native(xp->dev.ifindex);
	if (is_zerocopy)
		*mode = MODE_ZEROCOPY;
	else if (is_native >= 0)
		*mode = is_native ? MODE_COPY : MODE_SKB;
}

static void fill_info(struct xsk_port *xp, enum xsk_mode mode)
{
	struct bp_port_info *info = &xp->port->info;
	const struct xsk_device *dev = &xp->dev;

	snprintf(info->mode, sizeof(info->mode), "%s", modes[mode].name);
	snprintf(info->device_driver, sizeof(info->device_driver), "%s", dev->driver);
	info->kind = dev->kind;
	info->mtu = dev->mtu;
	info->rx_copies = 0;
	info->tx_copies = 0;
	if (dev->kind == BP_DEVICE_VETH || dev->kind == BP_DEVICE_TAP) {
		info->caps |= BP_CAP_CSUM_INFER;
		/* A tap's writer hands super-frames to generic XDP even where the program is
		 * native; veth stops making them once it is. */
		if (mode == MODE_SKB || dev->kind == BP_DEVICE_TAP)
			info->caps |= BP_CAP_GSO_INFER;
	}
	if (!xp->port->n_rxq && !info->note[0])
		snprintf(info->note, sizeof(info->note), "sends only: %s",
			 mode == MODE_ZEROCOPY ? "nothing is received from it"
					       : "no XDP program is attached");
}

/* The MTU allows what TX cannot carry: it works, but not for the longest packets. */
static void warn_about_mtu(const struct xsk_port *xp)
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

static void publish_queues(struct xsk_port *xp)
{
	struct bp_port *port = xp->port;

	for (unsigned i = 0; i < port->n_rxq; i++) {
		port->rxq[i].priv = &xp->queues[i].rx;
		port->rxq[i].driver_burst = xsk_rx_burst;
		atomic_store_explicit(&port->rxq[i].fd, xp->queues[i].rx.fd, memory_order_relaxed);
	}
	for (unsigned i = 0; i < port->n_txq; i++) {
		port->txq[i].priv = &xp->queues[i].tx;
		port->txq[i].driver_burst = xsk_tx_burst;
	}
}

/* A failure is told once; a retry that fails in the same way is not worth a line every 100 ms. */
static int say_failure(struct xsk_port *xp, int err, const char *why)
{
	if (err != xp->logged_err)
		bp_log(BP_LOG_ERROR, "port %s: start af_xdp on %s: %s", xp->port->conf->name,
		       xp->port->conf->device, why[0] ? why : strerror(-err));
	xp->logged_err = err;
	return err;
}

static int af_xdp_start(struct bp_port *port)
{
	struct xsk_port *xp = port->priv;
	char why[XSK_WHY_BYTES] = "";
	enum xsk_mode mode;
	int ret = xsk_device_query(xp->ctl_fd, port->conf->device, &xp->dev);

	if (ret)
		return ret == -ENODEV ? ret : say_failure(xp, ret, strerror(-ret));
	ret = check_queues(xp, why, sizeof(why));
	/* A port that only sends leaves another's program alone. */
	if (!ret && port->n_rxq)
		ret = check_no_other_prog(xp, why, sizeof(why));
	if (ret)
		return say_failure(xp, ret, why);
	ret = choose_mode(xp, why, sizeof(why));
	if (ret < 0)
		return ret == -ENODEV ? ret : say_failure(xp, ret, why);
	mode = (enum xsk_mode)ret;
	confirm_mode(xp, &mode);
	fill_info(xp, mode);
	warn_about_mtu(xp);
	publish_queues(xp);
	xp->base_tx_dropped = 0;
	(void)xsk_device_tx_dropped(xp->dev.name, &xp->base_tx_dropped);
	xp->last_tx_dropped = xp->base_tx_dropped;
	xp->was_started = true;
	xp->logged_err = 0;
	return 0;
}

/* Drops of the device since the first start; what it has counted stays when it vanishes. */
static uint64_t read_tx_dropped(struct xsk_port *xp)
{
	uint64_t now;

	if (xsk_device_tx_dropped(xp->dev.name, &now) == 0 && now >= xp->last_tx_dropped)
		xp->last_tx_dropped = now;
	return xp->past_tx_dropped + xp->last_tx_dropped - xp->base_tx_dropped;
}

static void af_xdp_stop(struct bp_port *port)
{
	struct xsk_port *xp = port->priv;

	xp->past_tx_dropped = read_tx_dropped(xp);
	xp->base_tx_dropped = xp->last_tx_dropped;
	xsk_prog_detach(xp->prog);
	for (unsigned i = 0; i < port->n_rxq; i++)
		atomic_store_explicit(&port->rxq[i].fd, -1, memory_order_relaxed);
	close_queues(xp);
}

/* --- while it runs ---------------------------------------------------------------------------- */

/* A socket whose device is unregistered carries ENETDOWN from then on. */
static bool has_socket_error(const struct xsk_port *xp)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (!xp->n_queues || !xp->queues[0].xsk)
		return false;
	(void)getsockopt(xsk_socket__fd(xp->queues[0].xsk), SOL_SOCKET, SO_ERROR, &err, &len);
	return err != 0;
}

/* Buffers, longest packet and offloads were chosen for the MTU of the start: start again for another. */
static bool has_new_mtu(const struct xsk_port *xp)
{
	uint32_t mtu = xsk_device_mtu(xp->ctl_fd, xp->dev.name);

	if (!mtu || mtu == xp->dev.mtu)
		return false;
	bp_log(BP_LOG_WARN, "port %s: the MTU of %s was %u and is %u now: the port starts again",
	       xp->port->conf->name, xp->dev.name, xp->dev.mtu, mtu);
	return true;
}

static int af_xdp_check(struct bp_port *port)
{
	struct xsk_port *xp = port->priv;
	bool is_running = false;
	int ifindex = xsk_device_probe(xp->ctl_fd, port->conf->device, &is_running);

	if (ifindex < 0 || (unsigned)ifindex != xp->dev.ifindex || has_socket_error(xp))
		return BP_LINK_LOST;
	if (has_new_mtu(xp))
		return BP_LINK_LOST;
	return is_running ? BP_LINK_UP : BP_LINK_DOWN;
}

static unsigned af_xdp_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct xsk_port *xp = port->priv;
	struct xdp_statistics sum = xp->past;
	unsigned n = 0;

	for (unsigned i = 0; i < xp->n_queues; i++)
		if (xp->queues[i].xsk)
			xsk_queue_stats(&xp->queues[i], &sum);
	const struct bp_reported all[] = {
		{ "rx_dropped", sum.rx_dropped, true },
		{ "rx_ring_full", sum.rx_ring_full, true },
		/* Refused attempts to take a frame, not packets: those are in rx_dropped. */
		{ "fill_ring_empty", sum.rx_fill_ring_empty_descs, false },
		{ "rx_invalid", sum.rx_invalid_descs, false },
		{ "tx_invalid", sum.tx_invalid_descs, true },
		{ "dev_tx_dropped", read_tx_dropped(xp), true },
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
	.stop = af_xdp_stop,
	.close = af_xdp_close,
	.check = af_xdp_check,
	.stats = af_xdp_stats,
	.accepts = af_xdp_accepts,
};

const struct bp_driver bp_driver_af_xdp = {
	.abi = BP_DRIVER_ABI,
	.name = "af_xdp",
	.summary = "AF_XDP sockets: frames shared with the kernel, zero-copy where the NIC can",
	.flags = BP_DRIVER_PAIRED_QUEUES,
	.ops = &af_xdp_ops,
};
