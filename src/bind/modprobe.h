/* Kernel modules: which one claims a device, and to have one loaded. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_BIND_MODPROBE_H
#define BYPATH_BIND_MODPROBE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Run modprobe (the program that the kernel itself would run) with one module or modalias. Blocks
 * until it has ended, half a minute at most; any thread, but SIGCHLD must not be ignored. 0, or
 * -errno: why[] says what was refused, as modprobe puts it. -ENOENT: there is no modprobe; others
 * as bp_spawn().
 */
int bp_modprobe(const char *name, char *why, size_t why_bytes);

/*
 * The module of this kernel that claims a modalias, from modules.alias, where what is built in is
 * not listed; false: none is known; name is "" then. Blocks for a moment; any thread.
 */
bool bp_modprobe_claims(const char *modalias, char *name, size_t name_bytes);

/*
 * Does a line of modules.alias ("alias PATTERN MODULE") claim the modalias? Then its module is put
 * into name. Pure.
 */
bool bp_modprobe_line_claims(const char *line, const char *modalias, char *name, size_t name_bytes);

#endif
