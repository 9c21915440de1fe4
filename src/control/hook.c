/* [alarm] on_event: a program that is run at each change of an alarm, beside everything else. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/hook.h"

#include "bypath/log.h"

#include "core/aside.h"
#include "core/secure.h"
#include "core/spawn.h"
#include "core/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* An event with the program of its time. */
struct waiting {
	struct bp_hook_event event;
	char program[BP_PATH_BYTES];
};

struct bp_hook {
	char instance[BP_NAME_BYTES];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under lock. */
	char program[BP_PATH_BYTES]; /* empty: none */
	struct waiting waiting[BP_HOOK_EVENTS_MAX];
	unsigned first, n;
	uint64_t n_dropped; /* since it was last said */
	bool is_closing, is_idle;
	_Atomic bool is_over; /* kill what runs; by bp_hook_close(), read by the thread */
};

/* ---- one run -------------------------------------------------------------------------------------- */

#define N_FACTS    7u
#define FACT_BYTES (sizeof(((struct bp_hook_event *)0)->text) + 32u)

/* "NAME=VALUE": a value of one line. */
static void add_fact(char facts[N_FACTS][FACT_BYTES], char *env[N_FACTS + 1], unsigned *n,
		     const char *name, const char *value)
{
	snprintf(facts[*n], FACT_BYTES, "BYPATH_%s=%s", name, value);
	env[*n] = facts[*n];
	++*n;
}

static void judge(const struct waiting *w, int err, int code, const char *words)
{
	const struct bp_hook_event *event = &w->event;
	const char *program = w->program;
	const char *said = words[0] ? ": it said: " : "";

	if (!err)
		bp_log(BP_LOG_DEBUG, "on_event %s (%s): done%s%s", program, event->name, said,
		       words);
	else if (err == -EIO)
		bp_log(BP_LOG_WARN, "on_event %s (%s): ended with code %d%s%s", program,
		       event->name, code, said, words);
	else if (err == -ETIMEDOUT)
		bp_log(BP_LOG_WARN, "on_event %s (%s): killed, as it had not ended after %u s",
		       program, event->name, BP_HOOK_LIMIT_MS / 1000u);
	else if (err == -ECANCELED)
		bp_log(BP_LOG_WARN, "on_event %s (%s): killed, as the run has ended", program,
		       event->name);
	else if (err != -ECHILD)
		bp_log(BP_LOG_WARN, "on_event %s (%s): cannot be run: %s", program, event->name,
		       strerror(-err));
}

static void run(struct bp_hook *events, struct waiting *w)
{
	const struct bp_hook_event *event = &w->event;
	char facts[N_FACTS][FACT_BYTES], words[256];
	char *const argv[] = { w->program, NULL };
	char *env[N_FACTS + 1] = { NULL };
	const struct bp_spawn program = {
		.argv = argv, .env = env, .limit_ms = BP_HOOK_LIMIT_MS, .is_over = &events->is_over
	};
	unsigned n = 0;
	int code, err;

	add_fact(facts, env, &n, "EVENT", event->name);
	add_fact(facts, env, &n, "STATE", event->is_raised ? "raised" : "cleared");
	add_fact(facts, env, &n, "SUBJECT", event->subject);
	add_fact(facts, env, &n, "PORT", event->is_port ? event->subject : "");
	add_fact(facts, env, &n, "INSTANCE", events->instance);
	add_fact(facts, env, &n, "TEXT", event->text);
	add_fact(facts, env, &n, "TIME", event->time);
	err = bp_spawn(&program, words, sizeof(words), &code);
	bp_utf8_clean(words); /* any bytes, cut anywhere */
	judge(w, err, code, words);
}

/* ---- the thread ----------------------------------------------------------------------------------- */

/* The next event; false: there will be none. */
static bool take(struct bp_hook *events, struct waiting *w, uint64_t *n_dropped)
{
	bool has_one;

	pthread_mutex_lock(&events->lock);
	events->is_idle = true;
	pthread_cond_broadcast(&events->changed);
	while (!events->n && !events->is_closing)
		pthread_cond_wait(&events->changed, &events->lock);
	has_one = events->n && !atomic_load_explicit(&events->is_over, memory_order_relaxed);
	if (has_one) {
		*w = events->waiting[events->first];
		events->first = (events->first + 1) % BP_HOOK_EVENTS_MAX;
		events->n--;
	}
	events->is_idle = !has_one;
	*n_dropped = events->n_dropped;
	events->n_dropped = 0;
	pthread_mutex_unlock(&events->lock);
	return has_one;
}

