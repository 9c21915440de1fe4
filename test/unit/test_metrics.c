/* Checks that metrics of a made-up snapshot say what its document says. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics.h"
#include "core/json.h"
#include "engine/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_PORTS 3u

static const struct bp_fn_reason reasons[] = { { "storm", "dropped: above the limit" },
					       { "no_vlan", "dropped: of another VLAN" },
					       { .name = NULL } };
static const struct bp_function picker = { .name = "switch", .reasons = reasons };
static const struct bp_counter_row ring_full = { .name = "rx_ring_full",
						 .unit = "packets",
						 .side = BP_SIDE_RX,
						 .kind = BP_KIND_DROP,
						 .meaning = "full" };
static const struct bp_counter_row wakeups = { .name = "wakeups",
					       .unit = "calls",
					       .side = BP_SIDE_RX,
					       .kind = BP_KIND_EVENT,
					       .meaning = "calls" };

struct fixture {
	struct bp_conf conf;
	struct bp_report report;
	struct bp_copies kernel_copies[N_PORTS * N_PORTS];
	json_t *states, *alarms, *floors, *document;
	char *text;
};

/* No two counters are alike. */
static void count(struct bp_report_port *port, uint64_t base)
{
	for (unsigned q = 0; q < 2; q++) {
		for (unsigned id = 0; id < BP_DROP_FIRST; id++) {
			port->rxq[q].v[id] = base + 100 * q + id;
			port->txq[q].v[id] = base + 1000 + 100 * q + id;
		}
		port->rxq[q].queue_id = port->txq[q].queue_id = (uint16_t)q;
		port->txq[q].n_held = (uint32_t)(base + q);
	}
	port->n_rxq = port->n_txq = 2;
}

static struct bp_report_path *add_path(struct bp_report *r, enum bp_path_part part, uint16_t in,
				       uint16_t out, uint16_t worker)
{
	struct bp_report_path *path = &r->paths[r->n_paths++];

	*path = (struct bp_report_path){ .part = part,
					 .in_port = in,
					 .out_port = out,
					 .worker_id = worker,
					 .n_pkts = 1000 + r->n_paths,
					 .n_bytes = 60000 + r->n_paths,
					 .n_copies = 500 + r->n_paths,
					 .n_calls = 300 + r->n_paths,
					 .call_ns = 2e6 };
	if (part != BP_PATH_INTAKE)
		path->hist_copies[1] = 900;
	if (part != BP_PATH_EDGE)
		for (unsigned k = 0; k < BP_BURST_CLASSES; k++)
			path->hist_bursts[k] = k + 1;
	return path;
}

