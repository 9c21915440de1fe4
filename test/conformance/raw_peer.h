/* A raw socket on a network interface as the other end of the port under test. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_RAW_PEER_H
#define BYPATH_TEST_RAW_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rig;
struct world;

/* A private network namespace without IPv6 chatter. 0, 77 with the reason, -errno. */
int raw_peer_namespace(char *why, size_t why_bytes);
/* Run a shell command quietly: its exit status is 0, else -EIO with the command in why. */
int raw_peer_command(char *why, size_t why_bytes, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Set an interface's MTU. 0 or -errno. */
int raw_peer_set_mtu(const char *interface, unsigned mtu);

/* Open w->fd on the interface; close it. */
int raw_peer_open(struct world *w, const char *interface);
void raw_peer_detach(struct world *w);
/* From now on a virtio_net_hdr stands before each frame of w->fd; false: no such peer. */
bool raw_peer_want_metadata(struct world *w);
/* rig.send, rig.recv over w->fd. */
int raw_peer_send(struct world *w, const uint8_t *frame, uint32_t len);
int raw_peer_recv(struct world *w, uint8_t *frame, uint32_t room);

#endif
