/* What was observed of a path, held against what the model says of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_PROBED_H
#define BYPATH_PROBE_PROBED_H

#include <jansson.h>

/*
 * Give each row of "paths" and "path_sums" of a run's document, which has "probe" and the model in it already, its
 * "probed": the kernel's copies of a packet by direction and in sum, whether that is all of them, and the
 * difference to the model where there is one (docs/report.md); of an intake, whose "out" is null, what was seen on the way
 * in. Of "probe.system_calls" those of workers stay, with
 * the worker's number and the calls for each packet that it forwarded. Pure.
 */
void bp_probed_add(json_t *document);

/*
 * Give each path of an explained configuration ("paths" of bypath.explain/1) the "probed" of the same path in the report
 * of a probed run; null where it has none, and where the run had another model of it: other drivers, modes, devices. Each
 * of "path_groups" gets a list of them, with "out". 0, or -ENOENT: the run had no probe. Pure.
 */
int bp_probed_take(json_t *explained, const json_t *report);

#endif
