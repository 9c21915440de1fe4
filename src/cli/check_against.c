/* Compares a file with what an instance runs with. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/check_against.h"
#include "cli/common.h"
#include "cli/show_ask.h"

#include "core/json.h"
#include "engine/change.h"
#include "engine/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ERRORS_BYTES 16384u

struct texts {
	size_t n;
	char **v;
};

static void free_texts(struct texts *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		free(texts->v[i]);
	free(texts->v);
}

static void add_text(struct texts *texts, const char *section, const json_t *setting)
{
	const char *key = json_string_value(json_object_get(setting, "key"));
	const char *value = json_string_value(json_object_get(setting, "value"));
	char **v = realloc(texts->v, (texts->n + 1) * sizeof(*v));

	if (!v)
		return;
	texts->v = v;
	if (key && value && asprintf(&v[texts->n], "%s.%s=%s", section, key, value) >= 0)
		texts->n++;
}

/* What the instance's file and command line say, as overrides of an empty file. */
static void list_settings(const json_t *config, struct texts *texts)
{
	const json_t *section, *setting;
	size_t i, k;

	json_array_foreach(json_object_get(config, "sections"), i, section) {
		const char *name = json_string_value(json_object_get(section, "section"));

		json_array_foreach(json_object_get(section, "settings"), k, setting) {
			const char *kind = json_string_value(json_object_get(setting, "kind"));

			if (name && kind && strcmp(kind, "default") != 0)
				add_text(texts, name, setting);
		}
	}
}

/* 0 or -errno (said). */
static int load_running(const char *name, struct bp_conf *running)
{
	json_t *piece = bp_ask(name, json_pack("{s:s, s:s}", "command", "show", "what", "config"));
	char *errors = calloc(1, ERRORS_BYTES);
	struct texts texts = { 0 };
	int err = piece && errors ? 0 : -1;

	if (!err) {
		list_settings(json_object_get(piece, "config"), &texts);
		err = bp_config_load("/dev/null", (const char *const *)texts.v, texts.n, running,
				     errors, ERRORS_BYTES);
	}
	if (err && piece)
		(void)bp_cli_complain("--against %s: what it runs with cannot be read here: %s",
				      name, errors ? errors : "no memory");
	if (!err)
		bp_plan_add_hops(running);
	free_texts(&texts);
	free(errors);
	json_decref(piece);
	return err;
}

/* The workers of a direction's queues. Returns their number; those that are gone come last. */
static uint16_t list_workers(const json_t *queues, uint16_t workers[BP_QUEUES_MAX])
{
	const json_t *queue;
	size_t i;

	json_array_foreach(queues, i, queue) {
		const json_t *of = json_object_get(queue, "worker");
		json_int_t worker = json_integer_value(of);

		if (i == BP_QUEUES_MAX || json_is_null(of))
			break;
		/* One that no worker has: any that sends nothing there. */
		workers[i] =
			(uint16_t)(worker >= 0 && worker < BP_WORKERS_MAX ? worker
									  : BP_WORKERS_MAX - 1);
	}
	return (uint16_t)i;
}

static void take_port(const json_t *row, struct bp_plan_port *port)
{
	port->n_rxq = list_workers(json_object_get(row, "rx_queues"), port->rxq_workers);
	port->n_txq = list_workers(json_object_get(row, "tx_queues"), port->txq_workers);
	for (unsigned w = 0; w < BP_WORKERS_MAX; w++)
		port->txq_of_worker[w] = BP_NO_QUEUE;
	for (uint16_t q = 0; q < port->n_txq; q++)
		port->txq_of_worker[port->txq_workers[q]] = q;
}

/* The queues as reloads have left them, which a start might deal otherwise. 0 or -1 (said). */
static int take_queues(const char *name, const struct bp_conf *running, struct bp_plan *plan)
{
	json_t *piece = bp_ask(name, json_pack("{s:s, s:s}", "command", "show", "what", "queues"));
	const json_t *row;
	size_t k;

	json_array_foreach(json_object_get(piece, "ports"), k, row) {
		const char *port = json_string_value(json_object_get(row, "name"));

		for (unsigned i = 0; port && i < running->n_ports; i++)
			if (!strcmp(port, running->ports[i].name))
				take_port(row, &plan->ports[i]);
	}
	json_decref(piece);
	return piece ? 0 : -1;
}

json_t *bp_check_against(const char *name, const struct bp_conf *loaded)
{
	struct bp_conf *running = calloc(1, sizeof(*running));
	struct bp_change *change = calloc(1, sizeof(*change));
	struct bp_plan plan;
	char why[4096] = "";
	json_t *document = NULL;

	if (running && change && !load_running(name, running)) {
		int err = bp_plan_make(running, &plan, why, sizeof(why));

		if (!err && take_queues(name, running, &plan))
			goto end;
		if (err || bp_change_find(running, &plan, loaded, change, why, sizeof(why)))
			document = bp_change_refused(why);
		else
			document = bp_change_document(change, running);
	}
end:
	free(running);
	free(change);
	return document;
}

static void print_line(void *ctx, const char *line)
{
	(void)ctx;
	puts(line);
}

void bp_print_change(const json_t *change)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(change, "refused"), i, line)
		printf("refused: %s\n", json_string_value(line));
	bp_change_tell(change, print_line, NULL);
	if (json_is_true(json_object_get(change, "empty")))
		puts("nothing changes");
}
