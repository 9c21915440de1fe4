/* What copies.bpf.c and copies.c agree on. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_COPIES_BPF_H
#define BYPATH_PROBE_COPIES_BPF_H

#include <linux/types.h>

#include "self.bpf.h"

/*
 * The kernel's functions that copy payload: each copies with its own hands and calls no other of them, so that
 * no byte counts twice.
 */
#define PROBE_COPIERS(X)               \
	X(skb_copy_bits)               \
	X(skb_store_bits)              \
	X(skb_copy_datagram_iter)      \
	X(skb_copy_datagram_from_iter) \
	X(skb_copy_ubufs)              \
	X(pskb_expand_head)            \
	X(__xsk_rcv)

/* The functions that have another copy for them, innermost first: they say why, and copy nothing themselves. */
#define PROBE_CALLERS(X)    \
	X(skb_pp_cow_data)  \
	X(__pskb_pull_tail) \
	X(tpacket_rcv)      \
	X(do_xdp_generic)

#define PROBE_ID(name) PROBE_##name,
enum probe_copier { PROBE_COPIERS(PROBE_ID) PROBE_N_COPIERS };
enum probe_caller { PROBE_CALLERS(PROBE_ID) PROBE_N_CALLERS };
#undef PROBE_ID

enum probe_direction { PROBE_RX, PROBE_TX };

struct probe_copy_key {
	__u16 port; /* index of the scope's */
	__u8 direction; /* enum probe_direction */
	__u8 copier;
	__u8 caller; /* PROBE_N_CALLERS: none of them */
	__u8 is_part; /* of a packet, by nobody that we know: the host's own stack pulling headers */
	__u8 is_lost; /* the packet was dropped in the same call */
	__u8 zero;
};

struct probe_copy {
	__u64 calls, bytes;
};

/* Events without a device, of this process's threads. */
enum probe_event { PROBE_SKB_ALLOC, PROBE_SKB_CLONE, PROBE_N_EVENTS };

/* What came in between while a copier's program ran: calls that the second program counted. */
struct probe_nested {
	__u64 is_counting, calls;
};

/* A system call of one of this process's threads, by number; the thread as its PID namespace has it. */
struct probe_call_key {
	__u32 thread, number;
};

#endif
