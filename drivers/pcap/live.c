/* pcap mode = live: an interface as a libpcap program sees it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "live.h"

#include "bypath/log.h"

#include "core/frames.h"
#include "core/netdev.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * libpcap gives each packet of an interface with offloads a slot for the longest one, rounded up to
 * 128 KiB: 256 slots. Without offloads a slot is as long as the MTU asks for.
 */
#define RING_BYTES (32 << 20)

struct live {
	struct bp_pcap_port base;
	int control_fd; /* of bp_netdev_open() */
	int ifindex;
	bool was_started; /* a device that is away now is expected back: no error line */
	uint64_t base_drop, base_ifdrop; /* of handles that are closed */
	uint64_t last_drop, last_ifdrop;
	struct bp_netdev_tx_dropped tx_dropped;
	struct bp_pcap_live_rx rx;
	struct bp_pcap_live_tx tx;
};

static int explain_activate(const struct bp_port *port, pcap_t *pcap, int status)
{
	const char *name = port->conf->name, *device = port->conf->device;

	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return -ENODEV;
	case PCAP_ERROR_IFACE_NOT_UP:
		return -ENETDOWN;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot capture on %s: not permitted: run as root, or give the "
		       "program CAP_NET_RAW",
		       name, device);
		return -EPERM;
	default:
		bp_log(BP_LOG_ERROR, "port %s: cannot capture on %s: %s (%s)", name, device,
		       pcap_statustostr(status), pcap_geterr(pcap));
		return -EIO;
	}
}

/* Ethernet only, nothing ever waits, only what arrives from the wire. */
static int set_up_handle(const struct bp_port *port, pcap_t *pcap)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	int one = 1;

	if (pcap_datalink(pcap) != DLT_EN10MB) {
		const char *link = pcap_datalink_val_to_name(pcap_datalink(pcap));

		bp_log(BP_LOG_ERROR,
		       "port %s: %s has link type %s (%d); only Ethernet (EN10MB) can be forwarded",
		       port->conf->name, port->conf->device, link ? link : "unknown",
		       pcap_datalink(pcap));
		return -EINVAL;
	}
	if (pcap_setnonblock(pcap, 1, why) < 0 || pcap_setdirection(pcap, PCAP_D_IN) < 0) {
		bp_log(BP_LOG_ERROR, "port %s: cannot set up the capture on %s: %s",
		       port->conf->name, port->conf->device, why[0] ? why : pcap_geterr(pcap));
		return -EIO;
	}
	/* libpcap drops what this host sends after it lay in the ring; the kernel can do so before
	 * (Linux 4.20). */
	setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	return 0;
}

static int open_handle(const struct bp_port *port, bool is_rx, pcap_t **out)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(port->conf->device, why);
	int status, err;

	if (!pcap) {
		bp_log(BP_LOG_ERROR, "port %s: cannot capture on %s: %s", port->conf->name,
		       port->conf->device, why);
		return -ENOMEM;
	}
	pcap_set_snaplen(pcap, is_rx ? (int)BP_PCAP_PACKET_MAX : 64);
	pcap_set_promisc(pcap, is_rx);
	pcap_set_immediate_mode(pcap, 1);
	pcap_set_buffer_size(pcap, is_rx ? RING_BYTES : 1 << 16);
	status = pcap_activate(pcap);
	err = status < 0 ? explain_activate(port, pcap, status) : set_up_handle(port, pcap);
	if (err) {
		pcap_close(pcap);
		return err;
	}
	*out = pcap;
	return 0;
}

/* A handle that only sends: its filter keeps every packet out of its ring. */
static int open_sender(const struct bp_port *port, pcap_t **out)
{
	struct bpf_insn nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct bpf_program filter = { .bf_len = 1, .bf_insns = &nothing };
	int err = open_handle(port, false, out);

	if (!err && pcap_setfilter(*out, &filter) < 0)
		bp_log(BP_LOG_WARN, "port %s: the sending handle of %s receives as well: %s",
		       port->conf->name, port->conf->device, pcap_geterr(*out));
	return err;
}

/* 0: unknown. */
static uint32_t read_mtu(const struct live *l, const struct bp_port *port)
{
	int mtu = bp_netdev_mtu(l->control_fd, port->conf->device);

	return mtu < 0 ? 0 : (uint32_t)mtu;
}

static void fill_info(const struct live *l, struct bp_port *port)
{
	struct bp_port_info *info = &port->info;

	/* Of a physical NIC as well: GRO merges what came from its wire before packet sockets see it, and
	 * leaves a partial checksum and what is a super-frame, of which libpcap tells nothing. */
	*info = (struct bp_port_info){ .caps = BP_CAP_MULTI_TX | BP_CAP_PLAIN_RX |
					       BP_CAP_CSUM_INFER | BP_CAP_GSO_INFER,
				       .rx_copies = 1,
				       .tx_copies = 1 };
	info->kind = bp_netdev_driver(l->control_fd, port->conf->device, info->device_driver);
	info->mtu = read_mtu(l, port);
	info->max_frame_bytes = info->mtu ? info->mtu + BP_PCAP_HEADER : 0;
}

static int live_open(struct bp_port *port)
{
	struct live *l;

	if (strlen(port->conf->device) >= IFNAMSIZ) {
		bp_log(BP_LOG_ERROR,
		       "port %s: device = %s is no interface name: 1 to %d characters",
		       port->conf->name, port->conf->device, IFNAMSIZ - 1);
		return -EINVAL;
	}
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->base.mode = &bp_pcap_live;
	l->tx.linear = malloc(BP_PCAP_PACKET_MAX);
	l->control_fd = bp_netdev_open();
	if (!l->tx.linear || l->control_fd < 0) {
		if (l->control_fd >= 0)
			close(l->control_fd);
		free(l->tx.linear);
		free(l);
		return -ENOMEM;
	}
	port->priv = l;
	return 0;
}

