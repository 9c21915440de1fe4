/* Counts the packets that the kernel drops at the ports' interfaces, at their far ends and behind them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel.bpf.h"

#include "drops.bpf.h"
#include "ours.bpf.h"

#define NO_MAC_HEADER 0xffff /* skb_mac_header_was_set() */
#define HASH_ENTRIES  256 /* NETDEV_HASHENTRIES */
#define CHAIN_MAX     16
#define DATAREF_MASK  0xffff /* SKB_DATAREF_MASK */

const volatile bool
	tells_receiver; /* kfree_skb has a fourth argument, the socket that dropped it (Linux 6.11) */

bool is_open; /* the ports are: what came before was not theirs to lose */
bool is_ending; /* nor is what comes in from now on */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct probe_name);
	__type(value, __u16); /* index of the scope's */
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 2048);
	__type(key, struct probe_drop_key);
	__type(value, struct probe_drop);
} drops SEC(".maps");

/* What is known of an interface, by its address or by its namespace's, for a second: names and peers are many reads. */
struct known_key {
	__u64 at; /* struct net_device, or struct net */
	__u32 ifindex, zero;
};

struct known {
	const struct net_device *dev, *peer; /* peer NULL: it is no veth */
	struct probe_name name; /* netns 0: there is no such interface */
	__u32 second;
	__u16 port; /* of which it is the interface, or the far end */
	__u8 place; /* PROBE_HERE, PROBE_FAR; NOWHERE: it is no port's */
	__u8 zeros[5]; /* no byte of it may be undefined (before Linux 6.3) */
};

#define NOWHERE 0xff

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct known_key);
	__type(value, struct known);
} interfaces SEC(".maps");

/* The last packet that was dropped on a CPU, and whose interface was not to be found. */
struct unplaced {
	struct probe_drop_key key;
	__u32 in_index; /* of the interface that had received it; 0: there is none */
	__u32 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct unplaced);
} last_unplaced SEC(".maps");

__u64 n_not_counted; /* drops of the ports' packets for which the map had no room */

/* ---- interfaces ------------------------------------------------------------------------------ */

static __always_inline __u32 netns_of(const struct net_device *dev)
{
	return dev ? BPF_CORE_READ(dev, nd_net.net, ns.inum) : 0;
}

static __always_inline struct probe_name name_of(const struct net_device *dev)
{
	struct probe_name name = { .netns = netns_of(dev) };

	bpf_probe_read_kernel_str(name.name, sizeof(name.name), &dev->name);
	return name;
}

/* The port that has the interface; NULL: none has. */
static __always_inline __u16 *port_of(const struct net_device *dev)
{
	struct probe_name name;

	if (!dev)
		return NULL;
	name = name_of(dev);
	return bpf_map_lookup_elem(&ports, &name);
}

/* The other end of a veth: the first word of its private data, which lie behind the device. */
static __always_inline const struct net_device *peer_of(const struct net_device *dev)
{
	const char *kind = dev ? BPF_CORE_READ(dev, rtnl_link_ops, kind) : NULL;
	const struct net_device *peer = NULL;
	char text[5] = { 0 };

	if (!kind || bpf_probe_read_kernel_str(text, sizeof(text), kind) != sizeof(text) ||
	    text[0] != 'v' || text[1] != 'e' || text[2] != 't' || text[3] != 'h')
		return NULL;
	bpf_probe_read_kernel(&peer, sizeof(peer),
			      (const char *)dev +
				      ((bpf_core_type_size(struct net_device) + 31) & ~31ul));
	return peer;
}

/* The interface of an index in a network namespace; NULL: there is none. */
static __always_inline const struct net_device *device_at(const struct net *net, __u32 ifindex)
{
	const struct hlist_head *heads = net ? BPF_CORE_READ(net, dev_index_head) : NULL;
	const struct hlist_node *node = NULL;

	if (!heads || !ifindex)
		return NULL;
	bpf_probe_read_kernel(&node, sizeof(node), &heads[ifindex & (HASH_ENTRIES - 1)].first);
	for (int i = 0; i < CHAIN_MAX && node; i++) {
		const struct net_device *dev =
			(const void *)((const char *)node -
				       bpf_core_field_offset(struct net_device, index_hlist));

		if (BPF_CORE_READ(dev, ifindex) == (int)ifindex)
			return dev;
		bpf_probe_read_kernel(&node, sizeof(node), &node->next);
	}
	return NULL;
}

