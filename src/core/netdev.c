/* Which kernel driver stands behind an interface, and what that says of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum bp_device_kind bp_device_kind_of(const char *driver)
{
	static const struct {
		const char *driver;
		enum bp_device_kind kind;
	} kinds[] = {
		{ "veth", BP_DEVICE_VETH },
		{ "tun", BP_DEVICE_TAP },
		{ "virtio_net", BP_DEVICE_VIRTIO },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(driver, kinds[i].driver) == 0)
			return kinds[i].kind;
	return BP_DEVICE_OTHER;
}

enum bp_device_kind bp_netdev_driver(int fd, const char *ifname, char driver[BP_NAME_BYTES])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (char *)&info };
	int own_fd = fd < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	driver[0] = '\0';
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", ifname);
	if (!ioctl(fd < 0 ? own_fd : fd, SIOCETHTOOL, &ifr))
		snprintf(driver, BP_NAME_BYTES, "%.31s", info.driver);
	if (own_fd >= 0)
		close(own_fd);
	return bp_device_kind_of(driver);
}
