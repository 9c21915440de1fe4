/* What the ways of writing a capture share: records of a burst, the header before them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_WRITE_H
#define BYPATH_DRIVER_PCAP_WRITE_H

#include "modes.h"

#include <sys/uio.h>

#define BP_PCAP_FILE_HEADER_BYTES 24u

/* Header of a record, in the byte order of this machine. Source: pcap-savefile(5). */
struct bp_pcap_record {
	uint32_t seconds;
	uint32_t nanoseconds; /* what the file's magic number says */
	uint32_t captured_bytes;
	uint32_t wire_bytes;
};
static_assert(sizeof(struct bp_pcap_record) == 16, "the file's layout");

/* One burst being written: the list of its bytes, which stay where they are. */
struct bp_pcap_batch {
	struct bp_pcap_record records[BP_BURST_MAX];
	struct iovec iov[2 * BP_BURST_MAX];
	unsigned n_iov, n_records;
	uint64_t n_bytes; /* of all records, with their headers */
};

/*
 * Make records of the n packets, up to the first that is too long for one. One that comes first is counted
 * under its drop reason, alone: no record then. The queue's worker; n ≥ 1. Returns the views of the
 * packets so dealt with.
 */
unsigned bp_pcap_fill_batch(struct bp_txq *q, struct bp_pcap_batch *b, const struct bp_pkt *pkts,
			    unsigned n);

/*
 * Count on q the records that lie whole in the first n_written bytes of the batch. The queue's worker.
 * Returns their number; *n_whole_bytes: theirs.
 */
unsigned bp_pcap_count_whole(struct bp_txq *q, const struct bp_pcap_batch *b, uint64_t n_written,
			     uint64_t *n_whole_bytes);

/* The views of the first n_pkts of the packets that begin at pkts[0]. Pure. */
unsigned bp_pcap_views_of(const struct bp_pkt *pkts, unsigned n_pkts);

/* A file's header as libpcap makes it: nanoseconds, Ethernet. Control thread. 0 or -errno. */
int bp_pcap_make_header(uint8_t header[BP_PCAP_FILE_HEADER_BYTES]);

/* The two ways: to a file, to a pipe. Their names are the effective modes. */
extern const struct bp_pcap_mode bp_pcap_write_file;
extern const struct bp_pcap_mode bp_pcap_write_pipe;

#endif
