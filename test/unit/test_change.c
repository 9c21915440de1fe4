/* What a configuration changes in a running one: places, fates, refusals, the plan that follows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>

#define WIRE "[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\na = b\nb = a\n"

struct bench {
	struct bp_conf running, loaded;
	struct bp_plan plan;
	struct bp_change change;
	char why[2048];
};

static void load(const char *text, struct bp_conf *conf)
{
	char path[] = "/tmp/bypath-change-XXXXXX", errors[2048];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	if (bp_config_load(path, NULL, 0, conf, errors, sizeof(errors)))
		fail_msg("%s", errors);
	bp_plan_add_hops(conf);
	unlink(path);
}

/* What runs, then what the file says now. */
static struct bench *begin(const char *before, const char *after)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	load(before, &b->running);
	load(after, &b->loaded);
	assert_int_equal(bp_plan_make(&b->running, &b->plan, b->why, sizeof(b->why)), 0);
	return b;
}

static void find(struct bench *b)
{
	if (bp_change_find(&b->running, &b->plan, &b->loaded, &b->change, b->why, sizeof(b->why)))
		fail_msg("%s", b->why);
}

static void the_same_file_changes_nothing(void **state)
{
	struct bench *b = begin(WIRE, WIRE);

	(void)state;
	find(b);
	assert_true(b->change.is_empty);
	assert_int_equal(b->change.ports[0], BP_FATE_KEPT);
	assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
	free(b);
}

static void ports_keep_their_places_whatever_the_order(void **state)
{
	struct bench *b = begin(WIRE, "[port.c]\ndriver = null\n[port.b]\ndriver = null\n"
				      "[port.a]\ndriver = null\n[forward]\na = b\nb = a\nc = b\n");

	(void)state;
	find(b);
	assert_string_equal(b->change.conf.ports[0].name, "a");
	assert_string_equal(b->change.conf.ports[1].name, "b");
	assert_string_equal(b->change.conf.ports[2].name, "c");
	assert_int_equal(b->change.conf.ports[2].forward_to, 1);
	assert_int_equal(b->change.conf.ports[2].out_ports, 2);
	assert_int_equal(b->change.conf.ports[0].forward_to, 1);
	assert_int_equal(b->change.ports[0], BP_FATE_KEPT);
	assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
	assert_int_equal(b->change.ports[2], BP_FATE_ADDED);
	free(b);
}

static void a_port_that_goes_leaves_its_place_behind(void **state)
{
	struct bench *b = begin("[port.x]\ndriver = null\n" WIRE "x = a\n", WIRE);

	(void)state;
	find(b);
	assert_int_equal(b->change.ports[0], BP_FATE_REMOVED);
	assert_true(b->change.conf.ports[0].is_removed);
	assert_string_equal(b->change.conf.ports[0].name, "x");
	assert_int_equal(b->change.conf.ports[0].out_ports, 0);
	assert_int_equal(b->change.conf.ports[1].forward_to, 2);
	assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
	assert_int_equal(b->change.plan.ports[0].n_rxq, 0);
	/* Again, and it is gone; then it comes back to its place. */
	b->running = b->change.conf;
	b->plan = b->change.plan;
	find(b);
	assert_int_equal(b->change.ports[0], BP_FATE_GONE);
	assert_true(b->change.is_empty);
	load("[port.x]\ndriver = null\n" WIRE "x = a\n", &b->loaded);
	find(b);
	assert_int_equal(b->change.ports[0], BP_FATE_ADDED);
	free(b);
}

/* Names beyond the number of places take those of names that went. */
static void a_place_is_given_away_when_there_is_no_other(void **state)
{
	struct bench *b = begin(WIRE, WIRE);
	unsigned i = 2;

	(void)state;
	for (; i < BP_PORTS_MAX; i++) {
		b->running.ports[i] = b->running.ports[0];
		snprintf(b->running.ports[i].name, BP_NAME_BYTES, "p%u", i);
		b->running.ports[i].is_removed = i == 40;
		b->loaded.ports[i] = b->running.ports[i];
	}
	b->running.n_ports = b->loaded.n_ports = BP_PORTS_MAX;
	strcpy(b->loaded.ports[40].name, "new");
	b->loaded.ports[40].is_removed = false;
	assert_int_equal(bp_plan_make(&b->running, &b->plan, b->why, sizeof(b->why)), 0);
	find(b);
	assert_string_equal(b->change.conf.ports[40].name, "new");
	assert_int_equal(b->change.ports[40], BP_FATE_ADDED);
	assert_int_equal(b->change.renamed, UINT64_C(1) << 40);
	free(b);
}

static void a_key_of_a_port_makes_it_anew_and_is_named(void **state)
{
	struct bench *b = begin(WIRE, "[port.a]\ndriver = null\nrate_pps = 10\n[port.b]\n"
				      "driver = null\n[forward]\na = b\nb = a\n");
	json_t *document, *row;

	(void)state;
	find(b);
	assert_int_equal(b->change.ports[0], BP_FATE_REPLACED);
	assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
	document = bp_change_document(&b->change, &b->running);
	row = json_array_get(json_object_get(document, "ports"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "a");
	row = json_array_get(json_object_get(row, "keys"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "key")), "rate_pps");
	assert_string_equal(json_string_value(json_object_get(row, "to")), "10");
	json_decref(document);
	free(b);
}

