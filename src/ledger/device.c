/* What stands behind an interface, as the ledger's model wants it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/device.h"

#include "core/devargs.h"
#include "core/netdev.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VIRTIO_F_ACCESS_PLATFORM_BIT 33u /* virtio 1.1, section 6 */

static enum bp_gather ask_gather(int fd, const char *ifname)
{
	static const char *const names[] = { "tx-scatter-gather" };
	uint32_t on;

	if (bp_netdev_features(fd, ifname, names, 1, &on))
		return BP_GATHER_UNKNOWN;
	return on ? BP_GATHER_YES : BP_GATHER_NO;
}

static void ask_device(int fd, const char *ifname, struct bp_device *device)
{
	int mtu = bp_netdev_mtu(fd, ifname);

	device->kind = bp_netdev_driver(fd, ifname, device->driver);
	device->mtu = mtu < 0 ? 0 : (uint32_t)mtu;
	device->gather = ask_gather(fd, ifname);
	device->has_access_platform = device->kind == BP_DEVICE_VIRTIO &&
				      bp_netdev_has_virtio(ifname, VIRTIO_F_ACCESS_PLATFORM_BIT);
}

void bp_device_look(const char *ifname, struct bp_device *device)
{
	int fd = bp_netdev_open(), ifindex = bp_netdev_index(fd, ifname);

	*device = (struct bp_device){ .exists = ifindex > 0, .kind = BP_DEVICE_OTHER };
	if (device->exists) {
		ask_device(fd, ifname, device);
		device->has_xdp_features = !bp_netdev_xdp_features(ifindex, &device->xdp_features);
	}
	if (fd >= 0)
		close(fd);
}

bool bp_device_below_name(const char *devargs, char *name)
{
	/* Of several, the one that packets leave by. */
	static const char *const keys[] = { "iface", "tx_iface", "rx_iface", "rx_iface_in" };

	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (bp_devargs_get(devargs, keys[i], name, BP_NAME_BYTES))
			return name[0] != '\0';
	return false;
}

enum bp_device_kind bp_device_below(const struct bp_port_conf *conf)
{
	char ifname[BP_NAME_BYTES];
	struct bp_device device;

	if (strcmp(conf->driver, "dpdk") || !bp_device_below_name(conf->device, ifname))
		return BP_DEVICE_NONE;
	bp_device_look(ifname, &device);
	return device.exists ? device.kind : BP_DEVICE_NONE;
}

enum bp_gather bp_device_gather(const struct bp_port_conf *conf)
{
	char ifname[BP_NAME_BYTES];
	struct bp_device device;

	if (strcmp(conf->driver, "dpdk"))
		snprintf(ifname, sizeof(ifname), "%.31s", conf->device);
	else if (!bp_device_below_name(conf->device, ifname))
		return BP_GATHER_UNKNOWN;
	bp_device_look(ifname, &device);
	return device.gather;
}
