/* Prints the network devices on PCI: drivers, IOMMU groups, interfaces, users. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bind_list.h"
#include "cli/cmd.h"

#include "bind/modprobe.h"
#include "bind/plan.h"
#include "bind/remember.h"
#include "config/spelling.h"
#include "core/columns.h"
#include "core/netdev.h"
#include "core/utf8.h"

#include <jansson.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES  4096
#define COLUMNS     100
#define USED_COLUMN 73 /* where the last column begins */

/* One device with what the list says of it. */
struct row {
	const struct bp_pci_device *pci;
	char kernel_driver[BP_PCI_NAME_BYTES]; /* or module; "" none is known */
	unsigned speed_mbps;
	struct bp_uses uses;
	struct bp_pci_device *others; /* to be freed */
	size_t n_others;
	int group_err; /* not 0: the group could not be read, so no others are known */
};

static void fill_row(const struct bp_pci_device *pci, const struct bp_netifs *netifs,
		     struct row *row)
{
	row->pci = pci;
	row->speed_mbps = 0;
	if (bp_pci_is_kernels(pci))
		strcpy(row->kernel_driver, pci->driver);
	else if (!bp_bind_remembered(pci->address, row->kernel_driver))
		bp_modprobe_claims(pci->modalias, row->kernel_driver, sizeof(row->kernel_driver));
	for (unsigned i = 0; i < pci->n_interfaces && !row->speed_mbps; i++)
		row->speed_mbps = bp_netdev_speed_mbps(pci->interfaces[i]);
	bp_uses_find(pci, netifs, &row->uses);
	row->others = NULL;
	row->n_others = 0;
	row->group_err = bp_pci_group(pci, &row->others, &row->n_others);
}

/* --- text ------------------------------------------------------------------------------------- */

static void add_word(char *text, const char *separator, const char *word)
{
	size_t used = strlen(text);

	snprintf(text + used, TEXT_BYTES - used, "%s%s", used ? separator : "", word);
}

static void put_number(long number, bool is_known, unsigned columns)
{
	char text[24] = "-";

	if (is_known)
		snprintf(text, sizeof(text), "%ld", number);
	bp_put_right(stdout, text, columns);
	fputs("  ", stdout);
}

static void print_head(void)
{
	fputs("  address       vendor:dev  driver       kernel's     group  node  Mbit/s  interface "
	      " used by\n",
	      stdout);
}

static void print_others(const struct row *row)
{
	char text[TEXT_BYTES] = "", name[128], word[192];

	for (size_t i = 0; i < row->n_others; i++) {
		const struct bp_pci_device *other = &row->others[i];

		bp_pci_name(other, name, sizeof(name));
		snprintf(word, sizeof(word), "%s %s%s", name,
			 other->driver[0] ? other->driver : "without a driver",
			 bp_pci_is_bridge(other) ? ", a bridge" : "");
		add_word(text, "; ", word);
	}
	if (row->group_err)
		snprintf(text, sizeof(text), "cannot be read: %s", strerror(-row->group_err));
	else if (!row->n_others)
		return;
	printf("    also in IOMMU group %d: ", row->pci->iommu_group);
	bp_put_wrapped(stdout, text, 28, 28, COLUMNS);
}

static void print_row(const struct row *row)
{
	const struct bp_pci_device *pci = row->pci;
	char interfaces[TEXT_BYTES] = "", uses[TEXT_BYTES] = "", id[16];

	for (unsigned i = 0; i < pci->n_interfaces; i++)
		add_word(interfaces, ",", pci->interfaces[i]);
	for (unsigned i = 0; i < row->uses.n; i++)
		add_word(uses, "; ", row->uses.v[i].text);
	snprintf(id, sizeof(id), "%04x:%04x", pci->vendor, pci->device);
	fputs("  ", stdout);
	bp_put_left(stdout, pci->address, 14);
	bp_put_left(stdout, id, 12);
	bp_put_left(stdout, pci->driver[0] ? pci->driver : "-", 13);
	bp_put_left(stdout, row->kernel_driver[0] ? row->kernel_driver : "-", 13);
	if (pci->iommu_group == BP_PCI_NO_GROUP)
		bp_put_left(stdout, " none", 7);
	else
		put_number(pci->iommu_group, true, 5);
	put_number(pci->numa_node, pci->numa_node >= 0, 4);
	put_number(row->speed_mbps, row->speed_mbps != 0, 6);
	bp_put_left(stdout, interfaces[0] ? interfaces : "-", 11);
	bp_put_wrapped(stdout, uses[0] ? uses : "-", USED_COLUMN, USED_COLUMN, COLUMNS);
	print_others(row);
}

