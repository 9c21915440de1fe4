/* Sends with sendmmsg() straight from wherever the views lie. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: one sendmmsg() per burst, two more for each packet that the kernel
 * refuses. Once in a queue's life: one per socket, when it stops skipping the qdisc.
 *
 * Around the qdisc the kernel drops each super-frame that it would have to segment. When the first of those
 * comes, the queue's sockets go through the qdisc, and they stay there: a packet that skips a qdisc which
 * holds others, or waits for the device itself, overtakes them. What was sent around it is with the
 * device by then.
 */
#include "af_packet.h"

#include "core/clock.h"
#include "core/closer.h"
#include "core/netifs.h"
#include "core/transmit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#define TX_BUFFER_BYTES (4 << 20)
#define GSO_ECN_BIT     6u

/* Can the device itself cut this super-frame? */
static bool device_segments(const struct af_packet_txq *tq, uint8_t gso_type)
{
	uint32_t types = atomic_load_explicit(&tq->ap->gso_types, memory_order_relaxed);
	uint32_t need = 1u << (gso_type & ~BP_VNET_GSO_ECN & 7u);

	if (gso_type & BP_VNET_GSO_ECN)
		need |= 1u << GSO_ECN_BIT;
	return (types & need) == need;
}

/* From now on all of the queue's packets go through the qdisc, in the order in which they are sent. */
static __attribute__((noinline, cold)) void enter_qdisc(struct af_packet_txq *tq)
{
	const int fds[] = { tq->fd, tq->ring.fd }, off = 0;
	bool has_failed = false;

	for (unsigned i = 0; i < 2; i++)
		has_failed |= fds[i] >= 0 && setsockopt(fds[i], SOL_PACKET, PACKET_QDISC_BYPASS,
							&off, sizeof(off));
	tq->skips_qdisc = has_failed;
}

/*
 * The kernel takes the protocol of a super-frame from its gso_type, which hides a VLAN tag from the
 * code that segments it; an address that names the tag's protocol tells it.
 */
static void name_tag(struct af_packet_txq *tq, const struct bp_pkt *pkt, struct msghdr *msg)
{
	uint16_t type;

	if (pkt->len < ETH_HLEN)
		return;
	memcpy(&type, pkt->data + 2 * ETH_ALEN, sizeof(type)); /* header */
	for (unsigned i = 0; i < 2; i++) {
		if (tq->tagged[i].sll_protocol != type)
			continue;
		msg->msg_name = &tq->tagged[i];
		msg->msg_namelen = sizeof(tq->tagged[i]);
	}
}

/* The first view of a packet: metadata, then data. Returns the end of its iovecs. */
static struct iovec *fill_first(struct af_packet_txq *tq, struct bp_pkt *pkt, struct iovec *iov)
{
	uint32_t vnet_bytes = tq->vnet_bytes;

	if ((pkt->flags & BP_PKT_VNET) && vnet_bytes == BP_VNET_BYTES) {
		*iov++ = (struct iovec){ pkt->data - BP_VNET_BYTES, pkt->len + BP_VNET_BYTES };
		return iov;
	}
	if (pkt->flags & BP_PKT_VNET)
		*iov++ = (struct iovec){ pkt->data - BP_VNET_BYTES, vnet_bytes };
	else
		*iov++ = (struct iovec){ &tq->no_meta, vnet_bytes };
	*iov++ = (struct iovec){ pkt->data, pkt->len };
	return iov;
}

/* One message per packet. Returns their number. */
static unsigned fill_messages(struct af_packet_txq *tq, struct bp_pkt *pkts, unsigned n)
{
	struct iovec *iov = tq->iov;
	unsigned m = 0;

	for (unsigned i = 0; i < n; m++) {
		struct msghdr *msg = &tq->msgs[m].msg_hdr;
		struct bp_pkt *first = &pkts[i];

		msg->msg_name = NULL;
		msg->msg_namelen = 0;
		msg->msg_iov = iov;
		iov = fill_first(tq, first, iov);
		tq->lens[m] = first->len;
		if ((first->flags & BP_PKT_VNET) && bp_pkt_vnet(first)->gso_type) {
			if (tq->skips_qdisc && !device_segments(tq, bp_pkt_vnet(first)->gso_type))
				enter_qdisc(tq);
			name_tag(tq, first, msg);
		}
		while (pkts[i++].flags & BP_PKT_MORE && i < n) {
			*iov++ = (struct iovec){ pkts[i].data, pkts[i].len };
			tq->lens[m] += pkts[i].len;
		}
		msg->msg_iovlen = (size_t)(iov - msg->msg_iov);
		tq->n_views[m] = (uint8_t)(&pkts[i] - first);
	}
	return m;
}

