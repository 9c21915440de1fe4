/* Scans an INI file before iniparser does: notes the lines, and finds what iniparser would merge, cut or refuse
 * without naming a line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_SCAN_H
#define BYPATH_CONFIG_SCAN_H

#include "config/ini.h"

/*
 * Scan a file's bytes line by line: the names of sections and keys go to ini with their places, without values,
 * which are iniparser's to read; faults of form go to problems (and then ini->has_nonsense is set). Lines with
 * a fault, and those below a header with one, become blanks: iniparser refuses the whole file for some.
 */
void bp_ini_scan(char *bytes, size_t n_bytes, struct bp_problems *problems, struct bp_ini *ini);

#endif
