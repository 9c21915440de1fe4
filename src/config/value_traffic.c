/* Turns the text of the keys that describe traffic into values: rates, sizes, ranges of header fields. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MIN       64u
#define SIZE_MAX_BYTES 9022u /* MTU 9000 with a VLAN tag */
#define WEIGHT_MAX     64u
#define RANGE_MAX      (1u << 24) /* values of one field */
#define TEXT_MAX       128u

static const char *rate_allowed(const struct bp_key *key)
{
	if (key->flags & BP_KEY_PPS)
		return "max, or 1pps..1000mpps, as 1000pps or 10kpps";
	if (key->flags & BP_KEY_NUMERIC)
		return "a number with pps, bps or bpsl1, k, m, g before them, as 100mbps";
	return "max, or a number with pps, bps, bpsl1 (k, m, g before them) or %";
}

const char *bp_value_traffic_allowed(const struct bp_key *key)
{
	switch (key->type) {
	case BP_KEY_SECONDS:
		return "seconds, 0..1e9, a fraction is allowed, as 30s or 0.5";
	case BP_KEY_INTERVAL:
		return "seconds, 0.1..86400, a fraction is allowed; off; auto (1 on a terminal, off elsewhere)";
	case BP_KEY_FACTOR:
		return "0.000001..1000000, a fraction is allowed";
	case BP_KEY_RATE:
		return rate_allowed(key);
	case BP_KEY_SIZES:
		return "imix, or up to 8 sizes of 64..9022 bytes as 64,1518 or with weights 64:7,594:4";
	case BP_KEY_MAC:
		return "a unicast MAC address as 02:00:00:00:00:01";
	case BP_KEY_MACS:
		return "a unicast MAC address as 02:00:00:00:00:01, or FIRST-LAST";
	case BP_KEY_ADDRS:
		return "an IPv4 or IPv6 address, or FIRST-LAST";
	case BP_KEY_L4PORTS:
		return "0..65535, or FIRST-LAST";
	case BP_KEY_ENCAP:
		return "up to 8 of vlan:ID, qinq:ID, mpls:LABEL, vxlan:VNI, gre, gre:KEY, gretap, "
		       "gretap:KEY, from the outside, as qinq:100,vlan:200";
	case BP_KEY_EXTENSIONS:
		return "hop-by-hop, dest-options, fragment, each once";
	case BP_KEY_VLANS:
		return "VLAN ids of 0..4094, each once, as 10,20-30";
	default:
		return "";
	}
}

/* Parse a decimal number without sign; *end is behind it. strtod() would take hexadecimal, inf and blanks. */
static bool parse_decimal(const char *text, const char **end, double *value)
{
	double v = 0, place = 1;
	bool has_digit = false;

	for (; isdigit((unsigned char)*text); text++, has_digit = true)
		v = v * 10 + (*text - '0');
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++, has_digit = true)
			v += (*text - '0') * (place /= 10);
	*end = text;
	*value = v;
	return has_digit && v <= 1e15;
}

static bool parse_seconds(const char *text, double *value)
{
	double v;

	if (!parse_decimal(text, &text, &v) || v > 1e9)
		return false;
	if (text[text[0] == 's'])
		return false;
	*value = v;
	return true;
}

static bool parse_interval(const char *text, double *value)
{
	double v = 0;

	if (!strcmp(text, "auto"))
		v = BP_LOG_INTERVAL_AUTO;
	else if (strcmp(text, "off") && (!parse_seconds(text, &v) || v < 0.1 || v > 86400))
		return false;
	*value = v;
	return true;
}

static bool parse_factor(const char *text, double *value)
{
	double v;

	if (!parse_decimal(text, &text, &v) || *text || v < 1e-6 || v > 1e6)
		return false;
	*value = v;
	return true;
}

