/* Driver `xdp_live`: sends frames that a BPF program makes inside the kernel. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One test run with live frames lasts for a whole trial, since each costs about 25 ms to set up: the
 * program drops what is ahead of schedule. System calls on the packet path: one per 2^31 frames.
 */
#include "xdp_live.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/netdev.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ETH_HEADER_BYTES 14u
#define FRAMES_PER_RUN   INT32_MAX
#define GRACE_NS         5000000u /* after the end, for turns that were due: as src/gen/source.c */
#define LONGEST_BYTES    3776u /* more than any kernel takes in a page; see find_longest() */

static_assert(sizeof(struct xdp_live_template) == sizeof(struct bp_ks_template), "one layout");
static_assert(LIVE_TEMPLATES_MAX == BP_KS_TEMPLATES_MAX, "one bound");
static_assert(LIVE_HEADER_BYTES == BP_KS_HEADER_BYTES, "one bound");
static_assert(LIVE_STREAMS_MAX == BP_STREAMS_MAX, "one bound");

struct live_port {
	struct xdp_live_prog *prog;
	struct xdp_live_state *state; /* shared with the programs */
	struct xdp_live_template *templates;
	bool has_report; /* the kernel says what the device took */
	int ifindex;
	unsigned burst;
	uint64_t n_sent_all, n_refused_all; /* of the trials before */
	struct sigaction old_action;
	pthread_t thread; /* inside run() while is_running */
	_Atomic bool is_running;
};

/* ---- readings -------------------------------------------------------------------------------- */

