/* The devices that the ports of a process open: one port each, one process each. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "port/devices.h"

#include "bypath/driver.h"
#include "bypath/log.h"

#include "core/lock.h"
#include "port/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct port_locks {
	unsigned n; /* 0: this port is not used */
	bool is_told; /* that another process has the device */
	struct bp_claim claims[BP_CLAIMS_MAX];
	struct bp_lock locks[BP_CLAIMS_MAX];
	struct bp_lock *inherits[BP_CLAIMS_MAX]; /* of the table before, until bp_ports_claimed() */
};

struct bp_locks {
	struct port_locks ports[BP_PORTS_MAX];
};

/* ---- two names of one device ----------------------------------------------------------------- */

/* One of a's claims that clashes with one of b's, or NULL; *theirs is b's. */
static const struct bp_claim *find_clash(const struct bp_claim *a, unsigned n_a,
					 const struct bp_claim *b, unsigned n_b,
					 const struct bp_claim **theirs)
{
	for (unsigned i = 0; i < n_a; i++)
		for (unsigned k = 0; k < n_b; k++)
			if (a[i].kind != BP_CLAIM_RING && bp_claims_clash_here(&a[i], &b[k])) {
				*theirs = &b[k];
				return &a[i];
			}
	return NULL;
}

static unsigned find_alias(const struct bp_conf *conf, const bool *is_used, unsigned port_id,
			   bp_device_fn say, void *arg)
{
	struct bp_claim mine[BP_CLAIMS_MAX], others[BP_CLAIMS_MAX];
	unsigned n_mine = bp_claims_of(&conf->ports[port_id], mine);
	const struct bp_claim *claim = NULL, *theirs;
	char text[1024];
	unsigned i = 0;

	for (; i < port_id && !claim; i++)
		if (!is_used || is_used[i])
			claim = find_clash(mine, n_mine, others,
					   bp_claims_of(&conf->ports[i], others), &theirs);
	if (!claim)
		return 0;
	snprintf(text, sizeof(text), "found '%s', which is the same %s as '%s' of port %s: %s",
		 claim->name, claim->kind == BP_CLAIM_FILE ? "file" : "device", theirs->name,
		 conf->ports[i - 1].name, bp_claim_rule(claim->kind));
	say(arg, port_id, text);
	return 1;
}

unsigned bp_ports_find_faults(const struct bp_conf *conf, const bool *is_used, bp_device_fn say,
			      void *arg)
{
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_ports; i++)
		if (!is_used || is_used[i])
			n += find_alias(conf, is_used, i, say, arg);
	return n + bp_host_find_taken(conf, is_used, say, arg);
}

/* ---- other processes ------------------------------------------------------------------------- */

static void say_held(const struct bp_claim *claim, const char *holder, bp_device_fn say, void *arg,
		     unsigned port_id)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s is held by %s", claim->name, holder);
	say(arg, port_id, text);
}

unsigned bp_ports_find_held(const struct bp_conf *conf, bp_device_fn say, void *arg)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	char holder[BP_LOCK_HOLDER_BYTES];
	unsigned n_held = 0;

	for (unsigned i = 0; i < conf->n_ports; i++) {
		unsigned n = bp_claims_of(&conf->ports[i], claims);

		for (unsigned k = 0; k < n; k++) {
			if (!bp_lock_is_held(&claims[k], holder))
				continue;
			say_held(&claims[k], holder, say, arg, i);
			n_held++;
		}
	}
	return n_held;
}

static int take(struct port_locks *p, unsigned k, const char *port_name)
{
	char holder[BP_LOCK_HOLDER_BYTES];
	int err = bp_lock_take(&p->claims[k], &p->locks[k], holder);

	if (err == -EBUSY && !p->is_told)
		bp_log(BP_LOG_ERROR,
		       "port %s: %s is held by %s: %s: stop that one first, or name another",
		       port_name, p->claims[k].name, holder,
		       p->claims[k].kind == BP_CLAIM_FILE
			       ? "a capture that one process writes is not for another"
			       : "two would send each packet twice, or take it from each other");
	else if (err && err != -EBUSY)
		bp_log(BP_LOG_ERROR, "port %s: cannot lock %s: %s", port_name, p->claims[k].name,
		       strerror(-err));
	p->is_told = err == -EBUSY;
	return err;
}

static int take_all(const struct bp_conf *conf, const bool *is_used, struct bp_locks *locks)
{
	int err = 0;

	for (unsigned i = 0; i < conf->n_ports && !err; i++) {
		struct port_locks *p = &locks->ports[i];
		unsigned n = is_used && !is_used[i] ? 0 : bp_claims_of(&conf->ports[i], p->claims);

		for (; p->n < n && !err; p->n++)
			err = take(p, p->n, conf->ports[i].name);
	}
	return err;
}

static void log_fault(void *arg, unsigned port_id, const char *text)
{
	const struct bp_conf *conf = arg;

	bp_log(BP_LOG_ERROR, "port %s: device: %s", conf->ports[port_id].name, text);
}

