/* DPDK's device strings: a name, then ,KEY=VALUE. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_DEVARGS_H
#define BYPATH_CORE_DEVARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All: pure; any thread. */

/* What stands before the first comma ("net_tap0", "0000:03:00.1"), cut at name_bytes. */
void bp_devargs_name(const char *devargs, char *name, size_t name_bytes);

/* The value of the last argument of that key, which counts in DPDK. false: there is none, or it has no room; value untouched. */
bool bp_devargs_get(const char *devargs, const char *key, char *value, size_t value_bytes);

/* The same as a decimal number; where there is none: otherwise. */
uint32_t bp_devargs_number(const char *devargs, const char *key, uint32_t otherwise);

#endif
