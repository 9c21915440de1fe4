/* The port under test, from its arena to its last frame. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include "frame.h"

#include "core/clock.h"
#include "core/transmit.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define ARENA_FRAMES     2048u
#define FRAME_BYTES      2048u
#define BLOCKED_NS       500000000u /* a burst that sleeps this long blocks */
#define KNOWN_FLAGS      (BP_PKT_MORE | BP_PKT_VNET)
#define DRAIN_LIMIT_NS   1000000000u
#define RESTART_LIMIT_NS 5000000000u
#define OWN_POOLS        2u /* the arena's, the private one */

uint64_t now_ns(void)
{
	return bp_clock_ns();
}

void pause_briefly(void)
{
	static const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

static void fill_defaults(struct bp_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->engine.n_workers = N_WORKERS;
	conf->engine.burst = BP_BURST_MAX;
	conf->engine.tx_retries = 8;
	conf->memory.n_frames = ARENA_FRAMES;
	conf->memory.frame_bytes = FRAME_BYTES;
	conf->memory.hugepages = BP_NO;
	conf->eal.no_huge = true;
	conf->eal.memory_mib = 128;
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		conf->ports[i].n_queues = 1;
		conf->ports[i].checksum = BP_AUTO;
		conf->ports[i].forward_to = BP_NO_PORT;
	}
}

static int create_memory(struct world *w)
{
	static const uint16_t cores[N_WORKERS];
	int err = private_pool_create(&w->foreign);

	if (err)
		return err;
	err = bp_env_open(&w->env, &w->conf, N_WORKERS, cores, NULL);
	if (!err)
		err = bp_env_add_pool(&w->env, &w->foreign.pool);
	if (err)
		private_pool_destroy(&w->foreign);
	return err;
}

static void destroy_memory(struct world *w)
{
	private_pool_destroy(&w->foreign);
	bp_env_close(&w->env);
}

static int create_ports(struct world *w)
{
	static const uint16_t worker = WORKER, peer_worker = PEER_WORKER;
	uint32_t flags = w->rig->flags;
	const struct bp_port_queues queues = { !(flags & RIG_NO_RXQ), !(flags & RIG_NO_TXQ),
					       &worker, &worker };
	const struct bp_port_queues peer_queues = { 1, 1, &peer_worker, &peer_worker };
	int err = bp_port_create(&w->env, 0, &queues, &w->port);

	if (err || w->conf.n_ports < 2)
		return err;
	err = bp_port_create(&w->env, 1, &peer_queues, &w->peer);
	if (err)
		bp_port_destroy(w->port);
	return err;
}

/* A device that is being taken apart is 'not yet' there: the engine tries again every 100 ms. */
static int start_port(struct world *w)
{
	uint64_t deadline_ns = now_ns() + RESTART_LIMIT_NS;
	int err = bp_port_start(w->port);

	while (w->n_starts && now_ns() < deadline_ns &&
	       (err == -EBUSY || err == -ENODEV || err == -ENOENT || err == -ENETDOWN)) {
		pause_briefly();
		err = bp_port_start(w->port);
	}
	w->n_starts += !err;
	return err;
}

bool world_start(struct world *w)
{
	int err = start_port(w);

	if (!expect(!err, "start of the port: %s", strerror(-err)))
		return false;
	if (w->peer) {
		err = bp_port_start(w->peer);
		if (!expect(!err, "start of the peer: %s", strerror(-err))) {
			bp_port_stop(w->port);
			return false;
		}
		bp_port_bind_pools(w->peer);
	}
	bp_port_bind_pools(w->port);
	err = w->rig->attach ? w->rig->attach(w) : 0;
	if (!expect(!err, "attach to the port: %s", strerror(-err))) {
		world_stop(w);
		return false;
	}
	w->is_attached = true;
	return true;
}

