/* The XDP programs of a port: every frame to the socket of its receive queue. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "xsks.bpf.h"

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
