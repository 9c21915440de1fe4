/* Every key of the schema: a reload with another value does something or says why not, and what the schema says. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "../port_keys.h"

#include "engine/change.h"

#include "bypath/driver.h"
#include "bypath/function.h"

#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

struct bench {
	struct bp_conf running, loaded;
	struct bp_plan plan;
	struct bp_change change;
	char why[4096];
	json_t *document; /* NULL: refused */
};

static void add_port(struct bp_conf *conf, const char *name, const char *driver, int to)
{
	struct bp_port_conf *port = &conf->ports[conf->n_ports++];

	snprintf(port->name, sizeof(port->name), "%s", name);
	snprintf(port->driver, sizeof(port->driver), "%s", driver);
	snprintf(port->device, sizeof(port->device), "dev-%s", name);
	set_default_keys(port);
	port->n_queues = 1;
	port->forward_to = to;
	port->out_ports = UINT64_C(1) << to;
}

/* Two ports of a driver, each of which sends to the other. */
static struct bench *begin(const char *driver)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	add_port(&b->running, "a", driver, 1);
	add_port(&b->running, "b", driver, 0);
	b->running.engine.n_workers = 1;
	b->running.engine.burst = 64;
	b->running.engine.n_cores = 1;
	return b;
}

/* Another value of a key, in what its offset counts in. */
static void change(const struct bp_key *key, void *base)
{
	char *at = (char *)base + key->offset;
	uint64_t value;

	switch (key->type) {
	case BP_KEY_TEXT:
	case BP_KEY_FILE:
		snprintf(at, key->size, "%s", "another");
		break;
	case BP_KEY_DRIVER:
		snprintf(at, key->size, "%s", strcmp(at, "null") ? "null" : "tap");
		break;
	case BP_KEY_CORES:
		((struct bp_conf *)base)->engine.n_cores ^= 1;
		break;
	case BP_KEY_CHOICE:
	case BP_KEY_NUMBER:
	case BP_KEY_AMOUNT:
		value = bp_key_value(key, base);
		if (key->type == BP_KEY_CHOICE)
			value = key->words[key->words[0].value == value].value;
		else
			value = value < key->max ? value + 1 : value - 1;
		memcpy(at, &value, key->size); /* of the low end: little-endian */
		break;
	default:
		at[0] ^= 1;
	}
}

static void find(struct bench *b)
{
	assert_int_equal(bp_plan_make(&b->running, &b->plan, b->why, sizeof(b->why)), 0);
	if (bp_change_find(&b->running, &b->plan, &b->loaded, &b->change, b->why, sizeof(b->why)))
		return;
	b->document = bp_change_document(&b->change, &b->running);
	assert_non_null(b->document);
}

static const json_t *row_of(const json_t *keys, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(keys, i, row)
		if (!strcmp(json_string_value(json_object_get(row, "key")), name))
			return row;
	return NULL;
}

/* The keys of the first row of an array. */
static const json_t *first_keys(const json_t *document, const char *what)
{
	return json_object_get(json_array_get(json_object_get(document, what), 0), "keys");
}

static void end(struct bench *b)
{
	json_decref(b->document);
	free(b);
}

/* ---- sections that stand once ----------------------------------------------------------------- */

static void judge(struct bench *b, const struct bp_section *section, const struct bp_key *key)
{
	const json_t *row = row_of(json_object_get(b->document, section->name), key->name);
	char named[96];

	snprintf(named, sizeof(named), "[%s] %s: ", section->name, key->name);
	switch (bp_schema_reload(section, key)) {
	case BP_RELOAD_LIVE:
		if (!row || b->change.is_empty || json_object_get(row, "next_start"))
			fail_msg("%stakes nothing up: %s", named, b->why);
		if (!json_string_length(json_object_get(row, "from")) &&
		    !json_string_length(json_object_get(row, "to")))
			fail_msg("%sits values are not said", named);
		break;
	case BP_RELOAD_NEXT:
		if (!row || !json_is_true(json_object_get(row, "next_start")))
			fail_msg("%sis not said to wait for the next start: %s", named, b->why);
		break;
	case BP_RELOAD_START:
		if (b->document || !strstr(b->why, named) ||
		    !strstr(b->why, "is read at the start only, since "))
			fail_msg("%sis not refused by name: %s", named, b->why);
		break;
	case BP_RELOAD_NONE:
		if (!b->document || !b->change.is_empty)
			fail_msg("%sbypath run does not read it: %s", named, b->why);
		break;
	default:
		fail_msg("%snothing makes a section anew", named);
	}
}

static void each_key_of_a_section_is_taken_up_or_refused_by_name(void **state)
{
	const struct bp_section *section;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; (section = bp_schema_section(i)); i++)
		for (const struct bp_key *key = section->keys; key->name; key++) {
			struct bench *b;

			if (section->is_named || key->type == BP_KEY_PORT)
				continue;
			b = begin("null");
			b->loaded = b->running;
			change(key, &b->loaded);
			find(b);
			judge(b, section, key);
			end(b);
			n++;
		}
	assert_true(n > 30);
}

