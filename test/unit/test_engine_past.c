/* What reloads end stays counted: by path, by queue, by port, by function. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_bed.h"

#include <errno.h>

#define TRIES_MAX 10u

/* One port that receives by queues, one that sends; what a is made with besides. */
static struct bp_conf *make_pair(uint16_t n_workers, uint16_t n_queues, const char *rate_pps)
{
	struct bp_conf *c = make_conf(n_workers);

	add_port(c, "a", "null", "", 1, n_queues);
	add_port(c, "b", "null", "", BP_NO_PORT, 1);
	set_key(&c->ports[0], "rate_pps", rate_pps);
	return c;
}

/* conf is freed. On a starved host a worker may make no round for as long as a reload waits, which then changes nothing. */
static void reload(struct bp_engine *e, struct bp_conf *conf)
{
	int err = -ETIMEDOUT;

	for (unsigned i = 0; err == -ETIMEDOUT && i < TRIES_MAX; i++) {
		json_t *document;

		err = bp_engine_reload(e, conf, false, &document);
		json_decref(document);
	}
	assert_int_equal(err, 0);
	free(conf);
}

static struct bp_engine *start(struct bp_conf *conf)
{
	struct bp_engine *e;

	assert_int_equal(bp_engine_create(conf, &e), 0);
	assert_int_equal(bp_engine_start(e), 0);
	free(conf);
	return e;
}

static void go_on(struct bp_engine *e, struct bp_report *r)
{
	bp_engine_report(e, r);
	assert_true(wait_for_received(e, r, r->received + 1000));
}

/* What went from a to b since the start; *now: by the paths that there are. */
static struct bp_report_path path_of(const struct bp_report *r, uint64_t *now)
{
	struct bp_report_sum *all = bp_report_sums(r, BP_SPAN_RUN);
	struct bp_report_sum *present = bp_report_sums(r, BP_SPAN_PRESENT);
	struct bp_report_path path = bp_report_sum(all, r, 0, 1)->path;

	*now = bp_report_sum(present, r, 0, 1)->path.n_pkts;
	free(all);
	free(present);
	return path;
}

static uint64_t bursts_of(const struct bp_report_path *path)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < BP_BURST_CLASSES; k++)
		n += path->hist_bursts[k];
	return n;
}

/* Worker 1 goes, and with it its path; it comes again, which moves one of worker 0's; the port is made anew. */
static void paths_keep_what_their_workers_did(void **state)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e = start(make_pair(2, 2, "20000"));
	struct bp_report_path before = { .n_pkts = 0 }, path;
	uint64_t now;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		go_on(e, r);
		path = path_of(r, &now);
		assert_true(path.n_pkts > before.n_pkts && path.n_bytes > before.n_bytes);
		assert_true(bursts_of(&path) > bursts_of(&before));
		assert_true(bp_report_path_out(&path) > bp_report_path_out(&before));
		assert_int_equal(now == path.n_pkts, i == 0);
		before = path;
		reload(e, i == 0   ? make_pair(1, 2, "20000")
			  : i == 1 ? make_pair(2, 2, "20000")
			  : i == 2 ? make_pair(2, 2, "30000")
				   : make_pair(1, 1, "20000"));
		bp_engine_report(e, r);
		path = path_of(r, &now);
		assert_true(path.n_pkts >= before.n_pkts);
		assert_true(bursts_of(&path) >= bursts_of(&before));
	}
	bp_engine_stop(e);
	bp_engine_report(e, r);
	path = path_of(r, &now);
	assert_int_equal(path.n_pkts, r->received);
	assert_int_equal(bp_report_path_out(&path), r->received);
	assert_true(now < path.n_pkts);
	assert_int_equal(r->unaccounted, 0);
	bp_engine_destroy(e);
	free(r);
}