/* a → b by both workers; c to a and b, which a function chooses; b was taken out. */
static void fill(struct fixture *f)
{
	struct bp_report *r = &f->report;

	for (uint16_t i = 0; i < N_PORTS; i++) {
		struct bp_port_conf *conf = &f->conf.ports[i];

		snprintf(conf->name, sizeof(conf->name), "%c", 'a' + i);
		strcpy(conf->driver, "dpdk");
		strcpy(r->ports[i].info.mode, "direct");
		r->ports[i].conf = conf;
		r->ports[i].n_losses = 5u + i;
		count(&r->ports[i], 10000u * (i + 1u));
	}
	strcpy(f->conf.ports[0].device, "say=\"\\\xff\"");
	r->ports[1].is_removed = true;
	r->ports[2].link = BP_LINK_LOST;
	r->ports[0].txq[1].v[BP_DROP_TX_FULL] = 77;
	r->ports[0].rxq[0].v[BP_DROP_RUNT] = 3;
	r->ports[0].reported[0] = (struct bp_reported){ &ring_full, 12 };
	r->ports[0].reported[1] = (struct bp_reported){ &wakeups, 13 };
	r->ports[0].n_reported = 2;
	add_path(r, BP_PATH_WHOLE, 0, 1, 0);
	add_path(r, BP_PATH_INTAKE, 2, BP_PATH_NO_OUT, 0);
	add_path(r, BP_PATH_EDGE, 2, 0, 0);
	add_path(r, BP_PATH_WHOLE, 0, 1, 1);
	add_path(r, BP_PATH_EDGE, 2, 1, 1)->is_carried = true;
	f->kernel_copies[0 * N_PORTS + 1] = (struct bp_copies){ 2, 2 };
	f->kernel_copies[2 * N_PORTS + 0] = (struct bp_copies){ 0, 1 };
	f->kernel_copies[2 * N_PORTS + 1] = (struct bp_copies){ 0, UINT8_MAX };
	for (uint16_t i = 0; i < 2; i++)
		r->workers[i] = (struct bp_report_worker){ .worker_id = i,
							   .core = (uint16_t)(4 + i),
							   .busy_ns = 3e9 + i,
							   .call_ns = 8e8 + i,
							   .idle_ns = 2e9 + i,
							   .wait_ns = 1e9 + i,
							   .off_ns = 4e8 + i };
	strcpy(f->conf.functions[0].name, "sw");
	strcpy(f->conf.functions[0].type, "switch");
	r->functions[0] = (struct bp_report_function){ .conf = &f->conf.functions[0],
						       .function = &picker,
						       .n_pkts = 4321,
						       .drops = { 21, 0 },
						       .busy_ns = 1.5e9 };
}

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct bp_report *r = &f->report;

	f->conf.n_ports = N_PORTS;
	f->conf.n_functions = 1;
	r->n_ports = N_PORTS;
	r->n_functions = 1;
	f->floors = json_object();
	f->states = json_pack("[[{s:s, s:i}, {s:s, s:s}]]", "what", "entries", "value", 9, "what",
			      "rules", "text", "none");
	f->alarms = json_pack("[{s:s, s:s, s:b, s:i}]", "alarm", "port-down", "subject", "c",
			      "raised", 1, "times", 2);
	r->conf = &f->conf;
	r->elapsed_s = 10.25;
	r->n_workers = 2;
	r->arena_frames = 4096;
	r->reloads = (struct bp_reloads){ .n_done = 6, .n_refused = 7 };
	r->unaccounted = -8;
	fill(f);
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	json_decref(f->states);
	json_decref(f->alarms);
	json_decref(f->floors);
	json_decref(f->document);
	free(f->text);
	free(f);
	return 0;
}

static void write_text(struct fixture *f, bool is_open)
{
	const struct bp_metrics facts = { .version = "1.2",
					  .instance = "lab",
					  .report = &f->report,
					  .kernel_copies = f->kernel_copies,
					  .states = f->states,
					  .alarms = f->alarms };
	size_t n_bytes;
	FILE *out;

	free(f->text);
	out = open_memstream(&f->text, &n_bytes);
	assert_int_equal(bp_metrics_write(out, &facts, is_open, f->floors), 0);
	fclose(out);
}

/* Of the sample of this name and labels, which must be there once. */
static double value_of(const struct fixture *f, const char *sample)
{
	const char *found = NULL;
	size_t n = strlen(sample);

	for (const char *line = f->text; *line; line = strchr(line, '\n') + 1)
		if (!strncmp(line, sample, n) && line[n] == ' ') {
			if (found)
				fail_msg("%s stands twice", sample);
			found = line + n;
		}
	if (!found)
		fail_msg("no %s in\n%s", sample, f->text);
	return strtod(found, NULL);
}

/* ---- what the document says as well ---------------------------------------------------------- */

