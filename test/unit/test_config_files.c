/* The files that come with bypath agree with the schema. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_case.h"

#include "bypath/driver.h"
#include "bypath/function.h"
#include "config/schema.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void make_path(char path[4096], const char *name)
{
	const char *root = getenv("BYPATH_SOURCE_ROOT");

	if (!root)
		fail_msg("BYPATH_SOURCE_ROOT is not set: run through meson test");
	snprintf(path, 4096, "%s/%s", root, name);
}

/* The caller frees. */
static char *read_text(const char *name)
{
	char path[4096], *text = NULL;
	size_t n_room = 0;
	FILE *file;

	make_path(path, name);
	file = fopen(path, "r");
	if (!file || getdelim(&text, &n_room, '\0', file) < 0)
		fail_msg("%s cannot be read", path);
	fclose(file);
	return text;
}

static char *print_to_text(void (*print)(FILE *))
{
	char *text = NULL;
	size_t n_bytes;
	FILE *file = open_memstream(&text, &n_bytes);

	assert_non_null(file);
	print(file);
	fclose(file);
	return text;
}

static void every_file_of_config_is_right(void **state)
{
	char pattern[4096], errors[CASE_ERRORS_BYTES];
	struct bp_conf conf;
	glob_t files;

	(void)state;
	/* Files that they name are looked up from their own folder, not from this one. */
	assert_int_equal(chdir("/"), 0);
	make_path(pattern, "config/*.ini");
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 14);
	for (size_t i = 0; i < files.gl_pathc; i++)
		if (bp_config_load(files.gl_pathv[i], NULL, 0, &conf, errors, sizeof(errors)) &&
		    !strstr(errors, "which this build was made without"))
			fail_msg("%s", errors);
	globfree(&files);
}

/* One topology everywhere, so that files differ in their ports only. */
static void deployments_have_the_same_ports(void **state)
{
	static const char *const names[] = {
		"af_packet-socket", "af_packet-mmap",    "af_xdp",         "af_xdp-skb", "dpdk-pci",
		"dpdk-memif",       "dpdk-memif-server", "dpdk-af_packet", "mixed",      "tap",
		"kernel",           "multiqueue"
	};
	char path[4096], name[128], errors[CASE_ERRORS_BYTES];
	struct bp_conf conf;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "config/%s.ini", names[i]);
		make_path(path, name);
		if (bp_config_load(path, NULL, 0, &conf, errors, sizeof(errors)))
			fail_msg("%s", errors);
		assert_int_equal(conf.n_ports, 2);
		assert_string_equal(conf.ports[0].name, "wan");
		assert_string_equal(conf.ports[1].name, "lan");
		assert_int_equal(conf.ports[0].forward_to, 1);
		assert_int_equal(conf.ports[1].forward_to, 0);
	}
}

static void expect_printed(const char *name, const char *kind, void (*print)(FILE *out))
{
	char *file = read_text(name), *printed = print_to_text(print);

	if (strcmp(file, printed))
		fail_msg("%s is not what the schema says: bypath check --reference=%s > %s", name,
			 kind, name);
	free(file);
	free(printed);
}

static void reference_is_what_the_schema_prints(void **state)
{
	(void)state;
	expect_printed("config/reference.ini", "ini", bp_reference_print_ini);
	expect_printed("docs/bypath.ini.5", "man", bp_reference_print_man);
}

/* Of the reference only what has no default: headers, drivers, devices, paths. */
static char *strip_defaults(const char *text)
{
	char *bare = calloc(1, strlen(text) + 1);
	bool is_forward = false;

	for (size_t len; *text; text += len) {
		len = strcspn(text, "\n") + 1;
		if (text[0] == '[')
			is_forward = !strncmp(text, "[forward]", 9);
		if (text[0] == '[' || (is_forward && text[0] != ';') ||
		    !strncmp(text, "driver =", 8) || !strncmp(text, "device =", 8) ||
		    !strncmp(text, "type =", 6))
			strncat(bare, text, len);
	}
	return bare;
}

static void values_of_the_reference_are_the_defaults(void **state)
{
	struct bp_conf *defaults = calloc(1, sizeof(*defaults));
	struct bp_conf *reference = calloc(1, sizeof(*reference));
	char *text = read_text("config/reference.ini"), *bare = strip_defaults(text);
	unsigned n_examples = 0;

	(void)state;
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		n_examples += entry->facts->example != NULL;
	load_right(bare, NULL, defaults);
	load_right(text, NULL, reference);
	assert_int_equal(reference->n_ports, n_examples);
	assert_memory_equal(defaults, reference, sizeof(*defaults));
	free(bare);
	free(text);
	free(defaults);
	free(reference);
}

static const char *find_header(const char *text)
{
	const char *header = strstr(text, "\n["), *comment = strstr(text, "\n;[");

	return !header || (comment && comment < header) ? comment : header;
}

/* Every key stands there below its section, as itself or as a comment with an example. The section may be one, too. */
static bool has_key(const char *text, const char *section, const char *key)
{
	char name[64], line[64], comment[64];
	size_t len = 0;

	snprintf(name, sizeof(name), "[%s%c", section,
		 bp_schema_section_of(section)->is_named ? '.' : ']');
	snprintf(line, sizeof(line), "\n%s = ", key);
	snprintf(comment, sizeof(comment), "\n;%s = ", key);
	for (const char *at = text; (at = find_header(at)); at += len) {
		const char *end = find_header(at + 1);

		len = end ? (size_t)(end - at) : strlen(at);
		if (strncmp(at + strspn(at, "\n;"), name, strlen(name)) != 0)
			continue;
		if (memmem(at, len, line, strlen(line)) ||
		    memmem(at, len, comment, strlen(comment)))
			return true;
	}
	return false;
}

