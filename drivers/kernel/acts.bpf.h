/* What the functions of a path's chain do to its packets, within the program that carries them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_KERNEL_ACTS_BPF_H
#define BYPATH_DRIVER_KERNEL_ACTS_BPF_H

#include <bpf/bpf_endian.h>

#define MAC_BYTES 6
#define ETH_BYTES 14
#define TAG_BYTES 4
#define TCI_VID   0x0fff
#define TCI_PCP   0xe000
#define TPID_C    0x8100
#define TPID_S    0x88a8

/* Looked up, not indexed: without CAP_PERFMON the verifier wants one range at each place where a pointer is moved. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KERNEL_ACTS_MAX);
	__type(key, __u32);
	__type(value, struct kernel_act);
} bypath_acts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KERNEL_ACTS_MAX);
	__type(key, __u32);
	__type(value, struct kernel_act_cell);
} bypath_acted SEC(".maps");

/* Nothing to a frame that ends before. */
static __always_inline void swap_macs(void *data, void *end)
{
	__u16 *mac = data;

	if (data + 2 * MAC_BYTES > end)
		return;
#pragma unroll
	for (int i = 0; i < MAC_BYTES / 2; i++) {
		__u16 word = mac[i];

		mac[i] = mac[i + MAC_BYTES / 2];
		mac[i + MAC_BYTES / 2] = word;
	}
}

/* The outermost tag of a frame: tci is 0 without. */
struct tag {
	bool is_there;
	__u16 tci;
};

enum verdict { UNTOUCHED, CHANGE, DROPPED };

static __always_inline enum verdict drop(struct kernel_act_cell *cell, enum bp_act_drop reason)
{
	cell->drops[reason]++;
	return DROPPED;
}

static __always_inline bool is_allowed(const struct kernel_act *act, const struct tag *tag)
{
	__u16 vid = tag->tci & TCI_VID;

	if (!tag->is_there)
		return act->ids[0] & 1;
	return act->ids[vid >> 6] >> (vid & 63) & 1;
}

/* What is to become of a frame with that tag. */
static __always_inline enum verdict judge(const struct kernel_act *act, const struct tag *tag,
					  struct kernel_act_cell *cell)
{
	__u16 vid = tag->tci & TCI_VID;

	if (act->has_ids && !is_allowed(act, tag))
		return drop(cell, BP_ACT_VID_NOT_ALLOWED);
	if (act->kind == BP_ACT_VLAN_PASS)
		return UNTOUCHED;
	if (act->kind == BP_ACT_VLAN_PUSH)
		return CHANGE;
	if (act->id && act->id != vid)
		return UNTOUCHED;
	if (!tag->is_there)
		return act->has_ids ? UNTOUCHED : drop(cell, BP_ACT_NOT_TAGGED);
	return CHANGE;
}

/* The control information of the tag that a frame is to have. */
static __always_inline __u16 next_tci(const struct kernel_act *act, __u16 tci)
{
	__u16 vid = act->kind == BP_ACT_VLAN_PUSH ? act->id : act->to ? act->to : tci & TCI_VID;

	tci = (tci & ~TCI_VID) | vid;
	if (act->priority != BP_ACT_KEEPS_PRIORITY)
		tci = (tci & ~TCI_PCP) | act->priority << 13;
	return tci;
}

/* A packet comes to an act. */
static __always_inline struct kernel_act_cell *begin(__u32 i)
{
	struct kernel_act_cell *cell = bpf_map_lookup_elem(&bypath_acted, &i);

	if (cell)
		cell->n_pkts++;
	return cell;
}

/* It is over; false: dropped. */
static __always_inline bool settle(struct kernel_act_cell *cell, enum verdict verdict)
{
	/* Not one or the other: a place to count at that depends on something wants CAP_PERFMON. */
	cell->n_changed += verdict == CHANGE;
	cell->n_untouched += verdict == UNTOUCHED;
	return verdict != DROPPED;
}

/* ---- XDP: a tag is in the frame ---------------------------------------------------------------- */

/* False: the frame ends before its EtherType, or within its tag. */
static __always_inline bool read_tag(struct xdp_md *ctx, struct tag *tag)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u16 type;

	tag->is_there = false;
	tag->tci = 0;
	if (data + ETH_BYTES > end)
		return false;
	type = bpf_ntohs(*(__u16 *)(data + 2 * MAC_BYTES));
	if (type != TPID_C && type != TPID_S)
		return true;
	if (data + ETH_BYTES + TAG_BYTES > end)
		return false;
	tag->is_there = true;
	tag->tci = bpf_ntohs(*(__u16 *)(data + ETH_BYTES));
	return true;
}

