/* What the kernel did with the packets of a run, observed by BPF programs of our own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_PROBE_H
#define BYPATH_PROBE_PROBE_H

#include "bypath/config.h"

#include <jansson.h>

struct bp_probe;

/*
 * Begin to observe the ports of conf, before they are opened, so that their sockets are known from the first
 * one on. conf outlives the probe. What this kernel does not let us observe is no failure: the document says
 * what stayed unobserved. Control thread; blocks for a second or so (attaching).
 *
 * Returns 0; -ENOTSUP in a build without libbpf or clang, -EPERM without CAP_BPF and CAP_PERFMON, -ENOMEM (all logged).
 */
int bp_probe_open(const struct bp_conf *conf, struct bp_probe **probe);

/* Look for interfaces that there were not before: once the ports are open, and before a port may be opened again.
 * Control thread; blocks on the kernel only. */
void bp_probe_look(struct bp_probe *probe);

/*
 * Put what was observed until now into a run's document (bypath.report/1), its model already in it: "probe",
 * and "probed" into each path, "kernel_drops". Of a document that is NULL nothing. Control thread.
 */
void bp_probe_add(struct bp_probe *probe, json_t *document);

/* The ports are about to close: what comes in from now on is not for them. Control thread. */
void bp_probe_end(struct bp_probe *probe);

/* Stop observing: every program goes with it, as it would with the process. NULL: nothing. */
void bp_probe_close(struct bp_probe *probe);

#endif
