/* The three modes of the pcap driver: reading a capture, writing one, a live interface. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_MODES_H
#define BYPATH_DRIVER_PCAP_MODES_H

#include "describe.h"

#include "bypath/driver.h"

#define BP_PCAP_SNAPLEN_MAX 262144u /* the longest record that libpcap reads for Ethernet */
#define BP_PCAP_HEADER      14u /* an Ethernet header: a shorter frame is a runt */

/* What a mode does for the port; the members are those of bp_driver_ops. */
struct bp_pcap_mode {
	const char *name; /* of the effective mode */
	bool has_rx, has_tx;
	int (*open)(struct bp_port *port);
	int (*start)(struct bp_port *port);
	bool (*rx_end)(struct bp_port *port); /* NULL, as sockets: nothing comes from outside */
	unsigned (*sockets)(const struct bp_port *port, int *fds, unsigned max);
	void (*stop)(struct bp_port *port);
	void (*close)(struct bp_port *port);
	enum bp_link (*check)(struct bp_port *port);
	unsigned (*stats)(struct bp_port *port, struct bp_reported *out, unsigned max);
};

/* First member of each mode's port->priv. */
struct bp_pcap_port {
	const struct bp_pcap_mode *mode;
};

extern const struct bp_pcap_mode bp_pcap_read;
extern const struct bp_pcap_mode bp_pcap_write;
extern const struct bp_pcap_mode bp_pcap_live;

/*
 * Copy a packet out of a buffer of libpcap's into n views of empty frames, room bytes each: sets
 * their lengths, flags, copies. Counted on q.
 */
void bp_pcap_copy_in(struct bp_rxq *q, struct bp_pkt *pkts, unsigned n, uint32_t room,
		     const uint8_t *bytes, uint32_t len);

/* Count what one RX call returned. Returns n. */
unsigned bp_pcap_count_rx(struct bp_rxq *q, const struct bp_pkt *pkts, unsigned n);

/* Views that a packet of len bytes takes. */
static inline unsigned bp_pcap_n_views(uint32_t len, uint32_t room)
{
	unsigned n = 1;

	for (uint32_t held = room; held < len; held += room)
		n++;
	return n;
}

#endif
