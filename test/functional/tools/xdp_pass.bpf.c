/* A foreign XDP program that only occupies the hook. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
