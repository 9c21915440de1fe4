/* Frames with a recognisable header and a pattern as payload. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

/* Byte i of frame seq. The addresses carry the number, the type is the IEEE's local experiment. */
static uint8_t frame_byte(uint32_t seq, uint32_t i, bool is_vlan)
{
	static const uint8_t tag[4] = { 0x81, 0x00, 0x00, 0x2a };

	if (i < 12) {
		uint32_t at = i % 6;
		uint32_t number = i < 6 ? seq : ~seq;

		if (at < 2)
			return at == 0 ? 0x02 : 0xb7;
		return (uint8_t)(number >> (8 * (5 - at)));
	}
	if (is_vlan && i < 16)
		return tag[i - 12];
	if (i == (is_vlan ? 16u : 12u))
		return 0x88;
	if (i == (is_vlan ? 17u : 13u))
		return 0xb5;
	/* A multiplicative hash: neighbouring bytes, frames and 256-byte blocks all differ. */
	return (uint8_t)(((seq + 1) * 2654435761u + i * 2246822519u) >> 13);
}

void frame_write(uint8_t *dst, uint32_t seq, uint32_t len, bool is_vlan)
{
	for (uint32_t i = 0; i < len; i++)
		dst[i] = frame_byte(seq, i, is_vlan);
}

bool frame_seq(const uint8_t *frame, uint32_t len, uint32_t *seq)
{
	uint32_t to = 0, from = 0;

	if (len < FRAME_HEADER || frame[0] != 0x02 || frame[1] != 0xb7)
		return false;
	for (unsigned i = 2; i < 6; i++) {
		to = to << 8 | frame[i];
		from = from << 8 | frame[6 + i];
	}
	if (to != ~from)
		return false;
	*seq = to;
	return true;
}

long frame_diff(const uint8_t *frame, uint32_t seq, uint32_t len, bool is_vlan)
{
	for (uint32_t i = 0; i < len; i++) {
		if (frame[i] != frame_byte(seq, i, is_vlan))
			return i;
	}
	return -1;
}
