/* The network devices on PCI as a document: drivers, IOMMU groups, interfaces, users. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bind_list.h"
#include "cli/cmd.h"

#include "bind/modprobe.h"
#include "bind/plan.h"
#include "bind/remember.h"
#include "core/json.h"
#include "core/netdev.h"
#include "report/json.h"
#include "report/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel driver that has the device, had it, or would take it; "": none is known. */
static void find_kernel_driver(const struct bp_pci_device *pci, char name[BP_PCI_NAME_BYTES])
{
	name[0] = '\0';
	if (bp_pci_is_kernels(pci))
		strcpy(name, pci->driver);
	else if (!bp_bind_remembered(pci->address, name))
		bp_modprobe_claims(pci->modalias, name, BP_PCI_NAME_BYTES);
}

static json_t *number_or_null(long number, bool is_known)
{
	return is_known ? json_integer(number) : json_null();
}

/* The addresses of the other devices of its group, null where that could not be read; told in words in
 * shared_groups. */
static json_t *list_others(const struct bp_pci_device *pci, json_t *shared_groups)
{
	struct bp_pci_device *others = NULL;
	size_t n_others = 0;
	int err = bp_pci_group(pci, &others, &n_others);
	json_t *addresses = err ? json_null() : json_array(), *texts = json_array();
	char name[128];

	for (size_t i = 0; i < n_others; i++) {
		const char *driver = others[i].driver[0] ? others[i].driver : "without a driver";

		bp_pci_name(&others[i], name, sizeof(name));
		json_array_append_new(addresses, bp_json_text(others[i].address));
		json_array_append_new(
			texts, json_sprintf("%s %s%s", name, driver,
					    bp_pci_is_bridge(&others[i]) ? ", a bridge" : ""));
	}
	if (err || n_others)
		json_array_append_new(shared_groups,
				      json_pack("{s:s, s:i, s:O, s:s?}", "address", pci->address,
						"iommu_group", pci->iommu_group, "others", texts,
						"error", err ? strerror(-err) : NULL));
	json_decref(texts);
	free(others);
	return addresses;
}

static json_t *device_row(const struct bp_pci_device *pci, const struct bp_netifs *netifs,
			  struct bp_uses *uses, json_t *shared_groups)
{
	json_t *interfaces = json_array(), *used_by = json_array();
	char kernel_driver[BP_PCI_NAME_BYTES];
	unsigned speed_mbps = 0;

	find_kernel_driver(pci, kernel_driver);
	for (unsigned i = 0; i < pci->n_interfaces; i++) {
		json_array_append_new(interfaces, bp_json_text(pci->interfaces[i]));
		if (!speed_mbps)
			speed_mbps = bp_netdev_speed_mbps(pci->interfaces[i]);
	}
	bp_uses_find(pci, netifs, uses);
	for (unsigned i = 0; i < uses->n; i++)
		json_array_append_new(used_by, bp_json_text(uses->v[i].text));
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o}", "address",
			 pci->address, "vendor", json_sprintf("%04x", pci->vendor), "device",
			 json_sprintf("%04x", pci->device), "driver",
			 bp_json_text_or_null(pci->driver), "kernel_driver",
			 bp_json_text_or_null(kernel_driver), "iommu_group",
			 number_or_null(pci->iommu_group, pci->iommu_group != BP_PCI_NO_GROUP),
			 "group_others", list_others(pci, shared_groups), "numa_node",
			 pci->numa_node, "interfaces", interfaces, "speed_mbps",
			 number_or_null(speed_mbps, speed_mbps != 0), "used_by", used_by);
}

/* Schema `bypath.bind/1`. NULL: no memory. */
static json_t *make_document(const struct bp_pci_device *devices, size_t n,
			     const struct bp_netifs *netifs)
{
	struct bp_uses *uses = malloc(sizeof(*uses));
	json_t *rows = json_array(), *shared_groups = json_array();
	int err = uses ? 0 : -1;

	for (size_t i = 0; i < n && !err; i++)
		err = json_array_append_new(rows,
					    device_row(&devices[i], netifs, uses, shared_groups));
	free(uses);
	rows = json_pack("{s:s, s:o, s:o, s:b}", "schema", "bypath.bind/1", "devices", rows,
			 "shared_groups", shared_groups, "sees_all_processes", geteuid() == 0);
	if (!err)
		return rows;
	json_decref(rows);
	return NULL;
}

static int print(const struct bp_netifs *netifs, bool is_json)
{
	struct bp_pci_device *devices = NULL;
	size_t n = 0;
	int err = bp_pci_list(&devices, &n);
	json_t *document;

	if (err) {
		fprintf(stderr, "bypath: error: bind --list: read /sys/bus/pci/devices: %s\n",
			strerror(-err));
		return err;
	}
	document = make_document(devices, n, netifs);
	free(devices);
	if (!document)
		fputs("bypath: error: bind --list: no memory\n", stderr);
	if (is_json || !document)
		return bp_json_print(stdout, document);
	bp_view_print(stdout, document);
	json_decref(document);
	return 0;
}

int bp_bind_list(bool is_json)
{
	struct bp_netifs netifs;
	int err = bp_netifs_read(&netifs);

	if (err) {
		fprintf(stderr, "bypath: error: bind --list: ask the kernel for interfaces: %s\n",
			strerror(-err));
		return BP_EXIT_FAILED;
	}
	err = print(&netifs, is_json);
	bp_netifs_free(&netifs);
	return err ? BP_EXIT_FAILED : BP_EXIT_OK;
}
