/* net_virtio_user as a client: another connection, by another probe, when its vhost side has ended. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of DPDK 22.11. The PMD connects to the vhost side's socket once, when it is probed; when the far end has
 * closed the connection its link is down for good. As the socket's server (server=1) it takes the next vhost
 * side by itself, and the kernel's vhost (a character device) does not end.
 */
#include "vnet.h"

#include "core/devargs.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS    100
#define HANG_UP_US   10000u
#define GET_FEATURES 1u /* vhost-user's first request, and the version of its messages */
#define VERSION      1u

static bool get_path(const struct dpdk_port *dp, char *path, size_t n_bytes)
{
	return bp_devargs_get(dp->devargs, "path", path, n_bytes);
}

bool dpdk_rejoin_applies(const struct dpdk_port *dp)
{
	char path[BP_PATH_BYTES];
	struct stat st;

	return dp->kind == DPDK_VIRTIO_USER && get_path(dp, path, sizeof(path)) && !dp->is_server &&
	       !(!stat(path, &st) && S_ISCHR(st.st_mode));
}

/* A request of vhost-user's without a payload, and whether it is answered. */
static bool ask(int fd)
{
	const uint32_t request[3] = { GET_FEATURES, VERSION, 0 };
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	char byte;

	return send(fd, request, sizeof(request), MSG_NOSIGNAL) == (ssize_t)sizeof(request) &&
	       poll(&answer, 1, ANSWER_MS) == 1 && recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
}

bool dpdk_rejoin_can(const struct dpdk_port *dp)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[BP_PATH_BYTES];
	bool is_answered;
	int fd;

	if (!dp->rejoins || !dp->was_started || !get_path(dp, path, sizeof(path)))
		return true;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.*s",
		 (int)sizeof(address.sun_path) - 1, path);
	is_answered = !connect(fd, (struct sockaddr *)&address, sizeof(address)) && ask(fd);
	close(fd);
	if (is_answered)
		usleep(HANG_UP_US); /* some vhost sides have one connection at a time */
	return is_answered;
}

void dpdk_rejoin_let_go(struct dpdk_port *dp)
{
	dpdk_vnet_forget(dp);
	dpdk_device_remove(dp);
	dp->is_deserted = false;
}
