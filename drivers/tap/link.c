/* Questions to the kernel about one network interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "link.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Since Linux 5.2; older headers lack it. */
#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

int bp_tap_link_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

int bp_tap_link_open_beside(int tap_fd)
{
	int there = ioctl(tap_fd, TUNGETDEVNETNS), home, fd, err;

	if (there < 0)
		return -errno;
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0) {
		fd = -errno;
		goto close_there;
	}
	if (setns(there, CLONE_NEWNET) < 0) {
		fd = -errno;
		goto close_home;
	}
	fd = bp_tap_link_open();
	err = setns(home, CLONE_NEWNET);
	assert(!err); /* one that this thread has just left */
	(void)err;
close_home:
	close(home);
close_there:
	close(there);
	return fd;
}

static int ask(int fd, const char *name, unsigned long request, struct ifreq *req)
{
	snprintf(req->ifr_name, sizeof(req->ifr_name), "%s", name);
	return ioctl(fd, request, req) < 0 ? -errno : 0;
}

int bp_tap_link_index(int fd, const char *name)
{
	struct ifreq req = { .ifr_ifindex = 0 };
	int err = ask(fd, name, SIOCGIFINDEX, &req);

	return err ? err : req.ifr_ifindex;
}

void bp_tap_link_set_up(int fd, const char *name)
{
	struct ifreq req = { .ifr_flags = 0 };

	if (ask(fd, name, SIOCGIFFLAGS, &req))
		return;
	req.ifr_flags = (short)(req.ifr_flags | IFF_UP);
	ask(fd, name, SIOCSIFFLAGS, &req);
}

uint32_t bp_tap_link_mtu(int fd, const char *name)
{
	struct ifreq req = { .ifr_mtu = 0 };

	return ask(fd, name, SIOCGIFMTU, &req) ? 0 : (uint32_t)req.ifr_mtu;
}

static int parse_drops(const struct nlmsghdr *msg, uint64_t *to_us, uint64_t *from_us)
{
	const struct ifinfomsg *info = NLMSG_DATA(msg);
	size_t left = msg->nlmsg_len - NLMSG_LENGTH(sizeof(*info));

	for (const struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		struct rtnl_link_stats64 stats;

		if (a->rta_type != IFLA_STATS64 || RTA_PAYLOAD(a) < sizeof(stats.rx_packets) * 8)
			continue;
		memset(&stats, 0, sizeof(stats));
		memcpy(&stats, RTA_DATA(a), /* header */
		       RTA_PAYLOAD(a) < sizeof(stats) ? RTA_PAYLOAD(a) : sizeof(stats));
		/* The interface's view: it transmits towards us, and receives what we write. */
		*to_us = stats.tx_dropped;
		*from_us = stats.rx_dropped;
		return 0;
	}
	return -ENODATA;
}

int bp_tap_link_drops(int fd, int ifindex, uint64_t *to_us, uint64_t *from_us)
{
	struct {
		struct nlmsghdr msg;
		struct ifinfomsg info;
	} request = {
		.msg = { .nlmsg_len = sizeof(request),
			 .nlmsg_type = RTM_GETLINK,
			 .nlmsg_flags = NLM_F_REQUEST },
		.info = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex },
	};
	union {
		struct nlmsghdr msg; /* alignment */
		char bytes[16384];
	} answer;
	ssize_t n;

	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < 0)
		return -errno;
	if (!NLMSG_OK(&answer.msg, (size_t)n) || answer.msg.nlmsg_type != RTM_NEWLINK)
		return -ENODEV;
	return parse_drops(&answer.msg, to_us, from_us);
}
