/* Takes the carrier of an interface's far side down, in a way that can be undone by whoever comes next. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev_hold.h"

#include "core/netdev.h"
#include "core/netifs.h"
#include "core/netlink.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- which ones can be ------------------------------------------------------------------------ */

int bp_hold_of_kind(const char *kind)
{
	/* Seen on Linux 6.18: veth has no IFLA_CARRIER; set down, its peer loses the carrier. A NIC's PHY goes down with
	 * it. What lies on another interface (macvlan, vlan, ipvlan, bond, bridge) goes down alone. */
	static const struct {
		const char *kind;
		enum bp_hold how;
	} kinds[] = { { "", BP_HOLD_DOWN }, { "veth", BP_HOLD_DOWN }, { "tun", BP_HOLD_CARRIER } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kind, kinds[i].kind))
			return (int)kinds[i].how;
	return -EOPNOTSUPP;
}

/* Drivers of hosts' own NICs for guests, which tell the host nothing of being set down. */
static bool is_deaf(const char *driver)
{
	static const char *const deaf[] = { "virtio_net", "vmxnet3",   "ena",
					    "gve",        "hv_netvsc", "xen_netfront" };

	for (size_t i = 0; i < sizeof(deaf) / sizeof(deaf[0]); i++)
		if (!strcmp(driver, deaf[i]))
			return true;
	return false;
}

int bp_netdev_may_hold(const char *ifname, enum bp_hold *how, char *why, char *doubt, size_t bytes)
{
	char driver[BP_NAME_BYTES];
	struct bp_netif netif;
	int err = bp_netif_look(-1, 0, ifname, &netif), ret;

	doubt[0] = '\0';
	if (err) {
		snprintf(why, bytes, "%s: %s", ifname, strerror(-err));
		return err;
	}
	ret = bp_netdev_is_loopback(ifname) ? -EOPNOTSUPP : bp_hold_of_kind(netif.kind);
	if (ret < 0) {
		snprintf(why, bytes, "nobody beyond %s (%s) sees it go down", ifname,
			 netif.kind[0] ? netif.kind : "loopback");
		return ret;
	}
	*how = (enum bp_hold)ret;
	(void)bp_netdev_driver(-1, ifname, driver);
	if (is_deaf(driver))
		snprintf(
			doubt, bytes,
			"%s (%s) is a guest's: its host may not tell those beyond it that it went down",
			ifname, driver);
	return 0;
}

/* ---- asking for it ---------------------------------------------------------------------------- */

static int take_nothing(const struct nlmsghdr *msg, void *ctx)
{
	(void)msg;
	(void)ctx;
	return MNL_CB_OK;
}

static int request_of(char room[BP_NETLINK_REQUEST_BYTES], int fd)
{
	int err = fd < 0 ? fd : bp_netlink_ask(fd, room, take_nothing, NULL);

	if (fd >= 0)
		close(fd);
	return err;
}

/* RTM_NEWLINKPROP, RTM_DELLINKPROP of the alternative name. */
static int mark(int ifindex, unsigned type)
{
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct ifinfomsg *info = bp_netlink_request(
		room, type, NLM_F_ACK | (type == RTM_NEWLINKPROP ? NLM_F_CREATE | NLM_F_EXCL : 0),
		sizeof(*info));
	struct nlattr *list;
	char name[32];

	snprintf(name, sizeof(name), BP_HOLD_MARK "%d", ifindex);
	info->ifi_index = ifindex;
	list = mnl_attr_nest_start((void *)room, IFLA_PROP_LIST);
	mnl_attr_put_strz((void *)room, IFLA_ALT_IFNAME, name);
	mnl_attr_nest_end((void *)room, list);
	return request_of(room, bp_netlink_open(NETLINK_ROUTE));
}

static int set_flag_up(int ifindex, bool is_up)
{
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct ifinfomsg *info = bp_netlink_request(room, RTM_NEWLINK, 0, sizeof(*info));

	info->ifi_index = ifindex;
	info->ifi_flags = is_up ? IFF_UP : 0;
	info->ifi_change = IFF_UP;
	return request_of(room, bp_netlink_open(NETLINK_ROUTE));
}

static int set_carrier(int ifindex, bool has_carrier)
{
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct ifinfomsg *info = bp_netlink_request(room, RTM_NEWLINK, 0, sizeof(*info));

	info->ifi_index = ifindex;
	mnl_attr_put_u8((void *)room, IFLA_CARRIER, has_carrier);
	return request_of(room, bp_netlink_open(NETLINK_ROUTE));
}

static int set(int ifindex, enum bp_hold how, bool is_up)
{
	return how == BP_HOLD_CARRIER ? set_carrier(ifindex, is_up) : set_flag_up(ifindex, is_up);
}

int bp_netdev_hold(int ifindex, enum bp_hold how)
{
	int err = mark(ifindex, RTM_NEWLINKPROP);

	/* One that is there was left by a process that is no more; before Linux 5.5 there is no such thing. */
	if (err && err != -EEXIST && err != -EOPNOTSUPP)
		return err;
	err = set(ifindex, how, false);
	if (err)
		(void)mark(ifindex, RTM_DELLINKPROP);
	return err;
}

int bp_netdev_let_go(int ifindex, enum bp_hold how)
{
	int err = set(ifindex, how, true);

	if (err)
		return err == -ENODEV ? 0 : err;
	(void)mark(ifindex, RTM_DELLINKPROP);
	return 0;
}

bool bp_netdev_mend(const char *ifname)
{
	struct bp_netif netif;
	char name[32];
	int how;

	if (bp_netif_look(-1, 0, ifname, &netif))
		return false;
	snprintf(name, sizeof(name), BP_HOLD_MARK "%d", netif.ifindex);
	how = bp_hold_of_kind(netif.kind);
	return how >= 0 && bp_netif_has_altname(&netif, name) &&
	       !bp_netdev_let_go(netif.ifindex, (enum bp_hold)how);
}
