/* What the switch's process() costs alone: looking addresses up with cold caches, learning new ones. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench-switch [CORE]
 *
 * Packets' headers are in the cache, as the engine has prefetched them; the address table is not (cold), or as the bursts
 * before left it (warm). Medians of N_RUNS runs, with the least and the most.
 */
#include "../unit/switch_bed.h"

#include <sched.h>
#include <stdio.h>

#define N_RUNS     15u
#define N_BURSTS   400u
#define N_HOSTS    10000u
#define N_LEARNED  100000u
#define LINE_BYTES 64u

static struct sb_frame *frames; /* BP_BURST_MAX of them */

#if defined(__x86_64__)
static void flush_line(const void *p)
{
	__builtin_ia32_clflush(p);
}
#elif defined(__aarch64__)
static void flush_line(const void *p)
{
	__asm__ volatile("dc civac, %0" : : "r"(p) : "memory");
}
#endif

/* Take the address table out of all caches. */
static void flush_table(const struct bp_fdb *fdb)
{
	const uint8_t *at = (const uint8_t *)fdb->buckets;

	for (size_t i = 0; i <= fdb->mask; i++)
		flush_line(at + i * LINE_BYTES);
	atomic_thread_fence(memory_order_seq_cst);
}

static uint64_t random_of(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *x >> 33;
}

/* Host n is behind port n % SB_PORTS; a burst comes from hosts of one port and goes to hosts of others. */
static void make_burst(struct bp_pkt *pkts, unsigned port_id, uint64_t *x)
{
	for (unsigned i = 0; i < BP_BURST_MAX; i++) {
		uint64_t src = random_of(x) % (N_HOSTS / SB_PORTS) * SB_PORTS + port_id;
		uint64_t dst = random_of(x) % (N_HOSTS / SB_PORTS) * SB_PORTS +
			       (port_id + 1 + random_of(x) % (SB_PORTS - 1)) % SB_PORTS;

		sb_make(&frames[i], SB_MAC(dst), SB_MAC(src), 60);
		pkts[i] = frames[i].pkt;
	}
}

static uint64_t run_burst(struct sb *b, unsigned port_id, struct bp_pkt *pkts)
{
	uint64_t out[BP_BURST_MAX], begin, end;
	uint8_t why[BP_BURST_MAX] = { 0 };

	for (unsigned i = 0; i < BP_BURST_MAX; i++)
		out[i] = BP_OUT_NEXT;
	b->fn.port_id = (uint16_t)port_id;
	begin = bp_clock_cycles();
	bp_function_switch.ops->process(&b->fn, pkts, BP_BURST_MAX, out, why);
	end = bp_clock_cycles();
	return end - begin;
}

/* A run: ns a packet. */
static double look_up(struct sb *b, bool is_cold)
{
	struct bp_pkt pkts[BP_BURST_MAX];
	uint64_t cycles = 0, x = 1;

	for (unsigned i = 0; i < N_BURSTS; i++) {
		make_burst(pkts, i % SB_PORTS, &x);
		if (is_cold)
			flush_table(b->sw->fdb);
		cycles += run_burst(b, i % SB_PORTS, pkts);
	}
	return bp_clock_cycles_to_ns(cycles) / (N_BURSTS * BP_BURST_MAX);
}

/* A run: ns an address, into an empty table. */
static double learn(void)
{
	struct sb *b = sb_open(&(struct sb_spec){ .entries = N_LEARNED });
	struct bp_pkt pkts[BP_BURST_MAX];
	uint64_t cycles = 0;
	unsigned n = 0;

	sb_send(b, 2, SB_BROADCAST, SB_MAC(0));
	while (n + BP_BURST_MAX < N_LEARNED) {
		for (unsigned i = 0; i < BP_BURST_MAX; i++) {
			sb_make(&frames[i], SB_MAC(0), SB_MAC(++n), 60);
			pkts[i] = frames[i].pkt;
		}
		cycles += run_burst(b, 0, pkts);
	}
	if (bp_fdb_n(b->sw->fdb) != n + 1)
		abort();
	sb_close(b);
	return bp_clock_cycles_to_ns(cycles) / n;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print_runs(const char *what, const char *unit, double ns[N_RUNS])
{
	qsort(ns, N_RUNS, sizeof(*ns), ascending);
	printf("%-40s %7.1f ns %s (%.1f … %.1f, %u runs)\n", what, ns[N_RUNS / 2], unit, ns[0],
	       ns[N_RUNS - 1], N_RUNS);
}

static struct sb *open_full(const struct sb_spec *spec)
{
	struct sb *b = sb_open(spec);

	for (unsigned n = 0; n < N_HOSTS; n++)
		sb_send(b, 1 + n % SB_PORTS, SB_BROADCAST, SB_MAC(n));
	return b;
}

static void measure(const char *name, const struct sb_spec *spec)
{
	double ns[2][N_RUNS];
	struct sb *b = open_full(spec);
	char what[80];

	for (unsigned i = 0; i < N_RUNS; i++)
		for (unsigned is_cold = 0; is_cold < 2; is_cold++)
			ns[is_cold][i] = look_up(b, is_cold);
	for (unsigned is_cold = 0; is_cold < 2; is_cold++) {
		snprintf(what, sizeof(what), "%s, %u addresses, %s", name, N_HOSTS,
			 is_cold ? "cold" : "warm");
		print_runs(what, "a packet", ns[is_cold]);
	}
	sb_close(b);
}

int main(int argc, char **argv)
{
	double ns[N_RUNS];
	cpu_set_t set;

	if (argc > 1) {
		CPU_ZERO(&set);
		CPU_SET((unsigned)atoi(argv[1]), &set);
		if (sched_setaffinity(0, sizeof(set), &set)) {
			perror("bench-switch");
			return 1;
		}
	}
	frames = calloc(BP_BURST_MAX, sizeof(*frames));
	if (!frames)
		return 1;
	measure("no VLANs", &(struct sb_spec){ .entries = 16384 });
	measure("access",
		&(struct sb_spec){ .entries = 16384, .access = "p1:10, p2:10, p3:10, p4:10" });
	for (unsigned i = 0; i < N_RUNS; i++)
		ns[i] = learn();
	print_runs("learning, into an empty table", "an address", ns);
	printf("%-40s %7.1f M addresses a second\n", "", 1e3 / ns[N_RUNS / 2]);
	free(frames);
	return 0;
}
