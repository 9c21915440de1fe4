/* From a device string to a probed ethdev port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "vnet.h"

#include "bypath/log.h"

#include "core/devargs.h"
#include "core/netdev.h"
#include "core/numa.h"
#include "core/pci.h"

#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the string ------------------------------------------------------------------------------- */

static bool has_key(const char *devargs, const char *key)
{
	char value[BP_PATH_BYTES];

	return bp_devargs_get(devargs, key, value, sizeof(value));
}

static void append(struct dpdk_port *dp, const char *key, const char *fmt, unsigned value)
{
	size_t used = strlen(dp->devargs);

	if (has_key(dp->devargs, key))
		return;
	snprintf(dp->devargs + used, sizeof(dp->devargs) - used, fmt, value);
}

static void parse_memif(struct dpdk_port *dp)
{
	char value[BP_PATH_BYTES];

	/* The PMD's own defaults. */
	snprintf(dp->socket, sizeof(dp->socket), "/run/memif.sock");
	bp_devargs_get(dp->devargs, "socket", dp->socket, sizeof(dp->socket));
	dp->is_abstract = !(bp_devargs_get(dp->devargs, "socket-abstract", value, sizeof(value)) &&
			    !strcmp(value, "no"));
	if (bp_devargs_get(dp->devargs, "role", value, sizeof(value)))
		dp->is_server = !strcmp(value, "server") || !strcmp(value, "master");
}

static void complete_virtio(struct dpdk_port *dp)
{
	char value[8];

	if (dp->kind == DPDK_VHOST &&
	    !(bp_devargs_get(dp->devargs, "client", value, sizeof(value)) && strcmp(value, "0")))
		dp->is_server =
			bp_devargs_get(dp->devargs, "iface", dp->socket, sizeof(dp->socket));
	if (dp->kind == DPDK_VIRTIO_USER &&
	    bp_devargs_get(dp->devargs, "server", value, sizeof(value)) && strcmp(value, "0"))
		dp->is_server = bp_devargs_get(dp->devargs, "path", dp->socket, sizeof(dp->socket));
	/* A super-frame takes a descriptor for each mbuf: the PMD's 256 hold seven of them. */
	if (dp->kind == DPDK_VIRTIO_USER)
		append(dp, "queue_size", ",queue_size=%u", dpdk_ring_size(dp));
	/* Frames longer than an mbuf come as chains, or in buffers of their own, or not at all. */
	else if (dpdk_vnet_is_on(dp) &&
		 (!has_key(dp->devargs, "linear-buffer") || has_key(dp->devargs, "ext-buffer")))
		append(dp, "tso", ",tso=%u", 1);
}

/* Arguments that follow from the rest of the section, where the user has not given them. */
static void complete_devargs(struct dpdk_port *dp, unsigned n_queues)
{
	const struct bp_port_conf *conf = dp->port->conf;

	switch (dp->kind) {
	case DPDK_MEMIF:
		/* A frame in one buffer: 22.11 never clears the flag that chains buffers. */
		if (conf->mtu > 2048 - 22)
			append(dp, "bsize", ",bsize=%u", (conf->mtu + 22 + 63) & ~63u);
		parse_memif(dp);
		break;
	case DPDK_AF_PACKET:
		/* Hosts behind veth hand over super-frames of up to 64 KiB; the ring cuts what is
		 * longer than framesz without a word. The longest that Linux makes of 1500 bytes of
		 * MTU has 65226 bytes, behind 66 of TPACKET_V2. The PMD takes frames for
		 * contiguous: 32 of this size fill whole pages. */
		if (!has_key(dp->devargs, "framesz") && !has_key(dp->devargs, "blocksz")) {
			append(dp, "blocksz", ",blocksz=%u", 32 * 65408);
			append(dp, "framesz", ",framesz=%u", 65408);
			append(dp, "framecnt", ",framecnt=%u", 128);
		}
		append(dp, "qpairs", ",qpairs=%u", n_queues);
		break;
	case DPDK_AF_XDP:
		append(dp, "queue_count", ",queue_count=%u", n_queues);
		break;
	case DPDK_VHOST:
	case DPDK_VIRTIO_USER:
		append(dp, "queues", ",queues=%u", n_queues);
		complete_virtio(dp);
		break;
	default:
		break;
	}
}

int dpdk_device_parse(struct dpdk_port *dp, unsigned n_queues)
{
	const struct bp_port_conf *conf = dp->port->conf;
	char address[BP_PCI_ADDRESS_BYTES];
	size_t name_len = strcspn(conf->device, ",");

	dp->kind = dpdk_kind_of(conf->device);
	if (!conf->device[0] || name_len >= sizeof(dp->name) - 8) {
		bp_log(BP_LOG_ERROR,
		       "port %s: device = \"%s\" is no DPDK device: give a PCI address "
		       "(0000:03:00.0) or a device string (net_memif0,role=client,…)",
		       conf->name, conf->device);
		return -EINVAL;
	}
	if (bp_pci_parse(conf->device, address)) {
		snprintf(dp->name, sizeof(dp->name), "%s", address);
		snprintf(dp->devargs, sizeof(dp->devargs), "%s%s", address,
			 conf->device + name_len);
		return 0;
	}
	snprintf(dp->devargs, sizeof(dp->devargs), "%s", conf->device);
	snprintf(dp->name, sizeof(dp->name), "%.*s", (int)name_len, conf->device);
	bp_devargs_get(dp->devargs, "iface", dp->iface, sizeof(dp->iface));
	complete_devargs(dp, n_queues);
	return 0;
}

