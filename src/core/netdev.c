/* Asks about one interface by ioctl, sysfs, procfs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev.h"

#include "core/netdev_ask.h"
#include "core/netifs.h"
#include "core/netlink.h"
#include "core/numa.h"
#include "core/pci.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- descriptors ------------------------------------------------------------------------------ */

/* Of every family an interface ioctl can be asked; this one answers rtnetlink as well, and no kernel lacks it. */
int bp_netdev_open(void)
{
	return bp_netlink_open(NETLINK_ROUTE);
}

int bp_netdev_open_in(int netns_fd)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd, err;

	if (home < 0)
		return -errno;
	if (setns(netns_fd, CLONE_NEWNET) < 0) {
		fd = -errno;
		goto close_home;
	}
	fd = bp_netdev_open();
	err = setns(home, CLONE_NEWNET);
	assert(!err); /* one that this thread has just left */
	(void)err;
close_home:
	close(home);
	return fd;
}

uint32_t bp_netdev_netns(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) ? 0 : (uint32_t)st.st_ino;
}

/* What the kernel returned, ≥ 0, or -errno. */
static int ask(int fd, unsigned long request, struct ifreq *ifr)
{
	int own_fd = fd < 0 ? bp_netdev_open() : -1, ret;

	if (fd < 0 && own_fd < 0)
		return own_fd;
	ret = ioctl(fd < 0 ? own_fd : fd, request, ifr);
	if (ret < 0)
		ret = -errno;
	if (own_fd >= 0)
		close(own_fd);
	return ret;
}

int bp_netdev_ask(int fd, const char *ifname, unsigned long request, struct ifreq *ifr)
{
	size_t len = strlen(ifname);

	if (!len || len >= sizeof(ifr->ifr_name))
		return -ENODEV;
	memset(ifr->ifr_name, 0, sizeof(ifr->ifr_name));
	memcpy(ifr->ifr_name, ifname, len);
	return ask(fd, request, ifr);
}

/* ---- what it is ------------------------------------------------------------------------------- */

int bp_netdev_index(int fd, const char *ifname)
{
	struct ifreq ifr = { .ifr_ifindex = 0 };
	int err = bp_netdev_ask(fd, ifname, SIOCGIFINDEX, &ifr);

	return err ? err : ifr.ifr_ifindex;
}

int bp_netdev_name(int fd, int ifindex, char ifname[IF_NAMESIZE])
{
	struct ifreq ifr = { .ifr_ifindex = ifindex };
	int err = ask(fd, SIOCGIFNAME, &ifr);

	if (!err)
		memcpy(ifname, ifr.ifr_name, IF_NAMESIZE);
	return err;
}

/* The name that sysfs and procfs know an interface by, which may be given by another one. */
static void find_own_name(const char *ifname, char own[IF_NAMESIZE])
{
	snprintf(own, IF_NAMESIZE, "%.15s", ifname);
	(void)bp_netdev_name(-1, bp_netdev_index(-1, ifname), own);
}

int bp_netdev_mtu(int fd, const char *ifname)
{
	struct ifreq ifr = { .ifr_mtu = 0 };
	int err = bp_netdev_ask(fd, ifname, SIOCGIFMTU, &ifr);

	return err ? err : ifr.ifr_mtu;
}

/* IFF_* or -errno. */
static int ask_flags(int fd, const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int err = bp_netdev_ask(fd, ifname, SIOCGIFFLAGS, &ifr);

	return err ? err : (uint16_t)ifr.ifr_flags;
}

int bp_netdev_is_up(int fd, const char *ifname)
{
	int flags = ask_flags(fd, ifname);

	return flags < 0 ? flags : !!(flags & IFF_UP);
}

/*
 * IFF_RUNNING is set by the kernel's link watch, which may be a second behind the carrier; a veth carries every
 * frame meanwhile. Since Linux 6.8 a question about the interface to rtnetlink has the watch catch up first
 * (rtnl_getlink() in net/core/rtnetlink.c). IFF_* after such a question, or -errno.
 */
static int ask_flags_again(int fd, const char *ifname, int ifindex)
{
	struct bp_netif netif;

	(void)bp_netif_look(fd, ifindex, "", &netif);
	return ask_flags(fd, ifname);
}

static enum bp_link ask_link(int fd, const char *ifname, int ifindex)
{
	int flags;

