/* Finding drivers by name: linked in, or in a shared module that is loaded on first use. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bypath/driver.h"

#include "core/secure.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const folders[] = { "drivers/modules", "../drivers/modules",
				       "../../drivers/modules", "../lib/bypath" };

#define N_FOLDERS (sizeof(folders) / sizeof(folders[0]))

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

/* Is what lies there the executable's owner's or root's, and nobody else's to change? A hard link puts
 * the executable beside modules of anybody. */
static bool is_trusted(int folder)
{
	struct stat st, exe;

	return !fstat(folder, &st) && !stat("/proc/self/exe", &exe) &&
	       (st.st_uid == exe.st_uid || st.st_uid == 0) && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* The module in a folder, by a descriptor: paths can change between a look and the next. */
static void *open_in(const char *path, const char *module)
{
	int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char file[64];
	void *handle = NULL;

	if (folder < 0)
		return NULL;
	snprintf(file, sizeof(file), "/proc/self/fd/%d/%s", folder, module);
	if (is_trusted(folder))
		handle = dlopen(file, RTLD_NOW | RTLD_GLOBAL);
	close(folder);
	return handle;
}

/*
 * Open a module: in the build tree (folders above the executable), installed beside it, or in the
 * configured library folder. Who has fewer rights than the program chooses no folder (is_trusted()). RTLD_GLOBAL:
 * DPDK's own plug-ins look their symbols up globally.
 */
static void *open_module(const char *module)
{
	char exe[PATH_MAX], folder[PATH_MAX + 32], path[PATH_MAX + 64];

	for (size_t i = 0; find_exe_folder(exe, sizeof(exe)) && i < N_FOLDERS; i++) {
		void *handle;

		snprintf(folder, sizeof(folder), "%s/%s", exe, folders[i]);
		snprintf(path, sizeof(path), "%s/%s", folder, module);
		if (access(path, R_OK))
			continue;
		if (!bp_secure_is_on())
			return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
		handle = open_in(folder, module);
		if (handle)
			return handle;
	}
	snprintf(path, sizeof(path), "%s/%s", BP_MODULE_DIR, module);
	return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
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
	*why = "no such driver; 'bypath drivers' lists them";
	return NULL;
}
