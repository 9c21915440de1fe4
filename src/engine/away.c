/* Devices that a reload leaves without a port for a while: how long, and what came meanwhile. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/reload.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/claim.h"
#include "core/clock.h"
#include "core/witness.h"

#include <unistd.h>

static const struct bp_counter_row away_row = {
	"reload_away",
	"packets",
	BP_SIDE_RX,
	BP_KIND_DROP,
	"arrived while a reload had taken the port out for another",
	false
};

/* Does anything come from outside of the process? */
static bool is_outside(const struct bp_port_conf *conf, const struct bp_claim *claims, unsigned n)
{
	struct bp_limits limits;

	bp_limits_of(conf, &limits);
	return n && !limits.invents && claims[0].kind != BP_CLAIM_FILE &&
	       claims[0].kind != BP_CLAIM_RING;
}

/* A witness, where the kernel shows a socket what nobody takes; else -1. */
static int open_witness(const struct bp_claim *claims, unsigned n)
{
	return n == 1 && claims[0].kind == BP_CLAIM_NETDEV && !claims[0].is_far_end
		       ? bp_witness_open(claims[0].name)
		       : -1;
}

bool bp_away_begin(struct reload *r, unsigned place)
{
	struct bp_port *port = r->e->env.ports[place];
	struct bp_reload_away *away = &r->away[place];
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(port->conf, claims);
	bool is_watched = is_outside(port->conf, claims, n);
	int fd = is_watched && port->n_rxq ? open_witness(claims, n) : -1;
	bool has_ended, is_out = true;

	/* Of what the port has taken until now a socket hears nothing. */
	if (fd >= 0 && claims[0].take != BP_TAKE_NONE)
		bp_witness_begin(fd);
	has_ended = port->driver->ops->rx_end && port->driver->ops->rx_end(port);
	if (!has_ended)
		is_out = bp_port_take_out(r->e, port);
	if (fd >= 0 && claims[0].take == BP_TAKE_NONE)
		bp_witness_begin(fd);
	if (fd >= 0 && !has_ended) { /* what it still receives has a name of its own */
		close(fd);
		fd = -1;
	}
	*away = (struct bp_reload_away){ .begin_ns = bp_clock_ns(),
					 .witness_fd = fd,
					 .is_known = !port->n_rxq };
	r->away_places |= (uint64_t)is_watched << place;
	return is_out;
}

bool bp_away_is_counted(const struct reload *r, uint64_t places)
{
	for (places &= r->away_places; places;) {
		const struct bp_reload_away *away = &r->away[bp_ports_take(&places)];

		if (away->witness_fd >= 0 && !away->end_ns)
			return true;
	}
	return false;
}

void bp_away_end(struct reload *r, uint64_t places)
{
	for (places &= r->away_places; places;) {
		struct bp_reload_away *away = &r->away[bp_ports_take(&places)];

		if (away->end_ns)
			continue;
		away->end_ns = bp_clock_ns();
		if (away->witness_fd >= 0)
			away->is_known = !bp_witness_end(away->witness_fd, &away->n_pkts);
	}
}

static void tell_one(struct reload *r, unsigned place, json_t *rows)
{
	const struct bp_reload_away *away = &r->away[place];
	struct bp_reported_set set = { 1, { { &away_row, away->n_pkts } } };
	const char *name = r->e->conf->ports[place].name;
	double ms = (double)(away->end_ns - away->begin_ns) / 1e6;
	struct bp_reloads *reloads = &r->e->reloads;

	if (ms > reloads->last_away_ms)
		reloads->last_away_ms = ms;
	if (!away->is_known || reloads->last_away_pkts < 0)
		reloads->last_away_pkts = -1;
	else
		reloads->last_away_pkts += (int64_t)away->n_pkts;
	if (away->is_known) {
		bp_reported_add(&r->e->past_reported[place], &set);
		bp_log(BP_LOG_INFO,
		       "reload: port %s was away for %.1f ms: %llu packets arrived meanwhile and are lost (%s)",
		       name, ms, (unsigned long long)away->n_pkts, away_row.name);
	} else {
		bp_log(BP_LOG_WARN,
		       "reload: port %s was away for %.1f ms: how many packets arrived meanwhile is not known",
		       name, ms);
	}
	json_array_append_new(
		rows,
		json_pack("{s:s, s:f, s:o}", "name", name, "ms", ms, "packets",
			  away->is_known ? json_integer((json_int_t)away->n_pkts) : json_null()));
}

void bp_away_tell(struct reload *r, json_t *document)
{
	uint64_t places = r->away_places;
	json_t *rows = json_array();

	r->e->reloads.last_away_ms = 0;
	r->e->reloads.last_away_pkts = 0;
	bp_away_end(r, places);
	while (places) {
		unsigned place = bp_ports_take(&places);

		if (r->away[place].witness_fd >= 0)
			close(r->away[place].witness_fd);
		tell_one(r, place, rows);
	}
	json_object_set_new(document, "away", rows);
}
