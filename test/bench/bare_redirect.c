/* The least that a redirect inside the kernel can be: two instructions at the in-device, XDP or tc. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bare-redirect FROM TO xdp|tc
 *
 * In the calling thread's network namespace, until it is killed. It counts nothing and follows nothing: what driver
 * kernel has beside it is what its account costs.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* BPF_TCX_INGRESS, Linux 6.6 */

int main(int argc, char **argv)
{
	int from = argc == 4 ? (int)if_nametoindex(argv[1]) : 0;
	int to = argc == 4 ? (int)if_nametoindex(argv[2]) : 0;
	int is_tc = argc == 4 && !strcmp(argv[3], "tc"), program, link;
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = to },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = is_tc ? 0 : XDP_FLAGS_DRV_MODE);

	if (!from || !to) {
		fprintf(stderr, "usage: bare-redirect FROM TO xdp|tc\n");
		return 2;
	}
	program = bpf_prog_load(is_tc ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP, "bare", "GPL",
				insns, 4, NULL);
	link = program < 0 ? program
			   : bpf_link_create(program, from,
					     is_tc ? (enum bpf_attach_type)TCX_INGRESS : BPF_XDP,
					     &opts);
	if (link < 0) {
		perror("bare-redirect");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
