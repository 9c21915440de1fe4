/* Carries a path's packets from device to device: by XDP, by tc, with the account of both. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "shared.h"

#define EMSGSIZE 90
#define ENXIO    6
#define ENODEV   19
#define ENETDOWN 100

/* What the kernel calls them; the offsets are found when the program is loaded. */
struct ns_common {
	unsigned int inum;
} __attribute__((preserve_access_index));

struct net {
	struct ns_common ns;
} __attribute__((preserve_access_index));

struct net_device {
	int ifindex;
	struct {
		struct net *net;
	} nd_net;
} __attribute__((preserve_access_index));

/* The out-device, for each of the two programs: the kernel lets none use a map of the other's kind. */
struct out_map {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 1);
};
struct out_map bypath_out SEC(".maps"), bypath_out_frags SEC(".maps");

struct kernel_state carry;

static __always_inline struct kernel_cell *own_cell(void)
{
	return &carry.cells[bpf_get_smp_processor_id() & (KERNEL_CPUS_MAX - 1)];
}

#include "acts.bpf.h"

static __always_inline void count_in(struct kernel_cell *cell, __u32 n_bytes)
{
	cell->in_pkts++;
	cell->in_bytes += n_bytes;
}

/* Too long, or the path is closed: off the way that packets take. */
static __noinline int refuse(__u32 n_bytes)
{
	struct kernel_cell *cell = own_cell();

	if (carry.max_bytes)
		cell->n_too_long++;
	else
		cell->n_closed++;
	cell->refused_bytes += n_bytes;
	return 0;
}

static __noinline int refuse_acted(__u32 n_bytes)
{
	struct kernel_cell *cell = own_cell();

	cell->n_acted++;
	cell->refused_bytes += n_bytes;
	return 0;
}

/* An act has changed a frame's length: what it is now. */
static __always_inline __u32 resized(__u32 was_bytes, __u32 n_bytes)
{
	if (n_bytes != was_bytes)
		own_cell()->added_bytes += (__u64)n_bytes - was_bytes;
	return n_bytes;
}

static __noinline int refuse_gone(__u32 n_bytes)
{
	struct kernel_cell *cell = own_cell();

	cell->n_gone++;
	cell->refused_bytes += n_bytes;
	return 0;
}

/* ---- XDP ------------------------------------------------------------------------------------- */

/* The verifier wants CAP_PERFMON for the difference of two pointers; asking is of Linux 5.18. */
static __always_inline __u32 length(struct xdp_md *ctx, bool asks)
{
	return asks ? (__u32)bpf_xdp_get_buff_len(ctx) : ctx->data_end - ctx->data;
}

static __always_inline int carry_xdp(struct xdp_md *ctx, bool asks, void *out)
{
	__u32 n_bytes = length(ctx, asks);
	void *data, *end;

	count_in(own_cell(), n_bytes);
	if (carry.n_acts && carry.max_bytes) {
		if (!act_xdp(ctx)) {
			refuse_acted(n_bytes);
			return XDP_DROP;
		}
		n_bytes = resized(n_bytes, length(ctx, asks));
	}
	if (n_bytes > carry.max_bytes) {
		refuse(n_bytes);
		return XDP_DROP;
	}
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (carry.swaps_macs)
		swap_macs(data, end);
	if (bpf_redirect_map(out, 0, XDP_DROP) != XDP_REDIRECT) {
		refuse_gone(n_bytes);
		return XDP_DROP;
	}
	return XDP_REDIRECT;
}

SEC("xdp")
int bypath_carry(struct xdp_md *ctx)
{
	return carry_xdp(ctx, false, &bypath_out);
}

SEC("xdp")
int bypath_carry_asking(struct xdp_md *ctx)
{
	return carry_xdp(ctx, true, &bypath_out);
}

