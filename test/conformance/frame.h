/* Test frames: every byte follows from the sequence number, so that any change shows. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_TEST_FRAME_H
#define BYPATH_TEST_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_HEADER 14u

/* Write frame seq of len bytes. With is_vlan, an 802.1Q tag stands behind the addresses. */
void frame_write(uint8_t *dst, uint32_t seq, uint32_t len, bool is_vlan);

/* Sequence number of a frame of the suite; false for other traffic. Runts are never the suite's. */
bool frame_seq(const uint8_t *frame, uint32_t len, uint32_t *seq);

/* Compare with what frame_write() makes: index of the first wrong byte, or -1. */
long frame_diff(const uint8_t *frame, uint32_t seq, uint32_t len, bool is_vlan);

#endif
