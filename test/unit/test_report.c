/* Checks text and JSON reports on made-up snapshots. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/document.h"
#include "ledger/document.h"
#include "report/json.h"
#include "report/view.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#define TEXT_BYTES 65536u

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
	struct bp_report report, earlier;
	struct bp_model_path model;
	char text[TEXT_BYTES];
};

/* Two ports, a and b, a path each way, nothing counted yet. */
static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct bp_report *r = &f->report;

	strcpy(f->conf.ports[0].name, "a");
	strcpy(f->conf.ports[1].name, "b");
	strcpy(f->conf.ports[0].driver, "af_xdp");
	strcpy(f->conf.ports[1].driver, "dpdk");
	f->conf.n_ports = 2;
	r->conf = &f->conf;
	r->elapsed_s = 10;
	r->is_final = true;
	r->arena_bytes = 64 << 20;
	r->arena_page_bytes = 2 << 20;
	r->n_ports = 2;
	r->n_workers = 1;
	r->n_paths = 2;
	r->paths[1].in_port = 1;
	for (uint16_t i = 0; i < 2; i++) {
		r->ports[i].conf = &f->conf.ports[i];
		r->ports[i].n_rxq = 1;
		r->ports[i].n_txq = 1;
		r->paths[i].out_port = (uint16_t)(1 - i);
	}
	r->workers[0].tid = 4242;
	f->model.out_port = 1;
	f->model.is_modelled = true;
	f->model.kernel = (struct bp_copies){ 1, 2 };
	f->model.n_hops = 1;
	f->model.n_rx_hops = 1;
	f->model.hops[0] = (struct bp_hop){ .from = BP_DOMAIN_KERNEL,
					    .to = BP_DOMAIN_SHARED,
					    .place = "frame",
					    .copiers = { "__xsk_rcv", "pskb_expand_head" },
					    .kernel = { 1, 2 },
					    .decider = BP_BY_SENDER,
					    .why = "because",
					    .source = "net/xdp/xsk.c" };
	*state = f;
	return 0;
}

static int end(void **state)
{
	free(*state);
	return 0;
}