/* ---- what is known of them ------------------------------------------------------------------- */

static __always_inline __u32 this_second(void)
{
	return (__u32)(bpf_ktime_get_ns() >> 30);
}

static __always_inline void fill(struct known *known, const struct net_device *dev)
{
	__u16 *port = port_of(dev);

	known->dev = dev;
	known->peer = peer_of(dev);
	known->name = name_of(dev);
	known->place = PROBE_HERE;
	if (!port) {
		port = port_of(known->peer);
		known->place = PROBE_FAR;
	}
	if (port)
		known->port = *port;
	else
		known->place = NOWHERE;
}

/* net NULL: of dev; else of the interface of that index in it. NULL: there is none. */
static __always_inline const struct known *look_up(const struct net_device *dev,
						   const struct net *net, __u32 ifindex)
{
	struct known_key key = { .at = net ? (__u64)net : (__u64)dev, .ifindex = ifindex };
	const struct known *known = bpf_map_lookup_elem(&interfaces, &key);
	struct known fresh = { .second = this_second() };

	/* Whose interface it is, is not known yet, and would be remembered so. */
	if (!is_open)
		return NULL;
	if (known && known->second == fresh.second)
		return known;
	if (net)
		dev = device_at(net, ifindex);
	if (!dev)
		return NULL;
	fill(&fresh, dev);
	/* What lies there may be no interface. */
	if (!fresh.name.netns)
		return NULL;
	bpf_map_update_elem(&interfaces, &key, &fresh, BPF_ANY);
	return bpf_map_lookup_elem(&interfaces, &key);
}

static __always_inline const struct known *known_of(const struct net_device *dev)
{
	return dev ? look_up(dev, NULL, (__u32)BPF_CORE_READ(dev, ifindex)) : NULL;
}

/* ---- whose packet ---------------------------------------------------------------------------- */

/* The port whose own interface that is, plus 1; 0: it is none's. */
static __always_inline __u16 port_here(const struct known *known)
{
	return known && known->place == PROBE_HERE ? known->port + 1 : 0;
}

/* The port, plus 1, that received a packet which leaves by another interface of its namespace; 0: none did. */
static __always_inline __u16 received_by(const struct sk_buff *skb, const struct net_device *dev)
{
	const struct net *net = BPF_CORE_READ(dev, nd_net.net);
	__u32 in_index = (__u32)BPF_CORE_READ(skb, skb_iif);

	return net && in_index ? port_here(look_up(NULL, net, in_index)) : 0;
}

/* Fill port and place of what was dropped there, or behind; false: no port has to do with it. */
static __always_inline bool take_port(const struct known *known, bool is_behind,
				      struct probe_drop_key *key)
{
	if (!known || known->place == NOWHERE)
		return false;
	key->port = known->port;
	key->place = !is_behind                  ? known->place
		     : known->place == PROBE_FAR ? PROBE_BEHIND_FAR
						 : PROBE_BEHIND_HERE;
	return true;
}

static __always_inline __u8 sender_of(const struct sk_buff *skb)
{
	const struct sock *sk = BPF_CORE_READ(skb, sk);
	__u16 family;

	if (!sk)
		return PROBE_SENDER_NONE;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return family == AF_PACKET ? PROBE_SENDER_PACKET
	       : family == AF_XDP  ? PROBE_SENDER_XDP
				   : PROBE_SENDER_OTHER;
}

/* An skb that never held a packet: setting up NAPI makes one, to see where its memory comes from. */
static __always_inline bool is_blank(const struct sk_buff *skb)
{
	return !BPF_CORE_READ(skb, len) && BPF_CORE_READ(skb, mac_header) == NO_MAC_HEADER;
}

/* Has a packet without a receiving interface come in? eth_type_trans() has its data behind the Ethernet
 * header; who sends has them before it. */
