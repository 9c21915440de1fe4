/* AF_XDP receive bursts: descriptors of the RX ring become views. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: recvfrom() without data, only when the ring is empty, and only
 * with busy polling or when the kernel asks to be woken (zero-copy with a fill ring run dry).
 */
#include "af_xdp.h"

#include "core/clock.h"

#include <sys/socket.h>

/* How often a caller may come with too small a `max` before the packet is thrown away: it must not
 * block the queue for ever. */
#define REFUSALS_MAX 64u

/*
 * Descriptors that are there, at most max; a fresh look is noted for the fill level. Not xsk_ring_cons__peek(): that
 * looks at the producer only when its cached entries are used up, and would never see the end of a packet of which it
 * has cached the beginning.
 */
static inline unsigned count_ready(struct af_xdp_rx_side *side, unsigned max)
{
	struct xsk_ring_cons *rx = &side->rx;
	unsigned n = rx->cached_prod - rx->cached_cons;

	if (n < max) {
		/* Acquire: the descriptors that the kernel wrote before it moved the producer. */
		rx->cached_prod = __atomic_load_n(rx->producer, __ATOMIC_ACQUIRE);
		n = rx->cached_prod - rx->cached_cons;
		if (n)
			af_xdp_depth_saw(&side->depth, n, side->n_filled);
	}
	return n < max ? n : max;
}

/* Give n descriptors' slots back to the kernel. */
static inline void release(struct af_xdp_rx_side *side, unsigned n)
{
	side->rx.cached_cons += n;
	side->n_filled -= n;
	/* Release: we have read the descriptors; the kernel may write there again. */
	__atomic_store_n(side->rx.consumer, side->rx.cached_cons, __ATOMIC_RELEASE);
}

void af_xdp_rx_refill(struct af_xdp_rx_side *side, unsigned worker_id)
{
	uint64_t offsets[AF_XDP_FILL_BATCH];
	unsigned n = side->fill_batch;

	/* The fill ring always has room: at most depth.full frames, which is no more than its size,
	 * are with the kernel. After the target fell they may be more than the target. */
	while (n == side->fill_batch && side->n_filled + n <= side->depth.target) {
		n = bp_frames_get_near(side->frames, side->slice, worker_id, offsets, n);
		for (unsigned i = 0; i < n; i++) {
			*xsk_ring_prod__fill_addr(&side->fill, side->fill.cached_prod + i) =
				offsets[i];
			side->marks[offsets[i] >> side->frame_shift] = AF_XDP_MARK_HELD;
		}
		side->fill.cached_prod += n;
		side->n_filled += n;
		xsk_ring_prod__submit(&side->fill, n);
	}
}

/* Let the kernel run the queue's NAPI, or wake it, as the mode demands. True if it was called. */
static bool poll_kernel(struct bp_rxq *q, struct af_xdp_rx_side *side)
{
	uint64_t start;

	if (!side->busy_poll && !xsk_ring_prod__needs_wakeup(&side->fill))
		return false;
	start = bp_clock_cycles();
	/* Its errors (link down, device gone) show in check(). */
	(void)recvfrom(side->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - start);
	return true;
}

/* Throw away what is there of a packet too long for any burst. True when its end was reached. */
static bool discard_long(struct af_xdp_rx_side *side, unsigned worker_id)
{
	unsigned n = count_ready(side, BP_BURST_MAX), used = 0;
	uint64_t offsets[BP_BURST_MAX];
	bool more = true;

	while (used < n && more) {
		const struct xdp_desc *desc =
			xsk_ring_cons__rx_desc(&side->rx, side->rx.cached_cons + used);

		more = desc->options & XDP_PKT_CONTD;
		side->marks[desc->addr >> side->frame_shift] = 0;
		offsets[used++] = desc->addr;
	}
	bp_frames_put_offsets(side->frames, worker_id, offsets, used);
	release(side, used);
	side->in_long = more;
	return !more;
}

/* No packet ends within the n descriptors at hand. */
static void refuse_packet(struct bp_rxq *q, struct af_xdp_rx_side *side, unsigned n, unsigned max)
{
	bp_count(&q->counters, BP_CNT_EMPTY, 1);
	if (n < max)
		return; /* its end is yet to come */
	if (max < BP_BURST_MAX && ++side->n_refused < REFUSALS_MAX)
		return; /* a larger burst may take it */
	side->n_refused = 0;
	bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
	discard_long(side, q->worker_id);
}

/* Views of n descriptors. Returns how many views make whole packets; adds up those. */
static inline unsigned make_views(struct af_xdp_rx_side *side, struct bp_pkt *pkts, unsigned n,
				  unsigned *n_pkts, uint64_t *n_bytes)
{
	uint64_t bytes = 0;
	unsigned n_whole = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct xdp_desc *desc =
			xsk_ring_cons__rx_desc(&side->rx, side->rx.cached_cons + i);
		uint32_t headroom = (uint32_t)desc->addr & side->frame_mask;
		bool more = desc->options & XDP_PKT_CONTD;

		pkts[i] = (struct bp_pkt){
			.data = side->base + desc->addr,
			.token = desc->addr - headroom,
			.pool = side->pool,
			.len = desc->len,
			.headroom = (uint16_t)headroom,
			.flags = more ? BP_PKT_MORE : 0,
		};
		bytes += desc->len;
		side->marks[desc->addr >> side->frame_shift] = 0;
		if (!more) {
			n_whole = i + 1;
			*n_bytes = bytes;
			++*n_pkts;
		}
	}
	/* The views of an incomplete packet stay in the ring: their frames still count as the
	 * kernel's. */
	for (unsigned i = n_whole; i < n; i++)
		side->marks[pkts[i].token >> side->frame_shift] = AF_XDP_MARK_HELD;
	return n_whole;
}

unsigned af_xdp_rx_burst(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct af_xdp_rx_side *side = q->priv;
	unsigned n, n_whole, n_pkts = 0;
	uint64_t n_bytes = 0;

	if (__builtin_expect(side->in_long, 0) && !discard_long(side, q->worker_id))
		return 0;
	n = count_ready(side, max);
	if (!n && poll_kernel(q, side))
		n = count_ready(side, max);
	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		af_xdp_depth_saw_nothing(&side->depth);
		af_xdp_rx_refill(side, q->worker_id);
		return 0;
	}
	n_whole = make_views(side, pkts, n, &n_pkts, &n_bytes);
	if (__builtin_expect(!n_whole, 0)) {
		refuse_packet(q, side, n, max);
		return 0;
	}
	side->n_refused = 0;
	release(side, n_whole);
	af_xdp_rx_refill(side, q->worker_id);
	bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n_whole;
}
