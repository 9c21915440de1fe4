/* CPU, packets per core and share of the line: what a row's document says, and what is measured of a process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/economy.h"
#include "compare/run.h"
#include "core/json.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct bp_cmp_size size_64 = { "64", 64, 64 };

static const struct bp_cmp_path *path_of(const char *name)
{
	for (unsigned i = 0; i < bp_cmp_n_paths; i++)
		if (!strcmp(bp_cmp_paths[i].name, name))
			return &bp_cmp_paths[i];
	fail_msg("no path %s", name);
	return NULL;
}

static bool is_near(const json_t *o, const char *path, double value)
{
	const json_t *found = bp_json_at(o, path);

	return json_is_number(found) && fabs(json_number_value(found) - value) < 1e-9;
}

static bool is_null(const json_t *o, const char *path)
{
	return json_is_null(bp_json_at(o, path));
}

/* A row that was measured once: 2 Mpps, 1 Mpps without loss. */
static struct bp_cmp_row *measured(const char *path)
{
	struct bp_cmp_row *row = calloc(1, sizeof(*row));

	assert_non_null(row);
	row->path = path_of(path);
	row->size = &size_64;
	bp_cmp_values_add(&row->forwarded, 2e6);
	bp_cmp_values_add(&row->ndr, 1e6);
	return row;
}

static json_t *economy_of(const struct bp_comparison *cmp, struct bp_cmp_row *row)
{
	json_t *o = json_object();

	bp_cmp_economy(cmp, row, o);
	free(row);
	return o;
}

static void add_load(struct bp_cmp_load *load, double pps, double cores, double busy)
{
	bp_cmp_values_add(&load->pps, pps);
	bp_cmp_values_add(&load->cores, cores);
	if (busy >= 0)
		bp_cmp_values_add(&load->busy, busy);
}

static void loads_have_cores_and_busy_shares(void **state)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	struct bp_cmp_row *row = measured("af_packet-mmap");
	json_t *o;

	(void)state;
	add_load(&row->at_10, 1e5, 1.01, 0.12);
	add_load(&row->at_50, 5e5, 2, -1); /* as of testpmd: nobody tells its busy time */
	bp_cmp_add_per_core(&row->forwarded_per_core, 2e6, 2);
	bp_cmp_add_per_core(&row->ndr_per_core, 1e6, -1); /* not known */
	o = economy_of(cmp, row);
	assert_true(is_near(o, "cpu.at_10.share_of_ndr", 0.1) &&
		    is_near(o, "cpu.at_10.load_mpps", 0.1));
	assert_true(is_near(o, "cpu.at_10.cores.median", 1.01) &&
		    is_near(o, "cpu.at_10.busy.median", 0.12));
	assert_true(is_near(o, "cpu.at_50.cores.median", 2) && is_null(o, "cpu.at_50.busy"));
	assert_true(is_null(o, "cpu.why"));
	assert_true(is_near(o, "per_core.mpps.median", 1) && is_null(o, "per_core.ndr_mpps"));
	json_decref(o);
	free(cmp);
}

static void what_has_no_cpu_says_why(void **state)
{
	static const struct {
		const char *path, *why;
	} cases[] = {
		{ "bridge", "the sender's core" },
		{ "kernel-xdp", "the sender's core" },
		{ "ports-bridge", "the core that the port interrupts" },
		{ "null", "its source is part of it" },
		{ "ports-af_packet-mmap", "another box sends" },
		{ "af_packet-mmap", "the run ended before" },
	};
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));

	(void)state;
	cmp->generator = BP_CMP_GENERATOR_ELSEWHERE;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *o = economy_of(cmp, measured(cases[i].path));
		const char *why = bp_json_text_at(o, "cpu.why");

		assert_true(is_null(o, "cpu.at_10") && is_null(o, "cpu.at_50"));
		if (!why || !strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].path, why ? why : "no reason");
		json_decref(o);
	}
	free(cmp);
}

