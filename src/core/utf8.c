/* Well-formed UTF-8. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/utf8.h"

/* Source: RFC 3629 section 4, the table of well-formed sequences. */
size_t bp_utf8_bytes(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < n; i++) {
		if (s[i] < low || s[i] > high)
			return 0; /* the terminator too: never read past it */
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

bool bp_utf8_valid(const char *text)
{
	while (*text) {
		size_t n = bp_utf8_bytes(text);

		if (!n)
			return false;
		text += n;
	}
	return true;
}

size_t bp_utf8_control_bytes(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if ((s[0] && s[0] < ' ') || s[0] == 0x7f)
		return 1;
	return s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0 ? 2 : 0;
}

bool bp_utf8_has_control(const char *text)
{
	while (*text && !bp_utf8_control_bytes(text))
		text++;
	return *text;
}

void bp_utf8_clean(char *text)
{
	while (*text) {
		size_t n = bp_utf8_bytes(text);

		if (!n)
			*text = '?';
		text += n ? n : 1;
	}
}
