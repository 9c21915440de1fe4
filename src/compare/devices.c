/* Checks that a row can use the devices that --ports and --gen-ports name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/run.h"

#include "core/netdev.h"
#include "core/pci.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void end(struct bp_cmp_row *row, const char *fix, const char *reason)
{
	bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, fix, "%s", reason);
}

/* End a row that needs a kernel interface and was given a PCI address. */
static void end_for_address(struct bp_cmp_row *row, const char *address)
{
	struct bp_pci_device pci;
	char reason[128], fix[128];

	if (bp_pci_look(address, &pci)) {
		snprintf(reason, sizeof(reason), "this machine has no PCI device %s", address);
		end(row, "bypath bind --list", reason);
	} else if (pci.n_interfaces) {
		snprintf(reason, sizeof(reason), "%s is a PCI address: its interface is %s",
			 address, pci.interfaces[0]);
		snprintf(fix, sizeof(fix), "name %s instead", pci.interfaces[0]);
		end(row, fix, reason);
	} else {
		snprintf(reason, sizeof(reason), "the kernel has no interface of %s, driver %s",
			 address, pci.driver[0] ? pci.driver : "none");
		snprintf(fix, sizeof(fix), "bypath bind %s kernel, then name its interface",
			 address);
		end(row, fix, reason);
	}
}

static bool is_interface(struct bp_cmp_row *row, const char *device)
{
	char address[BP_PCI_ADDRESS_BYTES], reason[128];

	if (bp_netdev_index(-1, device) > 0)
		return true;
	if (bp_pci_parse(device, address)) {
		end_for_address(row, address);
		return false;
	}
	snprintf(reason, sizeof(reason), "no interface '%.80s' in this network namespace", device);
	end(row, "ip link shows those that there are", reason);
	return false;
}

/* End a row that needs a device of its own and was given a kernel interface. */
static void end_for_interface(struct bp_cmp_row *row, const char *ifname)
{
	char address[BP_PCI_ADDRESS_BYTES], reason[128], fix[128];

	snprintf(reason, sizeof(reason), "%s is a kernel interface", ifname);
	if (bp_pci_of_interface(ifname, address))
		snprintf(fix, sizeof(fix), "it is no PCI device: leave this row out (--paths -%s)",
			 row->path->name);
	else
		snprintf(fix, sizeof(fix), "bind it first: bypath bind %s, and name it %s", ifname,
			 address);
	end(row, fix, reason);
}

/* A name that is neither a PCI address nor an interface may be a device string of DPDK: the driver will tell. */
static bool is_for_dpdk(struct bp_cmp_row *row, const char *device)
{
	char address[BP_PCI_ADDRESS_BYTES], why[BP_CMP_TEXT_BYTES], fix[64];
	int err;

	if (!bp_pci_parse(device, address)) {
		if (bp_netdev_index(-1, device) < 0)
			return true;
		end_for_interface(row, device);
		return false;
	}
	err = bp_pci_ready(address, why, sizeof(why));
	if (err == -EBUSY)
		snprintf(fix, sizeof(fix), "bypath bind %s", address);
	else
		snprintf(fix, sizeof(fix), "bypath bind --list");
	if (err)
		end(row, fix, why);
	return !err;
}

bool bp_cmp_devices_fit(const struct bp_cmp_options *o, struct bp_cmp_row *row)
{
	bool is_dpdk = bp_cmp_has(row->path, BP_CMP_BY_DPDK);

	if (!(is_dpdk ? is_for_dpdk(row, o->in) && is_for_dpdk(row, o->out)
		      : is_interface(row, o->in) && is_interface(row, o->out)))
		return false;
	/* Without --gen-ports another box sends, and the kernel's interfaces count. */
	return o->gen_tx ? is_interface(row, o->gen_tx) && is_interface(row, o->gen_rx)
			 : is_interface(row, o->in) && is_interface(row, o->out);
}
