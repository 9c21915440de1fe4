/* Driver `kernel`: packets go from port to port inside the kernel, carried by a BPF program. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * No worker touches a packet: the path's `direct` is bp_carried, and this driver's part is the account. The program
 * counts what comes in while it is attached, what it hands to the out-device, what it drops and why; for XDP two
 * tracepoints tell what became of redirected frames. The control thread adds what is new to the counters of both
 * queues (harvest()), so nothing here is on the packet path. System calls on the packet path: none.
 *
 * For tc nobody tells what becomes of an skb that was handed to the out-device: the drops of its queueing discipline
 * and of its interface stand beside, whoever's they are.
 */
#include "kernel.h"

#include "bypath/log.h"

#include "core/macswap.h"
#include "core/netifs.h"

#include <errno.h>
#include <net/ethernet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VLAN_BYTES  4u
#define SETTLE_MS   1u /* for a program that runs still when its link is closed */
#define BUSY_TRIES  40u /* a bypath that was just killed takes a moment to let go */
#define BUSY_NAP_MS 25u

/* The sum of the cells, word by word. */
#define N_WORDS (sizeof(struct kernel_cell) / sizeof(__u64))

struct kernel_port {
	struct bp_port *port;
	struct kernel_prog *prog; /* NULL: nothing is received from here */
	struct kernel_state *state;
	struct kernel_acts acts;
	int ctl_fd, promisc_fd;
	int ifindex;
	uint32_t mtu;
	enum kernel_way way;
	struct bp_txq *txq; /* where its packets count as sent; its port may be away */
	uint64_t n_in, n_in_bytes, n_out, n_out_bytes; /* what the queues have been given of it */
	uint64_t n_drops[BP_CNT_N];
	struct bp_netdev_tx_dropped tx_dropped;
	uint64_t qdisc_base, qdisc_last; /* of the device, when the port started; when last read */
	int logged_err;
	uint64_t n_sent_seen, n_lost_seen; /* of redirected frames, at the last look */
	bool was_started, is_told; /* that the out-device takes nothing */
};

/* The port that its packets go to: open, not started perhaps. */
static struct bp_port *port_out(const struct kernel_port *kp)
{
	return kp->port->env->ports[kp->port->conf->forward_to];
}

static void nap(unsigned ms)
{
	const struct timespec ts = { .tv_nsec = (long)ms * 1000000 };

	nanosleep(&ts, NULL);
}

/* ---- the account ------------------------------------------------------------------------------- */

static struct kernel_cell sum_cells(const struct kernel_state *state)
{
	union {
		struct kernel_cell cell;
		uint64_t words[N_WORDS];
	} sum = { .words = { 0 } };

	/* The last words first: what was refused has come in. The programs write them while we read. */
	for (size_t word = N_WORDS; word-- > 0;)
		for (unsigned cpu = 0; cpu < KERNEL_CPUS_MAX; cpu++)
			sum.words[word] += __atomic_load_n(
				(const uint64_t *)(const void *)&state->cells[cpu] + word,
				__ATOMIC_RELAXED);
	return sum.cell;
}

/* What is new since the last look; a figure that is behind, since its parts were read one after the other, waits. */
static uint64_t advance(uint64_t *last, uint64_t now)
{
	uint64_t n = now > *last ? now - *last : 0;

	*last += n;
	return n;
}

static uint64_t less(uint64_t from, uint64_t n)
{
	return from > n ? from - n : 0;
}

/* Of parts that wrap, and were read one after the other: what is not there yet is nothing. */
static uint64_t positive(uint64_t n)
{
	return (int64_t)n > 0 ? n : 0;
}

/* Handed to the out-device: what had come in by `in` and was not refused, read afterwards. */
static void count_out(struct kernel_port *kp, const struct kernel_cell *in)
{
	const struct kernel_cell now = sum_cells(kp->state);
	const uint64_t n_refused = now.n_closed + now.n_too_long + now.n_gone + now.n_acted;

	bp_count(&kp->txq->counters, BP_CNT_PKTS,
		 advance(&kp->n_out, less(in->in_pkts, n_refused)));
	bp_count(&kp->txq->counters, BP_CNT_BYTES,
		 advance(&kp->n_out_bytes,
			 positive(in->in_bytes + now.added_bytes - now.refused_bytes)));
}

