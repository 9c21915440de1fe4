/* The state of one loading: the settings, the values so far, the problems. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_LOAD_H
#define BYPATH_CONFIG_LOAD_H

#include "bypath/facts.h"

#include "config/ini.h"
#include "config/problems.h"

#define BP_SECTION_BYTES (BP_NAME_BYTES + 8u) /* "stream." or "port." with a name */

struct bp_load {
	struct bp_ini ini;
	struct bp_problems problems;
	struct bp_conf conf;
	const struct bp_facts *facts[BP_PORTS_MAX]; /* of each port's driver; NULL: not known */
	bool has_bad_mode[BP_PORTS_MAX]; /* the port's mode was refused */
	bool has_bad_forward; /* an entry of [forward] was refused */
	bool has_bad_port; /* a port's section was refused */
	bool has_bad_stream; /* a stream's section was refused */
};

/* "port.NAME" */
void bp_load_section(const struct bp_port_conf *port, char section[BP_SECTION_BYTES]);

/* "stream.NAME" */
void bp_load_stream_section(const struct bp_stream_conf *stream, char section[BP_SECTION_BYTES]);

/* Index of the port of this name, or BP_NO_PORT. */
int bp_load_find_port(const struct bp_load *load, const char *name);

/* Add a problem of a port's key (NULL: its section), in the line where it stands. */
void bp_load_complain(struct bp_load *load, unsigned port_id, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * A section for bp_facts.check and bp_section.check: is_given() looks into the INI, complain() adds a
 * problem.
 */
struct bp_load_check {
	struct bp_check check; /* first: its functions get this */
	struct bp_load *load;
};
void bp_load_check_init(struct bp_load_check *check, struct bp_load *load, const char *section);

/* Check one port by itself: its device, keys that contradict each other. Adds problems. */
void bp_check_port(struct bp_load *load, unsigned port_id);

/* Check ports against each other, paths, workers, the sections of drivers. Adds problems. */
void bp_check_paths(struct bp_load *load);
/* How many workers there are: before what depends on it. */
void bp_check_workers(struct bp_load *load);

/*
 * Check the generator's ports, then each stream by itself; set the values whose defaults depend on other
 * keys. Adds problems.
 */
void bp_check_gen(struct bp_load *load);

#endif
