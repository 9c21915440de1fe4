/* Counts what the kernel copies of this process's packets, by port, direction and function. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel.bpf.h"

#include "copies.bpf.h"
#include "ours.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct packet_sock {
	int ifindex;
};

struct packet_type {
	void *af_packet_priv;
};

struct xdp_sock {
	struct net_device *dev;
};

struct xdp_buff {
	void *data, *data_end;
};

struct tun_struct {
	struct net_device *dev;
};

struct tun_file {
	struct tun_struct *tun;
};

struct file {
	void *private_data;
};

#pragma clang attribute pop

const volatile bool
	generic_by_reference; /* do_xdp_generic() takes a struct sk_buff ** (Linux 6.9) */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct probe_device);
	__type(value, __u16); /* index of the scope's */
} ports SEC(".maps");

/* This process's sockets, by address: AF_PACKET, AF_XDP, those of tun. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct probe_copy_key);
	__type(value, struct probe_copy);
} copies SEC(".maps");

/* The packet that each caller has in hand on this CPU; the last: a socket that is not ours. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROBE_N_CALLERS + 1);
	__type(key, __u32);
	__type(value, __u64);
} in_hand SEC(".maps");

/* By copier, see begin(). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROBE_N_COPIERS);
	__type(key, __u32);
	__type(value, struct probe_nested);
} nested SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROBE_N_EVENTS);
	__type(key, __u32);
	__type(value, __u64);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct probe_call_key);
	__type(value, __u64);
} system_calls SEC(".maps");

/* Nanoseconds in softirqs that move packets, by CPU: when the one that runs began, and the sum. */
struct softirq {
	__u64 since_ns, sum_ns;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct softirq);
} softirqs SEC(".maps");

__u64 n_not_counted; /* copies for which a map had no room */

static __always_inline bool is_own(const void *socket)
{
	__u64 key = (__u64)socket;

	return socket && bpf_map_lookup_elem(&sockets, &key);
}

/* ---- whose packet, and which way ------------------------------------------------------------- */

/* The interface that a socket of ours is bound to; zeros where it cannot be told. */
static __always_inline struct probe_device device_of_socket(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	const struct net_device *dev = NULL;
	struct probe_device device = { 0 };

	if (family == AF_PACKET && bpf_core_type_exists(struct packet_sock)) {
		device.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
		device.ifindex = (__u32)BPF_CORE_READ((const struct packet_sock *)sk, ifindex);
		return device;
	}
	if (family == AF_XDP && bpf_core_type_exists(struct xdp_sock))
		dev = BPF_CORE_READ((const struct xdp_sock *)sk, dev);
	else if (!family && bpf_core_field_exists(struct tun_file, tun))
		dev = BPF_CORE_READ((const struct tun_file *)sk, tun, dev);
	return dev ? device_of(dev) : device;
}

static __always_inline void count(struct probe_device device, enum probe_direction direction,
				  struct probe_copy_key key, __u64 bytes)
{
	__u16 *port = bpf_map_lookup_elem(&ports, &device);
	struct probe_copy zero = { 0 }, *copy;

	if (!port)
		return;
	key.port = *port;
	key.direction = direction;
	copy = bpf_map_lookup_elem(&copies, &key);
	if (!copy) {
		bpf_map_update_elem(&copies, &key, &zero, BPF_NOEXIST);
		copy = bpf_map_lookup_elem(&copies, &key);
	}
	if (!copy) {
		__sync_fetch_and_add(&n_not_counted, 1);
		return;
	}
	copy->calls++;
	copy->bytes += bytes;
}

static __always_inline struct probe_copy_key key_of(enum probe_copier copier)
{
	struct probe_copy_key key = { .copier = copier, .caller = PROBE_N_CALLERS };

	return key;
}

/* A copy by which a system call of ours gives or takes a packet. What tun hands out has no socket. */
static __always_inline int count_socket(enum probe_copier copier, enum probe_direction direction,
					const struct sk_buff *skb, __u64 bytes)
{
	const struct net_device *dev = BPF_CORE_READ(skb, dev);
	const struct sock *sk = BPF_CORE_READ(skb, sk);
	struct probe_device device = { 0 };

	if (!is_ours())
		return 0;
	if (sk)
		device = device_of_socket(sk);
	if (!device.ifindex && dev)
		device = device_of(dev);
	count(device, direction, key_of(copier), bytes);
	return 0;
}

static __always_inline bool holds(__u32 caller, const struct sk_buff *skb)
{
	__u64 *held = bpf_map_lookup_elem(&in_hand, &caller);

	return held && *held == (__u64)skb;
}

static __always_inline __u8 caller_of(const struct sk_buff *skb)
{
#pragma unroll
	for (__u32 caller = 0; caller < PROBE_N_CALLERS; caller++)
		if (holds(caller, skb))
			return (__u8)caller;
	return PROBE_N_CALLERS;
}

