/* The few fields of the kernel's structures that the probes read, found by CO-RE at load time. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_KERNEL_BPF_H
#define BYPATH_PROBE_KERNEL_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Families of sockets. */
#define AF_PACKET 17
#define AF_XDP    44

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct list_head {
	struct list_head *next;
};

struct net {
	struct ns_common ns;
	struct hlist_head *dev_index_head;
};

struct rtnl_link_ops {
	const char *kind;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	char name[16];
	unsigned long state;
	unsigned int mtu;
	int ifindex;
	struct hlist_node index_hlist;
	struct list_head ptype_all;
	const void *xdp_prog; /* in generic mode */
	const struct rtnl_link_ops *rtnl_link_ops;
	possible_net_t nd_net;
};

struct sock_common {
	unsigned short skc_family;
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
};

struct socket {
	struct sock *sk;
};

typedef struct {
	int counter;
} atomic_t;

struct skb_shared_info {
	atomic_t dataref;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len, data_len;
	unsigned int end; /* an offset: 64 bit */
	unsigned char *head, *data;
	int skb_iif;
	__u16 mac_header;
};

#pragma clang attribute pop

/* An interface, of whatever namespace. */
struct probe_device {
	__u32 netns, ifindex;
};

static __always_inline struct probe_device device_of(const struct net_device *dev)
{
	struct probe_device device = {
		.netns = BPF_CORE_READ(dev, nd_net.net, ns.inum),
		.ifindex = (__u32)BPF_CORE_READ(dev, ifindex),
	};

	return device;
}

#endif
