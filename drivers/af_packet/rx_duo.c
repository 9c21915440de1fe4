/* Receives from two rings: one that shows each packet at once, one that is cheaper under load. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TPACKET_V2 shows a lone packet within microseconds, but each of its slots changes hands on its
 * own: the core that fills them pays for it. TPACKET_V3 changes hands by the block, and keeps a lone
 * packet for a millisecond. So packets go to the V2 ring until they come at a high rate for a
 * while, then to the V3 ring until they no longer do, or one comes that fits no block (demux.c).
 *
 * Order: a core that receives packet A for one ring, then B for the other, has finished A before it
 * counts B in. So whoever sees B first empties A's ring. In the phases
 *   QUIET     packets go to V2; V3 is empty
 *   TO_BUSY   packets go to V3 from now on; what is in V2 is older, and is read first
 *   BUSY      packets go to V3; V2 is empty until a long packet has changed that
 *   TO_QUIET  packets go to V2 from now on; what is in V3 is older, and is read first. The block
 *             under way shows when its timer has run out: 1 ms (one tick on kernels before 6.18)
 */
#include "af_packet.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <unistd.h>

#define WINDOW_PKTS    1024u
#define WINDOW_NS      2500000u /* such a window is high rate: 400 kpps */
#define WINDOWS        3u /* in a row, before the rings change */
#define CHECK_NS       1000000u /* BUSY is looked at so often … */
#define CHECK_PKTS     250u /* … and ends below this */
#define PATIENCE_NS    500000u /* BUSY without a block for so long ends */
#define HOLD_NS        8000u /* an emptied V3 ring is left alone for so long: its head is hot */
#define PENALTY_MIN_NS 10000000u /* QUIET lasts at least so long, doubled when BUSY was short */
#define PENALTY_MAX_NS 1000000000u
#define LEN_MAX        (AFP_BLOCK_FRAME_MAX - 14u) /* the program sees no link header */

static uint64_t to_cycles(uint64_t ns)
{
	return ns * (bp_clock_hz() / 1000000u) / 1000u;
}

/* Say where packets go from now on. */
static void steer(struct afp_duo *duo, uint32_t to_blocks)
{
	/* The reader is the BPF program, on any core; it may see it a moment later. */
	__atomic_store_n(duo->demux.word, to_blocks, __ATOMIC_RELEASE);
}

/* Do they still go to the blocks? A long packet may have changed it. */
static bool is_steered(const struct afp_duo *duo)
{
	/* Acquire: the program cleared it before the packet came into the V2 ring. */
	return __atomic_load_n(duo->demux.word, __ATOMIC_ACQUIRE);
}

bool afp_duo_must_wait(const struct afp_duo *duo)
{
	return duo->phase == AFP_TO_BUSY && !is_steered(duo);
}

/* Who waits for packets must not sleep on one ring while they go to the other. */
static void set_phase(struct bp_rxq *q, enum afp_phase phase)
{
	struct afp_rxq *rq = q->priv;

	rq->duo.phase = phase;
	atomic_store_explicit(&q->fd, phase == AFP_QUIET ? rq->fd : -1, memory_order_relaxed);
}

static void leave_busy(struct bp_rxq *q, uint64_t now)
{
	struct afp_duo *duo = &((struct afp_rxq *)q->priv)->duo;

	if (now - duo->since > duo->penalty_max)
		duo->penalty = duo->penalty_min;
	else if (duo->penalty < duo->penalty_max)
		duo->penalty *= 2;
	duo->n_windows = 0;
	duo->quiet_until = now + duo->penalty;
	steer(duo, 0);
	set_phase(q, AFP_TO_QUIET);
}

/* Count n packets of the V2 ring; change rings after enough windows of high rate. */
static void watch_rate(struct bp_rxq *q, unsigned n, uint64_t now)
{
	struct afp_duo *duo = &((struct afp_rxq *)q->priv)->duo;

	duo->n_window += n;
	if (duo->n_window < WINDOW_PKTS)
		return;
	duo->n_windows = now - duo->window_begin < duo->window_cycles ? duo->n_windows + 1 : 0;
	duo->window_begin = now;
	duo->n_window = 0;
	if (duo->n_windows < WINDOWS || now < duo->quiet_until)
		return;
	duo->since = now;
	atomic_fetch_add_explicit(&duo->n_changes, 1, memory_order_relaxed);
	steer(duo, 1);
	set_phase(q, AFP_TO_BUSY);
}

static unsigned read_blocks(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct afp_duo *duo = &((struct afp_rxq *)q->priv)->duo;
	unsigned n = afp_blocks_read(q, pkts, max);
	/* One writer. */
	uint64_t n_pkts = atomic_load_explicit(&duo->n_pkts, memory_order_relaxed);

	atomic_store_explicit(&duo->n_pkts, n_pkts + n, memory_order_relaxed);
	return n;
}

