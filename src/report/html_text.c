/* Writes values of a compare document as text. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define REPLACEMENT  "\xef\xbf\xbd"
#define NARROW_SPACE "\xe2\x80\xaf"

const char *bp_html_str(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : otherwise;
}

double bp_html_num(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

struct bp_html_stat bp_html_stat(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	struct bp_html_stat stat = { bp_html_num(value, "median"), bp_html_num(value, "min"),
				     bp_html_num(value, "max"), bp_html_num(value, "spread") };

	if (json_is_number(value))
		stat.median = json_number_value(value);
	if (!bp_html_known(stat.min))
		stat.min = stat.median;
	if (!bp_html_known(stat.max))
		stat.max = stat.median;
	return stat;
}

bool bp_html_known(double value)
{
	return isfinite(value);
}

/* Length of the character at text; 0 at its end. jansson lets only valid UTF-8 in. */
static size_t character_len(const char *text)
{
	size_t len = 1;

	if (!*text)
		return 0;
	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

/* Controls, direction marks (U+200E/F, U+202A–E, U+2066–9) and U+FFFE/F, which XML forbids. */
static bool is_unfit(const char *text, size_t len)
{
	const unsigned char *c = (const unsigned char *)text;

	if (len == 1)
		return (c[0] < 0x20 && !strchr("\t\n", c[0])) || c[0] >= 0x7f;
	if (len == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	if (len == 3 && c[0] == 0xe2)
		return (c[1] == 0x80 &&
			(c[2] == 0x8e || c[2] == 0x8f || (c[2] >= 0xaa && c[2] <= 0xae))) ||
		       (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
	return len == 3 && c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe;
}

void bp_html_put(FILE *out, const char *text)
{
	size_t len;

	for (; (len = character_len(text)) > 0; text += len) {
		if (is_unfit(text, len))
			fputs(REPLACEMENT, out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else if (*text == '\'')
			fputs("&#39;", out);
		else
			fwrite(text, 1, len, out);
	}
}

void bp_html_sig(FILE *out, double value)
{
	double size = fabs(value);

	if (!bp_html_known(value))
		fputs("–", out);
	else if (size >= 9999.5)
		bp_html_count(out, value);
	else
		fprintf(out, "%.*f",
			size >= 99.95    ? 0
			: size >= 9.995  ? 1
			: size >= 0.9995 ? 2
					 : 3,
			value);
}

void bp_html_plain(FILE *out, double value)
{
	if (bp_html_known(value) && fabs(value) < 1e5)
		fprintf(out, "%g", value);
	else
		bp_html_count(out, value);
}

void bp_html_count(FILE *out, double value)
{
	char digits[64];
	size_t len;

	if (!bp_html_known(value) || fabs(value) > 1e18) {
		fputs("–", out);
		return;
	}
	len = (size_t)snprintf(digits, sizeof(digits), "%.0f", fabs(value));
	if (value <= -0.5)
		fputs("−", out);
	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			fputs(NARROW_SPACE, out);
		fputc(digits[i], out);
	}
}

void bp_html_ns(FILE *out, double ns)
{
	static const char *const units[] = { "ns", "µs", "ms", "s" };
	unsigned unit = 0;

	if (!bp_html_known(ns)) {
		fputs("–", out);
		return;
	}
	for (; ns >= 999.5 && unit < 3; unit++)
		ns /= 1000;
	if (unit == 0 || ns == floor(ns))
		fprintf(out, "%.0f", ns);
	else
		bp_html_sig(out, ns);
	fprintf(out, NARROW_SPACE "%s", units[unit]);
}

void bp_html_percent(FILE *out, double ratio)
{
	double percent = 100 * ratio;

	if (!bp_html_known(ratio)) {
		fputs("–", out);
		return;
	}
	fprintf(out, "%.*f" NARROW_SPACE "%%", fabs(percent) > 0 && fabs(percent) < 0.1 ? 3 : 1,
		percent);
}

void bp_html_size(FILE *out, const char *size)
{
	if (!strcasecmp(size, "imix")) {
		fputs("IMIX", out);
		return;
	}
	bp_html_put(out, size);
	if (strspn(size, "0123456789") == strlen(size))
		fputs(NARROW_SPACE "B", out);
}
