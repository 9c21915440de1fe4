/* A packet socket on an interface of a named namespace, with the clock that its users compare. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_BENCH_LAB_SOCKET_H
#define BYPATH_TEST_BENCH_LAB_SOCKET_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LAB_ETHERTYPE 0x88b5 /* local experimental (IEEE 802) */

static inline uint64_t lab_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Move this thread into a namespace that `ip netns` made. Ends the process on failure. */
static inline void lab_enter(const char *netns)
{
	char path[256];
	int ns;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET)) {
		perror(path);
		exit(1);
	}
	close(ns);
}

/* A non-blocking socket for one EtherType; the thread is in that namespace afterwards. */
static inline int lab_socket_of(const char *netns, const char *interface, uint16_t ethertype)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ethertype) };
	int fd;

	lab_enter(netns);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ethertype));
	addr.sll_ifindex = (int)if_nametoindex(interface);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		perror(interface);
		exit(1);
	}
	return fd;
}

static inline int lab_socket(const char *netns, const char *interface)
{
	return lab_socket_of(netns, interface, LAB_ETHERTYPE);
}

static inline void lab_pin(unsigned core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

#endif
