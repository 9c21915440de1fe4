/* Reads the statistics of packet sockets that another process holds. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/packet_stats.h"

#include <dirent.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_socket(const char *folder, const char *name)
{
	char path[300], target[16] = "";

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return readlink(path, target, sizeof(target) - 1) > 0 && !strncmp(target, "socket:", 7);
}

/* Whether fd is a packet socket that is bound to the interface. */
static bool is_bound_to(int fd, int ifindex)
{
	struct sockaddr_ll address = { 0 };
	socklen_t bytes = sizeof(address);

	return getsockname(fd, (struct sockaddr *)&address, &bytes) == 0 &&
	       address.sll_family == AF_PACKET && address.sll_ifindex == ifindex;
}

static int add_drops(int fd, uint64_t *sum)
{
	struct tpacket_stats_v3 stats = { 0 }; /* V1 and V2 fill its first two words */
	socklen_t bytes = sizeof(stats);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &bytes))
		return -errno;
	*sum += stats.tp_drops;
	return 0;
}

static int look_at(int pidfd, int remote, int ifindex, uint64_t *sum, bool *has_any)
{
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, remote, 0), rc = 0;

	if (fd < 0)
		return errno == EBADF ? 0 : -errno; /* closed meanwhile */
	if (is_bound_to(fd, ifindex)) {
		*has_any = true;
		rc = add_drops(fd, sum);
	}
	close(fd);
	return rc;
}

int bp_packet_drops(pid_t pid, int ifindex, uint64_t *n_drops)
{
	const struct dirent *entry;
	uint64_t sum = 0;
	bool has_any = false;
	char folder[40];
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), rc = 0;
	DIR *dir;

	if (pidfd < 0)
		return -errno;
	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)pid);
	dir = opendir(folder);
	if (!dir)
		rc = -errno;
	while (!rc && (entry = readdir(dir)))
		if (is_socket(folder, entry->d_name))
			rc = look_at(pidfd, atoi(entry->d_name), ifindex, &sum, &has_any);
	if (dir)
		closedir(dir);
	close(pidfd);
	if (rc || !has_any)
		return rc ? rc : -ENOENT;
	*n_drops = sum;
	return 0;
}