/* The factor that k, m or g before a unit stands for, 1 without one; *text is behind it. */
static double take_prefix(const char **text)
{
	static const char prefixes[] = "kmg";
	const char *prefix = **text ? strchr(prefixes, tolower((unsigned char)**text)) : NULL;
	double factor = 1;

	if (!prefix)
		return 1;
	++*text;
	for (; prefix >= prefixes; prefix--)
		factor *= 1000;
	return factor;
}

static bool parse_rate_unit(const char *text, enum bp_rate_unit *unit)
{
	static const struct {
		const char *word;
		enum bp_rate_unit unit;
	} units[] = { { "pps", BP_RATE_PPS },
		      { "bps", BP_RATE_BPS_L2 },
		      { "bpsl1", BP_RATE_BPS_L1 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcasecmp(text, units[i].word)) {
			*unit = units[i].unit;
			return true;
		}
	return false;
}

static bool parse_any_rate(const char *text, struct bp_rate *rate)
{
	struct bp_rate r = { .unit = BP_RATE_MAX };

	if (!strcmp(text, "max")) {
		*rate = r;
		return true;
	}
	if (!parse_decimal(text, &text, &r.value) || r.value <= 0)
		return false;
	text += strspn(text, " ");
	r.unit = BP_RATE_PERCENT;
	if (!strcmp(text, "%")) {
		*rate = r;
		return r.value <= 100;
	}
	r.value *= take_prefix(&text);
	if (!parse_rate_unit(text, &r.unit))
		return false;
	*rate = r;
	return true;
}

static bool parse_rate(const struct bp_key *key, const char *text, struct bp_rate *rate)
{
	struct bp_rate r;

	if (!parse_any_rate(text, &r))
		return false;
	if (key->flags & BP_KEY_PPS && r.unit != BP_RATE_MAX &&
	    (r.unit != BP_RATE_PPS || r.value < 1 || r.value > 1e9))
		return false;
	if (key->flags & BP_KEY_NUMERIC && (r.unit == BP_RATE_MAX || r.unit == BP_RATE_PERCENT))
		return false;
	*rate = r;
	return true;
}

/* Parse a number up to max; *end is behind its digits. */
static bool parse_small(const char *text, const char **end, unsigned max, unsigned *value)
{
	unsigned v = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		v = v * 10 + (unsigned)(*text - '0');
		if (v > max)
			return false;
	}
	*end = text;
	*value = v;
	return true;
}

static bool parse_sizes(const char *text, struct bp_sizes *sizes)
{
	struct bp_sizes s = { 0 };

	if (!strcmp(text, "imix"))
		text = "64:7,594:4,1518:1";
	for (;; text++) {
		unsigned bytes, weight = 1;

		text += strspn(text, " ");
		if (s.n == BP_SIZES_MAX || !parse_small(text, &text, SIZE_MAX_BYTES, &bytes) ||
		    bytes < SIZE_MIN)
			return false;
		if (*text == ':' && (!parse_small(text + 1, &text, WEIGHT_MAX, &weight) || !weight))
			return false;
		s.v[s.n].bytes = (uint16_t)bytes;
		s.v[s.n++].weight = (uint16_t)weight;
		text += strspn(text, " ");
		if (!*text)
			break;
		if (*text != ',')
			return false;
	}
	*sizes = s;
	return true;
}

/* ---- ranges ---------------------------------------------------------------------------------- */

typedef bool (*parse_one_fn)(const char *text, struct bp_range *range);

static bool parse_mac(const char *text, struct bp_range *range)
{
	range->n_bytes = 6;
	for (unsigned i = 0; i < 6; i++, text += 3) {
		char pair[3] = { text[0], text[0] ? text[1] : '\0', '\0' };

		if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]) ||
		    text[2] != (i < 5 ? ':' : '\0'))
			return false;
		range->first[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return !(range->first[0] & 1);
}

static bool parse_one_mac(const char *text, struct bp_mac *mac)
{
	struct bp_range range;

	if (!parse_mac(text, &range))
		return false;
	mac->is_given = true;
	memcpy(mac->bytes, range.first, sizeof(mac->bytes));
	return true;
}

