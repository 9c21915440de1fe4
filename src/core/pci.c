/* Asks sysfs about PCI devices: addresses, drivers, IOMMU groups, interfaces. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/pci.h"

#include "core/numa.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICES    "/sys/bus/pci/devices"
#define INTERFACES "/sys/class/net"

/* --- addresses -------------------------------------------------------------------------------- */

static size_t hex_len(const char *text)
{
	size_t n = 0;

	while (isxdigit((unsigned char)text[n]))
		n++;
	return n;
}

/* BB:DD.F; its length, or 0. */
static size_t slot_len(const char *text)
{
	if (hex_len(text) != 2 || text[2] != ':' || hex_len(text + 3) != 2 || text[3] > '1' ||
	    text[5] != '.' || text[6] < '0' || text[6] > '7')
		return 0;
	return text[7] == '\0' || text[7] == ',' ? 7 : 0;
}

bool bp_pci_parse(const char *text, char address[BP_PCI_ADDRESS_BYTES])
{
	const char *slot;
	size_t domain;

	if (!strncmp(text, "pci:", 4)) /* DPDK's name of the bus */
		text += 4;
	domain = hex_len(text);
	slot = text;
	if (domain >= 4 && domain <= 8 && text[domain] == ':')
		slot = text + domain + 1;
	else
		domain = 0;
	if (!slot_len(slot))
		return false;
	snprintf(address, BP_PCI_ADDRESS_BYTES, "%.*s:%.7s", domain ? (int)domain : 4,
		 domain ? text : "0000", slot);
	for (char *c = address; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return true;
}

/* --- files ------------------------------------------------------------------------------------ */

void bp_pci_path(const char *address, const char *file, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, DEVICES "/%s/%s", address, file);
}

/* The file's first line; false, and "", where there is none. */
static bool read_line(const char *path, char *line, size_t line_bytes)
{
	FILE *f = fopen(path, "re");
	bool is_read = f && fgets(line, (int)line_bytes, f);

	if (f)
		fclose(f);
	line[is_read ? strcspn(line, "\n") : 0] = '\0';
	return is_read;
}

static bool read_attribute(const char *address, const char *file, char *line, size_t line_bytes)
{
	char path[PATH_MAX];

	bp_pci_path(address, file, path);
	return read_line(path, line, line_bytes);
}

/* Base 0: sysfs writes 0x where it means hexadecimal digits. */
static long read_number(const char *address, const char *file, long none)
{
	char line[32];

	return read_attribute(address, file, line, sizeof(line)) ? strtol(line, NULL, 0) : none;
}

/* The last word of a link's target; false, and "", where it is none. */
static bool read_link(const char *path, char *name, size_t name_bytes)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	name[0] = '\0';
	if (len <= 0)
		return false;
	target[len] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, name_bytes, "%.*s", (int)(name_bytes - 1), slash ? slash + 1 : target);
	return true;
}

static bool read_device_link(const char *address, const char *file, char *name, size_t name_bytes)
{
	char path[PATH_MAX];

	bp_pci_path(address, file, path);
	return read_link(path, name, name_bytes);
}

static bool is_on_bus(const char *path, const char *bus)
{
	char link[PATH_MAX], name[BP_PCI_NAME_BYTES];

	return snprintf(link, sizeof(link), "%s/subsystem", path) < (int)sizeof(link) &&
	       read_link(link, name, sizeof(name)) && strcmp(name, bus) == 0;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void add_interfaces(const char *folder, struct bp_pci_device *device)
{
	DIR *dir = opendir(folder);

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
		if (e->d_name[0] != '.' && device->n_interfaces < BP_PCI_INTERFACES_MAX)
			snprintf(device->interfaces[device->n_interfaces++], IF_NAMESIZE, "%.15s",
				 e->d_name);
	if (dir)
		closedir(dir);
}

/* The n-th folder below a device's, what sysfs links to left aside: children, folders of attributes.
 * Not the PCI devices behind a bridge, which stand for themselves. */
static bool find_folder(const char *address, unsigned n, char name[NAME_MAX + 1])
{
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 1];
	bool is_found = false;
	DIR *dir;

	bp_pci_path(address, "", folder);
	dir = opendir(folder);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e && !is_found; e = readdir(dir)) {
		snprintf(path, sizeof(path), "%s%s", folder, e->d_name);
		is_found = e->d_name[0] != '.' && e->d_type == DT_DIR && !is_on_bus(path, "pci") &&
			   n-- == 0;
		if (is_found)
			strcpy(name, e->d_name);
	}
	if (dir)
		closedir(dir);
	return is_found;
}

