/* Network namespaces that are kept by their descriptor alone. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/netns.h"

#include "core/netdev.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

int bp_netns_home(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int bp_netns_enter(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

/* Below /proc/sys/net every process sees its own namespace's values. */
void bp_netns_ipv6_off(const char *of)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", of);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* a kernel without IPv6 */
	if (write(fd, "1", 1) < 0) {
		/* Neighbour discovery then shows up as foreign frames, which are counted. */
	}
	close(fd);
}

int bp_netns_create(void)
{
	int home = bp_netns_home(), fd, rc;

	if (home < 0)
		return home;
	if (unshare(CLONE_NEWNET)) {
		rc = -errno;
		close(home);
		return rc;
	}
	fd = bp_netns_home();
	bp_netns_ipv6_off("all");
	bp_netns_ipv6_off("default");
	rc = fd < 0 ? fd : bp_netdev_set_up(-1, "lo");
	if (!rc)
		rc = bp_netns_enter(home);
	else
		(void)bp_netns_enter(home);
	close(home);
	if (rc && fd >= 0)
		close(fd);
	return rc ? rc : fd;
}
