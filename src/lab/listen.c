/* Listens at an interface for a moment, by a packet socket. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/listen.h"

#include "core/clock.h"
#include "core/netdev.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEP_MS 20

/* Bound before it receives: a socket of protocol 0 gets nothing from other interfaces. */
int bp_listen_open(int ifindex, uint16_t ethertype)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = ifindex };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	at.sll_protocol = __builtin_bswap16(ethertype);
	if (!bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void take(int fd, unsigned n_wanted, struct bp_heard *heard)
{
	while (heard->n < n_wanted) {
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);
		uint8_t head[64];
		ssize_t n =
			recvfrom(fd, head, sizeof(head), MSG_TRUNC, (struct sockaddr *)&from, &len);

		if (n < 0)
			return;
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (!heard->n || (uint32_t)n < heard->min_bytes)
			heard->min_bytes = (uint32_t)n;
		if ((uint32_t)n > heard->max_bytes)
			heard->max_bytes = (uint32_t)n;
		heard->sum_bytes += (uint64_t)n;
		heard->n++;
	}
}

int bp_listen(const char *ifname, unsigned n_wanted, double seconds, struct bp_heard *heard)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(seconds * 1e9);
	int ifindex = bp_netdev_index(-1, ifname), fd, promisc;

	if (ifindex < 0)
		return ifindex;
	fd = bp_listen_open(ifindex, ETH_P_ALL);
	if (fd < 0)
		return fd;
	promisc = bp_netdev_hold_promisc(ifindex);
	*heard = (struct bp_heard){ 0 };
	while (heard->n < n_wanted && bp_clock_ns() < end_ns) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (poll(&p, 1, STEP_MS) > 0)
			take(fd, n_wanted, heard);
	}
	if (promisc >= 0)
		close(promisc);
	close(fd);
	return 0;
}
