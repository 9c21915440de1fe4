/* Reloads of a running engine: workers come and go, values reach those who use them, counters go on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include "engine/reload.h"

#include <errno.h>

static struct bp_conf *make_pair(uint16_t n_workers)
{
	struct bp_conf *c = make_conf(n_workers);

	add_port(c, "a", "null", "", 1, 1);
	add_port(c, "b", "null", "", 0, 1);
	set_key(&c->ports[0], "rate_pps", "20000");
	set_key(&c->ports[1], "rate_pps", "20000");
	return c;
}

static void reload(struct bp_engine *e, const struct bp_conf *conf)
{
	json_t *document;

	assert_int_equal(bp_engine_reload(e, conf, false, &document), 0);
	json_decref(document);
}

static uint64_t received_by(const struct bp_report *r, unsigned worker_id)
{
	uint64_t n = r->workers[worker_id].n_past_pkts;

	for (unsigned i = 0; i < r->n_paths; i++)
		if (r->paths[i].worker_id == worker_id)
			n += r->paths[i].n_pkts;
	return n;
}

static double time_of(const struct bp_report *r, unsigned worker_id)
{
	const struct bp_report_worker *w = &r->workers[worker_id];

	return (w->busy_ns + w->idle_ns + w->wait_ns + w->off_ns) / 1e9;
}

/* Worker 1 is there, is not, is again: its row is of both its lives, of nothing between them. */
static void workers_come_and_go_and_keep_their_account(void **state)
{
	struct bp_conf *one = make_pair(1), *two = make_pair(2);
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e;
	uint64_t n_before, n_first;
	double gone_s;

	(void)state;
	assert_int_equal(bp_engine_create(one, &e), 0);
	assert_int_equal(bp_engine_start(e), 0);
	assert_true(wait_for_received(e, r, 2000));
	assert_int_equal(r->n_workers, 1);
	reload(e, two);
	assert_int_equal(e->env.n_workers, 2);
	bp_engine_report(e, r);
	assert_int_equal(r->n_workers, 2);
	n_first = received_by(r, 0);
	assert_true(n_first >= 2000);
	assert_true(time_of(r, 1) < r->elapsed_s / 2);
	assert_true(wait_for_received(e, r, r->received + 4000));
	assert_true(received_by(r, 0) > n_first && received_by(r, 1) > 0);
	reload(e, one);
	bp_engine_report(e, r);
	assert_int_equal(r->n_workers, 1);
	assert_int_equal(e->workers[1].n_paths, 0);
	assert_null(e->workers[1].idle.fds);
	n_before = e->workers[1].past_pkts;
	assert_true(n_before > 0);
	gone_s = r->elapsed_s;
	assert_true(wait_for_received(e, r, r->received + 4000));
	gone_s = r->elapsed_s - gone_s;
	reload(e, two);
	assert_true(wait_for_received(e, r, r->received + 4000));
	assert_true(received_by(r, 1) > n_before);
	assert_true(time_of(r, 1) < r->elapsed_s - 0.9 * gone_s);
	bp_engine_stop(e);
	bp_engine_report(e, r);
	assert_int_equal(received_by(r, 0) + received_by(r, 1), r->received);
	assert_int_equal(r->unaccounted, 0);
	assert_int_equal(r->held, 0);
	assert_int_equal(r->arena_frames_free, r->arena_frames);
	bp_engine_destroy(e);
	free(r);
	free(one);
	free(two);
}

/* Whoever tries again asks the environment, or the edge: no one keeps the value of the start. */
static void retries_of_a_reload_reach_those_who_try_again(void **state)
{
	struct bp_conf *c = make_pair(1);
	struct bp_engine *e;

	(void)state;
	assert_int_equal(bp_engine_create(c, &e), 0);
	assert_int_equal(bp_engine_start(e), 0);
	assert_int_equal(e->env.tx_retries, 4);
	c->engine.tx_retries = 7;
	reload(e, c);
	assert_int_equal(e->env.tx_retries, 7);
	assert_int_equal(e->workers[0].paths[0].edge.tx_retries, 7);
	bp_engine_stop(e);
	bp_engine_destroy(e);
	free(c);
}

/* A core that is not there: all workers are those of before. */
static void workers_that_have_no_core_change_nothing(void **state)
{
	struct bp_conf *one = make_pair(1), *two = make_pair(2);
	struct bp_report *r = calloc(1, sizeof(*r));
	json_t *document;
	struct bp_engine *e;

	(void)state;
	two->engine.n_cores = 2;
	two->engine.cores[1] = 1023;
	assert_int_equal(bp_engine_create(one, &e), 0);
	assert_int_equal(bp_engine_start(e), 0);
	assert_int_equal(bp_engine_reload(e, two, false, &document), -EINVAL);
	assert_non_null(
		strstr(json_string_value(json_array_get(json_object_get(document, "refused"), 0)),
		       "core 1023 is not there"));
	json_decref(document);
	assert_int_equal(e->env.n_workers, 1);
	assert_int_equal(e->n_running, 1);
	assert_true(wait_for_received(e, r, 1000));
	bp_engine_stop(e);
	bp_engine_report(e, r);
	assert_int_equal(r->unaccounted, 0);
	bp_engine_destroy(e);
	free(r);
	free(one);
	free(two);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_come_and_go_and_keep_their_account),
		cmocka_unit_test(retries_of_a_reload_reach_those_who_try_again),
		cmocka_unit_test(workers_that_have_no_core_change_nothing),
	};

	return cmocka_run_group_tests_name("engine-reload", tests, NULL, NULL);
}
