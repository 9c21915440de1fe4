/* Takes the XDP program of an interface off it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev.h"

#include "core/netlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

static int take_nothing(const struct nlmsghdr *msg, void *ctx)
{
	(void)msg;
	(void)ctx;
	return MNL_CB_OK;
}

static int detach(int netlink_fd, int ifindex, uint32_t mode)
{
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct ifinfomsg *info = bp_netlink_request(room, RTM_SETLINK, NLM_F_ACK, sizeof(*info));
	const int none = -1;
	struct nlattr *xdp;

	info->ifi_index = ifindex;
	xdp = mnl_attr_nest_start((void *)room, IFLA_XDP);
	mnl_attr_put((void *)room, IFLA_XDP_FD, sizeof(none), &none);
	mnl_attr_put_u32((void *)room, IFLA_XDP_FLAGS, mode);
	mnl_attr_nest_end((void *)room, xdp);
	return bp_netlink_ask(netlink_fd, room, take_nothing, NULL);
}

int bp_netdev_detach_xdp(int ifindex)
{
	int fd = bp_netlink_open(NETLINK_ROUTE), native, generic;

	if (fd < 0)
		return fd;
	/* One of them has it; where none is, the kernel has nothing against it. */
	native = detach(fd, ifindex, XDP_FLAGS_DRV_MODE);
	generic = detach(fd, ifindex, XDP_FLAGS_SKB_MODE);
	close(fd);
	return native && generic ? native : 0;
}