static __always_inline bool is_behind_header(const struct sk_buff *skb)
{
	__u16 mac = BPF_CORE_READ(skb, mac_header);
	__u64 data = BPF_CORE_READ(skb, data) - BPF_CORE_READ(skb, head);

	return mac != NO_MAC_HEADER && data > mac;
}

static __always_inline bool is_clone(const struct sk_buff *skb)
{
	const struct skb_shared_info *shared =
		(const void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));

	return (BPF_CORE_READ(shared, dataref.counter) & DATAREF_MASK) > 1;
}

static __always_inline bool is_tapped(const struct net_device *dev)
{
	const void *first;

	if (!bpf_core_field_exists(dev->ptype_all))
		return false;
	first = BPF_CORE_READ(dev, ptype_all.next);
	return first && first != (const void *)&dev->ptype_all;
}

static __always_inline bool is_down(const struct net_device *dev)
{
	unsigned long state = BPF_CORE_READ(dev, state);

	/* __LINK_STATE_START, __LINK_STATE_NOCARRIER */
	return !(state & 1) || (state & 4);
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Dropped on its way to the port, not from it? */
static __always_inline bool is_received(const struct probe_drop_key *key)
{
	bool is_far = key->place == PROBE_FAR || key->place == PROBE_BEHIND_FAR;

	return !(key->flags & PROBE_IS_RX) == is_far;
}

static __always_inline int count(const struct known *where, struct probe_drop_key *key,
				 __u64 packets, __u32 bytes)
{
	const struct net_device *peer = where->peer;
	struct probe_drop zero = { 0 }, *drop;

	if (is_ending && is_received(key))
		return 0;
	key->device = where->name;
	key->flags |= is_down(where->dev) ? PROBE_IS_DOWN : 0;
	drop = bpf_map_lookup_elem(&drops, key);
	if (!drop) {
		bpf_map_update_elem(&drops, key, &zero, BPF_NOEXIST);
		drop = bpf_map_lookup_elem(&drops, key);
	}
	if (!drop) {
		__sync_fetch_and_add(&n_not_counted, packets);
		return 0;
	}
	drop->packets += packets;
	drop->bytes += bytes;
	if (bytes > drop->longest)
		drop->longest = bytes;
	drop->peer_mtu = peer ? BPF_CORE_READ(peer, mtu) : 0;
	return 0;
}

/* As take_port(), of a packet that an interface has received. */
static __always_inline bool take_received(const struct known *in, bool is_behind,
					  struct probe_drop_key *key)
{
	if (!take_port(in, is_behind, key))
		return false;
	key->flags |= PROBE_IS_RX | (is_tapped(in->dev) ? PROBE_IS_TAPPED : 0);
	return true;
}

/*
 * Fill port, place and direction of a packet that was dropped. Returns where; NULL: it is no port's.
 * UDP's queue writes over skb->dev (udp_set_dev_scratch()): then the namespace is the receiving socket's.
 */
static __always_inline const struct known *
place_skb(const struct sk_buff *skb, const struct sock *receiver, struct probe_drop_key *key)
{
	const struct net_device *dev = BPF_CORE_READ(skb, dev);
	const struct known *where = known_of(dev), *in;
	__u32 in_index = (__u32)BPF_CORE_READ(skb, skb_iif);
	const struct net *net;

	if (take_port(where, false, key)) {
		bool is_rx = in_index ? in_index == (__u32)BPF_CORE_READ(dev, ifindex)
				      : is_behind_header(skb);

		key->flags |= is_rx ? PROBE_IS_RX | (in_index ? 0 : PROBE_IS_EARLY) : 0;
		key->flags |= is_rx && is_tapped(dev) ? PROBE_IS_TAPPED : 0;
		return where;
	}
	if (!in_index || (!where && !receiver))
		return NULL;
	net = where ? BPF_CORE_READ(dev, nd_net.net)
		    : BPF_CORE_READ(receiver, __sk_common.skc_net.net);
	in = net ? look_up(NULL, net, in_index) : NULL;
	if (!take_received(in, where != NULL, key))
		return NULL;
	key->flags |= is_clone(skb) ? PROBE_IS_CLONE : 0;
	return where ? where : in;
}

static __always_inline struct unplaced *unplaced_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&last_unplaced, &zero);
}

