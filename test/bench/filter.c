/* What one rule of the function filter costs a packet, and what a file of many rules costs to load. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench-filter [RULES_TO_LOAD]
 *
 * Bursts of 64 UDP frames through process(), with 64 rules of which the last alone matches: of each kind of
 * expression a line of JSON, in nanoseconds of CPU a rule tried (median, lowest, highest of the rounds). Then a file of many
 * rules: seconds, and bytes of memory a rule.
 */
#include "bypath/function.h"

#include "core/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define N_RULES  64u
#define N_FRAMES 1024u
#define N_ROUNDS 31u
#define N_BURSTS 256u

static const struct kind {
	const char *name;
	const char *format; /* of a rule, with a number that no frame has */
} kinds[] = {
	{ "ethertype", "drop ether proto 0x88%02x\n" },
	{ "host", "drop src host 10.9.0.%u\n" },
	{ "port", "drop udp dst port %u\n" },
	{ "port of both", "drop port %u\n" },
	{ "flow", "drop src net 10.1.0.0/16 and dst host 10.2.0.2 and udp dst port %u\n" },
	{ "flags", "drop tcp[13] & %u != 0\n" },
};

static void fail(const char *what)
{
	fprintf(stderr, "bench-filter: %s\n", what);
	exit(1);
}

/* IPv4, UDP, 10.1.x.y:4000+ → 10.2.0.2:9, 60 bytes. */
static void make_frame(uint8_t *frame, unsigned i)
{
	static const uint8_t head[42] = { 2,    0, 0,  0,  0, 2, 2,  0, 0,  0,  0, 1,  8,  0,
					  0x45, 0, 0,  46, 0, 0, 0,  0, 64, 17, 0, 0,  10, 1,
					  0,    0, 10, 2,  0, 2, 15, 0, 0,  9,  0, 26, 0,  0 };

	memcpy(frame, head, sizeof(head));
	frame[28] = (uint8_t)(i >> 8);
	frame[29] = (uint8_t)i;
	frame[35] = (uint8_t)i;
}

static void set_rules(struct bp_conf *conf, int fd)
{
	const struct bp_key *key = bp_key_find(bp_function_find("filter")->keys, "rules");

	snprintf((char *)&conf->functions[0] + key->offset, key->size, "/proc/self/fd/%d", fd);
}

static void *open_rules(const struct bp_conf *conf)
{
	void *state;

	if (bp_function_find("filter")->ops->open(conf, &conf->functions[0], &state))
		fail("the rules are not taken");
	return state;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of this thread alone: what others do on its core is not in it. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static double run_round(const struct bp_function *filter, struct bp_fn *fn, struct bp_pkt *pkts)
{
	uint64_t begin_ns = cpu_ns(), n_dropped = 0;
	uint64_t out[BP_BURST_MAX];
	uint8_t why[BP_BURST_MAX] = { 0 };

	for (unsigned b = 0; b < N_BURSTS; b++) {
		for (unsigned i = 0; i < BP_BURST_MAX; i++)
			out[i] = BP_OUT_NEXT;
		filter->ops->process(fn, &pkts[b * BP_BURST_MAX % N_FRAMES], BP_BURST_MAX, out,
				     why);
		for (unsigned i = 0; i < BP_BURST_MAX; i++)
			n_dropped += !out[i];
	}
	if (n_dropped != N_BURSTS * BP_BURST_MAX)
		fail("the last rule matches all");
	return (double)(cpu_ns() - begin_ns) / N_BURSTS / BP_BURST_MAX / N_RULES;
}

static void measure(const struct kind *kind, struct bp_conf *conf, struct bp_pkt *pkts)
{
	const struct bp_function *filter = bp_function_find("filter");
	int fd = memfd_create("rules", MFD_CLOEXEC);
	struct bp_fn fn = { .worker_id = 0 };
	double ns[N_ROUNDS];

	for (unsigned i = 0; i < N_RULES - 1; i++)
		dprintf(fd, kind->format, 100 + i);
	dprintf(fd, "drop udp\n");
	set_rules(conf, fd);
	fn.state = open_rules(conf);
	if (filter->ops->enter(&fn))
		fail("no memory");
	run_round(filter, &fn, pkts);
	for (unsigned r = 0; r < N_ROUNDS; r++)
		ns[r] = run_round(filter, &fn, pkts);
	qsort(ns, N_ROUNDS, sizeof(ns[0]), ascending);
	printf("{\"rules\": \"%s\", \"n\": %u, \"rounds\": %u, \"rule_p50_ns\": %.2f, "
	       "\"rule_min_ns\": %.2f, \"rule_max_ns\": %.2f}\n",
	       kind->name, N_RULES, N_ROUNDS, ns[N_ROUNDS / 2], ns[0], ns[N_ROUNDS - 1]);
	filter->ops->close(fn.state);
	close(fd);
}

static size_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long n_pages = 0;

	if (!file || fscanf(file, "%*u %lu", &n_pages) != 1)
		fail("/proc/self/statm cannot be read");
	fclose(file);
	return n_pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void load(unsigned n, struct bp_conf *conf)
{
	int fd = memfd_create("rules", MFD_CLOEXEC);
	FILE *file = fdopen(dup(fd), "w");
	uint64_t begin_ns;
	size_t before;
	void *state;

	for (unsigned i = 0; i < n; i++)
		fprintf(file, "drop tcp dst port %u and src host 10.%u.%u.%u\n", 1 + i % 65535,
			i >> 16 & 255, i >> 8 & 255, i & 255);
	fclose(file);
	set_rules(conf, fd);
	before = resident_bytes();
	begin_ns = bp_clock_ns();
	state = open_rules(conf);
	printf("{\"load\": %u, \"load_s\": %.2f, \"rule_bytes\": %.0f}\n", n,
	       (double)(bp_clock_ns() - begin_ns) / 1e9,
	       (double)(resident_bytes() - before) / (n ? n : 1));
	bp_function_find("filter")->ops->close(state);
	close(fd);
}

int main(int argc, char **argv)
{
	static struct bp_pkt pkts[N_FRAMES];
	static uint8_t frames[N_FRAMES][64];
	struct bp_conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		fail("no memory");
	conf->n_functions = 1;
	strcpy(conf->functions[0].name, "f");
	for (unsigned i = 0; i < N_FRAMES; i++) {
		make_frame(frames[i], i);
		pkts[i] = (struct bp_pkt){ .data = frames[i], .len = 60 };
	}
	for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		measure(&kinds[k], conf, pkts);
	load(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000, conf);
	free(conf);
	return 0;
}
