/* The list of settings. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/ini.h"

#include <stdlib.h>
#include <string.h>

static void free_item(struct bp_ini_item *item)
{
	free(item->section);
	free(item->key);
	free(item->value);
}

void bp_ini_free(struct bp_ini *ini)
{
	for (size_t i = 0; i < ini->n_items; i++)
		free_item(&ini->items[i]);
	free(ini->items);
	*ini = (struct bp_ini){ 0 };
}

static bool is_item(const struct bp_ini_item *item, const char *section, const char *key)
{
	if (strcmp(item->section, section))
		return false;
	return key && item->key ? !strcmp(item->key, key) : !key && !item->key;
}

struct bp_ini_item *bp_ini_find(const struct bp_ini *ini, const char *section, const char *key)
{
	for (size_t i = 0; i < ini->n_items; i++)
		if (is_item(&ini->items[i], section, key))
			return &ini->items[i];
	return NULL;
}

struct bp_where bp_ini_where(const struct bp_ini *ini, const char *section, const char *key)
{
	const struct bp_ini_item *item = key ? bp_ini_find(ini, section, key) : NULL;

	if (!item)
		item = bp_ini_find(ini, section, NULL);
	return item ? item->where : (struct bp_where){ 0 };
}

bool bp_ini_add(struct bp_ini *ini, const char *section, const char *key, const char *value,
		struct bp_where where)
{
	struct bp_ini_item item = { .where = where };
	struct bp_ini_item *items;

	if (ini->n_items >= BP_INI_ITEMS_MAX)
		return false;
	/* Room grows at each power of two. */
	if (!(ini->n_items & (ini->n_items - 1))) {
		size_t n_room = ini->n_items ? 2 * ini->n_items : 1;

		items = reallocarray(ini->items, n_room, sizeof(*items));
		if (!items)
			return false;
		ini->items = items;
	}
	item.section = strdup(section);
	item.key = key ? strdup(key) : NULL;
	item.value = value ? strdup(value) : NULL;
	if (!item.section || (key && !item.key) || (value && !item.value)) {
		free_item(&item);
		return false;
	}
	ini->items[ini->n_items++] = item;
	return true;
}

void bp_ini_remove(struct bp_ini *ini, struct bp_ini_item *item)
{
	size_t after = (size_t)(ini->items + ini->n_items - (item + 1));

	free_item(item);
	memmove(item, item + 1, after * sizeof(*item));
	ini->n_items--;
}
