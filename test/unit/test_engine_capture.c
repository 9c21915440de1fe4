/* Captures of a running engine: they come and go beside the workers, and cost no packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include "core/capture.h"
#include "core/pcapng.h"

#include <errno.h>

#define N_ROUNDS 40u

/* Source and sink, one queue for each of two workers; a driver of its own moves packets by itself. */
static struct bp_conf *make_flood(void)
{
	struct bp_conf *c = make_conf(2);

	add_port(c, "a", "null", "", 1, 2);
	add_port(c, "b", "null", "", BP_NO_PORT, 2);
	return c;
}

static unsigned direct_moved;

static unsigned move_nothing(struct bp_rxq *rxq, struct bp_txq *txq, unsigned max,
			     struct bp_pkt *left, unsigned *n_left)
{
	(void)rxq;
	(void)txq;
	(void)max;
	(void)left;
	*n_left = 0;
	direct_moved++;
	return BP_DIRECT_BY_VIEWS;
}

static bp_direct_fn give_direct(struct bp_rxq *rxq, struct bp_txq *txq, bp_edit_fn edit)
{
	(void)rxq;
	(void)txq;
	(void)edit;
	return move_nothing;
}

static void note_gone(struct bp_capture *capture)
{
	capture->is_held = false;
}

/* On a busy machine a worker may seem to stand still. */
static void uncapture(struct bp_engine *e, struct bp_capture *c)
{
	bp_engine_uncapture(e, c);
	while (c->is_held)
		bp_engine_tick(e);
}

static struct bp_capture *open_capture(unsigned kinds)
{
	struct bp_capture *c = calloc(1, sizeof(*c));

	c->kinds = kinds;
	c->snap_bytes = 64;
	c->let_go = note_gone;
	c->sample = 1;
	assert_int_equal(bp_capture_open(c, 2, BP_CAPTURE_RING_MIN), 0);
	return c;
}

/* Read what is there, as a session does. Returns packets. */
static uint64_t read_rings(struct bp_capture *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < c->n_rings; i++) {
		struct bp_capture_ring *r = c->rings[i];
		uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);
		uint64_t at = atomic_load_explicit(&r->tail, memory_order_relaxed);

		for (; at < head; n++) {
			struct bp_pcapng_packet packet;

			memcpy(&packet, r->bytes + (at & (r->size - 1)), sizeof(packet));
			assert_int_equal(packet.head.type, BP_PCAPNG_PACKET);
			assert_int_equal(packet.captured_bytes, 64);
			at += packet.head.n_bytes;
		}
		assert_int_equal(at, head);
		atomic_store_explicit(&r->tail, at, memory_order_release);
	}
	return n;
}

static uint64_t sum(const struct bp_capture *c, size_t offset)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < c->n_rings; i++)
		for (unsigned k = 0; k < c->n_interfaces; k++)
			n += atomic_load(
				(_Atomic uint64_t *)(void *)((char *)&c->rings[i]->figures[k] +
							     offset));
	return n;
}

static void captures_come_and_go_beside_workers(void **state)
{
	static const unsigned kinds[] = { BP_CAPTURE_RX, BP_CAPTURE_TX, BP_CAPTURE_DROP,
					  BP_CAPTURE_RX | BP_CAPTURE_TX | BP_CAPTURE_DROP };
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_conf *conf = make_flood();
	struct bp_engine *e;
	uint64_t n_all = 0;
	char why[256];

	(void)state;
	assert_int_equal(bp_engine_create(conf, &e), 0);
	assert_int_equal(bp_engine_start(e), 0);
	assert_true(wait_for_received(e, r, 1000));
	for (unsigned i = 0; i < N_ROUNDS; i++) {
		struct bp_capture *c = open_capture(kinds[i % 4]), *more = open_capture(kinds[1]);
		const char *const name = "b";
		uint64_t n = 0;

		assert_int_equal(bp_engine_capture(e, c, NULL, 0, why, sizeof(why)), 0);
		assert_int_equal(c->n_interfaces, 2);
		assert_int_equal(bp_engine_capture(e, more, &name, 1, why, sizeof(why)), 0);
		assert_string_equal(more->interfaces[0].name, "b");
		for (unsigned k = 0; k < 20; k++) {
			n += read_rings(c);
			(void)read_rings(more);
			bp_engine_report(e, r);
		}
		uncapture(e, c);
		n += read_rings(c);
		assert_int_equal(n, sum(c, offsetof(struct bp_capture_figures, n_matched)) -
					    sum(c, offsetof(struct bp_capture_figures, n_lost)));
		n_all += n;
		uncapture(e, more);
		bp_capture_close(c);
		bp_capture_close(more);
		free(c);
		free(more);
	}
	assert_true(n_all > 0);
	bp_engine_stop(e);
	bp_engine_report(e, r);
	assert_int_equal(r->unaccounted, 0);
	assert_int_equal(r->held, 0);
	bp_engine_destroy(e);
	free(conf);
	free(r);
}

