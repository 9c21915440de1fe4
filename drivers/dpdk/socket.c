/* The socket file of a net_memif server or of net_vhost: whether a file at its path is ours, in use, or left over. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk.h"

#include "bypath/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Which file each memif server has bound, by the id of its ethdev. Control thread. */
static struct {
	dev_t device;
	ino_t inode;
} server_sockets[RTE_MAX_ETHPORTS];

/*
 * Has a process this socket open? A connect() with another type than memif's finds out and reaches
 * nobody, which matters: a client that closes at once ends a server of 22.11. The kernel looks the
 * file up first, whatever its name, folder or network namespace, and compares types then.
 */
static bool is_answered(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool answered;

	if (fd < 0)
		return true;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.*s",
		 (int)sizeof(address.sun_path) - 1, path);
	answered =
		!connect(fd, (struct sockaddr *)&address, sizeof(address)) || errno != ECONNREFUSED;
	close(fd);
	return answered;
}

int dpdk_socket_make_room(const struct dpdk_port *dp, bool quiet)
{
	const char *why = "is no socket: remove it, or choose another path";
	struct stat st;

	if (!dp->is_server || dp->is_abstract || lstat(dp->socket, &st) ||
	    strlen(dp->socket) >=
		    sizeof(((struct sockaddr_un *)0)->sun_path)) /* the PMD refuses it */
		return 0;
	if (S_ISSOCK(st.st_mode)) {
		if (!is_answered(dp->socket) && !unlink(dp->socket))
			return 0;
		why = "is another process's socket, which is in use: end that, or choose another path";
	}
	if (!quiet)
		bp_log(BP_LOG_ERROR, "port %s: %s %s", dp->port->conf->name, dp->socket, why);
	return -EADDRINUSE;
}

void dpdk_socket_remember(const struct dpdk_port *dp)
{
	struct stat st;

	if (dp->kind != DPDK_MEMIF || !dp->is_server || dp->is_abstract || lstat(dp->socket, &st))
		return;
	server_sockets[dp->eth_id].device = st.st_dev;
	server_sockets[dp->eth_id].inode = st.st_ino;
}

void dpdk_socket_unlink(const char *path, uint16_t eth_id)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISSOCK(st.st_mode) &&
	    st.st_dev == server_sockets[eth_id].device && st.st_ino == server_sockets[eth_id].inode)
		unlink(path);
}
