/* A trial's frames: the streams, whether the port carries them, frames per second of any unit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/internal.h"

#include "bypath/driver.h"
#include "bypath/kernel_source.h"

#include "core/json.h"

#include <errno.h>
#include <stdio.h>

int bp_gen_make_streams(struct bp_gen *gen, uint32_t frame_size, char *why, size_t why_bytes)
{
	const struct bp_conf *conf = gen->conf;
	int err = 0;

	for (unsigned i = 0; !err && i < conf->n_streams; i++)
		err = bp_stream_init(&gen->streams[i], &conf->streams[i],
				     &(struct bp_stream_start){ (uint8_t)i, gen->run, frame_size,
								conf->gen.first_seq },
				     why, why_bytes);
	return err;
}

double bp_gen_mean_bytes(const struct bp_gen *gen, uint32_t frame_size)
{
	double sum = 0, shares = 0;

	for (unsigned i = 0; i < gen->conf->n_streams; i++) {
		const struct bp_stream_conf *s = &gen->conf->streams[i];
		double bytes = 0, weights = 0;

		for (unsigned j = 0; j < s->sizes.n; j++) {
			bytes += (double)s->sizes.v[j].weight *
				 (frame_size ? frame_size : s->sizes.v[j].bytes);
			weights += s->sizes.v[j].weight;
		}
		sum += s->share * (bytes / weights - BP_FCS_BYTES);
		shares += s->share;
	}
	return shares > 0 ? sum / shares : 0;
}

/* Bits on the wire of the streams' mean frame: FCS; then preamble 8, gap 12 (IEEE 802.3). */
static double wire_bits(const struct bp_gen *gen, uint32_t frame_size)
{
	return 8 * (bp_gen_mean_bytes(gen, frame_size) + BP_WIRE_EXTRA_BYTES);
}

double bp_gen_line_pps(const struct bp_gen *gen, uint32_t frame_size)
{
	return bp_gen_line_bps(gen) / wire_bits(gen, frame_size);
}

int bp_gen_rate(struct bp_gen *gen, uint32_t frame_size, double *rate_pps, char *why,
		size_t why_bytes)
{
	const struct bp_rate *rate = &gen->conf->gen.rate;
	double l2_bits = 8 * (bp_gen_mean_bytes(gen, frame_size) + BP_FCS_BYTES);
	double l1_bits = wire_bits(gen, frame_size), line_bps;

	if (rate->unit == BP_RATE_MAX || rate->unit == BP_RATE_PPS) {
		*rate_pps = rate->unit == BP_RATE_MAX ? 0 : rate->value;
		return 0;
	}
	if (gen->conf->gen.replay_port != BP_NO_PORT) {
		snprintf(
			why, why_bytes,
			"[gen] rate: frames of a capture have no size that bits per second could be "
			"divided by: give the rate in pps");
		return -EINVAL;
	}
	*rate_pps = rate->value / (rate->unit == BP_RATE_BPS_L2 ? l2_bits : l1_bits);
	if (rate->unit != BP_RATE_PERCENT)
		return 0;
	line_bps = bp_gen_line_bps(gen);
	if (line_bps <= 0) {
		snprintf(why, why_bytes,
			 "[gen] rate: percent of which line? The speed behind port %s (%s) is not "
			 "known: give the rate in pps or bps",
			 gen->conf->gen.tx, gen->by_role[BP_GEN_TX]->port->conf->device);
		return -EINVAL;
	}
	*rate_pps = rate->value / 100 * line_bps / l1_bits;
	return 0;
}

/*
 * Longest frame that the TX port carries of a stream; 0: no bound known. A kernel device has room for
 * one 802.1Q tag beyond its MTU, but for nothing else there.
 */
static uint32_t tx_max_bytes(const struct bp_port *port, const struct bp_stream *stream)
{
	uint32_t max = port->info.max_frame_bytes;
	bool is_tagged =
		stream->templates[0].header[12] == 0x81 && !stream->templates[0].header[13];
	uint32_t by_mtu = port->info.mtu + 14u + (is_tagged ? 4u : 0u);

	if (!port->info.mtu || port->info.kind == BP_DEVICE_PMD)
		return max;
	return !max || by_mtu < max ? by_mtu : max;
}

/* Can the TX port carry the stream's longest frame? */
static int check_size(const struct bp_gen *gen, const struct bp_stream *stream, char *why,
		      size_t why_bytes)
{
	const struct bp_port *port = gen->by_role[BP_GEN_TX]->port;
	uint32_t room = bp_port_frames(port)->room, max = bp_stream_max_bytes(stream);
	uint32_t bound = tx_max_bytes(port, stream);

	if (gen->kernel_source && stream->header_bytes + BP_SIG_BYTES > BP_KS_HEADER_BYTES) {
		snprintf(
			why, why_bytes,
			"stream %s: %u bytes of headers with their signature are more than driver %s "
			"makes (%u): send it with driver = %s",
			stream->conf->name, stream->header_bytes + BP_SIG_BYTES, port->driver->name,
			BP_KS_HEADER_BYTES, bp_facts_named(BP_FACT_ANY_NETDEV));
		return -EINVAL;
	}
	if (bound && max > bound) {
		snprintf(why, why_bytes,
			 "port %s: frames of size %u are longer than %.64s carries (%u with FCS): "
			 "raise its MTU or lower the size",
			 port->conf->name, max + BP_FCS_BYTES, port->conf->device,
			 bound + BP_FCS_BYTES);
		return -EINVAL;
	}
	if (!gen->kernel_source && max > room && !(port->info.caps & BP_CAP_MULTI_TX)) {
		snprintf(why, why_bytes,
			 "port %s: a frame of size %u takes several views of %u bytes, which this "
			 "port does not send%s",
			 port->conf->name, max + BP_FCS_BYTES, room,
			 !port->tx_pool && room < 2048 ? ": set [memory] frame_bytes = 4096" : "");
		return -EINVAL;
	}
	return 0;
}

int bp_gen_check_sizes(const struct bp_gen *gen, char *why, size_t why_bytes)
{
	int err = 0;

	for (unsigned i = 0; !err && i < gen->conf->n_streams; i++)
		err = check_size(gen, &gen->streams[i], why, why_bytes);
	return err;
}
