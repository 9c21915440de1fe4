/* A foreign XDP program that loses frames in ways of its own, by EtherType. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} targets SEC(".maps");

SEC("xdp")
int verdict(struct xdp_md *ctx)
{
	const struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	switch (bpf_ntohs(eth->h_proto)) {
	case 0x88b6:
		return XDP_DROP;
	case 0x88b7:
		return XDP_ABORTED;
	case 0x88b8:
		return bpf_redirect(0x7fffffff, 0); /* there is no such interface */
	case 0x88b9:
		return bpf_redirect_map(&targets, 0,
					0); /* the interface that the test puts there */
	default:
		return XDP_PASS;
	}
}

char _license[] SEC("license") = "GPL";