static const struct {
	const char *sample, *path; /* of the document, per divided by */
	double per;
} same[] = {
	{ "bypath_run_seconds", "run.elapsed_s", 1 },
	{ "bypath_arena_frames", "arena.frames", 1 },
	{ "bypath_reloads_total{result=\"done\"}", "reloads.done", 1 },
	{ "bypath_reloads_total{result=\"refused\"}", "reloads.refused", 1 },
	{ "bypath_unaccounted_packets", "conservation.counted.unaccounted", 1 },
	{ "bypath_port_losses_total{port=\"c\"}", "ports.2.losses", 1 },
	{ "bypath_worker_core{worker=\"1\"}", "workers.1.core", 1 },
	{ "bypath_worker_packets_total{worker=\"0\"}", "workers.0.counted.packets", 1 },
	{ "bypath_worker_packets_total{worker=\"1\"}", "workers.1.counted.packets", 1 },
	{ "bypath_worker_seconds_total{worker=\"1\",state=\"busy\"}", "workers.1.counted.busy_ns",
	  1e9 },
	{ "bypath_worker_call_seconds_total{worker=\"1\"}", "workers.1.counted.calls_ns", 1e9 },
	{ "bypath_worker_seconds_total{worker=\"1\",state=\"idle\"}", "workers.1.counted.idle_ns",
	  1e9 },
	{ "bypath_worker_seconds_total{worker=\"1\",state=\"asleep\"}",
	  "workers.1.counted.asleep_ns", 1e9 },
	{ "bypath_worker_seconds_total{worker=\"1\",state=\"off_core\"}", "workers.1.off_core.ns",
	  1e9 },
	{ "bypath_path_packets_total{path=\"a>b\"}", "path_sums.0.counted.packets", 1 },
	{ "bypath_path_bytes_total{path=\"a>b\"}", "path_sums.0.counted.bytes", 1 },
	{ "bypath_system_calls_total{path=\"a>b\"}", "path_sums.0.counted.crossings", 1 },
	{ "bypath_copies_total{path=\"a>b\",domain=\"user\",provenance=\"counted\"}",
	  "path_sums.0.counted.user_copies", 1 },
	{ "bypath_copies_total{path=\"a>b\",domain=\"kernel\",provenance=\"modelled\"}",
	  "path_sums.0.counted.packets_out", 0.5 },
	{ "bypath_burst_packets_bucket{path=\"a>b\",le=\"1.0\"}",
	  "path_sums.0.counted.bursts_by_packets.0", 1 },
	{ "bypath_burst_packets_sum{path=\"c>\"}", "paths.1.counted.packets", 1 },
	{ "bypath_path_packets_total{path=\"c>a\"}", "paths.2.counted.packets", 1 },
	{ "bypath_path_packets_total{path=\"c>b\"}", "paths.4.counted.packets", 1 },
	{ "bypath_function_packets_total{function=\"sw\",type=\"switch\"}",
	  "functions.0.counted.packets", 1 },
	{ "bypath_function_seconds_total{function=\"sw\",type=\"switch\"}",
	  "functions.0.counted.busy_ns", 1e9 },
	{ "bypath_function_drops_total{function=\"sw\",type=\"switch\",reason=\"storm\"}",
	  "functions.0.counted.drops.storm", 1 },
	{ "bypath_function_drops_total{function=\"sw\",type=\"switch\",reason=\"no_vlan\"}",
	  "functions.0.counted.drops.no_vlan", 1 },
};

static void metrics_say_what_the_document_says(void **state)
{
	struct fixture *f = *state;

	f->document = bp_engine_document(&f->report);
	write_text(f, false);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		const json_t *value = bp_json_at(f->document, same[i].path);
		double wanted = json_number_value(value) / same[i].per;

		if (!json_is_number(value))
			fail_msg("no %s in the document", same[i].path);
		if (value_of(f, same[i].sample) != wanted)
			fail_msg("%s is %.17g, %s is %.17g", same[i].sample,
				 value_of(f, same[i].sample), same[i].path, wanted);
	}
}

