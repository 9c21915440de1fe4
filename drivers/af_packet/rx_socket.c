/* Receives with recvmmsg() into frames of the arena. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: one recvmmsg() per burst, found packets or not.
 *
 * Each message owns a frame and an overflow buffer. A frame of usual length touches the first only;
 * a super-frame goes on in the second, as a packet of two views.
 */
#include "af_packet.h"

#include "core/clock.h"
#include "core/frames.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>

#define RX_BUFFER_BYTES (8 << 20)

static void arm(struct af_packet_rxq *rq, unsigned i)
{
	struct af_packet_rx_socket *rs = rq->socket;
	struct iovec *iov = rs->iov[i];
	uint8_t *data = rs->frames[i].data;
	unsigned n = 0;

	if (rq->vnet_bytes == BP_VNET_BYTES) {
		iov[n++] = (struct iovec){ data - BP_VNET_BYTES, rs->frame_room + BP_VNET_BYTES };
	} else {
		bp_pkt_vnet(&rs->frames[i])->num_buffers = 0;
		iov[n++] = (struct iovec){ data - BP_VNET_BYTES, AF_PACKET_VNET_OLD_BYTES };
		iov[n++] = (struct iovec){ data, rs->frame_room };
	}
	iov[n++] = (struct iovec){ rs->bigs[i].data, AF_PACKET_BIG_ROOM };
	rs->msgs[i].msg_hdr = (struct msghdr){
		.msg_iov = iov,
		.msg_iovlen = n,
		.msg_control = rs->control[i].bytes,
		.msg_controllen = sizeof(rs->control[i].bytes),
	};
}

/* Give every message that lacks one a frame and an overflow buffer, as long as there are any. */
static void rearm(struct bp_rxq *q)
{
	struct af_packet_rxq *rq = q->priv;
	struct af_packet_rx_socket *rs = rq->socket;
	struct bp_pkt fresh[BP_BURST_MAX];
	unsigned n_missing = 0, n_fresh, next = 0, i;

	for (i = 0; i < rs->n_stale; i++)
		n_missing += !rs->frames[i].pool;
	n_fresh =
		n_missing ? bp_frames_get(q->port->env->frames, q->worker_id, fresh, n_missing) : 0;
	for (i = 0; i < rs->n_stale; i++) {
		if (!rs->frames[i].pool) {
			if (next == n_fresh)
				break;
			rs->frames[i] = fresh[next++];
		}
		if (!rs->bigs[i].pool &&
		    !af_packet_big_get(&rq->ap->big, rq->queue_id, &rs->bigs[i]))
			break;
		arm(rq, i);
	}
	rs->n_armed = i;
	if (i == rs->n_stale) {
		rs->n_armed = BP_BURST_MAX;
		rs->n_stale = 0;
	}
	if (next < n_fresh)
		bp_pool_put(q->worker_id, fresh + next, n_fresh - next);
}

static void receive(struct bp_rxq *q, unsigned max)
{
	struct af_packet_rxq *rq = q->priv;
	struct af_packet_rx_socket *rs = rq->socket;
	uint64_t begin;
	int n;

	rs->next = rs->n_got = 0;
	if (rs->n_armed < BP_BURST_MAX)
		rearm(q);
	if (max > rs->n_armed)
		max = rs->n_armed;
	if (!max)
		return;
	begin = bp_clock_cycles();
	n = recvmmsg(rq->fd, rs->msgs, max, MSG_DONTWAIT, NULL);
	af_packet_count_call(&q->counters, begin, bp_clock_cycles());
	if (n > 0) {
		rs->n_got = (unsigned)n;
		rs->n_armed = 0;
		if (rs->n_stale < rs->n_got)
			rs->n_stale = rs->n_got;
	} else if (errno == EINVAL) {
		/* The kernel could not describe the packet's metadata, and has freed it. Other
		 * errors (a device gone down) are consumed by reading them. */
		bp_count(&q->counters, BP_DROP_RX_BAD_META, 1);
	}
}

/* Put the tag back that auxiliary data tells of. */
static void restore_tag(struct msghdr *msg, struct bp_pkt *pkt, struct bp_counters *c)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(msg); cm; cm = CMSG_NXTHDR(msg, cm)) {
		struct tpacket_auxdata *aux = (void *)CMSG_DATA(cm);

		if (cm->cmsg_level != SOL_PACKET || cm->cmsg_type != PACKET_AUXDATA)
			continue;
		if (aux->tp_status & TP_STATUS_VLAN_VALID)
			af_packet_tag_insert(pkt,
					     (aux->tp_status & TP_STATUS_VLAN_TPID_VALID)
						     ? aux->tp_vlan_tpid
						     : ETH_P_8021Q,
					     aux->tp_vlan_tci, c);
	}
}

