/* The generator's life: from its configuration to ports that are ready for trials, to the end. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/gen.h"
#include "gen/internal.h"

#include "bypath/driver.h"

#include "core/clock.h"
#include "core/outlet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int bp_gen_create(const struct bp_conf *conf, struct bp_gen **out)
{
	unsigned n_streams = conf->gen.tx_port == BP_NO_PORT ? BP_STREAMS_MAX : conf->n_streams;
	struct bp_gen *gen = calloc(1, sizeof(*gen));
	int err;

	if (!gen)
		return -ENOMEM;
	gen->conf = conf;
	/* Anything but what another process is likely to have begun with. */
	gen->run = (uint8_t)(bp_clock_ns() >> 10);
	err = bp_gen_choose_workers(gen);
	if (!err && conf->gen.rx_port != BP_NO_PORT)
		err = bp_sink_create(n_streams, &gen->sink);
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
	free(gen);
}

int bp_gen_link_of(const struct bp_gen_port *p)
{
	const struct bp_driver_ops *ops = p->port->driver->ops;
	int link = ops->check ? ops->check(p->port) : BP_LINK_UP;

	/* What the peer takes beyond complete frames is nothing to a generator. */
	return link == BP_LINK_CHANGED ? BP_LINK_UP : link;
}

int bp_gen_wait_links(struct bp_gen *gen, double seconds, char *why, size_t why_bytes)
{
	uint64_t begin_ns = bp_clock_ns();

	for (;;) {
		const struct bp_gen_port *down = NULL;
		double waited_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;

		for (unsigned i = 0; i < gen->n_ports; i++)
			if (bp_gen_link_of(&gen->ports[i]) != BP_LINK_UP)
				down = &gen->ports[i];
		if (!down)
			return 0;
		if (waited_s >= seconds || bp_outlet_is_urgent() ||
		    atomic_load_explicit(&gen->is_interrupted, memory_order_relaxed)) {
			snprintf(why, why_bytes, "port %s: %s has no link after %.0f s",
				 down->port->conf->name, down->port->conf->device, waited_s);
			return -ETIMEDOUT;
		}
		bp_gen_nap_ms(20);
	}
}
