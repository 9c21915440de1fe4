/* Turns text into values. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value.h"

#include "bypath/driver.h"
#include "bypath/function.h"

#include "config/spelling.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOWED_BYTES 256u

/* The i-th name that a key of this type allows, NULL behind the last. */
static const char *name_at(enum bp_key_type type, unsigned i)
{
	if (type == BP_KEY_DRIVER)
		return bp_driver_table[i].name;
	return bp_function_table[i] ? bp_function_table[i]->name : NULL;
}

static void print_names(enum bp_key_type type, char *out, size_t out_bytes)
{
	const char *name;

	out[0] = '\0';
	for (unsigned i = 0; (name = name_at(type, i)); i++)
		bp_list_add(out, out_bytes, " | ", name);
}

void bp_schema_print_words(const struct bp_key *key, uint32_t values, char *out, size_t out_bytes)
{
	out[0] = '\0';
	for (const struct bp_word *w = key->words; w->word; w++)
		if (values & 1u << w->value)
			bp_list_add(out, out_bytes, " | ", w->word);
}

static void print_words(const struct bp_key *key, char *out, size_t out_bytes)
{
	out[0] = '\0';
	for (const struct bp_word *w = key->words; w->word; w++)
		bp_list_add(out, out_bytes, " | ", w->word);
	if (key->unit)
		bp_list_add(out, out_bytes, " ", key->unit);
}

static void print_range(const struct bp_key *key, char *out, size_t out_bytes)
{
	char zero[64] = "";

	if (key->flags & BP_KEY_ZERO)
		snprintf(zero, sizeof(zero), ", or 0: %s", key->zero);
	else if (key->zero)
		snprintf(zero, sizeof(zero), ", 0: %s", key->zero);
	snprintf(out, out_bytes, "%llu..%llu%s%s%s%s", (unsigned long long)key->min,
		 (unsigned long long)key->max, key->unit[0] ? " " : "", key->unit,
		 key->flags & BP_KEY_POWER_OF_2 ? ", a power of two" : "", zero);
}

void bp_schema_print_allowed(const struct bp_key *key, char *out, size_t out_bytes)
{
	switch (key->type) {
	case BP_KEY_TEXT:
		snprintf(out, out_bytes, "text, up to %u bytes", key->size - 1u);
		break;
	case BP_KEY_FILE:
		snprintf(out, out_bytes, "a file, up to %u bytes; from the folder of this one",
			 key->size - 1u);
		break;
	case BP_KEY_DRIVER:
	case BP_KEY_FUNCTION:
		print_names(key->type, out, out_bytes);
		break;
	case BP_KEY_CHOICE:
		print_words(key, out, out_bytes);
		break;
	case BP_KEY_NUMBER:
		print_range(key, out, out_bytes);
		break;
	case BP_KEY_AMOUNT:
		print_range(key, out, out_bytes);
		bp_list_add(out, out_bytes, "; ", "k, m behind it: × 1024, 1024²");
		break;
	case BP_KEY_CORES:
		snprintf(out, out_bytes, "up to %u core numbers, each once, as 1,2 or 4-7",
			 BP_WORKERS_MAX);
		break;
	case BP_KEY_PORT:
		snprintf(
			out, out_bytes,
			"names of up to %u functions, then of a port, as F, G, PORT; without the port "
			"where the last function chooses ports itself",
			BP_CHAIN_MAX);
		break;
	default:
		snprintf(out, out_bytes, "%s", bp_value_traffic_allowed(key));
	}
}

/* The word of this key that means what another configuration language calls text, or NULL. */
static const char *find_synonym(const struct bp_key *key, const char *text)
{
	static const char *const synonyms[][2] = {
		{ "true", "yes" },    { "on", "yes" },      { "1", "yes" },    { "enabled", "yes" },
		{ "false", "no" },    { "off", "no" },      { "0", "no" },     { "disabled", "no" },
		{ "no", "off" },      { "0", "off" },       { "yes", "auto" }, { "on", "auto" },
		{ "native", "copy" }, { "generic", "skb" },
	};

	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++)
		if (!strcasecmp(synonyms[i][0], text) && bp_key_word(key, synonyms[i][1]))
			return synonyms[i][1];
	return NULL;
}

static const char *find_near_word(const struct bp_key *key, const char *text)
{
	struct bp_nearest nearest = { .word = text };

	for (const struct bp_word *w = key->words; w->word; w++) {
		if (!strcasecmp(w->word, text))
			return w->word;
		bp_nearest_try(&nearest, w->word);
	}
	return nearest.best ? nearest.best : find_synonym(key, text);
}

static int refuse(const struct bp_key *key, const char *text, const char *near,
		  char why[BP_WHY_BYTES])
{
	char allowed[ALLOWED_BYTES], hint[BP_HINT_BYTES];

	bp_schema_print_allowed(key, allowed, sizeof(allowed));
	snprintf(why, BP_WHY_BYTES, "found '%.80s', allowed: %s%s", text, allowed,
		 bp_hint(hint, near));
	return -EINVAL;
}

static void store_number(const struct bp_key *key, uint64_t value, void *base)
{
	char *field = (char *)base + key->offset;
	uint32_t v32 = (uint32_t)value;
	uint16_t v16 = (uint16_t)value;
	uint8_t v8 = (uint8_t)value;

	switch (key->size) {
	case sizeof(v8):
		memcpy(field, &v8, sizeof(v8));
		break;
	case sizeof(v16):
		memcpy(field, &v16, sizeof(v16));
		break;
	case sizeof(v32):
		memcpy(field, &v32, sizeof(v32));
		break;
	default:
		memcpy(field, &value, sizeof(value));
	}
}

