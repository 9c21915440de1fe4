/* Which kernel driver stands behind an interface, and what that says of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev.h"

#include "core/numa.h"
#include "core/pci.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
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

static enum bp_link ask_link(int fd, const char *ifname, unsigned ifindex)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", ifname);
	if (ioctl(fd, SIOCGIFINDEX, &ifr) || (unsigned)ifr.ifr_ifindex != ifindex ||
	    ioctl(fd, SIOCGIFFLAGS, &ifr))
		return BP_LINK_LOST;
	return (ifr.ifr_flags & IFF_UP) && (ifr.ifr_flags & IFF_RUNNING) ? BP_LINK_UP
									 : BP_LINK_DOWN;
}

enum bp_link bp_netdev_link(int fd, const char *ifname, unsigned ifindex)
{
	int own_fd = fd < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	enum bp_link link = BP_LINK_UP; /* no descriptor to ask with: nothing is known against it */

	if (fd >= 0 || own_fd >= 0)
		link = ask_link(fd < 0 ? own_fd : fd, ifname, ifindex);
	if (own_fd >= 0)
		close(own_fd);
	return link;
}

/* fd: -1 for a socket of its own. false: info untouched. */
static bool ask_driver(int fd, const char *ifname, struct ethtool_drvinfo *info)
{
	struct ethtool_drvinfo answer = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (char *)&answer };
	int own_fd = fd < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	bool is_answered;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", ifname);
	is_answered = !ioctl(fd < 0 ? own_fd : fd, SIOCETHTOOL, &ifr);
	if (own_fd >= 0)
		close(own_fd);
	if (is_answered)
		*info = answer;
	return is_answered;
}

enum bp_device_kind bp_netdev_driver(int fd, const char *ifname, char driver[BP_NAME_BYTES])
{
	struct ethtool_drvinfo info = { .driver = "" };

	ask_driver(fd, ifname, &info);
	snprintf(driver, BP_NAME_BYTES, "%.31s", info.driver);
	return bp_device_kind_of(driver);
}

void bp_netdev_bus(const char *ifname, char bus[BP_NAME_BYTES])
{
	struct ethtool_drvinfo info = { .bus_info = "" };

	ask_driver(-1, ifname, &info);
	snprintf(bus, BP_NAME_BYTES, "%.31s", info.bus_info);
}

int bp_netdev_node(const char *ifname)
{
	char bus[BP_NAME_BYTES], address[BP_PCI_ADDRESS_BYTES];

	/* By ethtool, not by /sys/class/net, which may be another network namespace's. */
	bp_netdev_bus(ifname, bus);
	return bp_pci_parse(bus, address) ? bp_pci_node(address) : BP_NO_NODE;
}

unsigned bp_netdev_speed_mbps(const char *ifname)
{
	char path[64];
	long speed = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/speed", ifname);
	f = fopen(path, "re");
	if (f && fscanf(f, "%ld", &speed) != 1)
		speed = 0;
	if (f)
		fclose(f);
	return speed > 0 && speed < INT32_MAX ? (unsigned)speed : 0; /* unknown: -1, as unsigned */
}

bool bp_netdev_is_loopback(const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_known;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", ifname);
	is_known = fd >= 0 && !ioctl(fd, SIOCGIFFLAGS, &ifr);
	if (fd >= 0)
		close(fd);
	return is_known && (ifr.ifr_flags & IFF_LOOPBACK);
}

int bp_netdev_need_ethernet(const char *ifname, char *why, size_t why_bytes)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_known;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", ifname);
	is_known = fd >= 0 && !ioctl(fd, SIOCGIFHWADDR, &ifr);
	if (fd >= 0)
		close(fd);
	if (!is_known || ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER ||
	    ifr.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK)
		return 0;
	snprintf(
		why, why_bytes,
		"%s is no Ethernet device (link type %u): its packets have no MAC addresses: use an "
		"Ethernet one, for a tunnel of IP packets a bridge or tap in front of it",
		ifname, ifr.ifr_hwaddr.sa_family);
	return -EINVAL;
}

int bp_netdev_hold_promisc(int ifindex)
{
	struct packet_mreq all = { .mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC };
	/* Protocol 0: no packet comes to this socket. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

bool bp_netdev_is_vf(const char *ifname)
{
	char path[64 + IF_NAMESIZE];

	snprintf(path, sizeof(path), "/sys/class/net/%.15s/device/physfn", ifname);
	return access(path, F_OK) == 0;
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
	static const struct bp_counter_row named = {
		"dev_tx_dropped",
		"packets",
		BP_SIDE_TX,
		BP_KIND_EXPLAINS,
		"the interface's own count, of such and beyond them",
		true
	};
	static const struct bp_counter_row lost = { "dev_tx_dropped",
						    "packets",
						    BP_SIDE_TX,
						    BP_KIND_DROP,
						    "the interface's own count",
						    true };

	return (struct bp_reported){ is_named ? &named : &lost, sum_tx_dropped(d, ifname) };
}

void bp_netdev_tx_dropped_end(struct bp_netdev_tx_dropped *d, const char *ifname)
{
	d->past = sum_tx_dropped(d, ifname);
	d->base = d->last;
}
