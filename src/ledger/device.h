/* What the kernel tells about a network interface, asked without opening it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LEDGER_DEVICE_H
#define BYPATH_LEDGER_DEVICE_H

#include "bypath/port.h"

/* Bits of bp_device.xdp_features. Source: Linux include/uapi/linux/netdev.h, enum netdev_xdp_act. */
#define BP_XDP_BASIC        (1u << 0)
#define BP_XDP_XSK_ZEROCOPY (1u << 3)

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

/* The kernel interface that a DPDK device string opens (iface=, rx_iface=, tx_iface=), into
 * name[BP_NAME_BYTES]; false if it opens none. Pure. */
bool bp_device_below_name(const char *devargs, char *name);

/* The kind of that interface, BP_DEVICE_NONE where there is none or it does not exist. Blocks as
 * bp_device_look(). */
enum bp_device_kind bp_device_below(const struct bp_port_conf *conf);

/* Does the kernel device that a port sends out of gather pages? As bp_device_look(). */
enum bp_gather bp_device_gather(const struct bp_port_conf *conf);

#endif
