/* The fastest source on veth: live XDP frames by BPF_PROG_TEST_RUN, redirected out of an interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

int main(int argc, char **argv)
{
	static unsigned char frame[2048] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	unsigned ifindex = argc == 5 ? if_nametoindex(argv[1]) : 0;
	double seconds = argc == 5 ? atof(argv[2]) : 0;
	int fd = -1;
	cpu_set_t cpus;

	if (!ifindex || !(seconds >= 0.001 && seconds <= 86400)) {
		fprintf(stderr, "usage: veth-source INTERFACE SECONDS FRAME_BYTES CORE\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET((size_t)atoi(argv[4]), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	fd = load_redirect(ifindex);
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
