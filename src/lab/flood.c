/* Live XDP frames by BPF_PROG_TEST_RUN, redirected out of an interface by a program of four instructions. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/flood.h"

#include "core/netdev.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH_PKTS 64u
/* One run lasts until a signal: setting one up takes about 25 ms without a frame, which forwarders would be charged
 * with as idle time. */
#define PER_RUN INT32_MAX

/* return bpf_redirect(ifindex, 0) */
static int load_redirect(int ifindex)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP,
				.insn_cnt = sizeof(code) / sizeof(code[0]),
				.insns = (uintptr_t)code,
				.license = (uintptr_t) "Dual BSD/GPL" };

	memcpy(attr.prog_name, "bypath_flood", 13);
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int send_on(int program, const uint8_t *frame, unsigned bytes)
{
	union bpf_attr attr = { 0 };

	attr.test.prog_fd = (uint32_t)program;
	attr.test.data_in = (uintptr_t)frame;
	attr.test.data_size_in = bytes;
	attr.test.repeat = PER_RUN;
	attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	attr.test.batch_size = BATCH_PKTS;
	return (int)syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr));
}

int bp_flood_main(void *ctx)
{
	const struct bp_flood *flood = ctx;
	uint8_t frame[BP_FLOOD_BYTES_MAX] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	int ifindex = bp_netdev_index(-1, flood->ifname), program = -1;
	cpu_set_t cores;

	if (flood->frame_bytes > sizeof(frame)) {
		fprintf(stderr, "error: frames of %u bytes: at most %zu\n", flood->frame_bytes,
			sizeof(frame));
		return 1;
	}
	CPU_ZERO(&cores);
	CPU_SET(flood->core, &cores);
	sched_setaffinity(0, sizeof(cores), &cores);
	if (ifindex > 0)
		program = load_redirect(ifindex);
	while (program >= 0 && (!send_on(program, frame, flood->frame_bytes) || errno == EINTR))
		;
	fprintf(stderr, "error: %s: live XDP frames: %s\n", flood->ifname, strerror(errno));
	return 1;
}
