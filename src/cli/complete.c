/* What may stand at a place of the command line: for the shells' completion. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/complete.h"

#include "cli/cmd.h"
#include "cli/complete_usage.h"

#include "config/named.h"
#include "config/schema.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_S 2

void bp_offer(const struct bp_offers *offers, const char *word, const char *help)
{
	if (strncmp(word, offers->last, strlen(offers->last)) != 0)
		return;
	printf("%s%s%s%s\n", offers->head, word, help ? "\t" : "", help ? help : "");
}

void bp_offer_files(const char *end)
{
	printf("@%s\n", end);
}

void bp_offer_words(const struct bp_offers *offers, const struct bp_key *key)
{
	for (const struct bp_word *word = key ? key->words : NULL; word && word->word; word++)
		bp_offer(offers, word->word, NULL);
}

/* ---- --set SECTION.KEY=VALUE --------------------------------------------------------------------- */

/* "SECTION.KEY=" of each key; where that stands there already, the words that the key allows. */
static void offer_keys(const struct bp_offers *offers, const char *section,
		       const struct bp_named *named, const struct bp_key *keys)
{
	for (; keys && keys->name; keys++) {
		char name[BP_SECTION_BYTES + 64];
		struct bp_offers values = *offers;
		struct bp_named_word word;
		size_t n;

		if (keys->type == BP_KEY_PORT)
			continue;
		n = (size_t)snprintf(name, sizeof(name), "%s.%s=", section, keys->name);
		if (strncmp(offers->last, name, n) != 0) {
			bp_offer(offers, name, keys->help);
			continue;
		}
		values.head = name;
		values.last += n;
		bp_offer_words(&values, keys);
		if (named && named->chooser && !strcmp(named->chooser, keys->name))
			for (unsigned i = 0; bp_named_word_at(named, i, &word); i++)
				bp_offer(&values, word.word, word.summary);
	}
}

static void offer_named(const struct bp_offers *offers, struct bp_conf *conf)
{
	char section[BP_SECTION_BYTES];

	for (unsigned kind = 0; kind < BP_N_NAMED; kind++)
		for (unsigned i = 0; i < bp_named_n(&bp_named[kind], conf); i++) {
			const void *value = bp_named_value(&bp_named[kind], conf, i);

			bp_named_section(kind, value, section);
			offer_keys(offers, section, &bp_named[kind],
				   bp_schema_section_of(bp_named[kind].section)->keys);
			offer_keys(offers, section, NULL, bp_named_keys(&bp_named[kind], value));
		}
}

/* Of the schema's sections; and of those that the INI file among the words names, if it can be read. */
static void offer_settings(const struct bp_offers *offers)
{
	const struct bp_section *section;
	struct bp_conf *conf = malloc(sizeof(*conf));
	char errors[256];

	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		if (!section->is_named)
			offer_keys(offers, section->name, NULL, section->keys);
	for (int i = 0; conf && i < offers->n_words; i++) {
		size_t n = strlen(offers->words[i]);

		if (n < 4 || strcmp(offers->words[i] + n - 4, ".ini") != 0 ||
		    bp_config_load(offers->words[i], NULL, 0, conf, errors, sizeof(errors)))
			continue;
		offer_named(offers, conf);
		break;
	}
	free(conf);
}

/* ---- options ------------------------------------------------------------------------------------- */

static const struct bp_cli_option *find_option(const struct bp_cli_option *rows, const char *word)
{
	bool is_letter = word[1] != '-';
	size_t n = strcspn(word + 2, "=");

	for (; rows->name; rows++)
		if (is_letter ? rows->letter == word[1] && !word[2]
			      : strlen(rows->name) == n && !memcmp(rows->name, word + 2, n))
			return rows;
	return NULL;
}

static bool takes_value(const struct bp_cli_option *option)
{
	return option->kind != BP_CLI_FLAG && option->kind != BP_CLI_TAKE_OPTIONAL;
}

static void offer_value(const struct bp_offers *offers, const struct bp_cli_option *option)
{
	const char *dot = option->key ? strrchr(option->key, '.') : NULL;
	char section[BP_SECTION_BYTES];

	if (option->kind == BP_CLI_SET)
		offer_settings(offers);
	else if (option->kind == BP_CLI_TEXT || option->kind == BP_CLI_OUTPUT)
		bp_offer_files("");
	if (!dot)
		return;
	snprintf(section, sizeof(section), "%.*s", (int)(dot - option->key), option->key);
	bp_offer_words(offers, bp_schema_find(section, dot + 1));
}

static void offer_options(const struct bp_offers *offers, const struct bp_cli_option *rows)
{
	char name[64];

	for (; rows->name; rows++) {
		snprintf(name, sizeof(name), "--%s", rows->name);
		bp_offer(offers, name, NULL);
	}
	bp_offer(offers, "--help", NULL);
}

/* "--name=…" */
static void offer_after_equals(struct bp_offers *offers, const struct bp_cli_option *option)
{
	size_t n = strcspn(offers->last, "=") + 1;
	char head[64];

	snprintf(head, sizeof(head), "%.*s", (int)n, offers->last);
	offers->head = head;
	offers->last += n;
	offer_value(offers, option);
}

void bp_complete_behind(const char *command, int n_words, char **words,
			const struct bp_cli_option *rows)
{
	struct bp_offers offers = { .head = "", .last = n_words ? words[n_words - 1] : "" };
	const struct bp_cli_option *option = NULL;
	const char *behind[BP_OFFERS_WORDS];
	bool is_value = false, is_over = false; /* over: behind "--" */

	offers.words = behind;
	for (int i = 0; i + 1 < n_words; i++) {
		if (is_value) {
			is_value = false;
		} else if (!is_over && !strcmp(words[i], "--")) {
			is_over = true;
		} else if (!is_over && words[i][0] == '-' && words[i][1]) {
			option = find_option(rows, words[i]);
			is_value = option && takes_value(option) && !strchr(words[i], '=');
		} else if (offers.n_words < (int)BP_OFFERS_WORDS) {
			behind[offers.n_words++] = words[i];
		}
	}
	if (is_value) {
		offer_value(&offers, option);
	} else if (!is_over && !strncmp(offers.last, "--", 2) && strchr(offers.last, '=')) {
		option = find_option(rows, offers.last);
		if (option)
			offer_after_equals(&offers, option);
	} else if (!is_over && offers.last[0] == '-') {
		offer_options(&offers, rows);
	} else {
		bp_offer_usage(&offers, command);
	}
}

/* ---- commands ------------------------------------------------------------------------------------ */

int bp_complete(int n_words, char **words)
{
	struct bp_offers offers = { .head = "", .last = n_words ? words[0] : "" };
	char *args[BP_OFFERS_WORDS + 3] = { NULL };
	int n = 0;

	alarm(PATIENCE_S);
	if (n_words > (int)BP_OFFERS_WORDS)
		return BP_EXIT_OK;
	for (const struct bp_command *const *c = bp_commands; *c; c++) {
		if (n_words < 2) {
			bp_offer(&offers, (*c)->name, (*c)->help);
			continue;
		}
		if (strcmp((*c)->name, words[0]) != 0)
			continue;
		args[n++] = words[0];
		args[n++] = (char[]){ BP_COMPLETE };
		for (int i = 1; i < n_words; i++)
			args[n++] = words[i];
		return (*c)->run(n, args);
	}
	if (n_words < 2) {
		bp_offer(&offers, "--help", NULL);
		bp_offer(&offers, "--version", NULL);
	}
	return BP_EXIT_OK;
}
