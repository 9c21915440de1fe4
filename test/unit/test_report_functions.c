/* Checks what reports say of functions, and of in-ports whose packets go to several ports, on made-up snapshots. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/json.h"
#include "engine/document.h"
#include "ledger/document.h"
#include "report/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_BYTES 262144u
#define N_PORTS    16u

static const struct bp_fn_reason reasons[] = {
	{ "storm", "dropped: above the limit for broadcast" },
	{ "no_vlan", "dropped: of a VLAN that the port does not carry" },
	{ .name = NULL },
};
static const struct bp_function picker = { .name = "switch",
					   .flags = BP_FN_PICKS | BP_FN_READS,
					   .reasons = reasons };

struct fixture {
	struct bp_conf conf;
	struct bp_report report, earlier;
	char text[TEXT_BYTES];
};

static struct bp_report_path *add(struct bp_report *r, enum bp_path_part part, unsigned in,
				  unsigned out, unsigned worker, uint64_t n_pkts)
{
	struct bp_report_path *path = &r->paths[r->n_paths++];

	*path = (struct bp_report_path){ .part = part,
					 .in_port = (uint16_t)in,
					 .out_port = (uint16_t)out,
					 .worker_id = (uint16_t)worker,
					 .n_pkts = n_pkts,
					 .n_bytes = 60 * n_pkts,
					 .n_bursts = n_pkts / 10 };
	return path;
}

/* Each of 16 ports received 100 packets of 60 bytes, 4 of which were dropped. */
static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct bp_report *r = &f->report;

	f->conf.n_ports = N_PORTS;
	f->conf.n_functions = 1;
	strcpy(f->conf.functions[0].name, "sw");
	strcpy(f->conf.functions[0].type, "switch");
	r->conf = &f->conf;
	r->elapsed_s = 10;
	r->is_final = true;
	r->n_ports = N_PORTS;
	r->n_workers = 1;
	r->n_functions = 1;
	r->functions[0] =
		(struct bp_report_function){ .conf = &f->conf.functions[0], .function = &picker };
	for (unsigned i = 0; i < N_PORTS; i++) {
		struct bp_port_conf *port = &f->conf.ports[i];
		struct bp_report_path *intake;

		snprintf(port->name, sizeof(port->name), "p%u", i + 1);
		strcpy(port->driver, "af_packet");
		port->n_chain = 1;
		port->forward_to = BP_NO_PORT;
		port->out_ports = ((UINT64_C(1) << N_PORTS) - 1) & ~(UINT64_C(1) << i);
		r->ports[i].conf = port;
		r->ports[i].n_rxq = r->ports[i].n_txq = 1;
		r->ports[i].rxq[0].v[BP_CNT_PKTS] = 100;
		intake = add(r, BP_PATH_INTAKE, i, BP_PATH_NO_OUT, 0, 100);
		intake->n_fn_drops = 4;
		intake->busy_ns = 100 * 40;
	}
	r->functions[0].n_pkts = N_PORTS * 100;
	r->functions[0].busy_ns = N_PORTS * 100 * 12.5;
	r->functions[0].drops[0] = N_PORTS * 4;
	r->received = N_PORTS * 100;
	r->dropped = N_PORTS * 4;
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	bp_report_release(&f->report);
	free(f);
	return 0;
}

/* A flood: the 96 packets of each in-port to all others, the original to the last; each copied once on its way. */
static void flood(struct fixture *f)
{
	struct bp_report *r = &f->report;

	for (unsigned in = 0; in < N_PORTS; in++)
		for (unsigned out = 0; out < N_PORTS; out++) {
			bool has_original = out == (in == N_PORTS - 1 ? N_PORTS - 2 : N_PORTS - 1);
			struct bp_report_path *edge;

			if (in == out)
				continue;
			edge = add(r, BP_PATH_EDGE, in, out, 0, 96);
			edge->n_copies = edge->hist_copies[1] = 96;
			edge->n_replicas = has_original ? 0 : 96;
			edge->busy_ns = 96 * 20;
			r->ports[out].txq[0].v[BP_CNT_PKTS] += 96;
			r->ports[out].txq[0].v[BP_CNT_REPLICAS] += edge->n_replicas;
			r->sent += 96;
			r->made += edge->n_replicas;
		}
	assert_int_equal(r->n_paths, N_PORTS + N_PORTS * (N_PORTS - 1));
}

