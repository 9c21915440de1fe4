/* What the kernel says of a port's interface, without sysfs or netlink. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "core/netdev.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

static int set_name(struct ifreq *ifr, const char *name)
{
	size_t len = strlen(name);

	memset(ifr, 0, sizeof(*ifr));
	if (!len || len >= sizeof(ifr->ifr_name))
		return -ENODEV;
	strcpy(ifr->ifr_name, name);
	return 0;
}

static int ask(int fd, unsigned long request, struct ifreq *ifr)
{
	return ioctl(fd, request, ifr) < 0 ? -errno : 0;
}

static void ask_channels(int fd, struct ifreq *ifr, struct xsk_device *dev)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };

	ifr->ifr_data = (void *)&ch;
	if (ask(fd, SIOCETHTOOL, ifr) < 0)
		return; /* drivers without the call have one queue as a rule */
	dev->n_rx = ch.rx_count + ch.combined_count;
	dev->n_tx = ch.tx_count + ch.combined_count;
	dev->is_combined = ch.combined_count > 0;
}

int xsk_device_query(int ctl_fd, const char *name, struct xsk_device *out)
{
	struct xsk_device dev = { .driver = "" };
	struct ifreq ifr;
	int ret = set_name(&ifr, name);

	if (!ret)
		ret = ask(ctl_fd, SIOCGIFINDEX, &ifr);
	if (ret < 0)
		return ret;
	dev.ifindex = (unsigned)ifr.ifr_ifindex;
	strcpy(dev.name, ifr.ifr_name);
	ret = ask(ctl_fd, SIOCGIFMTU, &ifr);
	if (ret < 0)
		return ret;
	dev.mtu = (uint32_t)ifr.ifr_mtu;
	dev.kind = bp_netdev_driver(ctl_fd, dev.name, dev.driver);
	ask_channels(ctl_fd, &ifr, &dev);
	*out = dev;
	return 0;
}

/* Asked for more channels than there can be: a driver that can change them says EINVAL, and leaves
 * them alone. vmxnet3 (Linux 6.12) shows its channels and cannot change them. */
bool xsk_device_has_fixed_queues(int ctl_fd, const char *name)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_SCHANNELS,
				       .rx_count = UINT32_MAX,
				       .tx_count = UINT32_MAX,
				       .combined_count = UINT32_MAX };
	struct ifreq ifr;

	if (set_name(&ifr, name))
		return false;
	ifr.ifr_data = (void *)&ch;
	return ask(ctl_fd, SIOCETHTOOL, &ifr) == -EOPNOTSUPP;
}

/* Read or write the device's flags, by cmd. 0 or -errno. */
static int ask_flags(int ctl_fd, const char *name, uint32_t cmd, uint32_t *flags)
{
	struct ethtool_value value = { .cmd = cmd, .data = *flags };
	struct ifreq ifr;
	int err = set_name(&ifr, name);

	ifr.ifr_data = (void *)&value;
	if (!err)
		err = ask(ctl_fd, SIOCETHTOOL, &ifr);
	if (!err)
		*flags = value.data;
	return err;
}

int xsk_device_strips_tags(int ctl_fd, const char *name)
{
	uint32_t flags = 0;
	int err = ask_flags(ctl_fd, name, ETHTOOL_GFLAGS, &flags);

	return err ? err : !!(flags & ETH_FLAG_RXVLAN);
}

int xsk_device_strip_tags(int ctl_fd, const char *name, bool on)
{
	uint32_t flags = 0;
	int err = ask_flags(ctl_fd, name, ETHTOOL_GFLAGS, &flags);

	if (err)
		return err;
	flags = on ? flags | ETH_FLAG_RXVLAN : flags & ~(uint32_t)ETH_FLAG_RXVLAN;
	return ask_flags(ctl_fd, name, ETHTOOL_SFLAGS, &flags);
}

uint32_t xsk_device_mtu(int ctl_fd, const char *name)
{
	struct ifreq ifr;

	if (set_name(&ifr, name) || ask(ctl_fd, SIOCGIFMTU, &ifr))
		return 0;
	return (uint32_t)ifr.ifr_mtu;
}
