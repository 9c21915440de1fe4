/* Interfaces of a test bed, made and read through rtnetlink. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BYTES 1024u
#define ANSWER_BYTES  16384u

struct request {
	_Alignas(8) struct nlmsghdr head;
	struct ifinfomsg info;
	uint8_t room[REQUEST_BYTES];
};

static void begin(struct request *r, uint16_t type, uint16_t flags)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_len = NLMSG_LENGTH(sizeof(r->info));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	r->head.nlmsg_seq = 1;
}

/* Requests here are a few hundred bytes at most: the room always suffices. */
static struct rtattr *put(struct request *r, uint16_t type, const void *data, size_t bytes)
{
	size_t at = NLMSG_ALIGN(r->head.nlmsg_len);
	struct rtattr *attr = (struct rtattr *)((uint8_t *)r + at);

	attr->rta_type = type;
	attr->rta_len = (uint16_t)RTA_LENGTH(bytes);
	if (bytes)
		memcpy(RTA_DATA(attr), data, bytes);
	r->head.nlmsg_len = (uint32_t)(at + RTA_ALIGN(attr->rta_len));
	return attr;
}

static void put_text(struct request *r, uint16_t type, const char *text)
{
	put(r, type, text, strlen(text) + 1);
}

static struct rtattr *nest(struct request *r, uint16_t type)
{
	return put(r, type, NULL, 0);
}

static void nest_end(struct request *r, struct rtattr *attr)
{
	attr->rta_len = (uint16_t)((uint8_t *)r + r->head.nlmsg_len - (uint8_t *)attr);
}

/* Send, wait for the answer (an acknowledgement where answer is NULL). 0 or -errno. */
static int talk(struct request *r, void *answer, size_t answer_bytes)
{
	_Alignas(8) uint8_t ack[ANSWER_BYTES];
	struct nlmsghdr *head;
	ssize_t n;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), rc = 0;

	if (fd < 0)
		return -errno;
	if (!answer) {
		answer = ack;
		answer_bytes = sizeof(ack);
		r->head.nlmsg_flags |= NLM_F_ACK;
	}
	if (send(fd, r, r->head.nlmsg_len, 0) < 0)
		rc = -errno;
	n = rc ? 0 : recv(fd, answer, answer_bytes, 0);
	if (n < 0)
		rc = -errno;
	close(fd);
	if (rc)
		return rc;
	head = answer;
	if (!NLMSG_OK(head, (uint32_t)n))
		return -EPROTO;
	if (head->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)NLMSG_DATA(head))->error;
	return 0;
}

static int index_of(const char *name, int *index)
{
	*index = (int)if_nametoindex(name);
	return *index ? 0 : -errno;
}

/* Attributes of one end; queues and MTU are the same on both. */
static void put_end(struct request *r, const struct bp_link_end *end, uint32_t mtu)
{
	uint32_t fd = (uint32_t)end->netns, one = 1;

	put_text(r, IFLA_IFNAME, end->name);
	put(r, IFLA_ADDRESS, end->mac, sizeof(end->mac));
	put(r, IFLA_MTU, &mtu, sizeof(mtu));
	put(r, IFLA_NUM_TX_QUEUES, &one, sizeof(one));
	put(r, IFLA_NUM_RX_QUEUES, &one, sizeof(one));
	put(r, IFLA_NET_NS_FD, &fd, sizeof(fd));
}

int bp_link_veth(const struct bp_link_end *a, const struct bp_link_end *b, uint32_t mtu)
{
	struct rtattr *info, *data, *peer;
	struct request r;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	put_end(&r, a, mtu);
	info = nest(&r, IFLA_LINKINFO);
	put_text(&r, IFLA_INFO_KIND, "veth");
	data = nest(&r, IFLA_INFO_DATA);
	peer = nest(&r, VETH_INFO_PEER);
	r.head.nlmsg_len += (uint32_t)sizeof(struct ifinfomsg); /* the peer's, all 0 */
	put_end(&r, b, mtu);
	nest_end(&r, peer);
	nest_end(&r, data);
	nest_end(&r, info);
	return talk(&r, NULL, 0);
}

/* No IPv6 of its own, whose neighbour discovery would go out of every port. */
static void silence(const char *name)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* a kernel without IPv6 */
	if (write(fd, "1", 1) < 0) {
		/* Its frames then show up as foreign ones. */
	}
	close(fd);
}

