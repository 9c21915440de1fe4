/* Bursts of a live pcap port: libpcap's mapped ring in, one send per packet out. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libpcap hands each packet over in the ring that it shares with the kernel and takes the slot back
 * when the callback returns: user code copies it once, into frames of the arena.
 *
 * System calls on the packet path: one poll() per receive burst, one send() per packet in
 * pcap_inject().
 */
#include "live.h"

#include "bypath/ledger.h"

#include "core/clock.h"
#include "core/frames.h"
#include "core/transmit.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* Have frames for the longest packet. False when not even an ordinary one fits. */
static bool fill_stash(struct bp_pcap_live_rx *rx, unsigned worker_id)
{
	if (rx->n_stash < rx->n_want)
		rx->n_stash =
			(uint16_t)(rx->n_stash +
				   bp_frames_get(rx->frames, worker_id, &rx->stash[rx->n_stash],
						 (unsigned)(rx->n_want - rx->n_stash)));
	return rx->n_stash >= rx->n_need;
}

/* pcap_handler: libpcap has consumed the packet when this returns, so it is taken or counted. */
static void take_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct bp_pcap_live_rx *rx = (struct bp_pcap_live_rx *)(void *)user;
	struct bp_rxq *q = rx->q;
	unsigned n = bp_pcap_n_views(header->caplen, rx->room);
	unsigned room = rx->max - rx->n_pkts;
	struct bp_pkt *dst = n <= room ? &rx->pkts[rx->n_pkts] : rx->ready;

	if (header->caplen < BP_PCAP_HEADER) {
		bp_count(&q->counters, BP_DROP_RUNT, 1);
		return;
	}
	if (header->caplen < header->len || n > rx->max || n > rx->n_stash) {
		bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		dst[i] = rx->stash[--rx->n_stash];
	bp_pcap_copy_in(q, dst, n, rx->room, bytes, header->caplen);
	if (dst == rx->ready)
		rx->n_ready = (uint16_t)n;
	else
		rx->n_pkts += n;
	if (rx->n_ready || rx->n_pkts == rx->max || !fill_stash(rx, q->worker_id))
		pcap_breakloop(rx->pcap);
}

/* The packet that the last burst had no room for. */
static unsigned take_ready(struct bp_rxq *q, struct bp_pcap_live_rx *rx, struct bp_pkt *pkts,
			   unsigned max)
{
	unsigned n = rx->n_ready;

	rx->n_ready = 0;
	if (n > max) {
		bp_count(&q->counters, BP_DROP_RX_TRUNCATED, 1);
		bp_pool_put(q->worker_id, rx->ready, n);
		return 0;
	}
	for (unsigned i = 0; i < n; i++)
		pkts[i] = rx->ready[i];
	return n;
}

/*
 * Ask the kernel here, as a libpcap program does: pcap_dispatch() would do it itself where it finds
 * its ring empty, and would not say so. Behind this it finds a packet, and makes no call.
 */
static bool has_packets(struct bp_rxq *q, pcap_t *pcap)
{
	struct pollfd ring = { .fd = pcap_get_selectable_fd(pcap), .events = POLLIN };
	uint64_t began = bp_clock_cycles();
	int err, n_calls = 1;

	if (poll(&ring, 1, 0) > 0 && (ring.revents & POLLERR)) {
		/* Taken off the socket, or no wait would ever sleep again. check() finds the cause. */
		socklen_t len = sizeof(err);

		getsockopt(ring.fd, SOL_SOCKET, SO_ERROR, &err, &len);
		n_calls++;
	}
	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
	bp_count(&q->counters, BP_CNT_CALLS, (uint64_t)n_calls);
	return ring.revents & POLLIN;
}

unsigned bp_pcap_live_rx(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct bp_pcap_live_rx *rx = q->priv;

	rx->pkts = pkts;
	rx->max = max;
	rx->n_pkts = take_ready(q, rx, pkts, max);
	if (rx->n_pkts < max && fill_stash(rx, q->worker_id) && has_packets(q, rx->pcap))
		pcap_dispatch(rx->pcap, (int)(max - rx->n_pkts), take_packet, (u_char *)(void *)rx);
	return bp_pcap_count_rx(q, pkts, rx->n_pkts);
}

/* pcap_inject() takes one piece: a packet of several views is copied into one, counted. */
static const uint8_t *in_one_piece(struct bp_txq *q, struct bp_pcap_live_tx *tx,
				   struct bp_pkt *pkts, unsigned n)
{
	size_t at = 0;

	if (n == 1)
		return pkts[0].data;
	for (unsigned i = 0; i < n; i++) {
		bp_ledger_copy(&q->counters, &pkts[0], i == 0, tx->linear + at, pkts[i].data,
			       pkts[i].len);
		at += pkts[i].len;
	}
	return tx->linear;
}

/* 0, or the errno of the send() within; EPROTO where libpcap failed without one. */
static int inject(struct bp_txq *q, pcap_t *pcap, const uint8_t *bytes, size_t n_bytes)
{
	uint64_t began = bp_clock_cycles();
	int sent, err;

	errno = 0;
	sent = pcap_inject(pcap, bytes, n_bytes);
	err = errno;
	bp_count(&q->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
	bp_count(&q->counters, BP_CNT_CALLS, 1);
	return sent >= 0 ? 0 : err ? err : EPROTO;
}

static enum bp_tx_outcome send_packet(struct bp_txq *q, struct bp_pkt *pkts, unsigned n_views,
				      uint64_t n_bytes)
{
	struct bp_pcap_live_tx *tx = q->priv;
	int err = EMSGSIZE;

	if (n_bytes < BP_PCAP_HEADER) {
		bp_count(&q->counters, BP_DROP_RUNT, 1);
		return BP_TX_GONE;
	}
	if (n_bytes <= BP_PCAP_PACKET_MAX)
		err = inject(q, tx->pcap, in_one_piece(q, tx, pkts, n_views), n_bytes);
	return bp_tx_judge(q, err);
}

unsigned bp_pcap_live_tx(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	return bp_tx_each(q, pkts, n, send_packet);
}
