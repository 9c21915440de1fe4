/* The causes that are known: from the kernel's include/net/dropreason-core.h, and its functions. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/causes.h"

#include <string.h>

const struct bp_cause bp_cause_no_carrier = {
	"no carrier", "the interface was down or had no carrier",
	"set both ends up; look at the cable, the peer, the switch port", false
};
const struct bp_cause bp_cause_past_program = {
	"past the program",
	"the port's XDP program did not take it, so it went to the host's stack, which dropped it",
	"see who detaches the program, and that each receive queue has a socket (queues)", false
};

const struct bp_cause bp_cause_refused = {
	"refused", "bypath's program did not carry it, or another program there drops it",
	"see the other port's drops (port_down, tx_too_long); bpftool net", false
};

#define RAISE_BUFFER \
	"read faster, or give the socket a larger buffer (SO_RCVBUF, net.core.rmem_max)"
#define LOOK_ROUTES "look at the routes there (ip route get)"
#define LOOK_SENDER "look at what the sender makes: tcpdump -vv shows the field"
#define LOOK_QDISC  "tc -s qdisc: a longer queue, a faster shape, or less offered load"
#define LOOK_BRIDGE "bridge link; bridge vlan: the port's state and VLANs"
#define LOOK_TAKER  "what should take it: the VLAN's interface, a program, a module"
#define LOOK_TAP    "ip -d tuntap names the processes that read the tap: one of them has set it"
#define LOOK_QUEUE  "change the queueing discipline before the run"
#define LESS_LOAD   "less offered load, or a longer device queue (ethtool -G)"

static const struct bp_cause reasons[] = {
	{ "BPF_CGROUP_EGRESS", "a cgroup's BPF program refused it", "bpftool cgroup tree", false },
	{ "BRIDGE_INGRESS_STP_STATE", "the bridge port there does not learn or forward",
	  LOOK_BRIDGE, false },
	{ "CPU_BACKLOG", "the CPU's queue of received packets was full",
	  "raise net.core.netdev_max_backlog, or spread the load (RPS, more queues)", false },
	{ "DEV_HDR", "the driver could not read its header", LOOK_SENDER, false },
	{ "DEV_READY", "the interface was not up", "ip link set … up", false },
	{ "DUP_FRAG", "a fragment that had come already",
	  "look for a loop, or a mirror, by which packets come twice", false },
	{ "FQ_BAND_LIMIT", "a band of fq was full", LOOK_QDISC, false },
	{ "FQ_FLOW_LIMIT", "the flow's queue in fq was full", LOOK_QDISC, false },
	{ "FQ_HORIZON_LIMIT", "its send time was too far ahead for fq", LOOK_QDISC, false },
	{ "FRAG_REASM_TIMEOUT", "the other fragments did not come in time",
	  "look for what loses them, or send smaller packets", false },
	{ "FULL_RING", "the queue to the tap's reader was full",
	  "read the tap faster, or give it a longer queue (ip link set … txqueuelen)", false },
	{ "HDR_TRUNC", "it was too short for its own headers", LOOK_SENDER, false },
	{ "ICMP_CSUM", "its ICMP checksum is wrong", LOOK_SENDER, false },
	{ "INVALID_PROTO", "its protocol is none that the kernel takes there", LOOK_SENDER, false },
	{ "IPV6DISABLED", "IPv6 is disabled there", "sysctl net.ipv6.conf.….disable_ipv6", false },
	{ "IPV6_BAD_EXTHDR", "an IPv6 extension header is malformed", LOOK_SENDER, false },
	{ "IP_CSUM", "its IPv4 header checksum is wrong", LOOK_SENDER, false },
	{ "IP_INADDRERRORS", "its addresses belong on no interface there", LOOK_ROUTES, false },
	{ "IP_INHDR", "its IP header is malformed, or its TTL or hop limit has run out",
	  "look for a routing loop; " LOOK_SENDER, false },
	{ "IP_INNOROUTES", "the host has no route to its destination, or does not forward",
	  LOOK_ROUTES " and at net.ipv4.ip_forward", false },
	{ "IP_INVALID_DEST", "its destination address is none", LOOK_SENDER, false },
	{ "IP_INVALID_SOURCE", "its source address is none that a sender may have", LOOK_SENDER,
	  false },
	{ "IP_LOCALNET", "it has an address of 127.0.0.0/8 on a wire", LOOK_SENDER, false },
	{ "IP_LOCAL_SOURCE", "its source is an address of the host that received it",
	  "look for the address twice, or for frames that come back", false },
	{ "IP_NOPROTO", "nothing on the host speaks its IP protocol", "load or start what does",
	  false },
	{ "IP_OUTNOROUTES", "the host has no route to send it on", LOOK_ROUTES, false },
	{ "IP_RPFILTER", "the host would send answers by another interface (reverse-path filter)",
	  "sysctl net.ipv4.conf.….rp_filter=2 or 0, for all and for the interface, or a route back",
	  false },
	{ "IP_TUNNEL_ECN", "the tunnel's ECN bits contradict the packet's",
	  "dmesg names the tunnel's other end: it must treat ECN as RFC 6040 says", false },
	{ "LOCAL_MAC", "its source is a MAC address of the host itself", "look for a loop", false },
	{ "MAC_INVALID_SOURCE", "its source MAC address is none", LOOK_SENDER, false },
	{ "NEIGH_CREATEFAIL", "no room for another neighbour",
	  "sysctl net.ipv4.neigh.default.gc_thresh3", false },
	{ "NEIGH_DEAD", "the next hop's entry was being deleted",
	  "ip monitor neigh shows when: who deletes it, or takes its interface down?", false },
	{ "NEIGH_FAILED", "the next hop does not answer ARP or ND",
	  "ip neigh: is the next hop there?", false },
	{ "NEIGH_QUEUEFULL", "too many packets waited for the next hop's MAC address",
	  "ip neigh: is the next hop there? sysctl net.ipv4.neigh.….unres_qlen_bytes", false },
	{ "NETFILTER_DROP", "a rule of nftables or iptables drops it",
	  "nft list ruleset; iptables-save -c", false },
	{ "NOMEM", "no memory was to be had", "free memory, or raise vm.min_free_kbytes", false },
	{ "NO_SOCKET", "nobody listens at its port", "start what should receive it; ss -lun",
	  false },
	{ "NO_TX_TARGET", "the bridge there had nowhere to send it", "bridge fdb; bridge link",
	  false },
	{ "OTHERHOST",
	  "its destination MAC address is another host's, or it has a VLAN tag of nobody there",
	  "the right address, mode = macswap, promiscuity, or the VLAN's interface there", false },
	{ "PACKET_SOCK_ERROR", "a packet socket's buffer was full", RAISE_BUFFER, false },
	{ "PFMEMALLOC", "it lay in the memory that is kept for emergencies",
	  "raise vm.min_free_kbytes", false },
	{ "PKT_TOO_BIG", "it is longer than the MTU ahead and must not be fragmented",
	  "raise that MTU, or send shorter ones", false },
	{ "PKT_TOO_SMALL", "it is shorter than its headers say", LOOK_SENDER, false },
	{ "PROTO_MEM", "the protocol's memory is used up", "sysctl net.ipv4.udp_mem, tcp_mem",
	  false },
	{ "QDISC_CONGESTED", "the queueing discipline signals congestion by it", LOOK_QDISC,
	  false },
	{ "QDISC_DROP", "the interface's queueing discipline had no room, or is made to drop",
	  LOOK_QDISC, false },
	{ "QDISC_OVERLIMIT", "the interface's queueing discipline was full", LOOK_QDISC, false },
	{ "QUEUE_PURGE", "its queue was thrown away with what it held",
	  "change queueing disciplines, interfaces and sockets when no packet waits in them",
	  false },
	{ "RECURSION_LIMIT", "interfaces that send to each other went too deep", "look for a loop",
	  false },
	{ "SECURITY_HOOK", "a security module refused it", "look into the audit log", false },
	{ "SKB_CONSUMED", "it was made use of", NULL, true },
	{ "SKB_CSUM", "its checksum is wrong", LOOK_SENDER, false },
	{ "SKB_GSO_SEG", "the kernel could not cut a super-frame", "ethtool -K … tso off gso off",
	  false },
	{ "SKB_NOT_DROPPED_YET", "it was made use of", NULL, true },
	{ "SKB_UCOPY_FAULT", "its bytes could not be copied",
	  "free memory, or no zero-copy at the sender (vhost_net's experimental_zcopytx=0)",
	  false },
	{ "SOCKET_BACKLOG", "the socket was locked and its backlog full", RAISE_BUFFER, false },
	{ "SOCKET_CLOSE", "its socket was closed",
	  "see why its program ended, or let it read to the end first", false },
	{ "SOCKET_FILTER", "the socket's filter refused it",
	  "look at what SO_ATTACH_FILTER says there", false },
	{ "SOCKET_RCVBUFF", "the socket's buffer was full", RAISE_BUFFER, false },
	{ "TAP_FILTER", "a BPF program on the tap refused it (TUNSETFILTEREBPF)", LOOK_TAP, false },
	{ "TAP_TXFILTER", "the tap's filter refused its address (TUNSETTXFILTER)", LOOK_TAP,
	  false },
	{ "TCP_CSUM", "its TCP checksum is wrong", LOOK_SENDER, false },
	{ "TCP_OLD_DATA", "a TCP segment that had come already",
	  "a few are usual; many: look for lost acknowledgements, or packets that come twice",
	  false },
	{ "TC_EGRESS", "a filter of tc drops it on the way out", "tc -s filter show dev … egress",
	  false },
	{ "TC_INGRESS", "a filter of tc drops it on the way in", "tc -s filter show dev … ingress",
	  false },
	{ "UDP_CSUM", "its UDP checksum is wrong", LOOK_SENDER, false },
	{ "UNHANDLED_PROTO", "nobody there takes its EtherType or its VLAN", LOOK_TAKER, false },
	{ "UNICAST_IN_L2_MULTICAST", "a unicast packet in a frame to many", LOOK_SENDER, false },
	{ "XDP", "an XDP program drops it", "bpftool net: whose program is it?", false },
	{ "XFRM_POLICY", "an IPsec policy refuses it", "ip xfrm policy", false },
};

#define MTU    "the far end's MTU is too small for it"
#define BRIDGE "the bridge there does not let it pass: the port's state, or its VLANs"
#define SOCKET "a packet socket's buffer was full"
#define XDP    "an XDP program drops it"

/* Where the kernel gives no reason: in Linux 6.1 more than later. */
static const struct bp_cause functions[] = {
	{ "__rtnl_unlock", "its queue was thrown away with what it held", LOOK_QUEUE, false },
	{ "__allowed_ingress", BRIDGE, LOOK_BRIDGE, false },
	{ "__br_forward", BRIDGE, LOOK_BRIDGE, false },
	{ "__dev_direct_xmit", "the interface's driver did not take it, or it was down",
	  "qdisc_bypass = no, a longer device queue (ethtool -G), less offered load", false },
	{ "__dev_forward_skb", MTU, "ip link set … mtu there", false },
	{ "__dev_forward_skb2", MTU, "ip link set … mtu there", false },
	{ "__dev_kfree_skb_any", "the driver had no room for it", LESS_LOAD, false },
	{ "__netif_receive_skb_core", "nobody there takes its EtherType or its VLAN", LOOK_TAKER,
	  false },
	{ "arp_rcv", "an ARP packet that is not for the host", NULL, true },
	{ "br_allowed_ingress", BRIDGE, LOOK_BRIDGE, false },
	{ "br_handle_frame", BRIDGE, LOOK_BRIDGE, false },
	{ "br_handle_frame_finish", BRIDGE, LOOK_BRIDGE, false },
	{ "dev_forward_skb", MTU, "ip link set … mtu there", false },
	{ "dev_kfree_skb_any_reason", "the driver had no room for it", LESS_LOAD, false },
	{ "do_xdp_generic", XDP, "bpftool net: whose program is it?", false },
	{ "enqueue_to_backlog",
	  "the interface was down, or the CPU's queue of received packets full",
	  "raise net.core.netdev_max_backlog", false },
	{ "igmp_rcv", "an IGMP message, read", NULL, true },
	{ "ip_error", "the host has no route to its destination", LOOK_ROUTES, false },
	{ "ip_forward", "the host does not forward it", LOOK_ROUTES, false },
	{ "ip_rcv_finish_core",
	  "the host refuses its addresses: a group that it has not joined, a source that is none",
	  "ip maddr; net.ipv4.conf.….log_martians", false },
	{ "netif_receive_generic_xdp", XDP, "bpftool net: whose program is it?", false },
	{ "packet_direct_xmit", "the interface's driver did not take it", "qdisc_bypass = no",
	  false },
	{ "packet_rcv", SOCKET, RAISE_BUFFER, false },
	{ "ping_rcv", "an echo reply, which raw sockets were given before", NULL, true },
	{ "rtnl_unlock", "its queue was thrown away with what it held", LOOK_QUEUE, false },
	{ "tpacket_rcv", SOCKET, "read faster, or a larger ring_size", false },
	{ "veth_xdp_rcv_skb", XDP, "bpftool net: whose program is it?", false },
	{ "veth_xmit", "the far end is gone, or had no room for it",
	  "less offered load, or (Linux 6.16) a queueing discipline on the interface, which holds the rest",
	  false },
};