static bool parse_addr(const char *text, struct bp_range *range)
{
	bool is_v6 = strchr(text, ':') != NULL;

	range->n_bytes = is_v6 ? 16 : 4;
	return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, range->first) == 1;
}

static bool parse_l4port(const char *text, struct bp_range *range)
{
	unsigned v;

	if (!parse_small(text, &text, 65535, &v) || *text)
		return false;
	range->n_bytes = 2;
	range->first[0] = (uint8_t)(v >> 8);
	range->first[1] = (uint8_t)v;
	return true;
}

/* The last 8 bytes as a number: the ends of a range must not differ before them. */
static uint64_t low_bits(const struct bp_range *range)
{
	uint64_t v = 0;

	for (unsigned i = range->n_bytes > 8 ? range->n_bytes - 8u : 0; i < range->n_bytes; i++)
		v = v << 8 | range->first[i];
	return v;
}

/* Set first->n to the number of values up to last. Returns NULL, or what is wrong with the range. */
static const char *join(struct bp_range *first, const struct bp_range *last)
{
	uint64_t from = low_bits(first), to = low_bits(last);

	if (first->n_bytes != last->n_bytes)
		return "one is IPv4, the other IPv6";
	if (first->n_bytes == 16 && memcmp(first->first, last->first, 8) != 0)
		return "the two differ in their first 64 bits";
	if (to < from)
		return "the last is below the first";
	if (to - from >= RANGE_MAX)
		return "more than 2^24 values";
	first->n = (uint32_t)(to - from + 1);
	return NULL;
}

static bool parse_range(const char *text, parse_one_fn parse_one, struct bp_range *range,
			const char **why)
{
	struct bp_range first = { .n = 1 }, last = { .n = 1 };
	const char *dash = strchr(text, '-');
	char buffer[TEXT_MAX];

	*why = NULL;
	if (strlen(text) >= sizeof(buffer))
		return false;
	snprintf(buffer, sizeof(buffer), "%.*s", dash ? (int)(dash - text) : (int)strlen(text),
		 text);
	if (!parse_one(buffer, &first))
		return false;
	if (dash) {
		if (!parse_one(dash + 1, &last))
			return false;
		*why = join(&first, &last);
		if (*why)
			return false;
	}
	*range = first;
	return true;
}

int bp_value_store_traffic(const struct bp_key *key, const char *text, void *field,
			   char why[BP_WHY_BYTES])
{
	const char *reason = NULL;
	bool is_right = false;

	switch (key->type) {
	case BP_KEY_SECONDS:
		is_right = parse_seconds(text, field);
		break;
	case BP_KEY_INTERVAL:
		is_right = parse_interval(text, field);
		break;
	case BP_KEY_FACTOR:
		is_right = parse_factor(text, field);
		break;
	case BP_KEY_RATE:
		is_right = parse_rate(key, text, field);
		break;
	case BP_KEY_SIZES:
		is_right = parse_sizes(text, field);
		break;
	case BP_KEY_MAC:
		is_right = parse_one_mac(text, field);
		break;
	case BP_KEY_MACS:
		is_right = parse_range(text, parse_mac, field, &reason);
		break;
	case BP_KEY_ADDRS:
		is_right = parse_range(text, parse_addr, field, &reason);
		break;
	case BP_KEY_L4PORTS:
		is_right = parse_range(text, parse_l4port, field, &reason);
		break;
	case BP_KEY_ENCAP:
		is_right = bp_value_parse_encaps(text, field);
		break;
	case BP_KEY_EXTENSIONS:
		is_right = bp_value_parse_extensions(text, field);
		break;
	case BP_KEY_VLANS:
		is_right = bp_value_parse_vlans(text, field);
		break;
	default:
		break;
	}
	if (is_right)
		return 0;
	snprintf(why, BP_WHY_BYTES, "found '%.80s'%s%s, allowed: %s", text, reason ? ": " : "",
		 reason ? reason : "", bp_value_traffic_allowed(key));
	return -EINVAL;
}