void world_stop(struct world *w)
{
	if (w->rig->detach && w->is_attached)
		w->rig->detach(w);
	w->is_attached = false;
	bp_port_unpublish(w->port);
	if (w->peer) {
		bp_port_unpublish(w->peer);
		bp_port_stop(w->peer);
	}
	bp_port_stop(w->port);
	for (unsigned i = 0; i < w->port->n_txq; i++)
		expect(atomic_load(&w->port->txq[i].n_held) == 0, "n_held is %u after stop",
		       atomic_load(&w->port->txq[i].n_held));
}

bool world_open(struct world *w, const struct rig *rig)
{
	int err;

	*w = (struct world){ .rig = rig, .fd = -1, .next_seq = 1 };
	fill_defaults(&w->conf);
	rig->configure(rig, &w->conf);
	if (!w->conf.n_ports)
		w->conf.n_ports = 1;
	err = create_memory(w);
	if (!expect(!err, "arena: %s", strerror(-err)))
		return false;
	err = create_ports(w);
	if (!expect(!err, "port of driver %s on %s: %s", w->conf.ports[0].driver,
		    w->conf.ports[0].device, strerror(-err)))
		goto err_memory;
	err = bp_ports_enter(&w->port, 1, WORKER);
	if (!err && w->peer)
		err = bp_ports_enter(&w->peer, 1, PEER_WORKER);
	if (!expect(!err, "thread_enter: %s", strerror(-err)) || !world_start(w))
		goto err_ports;
	return true;
err_ports:
	if (w->peer)
		bp_port_destroy(w->peer);
	bp_port_destroy(w->port);
err_memory:
	destroy_memory(w);
	return false;
}

/* Every frame of the arena is free exactly once: a count alone would miss one that came back twice. */
static void expect_all_home(struct world *w)
{
	bool is_home[ARENA_FRAMES] = { false };
	uint32_t n_free = bp_frames_n_free(w->env.frames);

	expect(n_free == ARENA_FRAMES, "%u of %u frames came back to the arena", n_free,
	       ARENA_FRAMES);
	for (unsigned worker_id = 0; worker_id <= BP_OTHERS_ID; worker_id++) {
		uint64_t offset;

		while (!check_failed() &&
		       bp_frames_get_offsets(w->env.frames, worker_id, &offset, 1)) {
			uint64_t frame = offset / w->conf.memory.frame_bytes;

			expect(!is_home[frame], "frame %lu came back twice", frame);
			is_home[frame] = true;
		}
	}
}

void world_close(struct world *w)
{

	world_stop(w);
	bp_ports_leave(&w->port, 1, WORKER);
	if (w->peer) {
		bp_ports_leave(&w->peer, 1, PEER_WORKER);
		bp_port_destroy(w->peer);
	}
	bp_port_destroy(w->port);
	for (unsigned i = OWN_POOLS; i < w->env.n_pools; i++)
		expect(!w->env.pools[i] || w->env.shared_pools >> i & 1,
		       "pool %u is still registered, its port is gone", i);
	expect_all_home(w);
	expect(w->foreign.n_out == 0, "%lu private views never came back", w->foreign.n_out);
	expect(w->foreign.n_bad_puts == 0, "%lu private views came back twice or out of nowhere",
	       w->foreign.n_bad_puts);
	destroy_memory(w);
}

struct bp_rxq *world_rxq(struct world *w)
{
	return &w->port->rxq[0];
}

struct bp_txq *world_txq(struct world *w)
{
	return &w->port->txq[0];
}

bool world_in_place(struct world *w, const struct bp_pool *pool)
{
	return world_txq(w)->in_place >> pool->pool_id & 1;
}

uint32_t world_max_frame(const struct world *w)
{
	uint32_t max = w->rig->max_frame_bytes;

	if (w->port->info.max_frame_bytes && w->port->info.max_frame_bytes < max)
		max = w->port->info.max_frame_bytes;
	return max;
}

static long n_sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* A slow machine may stall a call; only one that gave the core away by itself has blocked. */
static void expect_unblocked(const char *call, uint64_t began_ns, long sleeps)
{
	uint64_t took_ns = now_ns() - began_ns;

	expect(took_ns < BLOCKED_NS || n_sleeps() == sleeps, "%s blocked for %lu ms", call,
	       took_ns / 1000000);
}