static void queues_have_what_the_document_counts(void **state)
{
	static const struct {
		const char *family, *queues, *member;
	} rows[] = {
		{ "bypath_port_rx_packets_total", "rx_queues", "packets" },
		{ "bypath_port_rx_bytes_total", "rx_queues", "bytes" },
		{ "bypath_port_rx_bursts_total", "rx_queues", "bursts" },
		{ "bypath_port_rx_empty_polls_total", "rx_queues", "empty_polls" },
		{ "bypath_port_tx_packets_total", "tx_queues", "packets" },
		{ "bypath_port_tx_bytes_total", "tx_queues", "bytes" },
		{ "bypath_port_tx_bursts_total", "tx_queues", "bursts" },
		{ "bypath_port_tx_held_packets", "tx_queues", "held" },
	};
	struct fixture *f = *state;
	char sample[128], path[128];

	f->document = bp_engine_document(&f->report);
	write_text(f, true);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (unsigned port = 0; port < N_PORTS; port++)
			for (unsigned q = 0; q < 2; q++) {
				snprintf(sample, sizeof(sample), "%s{port=\"%c\",queue=\"%u\"}",
					 rows[i].family, 'a' + (int)port, q);
				snprintf(path, sizeof(path), "ports.%u.%s.%u.counted.%s", port,
					 rows[i].queues, q, rows[i].member);
				assert_true(bp_json_number_at(f->document, path) > 0);
				assert_true(value_of(f, sample) ==
					    bp_json_number_at(f->document, path));
			}
}

/* ---- what is theirs -------------------------------------------------------------------------- */

static bool has(const struct fixture *f, const char *text)
{
	return strstr(f->text, text);
}

static void drops_are_those_that_were_met(void **state)
{
	struct fixture *f = *state;

	write_text(f, false);
	assert_true(value_of(f, "bypath_drops_total{port=\"a\",direction=\"tx\",queue=\"1\",reason="
				"\"tx_full\",provenance=\"counted\"}") == 77);
	/* The port's other queues have it from then on, too. */
	assert_true(value_of(f, "bypath_drops_total{port=\"a\",direction=\"tx\",queue=\"0\",reason="
				"\"tx_full\",provenance=\"counted\"}") == 0);
	assert_true(value_of(f, "bypath_drops_total{port=\"a\",direction=\"rx\",queue=\"0\",reason="
				"\"runt\",provenance=\"counted\"}") == 3);
	assert_true(value_of(f, "bypath_drops_total{port=\"a\",direction=\"\",queue=\"device\","
				"reason=\"rx_ring_full\",provenance=\"reported\"}") == 12);
	assert_false(has(f, "bypath_drops_total{port=\"b\""));
	assert_false(has(f, "tx_no_mem"));
	assert_false(has(f, "wakeups"));
	assert_true(value_of(f, "bypath_port_dropped_packets_total{port=\"a\",direction=\"tx\"}") ==
		    77);
	assert_true(value_of(f, "bypath_port_dropped_packets_total{port=\"b\",direction=\"rx\"}") ==
		    0);
}

static void labels_are_escaped_and_removed_ports_have_no_link(void **state)
{
	struct fixture *f = *state;

	write_text(f, false);
	assert_true(
		value_of(f,
			 "bypath_port_up{port=\"a\",driver=\"dpdk\",device=\"say=\\\"\\\\?\\\"\","
			 "mode=\"direct\"}") == 1);
	assert_true(value_of(f, "bypath_port_up{port=\"c\",driver=\"dpdk\",device=\"\",mode="
				"\"direct\"}") == 0);
	assert_false(has(f, "bypath_port_up{port=\"b\""));
	assert_true(value_of(f, "bypath_build_info{version=\"1.2\",instance_name=\"lab\"}") == 1);
	assert_true(value_of(f, "bypath_alarm{alarm=\"port-down\",subject=\"c\"}") == 1);
	assert_true(value_of(f, "bypath_alarms_raised_total{alarm=\"port-down\",subject=\"c\"}") ==
		    2);
	assert_true(value_of(f, "bypath_function_state{function=\"sw\",what=\"entries\"}") == 9);
	assert_false(has(f, "what=\"rules\""));
}