/* Each by its number, also while it is gone. */
static void queues_keep_what_those_of_their_number_did(void **state)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e = start(make_pair(1, 3, "20000"));
	uint64_t before[3];

	(void)state;
	go_on(e, r);
	for (unsigned q = 0; q < 3; q++)
		before[q] = r->ports[0].rxq[q].v[BP_CNT_PKTS];
	assert_true(before[1] > 0 && before[2] > 0);
	reload(e, make_pair(1, 2, "20000"));
	go_on(e, r);
	assert_int_equal(r->ports[0].n_rxq, 3);
	assert_true(r->ports[0].rxq[0].v[BP_CNT_PKTS] > before[0]);
	assert_true(r->ports[0].rxq[1].v[BP_CNT_PKTS] > before[1]);
	assert_true(r->ports[0].rxq[2].v[BP_CNT_PKTS] >= before[2]);
	assert_int_equal(r->ports[0].rxq[1].worker_id, 0);
	assert_int_equal(r->ports[0].rxq[2].worker_id, BP_REPORT_NO_WORKER);
	before[2] = r->ports[0].rxq[2].v[BP_CNT_PKTS];
	go_on(e, r);
	assert_int_equal(r->ports[0].rxq[2].v[BP_CNT_PKTS], before[2]);
	reload(e, make_pair(1, 3, "20000"));
	go_on(e, r);
	assert_int_equal(r->ports[0].rxq[2].worker_id, 0);
	assert_true(r->ports[0].rxq[2].v[BP_CNT_PKTS] > before[2]);
	bp_engine_stop(e);
	bp_engine_report(e, r);
	assert_int_equal(r->unaccounted, 0);
	assert_int_equal(r->ports[0].rxq[0].v[BP_CNT_PKTS] + r->ports[0].rxq[1].v[BP_CNT_PKTS] +
				 r->ports[0].rxq[2].v[BP_CNT_PKTS],
			 r->received);
	bp_engine_destroy(e);
	free(r);
}

static const struct bp_counter_row lost = { .name = "lost", .kind = BP_KIND_DROP };

/* Nothing when another port has its place: some drivers ask those beside it what to tell. */
static unsigned report_seven(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	(void)max;
	out[0] = (struct bp_reported){ &lost, 7 };
	return port->env->ports[port->port_id] == port;
}

/* From now on the port in a place says that its device lost 7. */
static void let_report(struct bp_engine *e, unsigned place, struct bp_driver *driver,
		       struct bp_driver_ops *ops)
{
	struct bp_port *port = e->env.ports[place];

	*ops = *port->driver->ops;
	ops->stats = report_seven;
	*driver = *port->driver;
	driver->ops = ops;
	port->driver = driver;
}

static uint64_t lost_by(struct bp_engine *e, struct bp_report *r)
{
	bp_engine_report(e, r);
	return r->ports[2].n_reported ? r->ports[2].reported[0].value : 0;
}

static struct bp_conf *make_three(const char *rate_pps)
{
	struct bp_conf *c = make_pair(1, 1, "20000");

	add_port(c, "c", "null", "", 1, 1);
	set_key(&c->ports[2], "rate_pps", rate_pps);
	return c;
}

/* A port that is made anew, that is taken out, that comes again. */
static void ports_keep_losses_and_what_their_devices_reported(void **state)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e = start(make_three("1000"));
	struct bp_driver drivers[3];
	struct bp_driver_ops ops[3];

	(void)state;
	let_report(e, 2, &drivers[0], &ops[0]);
	atomic_store_explicit(&e->env.ports[2]->n_losses, 2, memory_order_relaxed);
	assert_int_equal(lost_by(e, r), 7);
	reload(e, make_three("2000"));
	assert_int_equal(lost_by(e, r), 7);
	let_report(e, 2, &drivers[1], &ops[1]);
	atomic_store_explicit(&e->env.ports[2]->n_losses, 3, memory_order_relaxed);
	assert_int_equal(lost_by(e, r), 14);
	assert_int_equal(r->ports[2].n_losses, 5);
	reload(e, make_pair(1, 1, "20000"));
	assert_int_equal(lost_by(e, r), 14);
	assert_true(r->ports[2].is_removed);
	reload(e, make_three("1000"));
	assert_int_equal(lost_by(e, r), 14);
	let_report(e, 2, &drivers[2], &ops[2]);
	assert_int_equal(lost_by(e, r), 21);
	assert_int_equal(r->ports[2].n_losses, 5);
	bp_engine_stop(e);
	bp_engine_report(e, r);
	assert_int_equal(r->unaccounted, 0);
	bp_engine_destroy(e);
	free(r);
}

/* Its device was lost before a reload gave its name another one. */
static void one_without_a_device_keeps_what_it_reported(void **state)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e = start(make_three("1000"));
	struct bp_driver driver;
	struct bp_driver_ops ops;

	(void)state;
	let_report(e, 2, &driver, &ops);
	assert_int_equal(lost_by(e, r), 7);
	assert_true(bp_port_halt(e, e->env.ports[2]));
	assert_int_equal(lost_by(e, r), 7);
	reload(e, make_three("2000"));
	assert_int_equal(lost_by(e, r), 7);
	bp_engine_stop(e);
	bp_engine_destroy(e);
	free(r);
}