static uint16_t frames_for(uint32_t len, uint32_t room)
{
	unsigned n = bp_pcap_n_views(len, room);

	return (uint16_t)(n < BP_BURST_MAX ? n : BP_BURST_MAX);
}

static void init_queues(struct live *l, struct bp_port *port)
{
	struct bp_pcap_live_rx *rx = &l->rx;

	if (port->n_rxq) {
		rx->frames = port->env->frames;
		rx->room = bp_frames_room(rx->frames);
		rx->n_want = frames_for(BP_PCAP_PACKET_MAX, rx->room);
		rx->n_need = frames_for(port->info.mtu + BP_PCAP_HEADER + 8, rx->room);
		rx->n_stash = rx->n_ready = 0;
		rx->q = &port->rxq[0];
		port->rxq[0].priv = rx;
		port->rxq[0].driver_burst = bp_pcap_live_rx;
		atomic_store_explicit(&port->rxq[0].fd, pcap_get_selectable_fd(rx->pcap),
				      memory_order_relaxed);
	}
	if (port->n_txq) {
		port->txq[0].priv = &l->tx;
		port->txq[0].driver_burst = bp_pcap_live_tx;
	}
}

static void close_handles(struct live *l)
{
	if (l->rx.pcap)
		pcap_close(l->rx.pcap);
	if (l->tx.pcap)
		pcap_close(l->tx.pcap);
	l->rx.pcap = l->tx.pcap = NULL;
}

/* At the first start only: later, the engine waits for the device to come back. */
static void explain_absence(const struct live *l, const struct bp_port *port, int err)
{
	const char *device = port->conf->device;

	if (l->was_started)
		return;
	if (err == -ENODEV)
		bp_log(BP_LOG_ERROR, "port %s: there is no interface %s: see ip link",
		       port->conf->name, device);
	else if (err == -ENETDOWN)
		bp_log(BP_LOG_ERROR, "port %s: interface %s is down: ip link set %s up",
		       port->conf->name, device, device);
}

static int live_start(struct bp_port *port)
{
	struct live *l = port->priv;
	int err = 0;

	l->ifindex = bp_netdev_index(l->control_fd, port->conf->device);
	if (l->ifindex < 0)
		err = -ENODEV;
	if (!err && port->n_rxq)
		err = open_handle(port, true, &l->rx.pcap);
	if (!err && port->n_txq)
		err = open_sender(port, &l->tx.pcap);
	if (err) {
		close_handles(l);
		explain_absence(l, port, err);
		return err;
	}
	l->was_started = true;
	bp_netdev_tx_dropped_begin(&l->tx_dropped, port->conf->device);
	fill_info(l, port);
	init_queues(l, port);
	return 0;
}

static void read_stats(struct live *l)
{
	struct pcap_stat stat;

	if (!l->rx.pcap || pcap_stats(l->rx.pcap, &stat) < 0)
		return;
	/* 32 bits that wrap: add differences. */
	l->last_drop += (uint32_t)(stat.ps_drop - (uint32_t)l->last_drop);
	l->last_ifdrop += (uint32_t)(stat.ps_ifdrop - (uint32_t)l->last_ifdrop);
}

static bool live_rx_end(struct bp_port *port)
{
	const struct live *l = port->priv;

	return !l->rx.pcap || !bp_netdev_deafen(pcap_fileno(l->rx.pcap));
}

static unsigned live_sockets(const struct bp_port *port, int *fds, unsigned max)
{
	const struct live *l = port->priv;

	if (!l->rx.pcap || !max)
		return 0;
	fds[0] = pcap_fileno(l->rx.pcap);
	return 1;
}

static void live_stop(struct bp_port *port)
{
	struct live *l = port->priv;

	read_stats(l);
	l->base_drop += l->last_drop;
	l->base_ifdrop += l->last_ifdrop;
	l->last_drop = l->last_ifdrop = 0;
	bp_netdev_tx_dropped_end(&l->tx_dropped, port->conf->device);
	if (port->n_rxq) {
		bp_pool_put(BP_CONTROL_ID, l->rx.stash, l->rx.n_stash);
		bp_pool_put(BP_CONTROL_ID, l->rx.ready, l->rx.n_ready);
		l->rx.n_stash = l->rx.n_ready = 0;
		atomic_store_explicit(&port->rxq[0].fd, -1, memory_order_relaxed);
	}
	close_handles(l);
}

static void live_close(struct bp_port *port)
{
	struct live *l = port->priv;

	close(l->control_fd);
	free(l->tx.linear);
	free(l);
}

static enum bp_link live_check(struct bp_port *port)
{
	struct live *l = port->priv;

	return bp_netdev_link(l->control_fd, port->conf->device, l->ifindex);
}

static unsigned live_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct live *l = port->priv;

	if (max < 2)
		return 0;
	read_stats(l);
	out[0] = (struct bp_reported){ &bp_pcap_counters[BP_PCAP_DROP],
				       l->base_drop + l->last_drop };
	out[1] = (struct bp_reported){ &bp_pcap_counters[BP_PCAP_IFDROP],
				       l->base_ifdrop + l->last_ifdrop };
	if (!port->n_txq || max < 3)
		return 2;
	out[2] = bp_netdev_tx_dropped_row(&l->tx_dropped, port->conf->device, true);
	return 3;
}

const struct bp_pcap_mode bp_pcap_live = {
	.name = "live",
	.has_rx = true,
	.has_tx = true,
	.open = live_open,
	.start = live_start,
	.rx_end = live_rx_end,
	.sockets = live_sockets,
	.stop = live_stop,
	.close = live_close,
	.check = live_check,
	.stats = live_stats,
};
