/* Says how a binding outlives the next boot. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/bind_keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES "/etc/udev/rules.d/10-vfio-pci.rules"

/* driverctl: the tool that distributions have for this. */
static bool has_driverctl(void)
{
	return !access("/usr/sbin/driverctl", X_OK) || !access("/usr/bin/driverctl", X_OK);
}

/*
 * The kernel's driver may have the device first (from an initramfs), and drivers_probe does not
 * touch a device that has one: it is unbound. vfio-pci takes no device by itself: a driver that is
 * there before the override is set is asked by drivers_probe alone.
 */
static void print_rule(const char *address)
{
	printf("  ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
	       "ATTR{driver_override}=\"vfio-pci\", RUN+=\"/bin/sh -c '/sbin/modprobe vfio-pci; "
	       "cd /sys/bus/pci/drivers/vfio-pci || exit 1; "
	       "test -e %s || test ! -e ../../devices/%s/driver || "
	       "echo %s > ../../devices/%s/driver/unbind; echo %s > ../../drivers_probe'\"\n",
	       address, address, address, address, address, address);
}

void bp_bind_print_how_to_keep(const struct bp_bind_plan *plan)
{
	bool is_simple = has_driverctl();

	printf("This binding is gone after a reboot. To keep it%s:\n",
	       is_simple ? "" : ", with the package driverctl");
	for (unsigned i = 0; i < plan->n; i++)
		printf("  driverctl set-override %s vfio-pci\n", plan->devices[i].pci.address);
	if (!is_simple) {
		puts("or without it, in " RULES ":");
		for (unsigned i = 0; i < plan->n; i++)
			print_rule(plan->devices[i].pci.address);
	}
	fputs("To give back:\n  bypath bind", stdout);
	for (unsigned i = 0; i < plan->n; i++)
		printf(" %s", plan->devices[i].pci.address);
	puts(" kernel");
}

static bool is_in_rules(const char *address)
{
	FILE *f = fopen(RULES, "re");
	bool is_found = false;
	char *line = NULL;
	size_t room = 0;

	while (f && !is_found && getline(&line, &room, f) > 0)
		is_found = line[strspn(line, " \t")] != '#' && strstr(line, address);
	free(line);
	if (f)
		fclose(f);
	return is_found;
}

/* driverctl keeps an override as a file with the device's name. */
static bool is_in_driverctl(const char *address)
{
	char path[64];

	snprintf(path, sizeof(path), "/etc/driverctl.d/pci-%.19s", address);
	return !access(path, F_OK);
}

void bp_bind_print_what_is_kept(const struct bp_bind_plan *plan)
{
	for (unsigned i = 0; i < plan->n; i++) {
		const char *address = plan->devices[i].pci.address;

		if (is_in_driverctl(address))
			printf("At the next boot driverctl takes it again: driverctl "
			       "unset-override %s\n",
			       address);
		if (is_in_rules(address))
			printf("At the next boot udev gives it to vfio-pci again: remove the rule "
			       "for %s from " RULES "\n",
			       address);
	}
}
