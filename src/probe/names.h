/* System calls by name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_NAMES_H
#define BYPATH_PROBE_NAMES_H

/* The name of a system call that a dataplane makes, static; of another its number, in text[16]. Pure. */
const char *bp_probe_system_call(unsigned number, char text[16]);

#endif
