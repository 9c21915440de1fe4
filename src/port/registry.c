/* Finding drivers by name: linked in, or in a shared module that is loaded on first use. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/driver.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Folder of the running executable; false if the kernel does not say. */
static bool find_exe_folder(char *folder, size_t folder_bytes)
{
	ssize_t len = readlink("/proc/self/exe", folder, folder_bytes - 1);
	char *slash;

	if (len <= 0)
		return false;
	folder[len] = '\0';
	slash = strrchr(folder, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

/*
 * Open a module: in the build tree (folders above the executable), installed beside it, or in the
 * configured library folder. RTLD_GLOBAL: DPDK's own plug-ins look their symbols up globally.
 */
static void *open_module(const char *module)
{
	static const char *const folders[] = { "drivers/modules", "../drivers/modules",
					       "../../drivers/modules", "../lib/bypath" };
	char exe[PATH_MAX], path[PATH_MAX + 64];
	void *handle;

	if (find_exe_folder(exe, sizeof(exe))) {
		for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
			snprintf(path, sizeof(path), "%s/%s/%s", exe, folders[i], module);
			if (access(path, R_OK) == 0)
				return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
		}
	}
	snprintf(path, sizeof(path), "%s/%s", BP_MODULE_DIR, module);
	handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
	return handle;
}

static const struct bp_driver *load_module(const struct bp_driver_entry *entry, const char **why)
{
	void *handle = open_module(entry->module);
	const struct bp_driver *driver;

	if (!handle) {
		*why = dlerror();
		return NULL;
	}
	driver = dlsym(handle, "bp_driver");
	if (!driver || driver->abi != BP_DRIVER_ABI) {
		*why = "its module was built for another version of bypath: rebuild it";
		return NULL;
	}
	return driver; /* the handle stays open: drivers live as long as the process */
}

const struct bp_driver *bp_driver_find(const char *name, const char **why)
{
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		if (strcmp(entry->name, name) != 0)
			continue;
		if (entry->driver)
			return entry->driver;
		if (entry->module)
			return load_module(entry, why);
		*why = entry->missing;
		return NULL;
	}
	*why = "no such driver; «bypath drivers» lists them";
	return NULL;
}
