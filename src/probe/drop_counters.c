/* Reads counters of interfaces by rtnetlink, those of CPUs from /proc/net/softnet_stat. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/drop_counters.h"

#include "core/json.h"
#include "core/netifs.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct row {
	const char *name;
	size_t at;
};

#define ROW(field)                                                \
	{                                                         \
#field, offsetof(struct rtnl_link_stats64, field) \
	}

/* Documentation/networking/statistics.rst has what each is. */
static const struct row rows[] = {
	ROW(rx_dropped),      ROW(rx_missed_errors),  ROW(rx_over_errors),
	ROW(rx_fifo_errors),  ROW(rx_length_errors),  ROW(rx_crc_errors),
	ROW(rx_frame_errors), ROW(rx_nohandler),      ROW(tx_dropped),
	ROW(tx_fifo_errors),  ROW(tx_carrier_errors), ROW(tx_aborted_errors),
};

static uint64_t value_of(const struct rtnl_link_stats64 *stats, const struct row *row)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + row->at, sizeof(value));
	return value;
}

/* A driver may reset its counters, and a CPU that goes offline takes its own along. */
static uint64_t since(uint64_t begin, uint64_t now)
{
	return now > begin ? now - begin : 0;
}

/* A line for each CPU that is online: packets, dropped, time_squeeze, … in hexadecimal digits. */
static void read_cpus(uint64_t *dropped, uint64_t *squeezed)
{
	FILE *in = fopen("/proc/net/softnet_stat", "re");
	unsigned d, s;
	char line[256];

	*dropped = *squeezed = 0;
	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%*x %x %x", &d, &s) != 2)
			continue;
		*dropped += d;
		*squeezed += s;
	}
	if (in)
		fclose(in);
}

void bp_drop_counters_begin(struct bp_drop_counters *counters, const struct bp_probe_scope *scope)
{
	if (!counters->has_begun)
		read_cpus(&counters->backlog_dropped, &counters->time_squeezed);
	counters->has_begun = true;
	for (unsigned i = counters->n_devices; i < scope->n_ports; i++) {
		struct bp_counted_device *device = &counters->devices[i];

		device->ifindex = scope->ports[i].ifindex;
		if (bp_netif_stats(-1, (int)device->ifindex, &device->begin))
			device->ifindex = 0;
	}
	counters->n_devices = scope->n_ports;
}

static bool read_device(const struct bp_drop_counters *counters, unsigned i,
			struct rtnl_link_stats64 *now)
{
	return i < counters->n_devices && counters->devices[i].ifindex &&
	       !bp_netif_stats(-1, (int)counters->devices[i].ifindex, now);
}

json_t *bp_drop_counters_rows(const struct bp_drop_counters *counters,
			      const struct bp_probe_scope *scope)
{
	json_t *array = json_array();
	struct rtnl_link_stats64 now;

	for (unsigned i = 0; i < scope->n_ports; i++) {
		if (!read_device(counters, i, &now))
			continue;
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
			uint64_t n = since(value_of(&counters->devices[i].begin, &rows[k]),
					   value_of(&now, &rows[k]));

			if (n)
				json_array_append_new(
					array,
					json_pack("{s:s, s:o, s:s, s:o, s:s}", "port",
						  scope->ports[i].port, "device",
						  bp_json_text(scope->ports[i].ifname), "counter",
						  rows[k].name, "packets", bp_json_count(n),
						  "provenance", "reported"));
		}
	}
	return array;
}

json_t *bp_drop_counters_cpus(const struct bp_drop_counters *counters)
{
	uint64_t dropped, squeezed;

	read_cpus(&dropped, &squeezed);
	return json_pack("{s:o, s:o, s:s}", "backlog_dropped",
			 bp_json_count(since(counters->backlog_dropped, dropped)), "time_squeezed",
			 bp_json_count(since(counters->time_squeezed, squeezed)), "provenance",
			 "reported");
}

bool bp_drop_counters_sent(const struct bp_drop_counters *counters,
			   const struct bp_probe_scope *scope, unsigned port, uint64_t *packets)
{
	struct rtnl_link_stats64 now;

	if (port >= scope->n_ports || !read_device(counters, port, &now) ||
	    now.tx_packets < counters->devices[port].begin.tx_packets)
		return false;
	*packets = now.tx_packets - counters->devices[port].begin.tx_packets;
	return true;
}
