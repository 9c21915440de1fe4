/* Network namespaces that are kept by their descriptor alone. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/netns.h"

#include "lab/link.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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
static void write_value(const char *path, const char *value, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return; /* a kernel without IPv6 */
	if (write(fd, value, bytes) < 0) {
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
	write_value("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1", 1);
	write_value("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1", 1);
	rc = fd < 0 ? fd : bp_link_up("lo");
	if (!rc)
		rc = bp_netns_enter(home);
	else
		(void)bp_netns_enter(home);
	close(home);
	if (rc && fd >= 0)
		close(fd);
	return rc ? rc : fd;
}