/* --- the system ------------------------------------------------------------------------------- */

static int check_pci(const struct dpdk_port *dp, bool quiet)
{
	char why[512];
	int err = bp_pci_ready(dp->name, why, sizeof(why));

	if (err && !quiet)
		bp_log(BP_LOG_ERROR, "port %s: %s", dp->port->conf->name, why);
	return err;
}

static int check_iface(const struct dpdk_port *dp, bool quiet)
{
	/* In net_vhost iface= names a socket; net_tap makes its interface. */
	if (!dp->iface[0] && dpdk_pmd_has(dp->port->conf->device, DPDK_ON_IFACE)) {
		bp_log(BP_LOG_ERROR, "port %s: device = %s names no interface: add ,iface=NAME",
		       dp->port->conf->name, dp->port->conf->device);
		return -EINVAL;
	}
	if (!dp->iface[0] || dp->kind == DPDK_TAP || dp->kind == DPDK_VHOST ||
	    bp_netdev_index(-1, dp->iface) > 0)
		return 0;
	if (!quiet)
		bp_log(BP_LOG_ERROR, "port %s: interface %s does not exist (device = %s)",
		       dp->port->conf->name, dp->iface, dp->port->conf->device);
	return -ENODEV;
}

static const char *advice(const struct dpdk_port *dp, int err)
{
	if (rte_eth_dev_count_total() >= RTE_MAX_ETHPORTS)
		return ": this DPDK was built for " RTE_STR(RTE_MAX_ETHPORTS) " ports at most";
	if (err == -EEXIST)
		return ": another port has a device of this name: number them (net_memif0, "
		       "net_memif1)";
	if (dp->kind == DPDK_AF_PACKET && strstr(dpdk_eal_why(err), "FANOUT"))
		return ": another process's fanout group has the same number (this PMD makes it "
		       "from process id and interface index): start again";
	if (dp->kind == DPDK_PCI && (access("/dev/vfio/vfio", R_OK | W_OK) || geteuid()))
		return ": no permission for /dev/vfio/*: run as root, or give the group's device "
		       "file to this user";
	if (dp->kind == DPDK_PCI)
		return ": is its IOMMU group free, and has DPDK a driver for it?";
	if (geteuid())
		return ": most devices need root: run as root, or grant the capabilities (CAP_NET_RAW "
		       "for net_af_packet, CAP_NET_ADMIN for net_tap)";
	if (dp->kind == DPDK_VIRTIO_USER)
		return ": start the vhost side first, or let this side wait for it: ,server=1 here and "
		       ",client=1 there";
	if (dp->kind == DPDK_OTHER)
		return ": unknown device name, or its driver package is not installed";
	return "";
}

/*
 * A net_memif server is never removed: 22.11 frees its listening socket's state, but neither closes
 * the socket nor unregisters the handler that uses it, so that the next client would end the
 * process. Whoever opens the same device again finds it here.
 */
static bool find_kept_server(struct dpdk_port *dp)
{
	struct rte_eth_dev_info info;
	const struct rte_devargs *devargs;
	const char *args = strchr(dp->devargs, ',');
	uint16_t id;

	if (dp->kind != DPDK_MEMIF || !dp->is_server ||
	    rte_eth_dev_get_port_by_name(dp->name, &id) || dpdk_guard_has(id) ||
	    rte_eth_dev_info_get(id, &info) || !info.device)
		return false;
	devargs = rte_dev_devargs(info.device);
	if (!devargs || !devargs->args || strcmp(devargs->args, args ? args + 1 : ""))
		return false;
	dp->eth_id = id;
	return true;
}

int dpdk_device_probe(struct dpdk_port *dp, bool quiet)
{
	struct rte_dev_iterator it;
	uint16_t id = RTE_MAX_ETHPORTS;
	int err = dp->kind == DPDK_PCI ? check_pci(dp, quiet) : check_iface(dp, quiet);

	if (err)
		return err;
	if (find_kept_server(dp))
		return 0;
	err = dpdk_socket_make_room(dp, quiet);
	if (err)
		return err;
	dpdk_eal_listen();
	err = rte_dev_probe(dp->devargs);
	if (!err && rte_eth_dev_get_port_by_name(dp->name, &id)) {
		/* Devices with several ports name them themselves. */
		RTE_ETH_FOREACH_MATCHING_DEV(id, dp->devargs, &it)
		{
			rte_eth_iterator_cleanup(&it);
			break;
		}
		if (!rte_eth_dev_is_valid_port(id))
			err = -ENODEV;
	}
	if (err) {
		if (!quiet)
			bp_log(BP_LOG_ERROR, "port %s: DPDK does not take device %s: %s%s",
			       dp->port->conf->name, dp->devargs, dpdk_eal_why(err),
			       advice(dp, err));
		return err < 0 ? err : -EIO;
	}
	dp->eth_id = id;
	dpdk_socket_remember(dp);
	return 0;
}

