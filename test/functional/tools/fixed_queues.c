/* Preloaded: a NIC whose driver shows its queues and cannot change their number, as vmxnet3's. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == SIOCETHTOOL &&
	    *(const uint32_t *)((const struct ifreq *)arg)->ifr_data == ETHTOOL_SCHANNELS) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return real(fd, request, arg);
}