/* Has it come in by another interface of ours, so that it leaves by this one? */
static __always_inline bool is_carried(const struct sk_buff *skb, struct probe_device device)
{
	struct probe_device from = { device.netns, (__u32)BPF_CORE_READ(skb, skb_iif) };

	return from.ifindex && from.ifindex != device.ifindex && bpf_map_lookup_elem(&ports, &from);
}

/*
 * A copy within the stack: of a packet that leaves by the interface which our socket is bound to, or where a program
 * of ours has sent it; else of one that came in by it. is_whole: all of the packet's bytes.
 */
static __always_inline int count_stack(enum probe_copier copier, const struct sk_buff *skb,
				       __u64 bytes, bool is_whole)
{
	const struct net_device *dev = BPF_CORE_READ(skb, dev);
	const struct sock *sk = BPF_CORE_READ(skb, sk);
	struct probe_copy_key key = key_of(copier);
	struct probe_device device = { 0 }, sender = { 0 };
	bool is_sent = is_own(sk);

	if (holds(PROBE_N_CALLERS, skb))
		return 0;
	if (is_sent)
		sender = device_of_socket(sk);
	device = dev ? device_of(dev) : sender;
	key.caller = caller_of(skb);
	is_sent = is_sent && sender.netns == device.netns && sender.ifindex == device.ifindex;
	key.is_part = !is_sent && !is_whole && key.caller == PROBE_N_CALLERS;
	count(device, is_sent || is_carried(skb, device) ? PROBE_TX : PROBE_RX, key, bytes);
	return 0;
}

/* ---- functions that copy --------------------------------------------------------------------- */

/*
 * A program is not run while it runs already on that CPU. Of a function that system calls and softirqs both call, a
 * second program counts what comes in between: a softirq's copy while the first one counts a system call's.
 */
static __always_inline void begin(__u32 copier)
{
	struct probe_nested *n = bpf_map_lookup_elem(&nested, &copier);

	if (n)
		n->is_counting = 1;
}

static __always_inline int end(__u32 copier)
{
	struct probe_nested *n = bpf_map_lookup_elem(&nested, &copier);

	if (n)
		n->is_counting = 0;
	return 0;
}

static __always_inline bool comes_between(__u32 copier)
{
	struct probe_nested *n = bpf_map_lookup_elem(&nested, &copier);

	if (!n || !n->is_counting)
		return false;
	n->calls++;
	return true;
}

static __always_inline int count_bits(const struct sk_buff *skb, int len)
{
	return count_stack(PROBE_skb_copy_bits, skb, (__u32)len,
			   len == (int)BPF_CORE_READ(skb, len));
}

SEC("fentry/skb_copy_bits")
int BPF_PROG(on_skb_copy_bits, const struct sk_buff *skb, int offset, void *to, int len)
{
	begin(PROBE_skb_copy_bits);
	count_bits(skb, len);
	return end(PROBE_skb_copy_bits);
}

SEC("fentry/skb_copy_bits")
int BPF_PROG(nested_skb_copy_bits, const struct sk_buff *skb, int offset, void *to, int len)
{
	return comes_between(PROBE_skb_copy_bits) ? count_bits(skb, len) : 0;
}

SEC("fentry/skb_store_bits")
int BPF_PROG(on_skb_store_bits, const struct sk_buff *skb, int offset, const void *from, int len)
{
	return count_socket(PROBE_skb_store_bits, PROBE_TX, skb, (__u32)len);
}

SEC("fentry/skb_copy_datagram_iter")
int BPF_PROG(on_skb_copy_datagram_iter, const struct sk_buff *skb, int offset, void *to, int len)
{
	return count_socket(PROBE_skb_copy_datagram_iter, PROBE_RX, skb, (__u32)len);
}

/* The same where functions cannot be traced. */
SEC("raw_tp/skb_copy_datagram_iovec")
int BPF_PROG(on_skb_copy_datagram_iovec, const struct sk_buff *skb, int len)
{
	return count_socket(PROBE_skb_copy_datagram_iter, PROBE_RX, skb, (__u32)len);
}

SEC("fentry/skb_copy_datagram_from_iter")
int BPF_PROG(on_skb_copy_datagram_from_iter, const struct sk_buff *skb, int offset, void *from,
	     int len)
{
	return count_socket(PROBE_skb_copy_datagram_from_iter, PROBE_TX, skb, (__u32)len);
}

/* Pages that are somebody else's: all of them, or none where there are none. */
static __always_inline int count_ubufs(const struct sk_buff *skb)
{
	return count_stack(PROBE_skb_copy_ubufs, skb, BPF_CORE_READ(skb, data_len), true);
}

