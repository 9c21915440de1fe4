/* The generator's life: from its configuration to ports that are ready for trials, to the end. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/gen.h"
#include "gen/internal.h"

#include "core/clock.h"
#include "core/outlet.h"

#include <errno.h>
#include <stdlib.h>

int bp_gen_create(const struct bp_conf *conf, struct bp_gen **out)
{
	unsigned n_streams = conf->gen.tx_port == BP_NO_PORT ? BP_STREAMS_MAX : conf->n_streams;
	struct bp_gen *gen = calloc(1, sizeof(*gen));
	int err;

	if (!gen)
		return -ENOMEM;
	gen->conf = conf;
	/* A number that another process is unlikely to have begun with. */
	gen->run = (uint8_t)(bp_clock_ns() >> 10);
	err = bp_gen_choose_workers(gen);
	if (!err && conf->gen.rx_port != BP_NO_PORT)
		err = bp_sink_create(n_streams, &gen->sink);
	if (!err && conf->gen.monitor_port != BP_NO_PORT)
		err = bp_sink_create(n_streams, &gen->monitor);
	if (!err)
		err = bp_gen_open_ports(gen);
	if (err) {
		bp_gen_destroy(gen);
		return err;
	}
	*out = gen;
	return 0;
}

void bp_gen_destroy(struct bp_gen *gen)
{
	if (!gen)
		return;
	bp_gen_stop_workers(gen);
	bp_gen_close_ports(gen);
	bp_sink_destroy(gen->sink);
	bp_sink_destroy(gen->monitor);
	free(gen);
}
