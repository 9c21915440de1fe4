/* What took a thread off its core: the readers, on files as the kernel writes them; what they add up to. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/offcore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PID 40
#define TID 41

/* A machine in a folder: /proc below proc, the control groups below cgroups. */
struct machine {
	char folder[64], proc[80], cgroups[80];
	struct bp_off_places places;
};

static void put(const struct machine *m, const char *path, const char *text)
{
	char full[192], command[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", m->folder, path);
	snprintf(command, sizeof(command), "mkdir -p \"$(dirname %s)\"", full);
	assert_int_equal(system(command), 0);
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	strcpy(m->folder, "/tmp/bypath-offcore-XXXXXX");
	assert_non_null(mkdtemp(m->folder));
	snprintf(m->proc, sizeof(m->proc), "%s/proc", m->folder);
	snprintf(m->cgroups, sizeof(m->cgroups), "%s/cg", m->folder);
	m->places = (struct bp_off_places){ m->proc, m->cgroups };
	put(m, "proc/stat",
	    "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 4 5 6 700 80 0 0\ncpu10 1 2 3 4 5 6 7 8 0 0\n"
	    "cpu1 1 2 3 4 5 6 50 60 0 0\nintr 1\n");
	put(m, "proc/40/task/41/schedstat", "5000000 2000000 7\n");
	put(m, "proc/40/cgroup", "0::/\n");
	put(m, "proc/12/comm", "ksoftirqd/1\n");
	put(m, "proc/12/schedstat", "300000 0 9\n");
	put(m, "proc/13/comm", "ksoftirqd/10\n");
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	struct machine *m = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", m->folder);
	assert_int_equal(system(command), 0);
	free(m);
	return 0;
}

static struct bp_off_at read_at(const struct machine *m, struct bp_off_thread *thread)
{
	struct bp_off_at at;

	bp_off_thread_init(&m->places, PID, TID, 1, thread);
	bp_off_read(&m->places, thread, &at);
	return at;
}

static void readings_are_of_the_thread_and_of_its_own_core(void **state)
{
	struct bp_off_thread thread;
	struct bp_off_at at = read_at(*state, &thread);

	assert_true(at.is_known);
	assert_int_equal(at.run_ns, 5000000);
	assert_int_equal(at.waiting_ns, 2000000);
	assert_int_equal(thread.softirqd, 12);
	assert_int_equal(at.softirqd_ns, 300000);
	/* Not cpu10, not the sum. */
	assert_int_equal(at.stolen_ns, 60 * (1000000000u / (unsigned)sysconf(_SC_CLK_TCK)));
}

static void throttling_is_read_of_both_versions_and_of_all_groups_above(void **state)
{
	struct machine *m = *state;
	struct bp_off_thread thread;

	put(m, "proc/40/cgroup", "0::/pod/container\n");
	put(m, "cg/cpu.stat", "usage_usec 1\nthrottled_usec 1\n");
	put(m, "cg/pod/cpu.stat", "nr_throttled 2\nthrottled_usec 20\n");
	put(m, "cg/pod/container/cpu.stat", "throttled_usec 300\n");
	assert_int_equal(read_at(m, &thread).throttled_ns, 321000);
	put(m, "proc/40/cgroup", "4:cpuset:/x\n3:cpuacct,cpu:/pod\n0::/\n");
	put(m, "cg/cpu.stat", "usage_usec 1\n");
	put(m, "cg/cpu/pod/cpu.stat", "nr_periods 1\nnr_throttled 1\nthrottled_time 77\n");
	assert_int_equal(read_at(m, &thread).throttled_ns, 77);
}

static void a_kernel_without_scheduler_statistics_is_not_a_quiet_one(void **state)
{
	struct machine *m = *state;
	struct bp_off_thread thread;
	struct bp_off_at before, after;
	struct bp_off off;

	put(m, "proc/40/task/41/schedstat", "0 0 0\n");
	before = after = read_at(m, &thread);
	assert_false(before.is_known);
	after.now_ns += 1000000000;
	bp_off_between(&before, &after, 0, &off);
	assert_false(off.is_waiting_known);
	/* A loop that stood still shows all the same. */
	off.gap_ns = 3e8;
	assert_true(bp_off_share(&off) > 0.29 && bp_off_share(&off) < 0.31);
	assert_int_equal(bp_off_cause(&off), BP_OFF_STOPPED);
}

/* A thread that is ready and does not run from one reading to the next has waited, whatever the kernel has added up. */
static void a_wait_that_goes_on_is_a_wait(void **state)
{
	struct machine *m = *state;
	struct bp_off_thread thread;
	struct bp_off_at before, after;
	struct bp_off off;

	put(m, "proc/40/task/41/stat", "41 (a) R (b) S) R 1 41 41\n");
	before = after = read_at(m, &thread);
	assert_true(before.is_ready);
	after.now_ns += 1000000000;
	bp_off_between(&before, &after, 0, &off);
	assert_true(bp_off_share(&off) > 0.99);
	assert_int_equal(bp_off_cause(&off), BP_OFF_OTHERS);
	after.run_ns++;
	bp_off_between(&before, &after, 0, &off);
	assert_true(bp_off_share(&off) < 0.01);
	/* One that sleeps waits for nothing but packets. */
	put(m, "proc/40/task/41/stat", "41 (R) S 1 41 41\n");
	before = after = read_at(m, &thread);
	assert_false(before.is_ready);
	after.now_ns += 1000000000;
	bp_off_between(&before, &after, 0, &off);
	assert_true(bp_off_share(&off) < 0.01);
}

static void nothing_there_is_nothing_read(void **state)
{
	struct machine *m = *state;
	const struct bp_off_places places = { m->cgroups, m->proc };
	struct bp_off_thread thread;
	struct bp_off_at at;

	bp_off_thread_init(&places, PID, TID, 1, &thread);
	bp_off_read(&places, &thread, &at);
	assert_false(at.is_known);
	assert_int_equal(at.run_ns + at.stolen_ns + at.throttled_ns + at.softirqd_ns, 0);
	assert_true(bp_off_core_ns(&places, 1, BP_OFF_STATE_STEAL) < 0);
	assert_int_equal(bp_off_thread_on(&places, PID, 1), 0);
}

/* One second, and what its readings grew by. */
static struct bp_off second(uint64_t waiting_ms, uint64_t softirqd_ms, uint64_t kin_ms,
			    uint64_t stolen_ms, uint64_t throttled_ms)
{
	const struct bp_off_at before = { .now_ns = 5, .is_known = true };
	const struct bp_off_at after = { .now_ns = 1000000005,
					 .waiting_ns = waiting_ms * 1000000,
					 .softirqd_ns = softirqd_ms * 1000000,
					 .stolen_ns = stolen_ms * 1000000,
					 .throttled_ns = throttled_ms * 1000000,
					 .is_known = true };
	struct bp_off off;

	bp_off_between(&before, &after, kin_ms * 1000000, &off);
	return off;
}

static void expect(struct bp_off off, double share, enum bp_off_cause cause)
{
	assert_true(bp_off_share(&off) > share - 0.001 && bp_off_share(&off) < share + 0.001);
	assert_int_equal(bp_off_cause(&off), cause);
}

static void each_cause_has_its_name_and_its_share(void **state)
{
	(void)state;
	expect(second(500, 0, 0, 0, 0), 0.5, BP_OFF_OTHERS);
	expect(second(20, 0, 0, 310, 0), 0.32, BP_OFF_STOLEN);
	expect(second(600, 0, 0, 0, 600), 0.6, BP_OFF_THROTTLED);
	expect(second(0, 0, 0, 0, 600), 0.6,
	       BP_OFF_THROTTLED); /* newer kernels: it does not wait */
	expect(second(9000, 0, 0, 0, 0), 1, BP_OFF_OTHERS);
}

static void what_serves_the_packets_is_no_disturbance(void **state)
{
	(void)state;
	expect(second(0, 0, 0, 0, 0), 0, BP_OFF_NONE);
	expect(second(400, 400, 0, 0, 0), 0, BP_OFF_NONE); /* ksoftirqd */
	expect(second(400, 0, 450, 0, 0), 0, BP_OFF_NONE); /* the receiver beside its sender */
	expect(second(0, 0, 0, 10, 0), 0,
	       BP_OFF_NONE); /* a tick that may be older than the trial */
	expect(second(450, 400, 0, 0, 0), 0.05, BP_OFF_OTHERS);
}

static void two_causes_below_the_limit_add_up(void **state)
{
	struct bp_off off = second(15, 0, 0, 25, 0);

	(void)state;
	assert_true(bp_off_share(&off) > BP_OFF_LIMIT);
}

static void names_are_found_again(void **state)
{
	(void)state;
	for (unsigned i = BP_OFF_NONE; i <= BP_OFF_STOPPED; i++)
		assert_int_equal(bp_off_by_name(bp_off_name((enum bp_off_cause)i)), i);
	assert_int_equal(bp_off_by_name("?"), BP_OFF_NONE);
	assert_int_equal(bp_off_by_name(NULL), BP_OFF_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(readings_are_of_the_thread_and_of_its_own_core,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			throttling_is_read_of_both_versions_and_of_all_groups_above, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_kernel_without_scheduler_statistics_is_not_a_quiet_one, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_wait_that_goes_on_is_a_wait, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_there_is_nothing_read, set_up, tear_down),
		cmocka_unit_test(each_cause_has_its_name_and_its_share),
		cmocka_unit_test(what_serves_the_packets_is_no_disturbance),
		cmocka_unit_test(two_causes_below_the_limit_add_up),
		cmocka_unit_test(names_are_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