/* Hand out message i as views; it is left without what they took. Returns their number. */
static unsigned take(struct bp_rxq *q, unsigned i, uint32_t len, struct bp_pkt *pkts)
{
	struct af_packet_rx_socket *rs = ((struct af_packet_rxq *)q->priv)->socket;
	struct bp_pkt *pkt = &pkts[0];
	uint32_t rest = len > rs->frame_room ? len - rs->frame_room : 0;

	*pkt = rs->frames[i];
	rs->frames[i].pool = NULL;
	pkt->len = len - rest;
	pkt->flags = BP_PKT_VNET;
	pkt->headroom = (uint16_t)(pkt->headroom - BP_VNET_BYTES);
	restore_tag(&rs->msgs[i].msg_hdr, pkt, &q->counters);
	if (!rest)
		return 1;
	pkt->flags |= BP_PKT_MORE;
	pkts[1] = rs->bigs[i];
	pkts[1].len = rest;
	rs->bigs[i].pool = NULL;
	return 2;
}

/* Why message i cannot be handed out; BP_CNT_N: it can. */
static enum bp_cnt judge(const struct af_packet_rxq *rq, unsigned i, unsigned max)
{
	const struct mmsghdr *msg = &rq->socket->msgs[i];
	uint32_t len = msg->msg_len - rq->vnet_bytes;

	if (msg->msg_len < rq->vnet_bytes + ETH_HLEN)
		return BP_DROP_RUNT;
	if (msg->msg_hdr.msg_flags & MSG_TRUNC || (len > rq->socket->frame_room && max < 2))
		return BP_DROP_RX_TRUNCATED;
	return BP_CNT_N;
}

static unsigned rx_socket(struct bp_rxq *q, struct bp_pkt *pkts, unsigned max)
{
	struct af_packet_rxq *rq = q->priv;
	struct af_packet_rx_socket *rs = rq->socket;
	unsigned n = 0, n_pkts = 0;
	uint64_t n_bytes = 0;

	if (rs->next == rs->n_got)
		receive(q, max);
	for (; rs->next < rs->n_got; rs->next++) {
		unsigned i = rs->next;
		uint32_t len = rs->msgs[i].msg_len - rq->vnet_bytes;
		enum bp_cnt drop = judge(rq, i, max);
		unsigned n_views;

		if (drop != BP_CNT_N) {
			bp_count(&q->counters, drop, 1);
			continue;
		}
		if (n + 1 + (len > rs->frame_room) > max)
			break;
		n_views = take(q, i, len, &pkts[n]);
		n_bytes += bp_pkt_bytes(&pkts[n], n_views);
		n += n_views;
		n_pkts++;
	}
	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	bp_count(&q->counters, BP_CNT_PKTS, n_pkts);
	bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

int af_packet_rx_socket_start(struct bp_rxq *q)
{
	struct af_packet_rxq *rq = q->priv;
	int one = 1;

	if (setsockopt(rq->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)))
		return -errno;
	af_packet_socket_set_buffer(rq->fd, SO_RCVBUF, SO_RCVBUFFORCE, RX_BUFFER_BYTES);
	rq->socket = calloc(1, sizeof(*rq->socket));
	if (!rq->socket)
		return -ENOMEM;
	rq->socket->n_stale = BP_BURST_MAX;
	rq->socket->frame_room = bp_frames_room(q->port->env->frames);
	q->driver_burst = rx_socket;
	return 0;
}

void af_packet_rx_socket_stop(struct bp_rxq *q)
{
	struct af_packet_rxq *rq = q->priv;
	struct af_packet_rx_socket *rs = rq->socket;

	if (!rs)
		return;
	for (unsigned i = 0; i < BP_BURST_MAX; i++) {
		if (rs->frames[i].pool)
			bp_pool_put(BP_CONTROL_ID, &rs->frames[i], 1);
		if (rs->bigs[i].pool)
			bp_pool_put(BP_CONTROL_ID, &rs->bigs[i], 1);
	}
	free(rs);
	rq->socket = NULL;
}
