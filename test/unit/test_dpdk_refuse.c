/* A PMD that does not take a packet, with a word or without: by views, by copies, by direct bursts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/dpdk/burst.h"

#include "core/capture.h"
#include "core/frames.h"
#include "core/transmit.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N_PKTS    24u
#define N_RETRIES 4u
#define REFUSED   'R'

extern const struct bp_driver bp_driver; /* the module's, linked in */

static struct bp_conf conf;
static struct bp_env env;
static struct bp_port port;
static struct bp_rxq rxq;
static struct bp_txq txq;

/* The PMD: ends its burst at a packet that begins with REFUSED, and leaves this errno. */
static struct {
	int err;
	bool is_deaf; /* takes nothing at all */
	unsigned n_calls, n_taken;
	uint8_t taken[4 * N_PKTS];
	const char *rx; /* first bytes of the packets to come, one each */
} pmd;

static uint16_t fake_tx(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
	(void)queue;
	pmd.n_calls++;
	for (uint16_t i = 0; i < n; i++) {
		uint8_t mark = *rte_pktmbuf_mtod(mbufs[i], uint8_t *);

		if (mark == REFUSED || pmd.is_deaf) {
			errno = pmd.err;
			return i;
		}
		pmd.taken[pmd.n_taken++] = mark;
		rte_pktmbuf_free(mbufs[i]);
	}
	return n;
}

static uint16_t fake_rx(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
	struct rte_mempool *mp = ((struct dpdk_port *)port.priv)->pool.rx.mp;
	uint16_t i;

	(void)queue;
	for (i = 0; i < n && *pmd.rx; i++) {
		mbufs[i] = rte_pktmbuf_alloc(mp);
		memset(rte_pktmbuf_append(mbufs[i], 64), 0, 64);
		*rte_pktmbuf_mtod(mbufs[i], char *) = *pmd.rx++;
	}
	return i;
}

/* The port as a PMD of that kind has it. */
static void begin(enum dpdk_kind kind, int err)
{
	struct dpdk_port *dp = port.priv;
	struct rte_eth_fp_ops *ops;

	dp->kind = kind;
	assert_int_equal(bp_driver.ops->start(&port), 0);
	port.is_started = true;
	bp_port_bind_pools(&port);
	ops = &rte_eth_fp_ops[dp->eth_id];
	ops->tx_pkt_burst = fake_tx;
	ops->rx_pkt_burst = fake_rx;
	atomic_store(&rxq.burst, rxq.driver_burst);
	atomic_store(&txq.burst, txq.driver_burst);
	memset(&txq.counters, 0, sizeof(txq.counters));
	memset(&rxq.counters, 0, sizeof(rxq.counters));
	txq.is_stuck = txq.ends_at_drop = false;
	memset(&pmd, 0, sizeof(pmd));
	pmd.err = err;
	pmd.rx = "";
}

static void end(void)
{
	((struct dpdk_port *)port.priv)->kind = DPDK_NULL;
	bp_driver.ops->stop(&port);
	port.is_started = false;
}

static uint64_t count(enum bp_cnt id)
{
	return bp_counter(&txq.counters, id);
}

static unsigned make(struct bp_pool *pool, struct bp_pkt *pkts, const char *marks)
{
	unsigned n = (unsigned)strlen(marks);

	assert_int_equal(pool->get(pool, 0, pkts, n), n);
	for (unsigned i = 0; i < n; i++) {
		pkts[i].len = 64;
		memset(pkts[i].data, 0, 64);
		pkts[i].data[0] = (uint8_t)marks[i];
	}
	return n;
}

/* All but the refused ones, in their order. */
static void expect_taken(const char *marks)
{
	unsigned n = 0;

	for (; *marks; marks++) {
		if (*marks == REFUSED)
			continue;
		assert_true(n < pmd.n_taken);
		assert_int_equal(pmd.taken[n++], *marks);
	}
	assert_int_equal(n, pmd.n_taken);
	assert_int_equal(count(BP_CNT_PKTS) - count(BP_CNT_LOST_AFTER), n);
}

