/* The links of the generator's ports: waited for before trials, watched during them. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen/gen.h"
#include "gen/internal.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/clock.h"
#include "core/outlet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum bp_link link_of(const struct bp_gen_port *p)
{
	const struct bp_driver_ops *ops = p->port->driver->ops;
	enum bp_link link = ops->check ? ops->check(p->port) : BP_LINK_UP;

	/* A generator sends complete frames only, so what else the peer takes does not matter. */
	return link == BP_LINK_CHANGED ? BP_LINK_UP : link;
}

int bp_gen_wait_links(struct bp_gen *gen, double seconds, char *why, size_t why_bytes)
{
	uint64_t begin_ns = bp_clock_ns();

	for (;;) {
		const struct bp_gen_port *down = NULL;
		double waited_s = (double)(bp_clock_ns() - begin_ns) * 1e-9;

		for (unsigned i = 0; i < gen->n_ports; i++)
			if (link_of(&gen->ports[i]) != BP_LINK_UP)
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

static void note_loss(struct bp_gen *gen, const struct bp_port_conf *conf)
{
	if (gen->is_port_lost)
		return;
	gen->is_port_lost = true;
	strcpy(gen->lost_name, conf->name);
	bp_log(BP_LOG_ERROR, "port %s: %s is gone: the trial ends here", conf->name, conf->device);
}

/* A port without a link drops by name what it is to send: no sequence number is used up. */
static void note_link(struct bp_gen_port *p, enum bp_link link)
{
	const struct bp_port_conf *conf = p->port->conf;

	p->had_no_link |= link != BP_LINK_UP;
	if (bp_port_set_link(p->port, link))
		bp_log(link == BP_LINK_UP ? BP_LOG_INFO : BP_LOG_WARN, "port %s: %s is %s",
		       conf->name, conf->device, link == BP_LINK_UP ? "up" : "down");
}

void bp_gen_look_at_links(struct bp_gen *gen)
{
	gen->checked_ns = bp_clock_ns();
	for (unsigned i = 0; i < gen->n_ports; i++) {
		struct bp_gen_port *p = &gen->ports[i];
		enum bp_link link = link_of(p);

		if (link == BP_LINK_LOST)
			note_loss(gen, p->port->conf);
		else
			note_link(p, link);
	}
}

bool bp_gen_has_failed_port(const struct bp_gen *gen)
{
	bool has_failed = false;

	for (unsigned i = 0; i < gen->n_ports; i++) {
		(void)link_of(&gen->ports[i]);
		has_failed |= gen->ports[i].port->has_failed;
	}
	return has_failed;
}
