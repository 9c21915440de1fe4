/* Looks through /proc for processes that have a device's files open. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "bind/holders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NODES_MAX 8u

/* Character devices, by number. */
struct nodes {
	unsigned n;
	dev_t v[NODES_MAX];
};

static void add_node(struct nodes *nodes, dev_t node)
{
	if (nodes->n < NODES_MAX)
		nodes->v[nodes->n++] = node;
}

/* DEVICE/FOLDER/NAME/dev says MAJOR:MINOR. */
static void add_node_of(const char *dev_path, struct nodes *nodes)
{
	unsigned major_id, minor_id;
	FILE *f = fopen(dev_path, "re");

	if (f && fscanf(f, "%u:%u", &major_id, &minor_id) == 2)
		add_node(nodes, makedev(major_id, minor_id));
	if (f)
		fclose(f);
}

static void add_nodes_below(const char *address, const char *folder, struct nodes *nodes)
{
	char path[PATH_MAX], dev_path[PATH_MAX + NAME_MAX + 8];
	DIR *dir;

	bp_pci_path(address, folder, path);
	dir = opendir(path);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(dev_path, sizeof(dev_path), "%s/%s/dev", path, e->d_name);
		add_node_of(dev_path, nodes);
	}
	if (dir)
		closedir(dir);
}

bool bp_holders_group_file(const struct bp_pci_device *device, char *path, size_t path_bytes)
{
	char unsafe[64];
	bool is_unsafe;

	snprintf(unsafe, sizeof(unsafe), "/dev/vfio/noiommu-%d", device->iommu_group);
	is_unsafe = !access(unsafe, F_OK);
	snprintf(path, path_bytes, "/dev/vfio/%s%d", is_unsafe ? "noiommu-" : "",
		 device->iommu_group);
	return is_unsafe || !access(path, F_OK);
}

static void find_nodes(const struct bp_pci_device *device, struct nodes *nodes)
{
	static const char *const folders[] = { "vfio-dev", "uio", "infiniband_verbs" };
	struct stat st;
	char path[64];

	if (bp_holders_group_file(device, path, sizeof(path)) && !stat(path, &st) &&
	    S_ISCHR(st.st_mode))
		add_node(nodes, st.st_rdev);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		add_nodes_below(device->address, folders[i], nodes);
}

/* Is an open file, a link in /proc/PID/fd, what is looked for? Then its path is put into file. */
typedef bool bp_is_file(int dir_fd, const char *fd_name, const void *wanted, char file[64]);

/* One of the nodes? Only files in /dev are asked: others may be on a dead server. */
static bool is_node(int dir_fd, const char *fd_name, const void *wanted, char file[64])
{
	const struct nodes *nodes = wanted;
	struct stat st;
	char path[256];
	ssize_t len = readlinkat(dir_fd, fd_name, path, sizeof(path) - 1);

	if (len <= 0)
		return false;
	path[len] = '\0';
	if (strncmp(path, "/dev/", 5) || fstatat(dir_fd, fd_name, &st, 0) || !S_ISCHR(st.st_mode))
		return false;
	snprintf(file, 64, "%.63s", path);
	for (unsigned i = 0; i < nodes->n; i++)
		if (nodes->v[i] == st.st_rdev)
			return true;
	return false;
}

/* wanted: "socket:[N]". */
static bool is_socket(int dir_fd, const char *fd_name, const void *wanted, char file[64])
{
	ssize_t len = readlinkat(dir_fd, fd_name, file, 63);

	file[len > 0 ? len : 0] = '\0';
	return !strcmp(file, wanted);
}

static void read_program(const char *pid, char program[16])
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(program, 16, f))
		strcpy(program, "?");
	program[strcspn(program, "\n")] = '\0';
	if (f)
		fclose(f);
}

static bool holds(const char *pid, bp_is_file *is_it, const void *wanted, struct bp_holder *holder)
{
	char path[64];
	bool is_found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e && !is_found; e = readdir(dir))
		is_found = is_it(dirfd(dir), e->d_name, wanted, holder->file);
	if (dir)
		closedir(dir);
	if (is_found) {
		holder->pid = (pid_t)strtol(pid, NULL, 10);
		read_program(pid, holder->program);
	}
	return is_found;
}

static unsigned find(bp_is_file *is_it, const void *wanted, struct bp_holder *holders, unsigned max)
{
	DIR *dir = opendir("/proc");
	unsigned n = 0;

	for (struct dirent *e = dir ? readdir(dir) : NULL; e && n < max; e = readdir(dir))
		if (isdigit((unsigned char)e->d_name[0]) && strtol(e->d_name, NULL, 10) != getpid())
			n += holds(e->d_name, is_it, wanted, &holders[n]);
	if (dir)
		closedir(dir);
	return n;
}

unsigned bp_holders_find(const struct bp_pci_device *device, struct bp_holder *holders)
{
	struct nodes nodes = { .n = 0 };

	find_nodes(device, &nodes);
	return nodes.n ? find(is_node, &nodes, holders, BP_HOLDERS_MAX) : 0;
}

bool bp_holders_of_socket(unsigned long inode, struct bp_holder *holder)
{
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	return find(is_socket, wanted, holder, 1) == 1;
}

bool bp_holders_group_is_busy(const struct bp_pci_device *device)
{
	char path[64];
	int fd;

	if (device->iommu_group == BP_PCI_NO_GROUP ||
	    !bp_holders_group_file(device, path, sizeof(path)))
		return false;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EBUSY;
}
