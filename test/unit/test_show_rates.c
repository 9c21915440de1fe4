/* Rates between two reports of a run whose rows a reload shifted in between. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/show.h"
#include "core/json.h"

static json_t *port(const char *name, json_int_t n_pkts)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[{s:{s:I, s:I, s:I}}], s:[]}", "name", name,
			 "driver", "null", "mode", "null", "link", "up", "rx_queues", "counted",
			 "packets", n_pkts, "bytes", 64 * n_pkts, "dropped", (json_int_t)0,
			 "tx_queues");
}

static json_t *worker(int id, json_int_t n_pkts)
{
	return json_pack("{s:i, s:i, s:{s:I}}", "worker", id, "core", id, "counted", "packets",
			 n_pkts);
}

static json_t *function(const char *name, json_int_t n_pkts, json_int_t n_drops)
{
	return json_pack("{s:s, s:s, s:{s:I, s:I}, s:[{s:s, s:s, s:I}]}", "name", name, "type",
			 "meter", "counted", "packets", n_pkts, "dropped", n_drops, "events",
			 "counter", "red", "kind", "drop", "value", n_drops);
}

static json_t *report(double elapsed_s, json_t *ports, json_t *workers, json_t *functions)
{
	return json_pack("{s:{s:f}, s:s, s:o, s:o, s:o}", "run", "elapsed_s", elapsed_s, "instance",
			 "edge", "ports", ports, "workers", workers, "functions", functions);
}

static void rows_are_paired_by_their_names(void **state)
{
	json_t *before =
		report(10, json_pack("[o, o, o]", port("a", 1000), port("b", 5000), port("c", 90)),
		       json_pack("[o, o]", worker(0, 700), worker(1, 8000)),
		       json_pack("[o, o]", function("f", 100, 10), function("g", 6000, 600)));
	/* a, worker 0 and f are gone; d is new; c was made again. */
	json_t *now =
		report(12, json_pack("[o, o, o]", port("b", 5200), port("c", 40), port("d", 20)),
		       json_pack("[o]", worker(1, 8400)),
		       json_pack("[o, o]", function("g", 6020, 604), function("h", 8, 2)));
	json_t *rates = bp_show_rates(before, now);

	(void)state;
	assert_non_null(rates);
	assert_float_equal(bp_json_number_at(rates, "ports.0.rx_pps"), 100, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "ports.1.rx_pps"), 20, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "ports.2.rx_pps"), 10, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "workers.0.pps"), 200, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "functions.0.pps"), 10, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "functions.0.drop_pps"), 2, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "functions.1.pps"), 4, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "drops.0.pps"), 2, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "drops.1.pps"), 1, 1e-9);
	json_decref(rates);
	json_decref(before);
	json_decref(now);
}

/* Half of the time that it is busy it is in system calls. It is there for elapsed_s. */
static json_t *times(double busy_ns, double idle_ns, double asleep_ns, double off_ns,
		     double elapsed_s)
{
	return json_pack("[{s:i, s:i, s:{s:f, s:f, s:f, s:f}, s:{s:f, s:f}}]", "worker", 0, "core",
			 0, "counted", "busy_ns", busy_ns, "calls_ns", busy_ns / 2, "idle_ns",
			 idle_ns, "asleep_ns", asleep_ns, "off_core", "ns", off_ns, "share",
			 off_ns / elapsed_s / 1e9);
}

static void time_off_core_is_of_the_second_in_which_it_was(void **state)
{
	/* 1.1 s of 10 before were off its core: busy 1, idle 4, asleep 5 s were counted. In the next second .55 s were, and
	 * .2, .3, .5 s were counted. */
	json_t *before =
		report(100, json_array(), times(.89e9, 3.56e9, 4.45e9, 1.1e9, 10), json_array());
	json_t *now = report(101, json_array(), times(1.02e9, 3.655e9, 4.675e9, 1.65e9, 11),
			     json_array());
	json_t *rates = bp_show_rates(before, now);

	(void)state;
	assert_non_null(rates);
	assert_float_equal(bp_json_number_at(rates, "workers.0.busy"), .09, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "workers.0.calls"), .045, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "workers.0.idle"), .135, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "workers.0.asleep"), .225, 1e-9);
	assert_float_equal(bp_json_number_at(rates, "workers.0.off_core"), .55, 1e-9);
	json_decref(rates);
	json_decref(before);
	json_decref(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_paired_by_their_names),
		cmocka_unit_test(time_off_core_is_of_the_second_in_which_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
