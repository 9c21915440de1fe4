/* A packet socket that holds nothing: what finds no room in it is counted all the same. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/witness.h"

#include "core/netdev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_up(int fd, int ifindex)
{
	const struct packet_mreq all = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC };
	const struct sockaddr_ll address = { .sll_family = AF_PACKET,
					     .sll_protocol = htons(ETH_P_ALL),
					     .sll_ifindex = ifindex };
	int one = 1, n_bytes = 1; /* the kernel's least */

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n_bytes, sizeof(n_bytes));
	if (bp_netdev_deafen(fd) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return 0;
}

int bp_witness_open(const char *ifname)
{
	int ifindex = bp_netdev_index(-1, ifname);
	int fd = ifindex < 0 ? -1 : socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int err;

	if (ifindex < 0)
		return ifindex;
	if (fd < 0)
		return -errno;
	err = set_up(fd, ifindex);
	if (!err)
		return fd;
	close(fd);
	return err;
}

void bp_witness_begin(int fd)
{
	int none = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
}

int bp_witness_end(int fd, uint64_t *n)
{
	struct tpacket_stats stats;
	socklen_t n_bytes = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n_bytes))
		return -errno;
	*n = stats.tp_packets; /* those dropped among them */
	return 0;
}
