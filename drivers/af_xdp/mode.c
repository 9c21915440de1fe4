/* In which mode a port's queues run: tries from the one asked for downwards, reads back which it became. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "chunk.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <string.h>

#define VLAN_BYTES 4u

static const struct {
	bool is_native;
	uint16_t bind_flag;
} modes[AF_XDP_N_MODES] = {
	[AF_XDP_ZEROCOPY] = { true, XDP_ZEROCOPY },
	[AF_XDP_COPY] = { true, XDP_COPY },
	[AF_XDP_SKB] = { false, XDP_COPY },
};

/* Why the kernel did not attach the program, as far as the error code tells. */
static void explain_attach(const struct af_xdp_port *xp, bool is_native, int err, char *why,
			   size_t why_bytes)
{
	const struct af_xdp_device *dev = &xp->dev;
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

void af_xdp_mode_close_queues(struct af_xdp_port *xp)
{
	for (unsigned i = 0; i < xp->n_queues; i++) {
		uint32_t n_abandoned = af_xdp_queue_close(xp, i);

		if (i < xp->port->n_txq) {
			struct bp_txq *q = &xp->port->txq[i];

			if (n_abandoned)
				bp_count_lost_after(&q->counters, BP_DROP_TX_ABANDONED,
						    n_abandoned);
			atomic_store_explicit(&q->n_held, 0, memory_order_relaxed);
		}
	}
}

static uint32_t choose_ring_size(const struct bp_port_conf *conf, uint16_t bind_flags)
{
	if (conf->ring_size)
		return conf->ring_size;
	return bind_flags & XDP_ZEROCOPY ? AF_XDP_ZEROCOPY_RING : AF_XDP_COPY_RING;
}

static int open_queues(struct af_xdp_port *xp, uint16_t bind_flags, char *why, size_t why_bytes)
{
	const struct bp_port *port = xp->port;
	const struct bp_port_conf *conf = port->conf;
	int err = 0;

	for (unsigned i = 0; i < xp->n_queues && !err; i++) {
		const struct af_xdp_plan plan = {
			.ring_size = choose_ring_size(conf, bind_flags),
			.bind_flags = bind_flags,
			.has_rx = i < port->n_rxq,
			.has_tx = i < port->n_txq,
			.busy_poll_us = af_xdp_conf(conf)->busy_poll_us,
			.busy_tries = af_xdp_busy_tries(xp),
		};

		err = af_xdp_queue_open(xp, i, &plan, why, why_bytes);
		if (err || !plan.has_rx)
			continue;
		err = af_xdp_prog_set_socket(xp->prog, i, xsk_socket__fd(xp->queues[i].xsk));
		if (err)
			snprintf(why, why_bytes, "put the socket of queue %u into the XSKMAP: %s",
				 i, strerror(-err));
	}
	if (err)
		af_xdp_mode_close_queues(xp);
	return err;
}

/* Longest frame that TX carries with one view per packet, or with SG. */
static uint32_t max_frame_bytes(const struct af_xdp_port *xp, uint16_t bind_flags)
{
	uint32_t wanted = xp->dev.mtu + ETH_HLEN + VLAN_BYTES;
	uint32_t n_views = 1;

	if (bind_flags & XDP_USE_SG)
		n_views = bind_flags & XDP_ZEROCOPY ? AF_XDP_ZC_MAX_VIEWS : AF_XDP_COPY_MAX_VIEWS;
	return wanted < n_views * bp_frames_room(xp->port->env->frames)
		       ? wanted
		       : n_views * bp_frames_room(xp->port->env->frames);
}

static void explain_no_zerocopy(const struct af_xdp_port *xp, uint16_t sg, char *why,
				size_t why_bytes)
{
	uint32_t frame_bytes = xp->port->env->arena->frame_bytes, mtu = xp->dev.mtu;
	char needed[96] = "";

	if (mtu > af_xdp_chunk_mtu(frame_bytes))
		snprintf(needed, sizeof(needed),
			 ", which MTU %u needs in frames of %u bytes (%u hold up to MTU %u)", mtu,
			 frame_bytes, AF_XDP_CHUNK_MAX, af_xdp_chunk_mtu(AF_XDP_CHUNK_MAX));
	snprintf(why, why_bytes, "the driver of %s has no zero-copy%s%s", xp->dev.name,
		 sg ? ", or none for packets of several frames" : "", sg ? needed : "");
}

/*
 * Which program, and how. In front of skbs never the one for several buffers, whatever the MTU: the kernel
 * then makes one buffer of each skb, super-frames included, and the socket takes that in several frames all
 * the same. For a program that does take them Linux 6.9 and later copies long skbs into fragments, where an
 * odd length leaves the next skb's end misaligned: whoever clones that one ends a machine with split-lock
 * detection (skb_pp_cow_data() in net/core/skbuff.c). A tap hands its longer frames over as skbs in native
 * mode, too. Other drivers need it for an MTU beyond a page, and refuse to set one while the program that is
 * attached takes one buffer only. On veth the tag of a sender's VLAN interface lies beside the frame.
 */
static uint32_t choose_program(const struct af_xdp_port *xp, enum af_xdp_mode mode)
{
	if (!modes[mode].is_native)
		return 0;
	switch (xp->dev.kind) {
	case BP_DEVICE_TAP:
		return AF_XDP_PROG_NATIVE;
	case BP_DEVICE_VETH:
		return AF_XDP_PROG_NATIVE | AF_XDP_PROG_FRAGS | AF_XDP_PROG_TAGS;
	default:
		return AF_XDP_PROG_NATIVE | AF_XDP_PROG_FRAGS;
	}
}

/* Try one mode, with packets of several views or without. The program is attached last: until then
 * the kernel's stack gets the packets. */
static int try_once(struct af_xdp_port *xp, enum af_xdp_mode mode, uint16_t sg, char *why,
		    size_t why_bytes)
{
	uint16_t bind_flags = (uint16_t)(modes[mode].bind_flag | sg);
	int err;

	xp->port->info.max_frame_bytes = max_frame_bytes(xp, bind_flags);
	err = open_queues(xp, bind_flags, why, why_bytes);
	if (err == -EOPNOTSUPP && mode == AF_XDP_ZEROCOPY)
		explain_no_zerocopy(xp, sg, why, why_bytes);
	/* Sending in copy mode needs no program: what the interface receives stays untouched. */
	if (err || (!xp->port->n_rxq && mode != AF_XDP_ZEROCOPY))
		return err;
	err = af_xdp_prog_attach(xp->prog, xp->dev.ifindex, choose_program(xp, mode));
	if (err) {
		explain_attach(xp, modes[mode].is_native, err, why, why_bytes);
		af_xdp_mode_close_queues(xp);
	}
	return err;
}

static int try_mode(struct af_xdp_port *xp, enum af_xdp_mode mode, char *why, size_t why_bytes)
{
	uint32_t longest = xp->dev.mtu + ETH_HLEN, room = bp_frames_room(xp->port->env->frames);
	char why_not[AF_XDP_WHY_BYTES];
	int err = try_once(xp, mode, XDP_USE_SG, why, why_bytes);

	/* EINVAL: before Linux 6.6; EOPNOTSUPP: zero-copy for single buffers only. */
	if (err != -EINVAL && err != -EOPNOTSUPP)
		goto out;
	if (longest > room) {
		/* Zero-copy has more reasons, and they are said: see chunk.h. */
		if (err == -EINVAL && mode != AF_XDP_ZEROCOPY) {
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
static void note_failure(struct bp_port_info *info, enum af_xdp_mode mode, const char *why)
{
	size_t len = strlen(info->note);

	snprintf(info->note + len, sizeof(info->note) - len, "%snot %s: %s", len ? "; " : "",
		 af_xdp_mode_key(mode), why);
}

/* Try the modes from the one asked for downwards. Returns the mode got, or -errno. */
static int choose_mode(struct af_xdp_port *xp, char *why, size_t why_bytes)
{
	const struct af_xdp_conf *conf = af_xdp_conf(xp->port->conf);
	struct bp_port_info *info = &xp->port->info;
	enum af_xdp_mode first = af_xdp_first_mode(conf);
	int err = -EINVAL;

	info->note[0] = '\0';
	for (unsigned mode = first; mode < AF_XDP_N_MODES; mode++) {
		err = try_mode(xp, (enum af_xdp_mode)mode, why, why_bytes);
		if (!err)
			return (int)mode;
		/* Errors that no other mode avoids, and refusals that strict demands. Beside
		 * another owner's program zero-copy cannot even send; copy mode can. */
		if ((err == -EBUSY && xp->port->n_rxq) || err == -EPERM || err == -ENOBUFS ||
		    err == -ENOMEM || err == -ENODEV || !af_xdp_may_fall_back(conf))
			break;
		note_failure(info, (enum af_xdp_mode)mode, why);
	}
	return err;
}

/* Read back what the kernel made of it. */
static enum af_xdp_mode confirm_mode(const struct af_xdp_port *xp, enum af_xdp_mode mode)
{
	int is_native = modes[mode].is_native;

	if (xp->n_queues && af_xdp_queue_is_zerocopy(&xp->queues[0]))
		return AF_XDP_ZEROCOPY;
	if (xp->port->n_rxq)
		is_native = af_xdp_prog_is_native(xp->dev.ifindex);
	if (is_native < 0)
		return mode;
	return is_native ? AF_XDP_COPY : AF_XDP_SKB;
}

int af_xdp_mode_start(struct af_xdp_port *xp, char *why, size_t why_bytes)
{
	int mode = choose_mode(xp, why, why_bytes);

	return mode < 0 ? mode : (int)confirm_mode(xp, (enum af_xdp_mode)mode);
}