static void count_new(struct kernel_port *kp, enum bp_cnt reason, uint64_t now, bool was_sent)
{
	uint64_t n = advance(&kp->n_drops[reason], now);

	if (was_sent)
		bp_count_lost_after(&kp->txq->counters, reason, n);
	else
		bp_count(&kp->txq->counters, reason, n);
}

/* Does the kernel tell of each redirected frame what became of it? */
static bool is_followed(const struct kernel_port *kp)
{
	return kp->prog && kernel_prog_is_followed(kp->prog);
}

/*
 * Of redirected frames a loss is what a tracepoint says; that it says nothing of a frame is none: xdp_devmap_xmit has
 * been seen not to fire for bulks that arrived. So no frame is held, and what is on its way counts as sent.
 */
static void harvest(struct kernel_port *kp)
{
	struct bp_rxq *rxq = &kp->port->rxq[0];
	struct kernel_cell sum;

	if (!kp->txq)
		return;
	/* Before: what acts dropped has come in by then. */
	kernel_acts_count(&kp->acts, kp->prog, rxq);
	sum = sum_cells(kp->state);
	bp_count(&rxq->counters, BP_CNT_PKTS, advance(&kp->n_in, sum.in_pkts));
	bp_count(&rxq->counters, BP_CNT_BYTES, advance(&kp->n_in_bytes, sum.in_bytes));
	count_out(kp, &sum);
	/* Known by the program, before it handed them on; then what showed behind it. */
	count_new(kp, BP_DROP_PORT_DOWN, sum.n_closed + sum.n_gone, false);
	count_new(kp, BP_DROP_TX_TOO_LONG, sum.n_too_long, false);
	count_new(kp, BP_DROP_TX_KERNEL, sum.n_refused + sum.err_too_long + sum.err_down, true);
	count_new(kp, BP_DROP_TX_ERROR, sum.err_other, true);
	atomic_store_explicit(&rxq->n_carried,
			      kp->n_out - kp->n_drops[BP_DROP_TX_KERNEL] -
				      kp->n_drops[BP_DROP_TX_ERROR],
			      memory_order_relaxed);
}

/* Of the ports that lead to this one: is every one's way XDP whose losses the kernel tells of? */
static bool is_out_followed(const struct bp_port *port)
{
	bool is_followed_by_all = true;

	for (unsigned i = 0; i < port->env->conf->n_ports; i++) {
		const struct bp_port *in = port->env->ports[i];

		if (in && in->driver == port->driver && in->n_rxq &&
		    in->conf->forward_to == port->port_id)
			is_followed_by_all &= is_followed(in->priv);
	}
	return is_followed_by_all;
}

static struct bp_reported qdisc_row(struct kernel_port *kp)
{
	uint64_t now;

	if (!bp_netif_qdisc_drops(kp->ctl_fd, kp->ifindex, &now) && now > kp->qdisc_last)
		kp->qdisc_last = now;
	return (struct bp_reported){ &kernel_counters[KERNEL_QDISC],
				     kp->qdisc_last - kp->qdisc_base };
}

static unsigned kernel_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	struct kernel_port *kp = port->priv;
	bool is_named = is_out_followed(port);
	struct bp_reported all[7];
	unsigned n = 0;

	all[n++] = bp_netdev_tx_dropped_row(&kp->tx_dropped, port->conf->device, is_named);
	if (port->n_txq && !is_named) /* XDP goes around the queueing discipline */
		all[n++] = qdisc_row(kp);
	if (kp->prog) {
		struct kernel_cell sum = sum_cells(kp->state);
		struct kernel_runs runs = kernel_prog_runs(kp->prog);

		harvest(kp);
		all[n++] = (struct bp_reported){ &kernel_counters[KERNEL_RUN_NS], runs.ns };
		all[n++] = (struct bp_reported){ &kernel_counters[KERNEL_RUNS], runs.n_pkts };
		if (is_followed(kp)) {
			all[n++] = (struct bp_reported){ &kernel_counters[KERNEL_DEVMAP_SENT],
							 sum.n_sent };
			all[n++] = (struct bp_reported){ &kernel_counters[KERNEL_DEVMAP_DROPS],
							 sum.n_refused };
			all[n++] = (struct bp_reported){ &kernel_counters[KERNEL_REDIRECT_ERR],
							 sum.err_too_long + sum.err_down +
								 sum.err_other };
		}
	}
	n = n < max ? n : max;
	memcpy(out, all, n * sizeof(all[0])); /* header */
	return n;
}