/* A port that begins to be sent to by a worker needs a TX queue that it was made without. */
static void a_port_without_the_queues_it_needs_is_made_anew(void **state)
{
	struct bench *b = begin("[port.a]\ndriver = null\n[port.b]\ndriver = null\n[port.c]\n"
				"driver = null\n[forward]\na = b\nc = b\n",
				"[port.a]\ndriver = null\n[port.b]\ndriver = null\n[port.c]\n"
				"driver = null\n[forward]\na = b\nc = a\n");

	(void)state;
	find(b);
	assert_int_equal(b->change.ports[0], BP_FATE_REPLACED);
	assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
	free(b);
}

/* Of three workers, the one that sends to b already gets the queue of the new port: b stays as it is. */
static void a_new_path_makes_no_port_anew_that_it_need_not(void **state)
{
	struct bench *b = begin("[engine]\nworkers = 2\n" WIRE,
				"[engine]\nworkers = 2\n" WIRE "c = b\n[port.c]\ndriver = null\n");

	(void)state;
	find(b);
	assert_int_equal(b->change.ports[0], BP_FATE_KEPT);
	assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
	assert_int_equal(b->change.plan.ports[2].rxq_workers[0], b->plan.ports[0].rxq_workers[0]);
	free(b);
}

#define SWITCH(driver)                                                                             \
	"[port.a]\ndriver = " driver "\n[port.b]\ndriver = " driver "\n[port.c]\ndriver = " driver \
	"\n[forward]\na = s\nb = s\nc = s\n[function.s]\ntype = switch\n"

/* Each worker has one of the ports then: the TX queue of the other goes to the one that sends there now. */
static void a_worker_more_takes_over_what_the_others_leave(void **state)
{
	struct bench *b = begin(WIRE, "[engine]\nworkers = 2\n" WIRE);

	(void)state;
	find(b);
	assert_true(b->change.has_new_cores);
	for (unsigned p = 0; p < 2; p++) {
		const struct bp_plan_port *plan = &b->change.plan.ports[p];

		assert_int_equal(b->change.ports[p], BP_FATE_KEPT);
		assert_int_equal(plan->rxq_workers[0], p);
		assert_int_equal(plan->n_txq, 1);
		assert_int_equal(plan->txq_workers[0], 1 - p);
		assert_int_equal(plan->txq_of_worker[1 - p], 0);
		assert_int_equal(plan->txq_of_worker[p], BP_NO_QUEUE);
	}
	/* And back. */
	b->running = b->change.conf;
	b->plan = b->change.plan;
	load(WIRE, &b->loaded);
	find(b);
	for (unsigned p = 0; p < 2; p++) {
		assert_int_equal(b->change.ports[p], BP_FATE_KEPT);
		assert_int_equal(b->change.plan.ports[p].rxq_workers[0], 0);
		assert_int_equal(b->change.plan.ports[p].n_txq, 1);
		assert_int_equal(b->change.plan.ports[p].txq_of_worker[0], 0);
		assert_int_equal(b->change.plan.ports[p].txq_of_worker[1], BP_NO_QUEUE);
	}
	free(b);
}

static void more_workers_than_tx_queues_make_a_port_anew_and_that_is_said(void **state)
{
	struct bench *b = begin(SWITCH("null"), "[engine]\nworkers = 2\n" SWITCH("null"));

	(void)state;
	find(b);
	/* Worker 0 polls a and c, worker 1 b: both send to a and c, to b worker 0 alone. */
	assert_int_equal(b->change.ports[0], BP_FATE_REPLACED);
	assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
	assert_int_equal(b->change.ports[2], BP_FATE_REPLACED);
	assert_string_equal(b->change.port_why[0], "more workers send to it than it has TX queues");
	assert_int_equal(b->change.functions[0], BP_FATE_KEPT);
	free(b);
}