/* The programs write these words while we read. */
static uint64_t word(const __u64 *from)
{
	return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static void live_read(struct bp_port *port, struct bp_ks_state *out)
{
	const struct live_port *lp = port->priv;
	const struct xdp_live_state *s = lp->state;
	uint64_t begin_ns = word(&s->begin_ns), last_ns = word(&s->last_ns);

	*out = (struct bp_ks_state){
		.is_over = __atomic_load_n(&s->is_over, __ATOMIC_RELAXED),
		.n_tried = word(&s->n_tried),
		.tried_bytes = word(&s->tried_bytes),
		.n_turns = word(&s->n_turns),
		.n_missed = word(&s->n_missed),
		.elapsed_ns = last_ns > begin_ns ? last_ns - begin_ns : 0,
	};
	out->n_sent = lp->has_report ? word(&s->n_sent) : out->n_tried;
	out->n_refused = out->n_tried > out->n_sent ? out->n_tried - out->n_sent : 0;
	for (unsigned i = 0; i < LIVE_STREAMS_MAX; i++) {
		out->stream_pkts[i] = word(&s->stream_pkts[i]);
		out->stream_dropped[i] = word(&s->stream_gone[i]);
	}
	/* Enough to know: the device takes none. */
	if (out->n_tried > BP_BURST_MAX && !out->n_sent)
		out->is_over = true;
	if (out->n_tried && !out->n_sent)
		out->err = s->last_err ? (int)s->last_err : -EOPNOTSUPP;
}

static uint64_t n_refused(const struct xdp_live_state *s)
{
	return word(&s->n_full) + word(&s->n_gone) + word(&s->n_error);
}

static unsigned live_stats(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	const struct live_port *lp = port->priv;

	if (!lp->has_report || max < 2)
		return 0;
	out[0] = (struct bp_reported){ &xdp_live_counters[LIVE_SENT],
				       lp->n_sent_all + word(&lp->state->n_sent) };
	out[1] = (struct bp_reported){ &xdp_live_counters[LIVE_REFUSED],
				       lp->n_refused_all + n_refused(lp->state) };
	return 2;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void put_schedule(struct xdp_live_state *s, const struct bp_ks_request *r)
{
	double turn = r->rate_pps > 0 ? 1e9 / r->rate_pps * (1 << LIVE_TIME_BITS) : 0;

	s->interval = turn < 0x1p62 ? (uint64_t)llround(turn) : 1ull << 62;
	if (r->rate_pps > 0 && !s->interval)
		s->interval = 1;
	if (__builtin_mul_overflow(s->interval, r->backlog_max, &s->backlog))
		s->backlog = INT64_MAX;
	s->n_pkts_max = r->n_pkts_max;
	s->n_turns_max = r->n_turns_max;
	s->end_ns = UINT64_MAX;
	if (r->duration_s > 0)
		s->end_ns = (uint64_t)(r->duration_s * 1e9) + (s->interval ? GRACE_NS : 0);
}

static int live_begin(struct bp_port *port, const struct bp_ks_request *r)
{
	struct live_port *lp = port->priv;
	struct xdp_live_state *s = lp->state;
	uint32_t ifindex = s->ifindex, netns = s->netns, longest = LIVE_HEADER_BYTES;
	uint32_t shortest = UINT32_MAX;

	lp->n_sent_all += s->n_sent;
	lp->n_refused_all += n_refused(s);
	*s = (struct xdp_live_state){
		.ifindex = ifindex, .netns = netns, .n_templates = r->n_templates, .run = r->run
	};
	put_schedule(s, r);
	for (unsigned i = 0; i < LIVE_STREAMS_MAX; i++)
		s->seq[i] = r->first_seq;
	for (unsigned i = 0; i < r->n_templates; i++) {
		const struct bp_ks_template *t = &r->templates[i];

		memcpy(&lp->templates[i], t, sizeof(*t)); /* header */
		if (t->frame_bytes > longest)
			longest = t->frame_bytes;
		if (t->frame_bytes < shortest)
			shortest = t->frame_bytes;
	}
	s->data_bytes = longest;
	s->shortest = shortest;
	s->longest_ok = lp->has_report ? 0 : UINT32_MAX;
	lp->burst = s->burst = r->burst;
	return 0;
}

static void count(struct bp_txq *q, const struct xdp_live_state *s, const struct bp_ks_state *done)
{
	uint64_t n_full = s->n_full < done->n_refused ? s->n_full : done->n_refused;
	uint64_t n_left = done->n_refused - n_full;
	uint64_t n_gone = s->n_gone < n_left ? s->n_gone : n_left;
	uint64_t n_bytes = done->tried_bytes;

	/* Of the frames that the device refused only the number is known: the mean stands in. */
	if (done->n_refused)
		n_bytes =
			(uint64_t)((double)n_bytes * (double)done->n_sent / (double)done->n_tried);
	bp_count(&q->counters, BP_CNT_PKTS, done->n_sent);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&q->counters, BP_DROP_TX_FULL, n_full);
	bp_count(&q->counters, BP_DROP_TX_KERNEL, n_gone);
	bp_count(&q->counters, BP_DROP_TX_ERROR, n_left - n_gone);
}

static void complain_unsent(const struct bp_port *port, const struct bp_ks_state *done)
{
	bool is_veth = port->info.kind == BP_DEVICE_VETH;

	bp_log(BP_LOG_ERROR, "port %s: %s took none of %llu frames: %s: %s%s", port->conf->name,
	       port->conf->device, (unsigned long long)done->n_tried, strerror(-done->err),
	       is_veth ? "a veth takes XDP frames only when its peer is up and has an XDP program or "
			 "GRO on: ethtool -K PEER gro on"
		       : "the device or its driver does not send XDP frames (ndo_xdp_xmit): use "
			 "driver = ",
	       is_veth ? "" : bp_facts_named(BP_FACT_ANY_NETDEV));
}

static int live_run(struct bp_port *port)
{
	struct live_port *lp = port->priv;
	struct xdp_live_state *s = lp->state;
	struct bp_ks_state done;
	uint64_t n_calls = 0;
	sigset_t set;
	int err = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	lp->thread = pthread_self();
	/* Release: the thread, for live_stop(). */
	atomic_store_explicit(&lp->is_running, true, memory_order_release);
	while (!err && !__atomic_load_n(&s->stop, __ATOMIC_RELAXED) &&
	       !__atomic_load_n(&s->is_over, __ATOMIC_RELAXED)) {
		s->in_batch = 0;
		err = xdp_live_prog_run(lp->prog, (unsigned)lp->ifindex, s->data_bytes, lp->burst,
					FRAMES_PER_RUN);
		n_calls++;
		err = err == -EINTR || err == -EAGAIN ? 0 : err;
	}
	atomic_store_explicit(&lp->is_running, false, memory_order_release);
	live_read(port, &done);
	count(&port->txq[0], s, &done);
	bp_count(&port->txq[0].counters, BP_CNT_CALLS, n_calls);
	if (s->n_bad)
		bp_log(BP_LOG_ERROR, "port %s: %u frames could not be written: please report this",
		       port->conf->name, s->n_bad);
	if (err)
		bp_log(BP_LOG_ERROR, "port %s: cannot send on %s: %s", port->conf->name,
		       port->conf->device, strerror(-err));
	else if (done.err)
		complain_unsent(port, &done);
	return err ? err : done.err;
}

static void live_stop_run(struct bp_port *port)
{
	struct live_port *lp = port->priv;

	__atomic_store_n(&lp->state->stop, 1, __ATOMIC_RELAXED);
	/* The signal ends the test run between two bursts; the program drops until then. Acquire:
	 * see live_run(), which outlives this: its caller joins the thread after it. */
	if (atomic_load_explicit(&lp->is_running, memory_order_acquire))
		pthread_kill(lp->thread, SIGURG);
}

static const struct bp_ks_ops live_source = {
	.begin = live_begin,
	.run = live_run,
	.stop = live_stop_run,
	.read = live_read,
};

/* ---- device ---------------------------------------------------------------------------------- */

static void learn_device(struct bp_port *port)
{
	struct bp_port_info *info = &port->info;
	int mtu = bp_netdev_mtu(-1, port->conf->device);

	if (mtu >= 0)
		info->mtu = (uint32_t)mtu;
	info->kind = bp_netdev_driver(-1, port->conf->device, info->device_driver);
}

/* The longest frame that a test run takes; nothing is sent. 0: this kernel has no live frames. */
static uint32_t find_longest(struct live_port *lp)
{
	__atomic_store_n(&lp->state->stop, 1, __ATOMIC_RELAXED);
	for (uint32_t n_bytes = LONGEST_BYTES; n_bytes >= LIVE_HEADER_BYTES; n_bytes -= 32)
		if (xdp_live_prog_run(lp->prog, (unsigned)lp->ifindex, n_bytes, 1, 1) == 0)
			return n_bytes;
	return 0;
}

static void on_signal(int number)
{
	(void)number; /* only interrupts the system call */
}

/* Its end when none of our threads runs is harmless: SIGURG is ignored by default. */
static int live_open(struct bp_port *port)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct live_port *lp = calloc(1, sizeof(*lp));
	char why[256];
	int err;

	if (!lp)
		return -ENOMEM;
	if (port->n_rxq) {
		bp_log(BP_LOG_ERROR,
		       "port %s: driver xdp_live only sends: receive with another driver",
		       port->conf->name);
		free(lp);
		return -EINVAL;
	}
	err = xdp_live_prog_load(&lp->prog, &lp->has_report, why, sizeof(why));
	if (err) {
		bp_log(BP_LOG_ERROR, "port %s: cannot load the XDP program: %s", port->conf->name,
		       why);
		free(lp);
		return err;
	}
	lp->state = xdp_live_prog_state(lp->prog);
	lp->templates = xdp_live_prog_templates(lp->prog);
	sigaction(SIGURG, &action, &lp->old_action);
	port->priv = lp;
	return 0;
}

