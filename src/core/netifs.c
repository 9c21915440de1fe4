/* Reads interfaces, addresses, default routes by rtnetlink. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netifs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define REPLY_BYTES 32768
#define N_TRIES     5 /* a dump that a change interrupted is read again */

/* Take one message into netifs. 0 or -errno. */
typedef int (*take_fn)(struct bp_netifs *netifs, const struct nlmsghdr *msg);

/* --- attributes ------------------------------------------------------------------------------- */

struct attrs {
	const char *at;
	size_t left;
};

static struct attrs attrs_at(const void *at, size_t skip, size_t len)
{
	return (struct attrs){ (const char *)at + skip, len > skip ? len - skip : 0 };
}

/* The attributes behind a message's own header of len bytes. */
static struct attrs attrs_of(const struct nlmsghdr *msg, size_t len)
{
	return attrs_at(msg, NLMSG_LENGTH(NLMSG_ALIGN(len)), msg->nlmsg_len);
}

static struct attrs nested(const struct rtattr *attr)
{
	return attrs_at(attr, RTA_LENGTH(0), attr->rta_len);
}

static const struct rtattr *next_attr(struct attrs *attrs)
{
	const struct rtattr *attr = (const void *)attrs->at;
	size_t step;

	if (attrs->left < sizeof(*attr) || attr->rta_len < sizeof(*attr) ||
	    attr->rta_len > attrs->left)
		return NULL;
	step = RTA_ALIGN(attr->rta_len);
	attrs->at += step;
	attrs->left = attrs->left > step ? attrs->left - step : 0;
	return attr;
}

static unsigned type_of(const struct rtattr *attr)
{
	return attr->rta_type & (unsigned)NLA_TYPE_MASK;
}

static int int_of(const struct rtattr *attr)
{
	int value = 0;

	if (RTA_PAYLOAD(attr) >= sizeof(value))
		memcpy(&value, RTA_DATA(attr), sizeof(value));
	return value;
}

