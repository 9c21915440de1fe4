/* A build that cannot probe: libbpf, clang or bpftool was missing. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/probe.h"

#include "bypath/log.h"

#include <errno.h>

int bp_probe_open(const struct bp_conf *conf, struct bp_probe **probe)
{
	(void)conf, (void)probe;
	bp_log(BP_LOG_ERROR, "--probe: this build cannot: %s", BP_PROBE_MISSING);
	return -ENOTSUP;
}

void bp_probe_look(struct bp_probe *probe)
{
	(void)probe;
}

void bp_probe_add(struct bp_probe *probe, json_t *document)
{
	(void)probe, (void)document;
}

void bp_probe_end(struct bp_probe *probe)
{
	(void)probe;
}

void bp_probe_close(struct bp_probe *probe)
{
	(void)probe;
}
