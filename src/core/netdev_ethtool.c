/* Asks an interface's driver: ethtool's ioctls, the generic netlink family netdev. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/netdev.h"

#include "core/netdev_ask.h"
#include "core/netlink.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEATURES_MAX 4096u /* the kernel has about sixty */

/* Source: Linux include/uapi/linux/netdev.h, since 6.3; older headers lack the file. */
#define NETDEV_CMD_DEV_GET        1
#define NETDEV_A_DEV_IFINDEX      1
#define NETDEV_A_DEV_XDP_FEATURES 3

/* What the kernel returned, ≥ 0, or -errno. */
static int ask_ethtool(int fd, const char *ifname, void *command)
{
	struct ifreq ifr = { .ifr_data = command };

	return bp_netdev_ask(fd, ifname, SIOCETHTOOL, &ifr);
}

/* ---- driver, bus, speed ----------------------------------------------------------------------- */

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

enum bp_device_kind bp_netdev_driver(int fd, const char *ifname, char driver[BP_NAME_BYTES])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	bool is_told = ask_ethtool(fd, ifname, &info) >= 0;

	snprintf(driver, BP_NAME_BYTES, "%.31s", is_told ? info.driver : "");
	return bp_device_kind_of(driver);
}

void bp_netdev_bus(const char *ifname, char bus[BP_NAME_BYTES])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	bool is_told = ask_ethtool(-1, ifname, &info) >= 0;

	snprintf(bus, BP_NAME_BYTES, "%.31s", is_told ? info.bus_info : "");
}

unsigned bp_netdev_speed_mbps(const char *ifname)
{
	struct ethtool_cmd cmd = { .cmd = ETHTOOL_GSET };
	uint32_t mbps;

	if (ask_ethtool(-1, ifname, &cmd) < 0)
		return 0;
	mbps = ethtool_cmd_speed(&cmd);
	return mbps < INT32_MAX ? mbps : 0; /* SPEED_UNKNOWN is -1 */
}

/* ---- features --------------------------------------------------------------------------------- */

/* How many features this kernel has, or -errno. The same for every interface. */
static int count_features(int fd, const char *ifname)
{
	/* struct ethtool_sset_info, with the one length asked for behind it. */
	struct {
		uint32_t cmd, reserved;
		uint64_t sset_mask;
		uint32_t length;
	} info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1u << ETH_SS_FEATURES };
	int err = ask_ethtool(fd, ifname, &info);

	if (err < 0)
		return err;
	return info.sset_mask && info.length && info.length <= FEATURES_MAX ? (int)info.length
									    : -EOPNOTSUPP;
}

/* Where among the kernel's features each of n names stands; -1: nowhere. Their number, or -errno. */
static int find_features(int fd, const char *ifname, const char *const names[], unsigned n,
			 int ids[])
{
	int n_all = count_features(fd, ifname), err;
	struct ethtool_gstrings *strings;

	if (n_all < 0)
		return n_all;
	strings = calloc(1, sizeof(*strings) + (size_t)n_all * ETH_GSTRING_LEN);
	if (!strings)
		return -ENOMEM;
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_FEATURES;
	strings->len = (uint32_t)n_all;
	err = ask_ethtool(fd, ifname, strings);
	for (unsigned i = 0; i < n; i++) {
		ids[i] = -1;
		for (int f = 0; err >= 0 && f < n_all; f++)
			if (!strncmp((const char *)strings->data + f * ETH_GSTRING_LEN, names[i],
				     ETH_GSTRING_LEN))
				ids[i] = f;
	}
	free(strings);
	return err < 0 ? err : n_all;
}

int bp_netdev_features(int fd, const char *ifname, const char *const names[], unsigned n,
		       uint32_t *out)
{
	int ids[32], n_all = find_features(fd, ifname, names, n, ids), err;
	struct ethtool_gfeatures *got;
	uint32_t on = 0, n_blocks;

	if (n_all < 0)
		return n_all;
	n_blocks = ((uint32_t)n_all + 31) / 32;
	got = calloc(1, sizeof(*got) + n_blocks * sizeof(got->features[0]));
	if (!got)
		return -ENOMEM;
	got->cmd = ETHTOOL_GFEATURES;
	got->size = n_blocks;
	err = ask_ethtool(fd, ifname, got);
	for (unsigned i = 0; err >= 0 && i < n; i++)
		if (ids[i] >= 0 && got->features[ids[i] / 32].active & (1u << (ids[i] % 32)))
			on |= 1u << i;
	free(got);
	if (err < 0)
		return err;
	*out = on;
	return 0;
}