int bp_link_bridge(const char *name)
{
	struct rtattr *info;
	struct request r;
	int rc;

	begin(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	put_text(&r, IFLA_IFNAME, name);
	info = nest(&r, IFLA_LINKINFO);
	put_text(&r, IFLA_INFO_KIND, "bridge");
	nest_end(&r, info);
	rc = talk(&r, NULL, 0);
	if (!rc)
		silence(name);
	return rc;
}

int bp_link_enslave(const char *name, const char *bridge)
{
	struct request r;
	int master, rc;

	begin(&r, RTM_NEWLINK, 0);
	rc = index_of(name, &r.info.ifi_index);
	if (!rc)
		rc = index_of(bridge, &master);
	if (rc)
		return rc;
	put(&r, IFLA_MASTER, &master, sizeof(master));
	return talk(&r, NULL, 0);
}

int bp_link_up(const char *name)
{
	struct request r;
	int rc;

	begin(&r, RTM_NEWLINK, 0);
	r.info.ifi_flags = r.info.ifi_change = IFF_UP;
	rc = index_of(name, &r.info.ifi_index);
	return rc ? rc : talk(&r, NULL, 0);
}

int bp_link_delete(const char *name)
{
	struct request r;
	int rc;

	begin(&r, RTM_DELLINK, 0);
	rc = index_of(name, &r.info.ifi_index);
	return rc ? rc : talk(&r, NULL, 0);
}

int bp_link_address(const char *name, const uint8_t address[4], uint8_t prefix_bits)
{
	struct request r;
	struct ifaddrmsg *head = (struct ifaddrmsg *)&r.info; /* shorter than ifinfomsg */
	int index, rc = index_of(name, &index);

	if (rc)
		return rc;
	begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	*head = (struct ifaddrmsg){ .ifa_family = AF_INET,
				    .ifa_prefixlen = prefix_bits,
				    .ifa_index = (unsigned)index };
	r.head.nlmsg_len = NLMSG_LENGTH(sizeof(*head));
	put(&r, IFA_LOCAL, address, 4);
	put(&r, IFA_ADDRESS, address, 4);
	return talk(&r, NULL, 0);
}

/* An attribute of a list; NULL if it is not there. */
static struct rtattr *find(struct rtattr *attr, uint32_t left, uint16_t type)
{
	for (; RTA_OK(attr, left); attr = RTA_NEXT(attr, left))
		if ((attr->rta_type & NLA_TYPE_MASK) == type)
			return attr;
	return NULL;
}

static struct rtattr *find_in(struct rtattr *outer, uint16_t type)
{
	return outer ? find(RTA_DATA(outer), (uint32_t)RTA_PAYLOAD(outer), type) : NULL;
}

/* One attribute of an interface, in the caller's buffer of ANSWER_BYTES. 0 or -errno. */
static int get_attribute(const char *name, uint16_t type, void *answer, struct rtattr **attr)
{
	struct nlmsghdr *head = answer;
	struct request r;
	int rc;

	begin(&r, RTM_GETLINK, 0);
	rc = index_of(name, &r.info.ifi_index);
	if (!rc)
		rc = talk(&r, answer, ANSWER_BYTES);
	if (rc)
		return rc;
	*attr = find(IFLA_RTA((struct ifinfomsg *)NLMSG_DATA(head)), (uint32_t)IFLA_PAYLOAD(head),
		     type);
	return *attr ? 0 : -ENODATA;
}

int bp_link_stats(const char *name, struct rtnl_link_stats64 *stats)
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct rtattr *attr;
	size_t bytes;
	int rc = get_attribute(name, IFLA_STATS64, answer, &attr);

	if (rc)
		return rc;
	bytes = RTA_PAYLOAD(attr);
	memset(stats, 0, sizeof(*stats));
	memcpy(stats, RTA_DATA(attr), bytes < sizeof(*stats) ? bytes : sizeof(*stats));
	return 0;
}

bool bp_link_forwards(const char *name)
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct rtattr *attr;

	if (get_attribute(name, IFLA_LINKINFO, answer, &attr))
		return false;
	attr = find_in(find_in(attr, IFLA_INFO_SLAVE_DATA), IFLA_BRPORT_STATE);
	return attr && *(uint8_t *)RTA_DATA(attr) == BR_STATE_FORWARDING;
}

static int ethtool(int fd, const char *name, uint32_t cmd, uint32_t *value)
{
	struct ethtool_value v = { .cmd = cmd, .data = *value };
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	ifr.ifr_data = (void *)&v;
	if (ioctl(fd, SIOCETHTOOL, &ifr))
		return -errno;
	*value = v.data;
	return 0;
}

int bp_link_offloads_off(const char *name, bool has_gro)
{
	const struct {
		uint32_t cmd, value;
	} sets[] = {
		{ ETHTOOL_STSO, 0 },    { ETHTOOL_SGSO, 0 },       { ETHTOOL_SSG, 0 },
		{ ETHTOOL_STXCSUM, 0 }, { ETHTOOL_SGRO, has_gro },
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		uint32_t value = sets[i].value;

		(void)ethtool(fd, name, sets[i].cmd, &value); /* bp_link_offloads() tells */
	}
	close(fd);
	return 0;
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
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; !rc && i < sizeof(gets) / sizeof(gets[0]); i++) {
		uint32_t value = 0;

		rc = ethtool(fd, name, gets[i].cmd, &value);
		*gets[i].to = value != 0;
	}
	close(fd);
	return rc;
}
