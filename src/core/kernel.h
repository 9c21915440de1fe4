/* The version of the kernel that runs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_KERNEL_H
#define BYPATH_CORE_KERNEL_H

#include <stdint.h>

/* 6.1 as a number that compares with others. */
#define BP_KERNEL(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* BP_KERNEL() of the text that uname -r prints ("6.12.117+deb12-amd64"); 0: it begins otherwise. Pure. */
uint32_t bp_kernel_parse(const char *release);

/* Of this kernel; 0 where it does not say. A distribution may have more in it than the number tells. Any thread. */
uint32_t bp_kernel_version(void);

#endif
