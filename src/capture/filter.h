/* The filter of a capture: compiled by who asks for it, checked and run by who captures. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CAPTURE_FILTER_H
#define BYPATH_CAPTURE_FILTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BP_CAPTURE_FILTER_BYTES 1024u /* of its text: see BP_FILTER_LINE_BYTES */
#define BP_CAPTURE_INSNS_MAX    1024u /* a worker may run all of them, of each packet */

/*
 * Between the two it is [[code, jt, jf, k], …], the classic BPF program that libpcap makes of pcap-filter(7)'s words: compiling
 * takes a while, and asks for the addresses of hosts by name, which is no work for a running instance.
 */
struct bp_capture_filter;

/* Compile a text for Ethernet; blocks where it names hosts. One thread. A new reference, or NULL with why. */
json_t *bp_capture_filter_compile(const char *text, char *why, size_t why_bytes);

/*
 * Make a program runnable, whoever it comes from: see capture/program.h. Any thread. 0; -EINVAL or -ENOMEM with why.
 */
int bp_capture_filter_open(const json_t *program, struct bp_capture_filter **filter, char *why,
			   size_t why_bytes);

/*
 * What a request has: its "filter", made runnable, and "filter_text", how it was written, which is the request's own: without
 * control characters, no longer than a filter may be. Without a filter both are NULL. Any thread. As bp_capture_filter_open().
 */
int bp_capture_filter_read(const json_t *request, struct bp_capture_filter **filter,
			   const char **text, char *why, size_t why_bytes);

/* NULL: nothing to do. */
void bp_capture_filter_close(struct bp_capture_filter *filter);

/* It looks at no byte of a packet behind so many; UINT32_MAX: not known. Pure. */
uint32_t bp_capture_filter_reach(const struct bp_capture_filter *filter);

/* bp_capture_match_fn (core/capture.h). */
bool bp_capture_filter_match(const void *filter, const uint8_t *bytes, uint32_t wire_bytes,
			     uint32_t n_bytes);

#endif