/* Packets of several buffers, for an MTU beyond a page. */
SEC("xdp.frags")
int bypath_carry_frags(struct xdp_md *ctx)
{
	return carry_xdp(ctx, true, &bypath_out_frags);
}

/* ---- tc -------------------------------------------------------------------------------------- */

/* A super-frame is too long only where one of its segments is; most are short enough with a tag beside them, too. */
static __always_inline bool is_refused(struct __sk_buff *skb)
{
	__u32 mtu = 0;

	if (skb->len + TAG_BYTES <= carry.max_bytes ||
	    (skb->len <= carry.max_bytes && !skb->vlan_present))
		return false;
	return !carry.max_bytes || !skb->gso_size ||
	       bpf_check_mtu(skb, carry.to_ifindex, &mtu, 0, BPF_MTU_CHK_SEGS) > 0;
}

SEC("tc")
int bypath_carry_tc(struct __sk_buff *skb)
{
	__u32 n_bytes = skb->len;

	count_in(own_cell(), n_bytes);
	if (carry.n_acts && carry.max_bytes) {
		if (!act_tc(skb)) {
			refuse_acted(n_bytes);
			return TC_ACT_SHOT;
		}
		n_bytes = resized(n_bytes, skb->len);
	}
	if (is_refused(skb)) {
		refuse(n_bytes);
		return TC_ACT_SHOT;
	}
	if (carry.swaps_macs)
		swap_macs((void *)(long)skb->data, (void *)(long)skb->data_end);
	return (int)bpf_redirect(carry.to_ifindex, 0);
}

/* ---- what became of redirected frames --------------------------------------------------------- */

static __always_inline bool is_ours(const struct net_device *dev, __u32 ifindex)
{
	return (__u32)BPF_CORE_READ(dev, ifindex) == ifindex &&
	       BPF_CORE_READ(dev, nd_net.net, ns.inum) == carry.netns;
}

/* Of each bulk on this machine: whose it is shows by where the kernel keeps the devices, as long as the driver renews nothing. */
static __always_inline bool is_our_path(__u64 from, __u64 to)
{
	__u32 era = carry.era;

	if (carry.known_era == era)
		return from == carry.from_device && to == carry.to_device;
	if (carry.foreign_era == era && from == carry.foreign_from && to == carry.foreign_to)
		return false;
	if (!is_ours((const void *)from, carry.from_ifindex) ||
	    !is_ours((const void *)to, carry.to_ifindex)) {
		carry.foreign_from = from;
		carry.foreign_to = to;
		carry.foreign_era = era;
		return false;
	}
	carry.from_device = from;
	carry.to_device = to;
	carry.known_era = era;
	return true;
}

/* Source: Linux include/trace/events/xdp.h: from_dev, to_dev, sent, drops, err. */
SEC("raw_tp/xdp_devmap_xmit")
int bypath_carry_sent(struct bpf_raw_tracepoint_args *ctx)
{
	int n_sent = (int)ctx->args[2], n_drops = (int)ctx->args[3];
	struct kernel_cell *cell = own_cell();

	if (!is_our_path(ctx->args[0], ctx->args[1]))
		return 0;
	if (n_sent > 0)
		cell->n_sent += (__u32)n_sent;
	if (n_drops > 0)
		cell->n_refused += (__u32)n_drops;
	return 0;
}

/* dev, xdp, tgt, err, map_type, map_id, index. */
SEC("raw_tp/xdp_redirect_err")
int bypath_carry_err(struct bpf_raw_tracepoint_args *ctx)
{
	struct kernel_cell *cell = own_cell();
	int err = -(int)ctx->args[3];

	if ((__u32)ctx->args[5] != carry.map_ids[0] && (__u32)ctx->args[5] != carry.map_ids[1])
		return 0;
	if (err == EMSGSIZE)
		cell->err_too_long++;
	else if (err == ENETDOWN || err == ENXIO || err == ENODEV)
		cell->err_down++;
	else
		cell->err_other++;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
