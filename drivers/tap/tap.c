/* Driver `tap`: a TUN/TAP interface, through which packets reach the kernel's own stack. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/frames.h"
#include "core/netdev.h"
#include "core/netifs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Since Linux 6.2; older headers lack them. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

/* Since Linux 5.2. */
#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

#define TUN_PATH "/dev/net/tun"

static void explain_attach(const struct bp_port *port, int err)
{
	const char *name = port->conf->device;

	switch (err) {
	case -EPERM:
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot attach to tap %s: not permitted: run as root, give the "
		       "program CAP_NET_ADMIN, or make the device yours beforehand: "
		       "ip tuntap add %s mode tap user $USER",
		       port->conf->name, name, name);
		break;
	case -EBUSY:
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot attach to tap %s: another program is attached: stop it, "
		       "or name another device",
		       port->conf->name, name);
		break;
	case -EINVAL:
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot attach to %s with %u queue(s): it is no tap device, or was "
		       "made %s multi_queue: choose another name or delete it (ip link del %s)",
		       port->conf->name, name, port->n_rxq, port->n_rxq > 1 ? "without" : "with",
		       name);
		break;
	default:
		bp_log(BP_LOG_ERROR, "port %s: cannot attach to tap %s: %s", port->conf->name, name,
		       strerror(-err));
	}
}

/* One more descriptor of the device: the first may create it. Returns the descriptor or -errno. */
static int attach_fd(const char *name, int flags)
{
	struct ifreq req = { .ifr_flags = (short)flags };
	int fd = open(TUN_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &req) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void detach_all(struct tap_port *t)
{
	while (t->n_fds)
		close(t->fds[--t->n_fds]);
}

/*
 * Attach n descriptors, one per RX queue. A device that exists keeps its multi_queue property; with
 * one queue either will do.
 */
static int attach_all(struct tap_port *t, unsigned n)
{
	int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (n > 1 ? IFF_MULTI_QUEUE : 0);
	int fd = attach_fd(t->name, flags);

	if (fd == -EINVAL && n == 1) {
		flags |= IFF_MULTI_QUEUE;
		fd = attach_fd(t->name, flags);
	}
	while (fd >= 0) {
		t->fds[t->n_fds++] = fd;
		if (t->n_fds == n)
			return 0;
		fd = attach_fd(t->name, flags);
	}
	detach_all(t);
	return fd;
}

/* What may come through a descriptor; UDP super-frames where the kernel knows them. */
static int set_offload(int fd, bool has_offload, bool has_room)
{
	unsigned offloads = has_offload ? TUN_F_CSUM : 0;
	int header_bytes = BP_VNET_BYTES;

	if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) < 0)
		return -errno;
	if (has_offload && has_room) {
		offloads |= TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
		if (ioctl(fd, TUNSETOFFLOAD, offloads | TUN_F_USO4 | TUN_F_USO6) == 0)
			return 0;
	}
	return ioctl(fd, TUNSETOFFLOAD, offloads) < 0 ? -errno : 0;
}

/*
 * Partial checksums, unless checksum = off, and super-frames, if one burst can hold the views of
 * one: otherwise the kernel completes and segments.
 */
static int set_offloads(struct bp_port *port, struct tap_port *t)
{
	const struct bp_conf *conf = port->env->conf;
	unsigned n_views = BP_TAP_PACKET_MAX / bp_port_rx_frames(port)->room + 1;
	bool has_offload = port->conf->checksum != BP_NO;
	int err = 0;

	port->info.note[0] = '\0';
	t->has_gso = has_offload && n_views <= conf->engine.burst;
	if (has_offload && !t->has_gso)
		snprintf(port->info.note, sizeof(port->info.note),
			 "super-frames are off: one takes %u views, [engine] burst is %u", n_views,
			 conf->engine.burst);
	for (unsigned i = 0; i < t->n_fds && !err; i++)
		err = set_offload(t->fds[i], has_offload, t->has_gso);
	if (err)
		bp_log(BP_LOG_ERROR,
		       "port %s: tap %s: cannot set the offloads: %s: Linux 4.4 or newer is needed",
		       port->conf->name, t->name, strerror(-err));
	return err;
}

static void fill_info(struct bp_port *port, struct tap_port *t, uint32_t mtu)
{
	struct bp_port_info *info = &port->info;

	strcpy(info->mode, "tap");
	strcpy(info->device_driver, "tun");
	info->kind = BP_DEVICE_TAP;
	info->caps = BP_CAP_VNET_TX | BP_CAP_MULTI_TX;
	info->mtu = mtu;
	info->max_frame_bytes = mtu + BP_TAP_FRAME_EXTRA;
	atomic_store_explicit(&t->max_frame_bytes, info->max_frame_bytes, memory_order_relaxed);
}