/* Decimal digits up to end. false: none, others, or more than 64 bits. */
static bool parse_number(const char *text, const char **end, uint64_t *value)
{
	uint64_t v = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++)
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
			return false;
	*end = text;
	*value = v;
	return true;
}

static bool parse_amount(const char *text, uint64_t *value)
{
	unsigned shift = 0;
	uint64_t v;

	if (!parse_number(text, &text, &v))
		return false;
	if (*text == 'k' || *text == 'K')
		shift = 10;
	else if (*text == 'm' || *text == 'M')
		shift = 20;
	if (text[shift > 0] || v > UINT64_MAX >> shift)
		return false;
	*value = v << shift;
	return true;
}

static bool is_in_range(const struct bp_key *key, uint64_t v)
{
	if (!v && (key->flags & BP_KEY_ZERO))
		return true;
	if ((key->flags & BP_KEY_POWER_OF_2) && (v & (v - 1)))
		return false;
	return v >= key->min && v <= key->max;
}

/* Append the cores from … to to the n that are in cores[BP_WORKERS_MAX]. false: one is there already, or there
 * are too many. */
static bool add_cores(uint64_t from, uint64_t to, uint16_t *cores, uint16_t *n)
{
	if (from > to || to > UINT16_MAX || to - from >= BP_WORKERS_MAX)
		return false;
	for (; from <= to; from++) {
		for (unsigned i = 0; i < *n; i++)
			if (cores[i] == from)
				return false;
		if (*n == BP_WORKERS_MAX)
			return false;
		cores[(*n)++] = (uint16_t)from;
	}
	return true;
}

static int store_cores(const char *text, struct bp_conf *conf)
{
	uint16_t cores[BP_WORKERS_MAX] = { 0 };
	uint16_t n = 0;

	for (;;) {
		uint64_t from, to;

		text += strspn(text, " \t");
		if (!parse_number(text, &text, &from))
			return -EINVAL;
		to = from;
		if (*text == '-' && !parse_number(text + 1, &text, &to))
			return -EINVAL;
		if (!add_cores(from, to, cores, &n))
			return -EINVAL;
		text += strspn(text, " \t");
		if (!*text)
			break;
		if (*text++ != ',')
			return -EINVAL;
	}
	memcpy(conf->engine.cores, cores, sizeof(cores));
	conf->engine.n_cores = n;
	return 0;
}

static int store_text(const struct bp_key *key, const char *text, char *field,
		      char why[BP_WHY_BYTES])
{
	size_t len = strlen(text);

	if (len >= key->size) {
		snprintf(why, BP_WHY_BYTES, "found %zu bytes, allowed: up to %u", len,
			 key->size - 1u);
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++)
		if (iscntrl((unsigned char)text[i])) {
			snprintf(why, BP_WHY_BYTES, "found a control character in '%.80s'", text);
			return -EINVAL;
		}
	memset(field, 0, key->size);
	memcpy(field, text, len + 1);
	return 0;
}

/* A driver or a function's type: one of the names that the build knows. */
static int store_name(const struct bp_key *key, const char *text, char *field,
		      char why[BP_WHY_BYTES])
{
	struct bp_nearest nearest = { .word = text };
	const char *name;

	for (unsigned i = 0; (name = name_at(key->type, i)); i++) {
		if (!strcmp(name, text))
			return store_text(key, text, field, why);
		bp_nearest_try(&nearest, name);
	}
	for (unsigned i = 0; (name = name_at(key->type, i)); i++)
		if (!strcasecmp(name, text))
			return refuse(key, text, name, why);
	return refuse(key, text, nearest.best, why);
}

int bp_value_store(const struct bp_key *key, const char *text, void *base, char why[BP_WHY_BYTES])
{
	char *field = (char *)base + key->offset;
	const struct bp_word *word;
	const char *end;
	uint64_t v;

	switch (key->type) {
	case BP_KEY_TEXT:
	case BP_KEY_FILE:
		return store_text(key, text, field, why);
	case BP_KEY_DRIVER:
	case BP_KEY_FUNCTION:
		return store_name(key, text, field, why);
	case BP_KEY_CHOICE:
		word = bp_key_word(key, text);
		if (!word)
			return refuse(key, text, find_near_word(key, text), why);
		store_number(key, word->value, base);
		return 0;
	case BP_KEY_NUMBER:
		if (!parse_number(text, &end, &v) || *end || !is_in_range(key, v))
			return refuse(key, text, NULL, why);
		store_number(key, v, base);
		return 0;
	case BP_KEY_AMOUNT:
		if (!parse_amount(text, &v) || !is_in_range(key, v))
			return refuse(key, text, NULL, why);
		store_number(key, v, base);
		return 0;
	case BP_KEY_CORES:
		return store_cores(text, base) ? refuse(key, text, NULL, why) : 0;
	case BP_KEY_PORT:
		return -EINVAL;
	default:
		return bp_value_store_traffic(key, text, field, why);
	}
}

void bp_value_store_defaults(const struct bp_key *keys, void *base)
{
	char why[BP_WHY_BYTES];

	for (; keys->name; keys++)
		if (keys->fallback)
			(void)bp_value_store(keys, keys->fallback, base, why);
}
