/* The scan before iniparser, for what it would merge, cut or refuse without naming a line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_SCAN_H
#define BYPATH_CONFIG_SCAN_H

#include "config/ini.h"

/*
 * Scan a file's bytes line by line: settings go to ini, faults of form to problems (and then
 * ini->has_nonsense is set). What passes without a fault is read by iniparser 4.1 in the same way.
 */
void bp_ini_scan(const char *bytes, size_t n_bytes, struct bp_problems *problems,
		 struct bp_ini *ini);

#endif
