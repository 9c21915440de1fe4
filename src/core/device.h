/* What the kernel tells about a network interface, asked without opening it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_DEVICE_H
#define BYPATH_CORE_DEVICE_H

#include "bypath/port.h"

/* Bits of bp_device.xdp_features. Source: Linux include/uapi/linux/netdev.h, enum netdev_xdp_act. */
#define BP_XDP_BASIC        (1u << 0)
#define BP_XDP_XSK_ZEROCOPY (1u << 3)
#define BP_XDP_NDO_XMIT     (1u << 2)

/* What a device's driver offers to XDP; the device alone decides in the end. */
enum bp_xdp {
	BP_XDP_UNKNOWN,
	BP_XDP_GENERIC, /* skbs only */
	BP_XDP_NATIVE,
	BP_XDP_ZEROCOPY, /* native, AF_XDP sockets in zero-copy mode as well */
};

/* Does a kernel device take skbs made of pages (ethtool's scatter-gather)? Else the kernel copies. */
enum bp_gather {
	BP_GATHER_UNKNOWN, /* it could not be asked */
	BP_GATHER_YES,
	BP_GATHER_NO,
};

struct bp_device {
	bool exists; /* in this network namespace; false: the rest is zero, kind BP_DEVICE_OTHER */
	char driver[BP_NAME_BYTES]; /* as ethtool -i says: "veth", "tun", "ixgbe"; "" unknown */
	enum bp_device_kind kind;
	uint32_t mtu;
	bool has_access_platform; /* virtio: feature VIRTIO_F_ACCESS_PLATFORM is negotiated */
	enum bp_gather gather;
	bool has_xdp_features; /* kernel ≥ 6.3 answered */
	uint64_t xdp_features;
};

/* Ask for one interface of the caller's network namespace. Needs no privilege. Any thread; blocks
 * on the kernel only. Never fails: what cannot be learned stays zero. */
void bp_device_look(const char *ifname, struct bp_device *device);

/* Of a device that exists; by its driver before Linux 6.3, which does not tell. virtio_net binds zero-copy only
 * where ACCESS_PLATFORM was negotiated. Pure. */
enum bp_xdp bp_device_xdp(const struct bp_device *device);

/* bp_device_look() at the kernel interface that a port of this configuration opens, of several the one that
 * packets leave by. Whether it exists; else *device is zero, kind BP_DEVICE_NONE. */
bool bp_device_of(const struct bp_port_conf *port, struct bp_device *device);

/*
 * What bp_device_look() tells, in the words of a port that is to stand on the interface: device_driver, kind,
 * mtu, or a note that it does not exist. *device is filled too unless it is NULL. Whether it exists.
 */
bool bp_device_predict(const char *ifname, struct bp_port_info *info, struct bp_device *device);

#endif
