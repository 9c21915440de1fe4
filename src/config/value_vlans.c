/* Turns a list of VLAN ids into a set. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value.h"

#include <ctype.h>
#include <string.h>

/* Parse an id; *text is behind it and the blanks that follow. */
static bool parse_id(const char **text, unsigned *id)
{
	unsigned v = 0;

	*text += strspn(*text, " \t");
	if (!isdigit((unsigned char)**text))
		return false;
	for (; isdigit((unsigned char)**text); ++*text) {
		v = v * 10 + (unsigned)(**text - '0');
		if (v > BP_VLAN_ID_MAX)
			return false;
	}
	*text += strspn(*text, " \t");
	*id = v;
	return true;
}

/* Add the ids from … to. false: one is there already. */
static bool add_range(struct bp_vlans *vlans, unsigned from, unsigned to)
{
	for (; from <= to; from++) {
		if (bp_vlans_has(vlans, from))
			return false;
		vlans->bits[from / 64] |= UINT64_C(1) << from % 64;
	}
	return true;
}

bool bp_value_parse_vlans(const char *text, struct bp_vlans *vlans)
{
	struct bp_vlans found = { { 0 } };

	for (;; text++) {
		unsigned from, to;

		if (!parse_id(&text, &from))
			return false;
		to = from;
		if (*text == '-') {
			text++;
			if (!parse_id(&text, &to) || to < from)
				return false;
		}
		if (!add_range(&found, from, to))
			return false;
		if (!*text)
			break;
		if (*text != ',')
			return false;
	}
	*vlans = found;
	return true;
}
