/* Runs the generator behind a socket: requests in, results out. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/generator.h"

#include "bypath/config.h"
#include "bypath/counters.h"
#include "gen/gen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ERRORS_BYTES 4096u
#define LINK_WAIT_S  10.0
#define END_S        1.0 /* from the end of the process's socket to the end of the process */

/* The first message that the generator's process sends. */
struct hello {
	int rc;
	char tx_mode[48], rx_mode[48];
};

struct inner {
	const char *ini;
	int fd;
	int other_end;
};

/* The generator that the signal handler may interrupt: a handler has no argument of its own. */
static struct bp_gen *_Atomic interruptible;

static void on_signal(int signal)
{
	struct bp_gen *gen = atomic_load_explicit(&interruptible, memory_order_acquire);

	(void)signal;
	if (gen)
		bp_gen_interrupt(gen);
}

/* Read a whole message from a stream socket; false: the other end has closed it. */
static bool read_all(int fd, void *data, size_t bytes)
{
	for (char *at = data; bytes;) {
		ssize_t n = recv(fd, at, bytes, MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		bytes -= (size_t)n;
	}
	return true;
}

static bool write_all(int fd, const void *data, size_t bytes)
{
	for (const char *at = data; bytes;) {
		ssize_t n = send(fd, at, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		at += n;
		bytes -= (size_t)n;
	}
	return true;
}

/* ---- in the process ------------------------------------------------------------------------- */

static void add_drop(struct bp_generator_answer *a, const char *role, const char *reason,
		     bool is_counted, uint64_t n)
{
	struct bp_generator_drop *d = &a->drops[a->n_drops];

	if (!n || a->n_drops == BP_GENERATOR_DROPS_MAX)
		return;
	snprintf(d->role, sizeof(d->role), "%s", role);
	snprintf(d->reason, sizeof(d->reason), "%s", reason);
	d->is_counted = is_counted;
	d->n = n;
	a->n_drops++;
}

/* Frames that the TX port dropped were never sent. Frames that the RX port dropped were sent, and are lost. */
static void read_drops(const struct bp_gen *gen, struct bp_gen_report *report,
		       struct bp_generator_answer *a)
{
	bp_gen_report(gen, report);
	for (unsigned i = 0; i < report->n_ports; i++) {
		const struct bp_gen_port_row *p = &report->ports[i];
		bool is_rx = bp_gen_has_role(p, BP_GEN_RX);

		for (unsigned id = BP_DROP_FIRST; is_rx && id < BP_CNT_N; id++)
			add_drop(a, "rx", bp_counter_rows[id].name, true, p->rx[id]);
		for (unsigned j = 0; j < p->n_reported; j++) {
			const struct bp_counter_row *row = p->reported[j].row;

			a->is_source_named |= row->kind == BP_KIND_EXPLAINS;
			if (row->kind == BP_KIND_DROP)
				add_drop(a, bp_side_name(row->side), row->name, false,
					 p->reported[j].value);
		}
	}
}

static void say_hello(const struct inner *in, const struct bp_gen *gen,
		      struct bp_gen_report *report, int rc)
{
	struct hello hello = { .rc = rc };

	if (gen)
		bp_gen_report(gen, report);
	for (unsigned i = 0; gen && i < report->n_ports; i++) {
		const struct bp_gen_port_row *p = &report->ports[i];
		bool is_rx = bp_gen_has_role(p, BP_GEN_RX);

		snprintf(is_rx ? hello.rx_mode : hello.tx_mode, sizeof(hello.tx_mode), "%s %s",
			 p->conf->driver, p->info.mode);
	}
	write_all(in->fd, &hello, sizeof(hello));
}

static void serve(const struct inner *in, struct bp_gen *gen, struct bp_gen_report *report,
		  struct bp_generator_answer *a)
{
	struct bp_trial_request request;

	while (read_all(in->fd, &request, sizeof(request))) {
		memset(a, 0, sizeof(*a));
		request.latency = &a->latency;
		a->rc = bp_gen_trial(gen, &request, &a->result);
		if (!a->rc)
			read_drops(gen, report, a);
		if (!write_all(in->fd, a, sizeof(*a)))
			return;
	}
}

static int generator_main(void *ctx)
{
	const struct inner *in = ctx;
	struct bp_conf *conf = calloc(1, sizeof(*conf));
	struct bp_gen_report *report = calloc(1, sizeof(*report));
	struct bp_generator_answer *a = calloc(1, sizeof(*a));
	struct bp_gen *gen = NULL;
	char errors[ERRORS_BYTES];
	int rc = -ENOMEM;

	close(in->other_end);
	signal(SIGUSR1, on_signal);
	if (conf && report && a) {
		rc = bp_config_load(in->ini, NULL, 0, conf, errors, sizeof(errors));
		if (rc)
			fputs(errors, stderr);
	}
	if (!rc)
		rc = bp_gen_create(conf, &gen);
	if (!rc)
		atomic_store_explicit(&interruptible, gen, memory_order_release);
	say_hello(in, gen, report, rc);
	if (!rc)
		serve(in, gen, report, a);
	atomic_store_explicit(&interruptible, NULL, memory_order_release);
	bp_gen_destroy(gen);
	free(conf);
	free(report);
	free(a);
	return rc ? 1 : 0;
}

/* ---- outside ---------------------------------------------------------------------------------- */

int bp_generator_start(const struct bp_generator_conf *conf, struct bp_generator *generator)
{
	struct inner in = { .ini = conf->ini };
	struct bp_child_conf child = { .netns = conf->netns,
				       .folder = conf->folder,
				       .name = "generator",
				       .main = generator_main,
				       .ctx = &in };
	int fds[2], rc;

	memset(generator, 0, sizeof(*generator));
	generator->fd = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	in.fd = fds[1];
	in.other_end = fds[0];
	rc = bp_child_start(&child, &generator->child);
	close(fds[1]);
	if (rc) {
		close(fds[0]);
		return rc;
	}
	generator->fd = fds[0];
	return 0;
}

static int wait_readable(const struct bp_generator *generator, double seconds)
{
	struct pollfd p = { .fd = generator->fd, .events = POLLIN };
	int n = poll(&p, 1, (int)(seconds * 1000));

	return n > 0 ? 0 : -EAGAIN;
}

int bp_generator_ready(struct bp_generator *generator, double seconds, char *why, size_t why_bytes)
{
	struct hello hello;
	int rc = wait_readable(generator, seconds);

	if (rc)
		return rc;
	if (!read_all(generator->fd, &hello, sizeof(hello)))
		hello.rc = -EPIPE;
	if (!hello.rc) {
		memcpy(generator->tx_mode, hello.tx_mode, sizeof(generator->tx_mode));
		memcpy(generator->rx_mode, hello.rx_mode, sizeof(generator->rx_mode));
		return 0;
	}
	bp_child_last_line(&generator->child, "error", why, why_bytes);
	if (!*why)
		bp_child_last_line(&generator->child, "", why, why_bytes);
	if (!*why && hello.rc == -EPIPE && !bp_child_lives_on(&generator->child, END_S))
		bp_child_describe(&generator->child, why, why_bytes);
	if (!*why)
		snprintf(why, why_bytes, "%s", strerror(-hello.rc));
	return hello.rc;
}

int bp_generator_ask(struct bp_generator *generator, const struct bp_trial_request *request)
{
	return write_all(generator->fd, request, sizeof(*request)) ? 0 : -EPIPE;
}

int bp_generator_poll(struct bp_generator *generator, double seconds,
		      struct bp_generator_answer *answer)
{
	int rc = wait_readable(generator, seconds);

	if (rc)
		return rc;
	return read_all(generator->fd, answer, sizeof(*answer)) ? 0 : -EPIPE;
}

void bp_generator_interrupt(struct bp_generator *generator)
{
	if (generator->child.pid > 0)
		kill(generator->child.pid, SIGUSR1);
}

void bp_generator_stop(struct bp_generator *generator)
{
	if (generator->fd >= 0)
		close(generator->fd); /* the process ends when its socket is closed */
	generator->fd = -1;
	bp_child_stop(&generator->child, 0, 2);
}
