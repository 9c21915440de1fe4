/* A capture in a file, read record by record through libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_CAPTURE_H
#define BYPATH_DRIVER_PCAP_CAPTURE_H

#include "bypath/port.h"

#include <pcap/pcap.h>
#include <stdio.h>

/* Zeroed, then opened. Its thread: whoever opens it, until it hands it over. */
struct bp_pcap_capture {
	pcap_t *pcap;
	FILE *stream; /* under pcap, which closes it */
	char *buffer; /* the stream's */
	int fd; /* -1: closed */
	long first_record; /* offset behind the file's header */
	bool is_pcapng;
	int error; /* of the last read() that failed */
	int link_type; /* DLT_… of all records */
	struct bp_counters
		*counters; /* of the queue that reads, by whom read() is counted; NULL: none */
	/* The record that was read last, until the next call. */
	const uint8_t *bytes; /* in libpcap's buffer */
	uint32_t len, wire_len; /* of bytes; of the packet, before it was cut */
	int64_t stamp_s, stamp_ns;
	char why[PCAP_ERRBUF_SIZE]; /* of the last failure */
};

/* The stream's buffer, which lasts over many openings. 0 or -ENOMEM. */
int bp_pcap_capture_init(struct bp_pcap_capture *c);
void bp_pcap_capture_fini(struct bp_pcap_capture *c);

/*
 * Open the file of port->conf->device, unpacked if need be (is_a_look: only its beginning). counters is
 * NULL afterwards: the header's reads are nobody's. Control thread; blocks. 0 or -errno (logged).
 */
int bp_pcap_capture_open(struct bp_pcap_capture *c, const struct bp_port *port, bool is_a_look);
void bp_pcap_capture_close(struct bp_pcap_capture *c);

enum bp_pcap_capture_next { BP_PCAP_CAPTURE_RECORD, BP_PCAP_CAPTURE_END, BP_PCAP_CAPTURE_BROKEN };

/* Read the next record. May wait for the disk. BROKEN: c->why says why. */
enum bp_pcap_capture_next bp_pcap_capture_read(struct bp_pcap_capture *c);

/* Back to the first record. 0, or -1 with c->why. */
int bp_pcap_capture_rewind(struct bp_pcap_capture *c);

#endif
