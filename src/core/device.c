/* What stands behind an interface, as the ledger's model wants it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/device.h"

#include "core/claim.h"
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

enum bp_xdp bp_device_xdp(const struct bp_device *device)
{
	bool is_virtio = device->kind == BP_DEVICE_VIRTIO;

	if (!device->exists)
		return BP_XDP_UNKNOWN;
	if (!device->has_xdp_features)
		return device->kind == BP_DEVICE_OTHER ? BP_XDP_UNKNOWN : BP_XDP_NATIVE;
	if (device->xdp_features & BP_XDP_XSK_ZEROCOPY &&
	    (!is_virtio || device->has_access_platform))
		return BP_XDP_ZEROCOPY;
	return device->xdp_features & BP_XDP_BASIC ? BP_XDP_NATIVE : BP_XDP_GENERIC;
}

bool bp_device_of(const struct bp_port_conf *port, struct bp_device *device)
{
	struct bp_claim claim;

	*device = (struct bp_device){ .kind = BP_DEVICE_NONE };
	if (!bp_claim_find(port, BP_CLAIM_NETDEV, &claim))
		return false;
	bp_device_look(claim.name, device);
	if (!device->exists)
		device->kind = BP_DEVICE_NONE;
	return device->exists;
}

bool bp_device_predict(const char *ifname, struct bp_port_info *info, struct bp_device *device)
{
	struct bp_device looked;

	device = device ? device : &looked;
	bp_device_look(ifname, device);
	strcpy(info->device_driver, device->driver);
	info->kind = device->kind;
	info->mtu = device->mtu;
	if (!device->exists)
		snprintf(info->note, sizeof(info->note),
			 "no interface %.31s here: assumed to be an ordinary NIC (other)", ifname);
	return device->exists;
}