static void paths_show_the_models_where_it_has_one_figure(void **state)
{
	struct fixture *f = *state;

	write_text(f, false);
	assert_true(has(f, "{path=\"a>b\",domain=\"kernel\""));
	assert_false(has(f, "{path=\"c>a\",domain=\"kernel\""));
	assert_false(has(f, "{path=\"c>b\",domain=\"kernel\""));
	assert_false(has(f, "{path=\"c>\",domain=\"kernel\""));
	assert_false(has(f, "bypath_burst_packets_count{path=\"c>a\"}"));
	assert_true(value_of(f, "bypath_burst_packets_count{path=\"c>\"}") == 28);
	assert_true(value_of(f, "bypath_burst_packets_bucket{path=\"c>\",le=\"+Inf\"}") == 28);
	assert_true(value_of(f, "bypath_burst_packets_bucket{path=\"c>\",le=\"2.0\"}") == 3);
}

/* What reloads have ended stands before what is there. */
static void add_past(struct fixture *f, enum bp_path_part part, uint16_t in, uint16_t out)
{
	struct bp_report *r = &f->report;

	memmove(&r->paths[1], &r->paths[0], r->n_paths * sizeof(r->paths[0]));
	(void)add_path(r, part, in, out, BP_REPORT_NO_WORKER);
	r->paths[0] = r->paths[r->n_paths - 1];
	memset(&r->paths[r->n_paths - 1], 0, sizeof(r->paths[0]));
}

static void paths_are_what_they_were_too(void **state)
{
	struct fixture *f = *state;
	struct bp_report *r = &f->report;
	double packets, copies, ended;

	write_text(f, false);
	packets = value_of(f, "bypath_path_packets_total{path=\"a>b\"}");
	copies = value_of(f, "bypath_copies_total{path=\"a>b\",domain=\"user\","
			     "provenance=\"counted\"}");
	/* c → a was one whole path once, b → a is none any more. The last row is the place of the fixture's last one. */
	for (unsigned i = 0; i < 3; i++) {
		struct bp_report_path last = r->paths[r->n_paths - 1];

		add_past(f, BP_PATH_WHOLE, i == 0 ? 0 : i == 1 ? 2 : 1, i == 0 ? 1 : 0);
		r->paths[r->n_paths - 1] = last;
	}
	ended = (double)r->paths[2].n_pkts;
	write_text(f, false);
	assert_true(value_of(f, "bypath_path_packets_total{path=\"a>b\"}") == packets + ended);
	assert_true(value_of(f, "bypath_burst_packets_sum{path=\"a>b\"}") == packets + ended);
	assert_true(value_of(f, "bypath_copies_total{path=\"a>b\",domain=\"user\",provenance="
				"\"counted\"}") == copies + (double)r->paths[2].n_copies);
	/* Bursts are what was received: nothing was by the edge. */
	assert_true(value_of(f, "bypath_path_packets_total{path=\"c>a\"}") >
		    (double)r->paths[1].n_pkts);
	assert_true(value_of(f, "bypath_burst_packets_sum{path=\"c>a\"}") ==
		    (double)r->paths[1].n_pkts);
	assert_true(value_of(f, "bypath_path_packets_total{path=\"b>a\"}") ==
		    (double)r->paths[0].n_pkts);
	assert_true(value_of(f, "bypath_worker_packets_total{worker=\"1\"}") > 0);
	f->document = bp_engine_document(r);
	assert_int_equal(json_array_size(json_object_get(f->document, "paths")), 5);
	assert_true(bp_json_number_at(f->document, "path_sums.0.counted.packets") == packets);
	assert_true(bp_json_number_at(f->document, "path_totals.0.counted.packets") ==
		    packets + ended);
	assert_true(json_is_true(bp_json_at(f->document, "path_totals.0.renewed")));
}

