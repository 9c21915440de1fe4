/* Packet sockets with the options that every queue of the driver needs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include "core/netdev.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <unistd.h>

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) ? -errno : 0;
}

static int enable_meta(int fd, bool may_be_new, uint32_t *vnet_bytes)
{
	*vnet_bytes = BP_VNET_BYTES;
	if (may_be_new && !set_int(fd, SOL_PACKET, PACKET_VNET_HDR_SZ, BP_VNET_BYTES))
		return 0;
	*vnet_bytes = AF_PACKET_VNET_OLD_BYTES;
	return set_int(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
}

int af_packet_socket_open(bool may_be_new, uint32_t *vnet_bytes)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = enable_meta(fd, may_be_new, vnet_bytes);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

void af_packet_socket_set_buffer(int fd, int option, int force_option, int n_bytes)
{
	if (set_int(fd, SOL_SOCKET, force_option, n_bytes))
		(void)set_int(fd, SOL_SOCKET, option, n_bytes);
}

static int bind_to(int fd, int ifindex, uint16_t protocol)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = ifindex,
	};

	return bind(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
}

static int set_filter(int fd, struct sock_filter *code, unsigned short n)
{
	struct sock_fprog program = { .len = n, .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

int af_packet_socket_listen(struct af_packet_port *ap, int fd)
{
	struct sock_filter incoming[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};

	if (!ap->fanout_flags)
		return set_filter(fd, incoming, sizeof(incoming) / sizeof(incoming[0]));
	return set_int(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);
}

/* Queues by flow hash: a flow stays on one queue, in order, on devices with a single queue too. */
static int fanout(int fd, int flags, int id)
{
	flags |= PACKET_FANOUT_HASH;
	return set_int(fd, SOL_PACKET, PACKET_FANOUT, (int)((unsigned)flags << 16) | id);
}

/*
 * A group has a receive hook of its own, to which PACKET_IGNORE_OUTGOING of its members means
 * nothing: what bypath sends would come back to it. Kernels before 6.2 lack the flag that says the
 * same of a group; there the filter of af_packet_socket_listen() does it.
 */
static int join_fanout(struct af_packet_port *ap, int fd)
{
	socklen_t n_bytes = sizeof(int);
	int got = 0, err;

	if (ap->fanout_id >= 0)
		return fanout(fd, ap->fanout_flags, ap->fanout_id);
	ap->fanout_flags = PACKET_FANOUT_FLAG_IGNORE_OUTGOING;
	err = fanout(fd, PACKET_FANOUT_FLAG_UNIQUEID | ap->fanout_flags, 0);
	if (err == -EINVAL) {
		ap->fanout_flags = 0;
		err = fanout(fd, PACKET_FANOUT_FLAG_UNIQUEID, 0);
	}
	if (err)
		return err;
	if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &got, &n_bytes))
		return -errno;
	ap->fanout_id = got & 0xffff;
	return 0;
}

int af_packet_socket_bind_rx(struct af_packet_port *ap, int fd)
{
	struct packet_mreq all = { .mr_ifindex = ap->ifindex, .mr_type = PACKET_MR_PROMISC };
	bool has_group = ap->port->n_rxq > 1;
	int err = set_int(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);

	if (!err && setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		err = -errno;
	/* A socket receives every packet between bind() and joining its fanout group, and the group's first members
	 * the others' share until all have joined: a filter that passes nothing keeps the duplicates out. */
	if (!err && has_group)
		err = bp_netdev_deafen(fd);
	if (!err)
		err = bind_to(fd, ap->ifindex, ETH_P_ALL);
	if (!err && has_group)
		err = join_fanout(ap, fd);
	return err;
}

int af_packet_socket_bind_tx(struct af_packet_port *ap, int fd, bool bypass_qdisc)
{
	int err = 0;

	if (bypass_qdisc)
		err = set_int(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
	return err ? err : bind_to(fd, ap->ifindex, 0);
}
