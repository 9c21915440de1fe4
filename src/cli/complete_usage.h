/* What a command's usage says may stand at a place. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CLI_COMPLETE_USAGE_H
#define BYPATH_CLI_COMPLETE_USAGE_H

#include "bypath/key.h"

#define BP_OFFERS_WORDS 64u

/* What is to be completed. Strings are the command line's. */
struct bp_offers {
	const char *last; /* what stands there already */
	const char *head; /* goes in front of what is offered: "--option=" */
	int n_words; /* those before it, but options and their values */
	const char *const *words;
};

/* Print a word if it begins as the last one does; help: what it is, or NULL. */
void bp_offer(const struct bp_offers *offers, const char *word, const char *help);
/* The same of all words of a key (NULL: none). */
void bp_offer_words(const struct bp_offers *offers, const struct bp_key *key);
/* Files whose names end so. */
void bp_offer_files(const char *end);

/*
 * Offer what the command's usage allows behind the words: "[WHAT] [NAME] [--option]" with forms that exclude each other
 * between lone "|". A word in capitals stands for what it names (FILE.ini, NAME, PORT, WHAT, LEVEL; others for anything), other
 * words for themselves; "a|b": either; "[…]": may be missing; "X…": may be repeated.
 */
void bp_offer_usage(const struct bp_offers *offers, const char *command);

#endif
