/* What drops.bpf.c and drops.c agree on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_DROPS_BPF_H
#define BYPATH_PROBE_DROPS_BPF_H

#include <linux/types.h>

#define PROBE_IFNAME_BYTES 16

/* An interface by its name: one that is deleted and made again keeps it, and changes its index. */
struct probe_name {
	__u32 netns;
	char name[PROBE_IFNAME_BYTES]; /* zeros behind it */
};

/* What told of the drop. */
enum probe_teller {
	PROBE_SKB, /* kfree_skb; reason: enum skb_drop_reason of the running kernel */
	PROBE_XDP_EXCEPTION, /* reason: what the program returned */
	PROBE_XDP_REDIRECT, /* reason: errno */
	PROBE_DEVMAP, /* the same */
};

/* Whose interface dropped the packet, seen from a port. */
enum probe_place {
	PROBE_HERE, /* the port's own */
	PROBE_FAR, /* the other end of the port's veth */
	PROBE_BEHIND_HERE, /* another one, to which the host passed a packet that the port's received */
	PROBE_BEHIND_FAR, /* another one, to which the far end's host passed a packet */
};

enum probe_sender { PROBE_SENDER_NONE, PROBE_SENDER_PACKET, PROBE_SENDER_XDP, PROBE_SENDER_OTHER };

enum probe_drop_flag {
	PROBE_IS_RX = 1 << 0, /* on its way in, at the interface where it was dropped */
	PROBE_IS_EARLY = 1 << 1, /* before anybody was given it: packet sockets, tc, the stack */
	PROBE_IS_TAPPED =
		1 << 2, /* packet sockets listen to all that the receiving interface is given */
	PROBE_IS_SELF =
		1 << 3, /* while this process runs: in its system call, or in an interrupt on top */
	PROBE_IS_DOWN = 1 << 4, /* the interface was down, or had no carrier */
	PROBE_IS_GENERIC = 1 << 5, /* the XDP program runs on skbs, in generic mode */
	PROBE_IS_CLONE =
		1
		<< 6, /* another skb has the same bytes still: a mirror's, of a bridge that floods */
};

struct probe_drop_key {
	__u64 location; /* the kernel's code that dropped it; 0: not told */
	__u32 reason;
	__u16 port; /* index of the scope's */
	__u8 teller, place, sender, flags;
	__u16 from; /* of a packet on its way out by the port's own: the port that received it, plus 1; 0: none did */
	struct probe_name device; /* where */
};

struct probe_drop {
	__u64 packets, bytes;
	__u32 longest; /* bytes, as the skb had them there */
	__u32 peer_mtu; /* of the interface's far end when the last was dropped; 0: it has none */
};

#endif