SEC("fentry/skb_copy_ubufs")
int BPF_PROG(on_skb_copy_ubufs, const struct sk_buff *skb)
{
	begin(PROBE_skb_copy_ubufs);
	count_ubufs(skb);
	return end(PROBE_skb_copy_ubufs);
}

SEC("fentry/skb_copy_ubufs")
int BPF_PROG(nested_skb_copy_ubufs, const struct sk_buff *skb)
{
	return comes_between(PROBE_skb_copy_ubufs) ? count_ubufs(skb) : 0;
}

/* What a frame has before its data, where the stack has moved on behind the Ethernet header. */
static __always_inline __u32 n_before(const struct sk_buff *skb)
{
	long offset = BPF_CORE_READ(skb, data) - BPF_CORE_READ(skb, head);
	__u16 mac = BPF_CORE_READ(skb, mac_header); /* 0xffff: not set */

	return offset > mac ? (__u32)(offset - mac) : 0;
}

/* The linear part moves to a larger buffer; for nobody whom we know it is the host's stack that writes to a packet. */
static __always_inline int count_head(const struct sk_buff *skb)
{
	__u32 n_paged = BPF_CORE_READ(skb, data_len);

	return count_stack(PROBE_pskb_expand_head, skb,
			   BPF_CORE_READ(skb, len) - n_paged + n_before(skb), false);
}

SEC("fentry/pskb_expand_head")
int BPF_PROG(on_pskb_expand_head, const struct sk_buff *skb)
{
	begin(PROBE_pskb_expand_head);
	count_head(skb);
	return end(PROBE_pskb_expand_head);
}

SEC("fentry/pskb_expand_head")
int BPF_PROG(nested_pskb_expand_head, const struct sk_buff *skb)
{
	return comes_between(PROBE_pskb_expand_head) ? count_head(skb) : 0;
}

/* -ENOMEM, -ENOSPC: no buffer, or too short a one, and nothing is copied; other errors come after the copy. */
static __always_inline int count_xsk(const struct xdp_sock *xs, __u64 bytes, int err)
{
	struct probe_copy_key key = key_of(PROBE___xsk_rcv);

	key.is_lost = err != 0;
	if (err != -12 && err != -28 && is_own(xs))
		count(device_of(BPF_CORE_READ(xs, dev)), PROBE_RX, key, bytes);
	return 0;
}

SEC("fexit/__xsk_rcv")
int BPF_PROG(on_xsk_rcv, const struct xdp_sock *xs, const struct xdp_buff *xdp, __u32 len, int err)
{
	return count_xsk(xs, len, err);
}

/* Before Linux 6.6. */
SEC("fexit/__xsk_rcv")
int BPF_PROG(on_xsk_rcv_linear, const struct xdp_sock *xs, const struct xdp_buff *xdp, int err)
{
	return count_xsk(xs, BPF_CORE_READ(xdp, data_end) - BPF_CORE_READ(xdp, data), err);
}

/* ---- functions that have others copy --------------------------------------------------------- */

static __always_inline int hold(__u32 caller, const void *skb)
{
	__u64 *held = bpf_map_lookup_elem(&in_hand, &caller);

	if (held)
		*held = (__u64)skb;
	return 0;
}

/* An argument that is a pointer to a pointer, which programs may not take as one: what it points to. */
static __always_inline const void *pointed_by(void *ctx, __u32 argument)
{
	const void *found = NULL;
	__u64 place = 0;

	bpf_get_func_arg(ctx, argument, &place);
	bpf_probe_read_kernel(&found, sizeof(found), (const void *)place);
	return found;
}

SEC("fentry/skb_pp_cow_data")
int begin_skb_pp_cow_data(void *ctx)
{
	return hold(PROBE_skb_pp_cow_data, pointed_by(ctx, 1));
}

SEC("fexit/skb_pp_cow_data")
int BPF_PROG(end_skb_pp_cow_data)
{
	return hold(PROBE_skb_pp_cow_data, NULL);
}

SEC("fentry/__pskb_pull_tail")
int BPF_PROG(begin_pskb_pull_tail, struct sk_buff *skb)
{
	return hold(PROBE___pskb_pull_tail, skb);
}

SEC("fexit/__pskb_pull_tail")
int BPF_PROG(end_pskb_pull_tail)
{
	return hold(PROBE___pskb_pull_tail, NULL);
}

SEC("fentry/tpacket_rcv")
int BPF_PROG(begin_tpacket_rcv, struct sk_buff *skb, struct net_device *dev,
	     struct packet_type *type)
{
	return hold(is_own(BPF_CORE_READ(type, af_packet_priv)) ? PROBE_tpacket_rcv
								: PROBE_N_CALLERS,
		    skb);
}

