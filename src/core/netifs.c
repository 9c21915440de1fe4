/* Reads interfaces, addresses, default routes by rtnetlink. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netifs.h"

#include "core/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_TRIES 5 /* a dump that a change interrupted is read again */

/* --- attributes ------------------------------------------------------------------------------- */

static unsigned type_of(const struct nlattr *attr)
{
	return mnl_attr_get_type(attr);
}

/* Up to n_bytes of it; what is missing stays as it is. */
static void copy(void *value, size_t n_bytes, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(value, mnl_attr_get_payload(attr), len < n_bytes ? len : n_bytes);
}

static int int_of(const struct nlattr *attr)
{
	int value = 0;

	copy(&value, sizeof(value), attr);
	return value;
}

static void copy_text(char *text, size_t text_bytes, const struct nlattr *attr)
{
	snprintf(text, text_bytes, "%.*s", (int)mnl_attr_get_payload_len(attr),
		 (const char *)mnl_attr_get_payload(attr));
}

/* Its header; NULL where the message is too short for one. */
static const void *header_of(const struct nlmsghdr *msg, unsigned type, size_t header_bytes)
{
	if (msg->nlmsg_type != type || mnl_nlmsg_get_payload_len(msg) < header_bytes)
		return NULL;
	return mnl_nlmsg_get_payload(msg);
}

/* --- interfaces ------------------------------------------------------------------------------- */

static int take_altname(const struct nlattr *a, void *ctx)
{
	struct bp_netif *link = ctx;
	size_t used = strlen(link->altnames), len = mnl_attr_get_payload_len(a);

	if (type_of(a) == IFLA_ALT_IFNAME && used + len + 1 < sizeof(link->altnames))
		snprintf(link->altnames + used, sizeof(link->altnames) - used, "%.*s\n", (int)len,
			 (const char *)mnl_attr_get_payload(a));
	return MNL_CB_OK;
}

static int take_kind(const struct nlattr *a, void *ctx)
{
	struct bp_netif *link = ctx;

	if (type_of(a) == IFLA_INFO_KIND)
		copy_text(link->kind, sizeof(link->kind), a);
	return MNL_CB_OK;
}

static int take_xdp(const struct nlattr *a, void *ctx)
{
	struct bp_netif *link = ctx;
	uint8_t attached = XDP_ATTACHED_NONE;

	if (type_of(a) != IFLA_XDP_ATTACHED)
		return MNL_CB_OK;
	copy(&attached, sizeof(attached), a);
	link->has_xdp = attached != XDP_ATTACHED_NONE;
	return MNL_CB_OK;
}

/* Older kernels send fewer counters, newer ones more. */
static void take_stats(struct bp_netif *link, const struct nlattr *attr)
{
	struct rtnl_link_stats64 stats = { 0 };

	copy(&stats, sizeof(stats), attr);
	link->has_stats = true;
	link->rx_dropped = stats.rx_dropped;
	link->tx_dropped = stats.tx_dropped;
}