static void *work(void *ctx)
{
	struct bp_hook *events = ctx;
	struct waiting w;
	uint64_t n_dropped;

	while (take(events, &w, &n_dropped)) {
		if (n_dropped)
			bp_log(BP_LOG_WARN,
			       "on_event %s: %llu events were dropped, as %u waited for it already",
			       w.program, (unsigned long long)n_dropped, BP_HOOK_EVENTS_MAX);
		run(events, &w);
	}
	return NULL;
}

/* ---- its life ------------------------------------------------------------------------------------- */

bool bp_hook_is_allowed(void)
{
	return !bp_secure_is_on();
}

int bp_hook_look(const char *program)
{
	struct stat st;

	if (!program[0])
		return 0;
	if (stat(program, &st) || access(program, X_OK))
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : S_ISREG(st.st_mode) ? 0 : -EACCES;
}

static void warn_of_lack(const char *program)
{
	int err = bp_hook_look(program);

	if (err)
		bp_log(BP_LOG_WARN,
		       "[alarm] on_event = %s: cannot be run: %s: events are logged only", program,
		       strerror(-err));
}

int bp_hook_open(const char *program, const char *instance, struct bp_hook **out)
{
	struct bp_hook *events;
	pthread_condattr_t attr;
	int err;

	if (!bp_hook_is_allowed()) {
		bp_log(BP_LOG_ERROR,
		       "[alarm] on_event = %s: bypath has more rights than who started it, and would give them to "
		       "that program: delete the line, or start bypath by who has the rights",
		       program);
		return -EPERM;
	}
	warn_of_lack(program);
	events = calloc(1, sizeof(*events));
	if (!events)
		return -ENOMEM;
	snprintf(events->program, sizeof(events->program), "%s", program);
	snprintf(events->instance, sizeof(events->instance), "%s", instance);
	pthread_mutex_init(&events->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&events->changed, &attr);
	pthread_condattr_destroy(&attr);
	err = bp_aside_start(&events->thread, "bypath-hook", 0, work, events);
	if (err) {
		bp_log(BP_LOG_ERROR, "[alarm] on_event = %s: no thread for it: %s", program,
		       strerror(-err));
		free(events);
		return err;
	}
	*out = events;
	return 0;
}

void bp_hook_change(struct bp_hook *events, const char *program)
{
	warn_of_lack(program);
	pthread_mutex_lock(&events->lock);
	snprintf(events->program, sizeof(events->program), "%s", program);
	pthread_mutex_unlock(&events->lock);
}

void bp_hook_put(struct bp_hook *events, const struct bp_hook_event *event)
{
	pthread_mutex_lock(&events->lock);
	if (!events->program[0]) {
		/* A reload has taken it away. */
	} else if (events->n == BP_HOOK_EVENTS_MAX) {
		events->n_dropped++;
	} else {
		struct waiting *w =
			&events->waiting[(events->first + events->n) % BP_HOOK_EVENTS_MAX];

		w->event = *event;
		memcpy(w->program, events->program, sizeof(w->program));
		events->n++;
		pthread_cond_broadcast(&events->changed);
	}
	pthread_mutex_unlock(&events->lock);
}

void bp_hook_close(struct bp_hook *events)
{
	struct timespec end;
	int err = 0;

	if (!events)
		return;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += BP_HOOK_GRACE_MS * 1000000L;
	end.tv_sec += end.tv_nsec / 1000000000L;
	end.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&events->lock);
	events->is_closing = true;
	pthread_cond_broadcast(&events->changed);
	while (!err && (events->n || !events->is_idle))
		err = pthread_cond_timedwait(&events->changed, &events->lock, &end);
	pthread_mutex_unlock(&events->lock);
	atomic_store_explicit(&events->is_over, true, memory_order_relaxed);
	pthread_join(events->thread, NULL);
	pthread_cond_destroy(&events->changed);
	pthread_mutex_destroy(&events->lock);
	free(events);
}
