/* Hugepages for EAL: on which NUMA nodes, and are there enough. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk.h"

#include "bypath/log.h"
#include "core/arena.h"
#include "core/numa.h"
#include "core/pages.h"
#include "core/pci.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_NODES "/sys/kernel/mm/hugepages"
#define ONE_NODE  "/sys/devices/system/node/node%d/hugepages"

static uint64_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long long value = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%llu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/* Bytes of the pages that a file counts, in the folder of each size whose name begins so. */
static uint64_t sum_pages(const char *base, const char *file, const char *size)
{
	DIR *dir = opendir(base);
	uint64_t n_bytes = 0;

	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[PATH_MAX];

		if (strncmp(entry->d_name, size, strlen(size)))
			continue;
		snprintf(path, sizeof(path), "%s/%.40s/%s", base, entry->d_name, file);
		n_bytes += read_number(path) * strtoull(entry->d_name + 10, NULL, 10) * 1024;
	}
	closedir(dir);
	return n_bytes;
}

/* Hugepages that can still be had, of all sizes, in MiB; BP_NO_NODE: on all nodes. */
static uint64_t free_mib(int node)
{
	char base[64] = ALL_NODES;

	if (node != BP_NO_NODE)
		snprintf(base, sizeof(base), ONE_NODE, node);
	return (sum_pages(base, "free_hugepages", "hugepages-") +
		sum_pages(ALL_NODES, "nr_overcommit_hugepages", "hugepages-")) >>
	       20;
}

static bool hugetlbfs_is_mounted(void)
{
	FILE *file = fopen("/proc/mounts", "re");
	char line[1024];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, " hugetlbfs ") != NULL;
	fclose(file);
	return found;
}

/* ---- how much, and where --------------------------------------------------------------------- */

/* The node that a NIC's mbufs lie on; BP_NO_NODE: none known, or a port of another kind. */
static int node_of_nic(const struct bp_port_conf *port)
{
	char address[BP_PCI_ADDRESS_BYTES];

	if (strcmp(port->driver, "dpdk") || !bp_pci_parse(port->device, address))
		return BP_NO_NODE;
	return bp_port_node(port);
}

/* NICs on a node; BP_NO_NODE: those of which the node is known. */
static unsigned count_nics(const struct bp_conf *conf, int node)
{
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		int its_node = node_of_nic(&conf->ports[i]);

		n += node == BP_NO_NODE ? its_node != BP_NO_NODE : its_node == node;
	}
	return n;
}

/* Enough for EAL itself and for the ports' pools at their usual size; on one node, for its NICs'. */
static unsigned wanted_mib(const struct bp_conf *conf, int node)
{
	unsigned mib = 16;

	if (node != BP_NO_NODE) {
		unsigned n = count_nics(conf, node), n_all = count_nics(conf, BP_NO_NODE);

		return conf->eal.memory_mib && n_all ? conf->eal.memory_mib * n / n_all : 24 * n;
	}
	if (conf->eal.memory_mib)
		return conf->eal.memory_mib;
	for (unsigned i = 0; i < conf->n_ports; i++) {
		if (strcmp(conf->ports[i].driver, "dpdk"))
			continue;
		mib += dpdk_kind_of(conf->ports[i].device) == DPDK_AF_PACKET ? 48 : 24;
	}
	return mib;
}

bool dpdk_hugepages_list(const struct bp_conf *conf, char *list, size_t list_bytes)
{
	unsigned n_left = count_nics(conf, BP_NO_NODE);
	size_t len = 0;

	if (!conf->eal.memory_mib || !n_left)
		return false;
	for (int node = 0; n_left && len + 16 < list_bytes; node++) {
		unsigned n = count_nics(conf, node);

		len += (size_t)snprintf(list + len, list_bytes - len, "%s%u", node ? "," : "",
					n ? wanted_mib(conf, node) : 0);
		n_left -= n;
	}
	return !n_left;
}

/* ---- are there enough ------------------------------------------------------------------------ */

/* MiB that the arena will take first once there are enough: it stands on ordinary pages for lack of them. */
static unsigned arena_mib(const struct bp_env *env, int node)
{
	const struct bp_arena *arena = env->arena;
	unsigned slice = node == BP_NO_NODE ? 0 : bp_arena_find_node(arena, node);

	if (env->conf->memory.hugepages == BP_NO || arena->page_bytes >= BP_HUGE_BYTES ||
	    slice == arena->n_nodes)
		return 0;
	return (unsigned)((arena->bytes >> 20) / (node == BP_NO_NODE ? 1 : arena->n_nodes));
}

/* Of what is free, a cgroup's limit or its NUMA nodes may deny this process all. EAL's own message for
 * that is 'Cannot init memory'. */
static int check_allowed(const struct bp_port *port)
{
	size_t want = (size_t)wanted_mib(port->env->conf, BP_NO_NODE) << 20;
	size_t n_free = sum_pages(ALL_NODES, "free_hugepages", "hugepages-2048kB");
	size_t n_tried = want < n_free ? want : n_free;
	size_t n_had = bp_pages_try_huge(n_tried);

	if (n_had >= n_tried)
		return 0;
	bp_log(BP_LOG_ERROR,
	       "port %s: DPDK needs %zu MiB of hugepages, which are free, but this process gets %zu "
	       "of them: " BP_PAGES_LIMITS ": raise that, or set [dpdk] no_huge = yes",
	       port->conf->name, want >> 20, n_had >> 20);
	return -ENOMEM;
}

static int check_free(const struct bp_port *port, int node)
{
	unsigned want = wanted_mib(port->env->conf, node);
	uint64_t n_free = free_mib(node), n_more = want - n_free;
	char where[32] = "", path[PATH_MAX] = "/proc/sys/vm/nr_hugepages";

	if (n_free >= want)
		return 0;
	if (node != BP_NO_NODE) {
		snprintf(where, sizeof(where), " on NUMA node %d", node);
		snprintf(path, sizeof(path), ONE_NODE "/hugepages-2048kB/nr_hugepages", node);
	}
	bp_log(BP_LOG_ERROR,
	       "port %s: DPDK finds %llu MiB of free hugepages%s, %u MiB are needed%s: run as root: "
	       "echo %llu > %s, or set [dpdk] no_huge = yes",
	       port->conf->name, (unsigned long long)n_free, where, want,
	       node == BP_NO_NODE ? "" : " there, where NICs are",
	       (unsigned long long)read_number(path) +
		       (n_more + arena_mib(port->env, node) + 1) / 2,
	       path);
	return -ENOMEM;
}

int dpdk_hugepages_check(const struct bp_port *port)
{
	const struct bp_conf *conf = port->env->conf;
	int err;

	if (conf->eal.no_huge)
		return 0;
	if (!conf->eal.in_memory && !hugetlbfs_is_mounted()) {
		bp_log(BP_LOG_ERROR,
		       "port %s: DPDK cannot use hugepages: no hugetlbfs is mounted: set [dpdk] "
		       "in_memory = yes, or run: mount -t hugetlbfs none /dev/hugepages",
		       port->conf->name);
		return -ENOENT;
	}
	err = check_free(port, BP_NO_NODE);
	for (unsigned i = 0; i < conf->n_ports && !err; i++)
		if (node_of_nic(&conf->ports[i]) != BP_NO_NODE)
			err = check_free(port, node_of_nic(&conf->ports[i]));
	return err ? err : check_allowed(port);
}