/* Who moves packets by itself shows them to nobody: not while somebody looks. */
static void direct_bursts_make_way(void **state)
{
	struct bp_conf *conf = make_flood();
	struct bp_driver driver;
	struct bp_driver_ops ops;
	struct bp_capture *c = open_capture(BP_CAPTURE_TX);
	const char *const name = "b";
	struct bp_engine *e;
	struct bp_path *path;
	char why[256];

	(void)state;
	assert_int_equal(bp_engine_create(conf, &e), 0);
	ops = *e->env.ports[0]->driver->ops;
	ops.direct = give_direct;
	driver = *e->env.ports[0]->driver;
	driver.ops = &ops;
	e->env.ports[0]->driver = e->env.ports[1]->driver = &driver;
	bp_paths_bind_directs(e, NULL);
	path = &e->workers[0].paths[0];
	assert_ptr_equal(path->direct, move_nothing);
	assert_int_equal(bp_engine_capture(e, c, &name, 1, why, sizeof(why)), 0);
	assert_null(path->direct);
	bp_paths_bind_directs(e, NULL); /* a link comes back meanwhile */
	assert_null(path->direct);
	uncapture(e, c);
	assert_ptr_equal(path->direct, move_nothing);
	bp_capture_close(c);
	free(c);
	bp_engine_destroy(e);
	free(conf);
}

static void what_cannot_be_captured_is_said(void **state)
{
	struct bp_conf *conf = make_flood();
	struct bp_capture *c[BP_PORT_CAPTURES_MAX + 1];
	const char *const names[] = { "a", "money" };
	struct bp_engine *e;
	char why[256];

	(void)state;
	for (unsigned i = 0; i <= BP_PORT_CAPTURES_MAX; i++)
		c[i] = open_capture(BP_CAPTURE_RX);
	assert_int_equal(bp_engine_create(conf, &e), 0);
	assert_int_equal(bp_engine_capture(e, c[0], names, 2, why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "found no port 'money': bypath show ports lists them");
	assert_int_equal(e->env.ports[0]->capture_kinds, 0);
	for (unsigned i = 0; i < BP_PORT_CAPTURES_MAX; i++)
		assert_int_equal(bp_engine_capture(e, c[i], names, 1, why, sizeof(why)), 0);
	/* Of all ports, the first of which has no room. */
	assert_int_equal(bp_engine_capture(e, c[BP_PORT_CAPTURES_MAX], NULL, 0, why, sizeof(why)),
			 -EBUSY);
	assert_int_equal(e->env.ports[1]->capture_kinds, 0);
	e->conf->memory.protect = true;
	assert_int_equal(bp_engine_capture(e, c[BP_PORT_CAPTURES_MAX], NULL, 0, why, sizeof(why)),
			 -EPERM);
	for (unsigned i = 0; i <= BP_PORT_CAPTURES_MAX; i++) {
		uncapture(e, c[i]);
		bp_capture_close(c[i]);
		free(c[i]);
	}
	assert_int_equal(e->env.ports[0]->capture_kinds, 0);
	bp_engine_destroy(e);
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_come_and_go_beside_workers),
		cmocka_unit_test(direct_bursts_make_way),
		cmocka_unit_test(what_cannot_be_captured_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
