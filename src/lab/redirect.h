/* Forwarding inside the kernel by XDP: every frame of one interface leaves by another. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_LAB_REDIRECT_H
#define BYPATH_LAB_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

struct bp_redirect {
	int map, program, link; /* descriptors; closing them ends the forwarding */
	int promisc; /* `from` takes frames for every address while it is open */
	bool is_native; /* the driver runs the program; else the generic hook */
};

/*
 * Attach a program to `from` (calling thread's namespace) that redirects each frame through a
 * devmap to `to`. Native where the driver allows it, else generic. Blocks for a moment. 0, or
 * -errno with a sentence in why.
 */
int bp_redirect_start(const char *from, const char *to, struct bp_redirect *r, char *why,
		      size_t why_bytes);
void bp_redirect_stop(struct bp_redirect *r);

#endif
