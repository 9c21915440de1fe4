/* What a port that receives asks of its NIC while it lives: frames for every address, with their tags. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "bypath/log.h"

#include "core/netdev.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As the kernel names it; ethtool's word is rx-vlan-offload (rxvlan). Some NICs drop their link for seconds
 * when it is changed. */
#define TAG_STRIPPING "rx-vlan-hw-parse"

static int take_promiscuity(struct af_xdp_port *xp, char *why, size_t why_bytes)
{
	const struct af_xdp_device *dev = &xp->dev;
	int fd = bp_netdev_hold_promisc(dev->ifindex);

	if (fd < 0) {
		snprintf(why, why_bytes,
			 "%s does not become promiscuous, so that frames for other addresses would "
			 "be lost: %s%s",
			 dev->name, strerror(-fd),
			 fd == -EPERM ? ": run as root or with CAP_NET_RAW" : "");
		return fd;
	}
	xp->promisc_fd = fd;
	/* The host of a virtual function may ignore the request without reporting that, to the
	 * kernel either. */
	if (!xp->was_started && bp_netdev_is_vf(dev->name))
		bp_log(BP_LOG_WARN,
		       "port %s: %s is a virtual function: frames for other addresses come only if its "
		       "host trusts it: ip link set PF vf N trust on, there",
		       xp->port->conf->name, dev->name);
	return 0;
}

/* Bonds and teams have their own flag, but each of their members strips tags by its own flag. */
static bool is_upper(const char *driver)
{
	return !strcmp(driver, "bonding") || !strcmp(driver, "team");
}

/* Does the device take VLAN tags off what it receives? false where it does not tell. */
static bool strips_tags(const struct af_xdp_port *xp)
{
	static const char *const names[] = { TAG_STRIPPING };
	uint32_t on = 0;

	return !bp_netdev_features(xp->ctl_fd, xp->dev.name, names, 1, &on) && on;
}

/* AF_XDP hands over bytes only: a tag that the NIC took off would be lost, its frame sent untagged. */
static int keep_tags(struct af_xdp_port *xp, char *why, size_t why_bytes)
{
	const struct af_xdp_device *dev = &xp->dev;
	int err;

	/* virtio strips nothing; on veth the sender leaves the tag beside the frame, and a program puts it back. */
	if (dev->kind != BP_DEVICE_OTHER || !strips_tags(xp))
		return 0;
	err = is_upper(dev->driver)
		      ? -EOPNOTSUPP
		      : bp_netdev_set_feature(xp->ctl_fd, dev->name, TAG_STRIPPING, false);
	if (err) {
		snprintf(
			why, why_bytes,
			"%s takes VLAN tags off the frames (rx-vlan-offload) and cannot be told to "
			"leave them: %s: AF_XDP would lose them: use driver = %s%s",
			dev->name, strerror(-err), bp_facts_named(BP_FACT_ANY_NETDEV),
			is_upper(dev->driver) ? ", or a port for each member" : "");
		return err;
	}
	xp->tags_ifindex = dev->ifindex;
	bp_log(BP_LOG_INFO,
	       "port %s: %s leaves VLAN tags in the frames until bypath ends; if it is killed, undo "
	       "that by: ethtool -K %s rxvlan on",
	       xp->port->conf->name, dev->name, dev->name);
	return 0;
}

int af_xdp_nic_take(struct af_xdp_port *xp, char *why, size_t why_bytes)
{
	int err;

	if (!xp->port->n_rxq)
		return 0;
	err = take_promiscuity(xp, why, why_bytes);
	if (!err)
		err = keep_tags(xp, why, why_bytes);
	if (err)
		af_xdp_nic_release(xp);
	return err;
}

void af_xdp_nic_release(struct af_xdp_port *xp)
{
	if (xp->promisc_fd >= 0)
		close(xp->promisc_fd);
	xp->promisc_fd = -1;
}

void af_xdp_nic_restore(struct af_xdp_port *xp)
{
	char name[IF_NAMESIZE] = "";
	int err;

	/* The device that was changed, whatever it is called now; it may be gone. */
	if (!xp->tags_ifindex || bp_netdev_name(xp->ctl_fd, xp->tags_ifindex, name))
		return;
	err = bp_netdev_set_feature(xp->ctl_fd, name, TAG_STRIPPING, true);
	if (err)
		bp_log(BP_LOG_WARN,
		       "port %s: %s leaves VLAN tags in the frames: %s: run: ethtool -K %s rxvlan on",
		       xp->port->conf->name, name, strerror(-err), name);
	xp->tags_ifindex = 0;
}
