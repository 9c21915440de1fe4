/* Traffic in small rounds, so that no buffer on the way ever overflows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic.h"

#include "frame.h"

#include <errno.h>
#include <string.h>

#define PATIENCE_NS 3000000000u /* for frames that are on their way */
#define ROUND       16u /* frames under way at once */

uint32_t traffic_gather(const struct bp_pkt *pkts, unsigned n, uint8_t *frame, uint32_t room)
{
	uint32_t len = 0;

	for (unsigned i = 0; i < n; i++) {
		if (len + pkts[i].len > room)
			return 0;
		memcpy(frame + len, pkts[i].data, pkts[i].len);
		len += pkts[i].len;
	}
	return len;
}

static bool expect_frame(const char *way, const uint8_t *frame, uint32_t len, uint32_t seq,
			 uint32_t expected_len, bool is_vlan)
{
	long at;

	if (!expect(len == expected_len, "%s: frame %u is %u bytes long, not %u", way, seq, len,
		    expected_len))
		return false;
	at = frame_diff(frame, seq, len, is_vlan);
	return expect(at < 0, "%s: byte %ld of frame %u (%u bytes) is wrong", way, at, seq, len);
}

/* Frames shorter than a header cannot be told from noise by their numbers: they are the next. */
static bool is_noise(const uint8_t *frame, uint32_t len)
{
	uint32_t seq;

	return len >= FRAME_HEADER && !frame_seq(frame, len, &seq);
}

static bool offer(struct world *w, uint32_t seq, uint32_t len, bool is_vlan)
{
	static uint8_t frame[FRAME_MAX];
	uint64_t deadline_ns = now_ns() + PATIENCE_NS;
	int err;

	frame_write(frame, seq, len, is_vlan);
	do {
		err = w->rig->send(w, frame, len);
	} while (err == -EAGAIN && now_ns() < deadline_ns);
	return expect(!err, "the peer cannot offer a frame of %u bytes: %s", len, strerror(-err));
}

/* Check the received packets in pkts[] against the expected order; returns how many were ours. */
static unsigned check_burst(const struct bp_pkt *pkts, unsigned n, uint32_t seq,
			    const uint32_t *lens, unsigned n_left, bool is_vlan)
{
	static uint8_t frame[FRAME_MAX];
	unsigned n_ours = 0;

	for (unsigned i = 0; i < n;) {
		unsigned n_views = bp_pkt_n_views(&pkts[i], n - i);
		uint32_t len = traffic_gather(&pkts[i], n_views, frame, sizeof(frame));

		i += n_views;
		if (is_noise(frame, len))
			continue;
		if (!expect(n_ours < n_left, "rx: a frame that nobody sent, or one twice"))
			break;
		expect_frame("rx", frame, len, seq + n_ours, lens[n_ours], is_vlan);
		n_ours++;
	}
	return n_ours;
}

static bool receive_round(struct world *w, uint32_t seq, const uint32_t *lens, unsigned n,
			  unsigned max, bool is_vlan)
{
	uint64_t deadline_ns = now_ns() + PATIENCE_NS;
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n_done = 0;

	while (n_done < n && !check_failed() && now_ns() < deadline_ns) {
		unsigned n_views = world_rx(w, pkts, max);

		n_done += check_burst(pkts, n_views, seq + n_done, lens + n_done, n - n_done,
				      is_vlan);
		bp_pool_put(WORKER, pkts, n_views);
		if (!n_views)
			pause_briefly();
	}
	expect(n_done == n, "rx: %u of %u frames arrived (lengths %u … %u)", n_done, n, lens[0],
	       lens[n - 1]);
	return !check_failed();
}

/* Some devices (net_memif) give the sender slots only when their receiver has been polled. */
static void poll_before(struct world *w)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n = world_rx(w, pkts, BP_BURST_MAX);

	check_burst(pkts, n, 0, NULL, 0, false);
	bp_pool_put(WORKER, pkts, n);
}

bool traffic_to_port(struct world *w, const uint32_t *lens, unsigned n, unsigned max, bool is_vlan)
{
	for (unsigned first = 0; first < n; first += ROUND) {
		unsigned n_round = n - first < ROUND ? n - first : ROUND;
		uint32_t seq = w->next_seq;

		w->next_seq += n_round;
		poll_before(w);
		for (unsigned i = 0; i < n_round; i++)
			if (!offer(w, seq + i, lens[first + i], is_vlan))
				return false;
		if (w->rig->commit)
			w->rig->commit(w);
		if (!receive_round(w, seq, lens + first, n_round, max, is_vlan))
			return false;
	}
	return true;
}

/* One packet into pkts[]; the number of its views. */
static unsigned build(struct world *w, struct bp_pkt *pkts, unsigned max, uint32_t seq,
		      uint32_t len, enum origin origin, uint32_t view_bytes)
{
	if (origin == FROM_ARENA)
		return world_build(w, pkts, max, seq, len, view_bytes);
	if (!(origin == FROM_OWN ? w->port->tx_pool->get(w->port->tx_pool, WORKER, pkts, 1)
				 : private_pool_get(&w->foreign, &pkts[0])))
		return 0;
	frame_write(pkts[0].data, seq, len, false);
	pkts[0].len = len;
	return 1;
}

