/* Counts system calls by thread and number, at the raw tracepoint sys_enter. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/* The process namespace whose thread ids are the key: device and inode of /proc/self/ns/pid. */
const volatile __u64 ns_dev, ns_ino;

/* Thread id in the upper half, call number in the lower. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} calls SEC(".maps");

SEC("raw_tp/sys_enter")
int count_call(struct bpf_raw_tracepoint_args *ctx)
{
	struct bpf_pidns_info ns = {};
	__u64 key, one = 1, *count;

	if (bpf_get_ns_current_pid_tgid(ns_dev, ns_ino, &ns, sizeof(ns)))
		return 0;
	key = (__u64)ns.pid << 32 | (__u32)ctx->args[1];
	count = bpf_map_lookup_elem(&calls, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&calls, &key, &one, BPF_NOEXIST);
	return 0;
}

char _license[] SEC("license") = "GPL";
