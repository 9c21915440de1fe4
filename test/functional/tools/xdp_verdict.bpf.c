/* A foreign XDP program that loses frames in three ways, by EtherType. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

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
	default:
		return XDP_PASS;
	}
}

char _license[] SEC("license") = "GPL";
