/* Makes JSON values of facts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/json.h"

#include "bypath/ledger.h"

#include "core/cpu.h"
#include "core/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define KEY_BYTES 64u

json_t *bp_json_count(uint64_t n)
{
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
}

json_t *bp_json_ratio(double numerator, double denominator)
{
	return denominator > 0 ? json_real(numerator / denominator) : json_null();
}

json_t *bp_json_known(double value)
{
	return value > 0 ? json_real(value) : json_null();
}

json_t *bp_json_text_or_null(const char *text)
{
	return bp_json_text(text && *text ? text : NULL);
}

json_t *bp_json_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	json_t *value;

	if (!copy)
		return json_null();
	bp_utf8_clean(copy);
	value = json_string(copy);
	free(copy);
	return value;
}

json_t *bp_json_lines(const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	json_t *lines = json_array();

	while ((line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(lines, bp_json_text(line));
	free(copy);
	return lines;
}

json_t *bp_json_off(double share, enum bp_off_cause cause)
{
	return json_pack("{s:f, s:s, s:b, s:s}", "share", share, "cause", bp_off_name(cause),
			 "disturbed", share > BP_OFF_LIMIT, "text", bp_off_text(cause));
}

json_t *bp_json_machine(void)
{
	struct utsname uts;
	char cpu[128];

	uname(&uts);
	bp_cpu_model(cpu, sizeof(cpu));
	/* sethostname() takes any bytes. */
	return json_pack("{s:o, s:o, s:o}", "host", bp_json_text(uts.nodename), "kernel",
			 bp_json_text(uts.release), "cpu", bp_json_text(cpu[0] ? cpu : "unknown"));
}

json_t *bp_json_port(const struct bp_port_conf *conf, const struct bp_port_info *info)
{
	static const char *const kinds[] = {
		[BP_DEVICE_NONE] = "none",     [BP_DEVICE_VETH] = "veth",   [BP_DEVICE_TAP] = "tap",
		[BP_DEVICE_VIRTIO] = "virtio", [BP_DEVICE_OTHER] = "other", [BP_DEVICE_PMD] = "pmd",
	};

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:i, s:o}", "name", conf->name, "driver",
			 conf->driver, "device", bp_json_text(conf->device), "mode",
			 bp_json_text(info->mode), "device_driver",
			 bp_json_text(info->device_driver), "kind", kinds[info->kind], "mtu",
			 (int)info->mtu, "note", bp_json_text(info->note));
}

json_t *bp_json_chain(const struct bp_conf *conf, const struct bp_port_conf *port)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < port->n_chain; i++)
		json_array_append_new(names, json_string(conf->functions[port->chain[i]].name));
	return names;
}

json_t *bp_json_counters(const uint64_t v[BP_CNT_N])
{
	json_t *counters = json_object(), *drops = json_object();

	for (unsigned id = 0; id < BP_CNT_N; id++)
		json_object_set_new(id < BP_DROP_FIRST ? counters : drops, bp_counter_rows[id].name,
				    bp_json_count(v[id]));
	json_object_set_new(counters, "drops", drops);
	return counters;
}

json_t *bp_json_reported(const struct bp_reported *reported, unsigned n)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < n; i++) {
		const struct bp_counter_row *row = reported[i].row;

		json_array_append_new(
			rows, json_pack("{s:s, s:o, s:s, s:s, s:b, s:b, s:b, s:s}", "name",
					row->name, "value", bp_json_count(reported[i].value),
					"unit", row->unit, "direction", bp_side_name(row->side),
					"is_drop", row->kind == BP_KIND_DROP, "explains",
					row->kind == BP_KIND_EXPLAINS, "is_interface",
					(int)row->is_interface, "meaning", row->meaning));
	}
	return rows;
}

static void add_event(json_t *events, const char *queue, const struct bp_counter_row *row,
		      uint64_t value, enum bp_provenance provenance)
{
	if (!value)
		return;
	json_array_append_new(events,
			      json_pack("{s:s, s:s, s:o, s:s, s:s, s:s}", "queue", queue, "counter",
					row->name, "value", bp_json_count(value), "provenance",
					bp_provenance_name(provenance), "kind",
					row->kind == BP_KIND_DROP       ? "drop"
					: row->kind == BP_KIND_EXPLAINS ? "explains"
									: "event",
					"meaning", row->meaning));
}

void bp_json_add_events(json_t *events, const char *queue, const uint64_t v[BP_CNT_N])
{
	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++)
		add_event(events, queue, &bp_counter_rows[id], v[id], BP_PROV_COUNTED);
	for (unsigned id = 0; id < BP_DROP_FIRST; id++)
		if (bp_counter_rows[id].kind == BP_KIND_EVENT)
			add_event(events, queue, &bp_counter_rows[id], v[id], BP_PROV_COUNTED);
}

void bp_json_add_reported(json_t *events, const struct bp_reported *reported, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (reported[i].row->kind != BP_KIND_COST)
			add_event(events, "device", reported[i].row, reported[i].value,
				  BP_PROV_REPORTED);
}

json_t *bp_json_at_n(const json_t *document, const char *path, size_t n)
{
	json_t *value = (json_t *)(uintptr_t)document;
	const char *end = path + n;
	char key[KEY_BYTES];

	while (value && path < end) {
		const char *dot = memchr(path, '.', (size_t)(end - path));

		snprintf(key, sizeof(key), "%.*s", (int)((dot ? dot : end) - path), path);
		value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
					     : json_object_get(value, key);
		path = dot ? dot + 1 : end;
	}
	return value;
}

json_t *bp_json_at(const json_t *document, const char *path)
{
	return bp_json_at_n(document, path, strlen(path));
}

double bp_json_number_at(const json_t *document, const char *path)
{
	return json_number_value(bp_json_at(document, path));
}

const char *bp_json_text_at(const json_t *document, const char *path)
{
	return json_string_value(bp_json_at(document, path));
}

char *bp_json_line(const json_t *document, size_t flags, size_t *n)
{
	char *text = document ? json_dumps(document, flags) : NULL, *line = NULL;

	if (text) {
		*n = strlen(text) + 1;
		line = realloc(text, *n + 1);
		if (line)
			memcpy(line + *n - 1, "\n", 2);
		else
			free(text);
	}
	return line;
}