/* ---- a path ------------------------------------------------------------------------------------ */

/* The tracepoints' program looks anew which devices are ours. */
static void forget_devices(struct kernel_port *kp)
{
	__atomic_fetch_add(&kp->state->era, 1, __ATOMIC_RELEASE);
}

static void open_path(struct kernel_port *kp, const struct kernel_port *out, bool is_open)
{
	__atomic_store_n(&kp->state->max_bytes, is_open ? out->mtu + ETH_HLEN + VLAN_BYTES : 0,
			 __ATOMIC_RELEASE);
}

/* Before Linux 6.3 nobody tells whether a device takes redirected frames; that it takes none shows. */
static void tell_if_none_is_taken(struct kernel_port *kp)
{
	struct kernel_cell sum = sum_cells(kp->state);
	uint64_t n_lost = advance(&kp->n_lost_seen, sum.n_refused + sum.err_other);
	uint64_t n_sent = advance(&kp->n_sent_seen, sum.n_sent);
	const struct bp_port *out = port_out(kp);

	if (kp->is_told || !n_lost || n_sent)
		return;
	kp->is_told = true;
	bp_log(BP_LOG_WARN, "port %s: %s took none of %llu redirected frames: %s",
	       kp->port->conf->name, out->conf->device, (unsigned long long)n_lost,
	       out->info.kind == BP_DEVICE_VETH
		       ? "a veth does once its peer has GRO on or an XDP program: ethtool -K PEER gro "
			 "on (in the peer's namespace), or mode = tc"
		       : "its driver may not do that (ndo_xdp_xmit): use mode = tc");
}

/* The device that the program sends to is the port's own still, and the map has it. */
static bool leads_to(const struct kernel_port *kp, const struct kernel_port *out)
{
	return kp->state->to_ifindex == (uint32_t)out->ifindex;
}

/* An out-device that is away or has no link takes nothing, as where either port is set down: the packets that come for it
 * are dropped by name. */
static void open_paths_to(const struct kernel_port *out, bool is_open)
{
	const struct bp_port *port = out->port;

	for (unsigned i = 0; i < port->env->conf->n_ports; i++) {
		const struct bp_port *in = port->env->ports[i];

		if (in && in->driver == port->driver && in->n_rxq &&
		    in->conf->forward_to == port->port_id)
			open_path(in->priv, out,
				  is_open && !port->is_set_down && !in->is_set_down &&
					  leads_to(in->priv, out));
	}
}

/* From now on packets go to that port, as long as it is there. 0 or -errno, logged. */
static int lead_to(struct kernel_port *kp, const struct kernel_port *out, bool swaps_macs)
{
	int err = kp->way == KERNEL_WAY_TC ? 0 : kernel_prog_set_out(kp->prog, out->ifindex);

	__atomic_store_n(&kp->state->swaps_macs, swaps_macs, __ATOMIC_RELAXED);
	__atomic_store_n(&kp->state->to_ifindex, err ? 0 : (uint32_t)out->ifindex,
			 __ATOMIC_RELAXED);
	forget_devices(kp);
	if (err)
		bp_log(BP_LOG_ERROR, "port %s: %s cannot be redirected to: %s",
		       kp->port->conf->name, out->port->conf->device, strerror(-err));
	open_path(kp, out, !err);
	return err;
}

/* What the program can do to each packet on its way, whatever the chain says, which it has as acts. */
static bool can_do(bp_edit_fn edit)
{
	return !edit || edit == bp_macswap_burst;
}

static bp_direct_fn kernel_direct(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit)
{
	struct kernel_port *kp = rxq->port->priv;

	/* Of a chain of one function it is that one's, which is an act. */
	if (rxq->port->conf->n_chain)
		edit = rxq->port->env->edit;
	kp->txq = txq;
	if (!can_do(edit)) {
		__atomic_store_n(&kp->state->to_ifindex, 0, __ATOMIC_RELAXED);
		open_path(kp, txq->port->priv, false);
		return NULL;
	}
	return lead_to(kp, txq->port->priv, edit != NULL) ? NULL : bp_carried;
}