static int take_link_attr(const struct nlattr *attr, void *ctx)
{
	struct bp_netif *link = ctx;

	switch (type_of(attr)) {
	case IFLA_IFNAME:
		copy_text(link->name, sizeof(link->name), attr);
		break;
	case IFLA_QDISC:
		copy_text(link->qdisc, sizeof(link->qdisc), attr);
		break;
	case IFLA_MASTER:
		link->master = int_of(attr);
		break;
	case IFLA_LINK:
		link->lower = int_of(attr);
		break;
	case IFLA_LINK_NETNSID:
		link->is_lower_elsewhere = true;
		break;
	case IFLA_PROP_LIST:
		return mnl_attr_parse_nested(attr, take_altname, link);
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attr, take_kind, link);
	case IFLA_XDP:
		return mnl_attr_parse_nested(attr, take_xdp, link);
	case IFLA_STATS64:
		take_stats(link, attr);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* Of an RTM_NEWLINK; false: it is none. */
static bool parse_link(const struct nlmsghdr *msg, struct bp_netif *out)
{
	const struct ifinfomsg *info = header_of(msg, RTM_NEWLINK, sizeof(*info));
	struct bp_netif link = { 0 };

	if (!info)
		return false;
	link.ifindex = info->ifi_index;
	link.is_up = info->ifi_flags & IFF_UP;
	(void)mnl_attr_parse(msg, sizeof(*info), take_link_attr, &link);
	if (link.is_lower_elsewhere)
		link.lower = 0;
	*out = link;
	return true;
}

static int take_link(const struct nlmsghdr *msg, void *ctx)
{
	struct bp_netifs *netifs = ctx;
	struct bp_netif link, *more;

	if (!parse_link(msg, &link))
		return MNL_CB_OK;
	more = reallocarray(netifs->v, netifs->n + 1, sizeof(link));
	if (!more) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	netifs->v = more;
	more[netifs->n++] = link;
	return MNL_CB_OK;
}

static int take_one(const struct nlmsghdr *msg, void *ctx)
{
	(void)parse_link(msg, ctx);
	return MNL_CB_OK;
}

static struct bp_netif *find_index(const struct bp_netifs *netifs, int ifindex)
{
	for (size_t i = 0; i < netifs->n; i++)
		if (netifs->v[i].ifindex == ifindex)
			return &netifs->v[i];
	return NULL;
}

/* --- addresses, routes ------------------------------------------------------------------------ */

/* IFA_ADDRESS of a point-to-point link is the peer's. */
static int find_own(const struct nlattr *a, void *ctx)
{
	const struct nlattr **own = ctx;

	if (type_of(a) == IFA_LOCAL || (type_of(a) == IFA_ADDRESS && !*own))
		*own = a;
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *msg, void *ctx)
{
	const struct ifaddrmsg *info = header_of(msg, RTM_NEWADDR, sizeof(*info));
	struct bp_netif *link = info ? find_index(ctx, (int)info->ifa_index) : NULL;
	const struct nlattr *own = NULL;
	char text[INET6_ADDRSTRLEN] = "?";

	if (!link)
		return MNL_CB_OK;
	if (info->ifa_family == AF_INET6 && info->ifa_scope == RT_SCOPE_LINK) {
		link->has_link_local = true;
		return MNL_CB_OK;
	}
	(void)mnl_attr_parse(msg, sizeof(*info), find_own, &own);
	if (own && mnl_attr_get_payload_len(own) >= (info->ifa_family == AF_INET6 ? 16 : 4))
		inet_ntop(info->ifa_family, mnl_attr_get_payload(own), text, sizeof(text));
	if (!link->n_addresses++)
		snprintf(link->address, sizeof(link->address), "%s/%u", text, info->ifa_prefixlen);
	return MNL_CB_OK;
}

static void mark_default(struct bp_netifs *netifs, int ifindex, unsigned char family)
{
	struct bp_netif *link = find_index(netifs, ifindex);

	if (link && family == AF_INET)
		link->has_default_v4 = true;
	else if (link)
		link->has_default_v6 = true;
}

static void mark_hops(struct bp_netifs *netifs, const struct nlattr *hops, unsigned char family)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(hops);
	int left = (int)mnl_attr_get_payload_len(hops);

	while (left >= (int)sizeof(*hop) && RTNH_OK(hop, left)) {
		mark_default(netifs, hop->rtnh_ifindex, family);
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
}

/* The routes being read; of which family this one is. */
struct route {
	struct bp_netifs *netifs;
	unsigned char family;
};

static int take_hop(const struct nlattr *a, void *ctx)
{
	const struct route *route = ctx;

	if (type_of(a) == RTA_OIF)
		mark_default(route->netifs, int_of(a), route->family);
	if (type_of(a) == RTA_MULTIPATH)
		mark_hops(route->netifs, a, route->family);
	return MNL_CB_OK;
}

static int take_route(const struct nlmsghdr *msg, void *ctx)
{
	const struct rtmsg *info = header_of(msg, RTM_NEWROUTE, sizeof(*info));
	struct route route = { .netifs = ctx };

	if (!info || info->rtm_dst_len || info->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	route.family = info->rtm_family;
	(void)mnl_attr_parse(msg, sizeof(*info), take_hop, &route);
	return MNL_CB_OK;
}

/* --- questions -------------------------------------------------------------------------------- */

static int dump(int fd, unsigned type, unsigned char family, struct bp_netifs *netifs,
		mnl_cb_t take)
{
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	/* The longest of the three kinds of header, which all begin with the family. */
	struct ifinfomsg *info = bp_netlink_request(room, type, NLM_F_DUMP, sizeof(*info));

	info->ifi_family = family;
	/* Without a mask the kernel does not measure what it has to tell: it leaves an interface of more than a
	 * datagram's usual length (hundreds of alternative names) out, without a word (rtnl_calcit()). */
	if (type == RTM_GETLINK)
		mnl_attr_put_u32((struct nlmsghdr *)(void *)room, IFLA_EXT_MASK,
				 RTEXT_FILTER_SKIP_STATS);
	return bp_netlink_ask(fd, room, take, netifs);
}

static int read_traffic(int fd, struct bp_netifs *netifs)
{
	int err = dump(fd, RTM_GETADDR, AF_UNSPEC, netifs, take_address);

	if (!err)
		err = dump(fd, RTM_GETROUTE, AF_INET, netifs, take_route);
	if (!err)
		err = dump(fd, RTM_GETROUTE, AF_INET6, netifs, take_route);
	return err == -EOPNOTSUPP ? 0 : err; /* the last: a kernel without IPv6 */
}

static int read_all(struct bp_netifs *netifs, bool with_traffic)
{
	int fd = bp_netlink_open(NETLINK_ROUTE), err;

	if (fd < 0)
		return fd;
	err = dump(fd, RTM_GETLINK, AF_UNSPEC, netifs, take_link);
	if (!err && with_traffic)
		err = read_traffic(fd, netifs);
	close(fd);
	return err;
}

static int read_again(struct bp_netifs *out, bool with_traffic)
{
	struct bp_netifs netifs = { NULL, 0 };
	int err = -EINTR;

	for (int i = 0; i < N_TRIES && err == -EINTR; i++) {
		bp_netifs_free(&netifs);
		err = read_all(&netifs, with_traffic);
	}
	if (err) {
		bp_netifs_free(&netifs);
		return err == -EINTR ? -EIO : err;
	}
	*out = netifs;
	return 0;
}

int bp_netifs_read(struct bp_netifs *out)
{
	return read_again(out, true);
}

int bp_netifs_read_links(struct bp_netifs *out)
{
	return read_again(out, false);
}

static bool is_name(const char *ifname)
{
	return ifname[0] && strlen(ifname) < IF_NAMESIZE;
}

static int look(int fd, int ifindex, const char *ifname, struct bp_netif *link)
{
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct ifinfomsg *info = bp_netlink_request(room, RTM_GETLINK, 0, sizeof(*info));

	info->ifi_index = ifindex;
	if (!ifindex)
		mnl_attr_put_strz((struct nlmsghdr *)(void *)room, IFLA_IFNAME, ifname);
	return bp_netlink_ask(fd, room, take_one, link);
}

int bp_netif_look(int fd, int ifindex, const char *ifname, struct bp_netif *out)
{
	int own_fd = fd < 0 ? bp_netlink_open(NETLINK_ROUTE) : -1, err;
	struct bp_netif link = { 0 };

	if (fd < 0 && own_fd < 0)
		return own_fd;
	err = ifindex || is_name(ifname) ? look(fd < 0 ? own_fd : fd, ifindex, ifname, &link)
					 : -ENODEV;
	if (own_fd >= 0)
		close(own_fd);
	if (err || !link.ifindex)
		return err ? err : -ENODEV;
	*out = link;
	return 0;
}

static int take_stats_attr(const struct nlattr *attr, void *ctx)
{
	if (type_of(attr) == IFLA_STATS64)
		copy(ctx, sizeof(struct rtnl_link_stats64), attr);
	return MNL_CB_OK;
}

static int take_stats_of_one(const struct nlmsghdr *msg, void *ctx)
{
	const struct ifinfomsg *info = header_of(msg, RTM_NEWLINK, sizeof(*info));

	return info ? mnl_attr_parse(msg, sizeof(*info), take_stats_attr, ctx) : MNL_CB_OK;
}

int bp_netif_stats(int fd, int ifindex, struct rtnl_link_stats64 *out)
{
	int own_fd = fd < 0 ? bp_netlink_open(NETLINK_ROUTE) : fd, err;
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct rtnl_link_stats64 stats = { 0 };
	struct ifinfomsg *info;

	if (own_fd < 0)
		return own_fd;
	info = bp_netlink_request(room, RTM_GETLINK, 0, sizeof(*info));
	info->ifi_index = ifindex;
	err = bp_netlink_ask(own_fd, room, take_stats_of_one, &stats);
	if (own_fd != fd)
		close(own_fd);
	if (!err)
		*out = stats;
	return err;
}

struct qdisc_drops {
	int ifindex;
	uint64_t n;
};

static int take_queue_stats(const struct nlattr *attr, void *ctx)
{
	struct gnet_stats_queue stats;

	if (mnl_attr_get_type(attr) != TCA_STATS_QUEUE ||
	    mnl_attr_get_payload_len(attr) < sizeof(stats))
		return MNL_CB_OK;
	memcpy(&stats, mnl_attr_get_payload(attr), sizeof(stats));
	((struct qdisc_drops *)ctx)->n += stats.drops;
	return MNL_CB_OK;
}

static int take_qdisc_attr(const struct nlattr *attr, void *ctx)
{
	return mnl_attr_get_type(attr) == TCA_STATS2
		       ? mnl_attr_parse_nested(attr, take_queue_stats, ctx)
		       : MNL_CB_OK;
}

/* The root's has those below it in its own. */
static int take_qdisc(const struct nlmsghdr *msg, void *ctx)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(msg);
	const struct qdisc_drops *drops = ctx;

	if (msg->nlmsg_type != RTM_NEWQDISC || tc->tcm_ifindex != drops->ifindex ||
	    tc->tcm_parent != TC_H_ROOT)
		return MNL_CB_OK;
	return mnl_attr_parse(msg, sizeof(*tc), take_qdisc_attr, ctx);
}

int bp_netif_qdisc_drops(int fd, int ifindex, uint64_t *n_drops)
{
	int own_fd = fd < 0 ? bp_netlink_open(NETLINK_ROUTE) : fd, err;
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct qdisc_drops drops = { .ifindex = ifindex };
	struct tcmsg *tc;

	if (own_fd < 0)
		return own_fd;
	tc = bp_netlink_request(room, RTM_GETQDISC, NLM_F_DUMP, sizeof(*tc));
	tc->tcm_ifindex = ifindex;
	err = bp_netlink_ask(own_fd, room, take_qdisc, &drops);
	if (own_fd != fd)
		close(own_fd);
	if (!err)
		*n_drops = drops.n;
	return err;
}

void bp_netifs_free(struct bp_netifs *netifs)
{
	free(netifs->v);
	*netifs = (struct bp_netifs){ NULL, 0 };
}

/* --- look-up ---------------------------------------------------------------------------------- */

bool bp_netif_has_altname(const struct bp_netif *link, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = link->altnames; *at; at += strcspn(at, "\n") + 1)
		if (!strncmp(at, name, len) && at[len] == '\n')
			return true;
	return false;
}

const struct bp_netif *bp_netifs_find(const struct bp_netifs *netifs, const char *name)
{
	for (size_t i = 0; i < netifs->n; i++)
		if (!strcmp(netifs->v[i].name, name) || bp_netif_has_altname(&netifs->v[i], name))
			return &netifs->v[i];
	return NULL;
}

const struct bp_netif *bp_netifs_at(const struct bp_netifs *netifs, int ifindex)
{
	return find_index(netifs, ifindex);
}

bool bp_netif_is_on(const struct bp_netif *upper, const struct bp_netif *lower)
{
	return (lower->master && upper->ifindex == lower->master) ||
	       (upper->lower && upper->lower == lower->ifindex);
}