static json_t *document_of(const struct fixture *f)
{
	json_t *document = bp_engine_document(&f->report);

	assert_non_null(document);
	bp_ledger_add(document, NULL, 0);
	return document;
}

static const char *print_text(struct fixture *f)
{
	FILE *out = fmemopen(f->text, TEXT_BYTES, "w");
	json_t *document = document_of(f);

	bp_view_print(out, document);
	json_decref(document);
	fclose(out);
	return f->text;
}

static const char *print_live(struct fixture *f)
{
	FILE *out = fmemopen(f->text, TEXT_BYTES, "w");

	bp_engine_print_live(out, &f->earlier, &f->report);
	fclose(out);
	return f->text;
}

/* Fails unless the document has this number, true, text or null at the path. */
static void demand(const json_t *document, const char *path, const char *value)
{
	const json_t *found = bp_json_at(document, path);
	char *text = found ? json_dumps(found, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) : NULL;

	if (!text || strcmp(text, value))
		fail_msg("%s: %s, not %s", path, text ? text : "is not there", value);
	free(text);
}

static unsigned count_lines(const char *text, const char *with)
{
	unsigned n = 0;

	for (; (text = strstr(text, with)); text += strlen(with))
		n++;
	return n;
}

static void an_intake_leads_nowhere_and_costs_per_packet_received(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	flood(f);
	document = document_of(f);
	demand(document, "paths.0.in", "\"p1\"");
	demand(document, "paths.0.out", "null");
	demand(document, "paths.0.part", "\"intake\"");
	demand(document, "paths.0.via", "[\"sw\"]");
	demand(document, "paths.0.modelled", "null");
	demand(document, "paths.0.counted.function_drops", "4");
	demand(document, "paths.0.counted.packets_out", "0");
	demand(document, "paths.0.counted.ns_per_packet", "40.0");
	json_decref(document);
}

static void an_edge_costs_per_packet_sent(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	flood(f);
	f->report.paths[N_PORTS].hist_copies[1] = 48; /* the port took half of them */
	f->report.paths[N_PORTS].n_out_drops = 48;
	f->report.paths[N_PORTS].has_out_drops = true;
	document = document_of(f);
	demand(document, "paths.16.in", "\"p1\"");
	demand(document, "paths.16.out", "\"p2\"");
	demand(document, "paths.16.part", "\"edge\"");
	demand(document, "paths.16.counted.packets", "96");
	demand(document, "paths.16.counted.replicas", "96");
	demand(document, "paths.16.counted.packets_out", "48");
	demand(document, "paths.16.counted.dropped", "48");
	/* By its functions, and there. */
	demand(document, "fan_outs.0.whole.counted.function_drops", "4");
	demand(document, "fan_outs.0.whole.counted.dropped", "52");
	demand(document, "paths.17.counted.dropped", "null");
	demand(document, "paths.16.counted.ns_per_packet", "40.0");
	demand(document, "paths.16.counted.user_copies_per_packet", "2.0");
	json_decref(document);
}

/* The packets of a worker are those that it received, however often they were sent. */
static void a_worker_has_each_packet_once(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	flood(f);
	document = document_of(f);
	demand(document, "workers.0.counted.packets", "1600");
	json_decref(document);
}