struct tally {
	uint64_t v[BP_CNT_N];
};

static struct tally tally_of(const struct bp_counters *c)
{
	struct tally tally;

	for (unsigned i = 0; i < BP_CNT_N; i++)
		tally.v[i] = bp_counter(c, (enum bp_cnt)i);
	return tally;
}

static uint64_t tally_drops(const struct tally *tally)
{
	uint64_t sum = 0;

	for (unsigned i = BP_DROP_FIRST; i < BP_CNT_N; i++)
		sum += tally->v[i];
	return sum;
}

static void expect_sane_view(struct world *w, const struct bp_pkt *pkt, bool is_first)
{
	bool is_known = pkt->pool && pkt->pool->pool_id < w->env.n_pools &&
			w->env.pools[pkt->pool->pool_id] == pkt->pool;

	expect(is_known, "a view of a pool that was never registered");
	expect(pkt->data && pkt->len, "a view without data");
	expect(!(pkt->flags & ~KNOWN_FLAGS), "unknown flags %#x", pkt->flags);
	expect(is_first || !(pkt->flags & BP_PKT_VNET), "metadata on a later view");
	if (w->port->info.caps & BP_CAP_PLAIN_RX)
		expect(!(pkt->flags & BP_PKT_VNET), "metadata from a port that has none");
	if (is_first)
		expect(pkt->copies <= w->port->info.rx_copies, "%u copies of a packet, %u declared",
		       pkt->copies, w->port->info.rx_copies);
}

/*
 * Copies counted since the start against those that the received views tell of. A packet that waits
 * for a larger burst has been copied but not handed over.
 */
static void expect_rx_copies(struct world *w, const struct tally *is)
{
	uint64_t counted = is->v[BP_CNT_COPIES];

	expect(counted >= w->rx_copies, "rx counted %lu copies, the views say %lu", counted,
	       w->rx_copies);
	if (tally_drops(is) == 0)
		expect(counted <= w->rx_copies + w->port->info.rx_copies,
		       "rx counted %lu copies, the views say %lu", counted, w->rx_copies);
}

/* What one RX call counted against what it returned. */
static void expect_rx_counted(struct world *w, const struct tally *was, const struct bp_pkt *pkts,
			      unsigned n)
{
	struct tally is = tally_of(&world_rxq(w)->counters);
	unsigned n_pkts = bp_pkt_count(pkts, n);
	uint64_t n_bytes = bp_pkt_bytes(pkts, n);
	uint64_t n_copies = 0;
	bool is_first = true;

	for (unsigned i = 0; i < n; i++) {
		expect_sane_view(w, &pkts[i], is_first);
		if (is_first)
			n_copies += pkts[i].copies;
		is_first = !(pkts[i].flags & BP_PKT_MORE);
	}
	expect(is_first, "rx ended inside a packet");
	expect(is.v[BP_CNT_PKTS] - was->v[BP_CNT_PKTS] == n_pkts, "rx counted %lu packets of %u",
	       is.v[BP_CNT_PKTS] - was->v[BP_CNT_PKTS], n_pkts);
	expect(is.v[BP_CNT_BYTES] - was->v[BP_CNT_BYTES] == n_bytes, "rx counted %lu bytes of %lu",
	       is.v[BP_CNT_BYTES] - was->v[BP_CNT_BYTES], n_bytes);
	expect(is.v[BP_CNT_BURSTS] - was->v[BP_CNT_BURSTS] == (n > 0), "rx bursts wrong, n = %u",
	       n);
	expect(is.v[BP_CNT_EMPTY] - was->v[BP_CNT_EMPTY] == (n == 0), "rx empty wrong, n = %u", n);
	w->rx_pkts += n_pkts;
	w->rx_bytes += n_bytes;
	w->rx_copies += n_copies;
	w->rx_bursts += n > 0;
	w->rx_empty += n == 0;
	expect_rx_copies(w, &is);
}

