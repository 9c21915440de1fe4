/* The XDP program of a port: every frame to the socket of its receive queue. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/* Queue → socket. The driver sets max_entries before it loads the program. */
struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} bypath_xsks SEC(".maps");

static __always_inline int redirect(struct xdp_md *ctx)
{
	/* Linux ≥ 5.3 takes the action for an empty slot as flags; no bpf_link for XDP before 5.9
	 * anyway. A queue without a socket (a queue that is being set up) leaves the frame to the
	 * kernel, as if no program were there. */
	return (int)bpf_redirect_map(&bypath_xsks, ctx->rx_queue_index, XDP_PASS);
}

/* For packets in one buffer: where that is all, and in front of skbs, which the kernel makes one of. */
SEC("xdp")
int bypath_xdp(struct xdp_md *ctx)
{
	return redirect(ctx);
}

/* For packets in several buffers as well. */
SEC("xdp.frags")
int bypath_xdp_frags(struct xdp_md *ctx)
{
	return redirect(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
