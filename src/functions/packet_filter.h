/* One expression that packets match or not, for who looks at some of them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_FUNCTIONS_PACKET_FILTER_H
#define BYPATH_FUNCTIONS_PACKET_FILTER_H

#include "bypath/pkt.h"

/* The compiler takes time by the cube of an expression's length. */
#define BP_PACKET_FILTER_BYTES     1024u
#define BP_PACKET_FILTER_WHY_BYTES 384u

struct bp_packet_filter;

/*
 * Compile an expression of pcap-filter(7). Names of hosts in it are resolved, which blocks. Any thread but a worker. NULL: why
 * says what is wrong with it, or that this build has no libpcap.
 */
struct bp_packet_filter *bp_packet_filter_open(const char *text,
					       char why[BP_PACKET_FILTER_WHY_BYTES]);
void bp_packet_filter_close(void *filter);

/* Does a packet match, by the bytes of its first view? filter: a struct bp_packet_filter. Any thread, several at once. */
bool bp_packet_filter_matches(const void *filter, const struct bp_pkt *views, unsigned n_views);

#endif