/* Where nothing tells the receiving socket yet, its failure does, right behind. */
static __always_inline void remember(const struct sk_buff *skb, const struct probe_drop_key *key,
				     bool is_placed)
{
	struct unplaced *last = tells_receiver ? NULL : unplaced_here();

	if (!last)
		return;
	last->key = *key;
	last->in_index = is_placed ? 0 : (__u32)BPF_CORE_READ(skb, skb_iif);
	last->bytes = BPF_CORE_READ(skb, len);
}

SEC("raw_tp/kfree_skb")
int BPF_PROG(on_kfree_skb, const struct sk_buff *skb, void *location, __u32 reason)
{
	const struct sock *receiver = tells_receiver ? (const void *)(long)ctx[3] : NULL;
	struct probe_drop_key key = { .location = (__u64)location,
				      .reason = reason,
				      .teller = PROBE_SKB };
	const struct known *where = is_blank(skb) ? NULL : place_skb(skb, receiver, &key);

	remember(skb, &key, where != NULL);
	if (!where)
		return 0;
	/* Only at the port's own interface, on its way out, can a packet be another sender's. */
	if (key.place == PROBE_HERE && !(key.flags & PROBE_IS_RX)) {
		key.sender = sender_of(skb);
		key.from = received_by(skb, where->dev);
		key.flags |= is_ours() ? PROBE_IS_SELF : 0;
	}
	return count(where, &key, 1, BPF_CORE_READ(skb, len));
}

/* Before Linux 6.11: it has freed the packet that was for the socket. */
SEC("raw_tp/udp_fail_queue_rcv_skb")
int BPF_PROG(on_udp_fail_queue_rcv_skb, int err, const struct sock *receiver)
{
	const struct net *net = BPF_CORE_READ(receiver, __sk_common.skc_net.net);
	struct unplaced *last = unplaced_here();
	struct probe_drop_key key;
	const struct known *in;

	if (!last || !last->in_index || !net)
		return 0;
	key = last->key;
	in = look_up(NULL, net, last->in_index);
	last->in_index = 0;
	return take_received(in, false, &key) ? count(in, &key, 1, last->bytes) : 0;
}

/* ---- frames that never became an skb --------------------------------------------------------- */

static __always_inline int count_xdp(const struct net_device *dev, const void *program, __u8 teller,
				     __u32 reason)
{
	struct probe_drop_key key = { .reason = reason,
				      .teller = teller,
				      .flags = PROBE_IS_RX | PROBE_IS_EARLY };
	const struct known *where = known_of(dev);

	if (!take_port(where, false, &key))
		return 0;
	key.flags |= BPF_CORE_READ(dev, xdp_prog) == program ? PROBE_IS_GENERIC : 0;
	return count(where, &key, 1, 0);
}

SEC("raw_tp/xdp_exception")
int BPF_PROG(on_xdp_exception, const struct net_device *dev, const void *program, __u32 verdict)
{
	return count_xdp(dev, program, PROBE_XDP_EXCEPTION, verdict);
}

SEC("raw_tp/xdp_redirect_err")
int BPF_PROG(on_xdp_redirect_err, const struct net_device *dev, const void *program,
	     const void *target, int err)
{
	return count_xdp(dev, program, PROBE_XDP_REDIRECT, (__u32)-err);
}

/* Frames that one device redirected to another, which did not take them all. */
SEC("raw_tp/xdp_devmap_xmit")
int BPF_PROG(on_xdp_devmap_xmit, const struct net_device *from, const struct net_device *to,
	     int n_sent, int n_dropped, int err)
{
	struct probe_drop_key key = { .reason = (__u32)-err, .teller = PROBE_DEVMAP };
	const struct known *where = n_dropped > 0 ? known_of(to) : NULL, *in;

	if (!where)
		return 0;
	in = known_of(from);
	if (take_port(where, false, &key)) {
		key.from = key.place == PROBE_HERE ? port_here(in) : 0;
		return count(where, &key, (__u64)n_dropped, 0);
	}
	key.flags = PROBE_IS_RX | PROBE_IS_EARLY;
	return take_port(in, true, &key) ? count(where, &key, (__u64)n_dropped, 0) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