/* a → b: 2 copies of each packet until now, then 1, then what the model has no figure for, then 1 again. */
static void modelled_copies_are_of_the_model_of_their_time(void **state)
{
	static const char kernel[] = "bypath_copies_total{path=\"a>b\",domain=\"kernel\","
				     "provenance=\"modelled\"}";
	struct fixture *f = *state;
	struct bp_copies *model = &f->kernel_copies[0 * N_PORTS + 1];
	const struct bp_metrics facts = { .report = &f->report, .kernel_copies = f->kernel_copies };
	uint64_t *out = &f->report.paths[0].hist_copies[0];
	double begin;

	write_text(f, false);
	begin = value_of(f, kernel);
	*out += 100;
	assert_int_equal(bp_metrics_note(&facts, f->floors), 0);
	*model = (struct bp_copies){ 1, 1 };
	*out += 10;
	write_text(f, false);
	assert_true(value_of(f, kernel) == begin + 210);
	*model = (struct bp_copies){ 0, 1 };
	*out += 1000;
	write_text(f, false);
	assert_false(has(f, kernel));
	*model = (struct bp_copies){ 1, 1 };
	*out += 1;
	write_text(f, false);
	assert_true(value_of(f, kernel) == begin + 211);
}

/* What is noted of names does not grow with those that reloads have taken away. */
static void names_that_are_no_more_are_forgotten(void **state)
{
	struct fixture *f = *state;
	const struct bp_metrics facts = { .report = &f->report, .kernel_copies = f->kernel_copies };

	write_text(f, false);
	json_object_set_new(f->floors, "copies gone>b", json_pack("[f, f, b]", 1.0, 2.0, 1));
	assert_int_equal(bp_metrics_note(&facts, f->floors), 0);
	assert_null(json_object_get(f->floors, "copies gone>b"));
	assert_non_null(json_object_get(f->floors, "copies a>b"));
}

static void estimates_do_not_go_back(void **state)
{
	struct fixture *f = *state;
	const char *busy = "bypath_worker_seconds_total{worker=\"0\",state=\"busy\"}";

	write_text(f, false);
	f->report.workers[0].busy_ns = 2.9e9;
	write_text(f, false);
	assert_true(value_of(f, busy) == 3);
	f->report.workers[0].busy_ns = 1e9;
	write_text(f, false);
	assert_true(value_of(f, busy) == 3);
}

/* Taken out by a reload, added by another one when many others had been. */
static void functions_that_were_forgotten_count_anew(void **state)
{
	struct fixture *f = *state;
	const char *within = "bypath_function_seconds_total{function=\"sw\",type=\"switch\"}";

	write_text(f, false);
	f->report.functions[0].n_pkts = 4000;
	f->report.functions[0].busy_ns = 1.2e9;
	write_text(f, false);
	assert_true(value_of(f, within) == 1.2);
	f->report.functions[0].busy_ns = 1.1e9;
	write_text(f, false);
	assert_true(value_of(f, within) == 1.2);
}

static void both_formats_end_as_they_should(void **state)
{
	struct fixture *f = *state;

	write_text(f, true);
	assert_string_equal(f->text + strlen(f->text) - 6, "# EOF\n");
	assert_true(has(f, "# TYPE bypath_drops counter\n"));
	assert_true(has(f, "# UNIT bypath_run_seconds seconds\n"));
	write_text(f, false);
	assert_false(has(f, "# EOF"));
	assert_false(has(f, "# UNIT"));
	assert_true(has(f, "# TYPE bypath_drops_total counter\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(metrics_say_what_the_document_says, begin, end),
		cmocka_unit_test_setup_teardown(queues_have_what_the_document_counts, begin, end),
		cmocka_unit_test_setup_teardown(drops_are_those_that_were_met, begin, end),
		cmocka_unit_test_setup_teardown(labels_are_escaped_and_removed_ports_have_no_link,
						begin, end),
		cmocka_unit_test_setup_teardown(paths_show_the_models_where_it_has_one_figure,
						begin, end),
		cmocka_unit_test_setup_teardown(paths_are_what_they_were_too, begin, end),
		cmocka_unit_test_setup_teardown(modelled_copies_are_of_the_model_of_their_time,
						begin, end),
		cmocka_unit_test_setup_teardown(names_that_are_no_more_are_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(estimates_do_not_go_back, begin, end),
		cmocka_unit_test_setup_teardown(functions_that_were_forgotten_count_anew, begin,
						end),
		cmocka_unit_test_setup_teardown(both_formats_end_as_they_should, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
