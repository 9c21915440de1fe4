/* Partial checksums and super-frames: their metadata is exact, or the port says that it has none. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests.h"

#include "frame.h"
#include "raw_peer.h"
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define HEADERS     54u /* Ethernet, IPv4, TCP */
#define CSUM_START  34u
#define CSUM_OFFSET 16u
#define SEGMENT     1448u
#define SMALL       300u /* payload of the packet with a partial checksum */
#define BIG         20000u /* payload of the super-frame */
#define PATIENCE_NS 3000000000u
#define RAW_VNET    10u /* struct virtio_net_hdr: what AF_PACKET puts before a frame */

static uint32_t sum_words(const uint8_t *bytes, uint32_t n, uint32_t sum)
{
	for (uint32_t i = 0; i < n; i += 2)
		sum += (uint32_t)bytes[i] << 8 | (i + 1 < n ? bytes[i + 1] : 0u);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sum of the pseudo-header of an IPv4 TCP packet with n bytes of TCP. */
static uint32_t pseudo_sum(const uint8_t *frame, uint32_t n)
{
	return sum_words(frame + 26, 8, 6 + n);
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint8_t payload_byte(uint32_t i)
{
	return (uint8_t)(i * 2654435761u >> 11);
}

/* A TCP packet over IPv4 whose checksum field holds the pseudo-header's sum only. */
static uint32_t write_tcp(uint8_t *frame, uint32_t seq, uint32_t n_payload)
{
	static const uint8_t ip[20] = { 0x45, 0, 0,  0, 0, 0, 0,  0, 64, 6,
					0,    0, 10, 0, 0, 1, 10, 0, 0,  2 };
	uint32_t len = HEADERS + n_payload;

	memset(frame, 0, HEADERS);
	frame_write(frame, seq, FRAME_HEADER, false);
	put16(frame + 12, 0x0800);
	memcpy(frame + 14, ip, sizeof(ip));
	put16(frame + 16, len - 14);
	put16(frame + 24, ~sum_words(frame + 14, 20, 0) & 0xffff);
	put16(frame + 34, 1000);
	put16(frame + 36, 2000);
	frame[46] = 5 << 4;
	frame[47] = 0x10; /* ACK */
	put16(frame + 48, 65535);
	put16(frame + CSUM_START + CSUM_OFFSET, pseudo_sum(frame, len - CSUM_START));
	for (uint32_t i = 0; i < n_payload; i++)
		frame[HEADERS + i] = payload_byte(i);
	return len;
}

static struct bp_vnet_hdr metadata(uint32_t n_payload)
{
	return (struct bp_vnet_hdr){
		.flags = BP_VNET_F_NEEDS_CSUM,
		.gso_type = n_payload > SEGMENT ? BP_VNET_GSO_TCPV4 : BP_VNET_GSO_NONE,
		.hdr_len = HEADERS,
		.gso_size = n_payload > SEGMENT ? SEGMENT : 0,
		.csum_start = CSUM_START,
		.csum_offset = CSUM_OFFSET,
	};
}

/* What was seen of the one packet sent: super-frames may arrive cut. */
struct arrival {
	uint32_t n_payload;
	bool needs_csum, is_gso;
};

/*
 * Judge one frame that arrived, with its metadata or without (NULL). may_be_partial, may_be_long:
 * what a frame without metadata is allowed to be.
 */
static bool judge(struct arrival *a, const uint8_t *frame, uint32_t len,
		  const struct bp_vnet_hdr *meta, bool may_be_partial, bool may_be_long)
{
	uint32_t offset, pseudo, field, total, n_payload;
	bool is_marked = meta && meta->flags & BP_VNET_F_NEEDS_CSUM;

	if (len < HEADERS || get16(frame + 12) != 0x0800 || frame[14] != 0x45)
		return true; /* noise */
	total = get16(frame + 16) + 14;
	if (!expect(total <= len, "an IP packet of %u bytes in a frame of %u", total, len))
		return false;
	offset = (get16(frame + 38) << 16 | get16(frame + 40));
	n_payload = total - HEADERS;
	for (uint32_t i = 0; i < n_payload; i++)
		if (!expect(frame[HEADERS + i] == payload_byte(offset + i),
			    "payload byte %u is wrong", offset + i))
			return false;
	pseudo = pseudo_sum(frame, total - CSUM_START);
	field = get16(frame + CSUM_START + CSUM_OFFSET);
	a->n_payload += n_payload;
	a->needs_csum |= is_marked;
	a->is_gso |= meta && meta->gso_type != BP_VNET_GSO_NONE;
	if (is_marked)
		expect(meta->csum_start == CSUM_START && meta->csum_offset == CSUM_OFFSET &&
			       field == pseudo,
		       "metadata says checksum at %u + %u, the field %#x", meta->csum_start,
		       meta->csum_offset, field);
	else if (sum_words(frame + CSUM_START, total - CSUM_START, pseudo) != 0xffff)
		expect(field == pseudo && may_be_partial, "a wrong checksum (%#x) without metadata",
		       field);
	if (n_payload > SEGMENT && meta)
		expect(meta->gso_type == BP_VNET_GSO_TCPV4 && meta->gso_size == SEGMENT,
		       "a super-frame with gso_type %u, gso_size %u", meta->gso_type,
		       meta->gso_size);
	else if (n_payload > SEGMENT)
		expect(may_be_long, "a super-frame without metadata");
	return !check_failed();
}

/* The kernel peer sends with metadata of its own: what does the port receive? */
static void receive_from_peer(struct world *w, uint32_t n_payload)
{
	static uint8_t out[RAW_VNET + FRAME_MAX], in[FRAME_MAX];
	struct bp_vnet_hdr meta = metadata(n_payload);
	struct bp_pkt pkts[BP_BURST_MAX];
	uint64_t deadline_ns = now_ns() + PATIENCE_NS;
	uint32_t caps = w->port->info.caps;
	struct arrival a = { 0 };
	uint32_t len;

	memcpy(out, &meta, RAW_VNET);
	len = write_tcp(out + RAW_VNET, w->next_seq++, n_payload);
	if (!expect(send(w->fd, out, RAW_VNET + len, 0) == (ssize_t)(RAW_VNET + len),
		    "the peer cannot send %u bytes with metadata: %s", len, strerror(errno)))
		return;
	while (a.n_payload < n_payload && now_ns() < deadline_ns && !check_failed()) {
		unsigned n = world_rx(w, pkts, BP_BURST_MAX);

		for (unsigned i = 0, n_views; i < n; i += n_views) {
			bool has_meta = pkts[i].flags & BP_PKT_VNET;

			n_views = bp_pkt_n_views(&pkts[i], n - i);
			len = traffic_gather(&pkts[i], n_views, in, sizeof(in));
			judge(&a, in, len, has_meta ? bp_pkt_vnet(&pkts[i]) : NULL,
			      caps & BP_CAP_CSUM_INFER, caps & BP_CAP_GSO_INFER);
		}
		bp_pool_put(WORKER, pkts, n);
		if (!n)
			pause_briefly();
	}
	expect(a.n_payload == n_payload, "%u of %u bytes of payload arrived", a.n_payload,
	       n_payload);
}

static void rx_partial_checksum_is_known(struct world *w)
{
	if (raw_peer_want_metadata(w))
		receive_from_peer(w, SMALL);
	else
		check_skip("the other end has no metadata");
}

static void rx_super_frame_is_known(struct world *w)
{
	if (raw_peer_want_metadata(w))
		receive_from_peer(w, BIG);
	else
		check_skip("the other end has no metadata");
}

/* The packet in frames of the arena, the metadata before the first. */
static unsigned build(struct world *w, struct bp_pkt *pkts, uint32_t n_payload)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t len = write_tcp(frame, w->next_seq++, n_payload);
	uint32_t room = bp_frames_room(w->env.frames);
	unsigned n = (len + room - 1) / room;

	if (bp_frames_get(w->env.frames, WORKER, pkts, n) < n)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		uint32_t at = i * room;

		pkts[i].len = len - at < room ? len - at : room;
		memcpy(pkts[i].data, frame + at, pkts[i].len);
		pkts[i].flags = i + 1 < n ? BP_PKT_MORE : 0;
	}
	pkts[0].flags |= BP_PKT_VNET;
	pkts[0].headroom = BP_HEADROOM - BP_VNET_BYTES;
	*bp_pkt_vnet(&pkts[0]) = metadata(n_payload);
	return n;
}