/* The frame begins n_bytes further on (or before), with the two addresses that it had: by words that stay in registers, as the
 * stack takes narrower ones with CAP_PERFMON only. */
static __always_inline bool shift(struct xdp_md *ctx, int n_bytes)
{
	__u32 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, macs[3];

	if (data + 3 > end)
		return false;
	macs[0] = data[0];
	macs[1] = data[1];
	macs[2] = data[2];
	if (bpf_xdp_adjust_head(ctx, n_bytes))
		return false;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + 3 > end)
		return false;
	data[0] = macs[0];
	data[1] = macs[1];
	data[2] = macs[2];
	return true;
}

static __always_inline bool put_tag(struct xdp_md *ctx, const struct kernel_act *act, __u16 tci)
{
	__u8 *data, *end;

	if (act->kind == BP_ACT_VLAN_PUSH && !shift(ctx, -TAG_BYTES))
		return false;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH_BYTES + TAG_BYTES > end)
		return false;
	if (act->kind == BP_ACT_VLAN_PUSH)
		*(__u16 *)(data + 2 * MAC_BYTES) = bpf_htons(act->tpid);
	*(__u16 *)(data + ETH_BYTES) = bpf_htons(next_tci(act, tci));
	return true;
}

static __always_inline enum verdict change_xdp(struct xdp_md *ctx, const struct kernel_act *act,
					       __u16 tci, struct kernel_act_cell *cell)
{
	if (act->kind == BP_ACT_VLAN_POP)
		return shift(ctx, TAG_BYTES) ? CHANGE : drop(cell, BP_ACT_RUNT);
	return put_tag(ctx, act, tci) ? CHANGE : drop(cell, BP_ACT_NO_HEADROOM);
}

static __noinline int act_once_xdp(struct xdp_md *ctx, __u32 i)
{
	const struct kernel_act *act = bpf_map_lookup_elem(&bypath_acts, &i);
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct kernel_act_cell *cell = begin(i);
	enum verdict verdict;
	struct tag tag;

	if (!act || !cell)
		return 0;
	if (act->kind == BP_ACT_MACSWAP) {
		swap_macs(data, end);
		return settle(cell, CHANGE);
	}
	if (!read_tag(ctx, &tag))
		return settle(cell, drop(cell, BP_ACT_RUNT));
	verdict = judge(act, &tag, cell);
	if (verdict == CHANGE)
		verdict = change_xdp(ctx, act, tag.tci, cell);
	return settle(cell, verdict);
}

/* All acts; false: one of them dropped the frame. */
static __always_inline bool act_xdp(struct xdp_md *ctx)
{
	for (__u32 i = 0; i < KERNEL_ACTS_MAX && i < carry.n_acts; i++)
		if (!act_once_xdp(ctx, i))
			return false;
	return true;
}

/* ---- tc: the outermost tag is beside the frame --------------------------------------------------- */

static __always_inline enum verdict change_tc(struct __sk_buff *skb, const struct kernel_act *act,
					      __u16 tci, struct kernel_act_cell *cell)
{
	__be16 tpid = act->kind == BP_ACT_VLAN_PUSH ? bpf_htons(act->tpid) : skb->vlan_proto;

	if (act->kind != BP_ACT_VLAN_PUSH && bpf_skb_vlan_pop(skb))
		return drop(cell, BP_ACT_RUNT);
	if (act->kind != BP_ACT_VLAN_POP && bpf_skb_vlan_push(skb, tpid, next_tci(act, tci)))
		return drop(cell, BP_ACT_NO_HEADROOM);
	return CHANGE;
}

static __noinline int act_once_tc(struct __sk_buff *skb, __u32 i)
{
	const struct kernel_act *act = bpf_map_lookup_elem(&bypath_acts, &i);
	struct kernel_act_cell *cell = begin(i);
	enum verdict verdict;
	struct tag tag;

	if (!act || !cell)
		return 0;
	if (act->kind == BP_ACT_MACSWAP) {
		swap_macs((void *)(long)skb->data, (void *)(long)skb->data_end);
		return settle(cell, CHANGE);
	}
	tag.is_there = skb->vlan_present;
	tag.tci = tag.is_there ? skb->vlan_tci : 0;
	verdict = judge(act, &tag, cell);
	if (verdict == CHANGE)
		verdict = change_tc(skb, act, tag.tci, cell);
	return settle(cell, verdict);
}

static __always_inline bool act_tc(struct __sk_buff *skb)
{
	for (__u32 i = 0; i < KERNEL_ACTS_MAX && i < carry.n_acts; i++)
		if (!act_once_tc(skb, i))
			return false;
	return true;
}

#endif
