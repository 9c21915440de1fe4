/* Interfaces of a test bed, made and read through rtnetlink. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/link.h"

#include "core/netdev.h"
#include "core/netdev_ask.h"
#include "core/netlink.h"
#include "lab/netns.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#define NEW (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)

union request {
	struct nlmsghdr message;
	char room[BP_NETLINK_REQUEST_BYTES];
};

/* A request about the interface of a name; NULL: about one that is to be made. 0 or -errno. */
static int begin(union request *r, unsigned type, unsigned flags, const char *name)
{
	struct ifinfomsg *info = bp_netlink_request(r->room, type, flags, sizeof(*info));
	int index = name ? bp_netdev_index(-1, name) : 0;

	if (index < 0)
		return index;
	info->ifi_index = index;
	return 0;
}

static int ask(union request *r, mnl_cb_t take, void *ctx)
{
	int fd = bp_netlink_open(NETLINK_ROUTE), rc;

	if (fd < 0)
		return fd;
	rc = bp_netlink_ask(fd, r->room, take, ctx);
	close(fd);
	return rc;
}

/* ---- made, changed ----------------------------------------------------------------------------- */

/* Attributes of one end; queues and MTU are the same on both. */
static void put_end(struct nlmsghdr *m, const struct bp_link_end *end, uint32_t mtu)
{
	mnl_attr_put_strz(m, IFLA_IFNAME, end->name);
	mnl_attr_put(m, IFLA_ADDRESS, sizeof(end->mac), end->mac);
	mnl_attr_put_u32(m, IFLA_MTU, mtu);
	mnl_attr_put_u32(m, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(m, IFLA_NUM_RX_QUEUES, 1);
	mnl_attr_put_u32(m, IFLA_NET_NS_FD, (uint32_t)end->netns);
}

int bp_link_veth(const struct bp_link_end *a, const struct bp_link_end *b, uint32_t mtu)
{
	struct nlattr *info, *data, *peer;
	union request r;
	struct nlmsghdr *m = &r.message;

	(void)begin(&r, RTM_NEWLINK, NEW, NULL);
	put_end(m, a, mtu);
	info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(m, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	put_end(m, b, mtu);
	mnl_attr_nest_end(m, peer);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	return ask(&r, NULL, NULL);
}

int bp_link_bridge(const char *name)
{
	struct nlattr *info;
	union request r;
	int rc;

	(void)begin(&r, RTM_NEWLINK, NEW, NULL);
	mnl_attr_put_strz(&r.message, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(&r.message, IFLA_LINKINFO);
	mnl_attr_put_strz(&r.message, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(&r.message, info);
	rc = ask(&r, NULL, NULL);
	if (!rc)
		bp_netns_ipv6_off(name); /* neighbour discovery would go out of every port */
	return rc;
}

int bp_link_enslave(const char *name, const char *bridge)
{
	int master = bp_netdev_index(-1, bridge), rc;
	union request r;

	rc = master < 0 ? master : begin(&r, RTM_NEWLINK, 0, name);
	if (rc)
		return rc;
	mnl_attr_put_u32(&r.message, IFLA_MASTER, (uint32_t)master);
	return ask(&r, NULL, NULL);
}

int bp_link_delete(const char *name)
{
	union request r;
	int rc = begin(&r, RTM_DELLINK, 0, name);

	return rc ? rc : ask(&r, NULL, NULL);
}

int bp_link_address(const char *name, const uint8_t address[4], uint8_t prefix_bits)
{
	union request r;
	struct ifaddrmsg *head = bp_netlink_request(r.room, RTM_NEWADDR, NEW, sizeof(*head));
	int index = bp_netdev_index(-1, name);

	if (index < 0)
		return index;
	*head = (struct ifaddrmsg){ .ifa_family = AF_INET,
				    .ifa_prefixlen = prefix_bits,
				    .ifa_index = (unsigned)index };
	mnl_attr_put(&r.message, IFA_LOCAL, 4, address);
	mnl_attr_put(&r.message, IFA_ADDRESS, 4, address);
	return ask(&r, NULL, NULL);
}

/* ---- read -------------------------------------------------------------------------------------- */

struct look {
	struct rtnl_link_stats64 stats;
	bool has_stats, is_forwarding;
};

static int take_port(const struct nlattr *attr, void *ctx)
{
	struct look *look = ctx;

	if (mnl_attr_get_type(attr) == IFLA_BRPORT_STATE)
		look->is_forwarding = mnl_attr_get_u8(attr) == BR_STATE_FORWARDING;
	return MNL_CB_OK;
}

static int take_info(const struct nlattr *attr, void *ctx)
{
	return mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_DATA
		       ? mnl_attr_parse_nested(attr, take_port, ctx)
		       : MNL_CB_OK;
}

static int take_attribute(const struct nlattr *attr, void *ctx)
{
	struct look *look = ctx;
	size_t bytes = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
		return mnl_attr_parse_nested(attr, take_info, ctx);
	if (mnl_attr_get_type(attr) != IFLA_STATS64)
		return MNL_CB_OK;
	memcpy(&look->stats, mnl_attr_get_payload(attr),
	       bytes < sizeof(look->stats) ? bytes : sizeof(look->stats));
	look->has_stats = true;
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *message, void *ctx)
{
	return mnl_attr_parse(message, sizeof(struct ifinfomsg), take_attribute, ctx);
}

static int look_at(const char *name, struct look *look)
{
	union request r;
	int rc = begin(&r, RTM_GETLINK, 0, name);

	*look = (struct look){ 0 };
	return rc ? rc : ask(&r, take_link, look);
}

int bp_link_stats(const char *name, struct rtnl_link_stats64 *stats)
{
	struct look look;
	int rc = look_at(name, &look);

	if (!rc && !look.has_stats)
		rc = -ENODATA;
	if (!rc)
		*stats = look.stats;
	return rc;
}

bool bp_link_forwards(const char *name)
{
	struct look look;

	return !look_at(name, &look) && look.is_forwarding;
}

static int count_learned(const struct nlmsghdr *message, void *ctx)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);

	*(int *)ctx += entry->ndm_family == AF_BRIDGE && !(entry->ndm_state & NUD_PERMANENT);
	return MNL_CB_OK;
}

int bp_link_learned(void)
{
	union request r;
	struct ndmsg *head = bp_netlink_request(r.room, RTM_GETNEIGH, NLM_F_DUMP, sizeof(*head));
	int n = 0, rc;

	head->ndm_family = AF_BRIDGE;
	rc = ask(&r, count_learned, &n);
	return rc ? rc : n;
}

/* ---- offloads ---------------------------------------------------------------------------------- */

static int ethtool(const char *name, uint32_t cmd, uint32_t *value)
{
	struct ethtool_value v = { .cmd = cmd, .data = *value };
	struct ifreq ifr = { .ifr_data = (void *)&v };
	int rc = bp_netdev_ask(-1, name, SIOCETHTOOL, &ifr);

	if (rc < 0)
		return rc;
	*value = v.data;
	return 0;
}

void bp_link_offloads_off(const char *name, bool has_gro)
{
	static const uint32_t off[] = { ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SSG, ETHTOOL_STXCSUM };
	uint32_t value;

	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		value = 0;
		(void)ethtool(name, off[i], &value); /* bp_link_offloads() tells */
	}
	value = has_gro;
	(void)ethtool(name, ETHTOOL_SGRO, &value);
}

int bp_link_offloads(const char *name, struct bp_link_offloads *offloads)
{
	const struct {
		uint32_t cmd;
		bool *to;
	} gets[] = {
		{ ETHTOOL_GTXCSUM, &offloads->tx_checksum },
		{ ETHTOOL_GTSO, &offloads->tso },
		{ ETHTOOL_GGSO, &offloads->gso },
		{ ETHTOOL_GGRO, &offloads->gro },
		{ ETHTOOL_GSG, &offloads->scatter_gather },
	};

	for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++) {
		uint32_t value = 0;
		int rc = ethtool(name, gets[i].cmd, &value);

		if (rc)
			return rc;
		*gets[i].to = value != 0;
	}
	return 0;
}