static void the_parts_of_an_in_port_add_up(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	flood(f);
	document = document_of(f);
	assert_int_equal(json_array_size(json_object_get(document, "fan_outs")), N_PORTS);
	demand(document, "fan_outs.0.in", "\"p1\"");
	demand(document, "fan_outs.0.via", "[\"sw\"]");
	demand(document, "fan_outs.0.ports", "15");
	demand(document, "fan_outs.0.intake.counted.packets", "100");
	demand(document, "fan_outs.0.whole.counted.packets", "100");
	demand(document, "fan_outs.0.whole.counted.packets_out", "1440");
	demand(document, "fan_outs.0.whole.counted.replicas", "1344");
	demand(document, "fan_outs.0.whole.counted.function_drops", "4");
	demand(document, "fan_outs.0.whole.counted.user_copies", "1440");
	/* (100 × 40 + 15 × 96 × 20) / (15 × 96) */
	demand(document, "fan_outs.0.whole.counted.ns_per_packet", "22.7778");
	demand(document, "fan_outs.0.others.ports", "11");
	demand(document, "fan_outs.0.others.counted.packets", "1056");
	assert_int_equal(json_array_size(bp_json_at(document, "fan_outs.0.edges")), 4);
	json_decref(document);
}

static void the_busiest_edges_stand_first(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	flood(f);
	f->report.paths[N_PORTS + 12].n_pkts = 500; /* p1 → p14 */
	f->report.paths[N_PORTS + 4].n_pkts = 400; /* p1 → p6 */
	document = document_of(f);
	demand(document, "fan_outs.0.edges.0.out", "\"p14\"");
	demand(document, "fan_outs.0.edges.1.out", "\"p6\"");
	demand(document, "fan_outs.0.edges.2.out", "\"p2\"");
	json_decref(document);
}

/* "and 1 other" would take its line as well. */
static void the_last_edge_is_shown_itself(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	for (unsigned out = 1; out < 6; out++)
		add(&f->report, BP_PATH_EDGE, 0, out, 0, 10);
	document = document_of(f);
	assert_int_equal(json_array_size(bp_json_at(document, "fan_outs.0.edges")), 5);
	demand(document, "fan_outs.0.others", "null");
	json_decref(document);
}

static void edges_of_several_workers_are_added_up_by_pair(void **state)
{
	struct fixture *f = *state;
	struct bp_report *r = &f->report;
	json_t *document;

	flood(f);
	r->n_workers = 2;
	add(r, BP_PATH_INTAKE, 0, BP_PATH_NO_OUT, 1, 11);
	add(r, BP_PATH_EDGE, 0, 1, 1, 7)->hist_copies[0] = 7;
	document = document_of(f);
	assert_int_equal(json_array_size(json_object_get(document, "path_sums")), 2);
	demand(document, "path_sums.0.part", "\"intake\"");
	demand(document, "path_sums.0.out", "null");
	demand(document, "path_sums.0.worker", "null");
	demand(document, "path_sums.0.counted.packets", "111");
	demand(document, "path_sums.1.part", "\"edge\"");
	demand(document, "path_sums.1.out", "\"p2\"");
	demand(document, "path_sums.1.counted.packets", "103");
	demand(document, "fan_outs.0.whole.counted.packets", "111");
	demand(document, "fan_outs.0.edges.0.counted.packets", "103");
	json_decref(document);
}

/* wan = edge, lan: one port, so one row; there is no fan-out. */
static void a_whole_path_may_have_functions(void **state)
{
	struct fixture *f = *state;
	struct bp_report_path *path;
	json_t *document;

	f->report.n_paths = 0;
	path = add(&f->report, BP_PATH_WHOLE, 0, 1, 0, 100);
	path->hist_copies[0] = 90;
	path->n_fn_drops = 10;
	document = document_of(f);
	demand(document, "paths.0.part", "\"whole\"");
	demand(document, "paths.0.via", "[\"sw\"]");
	demand(document, "paths.0.counted.function_drops", "10");
	demand(document, "fan_outs", "[]");
	json_decref(document);
	assert_non_null(strstr(print_text(f), "p1 → sw → p2"));
	assert_null(strstr(f->text, "FAN-OUT"));
}

