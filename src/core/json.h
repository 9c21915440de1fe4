/* Facts as JSON values, for all who make documents. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_JSON_H
#define BYPATH_CORE_JSON_H

#include "bypath/port.h"

#include "core/offcore.h"

#include <jansson.h>

/* Bytes on the wire beside a frame with its FCS: preamble 7, SFD 1, gap 12 (IEEE 802.3). */
#define BP_WIRE_GAP_BYTES 20u
/* The same beside what a packet counts, which is without the FCS. */
#define BP_WIRE_EXTRA_BYTES (BP_WIRE_GAP_BYTES + 4u)

/* All return a new reference, NULL when memory lacks. Any thread. */

/* A counter: an integer, or a real above what JSON readers take as one. */
json_t *bp_json_count(uint64_t n);
/* numerator / denominator, null where the denominator is not above 0. */
json_t *bp_json_ratio(double numerator, double denominator);
/* A number that is above 0 where it is known; else null. */
json_t *bp_json_known(double value);
/* A text of any bytes; what is no UTF-8 in it is '?'. NULL is null. */
json_t *bp_json_text(const char *text);
/* The same, and "" is null as well. */
json_t *bp_json_text_or_null(const char *text);
/* How much of the time a thread was off its core: "share", "cause"; "disturbed", whether that is more than
 * figures bear, and its cause as a "text". */
json_t *bp_json_off(double share, enum bp_off_cause cause);
/* {"host": …, "kernel": …, "cpu": …} of this machine. */
json_t *bp_json_machine(void);
/* What is known of a port beside its counters: "name", "driver", "device", "mode", … */
json_t *bp_json_port(const struct bp_port_conf *conf, const struct bp_port_info *info);
/* The names of the functions that a port's packets go through, in their order. */
json_t *bp_json_chain(const struct bp_conf *conf, const struct bp_port_conf *port);
/* A queue's counters by name, with its "drops" as an object of their own. */
json_t *bp_json_counters(const uint64_t v[BP_CNT_N]);
/* What kernel, device or PMD publish of a port: `reported[]`. */
json_t *bp_json_reported(const struct bp_reported *reported, unsigned n);

/* A document as a line: its text by flags of json_dumps(), without line ends in it, and one behind it. n: bytes, with that.
 * What the caller frees, or NULL. The document stays the caller's. */
char *bp_json_line(const json_t *document, size_t flags, size_t *n);

/* The lines of a text, each as bp_json_text(); of an empty one none. A new reference. Pure. */
json_t *bp_json_lines(const char *text);

/* What is at a path of keys and indices, "paths.0.counted": the document's own, or NULL. Pure. */
json_t *bp_json_at(const json_t *document, const char *path);
/* The same of a path of n bytes. */
json_t *bp_json_at_n(const json_t *document, const char *path, size_t n);
/* The number there, or 0; the text there, or NULL. Pure. */
double bp_json_number_at(const json_t *document, const char *path);
const char *bp_json_text_at(const json_t *document, const char *path);

/*
 * Append a row to events for every drop and event of a queue that is not zero: "queue" (the text given),
 * "counter", "value", "provenance", "kind" ("drop", "event"), "meaning".
 */
void bp_json_add_events(json_t *events, const char *queue, const uint64_t v[BP_CNT_N]);
/* The same of what is reported: the queue is "device", the kind may be "explains". */
void bp_json_add_reported(json_t *events, const struct bp_reported *reported, unsigned n);

#endif
