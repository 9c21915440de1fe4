/* What sysfs tells about PCI devices: the one place that asks. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_PCI_H
#define BYPATH_CORE_PCI_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BP_PCI_ADDRESS_BYTES  20u /* "0000:03:00.1"; domains behind a VMD have five digits */
#define BP_PCI_NAME_BYTES     32u
#define BP_PCI_INTERFACES_MAX 8u
#define BP_PCI_NO_GROUP       (-1)

/* Whom the driver that a device is bound to makes it over to. */
enum bp_pci_owner {
	BP_PCI_OWNER_NONE, /* no driver */
	BP_PCI_OWNER_KERNEL, /* a driver of the kernel's own stack */
	BP_PCI_OWNER_PROCESS, /* vfio-pci and its like: nothing but a process */
	BP_PCI_OWNER_BOTH, /* mlx5 and its like: a PMD works beside the kernel's driver */
};

struct bp_pci_device {
	char address[BP_PCI_ADDRESS_BYTES]; /* in full, lower case */
	uint16_t vendor, device;
	uint32_t class_code; /* 24 bits: class, subclass, interface */
	char driver[BP_PCI_NAME_BYTES]; /* bound now; "" none */
	char override[BP_PCI_NAME_BYTES]; /* driver_override; "" none */
	char modalias[128];
	int iommu_group; /* or BP_PCI_NO_GROUP */
	int numa_node; /* -1: none known */
	unsigned n_vfs; /* virtual functions that it has made */
	unsigned n_interfaces; /* of the network namespace that /sys was mounted in */
	char interfaces[BP_PCI_INTERFACES_MAX][IF_NAMESIZE];
};

/*
 * The PCI address that a text begins with, up to its end or a comma ("0000:03:00.1,arg=…"), with
 * or without its domain ("03:00.1"), also behind "pci:", in full and lower case into address.
 * false: none there; address untouched. Pure.
 */
bool bp_pci_parse(const char *text, char address[BP_PCI_ADDRESS_BYTES]);

/*
 * Ask sysfs about one device, given by an address as bp_pci_parse() makes it. Needs no privilege.
 * Any thread; blocks for a moment. 0, -ENODEV: no such device, -errno. Attributes that cannot be
 * read stay empty; *device is untouched on failure.
 */
int bp_pci_look(const char *address, struct bp_pci_device *device);

/*
 * Can a process drive a device as it is bound now? 0, or why says what is found and what to do:
 * -ENODEV no such device, -ENOTSUP no network device, -EBUSY a driver of the kernel has it, or none
 * at all. As bp_pci_look().
 */
int bp_pci_ready(const char *address, char *why, size_t why_bytes);

/* All PCI devices of network class, by address, into a new array for the caller to free(). As
 * bp_pci_look(); no devices: 0 and *n = 0. -ENOMEM, -errno: outputs untouched. */
int bp_pci_list(struct bp_pci_device **devices, size_t *n);

/* The other devices of a device's IOMMU group, as bp_pci_list(); without a group: none. */
int bp_pci_group(const struct bp_pci_device *device, struct bp_pci_device **others, size_t *n);

/*
 * The PCI device that an interface (its kernel name) belongs to, also through the virtio bus.
 * As bp_pci_look(). 0, -ENODEV: no such interface in /sys, -ENOTSUP: it stands on no PCI device.
 */
int bp_pci_of_interface(const char *ifname, char address[BP_PCI_ADDRESS_BYTES]);

/* The NUMA node of a device, BP_NO_NODE where none is known or the machine has one only. As
 * bp_pci_look(). */
int bp_pci_node(const char *address);

/*
 * The path of a file below a device's folder in sysfs, into path[PATH_MAX]. Pure.
 */
void bp_pci_path(const char *address, const char *file, char path[PATH_MAX]);

/* The modalias of the n-th child of a device that has no driver (virtio NICs: the virtio device);
 * false: there are no more. As bp_pci_look(). */
bool bp_pci_idle_child(const char *address, unsigned n, char *modalias, size_t modalias_bytes);

/* Class 02: a network controller. Pure. */
bool bp_pci_is_network(const struct bp_pci_device *device);

/* Class 06: a bridge or root port, which never hinders its IOMMU group. Pure. */
bool bp_pci_is_bridge(const struct bp_pci_device *device);

/* "0000:03:00.0 (eth1)" into text. Pure. */
void bp_pci_name(const struct bp_pci_device *device, char *text, size_t text_bytes);

/* Does a driver of the kernel have it, whether or not a PMD works beside it? Pure. */
bool bp_pci_is_kernels(const struct bp_pci_device *device);

/*
 * Does the driver leave DMA to whoever owns the IOMMU group, so that vfio gives the group away? The
 * kernel's driver_managed_dma: vfio's own drivers and their variants, pci-stub. Also "", none. Pure.
 */
bool bp_pci_leaves_group(const char *driver);

/* Whom a driver's name, "" included, stands for. Pure. */
enum bp_pci_owner bp_pci_owner_of(const char *driver);

#endif
