/* The kernel's copies, counted where they are made. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_COPIES_H
#define BYPATH_PROBE_COPIES_H

#include "probe/scope.h"

#include <jansson.h>

struct bp_kernel_names;
struct bp_probe_copies;

/*
 * Load and attach. Functions are traced (fentry, fexit) where the kernel allows that, else tracepoints tell what
 * they can. 0 or -errno (logged): -EPERM, -ENOMEM, -ENOTSUP. As bp_probe_open(). kernel
 * outlives copies.
 */
int bp_probe_copies_open(const struct bp_probe_scope *scope, const struct bp_kernel_names *kernel,
			 struct bp_probe_copies **copies);

/* Count for the interfaces of scope from now on; rows of the others stay. Their index in scope is what the
 * document's "port" says: a scope only grows. */
void bp_probe_copies_look(struct bp_probe_copies *copies, const struct bp_probe_scope *scope);

/*
 * What was counted until now, as "probe" of a run's document has it (docs/report.md). A new reference, NULL when
 * memory lacks.
 */
json_t *bp_probe_copies_document(const struct bp_probe_copies *copies,
				 const struct bp_probe_scope *scope);

void bp_probe_copies_close(struct bp_probe_copies *copies);

#endif
