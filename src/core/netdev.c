/* Which kernel driver stands behind an interface, and what that says of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev.h"

#include <errno.h>
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

/* What the interface says now. 0 or -errno. */
static int read_tx_dropped(const char *ifname, uint64_t *n)
{
	/* Of this thread's network namespace, whatever /sys shows. */
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	char line[512], dev[IF_NAMESIZE + 1];
	int err = -ENODEV;

	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		unsigned long long dropped;

		/* Eight columns of receive, then bytes, packets, errs, drop of transmit. */
		if (sscanf(line, " %16[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", dev,
			   &dropped) == 2 &&
		    strcmp(dev, ifname) == 0) {
			*n = dropped;
			err = 0;
		}
	}
	fclose(f);
	return err;
}

void bp_netdev_tx_dropped_begin(struct bp_netdev_tx_dropped *d, const char *ifname)
{
	d->base = 0;
	(void)read_tx_dropped(ifname, &d->base);
	d->last = d->base;
}

static uint64_t sum_tx_dropped(struct bp_netdev_tx_dropped *d, const char *ifname)
{
	uint64_t now;

	/* What it has counted stays when it vanishes, or begins anew. */
	if (read_tx_dropped(ifname, &now) == 0 && now >= d->last)
		d->last = now;
	return d->past + d->last - d->base;
}

struct bp_reported bp_netdev_tx_dropped_row(struct bp_netdev_tx_dropped *d, const char *ifname,
					    bool is_named)
{
	return (struct bp_reported){
		.name = "dev_tx_dropped",
		.value = sum_tx_dropped(d, ifname),
		.is_drop = !is_named,
		.explains = is_named,
	};
}

void bp_netdev_tx_dropped_end(struct bp_netdev_tx_dropped *d, const char *ifname)
{
	d->past = sum_tx_dropped(d, ifname);
	d->base = d->last;
}