static void functions_have_cost_and_drops_by_reason(void **state)
{
	struct fixture *f = *state;
	json_t *document = document_of(f);

	demand(document, "functions.0.name", "\"sw\"");
	demand(document, "functions.0.type", "\"switch\"");
	demand(document, "functions.0.ports.15", "\"p16\"");
	demand(document, "functions.0.counted.packets", "1600");
	demand(document, "functions.0.counted.ns_per_packet", "12.5");
	demand(document, "functions.0.counted.dropped", "64");
	demand(document, "functions.0.counted.drops", "{\"storm\": 64, \"no_vlan\": 0}");
	demand(document, "functions.0.events.0.counter", "\"storm\"");
	demand(document, "functions.0.events.0.value", "64");
	demand(document, "functions.0.events.0.meaning",
	       "\"dropped: above the limit for broadcast\"");
	assert_int_equal(json_array_size(bp_json_at(document, "functions.0.events")), 1);
	demand(document, "functions.0.doc", "null");
	demand(document, "functions.0.state", "[]");
	demand(document, "conservation.counted.dropped_by_functions", "64");
	json_decref(document);
}

static void a_function_that_was_not_timed_has_no_cost(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	f->report.functions[0].busy_ns = 0;
	document = document_of(f);
	demand(document, "functions.0.counted.ns_per_packet", "null");
	json_decref(document);
}

static void the_cost_of_a_function_that_was_disturbed_is_not_printed(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	assert_non_null(strstr(print_text(f), " 12.5 "));
	f->report.functions[0].is_disturbed = true;
	document = document_of(f);
	demand(document, "functions.0.disturbed", "true");
	demand(document, "functions.0.counted.ns_per_packet", "12.5");
	json_decref(document);
	assert_null(strstr(print_text(f), " 12.5 "));
	assert_non_null(strstr(f->text, " disturbed "));
}

static void copies_are_among_what_was_made(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	flood(f);
	document = document_of(f);
	demand(document, "conservation.counted.made", "21504");
	demand(document, "conservation.counted.made_as_copies", "21504");
	json_decref(document);
	assert_non_null(strstr(print_text(f), "received 1,600 + made 21,504 = sent 23,040 + "
					      "dropped 64 + held 0, unaccounted 0"));
	assert_non_null(
		strstr(f->text, "of these: made as copies 21,504, dropped by functions 64"));
}

static void what_a_function_says_becomes_rows(void **state)
{
	struct fixture *f = *state;
	json_t *hits = json_array(), *document;

	for (int i = 1; i <= 20; i++)
		json_array_append_new(hits, json_pack("{s:i, s:s, s:i}", "line", i, "rule",
						      "pass tcp", "hits", 100 * i));
	f->report.functions[0].doc =
		json_pack("{s:i, s:s, s:{s:i, s:f}, s:[s, s], s:[], s:n, s:o}", "addresses", 12345,
			  "file", "edge.rules", "green", "packets", 7, "rate", 5e9, "ports", "p1",
			  "p2", "none", "nothing", "hits", hits);
	document = document_of(f);
	demand(document, "functions.0.state.0", "{\"what\": \"addresses\", \"value\": 12345}");
	demand(document, "functions.0.state.1", "{\"what\": \"file\", \"text\": \"edge.rules\"}");
	demand(document, "functions.0.state.2", "{\"what\": \"green packets\", \"value\": 7}");
	demand(document, "functions.0.state.3",
	       "{\"what\": \"green rate\", \"text\": \"5000000000\"}");
	demand(document, "functions.0.state.4", "{\"what\": \"ports\", \"text\": \"p1, p2\"}");
	demand(document, "functions.0.state.5", "{\"what\": \"none\", \"text\": \"\"}");
	demand(document, "functions.0.state.6.what", "\"hits 1\"");
	demand(document, "functions.0.state.6.text", "\"line 1, rule pass tcp, hits 100\"");
	demand(document, "functions.0.state.22.text", "\"4 more, in the JSON document\"");
	demand(document, "functions.0.doc.hits.19.hits", "2000");
	json_decref(document);
	assert_non_null(strstr(print_text(f), "sw        addresses      12,345"));
	assert_non_null(strstr(f->text, "line 16, rule pass tcp, hits 1600"));
}