int bp_ports_claim(struct bp_env *env, const bool *is_used)
{
	struct bp_locks *locks;
	int err;

	if (bp_ports_find_faults(env->conf, is_used, log_fault, (void *)env->conf))
		return -EINVAL;
	locks = calloc(1, sizeof(*locks));
	if (!locks)
		return -ENOMEM;
	err = take_all(env->conf, is_used, locks);
	if (err)
		bp_locks_free(locks);
	else
		env->locks = locks;
	return err;
}

/* ---- another configuration -------------------------------------------------------------------- */

/* Of an interface it is the one that was locked, whatever its name is now. */
static bool is_lock_of(const struct port_locks *p, unsigned k, const struct bp_claim *claim,
		       int ifindex)
{
	const struct bp_claim *held = &p->claims[k], *theirs;

	if (p->locks[k].fd < 0)
		return false;
	if (ifindex && held->kind == BP_CLAIM_NETDEV)
		return p->locks[k].ifindex == ifindex && held->is_far_end == claim->is_far_end &&
		       held->is_sending == claim->is_sending;
	return find_clash(claim, 1, held, 1, &theirs);
}

/* The lock of that claim, of whichever port. */
static struct bp_lock *find_held(struct bp_locks *held, const struct bp_claim *claim)
{
	struct bp_claim_id id;

	bp_claim_look(claim, &id);
	for (unsigned i = 0; held && i < BP_PORTS_MAX; i++)
		for (unsigned k = 0; k < held->ports[i].n; k++)
			if (is_lock_of(&held->ports[i], k, claim, id.ifindex))
				return &held->ports[i].locks[k];
	return NULL;
}

static int take_or_inherit(struct port_locks *p, unsigned k, struct bp_locks *held,
			   const char *name)
{
	p->inherits[k] = find_held(held, &p->claims[k]);
	if (!p->inherits[k])
		return take(p, k, name);
	p->locks[k] = *p->inherits[k];
	return 0;
}

int bp_ports_claim_next(struct bp_env *env, const struct bp_conf *conf, struct bp_locks **out)
{
	struct bp_locks *next = calloc(1, sizeof(*next));
	int err = 0;

	if (!next)
		return -ENOMEM;
	for (unsigned i = 0; i < conf->n_ports && !err; i++) {
		struct port_locks *p = &next->ports[i];
		unsigned n =
			conf->ports[i].is_removed ? 0 : bp_claims_of(&conf->ports[i], p->claims);

		for (; p->n < n && !err; p->n++)
			err = take_or_inherit(p, p->n, env->locks, conf->ports[i].name);
		if (err)
			p->n--; /* the one that could not be had */
	}
	if (err)
		bp_locks_undo(next);
	else
		*out = next;
	return err;
}

void bp_locks_undo(struct bp_locks *next)
{
	for (unsigned i = 0; next && i < BP_PORTS_MAX; i++)
		for (unsigned k = 0; k < next->ports[i].n; k++)
			if (!next->ports[i].inherits[k])
				bp_lock_release(&next->ports[i].locks[k]);
	free(next);
}

void bp_ports_claimed(struct bp_env *env, struct bp_locks *next)
{
	for (unsigned i = 0; i < BP_PORTS_MAX; i++)
		for (unsigned k = 0; k < next->ports[i].n; k++) {
			if (!next->ports[i].inherits[k])
				continue;
			next->ports[i].locks[k] = *next->ports[i].inherits[k];
			next->ports[i].inherits[k]->fd = -1;
			next->ports[i].inherits[k] = NULL;
		}
	bp_locks_free(env->locks);
	env->locks = next;
}

/* ---- devices that were made anew -------------------------------------------------------------- */

/* Only an interface's lock is taken anew: a file or a PCI device keeps its own. */
static int renew(struct port_locks *p, unsigned k, const char *port_name)
{
	struct bp_claim_id id;

	if (p->claims[k].kind != BP_CLAIM_NETDEV)
		return 0;
	bp_claim_look(&p->claims[k], &id);
	if (!id.ifindex || id.ifindex == p->locks[k].ifindex)
		return 0;
	bp_lock_release(&p->locks[k]);
	return take(p, k, port_name);
}

int bp_locks_renew(struct bp_locks *locks, unsigned port_id, const char *port_name)
{
	struct port_locks *p = locks ? &locks->ports[port_id] : NULL;
	int err = 0;

	for (unsigned k = 0; p && k < p->n && !err; k++)
		err = renew(p, k, port_name);
	return err;
}

void bp_ports_serve_locks(const struct bp_env *env)
{
	for (unsigned i = 0; env->locks && i < BP_PORTS_MAX; i++)
		for (unsigned k = 0; k < env->locks->ports[i].n; k++)
			bp_lock_serve(&env->locks->ports[i].locks[k]);
}

void bp_locks_free(struct bp_locks *locks)
{
	for (unsigned i = 0; locks && i < BP_PORTS_MAX; i++)
		for (unsigned k = 0; k < locks->ports[i].n; k++)
			bp_lock_release(&locks->ports[i].locks[k]);
	free(locks);
}