static json_t *document_of(const struct fixture *f)
{
	json_t *document = bp_engine_document(&f->report);

	assert_non_null(document);
	bp_ledger_add(document, &f->model, 1);
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

/* 100 packets of 60 bytes from a to b, all sent but 7. */
static void add_traffic(struct fixture *f)
{
	struct bp_report *r = &f->report;
	uint64_t *rx = r->ports[0].rxq[0].v, *tx = r->ports[1].txq[0].v;

	rx[BP_CNT_PKTS] = 100;
	rx[BP_CNT_BYTES] = 6000;
	rx[BP_CNT_BURSTS] = 10;
	tx[BP_CNT_PKTS] = 93;
	tx[BP_CNT_BYTES] = 93 * 60;
	tx[BP_CNT_BURSTS] = 10;
	tx[BP_CNT_COPIES] = 93;
	tx[BP_DROP_TX_FULL] = 4;
	tx[BP_DROP_TX_TOO_LONG] = 3;
	r->paths[0].n_pkts = 100;
	r->paths[0].n_bytes = 6000;
	r->paths[0].n_bursts = 10;
	r->paths[0].n_copies = 93;
	r->paths[0].n_copy_bytes = 93 * 60;
	r->paths[0].n_calls = 20;
	r->paths[0].hist_copies[0] = 7;
	r->paths[0].hist_copies[1] = 93;
	r->paths[0].busy_ns = 100 * 250.0;
	r->paths[0].call_ns = 100 * 150.0;
	r->received = 100;
	r->sent = 93;
	r->dropped = 7;
	r->ports[0].n_reported = 2;
	r->ports[0].reported[0] = (struct bp_reported){ &ring_full, 11 };
	r->ports[0].reported[1] = (struct bp_reported){ &wakeups, 0 };
}

static void zero_packets_print_dashes_not_nan(void **state)
{
	const char *text = print_text(*state);

	assert_null(strcasestr(text, " nan"));
	assert_null(strcasestr(text, "-nan"));
	assert_null(strcasestr(text, "inf "));
	assert_non_null(strstr(text, "  -"));
	assert_non_null(strstr(text, "DROPS AND OTHER EVENTS\n  none"));
	assert_non_null(strstr(text, "received 0 + made 0 = sent 0 + dropped 0 + held 0, "
				     "unaccounted 0\n"));
}

static void zero_time_prints_dashes_not_inf(void **state)
{
	struct fixture *f = *state;

	add_traffic(f);
	f->report.elapsed_s = 0;
	assert_null(strcasestr(print_text(f), "inf"));
	assert_null(strcasestr(print_live(f), "inf"));
}

static void every_figure_stands_with_its_provenance(void **state)
{
	struct fixture *f = *state;
	const char *text;

	add_traffic(f);
	text = print_text(f);
	assert_non_null(strstr(text, "counted"));
	assert_non_null(strstr(text, "modelled"));
	assert_non_null(strstr(text, "rx_ring_full       11  reported    lost outside bypath"));
	assert_non_null(strstr(text, "tx_full"));
	assert_non_null(strstr(text, "tx_too_long"));
	assert_non_null(strstr(text, "1–2"));
	assert_non_null(strstr(text, "not modelled")); /* b → a has none */
	assert_non_null(strstr(text, "4242"));
	assert_null(strstr(text, "wakeups")); /* zero: not an event */
}

static void layer_1_adds_24_bytes_per_packet(void **state)
{
	struct fixture *f = *state;
	uint64_t *v = f->report.ports[0].rxq[0].v;

	v[BP_CNT_PKTS] = 14880952; /* 10 Gbit/s of 64-byte frames, 60 without FCS */
	v[BP_CNT_BYTES] = 14880952u * 60u;
	f->report.elapsed_s = 1;
	assert_non_null(strstr(print_text(f), "14.881   10.000    7.143"));
}

static void unaccounted_is_a_visible_failure(void **state)
{
	struct fixture *f = *state;

	add_traffic(f);
	f->report.sent = 90;
	f->report.unaccounted = 3;
	assert_non_null(strstr(print_text(f), "unaccounted 3\n"));
	assert_non_null(strstr(f->text, "FAILURE: 3 packets"));
}

static void huge_counters_keep_columns_apart(void **state)
{
	struct fixture *f = *state;

	for (unsigned id = 0; id < BP_CNT_N; id++)
		f->report.ports[0].rxq[0].v[id] = UINT64_MAX / 32;
	f->report.received = INT64_MAX;
	f->report.paths[0].n_pkts = UINT64_MAX;
	print_text(f);
	assert_non_null(strstr(f->text, " 576,460,752,303,423,487  576,460,752,303,423,487 "));
	assert_non_null(strstr(f->text, "received 9,223,372,036,854,775,807 + made 0"));
	assert_null(strcasestr(f->text, " nan"));
}

static void ordinary_lines_fit_120_columns(void **state)
{
	struct fixture *f = *state;

	add_traffic(f);
	f->report.ports[0].rxq[0].v[BP_CNT_PKTS] = 12345678901;
	f->report.ports[0].rxq[0].v[BP_CNT_BYTES] = 1234567890123;
	f->report.ports[0].rxq[0].v[BP_CNT_BURSTS] = 500000000;
	strcpy(f->conf.ports[0].name, "uplink0");
	print_text(f);
	for (char *line = strtok(f->text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned columns = 0;

		for (const char *s = line; *s; s++)
			columns += ((unsigned char)*s & 0xc0) != 0x80;
		if (columns > 120)
			fail_msg("%u columns: %s", columns, line);
	}
}

static void live_line_shows_the_difference_only(void **state)
{
	struct fixture *f = *state;

	add_traffic(f);
	f->earlier = f->report;
	f->earlier.elapsed_s = 9;
	f->report.paths[0].n_pkts += 2000000;
	f->report.paths[0].n_bytes += 2000000u * 60u;
	f->report.paths[0].n_copies += 2000000;
	f->report.paths[0].hist_copies[1] += 2000000;
	f->report.dropped += 5;
	f->report.ports[1].link = BP_LINK_LOST;
	print_live(f);
	assert_non_null(strstr(f->text, "a→b 2.000 Mpps 960.0 Mbit/s 1.00 copies/p"));
	assert_non_null(strstr(f->text, "b→a 0 pps 0 bit/s - copies/p"));
	assert_non_null(strstr(f->text, "drops/s 5"));
	assert_non_null(strstr(f->text, "b LOST"));
	assert_null(strstr(f->text, "lost outside")); /* unchanged since the last line */
}

/* One super-frame of 40 packets, each copied once: one copy per packet, not forty. */
static void cut_super_frames_count_as_the_packets_made(void **state)
{
	struct fixture *f = *state;

	f->report.paths[0].n_pkts = 1;
	f->report.paths[0].n_bytes = 60000;
	f->report.paths[0].n_copies = 40;
	f->report.paths[0].n_copy_bytes = 60000;
	f->report.paths[0].hist_copies[1] = 40;
	assert_non_null(strstr(print_text(f), "1.000   1500.0"));
	assert_non_null(strstr(print_live(f), "1.00 copies/p"));
}

static void several_workers_of_a_pair_are_added_up(void **state)
{
	struct fixture *f = *state;

	add_traffic(f);
	f->report.paths[2] = f->report.paths[0];
	f->report.paths[2].worker_id = 1;
	f->report.n_paths = 3;
	assert_non_null(strstr(print_text(f), "a → b     all      200  12,000"));
	assert_null(strstr(f->text, "b → a     all"));
}

static void calls_of_unknown_time_leave_the_split_open(void **state)
{
	struct fixture *f = *state;

	add_traffic(f);
	f->report.paths[0].call_ns = 0;
	assert_non_null(strstr(print_text(f), "250          -         -\n"));
	assert_non_null(strstr(f->text, "a PMD makes its system calls"));
}

static json_t *write_and_load(struct fixture *f, char *path)
{
	json_error_t error;
	json_t *root;

	assert_int_equal(bp_json_write(document_of(f), path), 0);
	root = json_load_file(path, 0, &error);
	if (!root)
		fail_msg("line %d: %s", error.line, error.text);
	unlink(path);
	return root;
}

static json_int_t sum_of(json_t *root, const char *queues, const char *key)
{
	json_int_t sum = 0;
	json_t *port, *queue;
	size_t i, k;

	json_array_foreach(json_object_get(root, "ports"), i, port)
		json_array_foreach(json_object_get(port, queues), k, queue)
			sum += json_integer_value(
				json_object_get(json_object_get(queue, "counted"), key));
	return sum;
}

static void json_parses_and_its_sums_are_equal(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/bypath-test-report-XXXXXX";
	json_int_t received, sent, dropped, unaccounted;
	const char *schema, *mover, *provenance, *functions[2], *decider, *undecided;
	int tid, k_hi, fd = mkstemp(path);
	json_t *root;

	assert_true(fd >= 0);
	close(fd);
	add_traffic(f);
	root = write_and_load(f, path);
	assert_int_equal(json_unpack(root, "{s:s, s:[{s:i}], s:{s:{s:I, s:I, s:I, s:I}}}", "schema",
				     &schema, "workers", "tid", &tid, "conservation", "counted",
				     "received", &received, "sent", &sent, "dropped", &dropped,
				     "unaccounted", &unaccounted),
			 0);
	assert_string_equal(schema, "bypath.report/1");
	assert_int_equal(tid, 4242);
	assert_int_equal(sum_of(root, "rx_queues", "packets"), received);
	assert_int_equal(sum_of(root, "tx_queues", "packets"), sent);
	assert_int_equal(sum_of(root, "rx_queues", "dropped") +
				 sum_of(root, "tx_queues", "dropped"),
			 dropped);
	assert_int_equal(received, sent + dropped + unaccounted);
	assert_int_equal(
		json_unpack(root,
			    "{s:[{s:{s:{s:i}, s:[s]}, s:[{s:s, s:{s:s, s:[s, s]}, s:s}]}, {s:n}]}",
			    "paths", "modelled", "kernel_copies", "hi", &k_hi, "undecided",
			    &undecided, "hops", "mover", &mover, "kernel_copies", "provenance",
			    &provenance, "functions", &functions[0], &functions[1], "decided_by",
			    &decider, "modelled"),
		0);
	assert_string_equal(functions[1], "pskb_expand_head");
	assert_string_equal(decider, "sender");
	assert_string_equal(undecided, "receive, __xsk_rcv: 1–2 K, by the sender: because");
	assert_int_equal(k_hi, 2);
	assert_string_equal(mover, "__xsk_rcv");
	assert_string_equal(provenance, "modelled");
	json_decref(root);
}

static void json_has_null_for_ratios_of_nothing(void **state)
{
	char path[] = "/tmp/bypath-test-report-XXXXXX";
	int fd = mkstemp(path);
	json_t *root;

	assert_true(fd >= 0);
	close(fd);
	root = write_and_load(*state, path);
	assert_int_equal(json_unpack(root, "{s:[{s:{s:n, s:n}}]}", "paths", "counted",
				     "ns_per_packet", "mean_burst"),
			 0);
	json_decref(root);
}

static void json_survives_counters_beyond_63_bits(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/bypath-test-report-XXXXXX";
	int fd = mkstemp(path);
	double n_pkts;
	json_t *root;

	assert_true(fd >= 0);
	close(fd);
	f->report.paths[0].n_pkts = UINT64_MAX;
	root = write_and_load(f, path);
	assert_int_equal(
		json_unpack(root, "{s:[{s:{s:F}}]}", "paths", "counted", "packets", &n_pkts), 0);
	assert_true(n_pkts > 1.8e19);
	json_decref(root);
}

static void set_nodes(struct fixture *f, unsigned n_nodes, int port_node, int worker_node)
{
	f->report.n_numa_nodes = n_nodes;
	f->report.ports[0].numa_node = port_node;
	f->report.ports[1].numa_node = -1;
	f->report.workers[0].numa_node = worker_node;
}

static void one_node_is_no_column(void **state)
{
	struct fixture *f = *state;

	set_nodes(f, 1, -1, -1);
	assert_null(strcasestr(print_text(f), "node"));
}

static void several_nodes_are_a_column_of_ports_and_workers(void **state)
{
	struct fixture *f = *state;
	const char *text;

	set_nodes(f, 2, 1, 1);
	text = print_text(f);
	assert_non_null(strstr(text, "lost  node\n"));
	assert_non_null(strstr(text, "  0×     1\n"));
	assert_non_null(strstr(text, "  0×     -\n"));
	assert_non_null(strstr(text, "when idle  node\n"));
	assert_null(strstr(text, "cross between"));
}

static void a_worker_on_another_node_is_a_note_on_the_port(void **state)
{
	struct fixture *f = *state;

	set_nodes(f, 2, 1, 0);
	assert_non_null(
		strstr(print_text(f), "  note on a: it is on NUMA node 1, worker 0 on node 0: "));
	assert_null(strstr(f->text, "  note on b: "));
}

static void json_has_the_nodes_of_ports_and_workers(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/bypath-test-report-XXXXXX";
	int fd = mkstemp(path), a, b, worker;
	json_t *root;

	assert_true(fd >= 0);
	close(fd);
	set_nodes(f, 2, 1, 0);
	root = write_and_load(f, path);
	assert_int_equal(json_unpack(root, "{s:[{s:i},{s:i}], s:[{s:i}]}", "ports", "numa_node", &a,
				     "numa_node", &b, "workers", "numa_node", &worker),
			 0);
	assert_int_equal(a, 1);
	assert_int_equal(b, -1);
	assert_int_equal(worker, 0);
	json_decref(root);
}

static void failed_write_leaves_the_old_file(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/bypath-test-XXXXXX", path[64];

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/no/report.json", dir);
	assert_int_equal(bp_json_write(document_of(f), path), -ENOENT);
	/* A directory where the file should go: the rename fails, no temporary file stays. */
	snprintf(path, sizeof(path), "%s/target", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(bp_json_write(document_of(f), path), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(dir), 0); /* empty */
}

int main(void)
{
#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(zero_packets_print_dashes_not_nan),
		WITH_FIXTURE(zero_time_prints_dashes_not_inf),
		WITH_FIXTURE(every_figure_stands_with_its_provenance),
		WITH_FIXTURE(layer_1_adds_24_bytes_per_packet),
		WITH_FIXTURE(unaccounted_is_a_visible_failure),
		WITH_FIXTURE(huge_counters_keep_columns_apart),
		WITH_FIXTURE(ordinary_lines_fit_120_columns),
		WITH_FIXTURE(cut_super_frames_count_as_the_packets_made),
		WITH_FIXTURE(several_workers_of_a_pair_are_added_up),
		WITH_FIXTURE(calls_of_unknown_time_leave_the_split_open),
		WITH_FIXTURE(live_line_shows_the_difference_only),
		WITH_FIXTURE(json_parses_and_its_sums_are_equal),
		WITH_FIXTURE(json_has_null_for_ratios_of_nothing),
		WITH_FIXTURE(json_survives_counters_beyond_63_bits),
		WITH_FIXTURE(one_node_is_no_column),
		WITH_FIXTURE(several_nodes_are_a_column_of_ports_and_workers),
		WITH_FIXTURE(a_worker_on_another_node_is_a_note_on_the_port),
		WITH_FIXTURE(json_has_the_nodes_of_ports_and_workers),
		WITH_FIXTURE(failed_write_leaves_the_old_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
