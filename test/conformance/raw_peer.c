/* An AF_PACKET socket that sends and receives whole frames, VLAN tags included. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "raw_peer.h"

#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define ADDRESSES_BYTES 12u /* before a VLAN tag */
#define TAG_BYTES       4u

int raw_peer_command(char *why, size_t why_bytes, const char *fmt, ...)
{
	char command[512];
	va_list args;
	int status;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	status = system(command);
	if (status == 0)
		return 0;
	snprintf(why, why_bytes, "'%.200s' failed with status %d", command, status);
	return -EIO;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* a kernel without IPv6 is quiet already */
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	close(fd);
}

int raw_peer_namespace(char *why, size_t why_bytes)
{
	if (system("ip -V >/dev/null 2>&1") != 0) {
		snprintf(why, why_bytes, "no ip: install the package iproute2");
		return 77;
	}
	if (unshare(CLONE_NEWNET) < 0) {
		snprintf(why, why_bytes, "unshare refused: %s", strerror(errno));
		return errno == EPERM ? 77 : -errno;
	}
	write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
	write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
	return 0;
}

int raw_peer_set_mtu(const char *interface, unsigned mtu)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct ifreq ifr = { .ifr_mtu = (int)mtu };

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", interface);
	err = ioctl(fd, SIOCSIFMTU, &ifr) < 0 ? -errno : 0;
	close(fd);
	return err;
}

int raw_peer_open(struct world *w, const char *interface)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int one = 1, bytes = 16 << 20, err;

	address.sll_ifindex = (int)if_nametoindex(interface);
	if (!address.sll_ifindex)
		return -ENODEV;
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return -errno;
	setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(w->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	if (setsockopt(w->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) == 0 &&
	    setsockopt(w->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) == 0 &&
	    bind(w->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	err = -errno;
	raw_peer_detach(w);
	return err;
}

bool raw_peer_want_metadata(struct world *w)
{
	int one = 1;

	return w->rig->send == raw_peer_send &&
	       setsockopt(w->fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) == 0;
}

void raw_peer_detach(struct world *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

int raw_peer_send(struct world *w, const uint8_t *frame, uint32_t len)
{
	ssize_t n = send(w->fd, frame, len, 0);

	if (n == (ssize_t)len)
		return 0;
	if (n >= 0)
		return -EMSGSIZE;
	return errno == ENOBUFS ? -EAGAIN : -errno;
}

/* The kernel takes a VLAN tag out of the frame and hands it over beside it. */
static uint32_t restore_tag(struct msghdr *msg, uint8_t *frame, uint32_t len, uint32_t room)
{
	struct tpacket_auxdata aux;
	uint16_t tag[2];

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || len + TAG_BYTES > room)
			return len;
		tag[0] = htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid
									 : ETH_P_8021Q);
		tag[1] = htons(aux.tp_vlan_tci);
		memmove(frame + ADDRESSES_BYTES + TAG_BYTES, frame + ADDRESSES_BYTES,
			len - ADDRESSES_BYTES);
		memcpy(frame + ADDRESSES_BYTES, tag, TAG_BYTES);
		return len + TAG_BYTES;
	}
	return len;
}

int raw_peer_recv(struct world *w, uint8_t *frame, uint32_t room)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec iov = { .iov_base = frame, .iov_len = room };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(w->fd, &msg, 0);

	if (n < 0)
		return -EAGAIN;
	return (int)restore_tag(&msg, frame, (uint32_t)n, room);
}
