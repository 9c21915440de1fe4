/* Reads the CPU clock of the forwarder's process, and its workers' busy time from its report. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/cpu.h"

#include "compare/run.h"
#include "core/clock.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

/* Of a trial, at its beginning and at its end: the generator starts, and stops. */
#define EDGE_SHARE 0.125
/* A report that SIGUSR1 asks for is there within a tick of the forwarder, 0.1 s. */
#define REPORT_S 2.0
#define APART_NS 1000000u
#define STEP_US  1000u

/* Of all its threads, those that have ended as well. 0: there is no such process. */
static uint64_t used_ns(const struct bp_cmp_run *run)
{
	struct timespec used;
	clockid_t clock;

	if (!run->has_dut || clock_getcpuclockid(run->dut.pid, &clock) ||
	    clock_gettime(clock, &used))
		return 0;
	return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* ---- busy time ---------------------------------------------------------------------------------- */

static double sum_busy_ns(const json_t *report)
{
	double sum_ns = 0;
	json_t *worker;
	size_t i;

	json_array_foreach(json_object_get(report, "workers"), i, worker)
		sum_ns += json_number_value(
			json_object_get(json_object_get(worker, "counted"), "busy_ns"));
	return sum_ns;
}

/* By the report as it stands, which is removed: the one at its end is another. Below 0: there is none. */
static double busy_ns(struct bp_cmp_run *run)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(REPORT_S * 1e9);
	double sum_ns = -1;
	json_t *report;

	if (!run->has_dut || run->row->path->forwarder != BP_CMP_BYPATH)
		return -1;
	unlink(run->report);
	if (kill(run->dut.pid, SIGUSR1))
		return -1;
	while (access(run->report, F_OK)) {
		if (!bp_child_alive(&run->dut) || bp_cmp_is_stopped(run) || bp_clock_ns() > end_ns)
			return -1;
		usleep(STEP_US);
	}
	report = json_load_file(run->report, 0, NULL);
	if (report)
		sum_ns = sum_busy_ns(report);
	json_decref(report);
	unlink(run->report);
	return sum_ns;
}

/* ---- a trial ------------------------------------------------------------------------------------ */

void bp_cmp_cpu_begin(struct bp_cmp_run *run, double duration_s, struct bp_cmp_cpu_span *span)
{
	*span = (struct bp_cmp_cpu_span){ .busy_ns = run->is_busy_asked ? busy_ns(run) : -1 };
	span->at_ns[0] = bp_clock_ns();
	span->used_ns[0] = used_ns(run);
	span->from_ns = span->at_ns[0] + (uint64_t)(EDGE_SHARE * duration_s * 1e9);
	span->to_ns = span->at_ns[0] + (uint64_t)((1 - EDGE_SHARE) * duration_s * 1e9);
}

void bp_cmp_cpu_look(const struct bp_cmp_run *run, struct bp_cmp_cpu_span *span)
{
	uint64_t now_ns = bp_clock_ns(), used = used_ns(run);
	unsigned i = span->at_ns[0] >= span->from_ns;

	/* Taken off the core between the two clocks: the next look will do. */
	if (now_ns < span->from_ns || now_ns > span->to_ns || bp_clock_ns() - now_ns > APART_NS)
		return;
	span->at_ns[i] = now_ns;
	span->used_ns[i] = used;
}

void bp_cmp_cpu_end(struct bp_cmp_run *run, double elapsed_s, const struct bp_cmp_cpu_span *span,
		    struct bp_cmp_cpu *cpu)
{
	uint64_t at_ns = span->at_ns[1], last_ns = span->used_ns[1];

	*cpu = (struct bp_cmp_cpu){ -1, -1 };
	if (!at_ns) {
		at_ns = bp_clock_ns();
		last_ns = used_ns(run);
	}
	if (span->used_ns[0] && last_ns >= span->used_ns[0] && at_ns > span->at_ns[0])
		cpu->cores =
			(double)(last_ns - span->used_ns[0]) / (double)(at_ns - span->at_ns[0]);
	if (span->busy_ns >= 0 && elapsed_s > 0) {
		double after_ns = busy_ns(run);

		if (after_ns >= span->busy_ns)
			cpu->busy = (after_ns - span->busy_ns) / (elapsed_s * 1e9);
	}
}

void bp_cmp_add_per_core(struct bp_cmp_values *values, double pps, double cores)
{
	if (cores > 0)
		bp_cmp_values_add(values, pps / cores);
}