/* The generator's own. */
static void streams_are_nothing_to_a_run(void **state)
{
	const struct bp_section *section = bp_schema_section_of("stream");

	(void)state;
	for (const struct bp_key *key = section->keys; key->name; key++) {
		struct bench *b = begin("null");

		assert_int_equal(bp_schema_reload(section, key), BP_RELOAD_NONE);
		b->loaded = b->running;
		change(key, &b->loaded.streams[0]);
		find(b);
		assert_true(b->document && b->change.is_empty);
		end(b);
	}
}

/* ---- ports and functions ---------------------------------------------------------------------- */

static void judge_anew(struct bench *b, const char *what, enum bp_fate fate, const char *owner,
		       const struct bp_key *key)
{
	if (!b->document || fate != BP_FATE_REPLACED)
		fail_msg("%s: %s: not made anew: %s", owner, key->name, b->why);
	if (!row_of(first_keys(b->document, what), key->name))
		fail_msg("%s: %s: not named", owner, key->name);
}

static void try_port(const char *driver, const struct bp_section *section, const struct bp_key *key)
{
	struct bench *b = begin(driver);

	assert_int_equal(bp_schema_reload(section, key), BP_RELOAD_ANEW);
	b->loaded = b->running;
	change(key, &b->loaded.ports[0]);
	find(b);
	judge_anew(b, "ports", b->change.ports[0], driver, key);
	end(b);
}

static void each_key_of_a_port_makes_it_anew(void **state)
{
	const struct bp_section *section = bp_schema_section_of("port");

	(void)state;
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		for (const struct bp_key *key = section->keys; key->name; key++)
			try_port(entry->name, section, key);
		for (const struct bp_key *key = entry->facts->keys; key->name; key++)
			try_port(entry->name, section, key);
	}
}

static void try_function(const struct bp_function *function, const struct bp_section *section,
			 const struct bp_key *key)
{
	struct bench *b = begin("null");
	struct bp_function_conf *f = &b->running.functions[0];

	assert_int_equal(bp_schema_reload(section, key), BP_RELOAD_ANEW);
	snprintf(f->name, sizeof(f->name), "f");
	snprintf(f->type, sizeof(f->type), "%s", function->name);
	bp_value_store_defaults(function->keys, f);
	b->running.n_functions = 1;
	b->running.ports[0].n_chain = 1;
	b->loaded = b->running;
	change(key, &b->loaded.functions[0]);
	find(b);
	judge_anew(b, "functions", b->change.functions[0], function->name, key);
	end(b);
}

static void each_key_of_a_function_makes_it_anew(void **state)
{
	const struct bp_section *section = bp_schema_section_of("function");

	(void)state;
	for (const struct bp_function *const *f = bp_function_table; *f; f++)
		for (const struct bp_key *key = (*f)->keys; key->name; key++)
			try_function(*f, section, key);
}

/* ---- what ports know of [engine] --------------------------------------------------------------- */

static void ports_that_know_the_burst_are_made_anew_for_another(void **state)
{
	(void)state;
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		struct bench *b = begin(entry->name);
		bool knows = entry->facts->flags & BP_FACT_KNOWS_BURST;

		b->loaded = b->running;
		b->loaded.engine.burst = 32;
		find(b);
		assert_non_null(b->document);
		assert_int_equal(b->change.ports[0], knows ? BP_FATE_REPLACED : BP_FATE_KEPT);
		if (knows)
			assert_string_equal(b->change.port_why[0], "[engine] burst is another");
		end(b);
	}
}

static void ports_with_memory_for_each_worker_are_made_anew_for_more(void **state)
{
	(void)state;
	for (const struct bp_driver_entry *entry = bp_driver_table; entry->name; entry++) {
		struct bench *b = begin(entry->name);
		bool is_sized = entry->facts->flags & BP_FACT_SIZED_BY_WORKERS;

		b->running.engine.n_cores = 0;
		b->loaded = b->running;
		b->loaded.engine.n_workers = 2;
		find(b);
		assert_non_null(b->document);
		assert_true(b->change.has_new_cores);
		assert_int_equal(b->change.ports[0], is_sized ? BP_FATE_REPLACED : BP_FATE_KEPT);
		if (is_sized)
			assert_string_equal(b->change.port_why[0],
					    "its memory is for fewer workers");
		/* One fewer needs nothing, nor does what it had before. */
		b->running = b->change.conf;
		b->plan = b->change.plan;
		for (unsigned n = 2; n-- > 0;) {
			b->loaded.engine.n_workers = (uint16_t)(2 - n);
			assert_int_equal(bp_change_find(&b->running, &b->plan, &b->loaded,
							&b->change, b->why, sizeof(b->why)),
					 0);
			assert_int_equal(b->change.ports[0], BP_FATE_KEPT);
			assert_int_equal(b->change.ports[1], BP_FATE_KEPT);
			b->running = b->change.conf;
			b->plan = b->change.plan;
		}
		end(b);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_of_a_section_is_taken_up_or_refused_by_name),
		cmocka_unit_test(streams_are_nothing_to_a_run),
		cmocka_unit_test(each_key_of_a_port_makes_it_anew),
		cmocka_unit_test(each_key_of_a_function_makes_it_anew),
		cmocka_unit_test(ports_that_know_the_burst_are_made_anew_for_another),
		cmocka_unit_test(ports_with_memory_for_each_worker_are_made_anew_for_more),
	};

	return cmocka_run_group_tests_name("reload-keys", tests, NULL, NULL);
}
