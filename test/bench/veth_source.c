/* The fastest source on veth: live XDP frames by BPF_PROG_TEST_RUN, redirected out of an interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PER_RUN (1 << 22) /* each run costs about 25 ms to set up: runs must be long */

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
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
	int fd = -1;
	double end_s;
	cpu_set_t cpus;

	if (!ifindex) {
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
	for (end_s = now_s() + atof(argv[2]); now_s() < end_s;) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
			    .data_size_in = (unsigned)atoi(argv[3]),
			    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .repeat = PER_RUN,
			    .batch_size = 64);

		if (bpf_prog_test_run_opts(fd, &opts)) {
			perror("run");
			return 1;
		}
	}
	return 0;
}
