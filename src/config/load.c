/* Loads a configuration: settings to values by the schema. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "config/schema.h"
#include "config/settings.h"
#include "config/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bp_load_find_port(const struct bp_load *load, const char *name)
{
	return bp_named_find(&bp_named[BP_NAMED_PORT], &load->conf, name);
}

/* Add a problem in the line where the key stands. */
static void complain_at(struct bp_load *load, const char *section, const char *key, const char *fmt,
			va_list args) __attribute__((format(printf, 4, 0)));
static void complain_at(struct bp_load *load, const char *section, const char *key, const char *fmt,
			va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	bp_problem(&load->problems, bp_ini_where(&load->ini, section, key), section, key, "%s",
		   text);
}

void bp_load_complain_of(struct bp_load *load, const char *section, const char *key,
			 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain_at(load, section, key, fmt, args);
	va_end(args);
}

void bp_load_complain(struct bp_load *load, unsigned port_id, const char *key, const char *fmt, ...)
{
	char section[BP_SECTION_BYTES];
	va_list args;

	bp_named_section(BP_NAMED_PORT, load->conf.ports[port_id].name, section);
	va_start(args, fmt);
	complain_at(load, section, key, fmt, args);
	va_end(args);
}

static bool is_given(const struct bp_check *check, const char *key)
{
	const struct bp_load_check *self = (const struct bp_load_check *)check;

	return bp_ini_find(&self->load->ini, check->section, key) != NULL;
}

static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void complain(struct bp_check *check, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain_at(((struct bp_load_check *)check)->load, check->section, key, fmt, args);
	va_end(args);
}

void bp_load_check_init(struct bp_load_check *check, struct bp_load *load, const char *section)
{
	check->check = (struct bp_check){ &load->conf, section, is_given, complain };
	check->load = load;
}

static void read_values(struct bp_load *load)
{
	const struct bp_section *section;

	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		if (!section->is_named)
			bp_value_store_defaults(section->keys, &load->conf);
	load->conf.gen.tx_port = load->conf.gen.rx_port = BP_NO_PORT;
	load->conf.gen.replay_port = load->conf.gen.monitor_port = BP_NO_PORT;
	bp_read_sections(load);
	bp_read_keys(load);
	bp_read_forwards(load);
	if (load->ini.has_nonsense)
		return; /* what the checks would miss may stand in a line that was left out */
	bp_check_workers(load);
	for (unsigned i = 0; i < load->conf.n_ports; i++)
		bp_check_port(load, i);
	bp_check_gen(load);
	bp_check_functions(load);
	bp_check_paths(load);
}

int bp_config_load(const char *path, const char *const *sets, size_t n_sets, struct bp_conf *conf,
		   char *errors, size_t errors_bytes)
{
	return bp_config_load_settings(path, sets, n_sets, conf, errors, errors_bytes, NULL);
}

/* NOLINTNEXTLINE(readability-function-size): bp_config_load()'s, and one more */
int bp_config_load_settings(const char *path, const char *const *sets, size_t n_sets,
			    struct bp_conf *conf, char *errors, size_t errors_bytes,
			    json_t **settings)
{
	struct bp_load *load = calloc(1, sizeof(*load));
	int rc;

	if (!load) {
		snprintf(errors, errors_bytes, "%s: cannot be read: no memory\n", path);
		return -ENOMEM;
	}
	bp_problems_init(&load->problems, path);
	rc = bp_ini_read(path, sets, n_sets, &load->problems, &load->ini);
	if (!rc) {
		read_values(load);
		if (load->problems.n || load->problems.is_cut)
			rc = -EINVAL;
		else
			*conf = load->conf;
		if (!rc && settings)
			*settings = bp_settings_make(load);
	}
	bp_problems_print(&load->problems, errors, errors_bytes);
	bp_problems_free(&load->problems);
	bp_ini_free(&load->ini);
	free(load);
	return rc;
}
