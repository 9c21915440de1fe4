/* pcap mode = write: what is sent to the port, as the records of a capture. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libpcap makes the file's header. The records behind it go to the kernel straight from the
 * packets' own memory, a burst at a time: pcap_dump() would take one packet in one piece and copy it
 * into stdio's buffer. System calls on the packet path: see write_file.c and write_pipe.c.
 */
#include "write.h"

#include "bypath/log.h"

#include "core/claim.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static void add_record(struct bp_pcap_batch *b, const struct timespec *now,
		       const struct bp_pkt *pkts, unsigned n, uint64_t n_bytes)
{
	struct bp_pcap_record *record = &b->records[b->n_records++];

	*record = (struct bp_pcap_record){ .seconds = (uint32_t)now->tv_sec,
					   .nanoseconds = (uint32_t)now->tv_nsec,
					   .captured_bytes = (uint32_t)n_bytes,
					   .wire_bytes = (uint32_t)n_bytes };
	b->n_bytes += sizeof(*record) + n_bytes;
	b->iov[b->n_iov++] = (struct iovec){ .iov_base = record, .iov_len = sizeof(*record) };
	for (unsigned i = 0; i < n; i++)
		b->iov[b->n_iov++] =
			(struct iovec){ .iov_base = pkts[i].data, .iov_len = pkts[i].len };
}

unsigned bp_pcap_fill_batch(struct bp_txq *q, struct bp_pcap_batch *b, const struct bp_pkt *pkts,
			    unsigned n)
{
	struct timespec now;
	unsigned i = 0;

	b->n_iov = 0;
	b->n_records = 0;
	b->n_bytes = 0;
	clock_gettime(CLOCK_REALTIME, &now);
	while (i < n) {
		unsigned n_views = bp_pkt_n_views(&pkts[i], n - i);
		uint64_t n_bytes = bp_pkt_bytes(&pkts[i], n_views);

		if (n_bytes > BP_PCAP_SNAPLEN_MAX) {
			if (i)
				break;
			bp_count(&q->counters, BP_DROP_TX_TOO_LONG, 1);
			return n_views;
		}
		add_record(b, &now, &pkts[i], n_views, n_bytes);
		i += n_views;
	}
	return i;
}

unsigned bp_pcap_count_whole(struct bp_txq *q, const struct bp_pcap_batch *b, uint64_t n_written,
			     uint64_t *n_whole_bytes)
{
	uint64_t n_whole = 0, n_bytes = 0;
	unsigned n_records = 0;

	while (n_records < b->n_records) {
		uint64_t n = sizeof(struct bp_pcap_record) + b->records[n_records].captured_bytes;

		if (n_whole + n > n_written)
			break;
		n_whole += n;
		n_bytes += b->records[n_records++].captured_bytes;
	}
	if (n_records) {
		bp_count(&q->counters, BP_CNT_PKTS, n_records);
		bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	}
	*n_whole_bytes = n_whole;
	return n_records;
}

unsigned bp_pcap_views_of(const struct bp_pkt *pkts, unsigned n_pkts)
{
	unsigned k = 0;

	while (n_pkts--)
		k += bp_pkt_n_views(&pkts[k], BP_BURST_MAX);
	return k;
}

/* ---- control --------------------------------------------------------------------------------- */

int bp_pcap_make_header(uint8_t header[BP_PCAP_FILE_HEADER_BYTES])
{
	pcap_t *dead = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, BP_PCAP_SNAPLEN_MAX,
							    PCAP_TSTAMP_PRECISION_NANO);
	char room[2 * BP_PCAP_FILE_HEADER_BYTES]; /* stdio wants one byte more for its zero */
	FILE *stream = dead ? fmemopen(room, sizeof(room), "w") : NULL;
	pcap_dumper_t *dumper = stream ? pcap_dump_fopen(dead, stream) : NULL;
	int err = dumper ? 0 : -ENOMEM;

	if (dumper &&
	    (pcap_dump_flush(dumper) < 0 || pcap_dump_ftell64(dumper) != BP_PCAP_FILE_HEADER_BYTES))
		err = -EIO;
	if (!err)
		memcpy(header, room, BP_PCAP_FILE_HEADER_BYTES); /* header */
	if (dumper)
		pcap_dump_close(dumper);
	else if (stream)
		fclose(stream);
	if (dead)
		pcap_close(dead);
	return err;
}

/* A pipe is not opened to find out what it is: its reader may not be there yet. */
static int write_open(struct bp_port *port)
{
	const char *path = bp_claim_path(port->conf->device);
	struct stat st;

	if (!stat(path, &st) && S_ISFIFO(st.st_mode))
		return bp_pcap_write_pipe.open(port);
	return bp_pcap_write_file.open(port);
}

const struct bp_pcap_mode bp_pcap_write = {
	.name = "write",
	.has_tx = true,
	.open = write_open,
};
