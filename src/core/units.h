/* Figures for people, with k, M, G before their unit. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_UNITS_H
#define BYPATH_CORE_UNITS_H

#include <math.h>
#include <stdio.h>

#define BP_UNITS_BYTES 32u

/* Four digits: "0 pps", "999 pps", "1.234 kpps", "12.35 Mpps"; unit "": "1.234 M". Fractions below 1000 are rounded off.
 * value: 0 or above. Returns text. Pure. */
static inline const char *bp_units(double value, const char *unit, char text[BP_UNITS_BYTES])
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T" };
	unsigned i = 0;

	/* What would be rounded to 1000 has the next prefix. */
	for (; i < 4 && (i ? value >= 999.95 : round(value) >= 1000); i++)
		value /= 1000;
	snprintf(text, BP_UNITS_BYTES, "%.*f%s%s%s",
		 !i               ? 0
		 : value < 9.9995 ? 3
		 : value < 99.995 ? 2
				  : 1,
		 value, i || *unit ? " " : "", prefixes[i], unit);
	return text;
}

#endif
