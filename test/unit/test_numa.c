/* NUMA: workers run near to their ports, and where they cannot the warning says so. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/cpu.h"
#include "core/numa.h"
#include "engine/cores.h"
#include "port/near.h"

#include <stdio.h>
#include <string.h>

#define N_OF(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

/* Two nodes of three cores each, numbered in turn, as many machines do. */
static const struct bp_core machine[] = {
	{ 0, 0 }, { 1, 1 }, { 2, 0 }, { 3, 1 }, { 4, 0 }, { 5, 1 }
};

/* ---- cores ----------------------------------------------------------------------------------- */

static void expect_cores(const int *near, unsigned n, const uint16_t *expected)
{
	uint16_t cores[BP_WORKERS_MAX];

	bp_cores_choose(machine, N_OF(machine), near, n, cores);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(cores[i], expected[i]);
}

static void without_nodes_the_last_cores_are_chosen(void **state)
{
	(void)state;
	expect_cores((int[]){ -1 }, 1, (uint16_t[]){ 5 });
	expect_cores((int[]){ -1, -1, -1 }, 3, (uint16_t[]){ 3, 4, 5 });
}

static void workers_go_to_the_last_cores_of_their_node(void **state)
{
	(void)state;
	expect_cores((int[]){ 0 }, 1, (uint16_t[]){ 4 });
	expect_cores((int[]){ 0, 0 }, 2, (uint16_t[]){ 2, 4 });
	expect_cores((int[]){ 0, 1, 0, 1 }, 4, (uint16_t[]){ 2, 3, 4, 5 });
}

static void a_worker_without_a_node_takes_no_core_from_one_with(void **state)
{
	(void)state;
	expect_cores((int[]){ 1, -1 }, 2, (uint16_t[]){ 5, 4 });
	expect_cores((int[]){ 1, 1, 1, -1 }, 4, (uint16_t[]){ 1, 3, 5, 4 });
}

static void beyond_a_node_s_cores_any_free_one_will_do(void **state)
{
	(void)state;
	expect_cores((int[]){ 0, 0, 0, 0 }, 4, (uint16_t[]){ 5, 0, 2, 4 });
	expect_cores((int[]){ 7, 7 }, 2, (uint16_t[]){ 4, 5 });
}

static void more_workers_than_cores_take_turns(void **state)
{
	static const int near[8] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	uint16_t cores[8];
	unsigned n_on[6] = { 0 };

	(void)state;
	bp_cores_choose(machine, N_OF(machine), near, 8, cores);
	for (unsigned i = 0; i < 8; i++)
		n_on[cores[i]]++;
	for (unsigned i = 0; i < 6; i++)
		assert_in_range(n_on[i], 1, 2);
}

/* Worker i polls port polled[i] and sends to port sent[i]. */
static void make_plan(struct bp_plan *plan, const unsigned *polled, const unsigned *sent,
		      unsigned n)
{
	memset(plan, 0, sizeof(*plan));
	for (uint16_t w = 0; w < n; w++) {
		struct bp_plan_port *in = &plan->ports[polled[w]], *out = &plan->ports[sent[w]];

		in->rxq_workers[in->n_rxq++] = w;
		out->txq_workers[out->n_txq++] = w;
	}
}

static void a_worker_should_be_near_to_the_ports_that_it_polls(void **state)
{
	static const int nodes[] = { 0, 1, -1 };
	struct bp_plan plan;

	(void)state;
	make_plan(&plan, (unsigned[]){ 0, 1, 2, 2 }, (unsigned[]){ 1, 2, 1, 2 }, 4);
	assert_int_equal(bp_cores_near(&plan, 3, nodes, 0), 0);
	assert_int_equal(bp_cores_near(&plan, 3, nodes, 1), 1);
	assert_int_equal(bp_cores_near(&plan, 3, nodes, 2), 1); /* of the one it sends to */
	assert_int_equal(bp_cores_near(&plan, 3, nodes, 3), -1);
}

static void a_worker_that_polls_ports_of_two_nodes_goes_anywhere(void **state)
{
	static const int nodes[] = { 0, 1 };
	struct bp_plan plan;

	(void)state;
	make_plan(&plan, (unsigned[]){ 0 }, (unsigned[]){ 1 }, 1);
	plan.ports[1].rxq_workers[plan.ports[1].n_rxq++] = 0;
	assert_int_equal(bp_cores_near(&plan, 2, nodes, 0), -1);
}

static void lists_of_cores_are_as_the_configuration_takes_them(void **state)
{
	static const unsigned cores[] = { 0, 2, 3, 4, 9, 10 };
	char text[32];

	(void)state;
	bp_cpu_list(cores, N_OF(cores), text, sizeof(text));
	assert_string_equal(text, "0,2-4,9-10");
	bp_cpu_list(cores, 0, text, sizeof(text));
	assert_string_equal(text, "");
	bp_cpu_list(cores, N_OF(cores), text, 5);
	assert_string_equal(text, "0,2-");
}

/* ---- what is far ----------------------------------------------------------------------------- */

