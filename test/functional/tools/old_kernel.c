/* Preloaded: AF_XDP and AF_PACKET as before Linux 6.6, without what bypath can do without. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <errno.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>

#define USE_SG           (1 << 4) /* XDP_USE_SG */
#define MAX_TX_BUDGET    9 /* XDP_MAX_TX_SKB_BUDGET */
#define LEVEL_XDP        283 /* SOL_XDP */
#define PREFER_BUSY_POLL 69 /* SO_PREFER_BUSY_POLL */
#define LEVEL_PACKET     263 /* SOL_PACKET */
#define VNET_HDR_SZ      24 /* PACKET_VNET_HDR_SZ */
#define FANOUT           18 /* PACKET_FANOUT */
#define FANOUT_NO_OUT    0x4000 /* PACKET_FANOUT_FLAG_IGNORE_OUTGOING */

/* Looked up each time: no state, and the calls are rare. */
int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");

	if (addr->sa_family == AF_XDP &&
	    (((const struct sockaddr_xdp *)(const void *)addr)->sxdp_flags & USE_SG)) {
		errno = EINVAL;
		return -1;
	}
	return real(fd, addr, len);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int (*real)(int, int, int, const void *, socklen_t) = dlsym(RTLD_NEXT, "setsockopt");

	if ((level == LEVEL_XDP && name == MAX_TX_BUDGET) ||
	    (level == LEVEL_PACKET && name == VNET_HDR_SZ) ||
	    (level == SOL_SOCKET && name == PREFER_BUSY_POLL)) {
		errno = ENOPROTOOPT;
		return -1;
	}
	if (level == LEVEL_PACKET && name == FANOUT &&
	    (*(const int *)value >> 16) & FANOUT_NO_OUT) {
		errno = EINVAL;
		return -1;
	}
	return real(fd, level, name, value, len);
}
