/* What core/netdev tells of an interface, a line each, for a test to compare with ip, ethtool. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netdev facts NAME [NETNS-FILE]: asked by a descriptor of this namespace, from within the one of the file.
 * netdev full NAME: with no descriptor left.
 * netdev link NAME: IFF_RUNNING first, then the link.
 * netdev dropped NAME: the interface's tx_dropped.
 * netdev set NAME FEATURE 0|1: prints what bp_netdev_set_feature() returns.
 */
#include "core/netdev.h"
#include "core/netifs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void print_features(int fd, const char *name)
{
	static const char *const names[] = { "tx-scatter-gather", "tx-tcp-segmentation",
					     "rx-vlan-hw-parse", "no-such-feature" };
	uint32_t on = 0;
	int err = bp_netdev_features(fd, name, names, 4, &on);

	printf("features %d", err);
	for (unsigned i = 0; i < 4; i++)
		printf(" %u", on >> i & 1);
	puts("");
}

static void print_link(int fd, const char *name)
{
	struct bp_netif netif = { .qdisc = "" };
	struct bp_netifs all = { NULL, 0 };
	const struct bp_netif *found;
	int index = bp_netdev_index(fd, name), err = bp_netif_look(fd, 0, name, &netif);

	printf("look %d %d %s %s %d\n", err, netif.ifindex, netif.name, netif.qdisc,
	       netif.has_stats);
	if (index > 0)
		printf("at %d %s\n", bp_netif_look(fd, index, "", &netif), netif.name);
	err = bp_netifs_read(&all);
	found = bp_netifs_at(&all, index);
	printf("all %d %s\n", err, found ? found->name : "-");
	bp_netifs_free(&all);
}

static int facts(const char *name, const char *netns)
{
	struct bp_netdev_channels ch = { 0 };
	char driver[BP_NAME_BYTES], back[IF_NAMESIZE] = "";
	int fd = bp_netdev_open(), there = netns ? open(netns, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || (netns && (there < 0 || setns(there, CLONE_NEWNET)))) {
		printf("open %d\n", fd);
		return 1;
	}
	printf("index %d\n", bp_netdev_index(fd, name));
	(void)bp_netdev_name(fd, bp_netdev_index(fd, name), back);
	printf("name %s\n", back);
	printf("mtu %d\n", bp_netdev_mtu(fd, name));
	printf("up %d\n", bp_netdev_is_up(fd, name));
	bp_netdev_driver(fd, name, driver);
	printf("driver %s\n", driver);
	print_features(fd, name);
	bp_netdev_channels(fd, name, &ch);
	printf("channels %u %u\n", ch.n_rx, ch.n_tx);
	printf("of-the-moment %d\n", bp_netdev_index(-1, name));
	print_link(fd, name);
	close(fd);
	return 0;
}

static int full(const char *name)
{
	struct rlimit before, none;
	struct bp_netif netif;

	if (getrlimit(RLIMIT_NOFILE, &before))
		return 1;
	none = (struct rlimit){ 0, before.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &none))
		return 1;
	printf("index %d\n", bp_netdev_index(-1, name));
	printf("look %d\n", bp_netif_look(-1, 0, name, &netif));
	printf("link %d\n", bp_netdev_link(-1, name, 1) == BP_LINK_UP);
	return setrlimit(RLIMIT_NOFILE, &before); /* the leak sanitizer opens files at the end */
}

static int tell_link(const char *name)
{
	static const char *const words[] = {
		[BP_LINK_UP] = "up", [BP_LINK_DOWN] = "down", [BP_LINK_LOST] = "lost"
	};
	struct ifreq ifr = { .ifr_flags = 0 };
	int fd = bp_netdev_open();

	if (fd < 0)
		return 1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%.15s", name);
	(void)ioctl(fd, SIOCGIFFLAGS, &ifr);
	printf("running %d, link %s\n", !!(ifr.ifr_flags & IFF_RUNNING),
	       words[bp_netdev_link(fd, name, bp_netdev_index(fd, name))]);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && !strcmp(argv[1], "facts"))
		return facts(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "full"))
		return full(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "link"))
		return tell_link(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "dropped")) {
		struct bp_netdev_tx_dropped d = { 0, 0, 0 };

		printf("%llu\n",
		       (unsigned long long)bp_netdev_tx_dropped_row(&d, argv[2], true).value);
		return 0;
	}
	if (argc == 5 && !strcmp(argv[1], "set")) {
		printf("%d\n", bp_netdev_set_feature(-1, argv[2], argv[3], atoi(argv[4])));
		return 0;
	}
	return 2;
}
