/* Which of two packet sockets of one interface hears a packet: always one of them, never both. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel shows a packet to the sockets of its interface one after another, on one CPU; the one that was opened last is
 * the first. So to's filter decides, once for each CPU from which packet on it is its own, and from's follows. Often it
 * follows at once. But from's socket may be the last of the interface, and then the kernel keeps a few packets of one poll
 * back before it shows them (__netif_receive_skb_list_core()): so packets are known by their number.
 * Numbers may drift where a fanout group puts fragments together (PACKET_FANOUT_FLAG_DEFRAG): they are compared anew now
 * and then.
 */
#include <linux/bpf.h>
#include <linux/if_packet.h>

#include <bpf/bpf_helpers.h>

#include "sockets.bpf.h"

#define ALL (-1)

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct handover_turn);
} turns SEC(".maps");

volatile __u32 is_flipped; /* written by the control thread, once */

static __always_inline struct handover_turn *turn_of(const struct __sk_buff *skb)
{
	__u32 key = 0;

	/* What one of the ports sends comes to the other one's sockets: it is nobody's. */
	return skb->pkt_type == PACKET_OUTGOING ? NULL : bpf_map_lookup_elem(&turns, &key);
}

SEC("socket")
int handover_to(struct __sk_buff *skb)
{
	struct handover_turn *turn = turn_of(skb);

	if (!turn)
		return 0;
	turn->n_to++;
	if (is_flipped && !turn->first)
		turn->first = turn->n_to;
	return turn->first ? ALL : 0;
}

SEC("socket")
int handover_from(struct __sk_buff *skb)
{
	struct handover_turn *turn = turn_of(skb);
	long long ahead, most;

	if (!turn)
		return 0;
	turn->n_from++;
	ahead = (long long)(turn->n_from - turn->n_to);
	if (turn->n_from % HANDOVER_WINDOW == 0) {
		turn->ahead_before = turn->ahead;
		turn->ahead = ahead;
	} else if (ahead > turn->ahead) {
		turn->ahead = ahead;
	}
	most = turn->ahead > turn->ahead_before ? turn->ahead : turn->ahead_before;
	return turn->first && (long long)turn->n_from - most >= (long long)turn->first ? 0 : ALL;
}

char _license[] SEC("license") = "Dual BSD/GPL";