int bp_netdev_set_feature(int fd, const char *ifname, const char *name, bool on)
{
	int id, n_all = find_features(fd, ifname, &name, 1, &id), ret;
	struct ethtool_sfeatures *set;
	uint32_t n_blocks;

	if (n_all < 0 || id < 0)
		return n_all < 0 ? n_all : -EOPNOTSUPP;
	n_blocks = ((uint32_t)n_all + 31) / 32;
	set = calloc(1, sizeof(*set) + n_blocks * sizeof(set->features[0]));
	if (!set)
		return -ENOMEM;
	set->cmd = ETHTOOL_SFEATURES;
	set->size = n_blocks;
	set->features[id / 32].valid = 1u << (id % 32);
	set->features[id / 32].requested = on ? 1u << (id % 32) : 0;
	/* ETHTOOL_F_UNSUPPORTED, ETHTOOL_F_WISH: it is as it was. */
	ret = ask_ethtool(fd, ifname, set);
	free(set);
	return ret > 0 ? -EOPNOTSUPP : ret;
}

/* ---- queues ----------------------------------------------------------------------------------- */

int bp_netdev_channels(int fd, const char *ifname, struct bp_netdev_channels *channels)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	int err = ask_ethtool(fd, ifname, &ch);

	if (err < 0)
		return err;
	*channels = (struct bp_netdev_channels){
		.n_rx = ch.rx_count + ch.combined_count,
		.n_tx = ch.tx_count + ch.combined_count,
		.is_combined = ch.combined_count > 0,
	};
	return 0;
}

/* Asked for more channels than there can be: a driver that can change them says EINVAL, and leaves
 * them alone. vmxnet3 (Linux 6.12) shows its channels and cannot change them. */
bool bp_netdev_has_fixed_channels(int fd, const char *ifname)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_SCHANNELS,
				       .rx_count = UINT32_MAX,
				       .tx_count = UINT32_MAX,
				       .combined_count = UINT32_MAX };

	return ask_ethtool(fd, ifname, &ch) == -EOPNOTSUPP;
}

/* ---- XDP -------------------------------------------------------------------------------------- */

/* One attribute of an answer. */
struct wanted {
	uint16_t type;
	size_t n_bytes;
	void *value;
	bool is_found;
};

static int take_if_wanted(const struct nlattr *attr, void *ctx)
{
	struct wanted *w = ctx;

	if (mnl_attr_get_type(attr) != w->type || mnl_attr_get_payload_len(attr) < w->n_bytes)
		return MNL_CB_OK;
	memcpy(w->value, mnl_attr_get_payload(attr), w->n_bytes);
	w->is_found = true;
	return MNL_CB_STOP;
}

static int take_wanted(const struct nlmsghdr *msg, void *ctx)
{
	(void)mnl_attr_parse(msg, sizeof(struct genlmsghdr), take_if_wanted, ctx);
	return MNL_CB_OK;
}

/* Ask a family's command about what one attribute names. 0, -ENODATA: not told, -errno. */
static int ask_genl(int fd, uint16_t family, uint8_t command, uint16_t type, const void *key,
		    size_t key_bytes, struct wanted *w)
{
	alignas(struct nlmsghdr) char room[BP_NETLINK_REQUEST_BYTES];
	struct genlmsghdr *genl = bp_netlink_request(room, family, 0, sizeof(*genl));
	int err;

	genl->cmd = command;
	genl->version = 1;
	mnl_attr_put((struct nlmsghdr *)(void *)room, type, key_bytes, key);
	err = bp_netlink_ask(fd, room, take_wanted, w);
	return err || w->is_found ? err : -ENODATA;
}

int bp_netdev_xdp_features(int ifindex, uint64_t *out)
{
	uint16_t family_id = 0;
	uint64_t bits = 0;
	struct wanted family = { CTRL_ATTR_FAMILY_ID, sizeof(family_id), &family_id, false };
	struct wanted features = { NETDEV_A_DEV_XDP_FEATURES, sizeof(bits), &bits, false };
	int fd = bp_netlink_open(NETLINK_GENERIC), err;

	if (fd < 0)
		return fd;
	err = ask_genl(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, "netdev",
		       sizeof("netdev"), &family);
	if (!err)
		err = ask_genl(fd, family_id, NETDEV_CMD_DEV_GET, NETDEV_A_DEV_IFINDEX, &ifindex,
			       sizeof(ifindex), &features);
	close(fd);
	if (!err)
		*out = bits;
	return err;
}
