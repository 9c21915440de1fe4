/* What a command's usage says may stand at a place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete_usage.h"

#include "cli/cmd.h"
#include "cli/show.h"
#include "cli/show_ask.h"

#include "config/schema.h"
#include "core/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TOKENS_MAX 16u
#define ELLIPSIS   "…"

/* A word of a usage, without its brackets. */
struct token {
	const char *text;
	size_t n;
	bool is_optional, repeats;
};

/* One form of a command: words but options. */
struct form {
	struct token tokens[TOKENS_MAX];
	unsigned n;
};

/* ---- words that stand for others ----------------------------------------------------------------- */

static bool is_instance(const char *name, char names[][BP_INSTANCE_NAME_BYTES], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void offer_instances(const struct bp_offers *offers)
{
	char names[BP_INSTANCES_MAX][BP_INSTANCE_NAME_BYTES];
	size_t n = bp_instance_list(names);

	for (size_t i = 0; i < n; i++)
		bp_offer(offers, names[i], "runs");
}

/* Of the instance that a word before names, else of the only one. */
static void offer_ports(const struct bp_offers *offers)
{
	char names[BP_INSTANCES_MAX][BP_INSTANCE_NAME_BYTES];
	size_t n = bp_instance_list(names), i;
	const char *name = n == 1 ? names[0] : NULL;
	json_t *answer, *port;

	for (int k = 0; k < offers->n_words; k++)
		if (is_instance(offers->words[k], names, n))
			name = offers->words[k];
	if (!name)
		return;
	answer = bp_ask(name, json_pack("{s:s, s:s}", "command", "show", "what", "ports"));
	json_array_foreach(json_object_get(answer, "ports"), i, port)
		if (bp_json_text_at(port, "name"))
			bp_offer(offers, bp_json_text_at(port, "name"),
				 bp_json_text_at(port, "device"));
	json_decref(answer);
}

static void offer_shows(const struct bp_offers *offers)
{
	bp_offer(offers, BP_SHOW_INSTANCES, "those that run");
	for (const struct bp_show *show = bp_shows; show->what; show++)
		bp_offer(offers, show->what, show->help);
}

static bool is_show(const char *word)
{
	return !strcmp(word, BP_SHOW_INSTANCES) || bp_show_find(word);
}

static void offer_levels(const struct bp_offers *offers)
{
	bp_offer_words(offers, bp_schema_find("log", "level"));
}

static bool is_level(const char *word)
{
	return bp_key_word(bp_schema_find("log", "level"), word);
}

/* A word in capitals that is not here stands for anything, and nothing is offered. */
static const struct stand_in {
	const char *name;
	void (*offer)(const struct bp_offers *offers);
	bool (*is_one)(const char *word); /* NULL: any word may be one */
} stand_ins[] = {
	{ "NAME", offer_instances, NULL },
	{ "PORT", offer_ports, NULL },
	{ "WHAT", offer_shows, is_show },
	{ "LEVEL", offer_levels, is_level },
};

static const struct stand_in *find_stand_in(const char *word)
{
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++)
		if (!strcmp(stand_ins[i].name, word))
			return &stand_ins[i];
	return NULL;
}

static bool stands_for_itself(const char *word)
{
	for (; *word; word++)
		if (isupper((unsigned char)*word))
			return false;
	return true;
}

static bool is_one_of(const char *alternative, const char *word)
{
	const struct stand_in *in = find_stand_in(alternative);

	if (in)
		return !in->is_one || in->is_one(word);
	return !stands_for_itself(alternative) || !strcmp(alternative, word);
}

static void offer_one(const struct bp_offers *offers, const char *alternative)
{
	const struct stand_in *in = find_stand_in(alternative);

	if (in)
		in->offer(offers);
	else if (!strncmp(alternative, "FILE", 4))
		bp_offer_files(alternative + 4);
	else if (stands_for_itself(alternative))
		bp_offer(offers, alternative, NULL);
}

/* ---- usages -------------------------------------------------------------------------------------- */

/* The next of "a|b|c" into word; false: there is none. */
static bool next_alternative(const struct token *token, size_t *at, char word[64])
{
	size_t begin = *at;

	if (begin > token->n)
		return false;
	while (*at < token->n && token->text[*at] != '|')
		++*at;
	snprintf(word, 64, "%.*s", (int)(*at - begin), token->text + begin);
	++*at;
	return true;
}

static bool matches(const struct token *token, const char *word)
{
	char alternative[64];

	for (size_t at = 0; next_alternative(token, &at, alternative);)
		if (is_one_of(alternative, word))
			return true;
	return false;
}

static void add_token(struct form *form, const char *text, size_t n, bool is_optional)
{
	struct token *token = &form->tokens[form->n];
	size_t n_dots = strlen(ELLIPSIS);

	token->is_optional = is_optional;
	token->repeats = n >= n_dots && !memcmp(text + n - n_dots, ELLIPSIS, n_dots);
	token->text = text;
	token->n = n - (token->repeats ? n_dots : 0);
	form->n += token->n && form->n < TOKENS_MAX - 1;
}

/* Read one form, up to its end or a lone "|". Returns what is behind it. */
static const char *read_form(const char *usage, struct form *form)
{
	form->n = 0;
	for (;;) {
		bool is_optional;
		size_t n;

		usage += strspn(usage, " ");
		n = strcspn(usage, usage[0] == '[' ? "]" : " ");
		if (!n || (n == 1 && usage[0] == '|'))
			return usage + n;
		is_optional = usage[0] == '[';
		if (usage[is_optional] != '-') {
			add_token(form, usage + is_optional, n - is_optional, is_optional);
		} else if (!is_optional) {
			/* An option that is needed has its value behind it. */
			usage += n;
			usage += strspn(usage, " ");
			n = usage[0] == '[' || usage[0] == '|' ? 0 : strcspn(usage, " ");
		}
		usage += n + (is_optional && usage[n] == ']');
	}
}

/* The places that can be reached where those of places are, a bit each. */
static uint32_t skip_optional(const struct form *form, uint32_t places)
{
	for (unsigned i = 0; i < form->n; i++)
		if (places >> i & 1 && form->tokens[i].is_optional)
			places |= 1u << (i + 1);
	return places;
}

static void offer_form(const struct bp_offers *offers, const struct form *form)
{
	uint32_t places = skip_optional(form, 1);

	for (int k = 0; k < offers->n_words; k++) {
		uint32_t next = 0;

		for (unsigned i = 0; i < form->n; i++)
			if (places >> i & 1 && matches(&form->tokens[i], offers->words[k]))
				next |= 1u << (i + 1) | (uint32_t)form->tokens[i].repeats << i;
		places = skip_optional(form, next);
	}
	for (unsigned i = 0; i < form->n; i++) {
		char alternative[64];

		for (size_t at = 0;
		     places >> i & 1 && next_alternative(&form->tokens[i], &at, alternative);)
			offer_one(offers, alternative);
	}
}

void bp_offer_usage(const struct bp_offers *offers, const char *command)
{
	for (const struct bp_command *const *c = bp_commands; *c; c++) {
		const char *usage = (*c)->usage;
		struct form form;

		while (!strcmp((*c)->name, command) && *usage) {
			usage = read_form(usage, &form);
			offer_form(offers, &form);
		}
	}
}