static unsigned read_quiet(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max, uint64_t now)
{
	struct afp_rxq *rq = q->priv;
	unsigned n = afp_ring_read(q, pkts, max, now);

	if (n)
		watch_rate(q, n, now);
	else if (afp_blocks_are_ready(&rq->rb)) /* a core was between decision and store */
		n = read_blocks(q, pkts, max);
	return n;
}

static unsigned read_to_busy(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max, uint64_t now)
{
	struct afp_rxq *rq = q->priv;
	/* In this order: see above. */
	bool has_begun = !afp_blocks_are_empty(&rq->rb);
	unsigned n;

	rq->ring.hold_until = 0;
	n = afp_ring_read(q, pkts, max, now);
	if (!is_steered(&rq->duo)) {
		leave_busy(q, now);
		return n;
	}
	if (n || afp_ring_is_ready(&rq->ring))
		return n;
	if (has_begun) {
		rq->duo.last_block = rq->duo.window_begin = now;
		rq->duo.n_window = 0;
		set_phase(q, AFP_BUSY);
	} else if (now - rq->duo.since > rq->duo.patience) {
		leave_busy(q, now);
	}
	return 0;
}

/* Has the rate fallen? */
static bool is_slow(struct afp_duo *duo, unsigned n, uint64_t now)
{
	bool is_below;

	duo->n_window += n;
	if (now - duo->window_begin < duo->check_cycles)
		return now - duo->last_block > duo->patience;
	is_below = duo->n_window < CHECK_PKTS;
	duo->window_begin = now;
	duo->n_window = 0;
	return is_below;
}

static unsigned read_busy(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max, uint64_t now)
{
	struct afp_rxq *rq = q->priv;
	struct afp_duo *duo = &rq->duo;
	unsigned n = 0;

	if (now >= duo->hold_until)
		n = read_blocks(q, pkts, max);
	if (n)
		duo->last_block = now;
	else if (now >= duo->hold_until)
		duo->hold_until = now + duo->hold_cycles;
	if (is_slow(duo, n, now) || !is_steered(duo))
		leave_busy(q, now);
	return n;
}

static unsigned read_to_quiet(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct afp_rxq *rq = q->priv;
	unsigned n = read_blocks(q, pkts, max);

	if (!n && afp_blocks_are_empty(&rq->rb))
		set_phase(q, AFP_QUIET);
	return n;
}

static unsigned rx_duo(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	uint64_t now = bp_clock_cycles();
	unsigned n = 0;

	switch (((struct afp_rxq *)q->priv)->duo.phase) {
	case AFP_QUIET:
		n = read_quiet(q, pkts, max, now);
		break;
	case AFP_TO_BUSY:
		n = read_to_busy(q, pkts, max, now);
		break;
	case AFP_BUSY:
		n = read_busy(q, pkts, max, now);
		break;
	case AFP_TO_QUIET:
		n = read_to_quiet(q, pkts, max);
		break;
	}
	return afp_count_rx(q, pkts, n);
}

int afp_rx_duo_start(struct bp_rxq *q)
{
	struct afp_duo *duo = &((struct afp_rxq *)q->priv)->duo;
	int err = afp_demux_open(&duo->demux, LEN_MAX);

	if (err)
		return err;
	err = afp_blocks_start(q);
	if (err)
		return err;
	duo->phase = AFP_QUIET;
	duo->window_cycles = to_cycles(WINDOW_NS);
	duo->check_cycles = to_cycles(CHECK_NS);
	duo->patience = to_cycles(PATIENCE_NS);
	duo->hold_cycles = to_cycles(HOLD_NS);
	duo->penalty_min = to_cycles(PENALTY_MIN_NS);
	duo->penalty_max = to_cycles(PENALTY_MAX_NS);
	duo->penalty = duo->penalty_min;
	duo->n_window = duo->n_windows = 0;
	duo->hold_until = duo->quiet_until = 0;
	q->driver_burst = rx_duo;
	return 0;
}

int afp_rx_duo_bind(struct bp_rxq *q)
{
	struct afp_rxq *rq = q->priv;
	int err = afp_socket_bind_rx(rq->ap, rq->fd);

	/* The order of joining is the number that the program returns. */
	if (!err)
		err = afp_demux_attach(&rq->duo.demux, rq->fd);
	if (!err)
		err = afp_socket_bind_rx(rq->ap, rq->rb.fd);
	if (!err)
		err = afp_socket_listen(rq->ap, rq->fd);
	if (!err)
		err = afp_socket_listen(rq->ap, rq->rb.fd);
	return err;
}

void afp_rx_duo_stop(struct bp_rxq *q)
{
	struct afp_rxq *rq = q->priv;

	if (rq->rb.fd >= 0)
		close(rq->rb.fd);
	rq->rb.fd = -1;
	afp_blocks_stop(q);
	afp_demux_close(&rq->duo.demux);
}
