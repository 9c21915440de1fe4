/* Adds up the time of the network's softirqs, by what they interrupt, at two raw tracepoints. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* enum of include/linux/interrupt.h; PF_KTHREAD of include/linux/sched.h. */
#define NET_TX     2
#define NET_RX     3
#define PF_KTHREAD 0x00200000

/* What is read of the kernel's own structs; their offsets come from its BTF. */
struct task_struct {
	unsigned int flags;
} __attribute__((preserve_access_index));

struct pt_regs___entry {
	long orig_ax;
} __attribute__((preserve_access_index));

/* A machine of one processor: nobody else writes these. */
__u64 begin_ns; /* 0: none is under way */
__u64 sum_ns[2], n[2]; /* 1: within a system call, 0: beside them */

/* Was user space left by a system call? The registers of the way in say so, whatever interrupts came then. */
static int is_in_call(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs___entry *regs;

	if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
		return 0;
	regs = (struct pt_regs___entry *)bpf_task_pt_regs(task);
	return regs && BPF_CORE_READ(regs, orig_ax) >= 0;
}

SEC("raw_tp/softirq_entry")
int enter(struct bpf_raw_tracepoint_args *ctx)
{
	if (ctx->args[0] == NET_TX || ctx->args[0] == NET_RX)
		begin_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/softirq_exit")
int leave(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	int where;

	(void)ctx;
	if (!begin_ns)
		return 0;
	where = is_in_call();
	sum_ns[where & 1] += now - begin_ns;
	n[where & 1]++;
	begin_ns = 0;
	return 0;
}

char _license[] SEC("license") = "GPL";