/* The kernel refused message m. Returns how many messages that consumes; 0: nothing was tried. */
static unsigned judge(struct bp_txq *q, unsigned m, unsigned n_msgs, int err)
{
	const struct af_packet_txq *tq = q->priv;
	enum bp_cnt reason = bp_tx_errno_reason(err);
	unsigned n_gone = 1;

	if (bp_tx_errno_is_full(err))
		return 0;
	if (reason == BP_DROP_PORT_DOWN && !q->ends_at_drop)
		n_gone = n_msgs - m;
	if (reason == BP_DROP_TX_ERROR && tq->lens[m] < ETH_HLEN)
		reason = BP_DROP_RUNT;
	bp_count(&q->counters, reason, n_gone);
	return n_gone;
}

/*
 * sendmmsg() stops at a message that the kernel refuses, and tells why only when that is the first:
 * behind others it is tried a second time. So an interface may count two drops where we count one.
 */
static unsigned send_messages(struct bp_txq *q, unsigned n_msgs)
{
	struct af_packet_txq *tq = q->priv;
	unsigned m = 0, n_sent = 0;
	uint64_t n_bytes = 0;

	while (m < n_msgs) {
		uint64_t begin = bp_clock_cycles();
		int n = sendmmsg(tq->fd, &tq->msgs[m], n_msgs - m, MSG_DONTWAIT);
		int err = errno;

		af_packet_count_call(&q->counters, begin, bp_clock_cycles());
		if (n <= 0) {
			unsigned n_gone = judge(q, m, n_msgs, err);

			m += n_gone;
			if (!n_gone || q->ends_at_drop)
				break;
			continue;
		}
		for (unsigned end = m + (unsigned)n; m < end; m++)
			n_bytes += tq->lens[m];
		n_sent += (unsigned)n;
	}
	if (n_sent) {
		bp_count(&q->counters, BP_CNT_PKTS, n_sent);
		bp_count(&q->counters, BP_CNT_BYTES, n_bytes);
	}
	return m;
}

unsigned af_packet_send_views(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	struct af_packet_txq *tq = q->priv;
	unsigned n_msgs, k = 0;

	n_msgs = send_messages(q, fill_messages(tq, pkts, n));
	for (unsigned m = 0; m < n_msgs; m++)
		k += tq->n_views[m];
	bp_pool_put(q->worker_id, pkts, k);
	return k;
}

unsigned af_packet_tx_send(struct bp_txq *q, struct bp_pkt *pkts, unsigned n)
{
	uint64_t before = bp_counter(&q->counters, BP_CNT_PKTS);
	unsigned k = n ? af_packet_send_views(q, pkts, n) : 0;

	if (bp_counter(&q->counters, BP_CNT_PKTS) != before)
		bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return k;
}

/* Does the device queue packets? What is not known counts as yes. */
static bool has_qdisc(const struct af_packet_port *ap)
{
	struct bp_netif netif;

	return bp_netif_look(ap->ctl_fd, ap->ifindex, "", &netif) ||
	       strcmp(netif.qdisc, "noqueue") != 0;
}

int af_packet_tx_send_start(struct bp_txq *q)
{
	static const uint16_t protocols[2] = { ETH_P_8021Q, ETH_P_8021AD };
	struct af_packet_txq *tq = q->priv;
	struct af_packet_port *ap = tq->ap;
	enum bp_tristate wish = af_packet_conf(ap->port->conf)->qdisc_bypass;
	int err;

	tq->fd = af_packet_socket_open(true, &tq->vnet_bytes);
	if (tq->fd < 0)
		return tq->fd;
	af_packet_socket_set_buffer(tq->fd, SO_SNDBUF, SO_SNDBUFFORCE, TX_BUFFER_BYTES);
	/* Without a queueing discipline there is nothing to go around. */
	tq->skips_qdisc = wish == BP_YES || (wish == BP_AUTO && has_qdisc(ap));
	err = af_packet_socket_bind_tx(ap, tq->fd, tq->skips_qdisc);
	if (err)
		return err;
	for (unsigned i = 0; i < 2; i++)
		tq->tagged[i] = (struct sockaddr_ll){
			.sll_family = AF_PACKET,
			.sll_protocol = htons(protocols[i]),
			.sll_ifindex = ap->ifindex,
		};
	q->driver_burst = af_packet_tx_send;
	return 0;
}

void af_packet_tx_send_stop(struct bp_txq *q)
{
	struct af_packet_txq *tq = q->priv;

	bp_closer_take(q->port->env->closer, tq->fd, NULL, 0);
	tq->fd = -1;
}
