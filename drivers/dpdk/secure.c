/* What a caller with fewer rights than this process may not hand to DPDK: all that becomes code. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk.h"

#include "bypath/log.h"

#include "core/devargs.h"
#include "core/secure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Arguments of the PMDs that are let through; check() has seen that each has one key. */
static const struct {
	const char *key, *why;
} keys[] = {
	{ "xdp_prog", "loads a BPF program from a file" },
	{ "internal", "is an address in this process" },
};

static void name_pmds(char *why, size_t why_bytes)
{
	size_t n = (size_t)snprintf(why, why_bytes, "is a device other than PCI");

	for (const struct dpdk_pmd *pmd = dpdk_pmds; pmd->name && n < why_bytes; pmd++)
		n += (size_t)snprintf(why + n, why_bytes - n, ", %s", pmd->name);
}

/* "": none. */
static void find_reason(const struct dpdk_port *dp, char *why, size_t why_bytes)
{
	char value[sizeof(dp->devargs)];

	why[0] = '\0';
	/* net_failsafe runs commands; others load code, or take arguments that nobody has reviewed. */
	if (dp->kind == DPDK_OTHER)
		name_pmds(why, why_bytes);
	for (size_t i = 0; i < RTE_DIM(keys) && !why[0]; i++)
		if (bp_devargs_get(dp->devargs, keys[i].key, value, sizeof(value)))
			snprintf(why, why_bytes, "holds '%s', which %s", keys[i].key, keys[i].why);
}

static int refuse(const struct dpdk_port *dp, const char *what, const char *why)
{
	bp_log(BP_LOG_ERROR,
	       "port %s: %s %s: refused, because this program has capabilities that its caller has "
	       "not: delete it, or run as root",
	       dp->port->conf->name, what, why);
	return -EPERM;
}

int dpdk_secure_check(const struct dpdk_port *dp)
{
	const struct bp_conf *conf = dp->port->env->conf;
	char why[256];

	if (!bp_secure_is_on())
		return 0;
	if (conf->eal.args[0])
		return refuse(dp, "[dpdk] args", "can load code (-d) and join other processes");
	if (!conf->eal.in_memory && !conf->eal.no_huge)
		return refuse(dp, "[dpdk] in_memory = no",
			      "lets other processes of the caller plug devices in");
	find_reason(dp, why, sizeof(why));
	return why[0] ? refuse(dp, "device", why) : 0;
}