unsigned world_rx(struct world *w, struct bp_pkt *pkts, unsigned max)
{
	struct bp_rxq *q = world_rxq(w);
	struct tally was = tally_of(&q->counters);
	long sleeps = n_sleeps();
	uint64_t began_ns = now_ns();
	unsigned n = bp_rx(q, pkts, max);

	expect_unblocked("rx", began_ns, sleeps);
	if (!expect(n <= max, "rx returned %u views of %u", n, max))
		return 0;
	expect_rx_counted(w, &was, pkts, n);
	return n;
}

/* Copies that the packets met, those that were left as well: the bound, the sum against the counter. */
static void expect_tx_copies(struct world *w, const struct bp_pkt *before,
			     const struct bp_pkt *pkts, unsigned k, uint64_t counted)
{
	const struct bp_txq *q = world_txq(w);
	uint64_t sum = 0;

	for (unsigned i = 0; i < k; i += bp_pkt_n_views(&before[i], k - i)) {
		unsigned n_views = bp_pkt_n_views(&before[i], k - i);
		unsigned more = (unsigned)(pkts[i].copies - before[i].copies);
		unsigned is_away = 0;

		for (unsigned j = i; j < i + n_views; j++)
			is_away |= !(q->in_place >> before[j].pool->pool_id & 1);
		expect(pkts[i].copies >= before[i].copies, "tx lowered a packet's copies");
		expect(more <= w->port->info.tx_copies + is_away,
		       "%u copies of a packet that is %sin place, %u declared", more,
		       is_away ? "not " : "", w->port->info.tx_copies);
		sum += more;
	}
	expect(counted == sum, "tx counted %lu copies, the views say %lu", counted, sum);
}

unsigned world_tx(struct world *w, struct bp_pkt *pkts, unsigned n)
{
	struct bp_txq *q = world_txq(w);
	struct bp_pkt before[BP_BURST_MAX] = { { 0 } };
	struct tally was = tally_of(&q->counters), is;
	long sleeps = n_sleeps();
	uint64_t began_ns = now_ns(), n_pkts;
	unsigned k;

	for (unsigned i = 0; i < n; i++)
		before[i] = pkts[i];
	k = bp_tx(q, pkts, n);
	expect_unblocked("tx", began_ns, sleeps);
	if (!expect(k <= n, "tx consumed %u views of %u", k, n))
		return n;
	expect(!k || !(before[k - 1].flags & BP_PKT_MORE), "tx ended inside a packet");
	n_pkts = bp_pkt_count(before, k);
	is = tally_of(&q->counters);
	w->tx_pkts += n_pkts;
	w->tx_bytes += bp_pkt_bytes(before, k);
	expect(is.v[BP_CNT_PKTS] + tally_drops(&is) - is.v[BP_CNT_LOST_AFTER] == w->tx_pkts,
	       "tx: %lu sent and %lu dropped, %lu consumed", is.v[BP_CNT_PKTS], tally_drops(&is),
	       w->tx_pkts);
	for (unsigned i = k; i < n; i++)
		expect(pkts[i].data == before[i].data && pkts[i].token == before[i].token &&
			       pkts[i].len == before[i].len && pkts[i].pool == before[i].pool &&
			       pkts[i].flags == before[i].flags,
		       "tx changed view %u, which it did not consume", i);
	expect_tx_copies(w, before, pkts, n, is.v[BP_CNT_COPIES] - was.v[BP_CNT_COPIES]);
	return k;
}

bp_direct_fn world_choose_direct(struct world *w, bp_edit_fn edit)
{
	const struct bp_driver_ops *ops = w->port->driver->ops;

	return ops->direct ? ops->direct(world_rxq(w), world_txq(w), edit) : NULL;
}