	if (bp_netdev_index(fd, ifname) != ifindex)
		return BP_LINK_LOST;
	flags = ask_flags(fd, ifname);
	/* Not while the link is there: the question waits for whoever changes interfaces. */
	if (flags >= 0 && (flags & IFF_UP) && !(flags & IFF_RUNNING))
		flags = ask_flags_again(fd, ifname, ifindex);
	if (flags < 0)
		return BP_LINK_LOST;
	return (flags & IFF_UP) && (flags & IFF_RUNNING) ? BP_LINK_UP : BP_LINK_DOWN;
}

enum bp_link bp_netdev_link(int fd, const char *ifname, int ifindex)
{
	int own_fd = fd < 0 ? bp_netdev_open() : -1;
	enum bp_link link = BP_LINK_UP; /* no descriptor to ask with: nothing is known against it */

	if (fd >= 0 || own_fd >= 0)
		link = ask_link(fd < 0 ? own_fd : fd, ifname, ifindex);
	if (own_fd >= 0)
		close(own_fd);
	return link;
}

bool bp_netdev_is_loopback(const char *ifname)
{
	int flags = ask_flags(-1, ifname);

	return flags >= 0 && (flags & IFF_LOOPBACK);
}

int bp_netdev_need_ethernet(const char *ifname, char *why, size_t why_bytes)
{
	struct ifreq ifr = { 0 };

	if (bp_netdev_ask(-1, ifname, SIOCGIFHWADDR, &ifr) ||
	    ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER || ifr.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK)
		return 0;
	snprintf(
		why, why_bytes,
		"%s is no Ethernet device (link type %u): its packets have no MAC addresses: use an "
		"Ethernet one, for a tunnel of IP packets a bridge or tap in front of it",
		ifname, ifr.ifr_hwaddr.sa_family);
	return -EINVAL;
}

int bp_netdev_node(const char *ifname)
{
	char bus[BP_NAME_BYTES], address[BP_PCI_ADDRESS_BYTES];

	/* By ethtool, not by /sys/class/net, which may be another network namespace's. */
	bp_netdev_bus(ifname, bus);
	return bp_pci_parse(bus, address) ? bp_pci_node(address) : BP_NO_NODE;
}

bool bp_netdev_is_vf(const char *ifname)
{
	char own[IF_NAMESIZE], path[64 + IF_NAMESIZE];

	find_own_name(ifname, own);
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/physfn", own);
	return access(path, F_OK) == 0;
}

/* One character per feature bit, lowest first. */
bool bp_netdev_has_virtio(const char *ifname, unsigned bit)
{
	char own[IF_NAMESIZE], path[64 + IF_NAMESIZE], bits[80] = "";
	FILE *f;

	find_own_name(ifname, own);
	snprintf(path, sizeof(path), "/sys/class/net/%s/device/features", own);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(bits, sizeof(bits), f))
		bits[0] = '\0';
	fclose(f);
	return strlen(bits) > bit && bits[bit] == '1';
}

/* ---- what a port needs of it ------------------------------------------------------------------ */

int bp_netdev_set_up(int fd, const char *ifname)
{
	struct ifreq ifr = { .ifr_flags = 0 };
	int flags = ask_flags(fd, ifname);

	if (flags < 0)
		return flags;
	ifr.ifr_flags = (short)(flags | IFF_UP);
	return bp_netdev_ask(fd, ifname, SIOCSIFFLAGS, &ifr);
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

int bp_netdev_deafen(int packet_fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { .len = 1, .filter = &nothing };

	return setsockopt(packet_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program))
		       ? -errno
		       : 0;
}

/* ---- what it has counted ---------------------------------------------------------------------- */

/* What the interface says now. 0 or -errno. Not by rtnetlink, which waits for whoever changes or resets an
 * interface: this is asked while workers poll. */
static int read_tx_dropped(const char *ifname, uint64_t *n)
{
	/* Of this thread's network namespace, whatever /sys shows. */
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	char line[512], dev[IF_NAMESIZE + 1], own[IF_NAMESIZE];
	int err = -ENODEV;

	if (!f)
		return -errno;
	find_own_name(ifname, own);
	while (err && fgets(line, sizeof(line), f)) {
		unsigned long long dropped;

		/* Eight columns of receive, then bytes, packets, errs, drop of transmit. */
		if (sscanf(line, " %16[^:]: %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", dev,
			   &dropped) == 2 &&
		    strcmp(dev, own) == 0) {
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
		"the interface's own count of these packets and of others",
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