/* The port sends with metadata: what does the kernel make of it? */
static void send_to_peer(struct world *w, uint32_t n_payload)
{
	static uint8_t in[RAW_VNET + FRAME_MAX];
	struct bp_pkt pkts[BP_BURST_MAX];
	uint64_t deadline_ns = now_ns() + PATIENCE_NS;
	struct arrival a = { 0 };
	unsigned n = build(w, pkts, n_payload);

	if (!expect(n, "no frames") || !traffic_send(w, pkts, n))
		return;
	world_drain(w);
	while (a.n_payload < n_payload && now_ns() < deadline_ns && !check_failed()) {
		ssize_t got = recv(w->fd, in, sizeof(in), 0);
		struct bp_vnet_hdr meta = { 0 };

		if (got <= (ssize_t)RAW_VNET) {
			pause_briefly();
			continue;
		}
		memcpy(&meta, in, RAW_VNET);
		judge(&a, in + RAW_VNET, (uint32_t)got - RAW_VNET, &meta, false, false);
	}
	expect(a.n_payload == n_payload, "%u of %u bytes of payload came", a.n_payload, n_payload);
	expect(bp_counters_drops(&world_txq(w)->counters) == 0, "%lu drops",
	       bp_counters_drops(&world_txq(w)->counters));
}

static void tx_partial_checksum_is_known(struct world *w)
{
	if (!(w->port->info.caps & BP_CAP_VNET_TX))
		check_skip("TX takes no metadata");
	else if (!raw_peer_want_metadata(w))
		check_skip("the other end has no metadata");
	else
		send_to_peer(w, SMALL);
}

static void tx_super_frame_is_known(struct world *w)
{
	const uint32_t need = BP_CAP_VNET_TX | BP_CAP_MULTI_TX;

	if ((w->port->info.caps & need) != need)
		check_skip("TX takes no super-frames");
	else if (!raw_peer_want_metadata(w))
		check_skip("the other end has no metadata");
	else
		send_to_peer(w, BIG);
}

const struct test tests_metadata[] = {
	{ "rx_partial_checksum_is_known", rx_partial_checksum_is_known, RIG_RX, 0 },
	{ "rx_super_frame_is_known", rx_super_frame_is_known, RIG_RX, RIG_CUTS },
	{ "tx_partial_checksum_is_known", tx_partial_checksum_is_known, RIG_TX, 0 },
	{ "tx_super_frame_is_known", tx_super_frame_is_known, RIG_TX, 0 },
	{ NULL, NULL, 0, 0 },
};
