/* Tells the version of the kernel that runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/kernel.h"

#include <stdio.h>
#include <sys/utsname.h>

uint32_t bp_kernel_parse(const char *release)
{
	unsigned major, minor;

	if (sscanf(release, "%3u.%4u", &major, &minor) != 2)
		return 0;
	return BP_KERNEL(major, minor);
}

uint32_t bp_kernel_version(void)
{
	struct utsname host;

	return uname(&host) ? 0 : bp_kernel_parse(host.release);
}
