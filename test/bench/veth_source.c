/* The fastest source on veth: live XDP frames by BPF_PROG_TEST_RUN, redirected out of an interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same frame again and again; or with PORTS and ADDRESSES, for switches: from INTERFACE and those whose indices follow, in
 * turn, from one address of those behind a port to one of those behind its neighbour (0 and 1, 2 and 3 …), both at
 * random, 02:00:01:PORT:ADDRESS; with "flood" to all.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/*
 * One run lasts until the alarm: the kernel ends it at a signal. Setting a run up takes about 25 ms
 * without a frame, which forwarders would be charged with as idle time.
 */
#define PER_RUN INT32_MAX

static volatile sig_atomic_t is_over;

static void end_run(int number)
{
	(void)number;
	is_over = 1;
}

/* The first alarm ends the run; the next ones, a run that began just after it. */
static void set_alarm(double seconds)
{
	const struct sigaction action = { .sa_handler = end_run };
	const time_t whole = (time_t)seconds;
	const struct itimerval timer = {
		.it_value = { whole, (suseconds_t)((seconds - (double)whole) * 1e6) },
		.it_interval = { 0, 10000 },
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static int load_redirect(unsigned ifindex)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = (int)ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "veth_source", "GPL", insns, 4, NULL);
}

/* ---- frames of many stations ----------------------------------------------------------------- */

#define RUN_SHIFT 4 /* 16 frames of one port lie together, as many as a redirect sends at once */

#define SET(dst, src)                                       \
	{                                                   \
		BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0 \
	}
#define IMM(op, dst, imm)                                \
	{                                                \
		BPF_ALU64 | (op) | BPF_K, dst, 0, 0, imm \
	}
#define LOAD(dst, src, at)                                 \
	{                                                  \
		BPF_LDX | BPF_MEM | BPF_W, dst, src, at, 0 \
	}
#define STORE(size, at, s)                              \
	{                                               \
		BPF_STX | BPF_MEM | (size), 7, s, at, 0 \
	}
#define CALL(helper)                                \
	{                                           \
		BPF_JMP | BPF_CALL, 0, 0, 0, helper \
	}
#define BIG_ENDIAN_16(dst)                                   \
	{                                                    \
		BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, 16 \
	}

/* n_addresses: a power of two. The count of frames is in a map of one value. */
static int load_mix(unsigned ifindex, int n_ports, int n_addresses, bool is_flood)
{
	const int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "count", 4, 4, 1, NULL);
	const struct bpf_insn head[] = {
		LOAD(7, 1, 0),
		LOAD(8, 1, 4),
		SET(1, 7),
		IMM(BPF_ADD, 1, 14),
		{ BPF_JMP | BPF_JLE | BPF_X, 1, 8, 2, 0 },
		IMM(BPF_MOV, 0, 1),
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
		{ BPF_LD | BPF_DW | BPF_IMM, 9, BPF_PSEUDO_MAP_VALUE, 0, map },
		{ 0, 0, 0, 0, 0 },
		LOAD(8, 9, 0),
		SET(1, 8),
		IMM(BPF_ADD, 1, 1),
		{ BPF_STX | BPF_MEM | BPF_W, 9, 1, 0, 0 },
		IMM(BPF_RSH, 8, RUN_SHIFT),
		IMM(BPF_MOD, 8, n_ports),
		CALL(BPF_FUNC_get_prandom_u32),
		SET(1, 0),
		IMM(BPF_AND, 1, n_addresses - 1),
		BIG_ENDIAN_16(1),
		STORE(BPF_H, 10, 1),
		STORE(BPF_B, 9, 8),
	};
	const struct bpf_insn destination[] = {
		IMM(BPF_RSH, 0, 16), IMM(BPF_AND, 0, n_addresses - 1),
		BIG_ENDIAN_16(0),    STORE(BPF_H, 4, 0),
		SET(1, 8),           IMM(BPF_XOR, 1, 1),
		STORE(BPF_B, 3, 1),
	};
	const struct bpf_insn tail[] = {
		SET(1, 8),
		IMM(BPF_ADD, 1, (int)ifindex),
		IMM(BPF_MOV, 2, 0),
		CALL(BPF_FUNC_redirect),
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	struct bpf_insn insns[sizeof(head) + sizeof(destination) + sizeof(tail)];
	size_t n = 0;

	if (map < 0)
		return map;
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		insns[n++] = head[i];
	for (size_t i = 0; !is_flood && i < sizeof(destination) / sizeof(destination[0]); i++)
		insns[n++] = destination[i];
	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
		insns[n++] = tail[i];
	return bpf_prog_load(BPF_PROG_TYPE_XDP, "veth_mix", "GPL", insns, n, NULL);
}

/* What argv says from PORTS on. */
static int load_asked(unsigned ifindex, int argc, char **argv, unsigned char *frame)
{
	const bool is_flood = argc == 8 && !strcmp(argv[7], "flood");
	const int n_ports = argc >= 7 ? atoi(argv[5]) : 0,
		  n_addresses = argc >= 7 ? atoi(argv[6]) : 0;
	char last[IF_NAMESIZE];

	if (argc == 5)
		return load_redirect(ifindex);
	snprintf(last, sizeof(last), "e%d", n_ports - 1);
	if (argc < 7 || (argc == 8 && !is_flood) || n_ports < 1 || n_ports > 255 ||
	    n_addresses < 1 || n_addresses > 32768 || (n_addresses & (n_addresses - 1)) ||
	    strcmp(argv[1], "e0") || if_nametoindex(last) != ifindex + (unsigned)n_ports - 1) {
		errno = EINVAL;
		return -1;
	}
	frame[2] = frame[8] = 1; /* none of the interfaces' own */
	if (is_flood)
		memset(frame, 0xff, 6);
	return load_mix(ifindex, n_ports, n_addresses, is_flood);
}

int main(int argc, char **argv)
{
	static unsigned char frame[2048] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	unsigned ifindex = argc >= 5 ? if_nametoindex(argv[1]) : 0;
	double seconds = argc >= 5 ? atof(argv[2]) : 0;
	int fd = -1;
	cpu_set_t cpus;

	if (!ifindex || !(seconds >= 0.001 && seconds <= 86400)) {
		fprintf(stderr,
			"usage: veth-source INTERFACE SECONDS FRAME_BYTES CORE\n"
			"       veth-source e0 SECONDS FRAME_BYTES CORE PORTS ADDRESSES [flood]\n"
			"PORTS: e0, e1 … with indices one after another; ADDRESSES: of each, a power of two\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET((size_t)atoi(argv[4]), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	fd = load_asked(ifindex, argc, argv, frame);
	if (fd < 0) {
		perror("load");
		return 1;
	}
	set_alarm(seconds);
	while (!is_over) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
			    .data_size_in = (unsigned)atoi(argv[3]),
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .repeat = PER_RUN,
			    .batch_size = 64);

		if (bpf_prog_test_run_opts(fd, &opts) && !is_over) {
			perror("run");
			return 1;
		}
	}
	return 0;
}