static const struct bp_cause redirects[] = {
	{ "EMSGSIZE", "it is longer than the other interface's MTU", "ip link set … mtu there",
	  false },
	{ "EINVAL", "the socket or interface is none for this queue",
	  "queues = as many as the device has", false },
	{ "ENETDOWN", "the other interface was down", "ip link set … up", false },
	{ "ENOBUFS", "the AF_XDP socket's receive ring was full",
	  "a larger ring_size, more workers, more queues", false },
	{ "ENOENT", "the map has nothing for it",
	  "bpftool map dump: fill the entry that the program asks for", false },
	{ "ENOMEM", "the AF_XDP socket's fill ring was empty",
	  "a larger ring_size, more [memory] frames", false },
	{ "ENOSPC", "it is longer than the AF_XDP socket's chunks, or the target had no room",
	  "a smaller MTU, or less offered load", false },
	{ "ENXIO",
	  "the target was not ready: no socket is bound, or the other end of a veth runs no XDP",
	  "a program of XDP, or ethtool -K … gro on, at the other end", false },
	{ "EOPNOTSUPP",
	  "the other interface's driver takes no redirected frames; a veth's does when its other end runs XDP or GRO",
	  "ethtool -K … gro on, at the other end", false },
	{ "REFUSED",
	  "the other interface's driver did not take it: its queue was full, or its far end's MTU is too small for it",
	  "look at that far end's MTU; less offered load", false },
};