static int tap_open(struct bp_port *port)
{
	const char *name = port->conf->device;
	struct tap_port *t;
	int fd;

	if (!name[0] || strlen(name) >= IFNAMSIZ || strchr(name, '/') || strchr(name, '%')) {
		bp_log(BP_LOG_ERROR,
		       "port %s: device = %s is no interface name: 1 to %d characters, no / or %%",
		       port->conf->name, name, IFNAMSIZ - 1);
		return -EINVAL;
	}
	fd = open(TUN_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		bp_log(BP_LOG_ERROR, "port %s: cannot open " TUN_PATH ": %s: %s", port->conf->name,
		       strerror(-fd),
		       fd == -EACCES || fd == -EPERM
			       ? "run as root or grant access to it"
			       : "load the module (modprobe tun); in a container pass the device "
				 "through");
		return fd;
	}
	close(fd);
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->control_fd = bp_netdev_open();
	if (t->control_fd < 0) {
		fd = t->control_fd;
		bp_log(BP_LOG_ERROR, "port %s: netlink socket: %s", port->conf->name,
		       strerror(-fd));
		free(t);
		return fd;
	}
	t->is_ours = bp_netdev_index(t->control_fd, t->name) == -ENODEV;
	port->priv = t;
	return 0;
}

static void init_queues(struct bp_port *port, struct tap_port *t, uint32_t mtu)
{
	for (unsigned i = 0; i < port->n_rxq; i++) {
		struct bp_rxq *q = &port->rxq[i];

		tap_rxq_init(&t->rxq[i], port, t->fds[i], t->has_gso, mtu);
		q->priv = &t->rxq[i];
		q->driver_burst = tap_rx;
		atomic_store_explicit(&q->fd, t->fds[i], memory_order_relaxed);
	}
	for (unsigned i = 0; i < port->n_txq; i++) {
		/* A descriptor that nobody reads would swallow its share of what the kernel
		 * sends, so TX queues beyond the RX queues share: writes need no lock. */
		t->txq[i] = (struct tap_txq){ .fd = t->fds[i % t->n_fds],
					      .max_frame_bytes = &t->max_frame_bytes };
		port->txq[i].priv = &t->txq[i];
		port->txq[i].driver_burst = tap_tx;
	}
}

/* 0: unknown. */
static uint32_t read_mtu(const struct tap_port *t)
{
	int mtu = bp_netdev_mtu(t->control_fd, t->current);

	return mtu < 0 ? 0 : (uint32_t)mtu;
}

static int tap_start(struct bp_port *port)
{
	struct tap_port *t = port->priv;
	unsigned n_fds = port->n_rxq ? port->n_rxq : 1;
	uint32_t mtu;
	int err;

	snprintf(t->current, sizeof(t->current), "%s", t->name);
	/* A device that somebody else made is not made again when it goes: its owner does that. */
	if (!t->is_ours && bp_netdev_index(t->control_fd, t->name) < 0)
		return -ENODEV;
	err = attach_all(t, n_fds);
	if (err) {
		explain_attach(port, err);
		return err;
	}
	err = set_offloads(port, t);
	if (!err) {
		t->ifindex = bp_netdev_index(t->control_fd, t->name);
		err = t->ifindex < 0 ? t->ifindex : 0;
	}
	if (err) {
		detach_all(t);
		return err;
	}
	/* Nobody can have configured a device that did not exist. */
	if (t->is_ours)
		(void)bp_netdev_set_up(t->control_fd, t->name);
	mtu = read_mtu(t);
	fill_info(port, t, mtu);
	init_queues(port, t, mtu);
	t->last_to_us_dropped = t->last_from_us_dropped = 0;
	return 0;
}

static void read_drops(struct tap_port *t)
{
	struct bp_netif netif;

	if (bp_netif_look(t->control_fd, t->ifindex, "", &netif) || !netif.has_stats)
		return;
	/* The interface's view: it transmits towards us, and receives what we write. */
	t->last_to_us_dropped = netif.tx_dropped;
	t->last_from_us_dropped = netif.rx_dropped;
}

/* start() looks for the device in this thread's namespace again. */
static void return_home(struct tap_port *t)
{
	int fd = bp_netdev_open();

	if (fd < 0)
		return;
	close(t->control_fd);
	t->control_fd = fd;
}

static void tap_rx_renew(struct bp_port *port)
{
	struct tap_port *t = port->priv;
	struct bp_pool *frames = bp_port_rx_frames(port);

	for (unsigned i = 0; i < port->n_rxq; i++) {
		if (t->rxq[i].frames == frames)
			continue;
		bp_count(&port->rxq[i].counters, BP_DROP_RX_TRUNCATED, t->rxq[i].n_ready ? 1 : 0);
		tap_rxq_release(&t->rxq[i], BP_CONTROL_ID);
		tap_rxq_init(&t->rxq[i], port, t->rxq[i].fd, t->has_gso, port->info.mtu);
	}
}

/* What the host sends from now on is dropped behind the interface, whose own count has it. */
static bool tap_rx_end(struct bp_port *port)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { .len = 1, .filter = &nothing };
	struct tap_port *t = port->priv;

	t->is_deaf = t->n_fds && !ioctl(t->fds[0], TUNATTACHFILTER, &program);
	return t->is_deaf;
}

