/* The plan of queues: a TX queue for each worker on every port that its packets may go to. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#define BIT(port_id) (UINT64_C(1) << (port_id))

static struct bp_conf *conf_of(unsigned n_ports, const char *driver, uint16_t n_workers)
{
	struct bp_conf *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->engine.n_workers = n_workers;
	conf->n_ports = (uint16_t)n_ports;
	for (unsigned i = 0; i < n_ports; i++) {
		strcpy(conf->ports[i].driver, driver);
		conf->ports[i].name[0] = (char)('a' + i);
		conf->ports[i].n_queues = 1;
		conf->ports[i].forward_to = BP_NO_PORT;
	}
	return conf;
}

/* Let a function of this name choose among all ports for each of them. */
static void join(struct bp_conf *conf, const char *name)
{
	strcpy(conf->functions[0].name, name);
	conf->n_functions = 1;
	for (unsigned i = 0; i < conf->n_ports; i++) {
		conf->ports[i].n_chain = 1;
		conf->ports[i].out_ports = (BIT(conf->n_ports) - 1) & ~BIT(i);
	}
}

/* Nobody polls what a driver carries by itself: others' queues are dealt as if its ports were not there. */
static void what_is_carried_takes_no_turn(void **state)
{
	struct bp_conf *conf = conf_of(6, "af_packet", 2);
	struct bp_plan plan;
	char why[512];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		strcpy(conf->ports[2 * i + 1].driver, "kernel");
		conf->ports[2 * i].out_ports = BIT(4); /* a, c, e: to e */
		conf->ports[2 * i + 1].out_ports = BIT(5); /* b, d, f: to f */
	}
	assert_int_equal(bp_plan_make(conf, &plan, why, sizeof(why)), 0);
	assert_int_equal(plan.ports[0].rxq_workers[0], 0);
	assert_int_equal(plan.ports[2].rxq_workers[0], 1);
	assert_int_equal(plan.ports[4].rxq_workers[0], 0);
	assert_int_equal(plan.ports[4].n_txq, 2);
	assert_int_equal(plan.ports[5].n_txq, 1);
	free(conf);
}

static void each_worker_has_a_queue_where_its_packets_may_go(void **state)
{
	struct bp_conf *conf = conf_of(4, "null", 3);
	struct bp_plan plan;
	char why[512];

	(void)state;
	conf->ports[0].out_ports = BIT(1) | BIT(3); /* worker 0 polls it */
	conf->ports[1].out_ports = BIT(3); /* worker 1 */
	conf->ports[2].out_ports = BIT(2); /* worker 2; 3 receives nothing */
	assert_int_equal(bp_plan_make(conf, &plan, why, sizeof(why)), 0);
	assert_int_equal(plan.ports[0].n_txq, 0);
	assert_int_equal(plan.ports[1].n_txq, 1);
	assert_int_equal(plan.ports[1].txq_workers[0], 0);
	assert_int_equal(plan.ports[1].txq_of_worker[1], BP_NO_QUEUE);
	assert_int_equal(plan.ports[2].n_txq, 1);
	assert_int_equal(plan.ports[2].txq_workers[0], 2);
	assert_int_equal(plan.ports[3].n_txq, 2);
	assert_int_equal(plan.ports[3].txq_of_worker[0], 0);
	assert_int_equal(plan.ports[3].txq_of_worker[1], 1);
	assert_int_equal(plan.ports[3].n_rxq, 0);
	free(conf);
}

static void every_worker_sends_everywhere_where_a_function_chooses(void **state)
{
	struct bp_conf *conf = conf_of(BP_PORTS_MAX, "null", 5);
	struct bp_plan plan;
	char why[512];

	(void)state;
	join(conf, "sw");
	assert_int_equal(bp_plan_make(conf, &plan, why, sizeof(why)), 0);
	for (unsigned i = 0; i < BP_PORTS_MAX; i++) {
		assert_int_equal(plan.ports[i].n_txq, 5);
		for (unsigned w = 0; w < 5; w++)
			assert_int_equal(plan.ports[i].txq_workers[plan.ports[i].txq_of_worker[w]],
					 w);
	}
	free(conf);
}

