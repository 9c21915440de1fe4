/* The XDP program of a port on veth: puts the sender's VLAN tag back into the frame, then as the others. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "xsks.bpf.h"

#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>

/* Linux ≥ 6.8, in a program bound to its device. 0, or -ENODATA: no tag beside the frame. */
extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *vlan_proto,
					__u16 *vlan_tci) __ksym;

struct tag {
	__be16 proto;
	__be16 tci;
};

/* Behind the addresses. veth leaves 256 bytes before each frame. */
static __always_inline int put_back(struct xdp_md *ctx, struct tag tag)
{
	__u8 *data, *end;

	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(tag)))
		return -1;
	data = (__u8 *)(long)ctx->data;
	end = (__u8 *)(long)ctx->data_end;
	if (data + sizeof(tag) + ETH_HLEN > end)
		return -1;
	__builtin_memmove(data, data + sizeof(tag), 2 * ETH_ALEN); /* header */
	__builtin_memcpy(data + 2 * ETH_ALEN, &tag, sizeof(tag)); /* header */
	return 0;
}

SEC("xdp.frags")
int bypath_xdp_tags(struct xdp_md *ctx)
{
	struct tag tag;
	__u16 tci;

	if (!bpf_xdp_metadata_rx_vlan_tag(ctx, &tag.proto, &tci)) {
		tag.tci = bpf_htons(tci);
		if (put_back(ctx, tag))
			return XDP_ABORTED; /* shows as the device's rx drop */
	}
	return redirect(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
