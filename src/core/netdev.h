/* The one place that asks the kernel about network interfaces, sets what a port needs of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_NETDEV_H
#define BYPATH_CORE_NETDEV_H

#include "bypath/port.h"

#include <net/if.h>

/*
 * By ioctl, ethtool's among them, and rtnetlink (core/netifs.h has what that tells of all interfaces, and of
 * one). Where a function takes fd: what bp_netdev_open() returned, and the interface is looked for in that
 * one's network namespace whatever the calling thread's is; -1: in the calling thread's, by a descriptor of
 * the moment. Names are taken as they are, alternative ones of up to 15 bytes included; what is no name is
 * -ENODEV, as is an interface that there is not. Unless it says otherwise: any thread, blocks for a moment,
 * needs no privilege, outputs untouched on failure.
 */

/* A descriptor to ask with, of the calling thread's network namespace, or -errno. The caller's to close. */
int bp_netdev_open(void);
/* The same, of the network namespace that a descriptor stands for. The calling thread is there meanwhile:
 * needs CAP_SYS_ADMIN. */
int bp_netdev_open_in(int netns_fd);

/* The number of the calling thread's network namespace, as programs of BPF see it; 0: it is not known, /proc is not
 * mounted. */
uint32_t bp_netdev_netns(void);

/* ---- what it is ------------------------------------------------------------------------------- */

/* The index of the interface that has the name now, > 0, or -errno. */
int bp_netdev_index(int fd, const char *ifname);

/* The name that the interface of an index has now. 0 or -errno. */
int bp_netdev_name(int fd, int ifindex, char ifname[IF_NAMESIZE]);

/* The MTU, or -errno. */
int bp_netdev_mtu(int fd, const char *ifname);

/* Is it set up (IFF_UP), whether or not it has a carrier? 1, 0, or -errno. */
int bp_netdev_is_up(int fd, const char *ifname);

/*
 * The link of the interface that had the index `ifindex` when a port started on its name: BP_LINK_LOST when
 * another one has the name now, or none; BP_LINK_DOWN without carrier or set down, when the kernel drops what
 * is sent there, as a rule without a word to the sender (noop_enqueue() answers NET_XMIT_CN). Where the flags
 * tell of no link rtnetlink is asked as well: one thread at a time with an fd, and it blocks for as long as
 * somebody changes interfaces, without a bound, and not to be interrupted.
 */
enum bp_link bp_netdev_link(int fd, const char *ifname, int ifindex);

/*
 * Do an interface's packets begin with Ethernet headers? Tunnels of IP packets (tun, wireguard, ppp)
 * have none: their IP headers would be read as addresses. 0, also for lo and for what is not there;
 * -EINVAL with a sentence in why. Of the calling thread's network namespace.
 */
int bp_netdev_need_ethernet(const char *ifname, char *why, size_t why_bytes);

/* Does an interface of the calling thread's network namespace hand what is sent there to its own receivers?
 * false where it cannot be told. */
bool bp_netdev_is_loopback(const char *ifname);

/* Is it a PCI virtual function, whose host decides what its NIC lets through? false where sysfs does
 * not tell. */
bool bp_netdev_is_vf(const char *ifname);

/* Was a feature of virtio negotiated (its bit: virtio 1.1, section 6)? false where sysfs does not tell. */
bool bp_netdev_has_virtio(const char *ifname, unsigned bit);

/*
 * The NUMA node of the PCI device that an interface of the calling thread's network namespace stands on,
 * virtio NICs included; BP_NO_NODE where there is none or the machine has one only.
 */
int bp_netdev_node(const char *ifname);

/* Take the XDP program off an interface of the calling thread's network namespace, whoever attached it, but by a bpf_link.
 * Needs CAP_NET_ADMIN. 0, also where there is none, or -errno. */
int bp_netdev_detach_xdp(int ifindex);

/* From now on no packet passes the filter of a packet socket. 0 or -errno. */
int bp_netdev_deafen(int packet_fd);

/* ---- what its driver says --------------------------------------------------------------------- */

