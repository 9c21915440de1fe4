/* The functions of a configuration: opened for every worker, closed when these have ended. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/internal.h"

#include "bypath/driver.h"

#include "core/clock.h"

static int enter(struct bp_engine_function *f, uint16_t worker_id)
{
	struct bp_fn *fn = &f->fns[worker_id];

	fn->state = f->fns[0].state;
	fn->worker_id = worker_id;
	return f->function->ops && f->function->ops->enter ? f->function->ops->enter(fn) : 0;
}

int bp_function_enter(struct bp_engine_function *f, unsigned n_workers)
{
	int err = 0;

	while (!err && f->n_entered < n_workers) {
		err = enter(f, (uint16_t)f->n_entered);
		f->n_entered += !err;
	}
	return err;
}

void bp_function_leave(struct bp_engine_function *f, unsigned n_workers)
{
	while (f->n_entered > n_workers) {
		f->n_entered--;
		if (f->function->ops && f->function->ops->leave)
			f->function->ops->leave(&f->fns[f->n_entered]);
	}
}

void bp_function_close(struct bp_engine_function *f)
{
	bp_function_leave(f, 0);
	if (f->is_open && f->function->ops && f->function->ops->close)
		f->function->ops->close(f->fns[0].state);
	f->is_open = false;
}

int bp_function_open(const struct bp_conf *conf, unsigned function_id, struct bp_engine_function *f)
{
	const struct bp_function_ops *ops;
	void *state = NULL;
	int err;

	f->conf = &conf->functions[function_id];
	f->function = bp_function_find(f->conf->type);
	ops = f->function->ops;
	err = ops && ops->open ? ops->open(conf, f->conf, &state) : 0;
	f->is_open = !err;
	f->fns[0].state = state;
	if (!err)
		err = bp_function_enter(f, conf->engine.n_workers);
	if (err)
		bp_function_close(f);
	return err;
}

int bp_functions_open(struct bp_engine *e)
{
	int err = 0;

	for (unsigned i = 0; !err && i < e->conf->n_functions; i++)
		err = bp_function_open(e->conf, i, &e->functions[i]);
	return err;
}

void bp_functions_close(struct bp_engine *e)
{
	for (unsigned i = 0; e->functions && i < e->conf->n_functions; i++)
		if (e->functions[i].function)
			bp_function_close(&e->functions[i]);
}

void bp_functions_tick(struct bp_engine *e)
{
	struct bp_fn_ports ports = { .n_ports = e->conf->n_ports };
	uint64_t now_ns = bp_clock_ns();

	for (unsigned i = 0; i < e->conf->n_ports; i++)
		if (e->env.ports[i]->is_started && !e->env.ports[i]->is_set_down &&
		    atomic_load_explicit(&e->env.ports[i]->link, memory_order_relaxed) ==
			    BP_LINK_UP)
			ports.has_link |= UINT64_C(1) << i;
	for (unsigned i = 0; i < e->conf->n_functions; i++)
		if (e->functions[i].is_open && e->functions[i].function->ops &&
		    e->functions[i].function->ops->tick)
			e->functions[i].function->ops->tick(e->functions[i].fns[0].state, &ports,
							    now_ns);
}
