/* Hands an interface over between two ports that hear it by packet sockets: filters decide which one a packet comes to. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "handover/handover.h"

#include "bypath/log.h"

#include "core/bpf.h"
#include "core/netdev.h"

#include "handover/sockets.bpf.h"
#include "handover/sockets.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "handover.skel.h"
#pragma GCC diagnostic pop

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct bp_handover {
	struct bp_handover *next;
	struct handover *skel;
	bool is_flipped;
	struct bp_sockets from, to;
};

/* ---- filters ---------------------------------------------------------------------------------- */

static struct handover *load(int *err)
{
	struct handover *skel;

	libbpf_set_print(bp_bpf_print);
	skel = handover__open_and_load();
	*err = skel ? 0 : -errno;
	return skel;
}

bool bp_handover_can(void)
{
	int err;
	struct handover *skel = load(&err);
	bool can = skel;

	if (!can)
		bp_log(BP_LOG_DEBUG, "no hand-over from packet socket to packet socket: %s",
		       strerror(-err));
	handover__destroy(skel);
	return can;
}

static int attach(struct bp_sockets *side, const struct bpf_program *program)
{
	int program_fd = bpf_program__fd(program), err = 0;
	unsigned i = 0;

	for (; !err && i < side->n; i++) {
		err = bp_sockets_remember(side, i);
		if (!err && setsockopt(side->fds[i], SOL_SOCKET, SO_ATTACH_BPF, &program_fd,
				       sizeof(program_fd)))
			err = -errno;
	}
	if (err)
		bp_sockets_restore(side, i - 1);
	return err;
}

/* ---- a hand-over ------------------------------------------------------------------------------ */

static int attach_both(struct bp_handover *h)
{
	/* From's first: it counts from there on, and to's finds it counting. */
	int err = attach(&h->from, h->skel->progs.handover_from);

	if (err)
		return err;
	err = attach(&h->to, h->skel->progs.handover_to);
	if (err)
		bp_sockets_restore(&h->from, h->from.n);
	return err;
}

int bp_handover_begin(struct bp_handover **list, struct bp_port *from, struct bp_port *to)
{
	struct bp_handover *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return -ENOMEM;
	bp_handover_end(list,
			from); /* of a reload just before: its filters are not ours to remember */
	bp_sockets_find(&h->from, from);
	bp_sockets_find(&h->to, to);
	if (!h->from.n || !h->to.n) {
		free(h);
		return 0;
	}
	h->skel = load(&err);
	if (!err)
		err = attach_both(h);
	if (err) {
		bp_log(BP_LOG_ERROR, "port %s: cannot take over from port %s's sockets: %s",
		       to->conf->name, from->conf->name, strerror(-err));
		handover__destroy(h->skel);
		free(h);
		return err;
	}
	bp_sockets_forget(&h->to);
	h->next = *list;
	*list = h;
	return 0;
}

bool bp_handover_flip(struct bp_handover *list, const struct bp_port *from)
{
	bool is_one = false;

	for (; list; list = list->next) {
		if (list->from.port != from)
			continue;
		__atomic_store_n(&list->skel->bss->is_flipped, 1, __ATOMIC_RELEASE);
		list->is_flipped = is_one = true;
	}
	return is_one;
}

static void end(struct bp_handover *h)
{
	/* From's first: it follows to's. */
	for (unsigned i = 0; h->is_flipped && i < h->from.n; i++)
		(void)bp_netdev_deafen(h->from.fds[i]);
	if (!h->is_flipped)
		bp_sockets_restore(&h->from, h->from.n);
	bp_sockets_restore(&h->to, h->to.n);
	handover__destroy(h->skel);
	free(h);
}

void bp_handover_end(struct bp_handover **list, const struct bp_port *port)
{
	while (*list) {
		struct bp_handover *h = *list;

		if (port && h->from.port != port && h->to.port != port) {
			list = &h->next;
			continue;
		}
		*list = h->next;
		end(h);
	}
}
