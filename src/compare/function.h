/* What `bypath compare --function` puts into every path: the function, its traffic, what the others have beside it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_COMPARE_FUNCTION_H
#define BYPATH_COMPARE_FUNCTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct bp_cmp_row;
struct bp_cmp_run;
struct bp_cmp_served;

/* Addresses that the generator sends from, and as many that it sends to: the latter are announced before each trial. */
#define BP_CMP_ADDRESSES_EACH 512u
/* A filter's rules; the last one passes everything. */
#define BP_CMP_RULES 16u

/* A row of the table of functions. Texts are whole sentences' parts, for people. */
struct bp_cmp_function {
	const char *name; /* as of [function.NAME] type */
	const char *title; /* what each packet meets */
	const char *bridge, *ovs; /* what stands in its place there */
	bool has_rules;
};

/* By its name; NULL: none has it. */
const struct bp_cmp_function *bp_cmp_function_find(const char *name);

/* Can the path have the function at all? If not, the row ends with the reason. */
bool bp_cmp_function_fits(const struct bp_cmp_function *function, struct bp_cmp_row *row);

/* The forwarder's [function] section, and [forward] through it. */
void bp_cmp_function_put(FILE *out, const struct bp_cmp_run *run);

/* Write the rules into the work folder, as the row's forwarder reads them. 0 or -errno. */
int bp_cmp_function_write(const struct bp_cmp_run *run);

/* The generator's keys: many addresses in a stream, and [gen] that announces them. */
void bp_cmp_function_put_gen(FILE *out);
void bp_cmp_function_put_stream(FILE *out);

/* Where the kernel's bridge forwards: install the rules beside it. 0, or the row has ended. Blocks for a moment. */
int bp_cmp_function_make(struct bp_cmp_run *run);

/* Ask bridge or Open vSwitch, which still run, into row->served. Blocks for a moment. */
void bp_cmp_function_ask(struct bp_cmp_run *run);

/* "run.function" and "rows[].function" of bypath.compare/1 (docs/compare.md). New references. */
json_t *bp_cmp_function_document(const struct bp_cmp_function *function);
json_t *bp_cmp_function_row(const struct bp_cmp_function *function, const struct bp_cmp_row *row);

/* ---- Open vSwitch (compare/ovs.c) ------------------------------------------------------------------------- */

/*
 * ovsdb-server and ovs-vswitchd in the forwarder's namespace, sockets and database in the work folder: no service of
 * this machine is asked or changed. Returns when the bridge with both wires forwards. 0, or the row has ended. Blocks.
 */
int bp_cmp_ovs_start(struct bp_cmp_run *run);
/* One core as Open vSwitch takes it: a number of any length, in hexadecimal digits. Pure. core < 1024. */
#define BP_CMP_MASK_BYTES 264u
void bp_cmp_ovs_mask(unsigned core, char mask[BP_CMP_MASK_BYTES]);

/* Its table and its last rule, while it runs. Blocks for a moment. */
void bp_cmp_ovs_ask(struct bp_cmp_run *run, struct bp_cmp_served *served);
/* Ends the database's server; ovs-vswitchd is run->dut, and has ended. */
void bp_cmp_ovs_end(struct bp_cmp_run *run);

#endif
