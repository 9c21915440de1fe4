/* The map that a port's XDP programs share. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_AF_XDP_XSKS_BPF_H
#define BYPATH_AF_XDP_XSKS_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

/* Queue → socket. The driver sets max_entries before it loads the programs. */
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

#endif