SEC("fexit/tpacket_rcv")
int BPF_PROG(end_tpacket_rcv)
{
	hold(PROBE_N_CALLERS, NULL);
	return hold(PROBE_tpacket_rcv, NULL);
}

SEC("fentry/do_xdp_generic")
int begin_do_xdp_generic(void *ctx)
{
	__u64 skb = 0;

	if (generic_by_reference)
		return hold(PROBE_do_xdp_generic, pointed_by(ctx, 1));
	bpf_get_func_arg(ctx, 1, &skb);
	return hold(PROBE_do_xdp_generic, (const void *)skb);
}

SEC("fexit/do_xdp_generic")
int BPF_PROG(end_do_xdp_generic)
{
	return hold(PROBE_do_xdp_generic, NULL);
}

/* ---- sockets of ours ------------------------------------------------------------------------- */

static __always_inline int own(const void *sk)
{
	__u64 key = (__u64)sk;
	__u8 one = 1;

	if (sk && is_ours() && bpf_map_update_elem(&sockets, &key, &one, BPF_ANY))
		__sync_fetch_and_add(&n_not_counted, 1);
	return 0;
}

/* Before the address is somebody else's. */
static __always_inline int disown(const void *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&sockets, &key);
	return 0;
}

SEC("fentry/packet_release")
int BPF_PROG(on_packet_release, struct socket *socket)
{
	return disown(BPF_CORE_READ(socket, sk));
}

SEC("fentry/xsk_release")
int BPF_PROG(on_xsk_release, struct socket *socket)
{
	return disown(BPF_CORE_READ(socket, sk));
}

SEC("fentry/tun_chr_close")
int BPF_PROG(on_tun_chr_close, void *inode, struct file *file)
{
	return disown(BPF_CORE_READ(file, private_data));
}

SEC("fexit/packet_create")
int BPF_PROG(on_packet_create, void *net, struct socket *socket)
{
	return own(BPF_CORE_READ(socket, sk));
}

SEC("fexit/xsk_create")
int BPF_PROG(on_xsk_create, void *net, struct socket *socket)
{
	return own(BPF_CORE_READ(socket, sk));
}

SEC("fexit/tun_chr_open")
int BPF_PROG(on_tun_chr_open, void *inode, struct file *file)
{
	return own(BPF_CORE_READ(file, private_data));
}

/* ---- beside the copies ----------------------------------------------------------------------- */

static __always_inline int count_event(__u32 event)
{
	__u64 *n = bpf_map_lookup_elem(&events, &event);

	if (n)
		++*n;
	return 0;
}

/* Allocated while a thread of ours runs, softirq work that runs on top of it included. */
SEC("fentry/__alloc_skb")
int BPF_PROG(on_alloc_skb)
{
	return is_ours() ? count_event(PROBE_SKB_ALLOC) : 0;
}

SEC("fentry/skb_clone")
int BPF_PROG(on_skb_clone, const struct sk_buff *skb)
{
	const struct net_device *dev = BPF_CORE_READ(skb, dev);
	struct probe_device device;

	if (!dev)
		return 0;
	device = device_of(dev);
	return bpf_map_lookup_elem(&ports, &device) ? count_event(PROBE_SKB_CLONE) : 0;
}

SEC("raw_tp/sys_enter")
int BPF_PROG(on_sys_enter, void *regs, long number)
{
	struct probe_call_key key = { .number = (__u32)number };
	struct bpf_pidns_info me;
	__u64 one = 1, *n;

	if (bpf_get_ns_current_pid_tgid(self.pidns_dev, self.pidns_ino, &me, sizeof(me)) ||
	    me.tgid != self.pid)
		return 0;
	key.thread = me.pid;
	n = bpf_map_lookup_elem(&system_calls, &key);
	if (n)
		++*n;
	else if (bpf_map_update_elem(&system_calls, &key, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&n_not_counted, 1);
	return 0;
}

#define NET_TX_SOFTIRQ 2
#define NET_RX_SOFTIRQ 3

static __always_inline struct softirq *softirq_of(unsigned int number)
{
	__u32 zero = 0;

	if (number != NET_TX_SOFTIRQ && number != NET_RX_SOFTIRQ)
		return NULL;
	return bpf_map_lookup_elem(&softirqs, &zero);
}

SEC("raw_tp/softirq_entry")
int BPF_PROG(on_softirq_entry, unsigned int number)
{
	struct softirq *softirq = softirq_of(number);

	if (softirq)
		softirq->since_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/softirq_exit")
int BPF_PROG(on_softirq_exit, unsigned int number)
{
	struct softirq *softirq = softirq_of(number);

	if (softirq && softirq->since_ns) {
		softirq->sum_ns += bpf_ktime_get_ns() - softirq->since_ns;
		softirq->since_ns = 0;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