static const struct bp_cause verdicts[] = {
	{ "XDP_ABORTED", "an XDP program failed with it", "look at that program (bpftool prog)",
	  false },
	{ "XDP_TX", "an XDP program sent it back, which failed",
	  "less offered load; on a veth XDP or GRO at the other end (ethtool -K … gro on)", false },
	{ "XDP_REDIRECT", "an XDP program redirected it, which failed",
	  "look at where that program sends: the interface up, its map filled (bpftool map dump)",
	  false },
};

/* ---- find ------------------------------------------------------------------------------------ */

#define TABLE(causes)                                        \
	{                                                    \
		causes, sizeof(causes) / sizeof((causes)[0]) \
	}
enum { REASONS, FUNCTIONS, REDIRECTS, VERDICTS, N_TABLES };
static const struct {
	const struct bp_cause *causes;
	size_t n;
} tables[N_TABLES] = {
	[REASONS] = TABLE(reasons),
	[FUNCTIONS] = TABLE(functions),
	[REDIRECTS] = TABLE(redirects),
	[VERDICTS] = TABLE(verdicts),
};

static const struct bp_cause *find(unsigned table, const char *name)
{
	for (size_t i = 0; name && i < tables[table].n; i++)
		if (!strcmp(tables[table].causes[i].name, name))
			return &tables[table].causes[i];
	return NULL;
}

const struct bp_cause *bp_cause_of_reason(const char *reason)
{
	return find(REASONS, reason);
}

const struct bp_cause *bp_cause_of_function(const char *function)
{
	return find(FUNCTIONS, function);
}

const struct bp_cause *bp_cause_of_redirect(const char *error)
{
	return find(REDIRECTS, error);
}

const struct bp_cause *bp_cause_of_verdict(const char *verdict)
{
	return find(VERDICTS, verdict);
}

const struct bp_cause *bp_cause_at(size_t i)
{
	for (unsigned table = 0; table < N_TABLES; table++) {
		if (i < tables[table].n)
			return &tables[table].causes[i];
		i -= tables[table].n;
	}
	return NULL;
}
