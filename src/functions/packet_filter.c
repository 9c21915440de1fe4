/* One expression that packets match or not, by libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/packet_filter.h"

#include "functions/expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bp_packet_filter {
	struct bpf_program program;
};

struct bp_packet_filter *bp_packet_filter_open(const char *text,
					       char why[BP_PACKET_FILTER_WHY_BYTES])
{
	struct bp_packet_filter *filter = NULL;
	pcap_t *pcap;

	if (strlen(text) > BP_PACKET_FILTER_BYTES) {
		snprintf(why, BP_PACKET_FILTER_WHY_BYTES,
			 "'%.40s…': found %zu bytes, allowed: up to %u", text, strlen(text),
			 BP_PACKET_FILTER_BYTES);
		return NULL;
	}
	snprintf(why, BP_PACKET_FILTER_WHY_BYTES, "memory lacks");
	pcap = bp_expression_open();
	if (pcap)
		filter = calloc(1, sizeof(*filter));
	if (filter &&
	    !bp_expression_compile(pcap, text, &filter->program, why, BP_PACKET_FILTER_WHY_BYTES)) {
		free(filter);
		filter = NULL;
	}
	if (pcap)
		pcap_close(pcap);
	return filter;
}

void bp_packet_filter_close(void *ctx)
{
	struct bp_packet_filter *filter = ctx;

	if (!filter)
		return;
	pcap_freecode(&filter->program);
	free(filter);
}

bool bp_packet_filter_matches(const void *ctx, const struct bp_pkt *views, unsigned n_views)
{
	const struct bp_packet_filter *filter = ctx;
	struct pcap_pkthdr head = { .caplen = views[0].len,
				    .len = (bpf_u_int32)bp_pkt_bytes(views, n_views) };

	return pcap_offline_filter(&filter->program, &head, views[0].data) != 0;
}