static void copy_text(char *text, size_t text_bytes, const struct rtattr *attr)
{
	snprintf(text, text_bytes, "%.*s", (int)RTA_PAYLOAD(attr), (const char *)RTA_DATA(attr));
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void take_altnames(struct bp_netif *link, struct attrs attrs)
{
	for (const struct rtattr *a = next_attr(&attrs); a; a = next_attr(&attrs)) {
		size_t used = strlen(link->altnames), len = RTA_PAYLOAD(a);

		if (type_of(a) == IFLA_ALT_IFNAME && used + len + 1 < sizeof(link->altnames))
			snprintf(link->altnames + used, sizeof(link->altnames) - used, "%.*s\n",
				 (int)len, (const char *)RTA_DATA(a));
	}
}

static void take_nest(struct bp_netif *link, const struct rtattr *nest)
{
	struct attrs attrs = nested(nest);

	if (type_of(nest) == IFLA_PROP_LIST)
		take_altnames(link, attrs);
	else
		for (const struct rtattr *a = next_attr(&attrs); a; a = next_attr(&attrs)) {
			if (type_of(nest) == IFLA_LINKINFO && type_of(a) == IFLA_INFO_KIND)
				copy_text(link->kind, sizeof(link->kind), a);
			if (type_of(nest) == IFLA_XDP && type_of(a) == IFLA_XDP_ATTACHED)
				link->has_xdp = *(const uint8_t *)RTA_DATA(a) != XDP_ATTACHED_NONE;
		}
}

static void take_link_attr(struct bp_netif *link, const struct rtattr *attr)
{
	switch (type_of(attr)) {
	case IFLA_IFNAME:
		copy_text(link->name, sizeof(link->name), attr);
		break;
	case IFLA_MASTER:
		link->master = int_of(attr);
		break;
	case IFLA_LINK:
		link->lower = int_of(attr);
		break;
	case IFLA_PROP_LIST:
	case IFLA_LINKINFO:
	case IFLA_XDP:
		take_nest(link, attr);
		break;
	default:
		break;
	}
}

static int take_link(struct bp_netifs *netifs, const struct nlmsghdr *msg)
{
	const struct ifinfomsg *info = NLMSG_DATA(msg);
	struct attrs attrs = attrs_of(msg, sizeof(*info));
	struct bp_netif link = { .ifindex = info->ifi_index, .is_up = info->ifi_flags & IFF_UP };
	bool is_lower_elsewhere = false;
	struct bp_netif *more;

	if (msg->nlmsg_type != RTM_NEWLINK)
		return 0;
	for (const struct rtattr *a = next_attr(&attrs); a; a = next_attr(&attrs)) {
		take_link_attr(&link, a);
		is_lower_elsewhere |= type_of(a) == IFLA_LINK_NETNSID;
	}
	if (is_lower_elsewhere)
		link.lower = 0;
	more = reallocarray(netifs->v, netifs->n + 1, sizeof(link));
	if (!more)
		return -ENOMEM;
	netifs->v = more;
	more[netifs->n++] = link;
	return 0;
}

static struct bp_netif *find_index(const struct bp_netifs *netifs, int ifindex)
{
	for (size_t i = 0; i < netifs->n; i++)
		if (netifs->v[i].ifindex == ifindex)
			return &netifs->v[i];
	return NULL;
}

/* --- addresses, routes ------------------------------------------------------------------------ */

static int take_address(struct bp_netifs *netifs, const struct nlmsghdr *msg)
{
	const struct ifaddrmsg *info = NLMSG_DATA(msg);
	struct attrs attrs = attrs_of(msg, sizeof(*info));
	struct bp_netif *link = find_index(netifs, (int)info->ifa_index);
	const struct rtattr *address = NULL;
	char text[INET6_ADDRSTRLEN] = "?";

	if (msg->nlmsg_type != RTM_NEWADDR || !link)
		return 0;
	if (info->ifa_family == AF_INET6 && info->ifa_scope == RT_SCOPE_LINK) {
		link->has_link_local = true;
		return 0;
	}
	/* IFA_ADDRESS of a point-to-point link is the peer's. */
	for (const struct rtattr *a = next_attr(&attrs); a; a = next_attr(&attrs))
		if (type_of(a) == IFA_LOCAL || (type_of(a) == IFA_ADDRESS && !address))
			address = a;
	if (address && RTA_PAYLOAD(address) >= (info->ifa_family == AF_INET6 ? 16 : 4))
		inet_ntop(info->ifa_family, RTA_DATA(address), text, sizeof(text));
	if (!link->n_addresses++)
		snprintf(link->address, sizeof(link->address), "%s/%u", text, info->ifa_prefixlen);
	return 0;
}

static void mark_default(struct bp_netifs *netifs, int ifindex, unsigned char family)
{
	struct bp_netif *link = find_index(netifs, ifindex);

	if (link && family == AF_INET)
		link->has_default_v4 = true;
	else if (link)
		link->has_default_v6 = true;
}

static void mark_hops(struct bp_netifs *netifs, const struct rtattr *hops, unsigned char family)
{
	const struct rtnexthop *hop = RTA_DATA(hops);
	int left = (int)RTA_PAYLOAD(hops);

	while (left >= (int)sizeof(*hop) && RTNH_OK(hop, left)) {
		mark_default(netifs, hop->rtnh_ifindex, family);
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
}

static int take_route(struct bp_netifs *netifs, const struct nlmsghdr *msg)
{
	const struct rtmsg *info = NLMSG_DATA(msg);
	struct attrs attrs = attrs_of(msg, sizeof(*info));

	if (msg->nlmsg_type != RTM_NEWROUTE || info->rtm_dst_len || info->rtm_type != RTN_UNICAST)
		return 0;
	for (const struct rtattr *a = next_attr(&attrs); a; a = next_attr(&attrs)) {
		if (type_of(a) == RTA_OIF)
			mark_default(netifs, int_of(a), info->rtm_family);
		if (type_of(a) == RTA_MULTIPATH)
			mark_hops(netifs, a, info->rtm_family);
	}
	return 0;
}

/* --- dumps ------------------------------------------------------------------------------------ */

/* 0 there is an acknowledgement, which a dump does not have. */
static int error_of(const struct nlmsghdr *msg)
{
	const struct nlmsgerr *answer = NLMSG_DATA(msg);

	return msg->nlmsg_len >= NLMSG_LENGTH(sizeof(*answer)) && answer->error < 0 ? answer->error
										    : -EIO;
}

/* The messages of one reply. 0: more come; 1: the dump is complete; -EINTR: it is to be read again. */
static int take_reply(struct bp_netifs *netifs, const char *reply, size_t len, take_fn take)
{
	int err = 0;

	while (!err && len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *msg = (const void *)reply;
		size_t step = NLMSG_ALIGN(msg->nlmsg_len);

		if (msg->nlmsg_len < sizeof(*msg) || msg->nlmsg_len > len)
			return -EIO;
		if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (msg->nlmsg_type == NLMSG_DONE)
			return 1;
		if (msg->nlmsg_type == NLMSG_ERROR)
			return error_of(msg);
		err = take(netifs, msg);
		reply += step;
		len = len > step ? len - step : 0;
	}
	return err;
}

static int dump(int fd, uint16_t type, unsigned char family, struct bp_netifs *netifs, take_fn take)
{
	/* The longest of the three kinds of header, which all begin with the family. */
	struct {
		struct nlmsghdr nl;
		struct ifinfomsg info;
	} request = { .nl = { .nlmsg_len = sizeof(request),
			      .nlmsg_type = type,
			      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		      .info = { .ifi_family = family } };
	char *reply = malloc(REPLY_BYTES);
	int err = reply ? 0 : -ENOMEM;

	if (!err && send(fd, &request, sizeof(request), 0) < 0)
		err = -errno;
	while (!err) {
		ssize_t len = recv(fd, reply, REPLY_BYTES, 0);

		if (len < 0)
			err = errno == EINTR ? 0 : -errno;
		else
			err = take_reply(netifs, reply, (size_t)len, take);
	}
	free(reply);
	return err < 0 ? err : 0;
}

static int read_all(struct bp_netifs *netifs)
{
	const struct timeval patience = { .tv_sec = 5 };
	int err, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	err = dump(fd, RTM_GETLINK, AF_UNSPEC, netifs, take_link);
	if (!err)
		err = dump(fd, RTM_GETADDR, AF_UNSPEC, netifs, take_address);
	if (!err)
		err = dump(fd, RTM_GETROUTE, AF_INET, netifs, take_route);
	if (!err)
		err = dump(fd, RTM_GETROUTE, AF_INET6, netifs, take_route);
	close(fd);
	return err == -EOPNOTSUPP ? 0 : err; /* the last: a kernel without IPv6 */
}

int bp_netifs_read(struct bp_netifs *out)
{
	struct bp_netifs netifs = { NULL, 0 };
	int err = -EINTR;

	for (int i = 0; i < N_TRIES && err == -EINTR; i++) {
		bp_netifs_free(&netifs);
		err = read_all(&netifs);
	}
	if (err) {
		bp_netifs_free(&netifs);
		return err == -EINTR ? -EIO : err;
	}
	*out = netifs;
	return 0;
}

void bp_netifs_free(struct bp_netifs *netifs)
{
	free(netifs->v);
	*netifs = (struct bp_netifs){ NULL, 0 };
}

/* --- look-up ---------------------------------------------------------------------------------- */

static bool has_altname(const struct bp_netif *link, const char *name)
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
		if (!strcmp(netifs->v[i].name, name) || has_altname(&netifs->v[i], name))
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