static void tap_stop(struct bp_port *port)
{
	struct tap_port *t = port->priv;

	/* It would stay with an interface that outlives us. */
	if (t->n_fds && t->is_deaf)
		(void)ioctl(t->fds[0], TUNDETACHFILTER, NULL);
	t->is_deaf = false;
	for (unsigned i = 0; i < port->n_rxq; i++) {
		tap_rxq_release(&t->rxq[i], BP_CONTROL_ID);
		atomic_store_explicit(&port->rxq[i].fd, -1, memory_order_relaxed);
	}
	read_drops(t);
	if (t->is_ours) { /* its counters go with it */
		t->base_to_us_dropped += t->last_to_us_dropped;
		t->base_from_us_dropped += t->last_from_us_dropped;
		t->last_to_us_dropped = t->last_from_us_dropped = 0;
	}
	detach_all(t);
	return_home(t);
}

static void tap_close(struct bp_port *port)
{
	struct tap_port *t = port->priv;

	close(t->control_fd);
	free(t);
}

/* The MTU may change at any time: whoever gives a fresh tap its address also sets that. */
static void follow_mtu(struct bp_port *port, struct tap_port *t)
{
	uint32_t mtu = read_mtu(t);

	if (!mtu || mtu + BP_TAP_FRAME_EXTRA ==
			    atomic_load_explicit(&t->max_frame_bytes, memory_order_relaxed))
		return;
	atomic_store_explicit(&t->max_frame_bytes, mtu + BP_TAP_FRAME_EXTRA, memory_order_relaxed);
	__atomic_store_n(&port->info.mtu, mtu, __ATOMIC_RELAXED);
	__atomic_store_n(&port->info.max_frame_bytes, mtu + BP_TAP_FRAME_EXTRA, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < port->n_rxq; i++)
		tap_rxq_resize(&t->rxq[i], t->has_gso, mtu);
}

/* A descriptor to ask with in the network namespace that the device is in, or -errno. */
static int open_beside(int tap_fd)
{
	int netns_fd = ioctl(tap_fd, TUNGETDEVNETNS), fd;

	if (netns_fd < 0)
		return -errno;
	fd = bp_netdev_open_in(netns_fd);
	close(netns_fd);
	return fd;
}

/*
 * The descriptors stay with an interface that is moved into another namespace or renamed; questions
 * about it must follow. Returns false when the interface is gone.
 */
static bool follow_device(struct tap_port *t)
{
	struct ifreq req = { .ifr_flags = 0 };
	int ifindex, fd;

	if (!t->n_fds || ioctl(t->fds[0], TUNGETIFF, &req) < 0)
		return false; /* EBADFD: it was deleted */
	snprintf(t->current, sizeof(t->current), "%.15s", req.ifr_name);
	ifindex = bp_netdev_index(t->control_fd, t->current);
	if (ifindex < 0) {
		fd = open_beside(t->fds[0]);
		if (fd < 0)
			return true; /* it works, though nobody can say what its MTU is */
		close(t->control_fd);
		t->control_fd = fd;
		ifindex = bp_netdev_index(fd, t->current);
	}
	t->ifindex = ifindex;
	return true;
}

static enum bp_link tap_check(struct bp_port *port)
{
	struct tap_port *t = port->priv;
	struct pollfd writable = { .events = POLLOUT };

	if (!follow_device(t))
		return BP_LINK_LOST;
	follow_mtu(port, t);
	/* A tap is writable while it is up, in whatever namespace it is. */
	writable.fd = t->fds[0];
	return poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT) ? BP_LINK_UP
									  : BP_LINK_DOWN;
}

/* The host sees an interface without a carrier, whose addresses stay; in whatever network namespace it is. */
static int tap_set_link(struct bp_port *port, bool is_up)
{
	struct tap_port *t = port->priv;
	int carrier = is_up;

	if (!t->n_fds)
		return -ENODEV;
	return ioctl(t->fds[0], TUNSETCARRIER, &carrier) ? -errno : 0;
}

static unsigned tap_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct tap_port *t = port->priv;

	if (max < 2)
		return 0;
	if (t->n_fds)
		read_drops(t);
	out[0] = (struct bp_reported){ &tap_counters[TAP_TO_US_DROPPED],
				       t->base_to_us_dropped + t->last_to_us_dropped };
	out[1] = (struct bp_reported){ &tap_counters[TAP_FROM_US_DROPPED],
				       t->base_from_us_dropped + t->last_from_us_dropped };
	return 2;
}

static bool tap_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	(void)q;
	(void)pool;
	return true; /* writev reads from any memory, and is done with it when it returns */
}

static const struct bp_driver_ops tap_ops = {
	.open = tap_open,
	.start = tap_start,
	.rx_end = tap_rx_end,
	.rx_renew = tap_rx_renew,
	.stop = tap_stop,
	.close = tap_close,
	.check = tap_check,
	.stats = tap_stats,
	.accepts = tap_accepts,
	.set_link = tap_set_link,
};

const struct bp_driver bp_driver_tap = {
	.abi = BP_DRIVER_ABI,
	.name = "tap",
	.ops = &tap_ops,
};