/* Ports wan and lan; worker 0 polls wan and sends to lan, worker 1 the other way round. */
struct bed {
	struct bp_env env;
	struct bp_port_conf confs[2];
	struct bp_port ports[2];
	struct bp_rxq rxq[2];
	struct bp_txq txq[2];
};

static void make_bed(struct bed *bed, int wan_node, int lan_node)
{
	static const char *const names[] = { "wan", "lan" };

	memset(bed, 0, sizeof(*bed));
	bed->env.n_workers = 2;
	for (uint16_t i = 0; i < 2; i++) {
		strcpy(bed->confs[i].name, names[i]);
		snprintf(bed->confs[i].device, sizeof(bed->confs[i].device), "eth%u", i);
		bed->rxq[i].worker_id = i;
		bed->txq[i].worker_id = (uint16_t)(1 - i);
		bed->ports[i] = (struct bp_port){ .conf = &bed->confs[i],
						  .numa_node = i ? lan_node : wan_node,
						  .n_rxq = 1,
						  .n_txq = 1,
						  .rxq = &bed->rxq[i],
						  .txq = &bed->txq[i] };
		bed->env.ports[i] = &bed->ports[i];
	}
}

static void workers_on_the_port_s_node_are_not_far(void **state)
{
	struct bp_far far;
	struct bed bed;

	(void)state;
	make_bed(&bed, 1, 1);
	assert_false(bp_far_find(&bed.env, &bed.ports[0], (int[]){ 1, 1 }, &far));
}

static void what_is_not_known_is_not_far(void **state)
{
	struct bp_far far;
	struct bed bed;

	(void)state;
	make_bed(&bed, -1, 1);
	assert_false(bp_far_find(&bed.env, &bed.ports[0], (int[]){ 0, 1 }, &far));
	assert_false(bp_far_find(&bed.env, &bed.ports[1], (int[]){ -1, 1 }, &far));
}

static void the_warning_names_port_worker_core_nodes_and_cores_to_take(void **state)
{
	struct bp_far far;
	struct bed bed;
	char text[768];

	(void)state;
	make_bed(&bed, 1, 1);
	assert_true(bp_far_find(&bed.env, &bed.ports[0], (int[]){ 1, 0 }, &far));
	assert_string_equal(
		bp_far_text(&far, 4, "1,3,5", text, sizeof(text)),
		"port wan: eth0 is on NUMA node 1, but worker 1, which sends to it, is on core 4 of "
		"node 0: its packets cross between the nodes: choose [engine] cores = among those of "
		"node 1: 1,3,5");
	assert_true(bp_far_find(&bed.env, &bed.ports[0], (int[]){ 0, 0 }, &far));
	assert_true(far.is_polled);
	assert_int_equal(far.worker_id, 0);
	assert_int_equal(far.n_more, 1);
	assert_non_null(strstr(bp_far_text(&far, 4, "1", text, sizeof(text)),
			       "worker 0 (and 1 more), which polls it"));
}

static void no_core_is_near_to_ports_of_two_nodes(void **state)
{
	struct bp_far far;
	struct bed bed;
	char text[768];

	(void)state;
	make_bed(&bed, 0, 1);
	assert_true(bp_far_find(&bed.env, &bed.ports[1], (int[]){ 0, 1 }, &far));
	assert_true(far.is_torn);
	assert_non_null(
		strstr(bp_far_text(&far, 4, "1", text, sizeof(text)),
		       ": no core is near to all ports of that worker: forward between ports "
		       "of one node"));
}

static void a_node_without_a_core_for_this_process_is_said(void **state)
{
	struct bp_far far;
	struct bed bed;
	char text[768];

	(void)state;
	make_bed(&bed, 1, 1);
	assert_true(bp_far_find(&bed.env, &bed.ports[0], (int[]){ 0, 1 }, &far));
	assert_non_null(strstr(bp_far_text(&far, 4, "", text, sizeof(text)),
			       ": this process may use no core of node 1: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_nodes_the_last_cores_are_chosen),
		cmocka_unit_test(workers_go_to_the_last_cores_of_their_node),
		cmocka_unit_test(a_worker_without_a_node_takes_no_core_from_one_with),
		cmocka_unit_test(beyond_a_node_s_cores_any_free_one_will_do),
		cmocka_unit_test(more_workers_than_cores_take_turns),
		cmocka_unit_test(a_worker_should_be_near_to_the_ports_that_it_polls),
		cmocka_unit_test(a_worker_that_polls_ports_of_two_nodes_goes_anywhere),
		cmocka_unit_test(lists_of_cores_are_as_the_configuration_takes_them),
		cmocka_unit_test(workers_on_the_port_s_node_are_not_far),
		cmocka_unit_test(what_is_not_known_is_not_far),
		cmocka_unit_test(the_warning_names_port_worker_core_nodes_and_cores_to_take),
		cmocka_unit_test(no_core_is_near_to_ports_of_two_nodes),
		cmocka_unit_test(a_node_without_a_core_for_this_process_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