static void the_line_is_that_of_named_ports(void **state)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	json_t *o;

	(void)state;
	cmp->line_mbps = 10000;
	/* 84 bytes on the line for a frame of 64. */
	o = economy_of(cmp, measured("ports-af_packet-mmap"));
	assert_true(is_near(o, "line.gbps", 10) && is_null(o, "line.why"));
	assert_true(is_near(o, "line.share.median", 2e6 * 84 * 8 / 1e10));
	assert_true(is_near(o, "line.ndr_share.median", 1e6 * 84 * 8 / 1e10));
	json_decref(o);
	/* A veth pair says 10 Gbit/s as well, and is no line. */
	o = economy_of(cmp, measured("af_packet-mmap"));
	assert_true(is_null(o, "line.gbps") && is_null(o, "line.share"));
	assert_string_equal(bp_json_text_at(o, "line.why"), "a veth pair has no line");
	json_decref(o);
	cmp->line_mbps = 0;
	strcpy(cmp->line_why, "the kernel knows no speed of eth9");
	o = economy_of(cmp, measured("ports-af_packet-mmap"));
	assert_true(is_null(o, "line.gbps") && is_null(o, "line.ndr_share"));
	assert_string_equal(bp_json_text_at(o, "line.why"), cmp->line_why);
	json_decref(o);
	free(cmp);
}

static void without_figures_nothing_is_said(void **state)
{
	struct bp_comparison *cmp = calloc(1, sizeof(*cmp));
	struct bp_cmp_row *row = measured("af_packet-mmap");
	json_t *o;

	(void)state;
	row->forwarded.n = 0;
	o = economy_of(cmp, row);
	assert_true(is_null(o, "cpu") && is_null(o, "per_core") && is_null(o, "line"));
	json_decref(o);
	free(cmp);
}

/* ---- of a process ------------------------------------------------------------------------------- */

static pid_t start(bool is_spinning)
{
	volatile uint64_t n = 0;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(30); /* whatever becomes of the test */
	while (is_spinning)
		n++;
	for (;;)
		pause();
}

static double cores_of(pid_t pid, const struct bp_cmp_row *row, double duration_s)
{
	struct bp_cmp_run *run = calloc(1, sizeof(*run));
	struct bp_cmp_cpu_span span;
	struct bp_cmp_cpu cpu;

	run->row = (struct bp_cmp_row *)(uintptr_t)row;
	run->has_dut = pid > 0;
	run->dut.pid = pid;
	bp_cmp_cpu_begin(run, duration_s, &span);
	for (unsigned i = 0; i < 10; i++) {
		usleep((useconds_t)(duration_s * 1e5));
		bp_cmp_cpu_look(run, &span);
	}
	bp_cmp_cpu_end(run, duration_s, &span, &cpu);
	assert_true(cpu.busy < 0);
	free(run);
	return cpu.cores;
}

static void a_sleeper_takes_less_cpu_than_who_polls(void **state)
{
	struct bp_cmp_row *row = measured("testpmd-af_packet");
	pid_t sleeper = start(false), poller = start(true);
	double slept = 0, polled = 0;

	(void)state;
	/* A busy machine lets the poller run, sooner or later. */
	for (unsigned i = 0; i < 100 && polled <= slept + 0.01; i++) {
		slept = cores_of(sleeper, row, 0.1);
		polled = cores_of(poller, row, 0.1);
		assert_true(slept >= 0 && polled >= 0 && polled < 1.5);
	}
	assert_true(polled > slept);
	/* Between the looks there is nothing in the middle: the whole trial is taken. */
	assert_true(cores_of(poller, row, 0.001) >= 0);
	kill(sleeper, SIGKILL);
	kill(poller, SIGKILL);
	waitpid(sleeper, NULL, 0);
	waitpid(poller, NULL, 0);
	assert_true(cores_of(poller, row, 0.01) < 0); /* it is gone */
	assert_true(cores_of(0, row, 0.01) < 0); /* the kernel forwards */
	free(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_have_cores_and_busy_shares),
		cmocka_unit_test(what_has_no_cpu_says_why),
		cmocka_unit_test(the_line_is_that_of_named_ports),
		cmocka_unit_test(without_figures_nothing_is_said),
		cmocka_unit_test(a_sleeper_takes_less_cpu_than_who_polls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