static void live_close(struct bp_port *port)
{
	struct live_port *lp = port->priv;

	sigaction(SIGURG, &lp->old_action, NULL);
	xdp_live_prog_unload(lp->prog);
	free(lp);
}

/* Frames come from the program alone. */
static unsigned live_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	(void)q;
	(void)pkts;
	(void)n;
	return 0;
}

static int live_start(struct bp_port *port)
{
	struct live_port *lp = port->priv;
	uint32_t longest;

	lp->ifindex = bp_netdev_index(-1, port->conf->device);
	if (lp->ifindex < 0)
		return -ENODEV;
	learn_device(port);
	longest = find_longest(lp);
	if (!longest) {
		bp_log(BP_LOG_ERROR,
		       "port %s: this kernel has no live frames in BPF_PROG_TEST_RUN: driver "
		       "xdp_live needs Linux 5.18 or later; send with driver = %s",
		       port->conf->name, bp_facts_named(BP_FACT_ANY_NETDEV));
		return -EOPNOTSUPP;
	}
	if (port->info.mtu && port->info.mtu + ETH_HEADER_BYTES < longest)
		longest = port->info.mtu + ETH_HEADER_BYTES;
	port->info.max_frame_bytes = longest;
	lp->state->ifindex = (unsigned)lp->ifindex;
	lp->state->netns = bp_netdev_netns();
	lp->has_report = lp->has_report && lp->state->netns;
	strcpy(port->info.mode, "live-frames");
	strcpy(port->info.note,
	       lp->has_report
		       ? "sent: what the device took, as the kernel's tracepoint "
			 "xdp_devmap_xmit reports"
		       : "sent: what the program handed over; what the device refused is not "
			 "known: the tracepoint xdp_devmap_xmit is not to be had here");
	for (unsigned i = 0; i < port->n_txq; i++) {
		port->txq[i].priv = lp;
		port->txq[i].driver_burst = live_tx;
	}
	return 0;
}

static void live_stop(struct bp_port *port)
{
	(void)port; /* holds no frames */
}

static enum bp_link live_check(struct bp_port *port)
{
	const struct live_port *lp = port->priv;

	return bp_netdev_link(-1, port->conf->device, lp->ifindex);
}

static const struct bp_driver_ops live_ops = {
	.open = live_open,
	.start = live_start,
	.stop = live_stop,
	.close = live_close,
	.check = live_check,
	.stats = live_stats,
};

const struct bp_driver bp_driver_xdp_live = {
	.abi = BP_DRIVER_ABI,
	.name = "xdp_live",
	.ops = &live_ops,
	.kernel_source = &live_source,
};