/* ---- open, close ------------------------------------------------------------------------------- */

static void free_port(struct kernel_port *kp)
{
	kernel_acts_close(&kp->acts);
	kernel_prog_unload(kp->prog);
	if (kp->ctl_fd >= 0)
		close(kp->ctl_fd);
	free(kp);
}

static int learn_device(struct kernel_port *kp)
{
	const char *name = kp->port->conf->device;
	struct bp_port_info *info = &kp->port->info;
	int ifindex = bp_netdev_index(kp->ctl_fd, name), mtu = bp_netdev_mtu(kp->ctl_fd, name);

	if (ifindex < 0 || mtu < 0)
		return ifindex < 0 ? ifindex : mtu;
	kp->ifindex = ifindex;
	kp->mtu = info->mtu = (uint32_t)mtu;
	info->max_frame_bytes = kp->mtu + ETH_HLEN + VLAN_BYTES;
	info->kind = bp_netdev_driver(kp->ctl_fd, name, info->device_driver);
	return 0;
}

/* The device is there and of Ethernet, the programs may be loaded: logged else. */
static int open_parts(struct kernel_port *kp)
{
	const struct bp_port_conf *conf = kp->port->conf;
	char why[KERNEL_WHY_BYTES];
	int err;

	if (kp->port->n_rxq && conf->forward_to == BP_NO_PORT) {
		bp_log(BP_LOG_ERROR,
		       "port %s: its packets go nowhere: driver kernel carries those of a path only",
		       conf->name);
		return -EINVAL;
	}
	kp->ctl_fd = bp_netdev_open();
	err = kp->ctl_fd < 0 ? kp->ctl_fd : learn_device(kp);
	if (err) {
		bp_log(BP_LOG_ERROR,
		       "port %s: device %s: %s: see `ip link` for the interfaces there are",
		       conf->name, conf->device, strerror(-err));
		return err;
	}
	err = bp_netdev_need_ethernet(conf->device, why, sizeof(why));
	if (err) {
		bp_log(BP_LOG_ERROR, "port %s: %s", conf->name, why);
		return err;
	}
	if (!kp->port->n_rxq)
		return 0;
	err = kernel_prog_load(&kp->prog, why, sizeof(why));
	if (err) {
		bp_log(BP_LOG_ERROR, "port %s: load the program: %s: %s", conf->name,
		       strerror(-err), why);
		return err;
	}
	kp->state = kernel_prog_state(kp->prog);
	kp->state->netns = bp_netdev_netns();
	err = conf->n_chain ? kernel_acts_open(&kp->acts) : 0;
	if (err)
		bp_log(BP_LOG_ERROR, "port %s: %s", conf->name, strerror(-err));
	return err;
}

static int kernel_open(struct bp_port *port)
{
	struct kernel_port *kp = calloc(1, sizeof(*kp));
	int err;

	if (!kp)
		return -ENOMEM;
	kp->port = port;
	kp->ctl_fd = kp->promisc_fd = -1;
	err = open_parts(kp);
	if (err) {
		free_port(kp);
		return err;
	}
	port->priv = kp;
	return 0;
}

static void kernel_close(struct bp_port *port)
{
	free_port(port->priv);
	port->priv = NULL;
}

/* ---- start, stop ------------------------------------------------------------------------------- */

/* Which way, by what the two devices are; 0, -ENODEV: the other one is away; -EOPNOTSUPP with why. */
static int choose_way(struct kernel_port *kp, bool is_native_refused, char *why, size_t why_bytes)
{
	struct kernel_choice choice;
	struct kernel_ask ask;

	kernel_ask(kp->port->conf, port_out(kp)->conf, &ask);
	if (!ask.out.exists)
		return -ENODEV;
	kernel_choose(&ask, is_native_refused, &choice);
	kp->way = choice.way;
	snprintf(kp->port->info.note, sizeof(kp->port->info.note), "%s", choice.note);
	snprintf(why, why_bytes, "%s", choice.refusal);
	return choice.refusal[0] ? -EOPNOTSUPP : 0;
}

