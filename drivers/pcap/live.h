/* State of a live pcap port, shared by its control functions and its bursts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_LIVE_H
#define BYPATH_DRIVER_PCAP_LIVE_H

#include "modes.h"

#include <pcap/pcap.h>

/* The longest packet that an interface hands over: 64 KiB of IP packet, Ethernet header, tags. */
#define BP_PCAP_PACKET_MAX 65600u

struct bp_pcap_live_rx {
	pcap_t *pcap;
	struct bp_frames *frames;
	uint32_t room;
	uint16_t n_want; /* frames to have at hand: those of the longest packet */
	uint16_t n_need; /* frames without which nothing is taken: those of an ordinary packet */
	uint16_t n_stash;
	uint16_t n_ready; /* views of a whole packet that did not fit into the last burst */
	struct bp_pkt stash[BP_BURST_MAX];
	struct bp_pkt ready[BP_BURST_MAX];
	/* The burst that a dispatch fills. */
	struct bp_rxq *q;
	struct bp_pkt *pkts;
	unsigned n_pkts, max;
};

struct bp_pcap_live_tx {
	pcap_t *pcap; /* its own: libpcap's handles serve one thread */
	uint8_t *linear; /* a packet of several views in one piece */
};

/* Bursts: bp_rx_fn and bp_tx_fn. */
unsigned bp_pcap_live_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max);
unsigned bp_pcap_live_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n);

#endif