/* DEVICE/net/NAME, and DEVICE/CHILD/net/NAME where a bus of its own lies between. */
static void look_for_interfaces(struct bp_pci_device *device)
{
	char name[NAME_MAX + 1], file[NAME_MAX + 8], path[PATH_MAX];

	bp_pci_path(device->address, "net", path);
	add_interfaces(path, device);
	for (unsigned i = 0; find_folder(device->address, i, name); i++) {
		snprintf(file, sizeof(file), "%s/net", name);
		bp_pci_path(device->address, file, path);
		add_interfaces(path, device);
	}
}

bool bp_pci_idle_child(const char *address, unsigned n, char *modalias, size_t modalias_bytes)
{
	char name[NAME_MAX + 1], file[NAME_MAX + 16], driver[BP_PCI_NAME_BYTES];

	for (unsigned i = 0; find_folder(address, i, name); i++) {
		snprintf(file, sizeof(file), "%s/driver", name);
		if (read_device_link(address, file, driver, sizeof(driver)))
			continue;
		snprintf(file, sizeof(file), "%s/modalias", name);
		if (read_attribute(address, file, modalias, modalias_bytes) && n-- == 0)
			return true;
	}
	return false;
}

int bp_pci_of_interface(const char *ifname, char address[BP_PCI_ADDRESS_BYTES])
{
	char link[PATH_MAX], path[PATH_MAX];
	char *slash;

	snprintf(link, sizeof(link), INTERFACES "/%.15s", ifname);
	if (access(link, F_OK))
		return -ENODEV;
	snprintf(link, sizeof(link), INTERFACES "/%.15s/device", ifname);
	if (!realpath(link, path))
		return -ENOTSUP;
	if (is_on_bus(path, "virtio")) /* whose parent is the PCI device */
		*strrchr(path, '/') = '\0';
	slash = strrchr(path, '/');
	if (!slash || !is_on_bus(path, "pci") || !bp_pci_parse(slash + 1, address))
		return -ENOTSUP;
	return 0;
}

/* --- devices ---------------------------------------------------------------------------------- */

int bp_pci_look(const char *address, struct bp_pci_device *out)
{
	struct bp_pci_device device = { .iommu_group = BP_PCI_NO_GROUP };
	char path[PATH_MAX], name[BP_PCI_NAME_BYTES];

	bp_pci_path(address, "class", path);
	if (access(path, F_OK))
		return errno == ENOENT || errno == ENOTDIR ? -ENODEV : -errno;
	snprintf(device.address, sizeof(device.address), "%s", address);
	device.vendor = (uint16_t)read_number(address, "vendor", 0);
	device.device = (uint16_t)read_number(address, "device", 0);
	device.class_code = (uint32_t)read_number(address, "class", 0);
	device.numa_node = (int)read_number(address, "numa_node", -1);
	device.n_vfs = (unsigned)read_number(address, "sriov_numvfs", 0);
	read_device_link(address, "driver", device.driver, sizeof(device.driver));
	read_attribute(address, "driver_override", device.override, sizeof(device.override));
	if (!strcmp(device.override, "(null)")) /* as the kernel prints that there is none */
		device.override[0] = '\0';
	read_attribute(address, "modalias", device.modalias, sizeof(device.modalias));
	if (read_device_link(address, "iommu_group", name, sizeof(name)))
		device.iommu_group = (int)strtol(name, NULL, 10);
	look_for_interfaces(&device);
	*out = device;
	return 0;
}

int bp_pci_node(const char *address)
{
	char path[PATH_MAX];

	bp_pci_path(address, "numa_node", path);
	return bp_numa_of_file(path);
}

