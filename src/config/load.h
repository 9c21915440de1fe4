/* The state of one loading: the settings, the values so far, the problems. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_LOAD_H
#define BYPATH_CONFIG_LOAD_H

#include "bypath/facts.h"

#include "config/ini.h"
#include "config/named.h"
#include "config/problems.h"

struct bp_load {
	struct bp_ini ini;
	struct bp_problems problems;
	struct bp_conf conf;
	const struct bp_facts *facts[BP_PORTS_MAX]; /* of each port's driver; NULL: not known */
	bool has_bad_mode[BP_PORTS_MAX]; /* the port's mode was refused */
	bool has_bad_section[BP_N_NAMED]; /* one was refused that is of this kind, or may be */
	bool has_bad_value[BP_N_NAMED]; /* a value was refused in one of this kind */
	bool has_bad_forward; /* an entry of [forward] was refused */
};

/* Index of the port of this name, or BP_NO_PORT. */
int bp_load_find_port(const struct bp_load *load, const char *name);

/* Add a problem of a section's key (NULL: of the section), in the line where it stands. */
void bp_load_complain_of(struct bp_load *load, const char *section, const char *key,
			 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same of a port's key. */
void bp_load_complain(struct bp_load *load, unsigned port_id, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * A section for bp_facts.check, bp_function.check and bp_section.check: is_given() looks into the INI,
 * complain() adds a problem.
 */
struct bp_load_check {
	struct bp_check check; /* first: its functions get this */
	struct bp_load *load;
};
void bp_load_check_init(struct bp_load_check *check, struct bp_load *load, const char *section);

/* Take up the sections that stand for many, with what their choosers say. Adds problems. */
void bp_read_sections(struct bp_load *load);

/* Read all keys but those of [forward], each into its field. Adds problems. */
void bp_read_keys(struct bp_load *load);

/* Was a value of the section refused? What its values say against each other is then not known. */
bool bp_load_has_refused(const struct bp_load *load, const char *section);

/* Parse one value into its field. false: a problem was added, and the item is refused. */
bool bp_load_store(struct bp_load *load, const struct bp_ini_item *item, const struct bp_key *key,
		   void *base);

/* Read [forward]: chain, n_chain, forward_to of the ports, and with all of them out_ports. Adds problems. */
void bp_read_forwards(struct bp_load *load);

/* The ports that a function may put packets of in_port to, a bit each; of one that chooses the port not in_port itself. */
uint64_t bp_load_outs_of(const struct bp_load *load, unsigned function_id, unsigned in_port);

/* Add a problem for each required key of keys that the section does not give. Returns whether there is one. */
bool bp_check_required(struct bp_load *load, const char *section, const struct bp_key *keys);

/* Check one port by itself: its device, keys that contradict each other. Adds problems. */
void bp_check_port(struct bp_load *load, unsigned port_id);

/* Check functions: their keys, the names, that they are used, that those that choose have a choice. Adds problems. */
void bp_check_functions(struct bp_load *load);

/* Check ports against each other, paths, workers, the sections of drivers. Adds problems. */
void bp_check_paths(struct bp_load *load);
/* [forward] link = follow: that each port has one other. bp_section.check of [forward]. */
void bp_check_follow(struct bp_conf *conf, struct bp_check *check);
/* How many workers there are: before what depends on it. */
void bp_check_workers(struct bp_load *load);

/*
 * Check the generator's ports, then each stream by itself; set the values whose defaults depend on other
 * keys. Adds problems.
 */
void bp_check_gen(struct bp_load *load);

#endif