/* A driver may refuse what it seemed to have: the next way down, where the INI allows one. */
static bool step_down(struct kernel_port *kp, int err, char *why, size_t why_bytes)
{
	const struct kernel_conf *conf = kernel_conf(kp->port->conf);
	char refusal[KERNEL_WHY_BYTES];

	if (kp->way != KERNEL_WAY_XDP_NATIVE || conf->mode == KERNEL_TC ||
	    (err != -EOPNOTSUPP &&
	     (conf->mode == KERNEL_XDP || (err != -ERANGE && err != -EINVAL))))
		return false;
	if (!choose_way(kp, true, refusal, sizeof(refusal)))
		return true;
	kp->way = KERNEL_WAY_XDP_NATIVE;
	if (err == -EOPNOTSUPP)
		snprintf(why, why_bytes, "%s", refusal);
	return false;
}

static int attach(struct kernel_port *kp, char *why, size_t why_bytes)
{
	const char *name = kp->port->conf->device;
	unsigned tries = kp->was_started ? 1 : BUSY_TRIES;
	int err;

	do {
		err = kernel_prog_attach(kp->prog, kp->ifindex, name, kp->way, why, why_bytes);
		if (err == -EBUSY && tries > 1)
			nap(BUSY_NAP_MS);
	} while ((err == -EBUSY && --tries) || step_down(kp, err, why, why_bytes));
	return err;
}

static int take_promiscuity(struct kernel_port *kp, char *why, size_t why_bytes)
{
	kp->promisc_fd = bp_netdev_hold_promisc(kp->ifindex);
	if (kp->promisc_fd >= 0)
		return 0;
	snprintf(
		why, why_bytes,
		"%.15s does not become promiscuous, so that frames for other addresses would be lost: "
		"%s%s",
		kp->port->conf->device, strerror(-kp->promisc_fd),
		kp->promisc_fd == -EPERM ? ": run as root or with CAP_NET_RAW" : "");
	return kp->promisc_fd;
}

static void release_promiscuity(struct kernel_port *kp)
{
	if (kp->promisc_fd >= 0)
		close(kp->promisc_fd);
	kp->promisc_fd = -1;
}

/* Where the worker of the RX queue would send. */
static struct bp_txq *find_txq(const struct kernel_port *kp)
{
	struct bp_port *out = port_out(kp);

	for (unsigned i = 0; i < out->n_txq; i++)
		if (out->txq[i].worker_id == kp->port->rxq[0].worker_id)
			return &out->txq[i];
	return NULL;
}

/* Packets are carried from the moment that the program is attached, so that none is lost between it and the engine's
 * start; at a new start the other port may be away, which check() and kernel_direct() see. */
static int start_receiving(struct kernel_port *kp, char *why, size_t why_bytes)
{
	bp_edit_fn edit = kp->port->env->edit;
	const struct bp_port *out = port_out(kp);
	int err = choose_way(kp, false, why, why_bytes);

	if (err)
		return err;
	kp->state->from_ifindex = (uint32_t)kp->ifindex;
	forget_devices(kp);
	kp->state->max_bytes = 0;
	err = kernel_acts_set(kp->port, kp->prog);
	if (err)
		return err;
	kp->txq = find_txq(kp);
	if (can_do(edit) && (!kp->was_started || out->is_started))
		(void)lead_to(kp, out->priv, edit != NULL);
	err = take_promiscuity(kp, why, why_bytes);
	if (err)
		return err;
	err = attach(kp, why, why_bytes);
	if (err)
		release_promiscuity(kp);
	return err;
}

static void fill_info(struct kernel_port *kp)
{
	struct bp_port_info *info = &kp->port->info;

	snprintf(info->mode, sizeof(info->mode), "%s", kernel_way_name(kp->way));
	info->caps = BP_CAP_VNET_TX | BP_CAP_MULTI_TX | BP_CAP_PLAIN_RX;
	if (kp->prog && kp->way != KERNEL_WAY_TC && !is_followed(kp))
		snprintf(info->note, sizeof(info->note),
			 "the kernel does not tell which redirected frames were not sent");
}