/*
 * The kind that a driver's name, as `ethtool -i` tells it, stands for: on it depend the kernel's
 * copies and whether partial checksums may come without metadata. BP_DEVICE_OTHER for what is not
 * known, "" included. Pure.
 */
enum bp_device_kind bp_device_kind_of(const char *driver);

/* The driver's name: driver[] becomes "" where it is not told. Returns the kind. */
enum bp_device_kind bp_netdev_driver(int fd, const char *ifname, char driver[BP_NAME_BYTES]);

/*
 * Where an interface of the calling thread's network namespace stands, as "0000:03:00.1" for a PCI device
 * (virtio NICs included): bus[] becomes "" where that is not told.
 */
void bp_netdev_bus(const char *ifname, char bus[BP_NAME_BYTES]);

/* The speed that an interface of the calling thread's network namespace has now, in Mbit/s; 0: none known
 * (down, virtual). */
unsigned bp_netdev_speed_mbps(const char *ifname);

/*
 * Which of n ≤ 32 features are on, by the names that the kernel has for them ("tx-tcp-segmentation"): bit i
 * of *on for names[i]; one that the kernel does not know is off. 0 or -errno.
 */
int bp_netdev_features(int fd, const char *ifname, const char *const names[], unsigned n,
		       uint32_t *on);

/* Turn a feature on or off, others untouched. 0; -EOPNOTSUPP: it cannot be changed, or not now; -EPERM
 * without CAP_NET_ADMIN. */
int bp_netdev_set_feature(int fd, const char *ifname, const char *name, bool on);

/* Queues: those that receive, those that send; combined ones count as both. */
struct bp_netdev_channels {
	uint32_t n_rx, n_tx;
	bool is_combined; /* some are */
};

/* 0 or -errno: a driver that cannot be asked has one queue as a rule. */
int bp_netdev_channels(int fd, const char *ifname, struct bp_netdev_channels *channels);

/* Is it known that the driver cannot change the number of its queues? */
bool bp_netdev_has_fixed_channels(int fd, const char *ifname);

/*
 * What an interface's driver offers to XDP, bits of enum netdev_xdp_act (Linux
 * include/uapi/linux/netdev.h). Of the calling thread's network namespace. 0 or -errno: -ENOENT before
 * Linux 6.3.
 */
int bp_netdev_xdp_features(int ifindex, uint64_t *features);

/* ---- what a port needs of it ------------------------------------------------------------------ */

/* Set it up. 0 or -errno: -EPERM without CAP_NET_ADMIN. */
int bp_netdev_set_up(int fd, const char *ifname);

/*
 * Make an interface of the calling thread's network namespace promiscuous for as long as the descriptor
 * returned is open: the kernel counts such wishes, and takes this one back however the process dies. A
 * device that is deleted or moved away ends it as well. The descriptor, the caller's to
 * close, or -errno: -EPERM without CAP_NET_RAW, -ENODEV without such an interface.
 */
int bp_netdev_hold_promisc(int ifindex);

/* ---- what it has counted ---------------------------------------------------------------------- */

/*
 * An interface's count of packets that it or its driver dropped instead of sending (tx_dropped), over
 * the lives of a port, whatever becomes of the interface meanwhile. Control thread.
 */
struct bp_netdev_tx_dropped {
	uint64_t past; /* of earlier lives */
	uint64_t base, last; /* the interface's counter when this one began; when last read */
};

/* A life begins or ends. ifname: in the calling thread's network namespace. */
void bp_netdev_tx_dropped_begin(struct bp_netdev_tx_dropped *d, const char *ifname);
void bp_netdev_tx_dropped_end(struct bp_netdev_tx_dropped *d, const char *ifname);
/*
 * The sum of all lives until now, as a row of bp_driver_ops.stats(). is_named: the port's queues count
 * what the kernel drops under a reason (BP_KIND_EXPLAINS); else this is all that is known of it (BP_KIND_DROP).
 */
struct bp_reported bp_netdev_tx_dropped_row(struct bp_netdev_tx_dropped *d, const char *ifname,
					    bool is_named);

#endif