void dpdk_device_remove(struct dpdk_port *dp)
{
	struct rte_eth_dev_info info;
	struct rte_device *device;

	if (dp->eth_id == RTE_MAX_ETHPORTS)
		return;
	dpdk_afp_close(dp);
	/* One that does not answer any more is closed all the same: its rings may hold frames of the arena. */
	device = rte_eth_dev_info_get(dp->eth_id, &info) ? dp->dev_info.device : info.device;
	if (!(dp->kind == DPDK_MEMIF && dp->is_server) && device && dpdk_quiet_may_close(dp)) {
		rte_eth_dev_close(dp->eth_id);
		dpdk_arena_unmap(dp, device);
		rte_dev_remove(device);
	}
	dp->eth_id = RTE_MAX_ETHPORTS;
}

static void unlink_socket_of(uint16_t eth_id)
{
	struct dpdk_port dp = { .kind = DPDK_MEMIF };
	struct rte_eth_dev_info info;
	const struct rte_devargs *devargs;

	if (rte_eth_dev_info_get(eth_id, &info) || strcmp(info.driver_name, "net_memif"))
		return;
	devargs = rte_dev_devargs(info.device);
	if (!devargs || !devargs->args)
		return;
	snprintf(dp.devargs, sizeof(dp.devargs), ",%s", devargs->args);
	parse_memif(&dp);
	if (dp.is_server && !dp.is_abstract)
		dpdk_socket_unlink(dp.socket, eth_id);
}

void dpdk_device_unlink_sockets(void)
{
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++)
		if (rte_eth_dev_is_valid_port(id))
			unlink_socket_of(id);
}

/* --- what it is ------------------------------------------------------------------------------- */

static enum bp_device_kind iface_kind(const char *iface)
{
	char driver[BP_NAME_BYTES];

	return bp_netdev_driver(-1, iface, driver);
}

/* 0: unknown. */
static uint32_t iface_mtu(const char *iface)
{
	int mtu = bp_netdev_mtu(-1, iface);

	return mtu < 0 ? 0 : (uint32_t)mtu;
}

void dpdk_device_describe(struct dpdk_port *dp)
{
	struct bp_port_info *info = &dp->port->info;
	bool can_multi = dp->dev_info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	uint16_t mtu = 0;

	info->caps = BP_CAP_PLAIN_RX | (can_multi ? BP_CAP_MULTI_TX : 0);
	info->kind = BP_DEVICE_PMD;
	switch (dp->kind) {
	case DPDK_AF_PACKET:
		info->kind = iface_kind(dp->iface);
		info->caps |= BP_CAP_CSUM_INFER | BP_CAP_GSO_INFER;
		break;
	case DPDK_AF_XDP:
		info->kind = iface_kind(dp->iface);
		info->caps |= BP_CAP_CSUM_INFER;
		break;
	case DPDK_TAP:
		info->kind = BP_DEVICE_TAP;
		info->caps |= BP_CAP_CSUM_INFER | BP_CAP_TX_UNSURE;
		break;
	case DPDK_PCAP:
		info->caps |= BP_CAP_TX_UNSURE;
		if (!dp->iface[0])
			break;
		info->kind = iface_kind(dp->iface);
		info->caps |= BP_CAP_CSUM_INFER;
		break;
	case DPDK_PCI:
	case DPDK_OTHER:
		info->caps |= BP_CAP_TX_UNSURE;
		break;
	case DPDK_VHOST:
	case DPDK_VIRTIO_USER:
		info->caps |= BP_CAP_CSUM_INFER | BP_CAP_TX_UNSURE;
		break;
	default:
		break;
	}
	/* Physical NICs hand over no partial checksums; but packet sockets see what GRO has merged. */
	if (info->kind == BP_DEVICE_OTHER && dp->kind != DPDK_AF_PACKET && dp->kind != DPDK_PCAP)
		info->caps &= ~(uint32_t)BP_CAP_CSUM_INFER;
	snprintf(info->device_driver, sizeof(info->device_driver), "%s",
		 dp->dev_info.driver_name ? dp->dev_info.driver_name : "");
	info->mtu = dp->iface[0] && dp->kind != DPDK_VHOST ? iface_mtu(dp->iface) : 0;
	if (!info->mtu && !rte_eth_dev_get_mtu(dp->eth_id, &mtu) && dp->kind != DPDK_MEMIF)
		info->mtu = mtu;
}
