/* Keeps the names of drivers in /run/bypath: what is built into a kernel has no list by modalias. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/remember.h"

#include "bind/lock.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void path_of(const char *address, char path[64])
{
	snprintf(path, 64, BP_BIND_FOLDER "/driver-%.19s", address);
}

void bp_bind_remember(const char *address, const char *driver)
{
	char path[64];
	FILE *f;

	path_of(address, path);
	if (!driver[0]) {
		unlink(path);
		return;
	}
	f = fopen(path, "we");
	if (!f)
		return;
	fputs(driver, f);
	fclose(f);
}

bool bp_bind_remembered(const char *address, char driver[BP_PCI_NAME_BYTES])
{
	bool is_read;
	char path[64];
	FILE *f;

	path_of(address, path);
	f = fopen(path, "re");
	is_read = f && fgets(driver, BP_PCI_NAME_BYTES, f);
	if (f)
		fclose(f);
	driver[is_read ? strcspn(driver, "\n") : 0] = '\0';
	return is_read;
}