/* Returns packets. */
static unsigned move(struct world *w, bp_direct_fn direct, bp_edit_fn edit, unsigned n_retries)
{
	struct bp_rxq *rxq = world_rxq(w);
	struct bp_txq *txq = world_txq(w);
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n_left = 0, n = direct(rxq, txq, BP_BURST_MAX, pkts, &n_left), n_pkts;

	if (n != BP_DIRECT_BY_VIEWS) {
		expect(n_left <= BP_BURST_MAX && bp_pkt_count(pkts, n_left) <= n,
		       "direct: of %u packets %u views left", n, n_left);
		if (n_left)
			bp_tx_rest(txq, pkts, 0, n_left, n_retries);
		else if (n)
			txq->is_stuck = false;
		return n;
	}
	expect(!n_left, "direct: by views, and %u views left", n_left);
	n = bp_rx(rxq, pkts, BP_BURST_MAX);
	n_pkts = bp_pkt_count(pkts, n);
	if (n && edit)
		edit(pkts, n);
	if (n)
		bp_tx_all(txq, pkts, n, n_retries);
	return n_pkts;
}

unsigned world_direct(struct world *w, bp_direct_fn direct, bp_edit_fn edit, unsigned n_retries)
{
	struct tally rx = tally_of(&world_rxq(w)->counters), tx = tally_of(&world_txq(w)->counters);
	unsigned n = move(w, direct, edit, n_retries);
	struct tally rx_now = tally_of(&world_rxq(w)->counters);
	struct tally tx_now = tally_of(&world_txq(w)->counters);
	uint64_t n_out;

	expect((n != 0) == (rx_now.v[BP_CNT_BURSTS] > rx.v[BP_CNT_BURSTS]),
	       "%u packets moved, %lu bursts counted", n,
	       rx_now.v[BP_CNT_BURSTS] - rx.v[BP_CNT_BURSTS]);
	expect(n == rx_now.v[BP_CNT_PKTS] - rx.v[BP_CNT_PKTS], "%u packets moved, %lu counted", n,
	       rx_now.v[BP_CNT_PKTS] - rx.v[BP_CNT_PKTS]);
	n_out = tx_now.v[BP_CNT_PKTS] + tally_drops(&tx_now) - tx.v[BP_CNT_PKTS] - tally_drops(&tx);
	expect(n == n_out, "%u packets moved, %lu sent or dropped", n, n_out);
	w->rx_pkts += n;
	w->rx_bytes += rx_now.v[BP_CNT_BYTES] - rx.v[BP_CNT_BYTES];
	w->rx_bursts += n != 0;
	w->rx_empty += n == 0;
	w->tx_pkts += n_out;
	w->tx_bytes += tx_now.v[BP_CNT_BYTES] - tx.v[BP_CNT_BYTES];
	w->tx_copies += tx_now.v[BP_CNT_COPIES] - tx.v[BP_CNT_COPIES];
	return n;
}

void world_drain(struct world *w)
{
	uint64_t deadline_ns = now_ns() + DRAIN_LIMIT_NS;

	expect(world_tx(w, NULL, 0) == 0, "a kick consumed something");
	while (atomic_load(&world_txq(w)->n_held) && now_ns() < deadline_ns) {
		sched_yield();
		expect(world_tx(w, NULL, 0) == 0, "a kick consumed something");
	}
}

unsigned world_build(struct world *w, struct bp_pkt *pkts, unsigned max, uint32_t seq, uint32_t len,
		     uint32_t view_bytes)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t room = bp_frames_room(w->env.frames);
	uint32_t step = view_bytes && view_bytes < room ? view_bytes : room;
	uint32_t n_views = (len + step - 1) / step;
	unsigned got;

	if (n_views > max)
		return 0;
	got = bp_frames_get(w->env.frames, WORKER, pkts, n_views);
	if (got < n_views) {
		bp_pool_put(WORKER, pkts, got);
		return 0;
	}
	frame_write(frame, seq, len, false);
	for (uint32_t i = 0, at = 0; i < n_views; i++, at += step) {
		pkts[i].len = len - at < step ? len - at : step;
		memcpy(pkts[i].data, frame + at, pkts[i].len);
		if (i + 1 < n_views)
			pkts[i].flags |= BP_PKT_MORE;
	}
	return n_views;
}