/* A failure is told once; a retry that fails in the same way is not worth a line every 100 ms. */
static int say_failure(struct kernel_port *kp, int err, const char *why)
{
	if (err == -ENODEV)
		return err;
	if (err != kp->logged_err)
		bp_log(BP_LOG_ERROR, "port %s: start kernel on %s: %s", kp->port->conf->name,
		       kp->port->conf->device, why[0] ? why : strerror(-err));
	kp->logged_err = err;
	return err;
}

/* A device that was made anew counts from 0. */
static void begin_qdisc(struct kernel_port *kp)
{
	uint64_t lost = kp->qdisc_last - kp->qdisc_base, now = 0;

	(void)bp_netif_qdisc_drops(kp->ctl_fd, kp->ifindex, &now);
	kp->qdisc_base = now - lost; /* wraps, and wraps back */
	kp->qdisc_last = now;
}

static int kernel_start(struct bp_port *port)
{
	struct kernel_port *kp = port->priv;
	char why[KERNEL_WHY_BYTES] = "";
	int err = learn_device(kp);

	port->info.note[0] = '\0';
	kp->way = KERNEL_NO_WAY;
	if (!err && port->n_rxq)
		err = start_receiving(kp, why, sizeof(why));
	if (err)
		return say_failure(kp, err, why);
	fill_info(kp);
	for (unsigned i = 0; i < port->n_rxq; i++)
		port->rxq[i].driver_burst = bp_rx_down;
	for (unsigned i = 0; i < port->n_txq; i++)
		port->txq[i].driver_burst = bp_tx_down;
	bp_netdev_tx_dropped_begin(&kp->tx_dropped, port->conf->device);
	begin_qdisc(kp);
	kp->was_started = true;
	kp->logged_err = 0;
	return 0;
}

static void kernel_stop(struct bp_port *port)
{
	struct kernel_port *kp = port->priv;

	/* A device that is there goes on taking what others' programs send to it. */
	if (bp_netdev_link(kp->ctl_fd, port->conf->device, kp->ifindex) != BP_LINK_UP)
		open_paths_to(kp, false);
	bp_netdev_tx_dropped_end(&kp->tx_dropped, port->conf->device);
	if (!kp->prog)
		return;
	kernel_prog_detach(kp->prog);
	nap(SETTLE_MS);
	harvest(kp);
	forget_devices(kp);
	release_promiscuity(kp);
}

/* ---- while it runs ------------------------------------------------------------------------------ */

/* Without its program nothing is carried, and nothing else shows it: the port starts again, which puts it back;
 * unless another one is attached by then, which is its owner's to take away. */
static bool has_lost_program(const struct kernel_port *kp)
{
	char why[KERNEL_WHY_BYTES];

	if (!kp->prog || !kernel_prog_check(kp->prog, why, sizeof(why)))
		return false;
	bp_log(BP_LOG_WARN, "port %s: the program on %s was %s: the port starts again",
	       kp->port->conf->name, kp->port->conf->device, why);
	return true;
}

static void follow_mtu(struct kernel_port *kp)
{
	int mtu = bp_netdev_mtu(kp->ctl_fd, kp->port->conf->device);

	if (mtu > 0)
		kp->mtu = (uint32_t)mtu;
}

static enum bp_link kernel_check(struct bp_port *port)
{
	struct kernel_port *kp = port->priv;
	enum bp_link link = bp_netdev_link(kp->ctl_fd, port->conf->device, kp->ifindex);

	if (link == BP_LINK_LOST || has_lost_program(kp))
		return BP_LINK_LOST;
	follow_mtu(kp);
	open_paths_to(kp, link == BP_LINK_UP);
	if (kp->prog) {
		harvest(kp);
		tell_if_none_is_taken(kp);
	}
	return link;
}

static const struct bp_driver_ops kernel_ops = {
	.open = kernel_open,
	.start = kernel_start,
	.stop = kernel_stop,
	.close = kernel_close,
	.check = kernel_check,
	.stats = kernel_stats,
	.direct = kernel_direct,
};

const struct bp_driver bp_driver_kernel = {
	.abi = BP_DRIVER_ABI,
	.name = "kernel",
	.ops = &kernel_ops,
};
