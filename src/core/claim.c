/* What a port's configuration opens: which devices and files, by what they are. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/claim.h"

#include "core/devargs.h"
#include "core/netdev.h"
#include "core/pci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The arguments of DPDK's virtual devices that name an interface or a file. */
static const struct {
	const char *prefix; /* of the device's name */
	const char *key;
	struct bp_claim claim;
} dpdk_args[] = {
	{ "net_af_packet", "iface", { .kind = BP_CLAIM_NETDEV } },
	{ "net_af_xdp", "iface", { .kind = BP_CLAIM_NETDEV, .does_take = true } },
	{ "net_tap", "iface", { .kind = BP_CLAIM_NETDEV, .is_far_end = true } },
	{ "net_pcap", "iface", { .kind = BP_CLAIM_NETDEV } },
	{ "net_pcap", "rx_iface", { .kind = BP_CLAIM_NETDEV } },
	{ "net_pcap", "rx_iface_in", { .kind = BP_CLAIM_NETDEV } },
	{ "net_pcap", "tx_iface", { .kind = BP_CLAIM_NETDEV } },
	{ "net_pcap", "rx_pcap", { .kind = BP_CLAIM_FILE, .is_read = true } },
	{ "net_pcap", "tx_pcap", { .kind = BP_CLAIM_FILE } },
};

bool bp_claim_is_output(const char *device)
{
	return !strcmp(device, "-");
}

/* Through /proc a pipe or a file gets a description of its own: its flags are nobody else's. */
const char *bp_claim_path(const char *device)
{
	return bp_claim_is_output(device) ? "/proc/self/fd/1" : device;
}

static bool has(const struct bp_claim *claims, unsigned n, const struct bp_claim *claim)
{
	for (unsigned i = 0; i < n; i++)
		if (claims[i].kind == claim->kind && !strcmp(claims[i].name, claim->name))
			return true;
	return false;
}

/* Of a virtual device: the interfaces and files behind it. One that is named twice counts once. */
static unsigned claims_of_args(const char *device, struct bp_claim *claims)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(dpdk_args) / sizeof(dpdk_args[0]); i++) {
		struct bp_claim claim = dpdk_args[i].claim;

		if (n == BP_CLAIMS_MAX ||
		    strncmp(device, dpdk_args[i].prefix, strlen(dpdk_args[i].prefix)) ||
		    !bp_devargs_get(device, dpdk_args[i].key, claim.name, sizeof(claim.name)))
			continue;
		claim.is_output = claim.kind == BP_CLAIM_FILE && !claim.is_read &&
				  bp_claim_is_output(claim.name);
		if (!has(claims, n, &claim))
			claims[n++] = claim;
	}
	return n;
}

static unsigned claims_of_dpdk(const char *device, struct bp_claim *claims)
{
	unsigned n = claims_of_args(device, claims);
	char address[BP_PCI_ADDRESS_BYTES];

	if (n)
		return n;
	if (!strncmp(device, "pci:", 4))
		device += 4;
	claims[0] = (struct bp_claim){ .kind = BP_CLAIM_DPDK };
	if (bp_pci_parse(device, address))
		claims[0].kind = BP_CLAIM_PCI;
	bp_devargs_name(device, claims[0].name, sizeof(claims[0].name));
	return 1;
}

/* What each driver's device is. pcap's depends on its mode. */
static const struct {
	const char *driver;
	struct bp_claim claim;
} drivers[] = {
	{ "af_packet", { .kind = BP_CLAIM_NETDEV } },
	{ "af_xdp", { .kind = BP_CLAIM_NETDEV, .does_take = true } },
	{ "tap", { .kind = BP_CLAIM_NETDEV, .is_far_end = true } },
	{ "xdp_live", { .kind = BP_CLAIM_NETDEV, .is_sending = true } },
	{ "ring", { .kind = BP_CLAIM_RING } },
	{ "pcap", { .kind = BP_CLAIM_FILE } },
};

unsigned bp_claims_of(const struct bp_port_conf *port, struct bp_claim claims[BP_CLAIMS_MAX])
{
	if (!port->device[0])
		return 0;
	if (!strcmp(port->driver, "dpdk"))
		return claims_of_dpdk(port->device, claims);
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strcmp(port->driver, drivers[i].driver))
			continue;
		claims[0] = drivers[i].claim;
		snprintf(claims[0].name, sizeof(claims[0].name), "%s", port->device);
		if (!strcmp(port->driver, "pcap") && !strcmp(port->mode, "live"))
			claims[0].kind = BP_CLAIM_NETDEV;
		claims[0].is_read = !strcmp(port->driver, "pcap") && !strcmp(port->mode, "read");
		claims[0].is_output = claims[0].kind == BP_CLAIM_FILE && !claims[0].is_read &&
				      bp_claim_is_output(claims[0].name);
		return 1;
	}
	return 0;
}

static bool can_share(const struct bp_claim *a, const struct bp_claim *b)
{
	return a->kind != b->kind || (a->is_read && b->is_read) || a->is_sending != b->is_sending;
}

bool bp_claims_clash(const struct bp_claim *a, const struct bp_claim *b)
{
	char one[BP_PCI_ADDRESS_BYTES], other[BP_PCI_ADDRESS_BYTES];

	if (can_share(a, b))
		return false;
	if (a->kind == BP_CLAIM_PCI && bp_pci_parse(a->name, one) && bp_pci_parse(b->name, other))
		return !strcmp(one, other);
	/* Other buses have hexadecimal digits as well, in either case. */
	return a->kind == BP_CLAIM_DPDK ? !strcasecmp(a->name, b->name) : !strcmp(a->name, b->name);
}

const char *bp_claim_rule(enum bp_claim_kind kind)
{
	return kind == BP_CLAIM_RING ? "a ring has two ends at most"
	       : kind == BP_CLAIM_FILE
		       ? "a file that is written belongs to one port"
		       : "one port per device; for more of its queues raise that port's queues";
}

static void look_at_file(const char *name, struct bp_claim_id *id)
{
	struct stat st;

	if (!stat(name, &st)) {
		id->dev = st.st_dev;
		id->ino = st.st_ino;
	} else if (!realpath(name, id->path) && errno != ENOENT) {
		id->path[0] = '\0';
	} /* ENOENT: path holds what is missing, links before it resolved (realpath(3)) */
}

/* 0: there is none. */
static int index_of(const char *ifname)
{
	int ifindex = bp_netdev_index(-1, ifname);

	return ifindex < 0 ? 0 : ifindex;
}

void bp_claim_look(const struct bp_claim *claim, struct bp_claim_id *id)
{
	*id = (struct bp_claim_id){ 0 };
	if (claim->kind == BP_CLAIM_NETDEV)
		id->ifindex = index_of(claim->name);
	else if (claim->kind == BP_CLAIM_FILE)
		look_at_file(claim->is_output ? bp_claim_path(claim->name) : claim->name, id);
}

bool bp_claims_clash_here(const struct bp_claim *a, const struct bp_claim *b)
{
	struct bp_claim_id x, y;

	if (can_share(a, b) || bp_claims_clash(a, b))
		return bp_claims_clash(a, b);
	bp_claim_look(a, &x);
	bp_claim_look(b, &y);
	if (a->kind == BP_CLAIM_NETDEV)
		return x.ifindex && x.ifindex == y.ifindex;
	if (x.ino || y.ino)
		return x.ino == y.ino && x.dev == y.dev;
	return x.path[0] && !strcmp(x.path, y.path);
}
