/* Finds the devices of a command line, judges whether each may be bound as asked. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/plan.h"

#include "bypath/facts.h"

#include "bind/holders.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- text ------------------------------------------------------------------------------------- */

static void append(char *text, size_t text_bytes, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *text, size_t text_bytes, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, text_bytes - used, fmt, args);
	va_end(args);
}

/* --- finding ---------------------------------------------------------------------------------- */

static int resolve(const char *word, const struct bp_netifs *netifs, struct bp_pci_device *pci,
		   char *why, size_t why_bytes)
{
	const struct bp_netif *link = bp_netifs_find(netifs, word);
	char address[BP_PCI_ADDRESS_BYTES];
	int err = 0;

	if (!bp_pci_parse(word, address) || strchr(word, ','))
		err = link ? bp_pci_of_interface(link->name, address) : -ENOENT;
	if (err == -ENOENT)
		snprintf(why, why_bytes,
			 "no such device: neither an interface of this network namespace nor a PCI "
			 "address as 0000:03:00.1: see bypath bind --list");
	else if (err == -ENODEV)
		snprintf(why, why_bytes,
			 "interface %s is not in /sys, which belongs to another network namespace: "
			 "give its PCI address, or enter the namespace with ip netns exec",
			 link->name);
	else if (err)
		snprintf(
			why, why_bytes,
			"%s is no PCI device but a %s interface, which the kernel alone can serve: "
			"use driver = %s",
			link->name, link->kind[0] ? link->kind : "virtual",
			bp_facts_named(BP_FACT_ANY_NETDEV));
	if (err)
		return err == -ENOENT ? -ENODEV : err;
	err = bp_pci_look(address, pci);
	if (err)
		snprintf(why, why_bytes, "no PCI device %s: %s: see bypath bind --list", address,
			 strerror(-err));
	return err;
}

static int resolve_network(const char *word, const struct bp_netifs *netifs,
			   struct bp_pci_device *pci, char *why, size_t why_bytes)
{
	int err = resolve(word, netifs, pci, why, why_bytes);

	if (!err && !bp_pci_is_network(pci)) {
		snprintf(why, why_bytes,
			 "PCI device %s is no network device (class %06x, driver %s): see bypath "
			 "bind --list",
			 pci->address, pci->class_code, pci->driver[0] ? pci->driver : "none");
		err = -ENOTSUP;
	}
	return err;
}

/* Is the device bound as asked? With the kernel it is not while a virtio NIC's own bus has no
 * driver, nor while driver_override would give the device away at the next rescan or boot. */
static bool is_done(enum bp_bind_target target, const struct bp_pci_device *pci)
{
	char modalias[128];

	if (target == BP_BIND_VFIO)
		return !strcmp(pci->driver, "vfio-pci");
	return bp_pci_is_kernels(pci) && !pci->override[0] &&
	       (pci->n_interfaces ||
		!bp_pci_idle_child(pci->address, 0, modalias, sizeof(modalias)));
}