/* As a start has it: the workers without a TX queue send to a hop. */
static void more_workers_than_a_driver_has_tx_queues_get_a_hop(void **state)
{
	struct bench *b = begin(WIRE, WIRE);

	(void)state;
	load("[port.a]\ndriver = af_xdp\ndevice = x\n[port.b]\ndriver = af_xdp\ndevice = y\n"
	     "[port.c]\ndriver = af_xdp\ndevice = z\n[forward]\na = s\nb = s\nc = s\n"
	     "[function.s]\ntype = switch\n",
	     &b->running);
	load("[engine]\nworkers = 2\n[port.a]\ndriver = af_xdp\ndevice = x\n[port.b]\n"
	     "driver = af_xdp\ndevice = y\n[port.c]\ndriver = af_xdp\ndevice = z\n"
	     "[forward]\na = s\nb = s\nc = s\n[function.s]\ntype = switch\n",
	     &b->loaded);
	assert_int_equal(bp_plan_make(&b->running, &b->plan, b->why, sizeof(b->why)), 0);
	find(b);
	assert_int_equal(b->change.conf.n_ports, 5);
	for (unsigned p = 0; p < 3; p++) {
		assert_int_equal(b->change.ports[p], BP_FATE_KEPT);
		assert_int_equal(b->change.plan.ports[p].n_txq, 1);
	}
	for (unsigned p = 3; p < 5; p++) {
		const struct bp_plan_port *hop = &b->change.plan.ports[p];
		const struct bp_plan_port *out =
			&b->change.plan.ports[b->change.conf.ports[p].forward_to];

		assert_int_equal(b->change.ports[p], BP_FATE_ADDED);
		assert_int_equal(hop->n_txq, 1);
		/* Who takes from the hop has the TX queue behind it; who sends there has not. */
		assert_int_equal(hop->rxq_workers[0], out->txq_workers[0]);
		assert_int_equal(hop->txq_workers[0], 1 - out->txq_workers[0]);
	}
	free(b);
}

static void cores_that_are_named_no_more_are_a_change(void **state)
{
	struct bench *b = begin("[engine]\ncores = 0\n" WIRE, WIRE);

	(void)state;
	find(b);
	assert_true(b->change.has_new_cores);
	assert_false(b->change.is_empty);
	free(b);
}

static void both_ends_of_a_ring_are_made_anew(void **state)
{
	static const char before[] =
		"[port.a]\ndriver = ring\ndevice = r\n[port.b]\ndriver = ring\n"
		"device = r\n[forward]\na = a\nb = b\n";
	static const char after[] =
		"[port.a]\ndriver = ring\ndevice = r\nring_size = 64\n[port.b]\n"
		"driver = ring\ndevice = r\n[forward]\na = a\nb = b\n";
	struct bench *b = begin(before, after);

	(void)state;
	find(b);
	assert_int_equal(b->change.ports[0], BP_FATE_REPLACED);
	assert_int_equal(b->change.ports[1], BP_FATE_REPLACED);
	free(b);
}

static void a_function_stays_while_values_and_ports_do(void **state)
{
	static const char after[] = "[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\n"
				    "a = n, m, b\nb = a\n[function.n]\ntype = meter\nrate = 2gbps\n"
				    "[function.m]\ntype = meter\nrate = 1gbps\n";
	struct bench *b = calloc(1, sizeof(*b));

	(void)state;
	assert_non_null(b);
	load("[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\na = m, n, b\nb = a\n"
	     "[function.m]\ntype = meter\nrate = 1gbps\n[function.n]\ntype = meter\nrate = 1gbps\n",
	     &b->running);
	load(after, &b->loaded);
	assert_int_equal(bp_plan_make(&b->running, &b->plan, b->why, sizeof(b->why)), 0);
	find(b);
	assert_string_equal(b->change.conf.functions[0].name, "n");
	assert_int_equal(b->change.functions[0], BP_FATE_REPLACED);
	assert_int_equal(b->change.function_was[0], 1);
	assert_int_equal(b->change.functions[1], BP_FATE_KEPT);
	assert_int_equal(b->change.function_was[1], 0);
	assert_false(b->change.is_empty);
	free(b);
}

static void what_only_a_restart_changes_is_refused_key_by_key(void **state)
{
	struct bench *b = begin(WIRE, "[engine]\nmode = macswap\n[memory]\nframes = 2048\n" WIRE);

	(void)state;
	assert_int_equal(bp_change_find(&b->running, &b->plan, &b->loaded, &b->change, b->why,
					sizeof(b->why)),
			 -EINVAL);
	assert_non_null(strstr(b->why, "[engine] mode: io → macswap: is read at the start only"));
	assert_non_null(strstr(b->why, "[memory] frames: "));
	free(b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_file_changes_nothing),
		cmocka_unit_test(ports_keep_their_places_whatever_the_order),
		cmocka_unit_test(a_port_that_goes_leaves_its_place_behind),
		cmocka_unit_test(a_place_is_given_away_when_there_is_no_other),
		cmocka_unit_test(a_key_of_a_port_makes_it_anew_and_is_named),
		cmocka_unit_test(a_port_without_the_queues_it_needs_is_made_anew),
		cmocka_unit_test(a_new_path_makes_no_port_anew_that_it_need_not),
		cmocka_unit_test(a_worker_more_takes_over_what_the_others_leave),
		cmocka_unit_test(more_workers_than_tx_queues_make_a_port_anew_and_that_is_said),
		cmocka_unit_test(more_workers_than_a_driver_has_tx_queues_get_a_hop),
		cmocka_unit_test(cores_that_are_named_no_more_are_a_change),
		cmocka_unit_test(both_ends_of_a_ring_are_made_anew),
		cmocka_unit_test(a_function_stays_while_values_and_ports_do),
		cmocka_unit_test(what_only_a_restart_changes_is_refused_key_by_key),
	};

	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