static const char marks[] = "abRcdRRefgRhijR";
#define N_REFUSED 5u

static void send_views(struct bp_pool *pool)
{
	struct bp_pkt pkts[BP_BURST_MAX];

	bp_tx_all(&txq, pkts, make(pool, pkts, marks), N_RETRIES);
	/* What was copied and not taken goes first in the next bursts. */
	for (unsigned i = 0; i < 64 && atomic_load(&txq.n_held); i++)
		txq.driver_burst(&txq, NULL, 0);
	assert_int_equal(atomic_load(&txq.n_held), 0);
}

/* The arena's frames are copied, as those of a pool that the PMD does not take. */
static void begin_copying(enum dpdk_kind kind, int err)
{
	begin(kind, err);
	txq.in_place &= ~((uint64_t)1 << bp_frames_pool(env.frames)->pool_id);
}

static void what_errno_says_is_gone_takes_no_other(void **state)
{
	(void)state;
	begin(DPDK_PCAP, ENOBUFS);
	send_views(port.tx_pool); /* in place */
	expect_taken(marks);
	assert_int_equal(count(BP_DROP_TX_KERNEL), N_REFUSED);
	assert_int_equal(count(BP_CNT_LOST_AFTER), 0);
	end();
	begin(DPDK_PCAP, ENOBUFS);
	send_views(bp_frames_pool(env.frames)); /* in place, too */
	expect_taken(marks);
	assert_int_equal(count(BP_DROP_TX_KERNEL), N_REFUSED);
	assert_int_equal(count(BP_CNT_COPIES) + count(BP_CNT_LOST_AFTER), 0);
	assert_int_equal(bp_frames_n_free(env.frames), conf.memory.n_frames);
	end();
	begin_copying(DPDK_PCAP, ENOMEM);
	send_views(bp_frames_pool(env.frames)); /* copied */
	expect_taken(marks);
	assert_int_equal(count(BP_DROP_TX_KERNEL), N_REFUSED);
	assert_int_equal(count(BP_CNT_LOST_AFTER), 0);
	assert_int_equal(count(BP_CNT_BYTES), 64 * count(BP_CNT_PKTS));
	end();
}

static void move_directly(void)
{
	bp_direct_fn direct = bp_driver.ops->direct(&rxq, &txq, NULL);
	struct bp_pkt left[BP_BURST_MAX];
	unsigned n_left = 0;

	assert_non_null(direct);
	pmd.rx = marks;
	assert_int_equal(direct(&rxq, &txq, BP_BURST_MAX, left, &n_left), sizeof(marks) - 1);
	if (n_left)
		bp_tx_rest(&txq, left, 0, n_left, N_RETRIES);
	expect_taken(marks);
	assert_int_equal(count(BP_CNT_BYTES), 64 * count(BP_CNT_PKTS));
}

static void a_direct_burst_says_the_same(void **state)
{
	(void)state;
	begin(DPDK_PCAP, ENOBUFS);
	move_directly();
	assert_int_equal(count(BP_DROP_TX_KERNEL), N_REFUSED);
	end();
	begin(DPDK_OTHER, 0);
	move_directly();
	assert_int_equal(count(BP_DROP_TX_FULL), N_REFUSED);
	end();
}

static void a_silent_pmd_holds_nothing_for_ever(void **state)
{
	(void)state;
	begin(DPDK_OTHER, 0);
	send_views(port.tx_pool);
	expect_taken(marks);
	assert_int_equal(count(BP_DROP_TX_FULL), N_REFUSED);
	end();
	begin(DPDK_OTHER, 0);
	send_views(bp_frames_pool(env.frames));
	expect_taken(marks);
	assert_int_equal(count(BP_DROP_TX_FULL), N_REFUSED);
	assert_int_equal(bp_frames_n_free(env.frames), conf.memory.n_frames);
	end();
	begin_copying(DPDK_OTHER, 0);
	send_views(bp_frames_pool(env.frames));
	expect_taken(marks);
	assert_int_equal(count(BP_DROP_TX_ERROR), N_REFUSED);
	assert_int_equal(count(BP_CNT_LOST_AFTER), N_REFUSED);
	end();
}