/* One that leaves has not told yet what its device lost. */
static void what_leaves_still_reports(void **state)
{
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e = start(make_three("1000"));
	struct bp_driver driver;
	struct bp_driver_ops ops;
	struct bp_leaving leaving = { .port = NULL };

	(void)state;
	let_report(e, 2, &driver, &ops);
	leaving.port = e->env.ports[2];
	leaving.next = e->leaving;
	e->leaving = &leaving;
	assert_int_equal(lost_by(e, r), 14); /* by both, as one port is made to be here */
	e->leaving = leaving.next;
	assert_int_equal(lost_by(e, r), 7);
	bp_engine_stop(e);
	bp_engine_destroy(e);
	free(r);
}

static struct bp_conf *with_functions(struct bp_conf *c, unsigned n, const char *const *names)
{
	for (unsigned i = 0; i < n; i++) {
		strcpy(c->functions[i].name, names[i]);
		strcpy(c->functions[i].type, "macswap");
		c->ports[0].chain[i] = (uint8_t)i;
	}
	c->n_functions = (uint16_t)n;
	c->ports[0].n_chain = (uint8_t)n;
	return c;
}

static uint64_t count_of(const struct bp_report *r, const char *name)
{
	for (unsigned i = 0; i < r->n_functions; i++)
		if (!strcmp(r->functions[i].conf->name, name))
			return r->functions[i].n_pkts;
	return 0;
}

/* Alone it is part of the driver's burst, two are a chain. */
static void functions_go_on_when_they_come_again(void **state)
{
	static const char *const both[] = { "f", "g" }, *const g[] = { "g" };
	struct bp_report *r = calloc(1, sizeof(*r));
	struct bp_engine *e = start(with_functions(make_pair(1, 1, "20000"), 2, both));
	uint64_t n_f, n_g;

	(void)state;
	go_on(e, r);
	n_f = count_of(r, "f");
	assert_true(n_f > 0);
	reload(e, with_functions(make_pair(1, 1, "20000"), 1, g));
	go_on(e, r);
	n_g = count_of(r, "g");
	assert_true(n_g > n_f);
	assert_int_equal(count_of(r, "f"), 0);
	reload(e, make_pair(1, 1, "20000"));
	go_on(e, r);
	assert_int_equal(r->n_functions, 0);
	reload(e, with_functions(make_pair(1, 1, "20000"), 2, both));
	bp_engine_report(e, r);
	assert_true(count_of(r, "f") >= n_f && count_of(r, "g") >= n_g);
	n_f = count_of(r, "f");
	go_on(e, r);
	assert_true(count_of(r, "f") > n_f);
	assert_int_equal(e->n_former_functions, 0);
	bp_engine_stop(e);
	bp_engine_report(e, r);
	assert_int_equal(r->unaccounted, 0);
	bp_engine_destroy(e);
	free(r);
}

/* What was dropped was dropped, also by those that nobody remembers. */
static void drops_of_forgotten_functions_stay_in_the_law(void **state)
{
	struct bp_engine *e = calloc(1, sizeof(*e));
	struct bp_function_conf conf = { .type = "filter" };
	struct bp_function_past past = { .n_pkts = 0 };

	(void)state;
	for (unsigned i = 0; i < 3 * BP_FORMER_FUNCTIONS_MAX; i++) {
		snprintf(conf.name, sizeof(conf.name), "f%u", i);
		bp_past_function(e, &conf)->drops[1] += 10;
	}
	assert_int_equal(e->n_former_functions, BP_FORMER_FUNCTIONS_MAX);
	assert_int_equal(bp_past_fn_drops(e), 30 * BP_FORMER_FUNCTIONS_MAX);
	bp_past_take_function(e, &conf, &past);
	assert_int_equal(past.drops[1], 10);
	assert_int_equal(bp_past_fn_drops(e), 30 * BP_FORMER_FUNCTIONS_MAX - 10);
	/* Of another type it is another one. */
	snprintf(conf.name, sizeof(conf.name), "f%u", 3 * BP_FORMER_FUNCTIONS_MAX - 2);
	strcpy(conf.type, "meter");
	bp_past_take_function(e, &conf, &past);
	assert_int_equal(past.drops[1], 10);
	free(e);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_keep_what_their_workers_did),
		cmocka_unit_test(queues_keep_what_those_of_their_number_did),
		cmocka_unit_test(ports_keep_losses_and_what_their_devices_reported),
		cmocka_unit_test(one_without_a_device_keeps_what_it_reported),
		cmocka_unit_test(what_leaves_still_reports),
		cmocka_unit_test(functions_go_on_when_they_come_again),
		cmocka_unit_test(drops_of_forgotten_functions_stay_in_the_law),
	};

	return cmocka_run_group_tests_name("engine-past", tests, NULL, NULL);
}
