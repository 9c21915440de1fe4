/* Network namespaces that have no name: they vanish with the last descriptor or process in them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_NETNS_H
#define BYPATH_LAB_NETNS_H

/* The caller's own namespace as a descriptor, which the caller closes. Or -errno. */
int bp_netns_home(void);

/*
 * Make a namespace with its loopback up and IPv6 off (nothing but test traffic on its wires), and
 * return a descriptor of it, which the caller closes; or -errno (EPERM: not root). The calling
 * thread is in its old namespace afterwards. Single-threaded processes only.
 */
int bp_netns_create(void);

/* No IPv6 on an interface of the calling thread's namespace, on "all", or on those that come ("default"): no
 * neighbour discovery. Nothing where the kernel has none. */
void bp_netns_ipv6_off(const char *of);

/* Move the calling thread into a namespace. 0 or -errno. */
int bp_netns_enter(int fd);

#endif
