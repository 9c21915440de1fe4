/* Facts of a network interface, as ioctl, ethtool and rtnetlink tell them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include "core/netdev.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define VLAN_BYTES 4u

/* ethtool's word for each kind of super-frame. */
static const struct {
	uint32_t type;
	const char *feature;
} gso_kinds[] = {
	{ BP_VNET_GSO_TCPV4, "tx-tcp-segmentation" },
	{ BP_VNET_GSO_TCPV6, "tx-tcp6-segmentation" },
	{ BP_VNET_GSO_UDP_L4, "tx-udp-segmentation" },
	{ 6, "tx-tcp-ecn-segmentation" }, /* bit 6: any type with BP_VNET_GSO_ECN */
};
#define N_KINDS (sizeof(gso_kinds) / sizeof(gso_kinds[0]))

static int ask(const struct afp_netdev *dev, unsigned long request, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	memcpy(ifr->ifr_name, dev->name, sizeof(ifr->ifr_name)); /* header */
	return ioctl(dev->ctl_fd, request, ifr) ? -errno : 0;
}

static int ask_ethtool(const struct afp_netdev *dev, void *command)
{
	struct ifreq ifr = { .ifr_data = command };

	memcpy(ifr.ifr_name, dev->name, sizeof(ifr.ifr_name)); /* header */
	return ioctl(dev->ctl_fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

int afp_netdev_open(struct afp_netdev *dev, const char *name)
{
	if (strlen(name) >= sizeof(dev->name))
		return -ENODEV;
	memset(dev->name, 0, sizeof(dev->name));
	strcpy(dev->name, name);
	dev->n_features = 0;
	dev->ctl_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (dev->ctl_fd < 0 && errno == EAFNOSUPPORT)
		dev->ctl_fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return dev->ctl_fd < 0 ? -errno : 0;
}

void afp_netdev_close(struct afp_netdev *dev)
{
	close(dev->ctl_fd);
}

int afp_netdev_ifindex(const struct afp_netdev *dev)
{
	struct ifreq ifr;
	int err = ask(dev, SIOCGIFINDEX, &ifr);

	return err ? err : ifr.ifr_ifindex;
}

int afp_netdev_flags(const struct afp_netdev *dev)
{
	struct ifreq ifr;
	int err = ask(dev, SIOCGIFFLAGS, &ifr);

	return err ? err : (uint16_t)ifr.ifr_flags;
}

/* Where in ethtool's list of features each kind stands. */
static void find_features(struct afp_netdev *dev)
{
	/* struct ethtool_sset_info, with the one length asked for behind it. */
	struct {
		uint32_t cmd, reserved;
		uint64_t sset_mask;
		uint32_t length;
	} info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1u << ETH_SS_FEATURES };
	struct ethtool_gstrings *strings;

	for (unsigned i = 0; i < N_KINDS; i++)
		dev->feature_ids[i] = -1;
	dev->n_features = 0;
	if (ask_ethtool(dev, &info) || !info.sset_mask || !info.length || info.length > 4096)
		return;
	strings = calloc(1, sizeof(*strings) + (size_t)info.length * ETH_GSTRING_LEN);
	if (!strings)
		return;
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_FEATURES;
	strings->len = info.length;
	if (!ask_ethtool(dev, strings)) {
		dev->n_features = strings->len;
		for (uint32_t f = 0; f < strings->len; f++)
			for (unsigned i = 0; i < N_KINDS; i++)
				if (!strncmp((char *)strings->data + f * ETH_GSTRING_LEN,
					     gso_kinds[i].feature, ETH_GSTRING_LEN))
					dev->feature_ids[i] = (int)f;
	}
	free(strings);
}

int afp_netdev_mtu(const struct afp_netdev *dev)
{
	struct ifreq ifr;
	int err = ask(dev, SIOCGIFMTU, &ifr);

	return err ? err : ifr.ifr_mtu;
}

uint32_t afp_netdev_frame_bytes(uint32_t mtu)
{
	return mtu + ETH_HLEN + VLAN_BYTES;
}

int afp_netdev_info(struct afp_netdev *dev, struct bp_port_info *info)
{
	int mtu = afp_netdev_mtu(dev);

	if (mtu < 0)
		return mtu;
	info->mtu = (uint32_t)mtu;
	info->max_frame_bytes = afp_netdev_frame_bytes(info->mtu);
	info->kind = bp_netdev_driver(dev->ctl_fd, dev->name, info->device_driver);
	find_features(dev);
	return 0;
}

uint32_t afp_netdev_gso_types(const struct afp_netdev *dev)
{
	uint32_t n_blocks = (dev->n_features + 31) / 32;
	struct ethtool_gfeatures *got;
	uint32_t types = 0;

	if (!n_blocks)
		return 0;
	got = calloc(1, sizeof(*got) + n_blocks * sizeof(got->features[0]));
	if (!got)
		return 0;
	got->cmd = ETHTOOL_GFEATURES;
	got->size = n_blocks;
	if (!ask_ethtool(dev, got)) {
		for (unsigned i = 0; i < N_KINDS; i++) {
			int f = dev->feature_ids[i];

			if (f >= 0 && got->features[f / 32].active & (1u << (f % 32)))
				types |= 1u << gso_kinds[i].type;
		}
	}
	free(got);
	return types;
}

/* The IFLA_QDISC attribute of an RTM_NEWLINK message, or NULL. */
static const char *find_qdisc(struct nlmsghdr *msg, ssize_t n_bytes)
{
	struct ifinfomsg *link = NLMSG_DATA(msg);
	uint8_t *at = (uint8_t *)IFLA_RTA(link);
	uint8_t *end = (uint8_t *)msg + n_bytes;

	if (!NLMSG_OK(msg, n_bytes) || msg->nlmsg_type != RTM_NEWLINK)
		return NULL;
	while (end - at >= (ssize_t)sizeof(struct rtattr)) {
		struct rtattr *attr = (void *)at;

		if (attr->rta_len < sizeof(*attr))
			return NULL;
		if (attr->rta_type == IFLA_QDISC)
			return RTA_DATA(attr);
		at += RTA_ALIGN(attr->rta_len);
	}
	return NULL;
}

bool afp_netdev_has_qdisc(int ifindex)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} request = {
		.head = { .nlmsg_len = sizeof(request),
			  .nlmsg_type = RTM_GETLINK,
			  .nlmsg_flags = NLM_F_REQUEST },
		.link = { .ifi_index = ifindex },
	};
	union {
		struct nlmsghdr head;
		uint8_t bytes[16384];
	} reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const char *name = NULL;

	if (fd < 0)
		return true;
	if (send(fd, &request, sizeof(request), 0) == sizeof(request)) {
		ssize_t n_bytes = recv(fd, &reply, sizeof(reply), 0);

		if (n_bytes > 0)
			name = find_qdisc(&reply.head, n_bytes);
	}
	close(fd);
	return !name || strcmp(name, "noqueue") != 0;
}

void afp_netdev_list(char *text, size_t n_bytes)
{
	struct if_nameindex *all = if_nameindex();
	size_t at = 0;

	text[0] = '\0';
	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		int n = snprintf(text + at, n_bytes - at, "%s%s", at ? ", " : "", i->if_name);

		if (n < 0 || (size_t)n >= n_bytes - at)
			break;
		at += (size_t)n;
	}
	if (all)
		if_freenameindex(all);
}
