/* Takes DPDK's device strings apart. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/devargs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bp_devargs_name(const char *devargs, char *name, size_t name_bytes)
{
	snprintf(name, name_bytes, "%.*s", (int)strcspn(devargs, ","), devargs);
}

bool bp_devargs_get(const char *devargs, const char *key, char *value, size_t value_bytes)
{
	size_t key_len = strlen(key), len;
	const char *found = NULL;

	for (const char *at = strchr(devargs, ','); at; at = strchr(at, ',')) {
		at++;
		if (!strncmp(at, key, key_len) && at[key_len] == '=')
			found = at + key_len + 1;
	}
	len = found ? strcspn(found, ",") : 0;
	if (!found || len >= value_bytes)
		return false;
	snprintf(value, value_bytes, "%.*s", (int)len, found);
	return true;
}

uint32_t bp_devargs_number(const char *devargs, const char *key, uint32_t otherwise)
{
	char value[32];

	return bp_devargs_get(devargs, key, value, sizeof(value))
		       ? (uint32_t)strtoul(value, NULL, 10)
		       : otherwise;
}
