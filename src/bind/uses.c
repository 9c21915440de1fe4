/* Finds who uses a PCI network device, from rtnetlink, sysfs, /proc. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/uses.h"

#include "bind/holders.h"
#include "bind/packets.h"
#include "core/netdev.h"

#include <linux/if_ether.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define STACK_MAX 8 /* interfaces on top of one another: a bridge on a bond on a NIC, … */

void bp_uses_add(struct bp_uses *uses, bool is_serious, const char *fmt, ...)
{
	struct bp_use *use = &uses->v[uses->n];
	va_list args;

	if (uses->n == BP_USES_MAX)
		return;
	use->is_serious = is_serious;
	va_start(args, fmt);
	vsnprintf(use->text, sizeof(use->text), fmt, args);
	va_end(args);
	uses->n++;
}

static void add_traffic(const struct bp_netif *link, struct bp_uses *uses)
{
	if (link->has_default_v4)
		bp_uses_add(uses, true, "default route (IPv4) through %s", link->name);
	if (link->has_default_v6)
		bp_uses_add(uses, true, "default route (IPv6) through %s", link->name);
	if (link->n_addresses == 1)
		bp_uses_add(uses, true, "address %s on %s", link->address, link->name);
	else if (link->n_addresses)
		bp_uses_add(uses, true, "address %s and %u more on %s", link->address,
			    link->n_addresses - 1, link->name);
	if (link->has_xdp)
		bp_uses_add(uses, true, "XDP program on %s", link->name);
}

static void add_stack(const struct bp_netif *link, const struct bp_netifs *netifs,
		      struct bp_uses *uses, int depth)
{
	add_traffic(link, uses);
	for (size_t i = 0; i < netifs->n && depth < STACK_MAX && uses->n < BP_USES_MAX; i++) {
		const struct bp_netif *upper = &netifs->v[i];

		if (!bp_netif_is_on(upper, link))
			continue;
		if (upper->ifindex == link->master)
			bp_uses_add(uses, true, "%s is a member of %s %s", link->name,
				    upper->kind[0] ? upper->kind : "interface", upper->name);
		else
			bp_uses_add(uses, true, "%s %s lies on %s",
				    upper->kind[0] ? upper->kind : "interface", upper->name,
				    link->name);
		add_stack(upper, netifs, uses, depth + 1);
	}
}

void bp_uses_of_netif(const struct bp_netif *link, const struct bp_netifs *netifs,
		      struct bp_uses *uses)
{
	if (link->is_up)
		bp_uses_add(uses, false, "%s is up", link->name);
	add_stack(link, netifs, uses, 0);
}

/* /sys may show another network namespace than this process is in, and names repeat there. */
static const struct bp_netif *find_link(const struct bp_pci_device *device, const char *ifname,
					const struct bp_netifs *netifs)
{
	char bus[BP_NAME_BYTES];

	bp_netdev_bus(ifname, bus);
	return strcmp(bus, device->address) ? NULL : bp_netifs_find(netifs, ifname);
}

/* Daemons listen for LLDP on every interface that is up; nothing breaks without them. */
static void add_packet_sockets(const struct bp_netif *link, struct bp_uses *uses)
{
	struct bp_packet_socket sockets[BP_PACKETS_MAX];
	unsigned n = bp_packets_find(link->ifindex, sockets);

	for (unsigned i = 0; i < n; i++) {
		bool is_serious = sockets[i].protocol != ETH_P_LLDP;
		struct bp_holder holder;

		if (bp_holders_of_socket(sockets[i].inode, &holder))
			bp_uses_add(uses, is_serious, "process %d (%s) has a packet socket on %s",
				    (int)holder.pid, holder.program, link->name);
		else
			bp_uses_add(uses, is_serious,
				    "packet socket on %s, of a process that /proc does not show",
				    link->name);
	}
}

static void add_interfaces(const struct bp_pci_device *device, const struct bp_netifs *netifs,
			   struct bp_uses *uses)
{
	for (unsigned i = 0; i < device->n_interfaces; i++) {
		const struct bp_netif *link = find_link(device, device->interfaces[i], netifs);

		if (link) {
			bp_uses_of_netif(link, netifs, uses);
			add_packet_sockets(link, uses);
		} else {
			bp_uses_add(uses, true,
				    "interface %s, of another network namespace than bypath's",
				    device->interfaces[i]);
		}
	}
}

/* Add a device that has a kernel driver but no interface here: the interface was moved away. A
 * virtio device that has no driver yet is none of these. */
static void add_absence(const struct bp_pci_device *device, struct bp_uses *uses)
{
	char modalias[128];

	if (bp_pci_is_kernels(device) && !device->n_interfaces &&
	    !bp_pci_idle_child(device->address, 0, modalias, sizeof(modalias)))
		bp_uses_add(uses, true,
			    "%s without an interface here: it may be in another network namespace",
			    device->driver);
}

void bp_uses_find(const struct bp_pci_device *device, const struct bp_netifs *netifs,
		  struct bp_uses *uses)
{
	struct bp_holder holders[BP_HOLDERS_MAX];
	unsigned n_holders = bp_holders_find(device, holders);

	uses->n = 0;
	add_interfaces(device, netifs, uses);
	add_absence(device, uses);
	if (device->n_vfs)
		bp_uses_add(uses, true, "it has %u virtual function%s", device->n_vfs,
			    device->n_vfs == 1 ? "" : "s");
	for (unsigned i = 0; i < n_holders; i++)
		bp_uses_add(uses, true, "process %d (%s) has %s open", (int)holders[i].pid,
			    holders[i].program, holders[i].file);
}