static void the_text_has_the_busiest_edges_and_the_others_sum(void **state)
{
	struct fixture *f = *state;
	const char *text, *fan_out;

	flood(f);
	text = print_text(f);
	fan_out = strstr(text, "\nFAN-OUT");
	assert_non_null(fan_out);
	/* 16 in-ports: an intake, 4 edges, the others, the sum. */
	assert_int_equal(count_lines(fan_out, "→ 11 others"), N_PORTS);
	assert_int_equal(count_lines(fan_out, "  in, sw "), N_PORTS);
	assert_int_equal(count_lines(fan_out, "  → p"), 4 * N_PORTS);
	/* Paths have the intakes, and no line for each of 240 edges. */
	assert_int_equal(count_lines(text, "p1 → sw  "), 1);
	assert_int_equal(count_lines(text, "p1 → p2"), 0);
	assert_non_null(strstr(text, "\nFUNCTIONS"));
	assert_non_null(strstr(text, "sw        storm        64  dropped: above the limit"));
}

static void lines_of_a_switch_fit_120_columns(void **state)
{
	struct fixture *f = *state;
	char *rest;

	flood(f);
	for (unsigned i = 0; i < f->report.n_paths; i++) {
		struct bp_report_path *path = &f->report.paths[i];

		path->n_pkts *= 1234567;
		path->n_replicas *= 1234567;
		path->hist_copies[1] *= 1234567;
		path->n_copies *= 1234567;
	}
	for (char *line = strtok_r((char *)(uintptr_t)print_text(f), "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		unsigned columns = 0;

		for (const char *s = line; *s; s++)
			columns += ((unsigned char)*s & 0xc0) != 0x80;
		if (columns > 120)
			fail_msg("%u columns: %s", columns, line);
	}
}

static void rows_that_were_cut_are_said(void **state)
{
	struct fixture *f = *state;
	json_t *document;

	assert_null(strstr(print_text(f), "too many"));
	f->report.n_paths_cut = 1234;
	document = document_of(f);
	demand(document, "paths_cut", "1234");
	json_decref(document);
	assert_non_null(
		strstr(print_text(f), "  1,234 rows of paths were too many and are left out"));
}

static void as_many_rows_as_there_can_be(void **state)
{
	struct fixture *f = *state;
	struct bp_report *r = &f->report;
	json_t *document;

	flood(f);
	r->n_workers = BP_WORKERS_MAX;
	for (unsigned i = 0; r->n_paths < BP_PATHS_MAX; i++)
		add(r, BP_PATH_EDGE, i % N_PORTS, (i + 1) % N_PORTS, 1, 1)->hist_copies[0] = 1;
	document = document_of(f);
	assert_int_equal(json_array_size(json_object_get(document, "paths")), BP_PATHS_MAX);
	assert_int_equal(json_array_size(json_object_get(document, "path_sums")), N_PORTS);
	json_decref(document);
	assert_non_null(strstr(print_text(f), "11 others"));
}

static void the_live_lines_of_a_switch_are_few(void **state)
{
	struct fixture *f = *state;

	f->earlier = f->report;
	f->earlier.elapsed_s = 9;
	flood(f);
	f->report.paths[2].n_pkts += 3000000;
	f->report.paths[2].n_bytes += 180000000;
	f->report.paths[4].n_pkts += 1000000;
	f->report.paths[4].n_bytes += 60000000;
	print_live(f);
	assert_int_equal(count_lines(f->text, "\n"), 4);
	assert_non_null(strstr(f->text, "p3→sw 3.000 Mpps 1.440 Gbit/s 1.00 copies/p"));
	assert_non_null(strstr(f->text, "p5→sw 1.000 Mpps 480.0 Mbit/s 1.00 copies/p"));
	assert_non_null(strstr(f->text, "9 others 0 pps"));
	assert_null(strstr(f->text, "p1→p2"));
}

/* The later snapshot lacks rows that the earlier one has: no rate below zero, nor one of 2⁶⁴. */
static void a_live_line_bears_rows_that_were_cut(void **state)
{
	struct fixture *f = *state;

	flood(f);
	f->earlier = f->report;
	f->earlier.elapsed_s = 9;
	f->report.n_paths = N_PORTS - 1;
	print_live(f);
	assert_non_null(strstr(f->text, "p1→sw 0 pps 0 bit/s - copies/p"));
	assert_null(strstr(f->text, "-0."));
}

static void a_live_line_names_the_port_at_the_end_of_the_chain(void **state)
{
	struct fixture *f = *state;

	f->conf.ports[0].forward_to = 1; /* p1 = m, p2: mirrored on the way */
	f->report.n_paths = 1;
	assert_non_null(strstr(print_live(f), "p1→p2 "));
}

/* What the ports of a switch have in common stands once. */
static void edges_of_one_model_share_their_hops(void **state)
{
	struct fixture *f = *state;
	struct bp_model_path models[3] = { 0 };
	json_t *document;

	flood(f);
	for (unsigned i = 0; i < 3; i++) {
		models[i].out_port = (uint16_t)(i + 1);
		models[i].is_modelled = true;
		models[i].n_hops = 1;
		models[i].hops[0] = (struct bp_hop){ .place = "frame",
						     .mover = i == 2 ? "another" : "one",
						     .why = "because",
						     .source = "x.c" };
	}
	document = bp_engine_document(&f->report);
	bp_ledger_add(document, models, 3);
	demand(document, "paths.0.hops", "[]"); /* the intake */
	demand(document, "paths.16.hops.0.mover", "\"one\"");
	demand(document, "paths.16.same_as", "null");
	demand(document, "paths.17.hops", "[]");
	demand(document, "paths.17.same_as", "{\"in\": \"p1\", \"out\": \"p2\"}");
	demand(document, "paths.17.modelled.kernel_copies", "{\"lo\": 0, \"hi\": 0}");
	demand(document, "paths.18.hops.0.mover", "\"another\"");
	demand(document, "paths.18.same_as", "null");
	demand(document, "paths.19.modelled", "null"); /* none of its pair */
	json_decref(document);
}

static void a_released_report_can_be_released_again(void **state)
{
	struct fixture *f = *state;
	json_t *doc = json_object();

	f->report.functions[0].doc = json_incref(doc);
	bp_report_release(&f->report);
	assert_null(f->report.functions[0].doc);
	assert_int_equal(doc->refcount, 1);
	bp_report_release(&f->report);
	json_decref(doc);
}

int main(void)
{
#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(an_intake_leads_nowhere_and_costs_per_packet_received),
		WITH_FIXTURE(an_edge_costs_per_packet_sent),
		WITH_FIXTURE(a_worker_has_each_packet_once),
		WITH_FIXTURE(the_parts_of_an_in_port_add_up),
		WITH_FIXTURE(the_busiest_edges_stand_first),
		WITH_FIXTURE(the_last_edge_is_shown_itself),
		WITH_FIXTURE(edges_of_several_workers_are_added_up_by_pair),
		WITH_FIXTURE(a_whole_path_may_have_functions),
		WITH_FIXTURE(functions_have_cost_and_drops_by_reason),
		WITH_FIXTURE(a_function_that_was_not_timed_has_no_cost),
		WITH_FIXTURE(the_cost_of_a_function_that_was_disturbed_is_not_printed),
		WITH_FIXTURE(copies_are_among_what_was_made),
		WITH_FIXTURE(what_a_function_says_becomes_rows),
		WITH_FIXTURE(the_text_has_the_busiest_edges_and_the_others_sum),
		WITH_FIXTURE(lines_of_a_switch_fit_120_columns),
		WITH_FIXTURE(rows_that_were_cut_are_said),
		WITH_FIXTURE(as_many_rows_as_there_can_be),
		WITH_FIXTURE(the_live_lines_of_a_switch_are_few),
		WITH_FIXTURE(a_live_line_bears_rows_that_were_cut),
		WITH_FIXTURE(a_live_line_names_the_port_at_the_end_of_the_chain),
		WITH_FIXTURE(edges_of_one_model_share_their_hops),
		WITH_FIXTURE(a_released_report_can_be_released_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
