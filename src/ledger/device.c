/* Asks the kernel what stands behind an interface, by ethtool's ioctl, sysfs, the netdev family. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/device.h"

#include "core/netdev.h"

#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Source: Linux include/uapi/linux/netdev.h, since 6.3; older headers lack the file. */
#define NETDEV_CMD_DEV_GET        1
#define NETDEV_A_DEV_IFINDEX      1
#define NETDEV_A_DEV_XDP_FEATURES 3

#define VIRTIO_F_ACCESS_PLATFORM_BIT 33u /* virtio 1.1, section 6 */

#define REPLY_BYTES 4096
#define ATTR_BYTES  sizeof(struct nlattr)

struct genl_request {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char attrs[64];
};

static enum bp_gather ask_gather(int fd, const char *ifname)
{
	struct ethtool_value sg = { .cmd = ETHTOOL_GSG };
	struct ifreq ifr = { .ifr_data = (char *)&sg };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", ifname);
	if (ioctl(fd, SIOCETHTOOL, &ifr))
		return BP_GATHER_UNKNOWN;
	return sg.data ? BP_GATHER_YES : BP_GATHER_NO;
}

static void ask_device(int fd, const char *ifname, struct bp_device *device)
{
	struct ifreq ifr = { .ifr_name = "" };

	bp_netdev_driver(fd, ifname, device->driver);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (!ioctl(fd, SIOCGIFMTU, &ifr))
		device->mtu = (uint32_t)ifr.ifr_mtu;
	device->gather = ask_gather(fd, ifname);
}

static void ask_sysfs(const char *ifname, struct bp_device *device)
{
	char path[BP_PATH_BYTES], target[BP_PATH_BYTES];
	const char *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/class/net/%.16s/device/driver", ifname);
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return;
	target[len] = '\0';
	slash = strrchr(target, '/');
	snprintf(device->driver, sizeof(device->driver), "%.31s", slash ? slash + 1 : target);
}

/* One character per feature bit, lowest first. */
static bool has_virtio_feature(const char *ifname, unsigned bit)
{
	char path[BP_PATH_BYTES], bits[80] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%.16s/device/features", ifname);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(bits, sizeof(bits), f))
		bits[0] = '\0';
	fclose(f);
	return strlen(bits) > bit && bits[bit] == '1';
}

static size_t align4(size_t n)
{
	return (n + 3u) & ~(size_t)3u;
}

static void add_attr(struct genl_request *req, uint16_t type, const void *value, uint16_t len)
{
	size_t at = align4(req->nl.nlmsg_len);
	struct nlattr *attr = (void *)((char *)req + at);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(ATTR_BYTES + len);
	memcpy((char *)attr + ATTR_BYTES, value, len);
	req->nl.nlmsg_len = (uint32_t)(at + align4(attr->nla_len));
}

/* Copy attribute `type` of the one reply message into value; false if it is not there. */
static bool ask_genl(int fd, uint16_t family, uint8_t cmd, uint16_t attr_type, const void *attr,
		     uint16_t attr_len, uint16_t want_type, void *value, size_t value_len)
{
	alignas(struct nlmsghdr) char reply[REPLY_BYTES];
	const struct nlmsghdr *nl = (const void *)reply;
	struct genl_request req = {
		.nl = { .nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
			.nlmsg_type = family,
			.nlmsg_flags = NLM_F_REQUEST },
		.genl = { .cmd = cmd, .version = 1 },
	};
	ssize_t n;

	add_attr(&req, attr_type, attr, attr_len);
	if (send(fd, &req, req.nl.nlmsg_len, 0) < 0)
		return false;
	n = recv(fd, reply, sizeof(reply), 0);
	if (n < 0 || !NLMSG_OK(nl, (size_t)n) || nl->nlmsg_type != family)
		return false;
	for (size_t at = NLMSG_LENGTH(GENL_HDRLEN); at + ATTR_BYTES <= nl->nlmsg_len;) {
		const struct nlattr *a = (const void *)(reply + at);

		if (a->nla_len < ATTR_BYTES || at + a->nla_len > nl->nlmsg_len)
			return false;
		if ((a->nla_type & NLA_TYPE_MASK) == want_type &&
		    a->nla_len >= ATTR_BYTES + value_len) {
			memcpy(value, (const char *)a + ATTR_BYTES, value_len);
			return true;
		}
		at += align4(a->nla_len);
	}
	return false;
}

static void ask_xdp_features(uint32_t ifindex, struct bp_device *device)
{
	const struct timeval patience = { .tv_sec = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	uint16_t family = 0;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (ask_genl(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "netdev",
		     sizeof("netdev"), CTRL_ATTR_FAMILY_ID, &family, sizeof(family)))
		device->has_xdp_features =
			ask_genl(fd, family, NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX, &ifindex,
				 sizeof(ifindex), NETDEV_A_DEV_XDP_FEATURES, &device->xdp_features,
				 sizeof(device->xdp_features));
	close(fd);
}

void bp_device_look(const char *ifname, struct bp_device *device)
{
	unsigned ifindex = if_nametoindex(ifname);
	int fd;

	*device = (struct bp_device){ .exists = ifindex != 0, .kind = BP_DEVICE_OTHER };
	if (!ifindex)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		ask_device(fd, ifname, device);
		close(fd);
	}
	if (!device->driver[0])
		ask_sysfs(ifname, device);
	ask_xdp_features(ifindex, device);
	device->kind = bp_device_kind_of(device->driver);
	if (device->kind == BP_DEVICE_VIRTIO)
		device->has_access_platform =
			has_virtio_feature(ifname, VIRTIO_F_ACCESS_PLATFORM_BIT);
}

bool bp_device_below_name(const char *devargs, char *name)
{
	static const char *const keys[] = { "iface", "rx_iface", "tx_iface", "rx_iface_in" };

	for (const char *arg = strchr(devargs, ','); arg; arg = strchr(arg, ',')) {
		size_t key_len = strcspn(++arg, "=,");

		for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			if (key_len != strlen(keys[i]) || strncmp(arg, keys[i], key_len) ||
			    arg[key_len] != '=')
				continue;
			snprintf(name, BP_NAME_BYTES, "%.*s", (int)strcspn(arg + key_len + 1, ","),
				 arg + key_len + 1);
			return name[0] != '\0';
		}
	}
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
