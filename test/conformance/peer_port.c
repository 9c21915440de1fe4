/* Sends and receives single frames through the bursts of the peer's port. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "peer_port.h"

#include "world.h"

#include <errno.h>
#include <string.h>

int peer_port_send(struct world *w, const uint8_t *frame, uint32_t len)
{
	struct bp_txq *q = &w->peer->txq[0];
	uint32_t room = bp_frames_room(w->env.frames);
	unsigned n = (len + room - 1) / room, got, k;
	struct bp_pkt pkts[BP_BURST_MAX];

	got = bp_frames_get(w->env.frames, PEER_WORKER, pkts, n);
	if (got < n) {
		bp_pool_put(PEER_WORKER, pkts, got);
		return -EAGAIN;
	}
	for (unsigned i = 0; i < n; i++) {
		uint32_t at = i * room;

		pkts[i].len = len - at < room ? len - at : room;
		memcpy(pkts[i].data, frame + at, pkts[i].len);
		pkts[i].flags = i + 1 < n ? BP_PKT_MORE : 0;
	}
	k = bp_tx(q, pkts, n);
	bp_pool_put(PEER_WORKER, pkts + k, n - k);
	bp_tx(q, NULL, 0);
	return k == n ? 0 : -EAGAIN;
}

int peer_port_recv(struct world *w, uint8_t *frame, uint32_t room)
{
	struct bp_rxq *q = &w->peer->rxq[0];
	struct bp_pkt *first;
	uint32_t len = 0;
	unsigned n;

	if (w->backlog_first == w->backlog_end) {
		w->backlog_first = 0;
		w->backlog_end = bp_rx(q, w->backlog, BP_BURST_MAX);
		if (!w->backlog_end)
			return -EAGAIN;
	}
	first = &w->backlog[w->backlog_first];
	n = bp_pkt_n_views(first, w->backlog_end - w->backlog_first);
	for (unsigned i = 0; i < n; i++) {
		if (len + first[i].len <= room)
			memcpy(frame + len, first[i].data, first[i].len);
		len += first[i].len;
	}
	bp_pool_put(PEER_WORKER, first, n);
	w->backlog_first += n;
	return (int)len;
}

void peer_port_detach(struct world *w)
{
	bp_pool_put(PEER_WORKER, w->backlog + w->backlog_first, w->backlog_end - w->backlog_first);
	w->backlog_first = w->backlog_end = 0;
}