static bool is_noiommu_allowed(void)
{
	FILE *f = fopen("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "re");
	bool is_on = f && fgetc(f) == 'Y';

	if (f)
		fclose(f);
	return is_on;
}

/* A process of another PID namespace: /proc lacks it, the group's file is busy all the same. */
static void look_for_hidden_holder(struct bp_bind_device *device)
{
	struct bp_holder holders[BP_HOLDERS_MAX];

	if (!bp_holders_find(&device->pci, holders) && bp_holders_group_is_busy(&device->pci))
		bp_uses_add(&device->uses, true,
			    "its VFIO group is open in a process that /proc does not show");
}

static void fill_device(const struct bp_bind_plan *plan, const struct bp_pci_device *pci,
			const struct bp_netifs *netifs, struct bp_bind_device *device)
{
	*device = (struct bp_bind_device){ .pci = *pci, .is_done = is_done(plan->target, pci) };
	bp_uses_find(pci, netifs, &device->uses);
	if (!device->is_done)
		look_for_hidden_holder(device);
}

int bp_bind_plan_add(struct bp_bind_plan *plan, const char *word, const struct bp_netifs *netifs,
		     char *why, size_t why_bytes)
{
	struct bp_bind_device *device = &plan->devices[plan->n];
	struct bp_pci_device pci, *others = NULL;
	size_t n_others = 0;
	int err = resolve_network(word, netifs, &pci, why, why_bytes);

	if (err)
		return err;
	for (unsigned i = 0; i < plan->n; i++)
		if (!strcmp(plan->devices[i].pci.address, pci.address))
			return 0;
	if (plan->n == BP_BIND_DEVICES_MAX) {
		snprintf(why, why_bytes, "more than %u devices", BP_BIND_DEVICES_MAX);
		return -E2BIG;
	}
	err = bp_pci_group(&pci, &others, &n_others);
	if (err) {
		snprintf(why, why_bytes, "read its IOMMU group: %s", strerror(-err));
		return err;
	}
	fill_device(plan, &pci, netifs, device);
	device->others = others;
	device->n_others = n_others;
	plan->is_noiommu_allowed = is_noiommu_allowed();
	plan->n++;
	return 0;
}

void bp_bind_plan_free(struct bp_bind_plan *plan)
{
	for (unsigned i = 0; i < plan->n; i++)
		free(plan->devices[i].others);
	plan->n = 0;
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool is_planned(const struct bp_bind_plan *plan, const char *address)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (!strcmp(plan->devices[i].pci.address, address))
			return true;
	return false;
}

/* vfio gives a group away only when no driver works in it that does DMA on its own account: that of
 * the kernel's stack, but UIO's as well. */
static bool hinders_group(const struct bp_bind_plan *plan, const struct bp_pci_device *other)
{
	return !bp_pci_is_bridge(other) && !is_planned(plan, other->address) &&
	       !bp_pci_leaves_group(other->driver);
}

/* What frees the group: one command for its network devices, one for each of the others. */
static void add_group_remedy(const struct bp_bind_plan *plan, const struct bp_bind_device *device,
			     char *why, size_t why_bytes)
{
	bool has_network = false;

	for (size_t i = 0; i < device->n_others; i++) {
		const struct bp_pci_device *other = &device->others[i];

		if (!hinders_group(plan, other))
			continue;
		has_network |= bp_pci_is_network(other);
		if (!bp_pci_is_network(other))
			append(why, why_bytes,
			       "echo %s > /sys/bus/pci/devices/%s/driver/unbind (no network "
			       "device), then ",
			       other->address, other->address);
	}
	append(why, why_bytes, "bypath bind");
	for (unsigned i = 0; i < plan->n; i++)
		append(why, why_bytes, " %s", plan->devices[i].pci.address);
	for (size_t i = 0; has_network && i < device->n_others; i++)
		if (hinders_group(plan, &device->others[i]) &&
		    bp_pci_is_network(&device->others[i]))
			append(why, why_bytes, " %s", device->others[i].address);
}

bool bp_bind_group_is_split(const struct bp_bind_plan *plan, const struct bp_bind_device *device,
			    char *why, size_t why_bytes)
{
	char name[128];
	unsigned n = 0;

	snprintf(why, why_bytes,
		 "a process gets IOMMU group %d as a whole only: ", device->pci.iommu_group);
	add_group_remedy(plan, device, why, why_bytes);
	for (size_t i = 0; i < device->n_others; i++) {
		const struct bp_pci_device *other = &device->others[i];

		if (!hinders_group(plan, other))
			continue;
		bp_pci_name(other, name, sizeof(name));
		append(why, why_bytes, "%s%s on %s",
		       n++ ? ", " : ": other drivers than vfio's have ", name, other->driver);
	}
	return n != 0;
}

static bool refuses_without_iommu(const struct bp_bind_plan *plan,
				  const struct bp_bind_device *device, char *why, size_t why_bytes)
{
	if (device->pci.iommu_group != BP_PCI_NO_GROUP || plan->is_noiommu_allowed)
		return false;
	snprintf(why, why_bytes,
		 "it has no IOMMU group: no IOMMU is on: switch on VT-d or AMD-Vi in the "
		 "firmware's set-up and boot with intel_iommu=on (AMD: amd_iommu=on). As the last "
		 "resort, without protection of the machine's memory, where the kernel has "
		 "CONFIG_VFIO_NOIOMMU: modprobe vfio; echo Y > "
		 "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	return true;
}

static bool refuses_uses(const struct bp_bind_plan *plan, const struct bp_bind_device *device,
			 char *why, size_t why_bytes)
{
	unsigned n = 0;

	if (plan->is_forced)
		return false;
	snprintf(why, why_bytes, "it is in use: ");
	for (unsigned i = 0; i < device->uses.n; i++)
		if (device->uses.v[i].is_serious)
			append(why, why_bytes, "%s%s", n++ ? ", " : "", device->uses.v[i].text);
	append(why, why_bytes, ": end that first, or take it nevertheless with --force");
	return n != 0;
}

/* mlx5 and its like: bound to vfio-pci they lose the PMD that they have. */
static bool refuses_needless(const struct bp_bind_plan *plan, const struct bp_bind_device *device,
			     char *why, size_t why_bytes)
{
	if (plan->is_forced || bp_pci_owner_of(device->pci.driver) != BP_PCI_OWNER_BOTH)
		return false;
	snprintf(why, why_bytes,
		 "DPDK uses it as it is, beside the kernel's driver %s: nothing is to be bound: "
		 "device = %s (bind it nevertheless with --force)",
		 device->pci.driver, device->pci.address);
	return true;
}

bool bp_bind_plan_refuses(const struct bp_bind_plan *plan, const struct bp_bind_device *device,
			  char *why, size_t why_bytes)
{
	if (device->is_done)
		return false;
	/* What the kernel's driver has already, nobody loses. */
	if (plan->target == BP_BIND_KERNEL)
		return !bp_pci_is_kernels(&device->pci) &&
		       refuses_uses(plan, device, why, why_bytes);
	return refuses_needless(plan, device, why, why_bytes) ||
	       refuses_without_iommu(plan, device, why, why_bytes) ||
	       bp_bind_group_is_split(plan, device, why, why_bytes) ||
	       refuses_uses(plan, device, why, why_bytes);
}