/* Call with each list of keys: those of the sections, of the drivers' ports, of the functions. */
static void for_all_keys(void (*look)(const char *section, const struct bp_key *key))
{
	const struct bp_section *section;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		for (const struct bp_key *key = section->keys; key->name; key++)
			look(section->name, key);
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++)
		for (const struct bp_key *key = entry->facts->keys; key->name; key++)
			look("port", key);
	for (const struct bp_function *const *f = bp_function_table; *f; f++)
		for (const struct bp_key *key = (*f)->keys; key->name; key++)
			look("function", key);
}

static char *reference;

static void look_for_key(const char *section, const struct bp_key *key)
{
	if (key->type != BP_KEY_PORT && !has_key(reference, section, key->name))
		fail_msg("config/reference.ini lacks [%s] %s", section, key->name);
}

static void reference_holds_every_key(void **state)
{
	(void)state;
	reference = read_text("config/reference.ini");
	for_all_keys(look_for_key);
	free(reference);
}

static void documentation_holds_the_schemas_tables(void **state)
{
	char *text = read_text("docs/configuration.md");
	char *tables = print_to_text(bp_reference_print_tables);

	(void)state;
	if (!strstr(text, tables))
		fail_msg("the tables of docs/configuration.md are not what the schema says: put "
			 "in what bypath check --reference=tables prints");
	free(text);
	free(tables);
}

/* The page of a driver says what each of its keys is good for. */
static void pages_name_each_key(void **state)
{
	(void)state;
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		char name[64], word[64], *page;

		snprintf(name, sizeof(name), "docs/drivers/%s.md", entry->name);
		page = read_text(name);
		for (const struct bp_key *key = entry->facts->keys; key->name; key++) {
			snprintf(word, sizeof(word), "`%s", key->name);
			if (key->offset >= offsetof(struct bp_port_conf, own) &&
			    !strstr(page, word))
				fail_msg("%s lacks %s", name, key->name);
		}
		free(page);
	}
}

/* A range that ends outside its field would be cut silently, a field outside its struct would be another's. */
static void look_at_key(const char *section, const struct bp_key *key)
{
	if (key->type == BP_KEY_NUMBER && key->size < 8)
		assert_true(key->max < 1ull << (8 * key->size));
	if (key->type == BP_KEY_NUMBER)
		assert_non_null(key->unit);
	if (key->type == BP_KEY_CHOICE)
		assert_non_null(key->words);
	if (!key->fallback && !(key->flags & BP_KEY_REQUIRED) && key->type != BP_KEY_PORT)
		assert_non_null(key->example);
	if (!strcmp(section, "port"))
		assert_true(key->offset + key->size <= sizeof(struct bp_port_conf));
	if (!strcmp(section, "function"))
		assert_true(key->offset + key->size <= sizeof(struct bp_function_conf));
	assert_non_null(key->help);
}

static void ranges_fit_their_fields(void **state)
{
	(void)state;
	for_all_keys(look_at_key);
}

static void drivers_say_all_of_themselves(void **state)
{
	(void)state;
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		const struct bp_facts *facts = entry->facts;

		assert_non_null(facts->summary);
		assert_non_null(facts->rows);
		for (const struct bp_key *key = facts->keys; key->name; key++) {
			if (key->modes && !bp_facts_key(facts, "mode"))
				fail_msg("%s: %s speaks of modes, but there is no key mode",
					 entry->name, key->name);
			if (bp_schema_find("port", key->name))
				fail_msg("%s: %s is every driver's", entry->name, key->name);
		}
		for (const struct bp_counter_row *row = facts->counters; row && row->name; row++)
			assert_true(row->side && row->meaning && row->unit);
	}
}

static void functions_say_all_of_themselves(void **state)
{
	(void)state;
	for (const struct bp_function *const *f = bp_function_table; *f; f++) {
		unsigned n_reasons = 0;

		assert_non_null((*f)->summary);
		assert_true((*f)->edit || ((*f)->ops && (*f)->ops->process) ||
			    bp_function_missing((*f)->name));
		assert_true(!((*f)->flags & BP_FN_PICKS) || (*f)->outs);
		for (const struct bp_key *key = (*f)->keys; key->name; key++)
			if (bp_schema_find("function", key->name))
				fail_msg("%s: %s is every function's", (*f)->name, key->name);
		for (const struct bp_fn_reason *r = (*f)->reasons; r && r->name; r++, n_reasons++)
			assert_non_null(r->meaning);
		assert_true(n_reasons <= BP_FN_REASONS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_of_config_is_right),
		cmocka_unit_test(deployments_have_the_same_ports),
		cmocka_unit_test(reference_is_what_the_schema_prints),
		cmocka_unit_test(values_of_the_reference_are_the_defaults),
		cmocka_unit_test(reference_holds_every_key),
		cmocka_unit_test(documentation_holds_the_schemas_tables),
		cmocka_unit_test(pages_name_each_key),
		cmocka_unit_test(ranges_fit_their_fields),
		cmocka_unit_test(drivers_say_all_of_themselves),
		cmocka_unit_test(functions_say_all_of_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
