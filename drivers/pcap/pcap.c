/* Driver `pcap`: libpcap's captures and interfaces. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls on the packet path: see each mode's file.
 */
#include "modes.h"

#include "bypath/ledger.h"
#include "bypath/log.h"

#include "core/netdev.h"
#include "core/numa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct bp_pcap_mode *const modes[BP_PCAP_N_MODES] = {
	[BP_PCAP_READ] = &bp_pcap_read,
	[BP_PCAP_WRITE] = &bp_pcap_write,
	[BP_PCAP_LIVE] = &bp_pcap_live,
};

void bp_pcap_copy_in(struct bp_rxq *q, struct bp_pkt *pkts, unsigned n, uint32_t room,
		     const uint8_t *bytes, uint32_t len)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t part = len < room ? len : room;

		bp_ledger_copy(&q->counters, &pkts[0], i == 0, pkts[i].data, bytes, part);
		pkts[i].len = part;
		pkts[i].flags = i + 1 < n ? BP_PKT_MORE : 0;
		bytes += part;
		len -= part;
	}
}

unsigned bp_pcap_count_rx(struct bp_rxq *q, const struct bp_pkt *pkts, unsigned n)
{
	if (!n) {
		bp_count(&q->counters, BP_CNT_EMPTY, 1);
		return 0;
	}
	bp_count(&q->counters, BP_CNT_PKTS, bp_pkt_count(pkts, n));
	bp_count(&q->counters, BP_CNT_BYTES, bp_pkt_bytes(pkts, n));
	bp_count(&q->counters, BP_CNT_BURSTS, 1);
	return n;
}

static const struct bp_pcap_mode *mode_of(const struct bp_port *port)
{
	const struct bp_pcap_port *p = port->priv;

	return p->mode;
}

static int pcap_open_port(struct bp_port *port)
{
	const char *name = port->conf->name;
	const struct bp_pcap_mode *mode = modes[bp_pcap_conf(port->conf)->mode];

	if (port->n_rxq > mode->has_rx || port->n_txq > mode->has_tx) {
		bp_log(BP_LOG_ERROR,
		       "port %s: mode = %s with %u queue(s) to receive from and %u to send to: it "
		       "has %d and %d: see [forward] and [engine] workers",
		       name, bp_pcap_mode_key(bp_pcap_conf(port->conf)->mode), port->n_rxq,
		       port->n_txq, mode->has_rx, mode->has_tx);
		return -EINVAL;
	}
	return mode->open(port);
}

static int pcap_start_port(struct bp_port *port)
{
	int err = mode_of(port)->start(port);

	if (!err)
		strcpy(port->info.mode, mode_of(port)->name);
	return err;
}

static bool pcap_rx_end(struct bp_port *port)
{
	return mode_of(port)->rx_end && mode_of(port)->rx_end(port);
}

static unsigned pcap_sockets(const struct bp_port *port, int *fds, unsigned max)
{
	return mode_of(port)->sockets ? mode_of(port)->sockets(port, fds, max) : 0;
}

static void pcap_stop_port(struct bp_port *port)
{
	mode_of(port)->stop(port);
}

static void pcap_close_port(struct bp_port *port)
{
	mode_of(port)->close(port);
}

static enum bp_link pcap_check(struct bp_port *port)
{
	return mode_of(port)->check(port);
}

static unsigned pcap_report(struct bp_port *port, struct bp_reported *out, unsigned max)
{
	return mode_of(port)->stats ? mode_of(port)->stats(port, out, max) : 0;
}

static bool pcap_accepts(const struct bp_txq *q, const struct bp_pool *pool)
{
	(void)q;
	(void)pool;
	return true; /* the kernel copies from any memory, and is done with it when it returns */
}

static const struct bp_driver_ops pcap_ops = {
	.open = pcap_open_port,
	.start = pcap_start_port,
	.rx_end = pcap_rx_end,
	.sockets = pcap_sockets,
	.stop = pcap_stop_port,
	.close = pcap_close_port,
	.check = pcap_check,
	.stats = pcap_report,
	.accepts = pcap_accepts,
};

const struct bp_driver bp_driver_pcap = {
	.abi = BP_DRIVER_ABI,
	.name = "pcap",
	.ops = &pcap_ops,
};