static int compare_addresses(const void *a, const void *b)
{
	return strcmp(((const struct bp_pci_device *)a)->address,
		      ((const struct bp_pci_device *)b)->address);
}

/* A growing array. */
struct found {
	struct bp_pci_device *v;
	size_t n;
};

static int add_device(const char *address, bool (*is_wanted)(const struct bp_pci_device *device),
		      struct found *found)
{
	struct bp_pci_device device, *more;

	if (address[0] == '.' || bp_pci_look(address, &device) || !is_wanted(&device))
		return 0;
	more = reallocarray(found->v, found->n + 1, sizeof(device));
	if (!more)
		return -ENOMEM;
	found->v = more;
	more[found->n++] = device;
	return 0;
}

/* The devices that a folder names, but for one; no such folder: none. */
static int list_folder(const char *path, const char *except,
		       bool (*is_wanted)(const struct bp_pci_device *device), struct found *out)
{
	struct found found = { NULL, 0 };
	DIR *dir = opendir(path);
	int err = 0;

	if (!dir && errno != ENOENT)
		return -errno;
	for (struct dirent *e = dir ? readdir(dir) : NULL; e && !err; e = readdir(dir))
		if (strcmp(e->d_name, except) != 0)
			err = add_device(e->d_name, is_wanted, &found);
	if (dir)
		closedir(dir);
	if (err) {
		free(found.v);
		return err;
	}
	if (found.n)
		qsort(found.v, found.n, sizeof(*found.v), compare_addresses);
	*out = found;
	return 0;
}

int bp_pci_list(struct bp_pci_device **devices, size_t *n)
{
	struct found found = { NULL, 0 };
	int err = list_folder(DEVICES, "", bp_pci_is_network, &found);

	if (err)
		return err;
	*devices = found.v;
	*n = found.n;
	return 0;
}

static bool is_any(const struct bp_pci_device *device)
{
	(void)device;
	return true;
}

int bp_pci_group(const struct bp_pci_device *device, struct bp_pci_device **others, size_t *n)
{
	char path[PATH_MAX];
	struct found found = { NULL, 0 };
	int err;

	bp_pci_path(device->address, "iommu_group/devices", path);
	err = list_folder(path, device->address, is_any, &found);
	if (err)
		return err;
	*others = found.v;
	*n = found.n;
	return 0;
}

bool bp_pci_is_network(const struct bp_pci_device *device)
{
	return device->class_code >> 16 == 0x02;
}

bool bp_pci_is_bridge(const struct bp_pci_device *device)
{
	return device->class_code >> 16 == 0x06;
}

/* vfio's own, and its variants: mlx5-vfio-pci, nvgrace-gpu-vfio-pci, qat_vfio_pci, … */
static bool is_vfio(const char *driver)
{
	return strstr(driver, "vfio");
}

bool bp_pci_leaves_group(const char *driver)
{
	return !driver[0] || is_vfio(driver) || !strcmp(driver, "pci-stub");
}

enum bp_pci_owner bp_pci_owner_of(const char *driver)
{
	static const struct {
		const char *driver;
		enum bp_pci_owner owner;
	} owners[] = {
		{ "", BP_PCI_OWNER_NONE },
		{ "pci-stub", BP_PCI_OWNER_NONE },
		{ "uio_pci_generic", BP_PCI_OWNER_PROCESS },
		{ "igb_uio", BP_PCI_OWNER_PROCESS },
		{ "mlx4_core", BP_PCI_OWNER_BOTH },
		{ "mlx5_core", BP_PCI_OWNER_BOTH },
		{ "mana", BP_PCI_OWNER_BOTH },
	};

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
		if (!strcmp(driver, owners[i].driver))
			return owners[i].owner;
	return is_vfio(driver) ? BP_PCI_OWNER_PROCESS : BP_PCI_OWNER_KERNEL;
}

bool bp_pci_is_kernels(const struct bp_pci_device *device)
{
	enum bp_pci_owner owner = bp_pci_owner_of(device->driver);

	return owner == BP_PCI_OWNER_KERNEL || owner == BP_PCI_OWNER_BOTH;
}
