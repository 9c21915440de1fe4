/* Finds the packet sockets of an interface in /proc/net/packet. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/packets.h"

#include <stdio.h>

/* Source: net/packet/af_packet.c, packet_seq_show(). */
bool bp_packets_parse(const char *line, struct bp_packet_socket *socket)
{
	struct bp_packet_socket found;

	if (sscanf(line, "%*s %*d %*d %x %d %*d %*u %*u %lu", &found.protocol, &found.ifindex,
		   &found.inode) != 3)
		return false;
	*socket = found;
	return true;
}

unsigned bp_packets_find(int ifindex, struct bp_packet_socket *sockets)
{
	FILE *f = fopen("/proc/self/net/packet", "re");
	unsigned n = 0;
	char line[256];

	while (f && n < BP_PACKETS_MAX && fgets(line, sizeof(line), f))
		n += bp_packets_parse(line, &sockets[n]) && sockets[n].ifindex == ifindex;
	if (f)
		fclose(f);
	return n;
}