/* Three workers, four ports of one queue behind a function: two workers of each port go by its hop. */
static void a_function_gets_hops_to_ports_with_few_queues(void **state)
{
	struct bp_conf *conf = conf_of(4, "af_xdp", 3);
	struct bp_plan plan;
	char why[512] = "";

	(void)state;
	join(conf, "sw");
	bp_plan_add_hops(conf);
	assert_int_equal(conf->n_ports, 8);
	assert_int_equal(bp_plan_make(conf, &plan, why, sizeof(why)), 0);
	for (unsigned i = 0; i < 4; i++) {
		const struct bp_plan_port *out = &plan.ports[i], *hop = &plan.ports[i + 4];

		assert_true(conf->ports[i + 4].is_hop);
		assert_int_equal(conf->ports[i + 4].forward_to, i);
		assert_int_equal(conf->ports[i + 4].out_ports, BIT(i));
		assert_int_equal(out->hop, i + 4);
		assert_int_equal(out->n_txq, 1);
		assert_int_equal(hop->n_txq, conf->ports[i + 4].n_queues);
		assert_int_equal(hop->n_rxq, hop->n_txq);
		/* Worker 0 polls ports 0 and 3; 1 and 2 one each, to which they do not send. */
		for (unsigned w = 0; w < 3; w++)
			assert_true((w && w == i) || out->txq_of_worker[w] == 0 ||
				    hop->txq_of_worker[w] != BP_NO_QUEUE);
		for (unsigned q = 0; q < hop->n_rxq; q++)
			assert_int_equal(hop->rxq_workers[q], out->txq_workers[0]);
	}
	free(conf);
}

static void a_path_without_functions_gets_no_hop(void **state)
{
	struct bp_conf *conf = conf_of(3, "af_xdp", 2);

	(void)state;
	conf->ports[0].out_ports = conf->ports[1].out_ports = BIT(2);
	conf->ports[0].forward_to = conf->ports[1].forward_to = 2;
	bp_plan_add_hops(conf);
	assert_int_equal(conf->n_ports, 3);
	free(conf);
}

static void too_few_queues_are_refused_with_the_chain_that_asks_for_more(void **state)
{
	struct bp_conf *conf = conf_of(3, "af_xdp", 2);
	struct bp_plan plan;
	char why[512];

	(void)state;
	conf->ports[0].out_ports = conf->ports[1].out_ports = BIT(2);
	conf->ports[0].forward_to = conf->ports[1].forward_to = 2;
	assert_int_equal(bp_plan_make(conf, &plan, why, sizeof(why)), -EINVAL);
	assert_string_equal(why,
			    "port c has 1 queue(s) but 2 workers send to it, and af_xdp has one TX "
			    "queue per queue: set [port.c] queues = 2, or fewer [engine] workers");
	free(conf);
}

static void a_hop_that_cannot_be_made_is_refused_with_its_reason(void **state)
{
	struct bp_conf *named = conf_of(3, "af_xdp", 2), *full = conf_of(BP_PORTS_MAX, "af_xdp", 2);
	struct bp_plan plan;
	char why[512];

	(void)state;
	join(named, "sw");
	strcpy(named->ports[1].name, "a-hop");
	bp_plan_add_hops(named);
	assert_int_equal(bp_plan_make(named, &plan, why, sizeof(why)), -EINVAL);
	assert_string_equal(
		why,
		"port a has 1 queue(s) but 2 workers send to it (by [forward] a-hop = sw), and "
		"af_xdp has one TX queue per queue: set [port.a] queues = 2, or fewer "
		"[engine] workers; a port a-hop between the workers cannot be made: another port "
		"has that name or device: rename one of the two");
	for (unsigned i = 0; i < 3; i++)
		named->ports[i].n_queues = 2;
	assert_int_equal(bp_plan_make(named, &plan, why, sizeof(why)), 0);
	join(full, "sw");
	bp_plan_add_hops(full);
	assert_int_equal(bp_plan_make(full, &plan, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "a-hop between the workers cannot be made: there are as many "
				    "ports as there may be"));
	free(named);
	free(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_carried_takes_no_turn),
		cmocka_unit_test(each_worker_has_a_queue_where_its_packets_may_go),
		cmocka_unit_test(every_worker_sends_everywhere_where_a_function_chooses),
		cmocka_unit_test(a_function_gets_hops_to_ports_with_few_queues),
		cmocka_unit_test(a_path_without_functions_gets_no_hop),
		cmocka_unit_test(too_few_queues_are_refused_with_the_chain_that_asks_for_more),
		cmocka_unit_test(a_hop_that_cannot_be_made_is_refused_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
