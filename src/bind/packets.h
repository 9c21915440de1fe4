/* Packet sockets: tcpdump, af_packet, pcap and their like on an interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_PACKETS_H
#define BYPATH_BIND_PACKETS_H

#include <stdbool.h>

#define BP_PACKETS_MAX 8u

struct bp_packet_socket {
	unsigned protocol; /* EtherType, 3 (ETH_P_ALL): all, 0: nothing is received */
	int ifindex; /* 0: not bound to an interface */
	unsigned long inode;
};

/* A line of /proc/net/packet; false: it is none (the head). Pure. */
bool bp_packets_parse(const char *line, struct bp_packet_socket *socket);

/* The packet sockets of the caller's network namespace that are bound to an interface, into sockets,
 * whose room is BP_PACKETS_MAX. Returns how many. Any thread; blocks for a moment. */
unsigned bp_packets_find(int ifindex, struct bp_packet_socket *sockets);

#endif
