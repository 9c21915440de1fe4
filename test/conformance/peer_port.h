/* A second port of bypath as the other end of the port under test. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_PEER_PORT_H
#define BYPATH_TEST_PEER_PORT_H

#include <stdint.h>

struct world;

/* rig.send and rig.recv over w->peer. */
int peer_port_send(struct world *w, const uint8_t *frame, uint32_t len);
int peer_port_recv(struct world *w, uint8_t *frame, uint32_t room);
/* rig.detach: gives back what was received but not taken. */
void peer_port_detach(struct world *w);

#endif
