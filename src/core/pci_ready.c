/* Says whether a process can drive a PCI device as it is bound, and what to do where it cannot. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pci.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void bp_pci_name(const struct bp_pci_device *device, char *text, size_t text_bytes)
{
	int used = snprintf(text, text_bytes, "%s", device->address);

	for (unsigned i = 0; i < device->n_interfaces && (size_t)used < text_bytes; i++)
		used += snprintf(text + used, text_bytes - (size_t)used, "%s%s%s", i ? "" : " (",
				 device->interfaces[i], i + 1 == device->n_interfaces ? ")" : ", ");
}

int bp_pci_ready(const char *address, char *why, size_t why_bytes)
{
	struct bp_pci_device device;
	enum bp_pci_owner owner;
	char name[128];

	if (bp_pci_look(address, &device)) {
		snprintf(why, why_bytes,
			 "this machine has no PCI device %s: see bypath bind --list", address);
		return -ENODEV;
	}
	owner = bp_pci_owner_of(device.driver);
	if (owner == BP_PCI_OWNER_PROCESS || owner == BP_PCI_OWNER_BOTH)
		return 0;
	if (!bp_pci_is_network(&device)) {
		snprintf(why, why_bytes,
			 "PCI device %s is no network device (class %06x): see bypath bind --list",
			 address, device.class_code);
		return -ENOTSUP;
	}
	bp_pci_name(&device, name, sizeof(name));
	snprintf(
		why, why_bytes, "PCI device %s has %s%s%s%s bypath bind %s", name,
		device.driver[0] ? "the driver " : "no driver; it needs vfio-pci", device.driver,
		device.driver[0] ? " instead of vfio-pci" : "",
		device.iommu_group == BP_PCI_NO_GROUP
			? ", which needs an IOMMU, and it has none: boot with intel_iommu=on (AMD: "
			  "amd_iommu=on), then:"
			: ":",
		address);
	return -EBUSY;
}
