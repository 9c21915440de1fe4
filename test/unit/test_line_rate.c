/* Checks the arithmetic of a line's rate against values computed here from the standards. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/config.h"

#include "config/value.h"
#include "core/json.h"
#include "ledger/line_rate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define NEAR(a, b) assert_true(is_near(a, b))

static bool is_near(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fabs(b);
}

static const struct bp_line_size *size_of(const char *name)
{
	const struct bp_line_size *size = bp_line_sizes;

	while (strcmp(size->name, name) != 0)
		size++;
	return size;
}

/* IEEE 802.3: preamble 7, SFD 1, the frame with FCS, 12 bytes of gap. The whole numbers are what is published. */
static void frames_per_second_are_those_of_ethernet(void **state)
{
	static const struct {
		double bits_per_s, bytes;
		unsigned long fps;
	} cases[] = {
		{ 10e9, 64, 14880952 },   { 10e9, 1518, 812743 }, { 25e9, 64, 37202380 },
		{ 100e9, 64, 148809523 }, { 1e9, 64, 1488095 },   { 10e9, 512, 2349624 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double fps = bp_line_fps(cases[i].bits_per_s, cases[i].bytes);

		NEAR(fps, cases[i].bits_per_s / 8 / (7 + 1 + cases[i].bytes + 12));
		assert_int_equal((unsigned long)fps, cases[i].fps);
	}
}

static void the_mix_is_the_one_that_gen_sends(void **state)
{
	const struct bp_key key = { .type = BP_KEY_SIZES };
	const struct bp_line_size *imix = size_of("imix");
	struct bp_sizes sizes = { 0 };
	char why[BP_WHY_BYTES];

	(void)state;
	assert_int_equal(bp_value_store(&key, "imix", &sizes, why), 0);
	assert_int_equal(sizes.n, BP_LINE_PARTS_MAX);
	for (unsigned i = 0; i < sizes.n; i++) {
		assert_int_equal(sizes.v[i].bytes, imix->parts[i].bytes);
		assert_int_equal(sizes.v[i].weight, imix->parts[i].weight);
	}
	NEAR(bp_line_mean_bytes(imix), (7 * 64 + 4 * 594 + 1518) / 12.0);
	NEAR(bp_line_mean_bytes(size_of("512")), 512);
}

/* A memory write has 2 + 6 bytes of framing, sequence and LCRC, 16 of header with 64-bit addresses; a request
 * likewise; a completion 8 + 12. */
static void a_slot_carries_headers_as_well(void **state)
{
	const struct bp_line_slot *x8 = bp_line_slot_for(25e9);
	struct bp_line_load rx = bp_line_load_of(60, true, false);
	struct bp_line_load tx = bp_line_load_of(60, false, true);
	struct bp_line_load both = bp_line_load_of(60, true, true);
	struct bp_line_load large = bp_line_load_of(1514, true, true);
	double raw = 8e9 * 8 * 128 / 130 / 8;

	(void)state;
	assert_string_equal(x8->name, "PCIe 3.0 x8");
	assert_string_equal(bp_line_slot_for(100e9)->name, "PCIe 3.0 x16");
	assert_string_equal(bp_line_slot_for(400e9)->name, "PCIe 5.0 x16");
	NEAR(bp_line_slot_bytes_per_s(x8), raw * (1 - 8 / 203.0 - 8 / 203.0 - 4 / 1538.0));
	NEAR(rx.up, (60 + 24) + (4 * 16 + 24) / 4.0 + 24 / 4.0);
	NEAR(rx.down, (4 * 16 + 20) / 4.0 + 28 / 32.0);
	NEAR(tx.up, 24 + (4 * 16 + 24) / 4.0 + 24 / 4.0);
	NEAR(tx.down, (60 + 20) + (4 * 16 + 20) / 4.0 + 28 / 32.0);
	NEAR(both.up, rx.up + tx.up);
	NEAR(both.down, rx.down + tx.down);
	NEAR(large.up, (1514 + 6 * 24) + 3 * 24 + 2 * (22 + 6));
	NEAR(large.down, (1514 + 6 * 20) + 2 * (21 + 28 / 32.0));
}

/* 'The eXpress Data Path' (CoNEXT'18) met the bus at 115 Mpps that were dropped, 70 that were sent back by the
 * same NIC, in a slot of 3.0 x16: no bound may be below what was measured. */
static void the_slot_bears_what_was_published(void **state)
{
	double x16 = bp_line_slot_bytes_per_s(bp_line_slot_for(100e9));

	(void)state;
	assert_true(x16 / bp_line_load_of(60, true, false).up >= 115e6);
	assert_true(x16 / bp_line_load_of(60, true, true).up >= 70e6);
	assert_true(x16 / bp_line_load_of(60, true, true).up <= 1.5 * 70e6);
}

/* ---- documents ------------------------------------------------------------------------------- */

/* Both ways between two NICs: a → b copies twice in the kernel at most, b → a nothing. */
static json_t *explained(void)
{
	return json_pack(
		"{s:s, s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}], s:[{s:s, s:s, s:{s:b, s:b}, "
		"s:{s:{s:i, s:i}, s:{s:i, s:i}}}, {s:s, s:s, s:{s:b, s:b}, s:{s:{s:i, s:i}, "
		"s:{s:i, s:i}}}]}",
		"file", "x.ini", "ports", "name", "a", "driver", "af_xdp", "mode", "m", "name", "b",
		"driver", "dpdk", "mode", "pmd", "paths", "in", "a", "out", "b", "dma", "in", 1,
		"out", 1, "modelled", "kernel_copies", "lo", 1, "hi", 2, "user_copies", "lo", 0,
		"hi", 0, "in", "b", "out", "a", "dma", "in", 1, "out", 1, "modelled",
		"kernel_copies", "lo", 0, "hi", 0, "user_copies", "lo", 0, "hi", 0);
}

static json_t *made_from(json_t *from, const struct bp_line_ask *ask)
{
	json_t *document;

	assert_non_null(from);
	document = bp_line_document(from, ask);
	json_decref(from);
	assert_non_null(document);
	return document;
}

static json_t *made(const struct bp_line_ask *ask)
{
	return made_from(explained(), ask);
}

static void check_bytes(const json_t *row, double fps, double n_bytes)
{
	NEAR(bp_json_number_at(row, "copied_bytes_per_s.kernel.lo"), fps * n_bytes);
	NEAR(bp_json_number_at(row, "copied_bytes_per_s.kernel.hi"), fps * 2 * n_bytes);
	NEAR(bp_json_number_at(row, "dma_bytes_per_s"), fps * 2 * n_bytes);
	/* Two copies read and write, two DMAs do one of it, and the way back, at the same rate, has two DMAs as
	 * well: 3200 million times 64 bits. */
	NEAR(bp_json_number_at(row, "dram_pps"), 3200e6 * 8 / (n_bytes * (2 * 2 + 2 + 2)));
}

static void without_a_cost_no_core_is_judged(void **state)
{
	json_t *document =
		made(&(struct bp_line_ask){ .bits_per_s = 10e9, .hz = 2e9, .hz_source = "" });
	const json_t *row = bp_json_at(document, "paths.0.sizes.0");

	(void)state;
	NEAR(bp_json_number_at(document, "frames.0.budget_ns"), 67.2);
	NEAR(bp_json_number_at(document, "frames.0.budget_cycles"), 134.4);
	check_bytes(row, 10e9 / 8 / 84, 60);
	assert_true(json_is_null(json_object_get(row, "core_pps")));
	assert_true(json_is_null(json_object_get(row, "cores")));
	assert_true(json_is_null(bp_json_at(document, "paths.0.cost.ns_per_packet")));
	assert_string_equal(bp_json_text_at(row, "ends_first"), "line");
	assert_true(json_is_false(json_object_get(row, "is_certain")));
	json_decref(document);
}

static void cycles_make_a_core_the_bound(void **state)
{
	const struct bp_line_ask ask = {
		.bits_per_s = 100e9, .hz = 3e9, .hz_source = "", .cycles_per_packet = 100
	};
	json_t *document = made(&ask);
	const json_t *row = bp_json_at(document, "paths.1.sizes.0");

	(void)state;
	NEAR(bp_json_number_at(row, "core_pps"), 30e6);
	NEAR(bp_json_number_at(row, "cores"), 5); /* 148.8 / 30 */
	assert_string_equal(bp_json_text_at(row, "ends_first"), "core");
	assert_true(json_is_true(json_object_get(row, "is_certain")));
	/* Large frames: 8.1 Mpps of the line, and memory is there before it, unless a cache helps. */
	row = bp_json_at(document, "paths.1.sizes.6");
	assert_string_equal(bp_json_text_at(row, "ends_first"), "DRAM");
	assert_true(json_is_false(json_object_get(row, "is_certain")));
	NEAR(bp_json_number_at(row, "pps"), 3200e6 * 8 / (1514 * (2 * 2 + 2 + 2)));
	NEAR(bp_json_number_at(row, "pcie_pps"),
	     bp_line_slot_bytes_per_s(bp_line_slot_for(100e9)) / (1514 + 6 * 24 + 3 * 24 + 2 * 28));
	json_decref(document);
}

static void a_slot_can_be_the_bound(void **state)
{
	const struct bp_line_ask ask = {
		.bits_per_s = 100e9, .hz = 3e9, .hz_source = "", .cycles_per_packet = 10
	};
	json_t *from = explained(), *document;
	const json_t *row;

	(void)state;
	json_object_set_new(
		json_object_get(json_array_get(json_object_get(from, "paths"), 0), "modelled"),
		"kernel_copies", json_pack("{s:i, s:i}", "lo", 0, "hi", 0));
	document = made_from(from, &ask);
	row = bp_json_at(document, "paths.1.sizes.0");
	assert_string_equal(bp_json_text_at(row, "ends_first"), "PCIe");
	assert_true(json_is_true(json_object_get(row, "is_certain")));
	NEAR(bp_json_number_at(row, "dram_pps"), 3200e6 * 8 / (60 * (2 + 2)));
	json_decref(document);
}

/* Nobody knows what the way back takes of the channel: no bound of it, and nothing is certain. */
static void memory_is_not_judged_beside_a_path_without_a_model(void **state)
{
	const struct bp_line_ask ask = {
		.bits_per_s = 10e9, .hz = 3e9, .hz_source = "", .cycles_per_packet = 10
	};
	json_t *from = explained(), *document;
	const json_t *row;

	(void)state;
	json_object_set_new(json_array_get(json_object_get(from, "paths"), 1), "modelled",
			    json_null());
	document = made_from(from, &ask);
	row = bp_json_at(document, "paths.0.sizes.0");
	assert_true(json_is_null(json_object_get(row, "dram_pps")));
	assert_string_equal(bp_json_text_at(row, "ends_first"), "line");
	assert_true(json_is_false(json_object_get(row, "is_certain")));
	json_decref(document);
}

/* A run of frames of 128 bytes with FCS, at 200 ns; its other path had another mode. */
static void a_cost_bounds_other_sizes_of_a_path_that_copies(void **state)
{
	json_t *report = json_pack(
		"{s:{s:s}, s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}], s:[], s:[], s:[{s:s, s:s, "
		"s:{s:i, s:i, s:f}}, {s:s, s:s, s:{s:i, s:i, s:f}}]}",
		"machine", "cpu", "c", "ports", "name", "a", "driver", "af_xdp", "mode", "m",
		"name", "b", "driver", "dpdk", "mode", "pmd", "workers", "path_sums", "paths", "in",
		"a", "out", "b", "counted", "packets", 1000, "bytes", 124000, "ns_per_packet",
		200.0, "in", "b", "out", "a", "counted", "packets", 0, "bytes", 0, "ns_per_packet",
		0.0);
	const struct bp_line_ask ask = { .bits_per_s = 25e9,
					 .hz = 2e9,
					 .hz_source = "",
					 .report = report,
					 .report_name = "r.json" };
	json_t *document = made(&ask);
	const json_t *path = bp_json_at(document, "paths.0");

	(void)state;
	NEAR(bp_json_number_at(path, "cost.cycles_per_packet"), 400);
	NEAR(bp_json_number_at(path, "cost.frame_bytes"), 128);
	assert_string_equal(bp_json_text_at(path, "sizes.0.core_sign"), "≥");
	assert_true(json_is_false(bp_json_at(path, "sizes.0.is_certain")));
	assert_string_equal(bp_json_text_at(path, "sizes.1.core_sign"), "");
	assert_string_equal(bp_json_text_at(path, "sizes.2.core_sign"), "≤");
	assert_string_equal(bp_json_text_at(path, "sizes.2.ends_first"), "core");
	assert_true(json_is_true(bp_json_at(path, "sizes.2.is_certain")));
	assert_string_equal(bp_json_text_at(document, "paths.1.cost.why"), "no packet passed");
	assert_true(json_is_null(bp_json_at(document, "paths.1.sizes.0.core_pps")));
	json_decref(document);
	/* As of a path that the kernel carries: packets, and no time of a worker. */
	json_object_set_new(
		json_array_get(json_object_get(report, "paths"), 1), "counted",
		json_pack("{s:i, s:i, s:n}", "packets", 1000, "bytes", 60000, "ns_per_packet"));
	document = made(&ask);
	assert_string_equal(bp_json_text_at(document, "paths.1.cost.why"),
			    "no worker touched its packets: the time is the kernel's");
	assert_true(json_is_null(bp_json_at(document, "paths.1.sizes.0.core_pps")));
	json_decref(document);
	json_object_set_new(json_array_get(json_object_get(report, "ports"), 0), "mode",
			    json_string("other"));
	document = made(&ask);
	assert_string_equal(bp_json_text_at(document, "paths.0.cost.why"),
			    "it was run with another driver or mode");
	json_decref(document);
	json_decref(report);
}

/* Of a port whose packets go to several others: an edge has the sending alone, its port's intake the rest. */
static void an_edge_costs_what_receiving_costs_as_well(void **state)
{
	json_t *report = json_pack(
		"{s:{s:s}, s:[{s:s, s:s, s:s}, {s:s, s:s, s:s}], s:[], s:[], s:[{s:s, s:n, s:s, "
		"s:{s:i, s:i, s:f}}, {s:s, s:s, s:s, s:{s:i, s:i, s:f}}]}",
		"machine", "cpu", "c", "ports", "name", "a", "driver", "af_xdp", "mode", "m",
		"name", "b", "driver", "dpdk", "mode", "pmd", "workers", "path_sums", "paths", "in",
		"a", "out", "part", "intake", "counted", "packets", 1000, "bytes", 124000,
		"ns_per_packet", 150.0, "in", "a", "out", "b", "part", "edge", "counted", "packets",
		500, "bytes", 62000, "ns_per_packet", 50.0);
	const struct bp_line_ask ask = { .bits_per_s = 25e9,
					 .hz = 2e9,
					 .hz_source = "",
					 .report = report,
					 .report_name = "r.json" };
	json_t *document = made(&ask);

	(void)state;
	NEAR(bp_json_number_at(document, "paths.0.cost.ns_per_packet"), 200);
	NEAR(bp_json_number_at(document, "paths.0.cost.frame_bytes"), 128);
	json_decref(document);
	/* Its workers' sum, where there are several. */
	json_object_set_new(report, "path_sums",
			    json_pack("[{s:s, s:n, s:s, s:{s:f}}]", "in", "a", "out", "part",
				      "intake", "counted", "ns_per_packet", 100.0));
	document = made(&ask);
	NEAR(bp_json_number_at(document, "paths.0.cost.ns_per_packet"), 150);
	json_decref(document);
	/* Sending alone is no cost of a path. */
	json_object_set_new(report, "path_sums", json_array());
	json_array_remove(json_object_get(report, "paths"), 0);
	document = made(&ask);
	assert_true(json_is_null(bp_json_at(document, "paths.0.cost.ns_per_packet")));
	json_decref(document);
	json_decref(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_per_second_are_those_of_ethernet),
		cmocka_unit_test(the_mix_is_the_one_that_gen_sends),
		cmocka_unit_test(a_slot_carries_headers_as_well),
		cmocka_unit_test(the_slot_bears_what_was_published),
		cmocka_unit_test(without_a_cost_no_core_is_judged),
		cmocka_unit_test(cycles_make_a_core_the_bound),
		cmocka_unit_test(a_slot_can_be_the_bound),
		cmocka_unit_test(memory_is_not_judged_beside_a_path_without_a_model),
		cmocka_unit_test(a_cost_bounds_other_sizes_of_a_path_that_copies),
		cmocka_unit_test(an_edge_costs_what_receiving_costs_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