static void eagain_is_full_and_drops_nothing(void **state)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n;

	(void)state;
	begin(DPDK_TAP, EAGAIN);
	pmd.is_deaf = true;
	n = make(port.tx_pool, pkts, "abc");
	assert_int_equal(txq.driver_burst(&txq, pkts, n), 0);
	assert_int_equal(bp_counters_drops(&txq.counters), 0);
	/* The call that found it full was one: counted. */
	assert_int_equal(count(BP_CNT_CALLS), 1);
	pmd.is_deaf = false;
	assert_int_equal(txq.driver_burst(&txq, pkts, n), n);
	assert_int_equal(count(BP_CNT_CALLS), 4);
	expect_taken("abc");
	end();
}

/* Plain packets, chains, one that is full: what is behind that is the caller's, each view a single mbuf as before. */
static void chains_among_others_leave_their_views_with_the_caller(void **state)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n;

	(void)state;
	begin(DPDK_TAP, EAGAIN);
	((struct dpdk_txq *)txq.priv)->multi_segs = true;
	n = make(port.tx_pool, pkts, "abc-dRe-f");
	pkts[2].flags = pkts[6].flags = BP_PKT_MORE;
	assert_int_equal(txq.driver_burst(&txq, pkts, n), 5);
	expect_taken("abcd");
	assert_int_equal(count(BP_CNT_BYTES), 64 * 5);
	for (unsigned i = 5; i < n; i++) {
		const struct rte_mbuf *m = dpdk_mbuf_of(txq.priv, &pkts[i]);

		assert_int_equal(m->nb_segs, 1);
		assert_null(m->next);
	}
	pkts[5].data[0] = 'r';
	assert_int_equal(txq.driver_burst(&txq, pkts + 5, n - 5), n - 5);
	expect_taken("abcdref");
	assert_int_equal(count(BP_CNT_BYTES), 64 * n);
	assert_int_equal(bp_counters_drops(&txq.counters), 0);
	end();
}

static void an_interface_that_is_down_drops_all_at_once(void **state)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n;

	(void)state;
	begin(DPDK_TAP, EIO);
	pmd.is_deaf = true;
	n = make(port.tx_pool, pkts, "abcd");
	assert_int_equal(txq.driver_burst(&txq, pkts, n), n);
	assert_int_equal(count(BP_DROP_PORT_DOWN), 4);
	assert_int_equal(pmd.n_calls, 1);
	end();
}

static void end_at_drops(struct bp_pool *pool)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	unsigned n, done = 0;

	txq.ends_at_drop = true;
	n = make(pool, pkts, marks);
	while (done < n) {
		uint64_t before = bp_counters_dropped(&txq.counters);
		unsigned k = txq.driver_burst(&txq, pkts + done, n - done);

		assert_true(k > 0);
		done += k;
		assert_int_equal(bp_counters_dropped(&txq.counters) - before,
				 marks[done - 1] == REFUSED);
	}
	expect_taken(marks);
	assert_int_equal(count(BP_CNT_LOST_AFTER), 0);
	end();
}

static void a_burst_ends_behind_its_first_drop_where_that_is_asked_for(void **state)
{
	(void)state;
	begin(DPDK_PCAP, ENOBUFS);
	end_at_drops(port.tx_pool);
	begin_copying(DPDK_PCAP, ENOBUFS);
	end_at_drops(bp_frames_pool(env.frames));
}