bool traffic_send(struct world *w, struct bp_pkt *pkts, unsigned n)
{
	uint64_t deadline_ns = now_ns() + PATIENCE_NS;
	unsigned k = world_tx(w, pkts, n);

	while (k < n && now_ns() < deadline_ns && !check_failed()) {
		world_tx(w, NULL, 0);
		k += world_tx(w, pkts + k, n - k);
	}
	bp_pool_put(WORKER, pkts + k, n - k);
	return expect(k == n, "tx: %u of %u views consumed", k, n);
}

/* The next frame of the suite at the peer: its length, 0 when none came in time. */
static uint32_t peer_take(struct world *w, uint8_t *frame, uint32_t room)
{
	uint64_t deadline_ns = now_ns() + PATIENCE_NS;

	while (now_ns() < deadline_ns) {
		int len = w->rig->recv(w, frame, room);

		if (len > 0 && !is_noise(frame, (uint32_t)len))
			return (uint32_t)len;
		if (len < 0) {
			world_tx(w, NULL, 0);
			pause_briefly();
		}
	}
	return 0;
}

bool traffic_from_port(struct world *w, const uint32_t *lens, unsigned n, enum origin origin,
		       uint32_t view_bytes)
{
	static uint8_t frame[FRAME_MAX];
	struct bp_pkt pkts[BP_BURST_MAX];

	for (unsigned first = 0, n_round; first < n; first += n_round) {
		uint32_t seq = w->next_seq;
		unsigned n_views = 0;

		for (n_round = 0; n_round < ROUND && first + n_round < n; n_round++) {
			unsigned more =
				build(w, pkts + n_views, BP_BURST_MAX - n_views, seq + n_round,
				      lens[first + n_round], origin, view_bytes);

			if (!more)
				break;
			n_views += more;
		}
		if (!expect(n_round, "no frames left to send from"))
			return false;
		w->next_seq += n_round;
		if (!traffic_send(w, pkts, n_views))
			return false;
		world_drain(w);
		for (unsigned i = 0; i < n_round; i++) {
			uint32_t len = peer_take(w, frame, sizeof(frame));

			if (!expect(len, "tx: frame %u (%u bytes) never came", seq + i,
				    lens[first + i]) ||
			    !expect_frame("tx", frame, len, seq + i, lens[first + i], false))
				return false;
		}
	}
	return !check_failed();
}

void traffic_offer(struct world *w, unsigned n)
{
	uint8_t frame[60];

	for (unsigned i = 0; i < n; i++) {
		frame_write(frame, w->next_seq, sizeof(frame), false);
		if (w->rig->send(w, frame, sizeof(frame)))
			break;
		w->next_seq++;
	}
	if (w->rig->commit)
		w->rig->commit(w);
}

static void swap_back(uint8_t *frame)
{
	uint8_t dst[6];

	memcpy(dst, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, dst, 6);
}

/* Move frames from the port's RX to its TX until n have been counted. */
static bool reflect(struct world *w, bp_direct_fn direct, bp_edit_fn edit, uint64_t n)
{
	const struct bp_counters *c = &world_rxq(w)->counters;
	uint64_t deadline_ns = now_ns() + PATIENCE_NS, begin = bp_counter(c, BP_CNT_PKTS);

	while (bp_counter(c, BP_CNT_PKTS) - begin < n && now_ns() < deadline_ns)
		if (!world_direct(w, direct, edit, 8))
			pause_briefly();
	return expect(bp_counter(c, BP_CNT_PKTS) - begin == n, "direct: %lu of %lu frames received",
		      bp_counter(c, BP_CNT_PKTS) - begin, n);
}

bool traffic_direct(struct world *w, const uint32_t *lens, unsigned n, bp_direct_fn direct,
		    bp_edit_fn edit)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t seq = w->next_seq;

	w->next_seq += n;
	poll_before(w);
	for (unsigned i = 0; i < n; i++)
		if (!offer(w, seq + i, lens[i], false))
			return false;
	if (w->rig->commit)
		w->rig->commit(w);
	if (!reflect(w, direct, edit, n))
		return false;
	for (unsigned i = 0; i < n; i++) {
		uint32_t len = peer_take(w, frame, sizeof(frame));

		if (!expect(len, "direct: frame %u never came", seq + i))
			return false;
		if (edit)
			swap_back(frame);
		if (!expect_frame("direct", frame, len, seq + i, lens[i], false))
			return false;
	}
	return true;
}

bool traffic_both_ways(struct world *w)
{
	static const uint32_t lens[] = { 60, 1500, 64, 333 };

	if (w->rig->flags & RIG_RX)
		traffic_to_port(w, lens, 4, BP_BURST_MAX, false);
	if (w->rig->flags & RIG_TX)
		traffic_from_port(w, lens, 4, FROM_ARENA, 0);
	return !check_failed();
}

unsigned traffic_discard(struct world *w, uint64_t quiet_ns)
{
	uint64_t deadline_ns = now_ns() + PATIENCE_NS, last_ns = now_ns();
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n_ours = 0;
	uint32_t seq;

	if (w->rig->flags & RIG_SOURCE) /* never quiet */
		deadline_ns = now_ns() + quiet_ns;
	while (now_ns() < deadline_ns && now_ns() - last_ns < quiet_ns) {
		unsigned n = world_rx(w, pkts, BP_BURST_MAX);

		for (unsigned i = 0; i < n; i++)
			n_ours += frame_seq(pkts[i].data, pkts[i].len, &seq);
		bp_pool_put(WORKER, pkts, n);
		if (n)
			last_ns = now_ns();
	}
	return n_ours;
}
