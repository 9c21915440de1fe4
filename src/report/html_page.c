/* Finds the paths of a compare document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/html_page.h"

#include "report/html_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *path_name(const json_t *row)
{
	return bp_html_str(row, "path", "unnamed");
}

static struct bp_html_path *find_path(struct bp_html_page *page, const char *name)
{
	for (size_t i = 0; i < page->n_paths; i++)
		if (!strcmp(page->paths[i].name, name))
			return &page->paths[i];
	return NULL;
}

static int add_row(struct bp_html_page *page, const json_t *row, size_t n_all)
{
	struct bp_html_path *path = find_path(page, path_name(row));

	if (!path) {
		path = &page->paths[page->n_paths];
		path->name = path_name(row);
		path->title = bp_html_str(row, "title", path->name);
		path->group = bp_html_str(row, "group", "other");
		path->rows = calloc(n_all, sizeof(*path->rows));
		if (!path->rows)
			return -ENOMEM;
		page->n_paths++;
	}
	path->rows[path->n_rows++] = row;
	return 0;
}

int bp_html_page_init(struct bp_html_page *page, const json_t *doc, FILE *out)
{
	const json_t *rows = json_object_get(doc, "rows");
	size_t n_all = json_array_size(rows);
	int err = 0;

	*page = (struct bp_html_page){ .out = out, .doc = doc };
	page->paths = calloc(n_all + 1, sizeof(*page->paths));
	if (!page->paths)
		return -ENOMEM;
	for (size_t i = 0; i < n_all && !err; i++)
		if (json_is_object(json_array_get(rows, i)))
			err = add_row(page, json_array_get(rows, i), n_all);
	return err;
}

void bp_html_page_free(struct bp_html_page *page)
{
	for (size_t i = 0; i < page->n_paths; i++)
		free(page->paths[i].rows);
	free(page->paths);
}

/* True if no row before this one, in the paths' order, has its size. */
static bool is_new_size(const struct bp_html_page *page, size_t path_id, size_t row_id)
{
	const char *size = bp_html_row_size(page->paths[path_id].rows[row_id]);

	for (size_t p = 0; p <= path_id; p++)
		for (size_t r = 0; r < (p < path_id ? page->paths[p].n_rows : row_id); r++)
			if (!strcmp(size, bp_html_row_size(page->paths[p].rows[r])))
				return false;
	return true;
}

const char *bp_html_nth_size(const struct bp_html_page *page, unsigned n)
{
	for (size_t p = 0; p < page->n_paths; p++)
		for (size_t r = 0; r < page->paths[p].n_rows; r++)
			if (is_new_size(page, p, r) && n-- == 0)
				return bp_html_row_size(page->paths[p].rows[r]);
	return NULL;
}

unsigned bp_html_size_id(const struct bp_html_page *page, const json_t *row)
{
	const char *size;

	for (unsigned n = 0; n < BP_HTML_SIZES_MAX; n++) {
		size = bp_html_nth_size(page, n);
		if (size && !strcmp(size, bp_html_row_size(row)))
			return n;
	}
	return BP_HTML_SIZES_MAX - 1;
}

bool bp_html_begins_group(const struct bp_html_page *page, size_t path_id)
{
	for (size_t i = 0; i < path_id; i++)
		if (!strcmp(page->paths[i].group, page->paths[path_id].group))
			return false;
	return true;
}

const char *bp_html_group_title(const char *group)
{
	static const char *const titles[][2] = {
		{ "veth", "Over veth pairs" },        { "memory", "Shared memory (memif, vhost)" },
		{ "ceiling", "Ceiling: no network" }, { "ports", "Real devices" },
		{ "peer", "Other forwarders" },
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (!strcmp(group, titles[i][0]))
			return titles[i][1];
	return group;
}

const char *bp_html_row_size(const json_t *row)
{
	return bp_html_str(row, "size", "?");
}

const char *bp_html_status(const json_t *row)
{
	return bp_html_str(row, "status", "not-measured");
}

const char *bp_html_status_words(const json_t *row)
{
	const char *status = bp_html_status(row);

	if (!strcmp(status, "cannot-run"))
		return "cannot run";
	return strcmp(status, "not-measured") ? status : "not measured";
}

bool bp_html_is_ok(const json_t *row)
{
	return !strcmp(bp_html_status(row), "ok");
}

const char *bp_html_reason(const json_t *row)
{
	return bp_html_str(row, "reason", "no reason given");
}