/* A run of packets that are dropped for different reasons, behind one that was counted as sent and shows as lost only now. */
static void a_capture_names_the_reason_of_each_drop(void **state)
{
	static const char *const reasons[] = { "dropped: tx_too_long", "dropped: tx_kernel_drop",
					       "dropped: tx_kernel_drop" };
	struct bp_capture capture = { .kinds = BP_CAPTURE_DROP, .snap_bytes = 64, .sample = 1 };
	const struct bp_capture_ring *ring;
	struct bp_pkt pkts[BP_BURST_MAX];
	const char *at;
	unsigned n;

	(void)state;
	begin_copying(DPDK_PCAP, EAGAIN);
	n = make(bp_frames_pool(env.frames), pkts, "R");
	assert_int_equal(txq.driver_burst(&txq, pkts, n), n); /* is copied, and waits */
	assert_int_equal(bp_capture_open(&capture, 1, BP_CAPTURE_RING_MIN), 0);
	assert_int_equal(bp_capture_attach(&capture, &port, 0), 0);
	pmd.err = ENOBUFS;
	n = make(bp_frames_pool(env.frames), pkts, "acRbRd");
	pkts[1].len = 1600; /* longer than the port carries */
	((struct dpdk_txq *)txq.priv)->max_bytes = 1514;
	for (unsigned done = 0, k; done < n; done += k) {
		k = bp_captured_tx(&txq, &pkts[done], n - done);
		assert_true(k > 0);
	}
	assert_int_equal(count(BP_CNT_LOST_AFTER), 1);
	ring = capture.rings[0];
	assert_int_equal(ring->figures[0].n_matched, 3);
	at = (const char *)ring->bytes;
	for (unsigned i = 0; i < 3; i++) {
		at = memmem(at, (size_t)((const char *)ring->bytes + ring->head - at), reasons[i],
			    strlen(reasons[i]));
		assert_non_null(at);
		at++;
	}
	assert_true(bp_capture_detach(&capture, &port));
	bp_capture_close(&capture);
	end();
}

/* ---- the port ---------------------------------------------------------------------------------- */

static int open_port(void **state)
{
	static const uint16_t cores[1];
	struct bp_port_conf *c = &conf.ports[0];

	(void)state;
	conf.n_ports = conf.engine.n_workers = 1;
	conf.engine.tx_retries = N_RETRIES;
	conf.memory.n_frames = 1024;
	conf.memory.frame_bytes = 2048;
	conf.memory.hugepages = BP_NO;
	conf.eal.no_huge = true;
	conf.eal.memory_mib = 64;
	strcpy(c->name, "dut");
	strcpy(c->driver, "dpdk");
	strcpy(c->device, "net_null0,size=64");
	c->n_queues = 1;
	if (bp_env_open(&env, &conf, 1, cores, NULL))
		return -1;
	port = (struct bp_port){ .driver = &bp_driver,
				 .conf = c,
				 .env = &env,
				 .n_rxq = 1,
				 .n_txq = 1,
				 .rxq = &rxq,
				 .txq = &txq };
	rxq.port = txq.port = &port;
	return bp_driver.ops->open(&port);
}

static int close_port(void **state)
{
	(void)state;
	bp_driver.ops->close(&port);
	bp_env_close(&env);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_errno_says_is_gone_takes_no_other),
		cmocka_unit_test(a_direct_burst_says_the_same),
		cmocka_unit_test(a_silent_pmd_holds_nothing_for_ever),
		cmocka_unit_test(eagain_is_full_and_drops_nothing),
		cmocka_unit_test(chains_among_others_leave_their_views_with_the_caller),
		cmocka_unit_test(an_interface_that_is_down_drops_all_at_once),
		cmocka_unit_test(a_burst_ends_behind_its_first_drop_where_that_is_asked_for),
		cmocka_unit_test(a_capture_names_the_reason_of_each_drop),
	};

	return cmocka_run_group_tests_name("dpdk-refuse", tests, open_port, close_port);
}