static void print_text(const struct bp_pci_device *devices, size_t n,
		       const struct bp_netifs *netifs, struct row *row)
{
	if (!n) {
		puts("this machine has no network device on PCI");
		return;
	}
	print_head();
	for (size_t i = 0; i < n; i++) {
		fill_row(&devices[i], netifs, row);
		print_row(row);
		free(row->others);
	}
	if (geteuid())
		puts("  not root: processes of other users that have a device open are not shown");
}

/* --- JSON ------------------------------------------------------------------------------------- */

/* Jansson takes UTF-8 only, and a text may be cut inside a character, or a program named as it likes:
 * '?' for each byte that is none. NULL: no memory. */
static json_t *text_to_json(const char *text)
{
	char valid[256];
	size_t used = 0;

	while (*text && used + 4 < sizeof(valid)) {
		size_t n = bp_utf8_bytes(text), take = n ? n : 1;

		if (n)
			memcpy(valid + used, text, n);
		else
			valid[used] = '?';
		used += take;
		text += take;
	}
	return json_stringn(valid, used);
}

static json_t *text_or_null(const char *text)
{
	return text[0] ? text_to_json(text) : json_null();
}

/* NULL, as for all of these, when memory is short; null in JSON when the group could not be read. */
static json_t *others_to_json(const struct row *row)
{
	json_t *others = row->group_err ? json_null() : json_array();
	int err = 0;

	for (size_t i = 0; i < row->n_others; i++)
		err |= json_array_append_new(others, text_to_json(row->others[i].address));
	if (!err)
		return others;
	json_decref(others);
	return NULL;
}

static json_t *interfaces_to_json(const struct bp_pci_device *pci)
{
	json_t *interfaces = json_array();
	int err = 0;

	for (unsigned i = 0; i < pci->n_interfaces; i++)
		err |= json_array_append_new(interfaces, text_to_json(pci->interfaces[i]));
	if (!err)
		return interfaces;
	json_decref(interfaces);
	return NULL;
}

static json_t *uses_to_json(const struct bp_uses *uses)
{
	json_t *list = json_array();
	int err = 0;

	for (unsigned i = 0; i < uses->n; i++)
		err |= json_array_append_new(list, text_to_json(uses->v[i].text));
	if (!err)
		return list;
	json_decref(list);
	return NULL;
}

/* json_pack() fails with a NULL among its values, and frees the others. */
static json_t *row_to_json(const struct row *row)
{
	const struct bp_pci_device *pci = row->pci;
	char vendor[8], device[8];

	snprintf(vendor, sizeof(vendor), "%04x", pci->vendor);
	snprintf(device, sizeof(device), "%04x", pci->device);
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o}", "address",
			 text_to_json(pci->address), "vendor", vendor, "device", device, "driver",
			 text_or_null(pci->driver), "kernel_driver",
			 text_or_null(row->kernel_driver), "iommu_group",
			 pci->iommu_group == BP_PCI_NO_GROUP ? json_null()
							     : json_integer(pci->iommu_group),
			 "group_others", others_to_json(row), "numa_node", pci->numa_node,
			 "interfaces", interfaces_to_json(pci), "speed_mbps",
			 row->speed_mbps ? json_integer(row->speed_mbps) : json_null(), "used_by",
			 uses_to_json(&row->uses));
}

static int print_json(const struct bp_pci_device *devices, size_t n, const struct bp_netifs *netifs,
		      struct row *row)
{
	json_t *list = json_array(), *root = json_pack("{s:O}", "devices", list);
	int err = root ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !err; i++) {
		fill_row(&devices[i], netifs, row);
		if (json_array_append_new(list, row_to_json(row)))
			err = -ENOMEM;
		free(row->others);
	}
	if (!err && json_dumpf(root, stdout, JSON_INDENT(2)))
		err = -EIO;
	if (!err)
		putchar('\n');
	json_decref(list);
	json_decref(root);
	return err;
}

/* ---------------------------------------------------------------------------------------------- */

static int print(const struct bp_netifs *netifs, bool is_json)
{
	struct bp_pci_device *devices = NULL;
	size_t n = 0;
	struct row *row = calloc(1, sizeof(*row));
	int err = row ? bp_pci_list(&devices, &n) : -ENOMEM;

	if (err)
		fprintf(stderr, "bypath: error: bind --list: read /sys/bus/pci/devices: %s\n",
			strerror(-err));
	else if (!is_json)
		print_text(devices, n, netifs, row);
	else if ((err = print_json(devices, n, netifs, row)) == -ENOMEM)
		fputs("bypath: error: bind --list: no memory\n", stderr);
	free(devices);
	free(row);
	return err;
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
