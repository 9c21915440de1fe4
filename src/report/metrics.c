/* A run's report as metrics: OpenMetrics 1.0, or the text format of Prometheus before it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/metrics.h"

#include "core/json.h"

#include <stdarg.h>
#include <string.h>

/* Where metrics go. */
struct metrics {
	FILE *out;
	bool is_open;
};

/* A family; strings are static. */
struct family {
	const char *name; /* without "_total" */
	const char *unit; /* its last word, or NULL */
	bool is_counter;
	const char *help;
};

static void begin(const struct metrics *m, const struct family *f)
{
	const char *suffix = f->is_counter && !m->is_open ? "_total" : "";

	fprintf(m->out, "# TYPE %s%s %s\n", f->name, suffix, f->is_counter ? "counter" : "gauge");
	if (m->is_open && f->unit)
		fprintf(m->out, "# UNIT %s %s\n", f->name, f->unit);
	fprintf(m->out, "# HELP %s%s %s\n", f->name, suffix, f->help);
}

/* A label's value: what the formats escape, escaped. */
static void put_label_value(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', out);
		if (*text == '\n')
			fputs("\\n", out);
		else
			fputc(*text, out);
	}
}

/* One sample; labels: name, value, name, value, …, NULL. */
static void sample(const struct metrics *m, const struct family *f, double value, ...)
{
	const char *name, *sep = "{";
	va_list labels;

	fprintf(m->out, "%s%s", f->name, f->is_counter ? "_total" : "");
	va_start(labels, value);
	while ((name = va_arg(labels, const char *))) {
		const char *text = va_arg(labels, const char *);

		fprintf(m->out, "%s%s=\"", sep, name);
		put_label_value(m->out, text ? text : "");
		fputc('"', m->out);
		sep = ",";
	}
	va_end(labels);
	fprintf(m->out, "%s %.17g\n", *sep == ',' ? "}" : "", value);
}

static const char *text_at(const json_t *row, const char *path)
{
	const char *text = bp_json_text_at(row, path);

	return text ? text : "";
}

/* ---- ports ---------------------------------------------------------------------------------------- */

static void put_ports(const struct metrics *m, const json_t *document)
{
	static const struct family up = { "bypath_port_up", NULL, false,
					  "Whether the port has a link." };
	static const struct family losses = { "bypath_port_losses", NULL, true,
					      "How often the port's device went away." };
	const json_t *ports = json_object_get(document, "ports"), *port;
	size_t i;

	begin(m, &up);
	json_array_foreach(ports, i, port)
		sample(m, &up, !strcmp(text_at(port, "link"), "up"), "port", text_at(port, "name"),
		       "driver", text_at(port, "driver"), "device", text_at(port, "device"), "mode",
		       text_at(port, "mode"), NULL);
	begin(m, &losses);
	json_array_foreach(ports, i, port)
		sample(m, &losses, bp_json_number_at(port, "losses"), "port", text_at(port, "name"),
		       NULL);
}

/* A counter of each queue of one direction. */
struct queue_family {
	struct family family;
	const char *queues, *member;
};

static void put_queue_family(const struct metrics *m, const json_t *document,
			     const struct queue_family *f)
{
	const json_t *port, *queue;
	size_t i, q;
	char number[24];

	begin(m, &f->family);
	json_array_foreach(json_object_get(document, "ports"), i, port)
		json_array_foreach(json_object_get(port, f->queues), q, queue) {
			snprintf(number, sizeof(number), "%zu", q);
			sample(m, &f->family, bp_json_number_at(queue, f->member), "port",
			       text_at(port, "name"), "queue", number, NULL);
		}
}

#define QUEUE_FAMILIES(way, direction)                                                            \
	{ { "bypath_port_" way "_packets", "packets", true, "Packets that were " direction "." }, \
	  way "_queues",                                                                          \
	  "counted.packets" },                                                                    \
		{ { "bypath_port_" way "_bytes", "bytes", true,                                   \
		    "Bytes that were " direction ", without FCS." },                              \
		  way "_queues",                                                                  \
		  "counted.bytes" },                                                              \
	{                                                                                         \
		{ "bypath_port_" way "_bursts", "bursts", true,                                   \
		  "Bursts in which packets were " direction "." },                                \
			way "_queues", "counted.bursts"                                           \
	}

static const struct queue_family queue_families[] = {
	QUEUE_FAMILIES("rx", "received"),
	QUEUE_FAMILIES("tx", "sent"),
	{ { "bypath_port_rx_empty_polls", "polls", true, "Looks at a queue that found nothing." },
	  "rx_queues",
	  "counted.empty_polls" },
	{ { "bypath_port_tx_held_packets", "packets", false,
	    "Packets that were handed over and are not yet given back." },
	  "tx_queues",
	  "counted.held" },
};

/* ---- drops ---------------------------------------------------------------------------------------- */

static const struct family drops = {
	"bypath_drops", NULL, true,
	"Packets that were lost, by reason; reported ones outside bypath."
};

static void put_queue_drops(const struct metrics *m, const json_t *port, const char *queues)
{
	const json_t *queue;
	json_t *value;
	const char *reason;
	char number[24];
	size_t q;

	json_array_foreach(json_object_get(port, queues), q, queue) {
		snprintf(number, sizeof(number), "%zu", q);
		json_object_foreach(bp_json_at(queue, "counted.drops"), reason, value)
			sample(m, &drops, json_number_value(value), "port", text_at(port, "name"),
			       "direction", text_at(queue, "direction"), "queue", number, "reason",
			       reason, "provenance", "counted", NULL);
	}
}

/* What the device says is of no queue. */
static void put_reported_drops(const struct metrics *m, const json_t *port)
{
	const json_t *event;
	size_t i;

	json_array_foreach(json_object_get(port, "events"), i, event) {
		if (strcmp(text_at(event, "provenance"), "reported") != 0 ||
		    strcmp(text_at(event, "kind"), "drop") != 0)
			continue;
		sample(m, &drops, bp_json_number_at(event, "value"), "port", text_at(port, "name"),
		       "direction", "", "queue", text_at(event, "queue"), "reason",
		       text_at(event, "counter"), "provenance", "reported", NULL);
	}
}

static void put_drops(const struct metrics *m, const json_t *document)
{
	const json_t *port;
	size_t i;

	begin(m, &drops);
	json_array_foreach(json_object_get(document, "ports"), i, port) {
		put_queue_drops(m, port, "rx_queues");
		put_queue_drops(m, port, "tx_queues");
		put_reported_drops(m, port);
	}
}

/* ---- workers -------------------------------------------------------------------------------------- */

static void put_workers(const struct metrics *m, const json_t *document)
{
	static const struct family seconds = { "bypath_worker_seconds", "seconds", false,
					       "Time of a worker, by what it did." };
	static const struct family packets = { "bypath_worker_packets", "packets", true,
					       "Packets that a worker received." };
	static const struct {
		const char *state, *path;
	} states[] = { { "busy", "counted.busy_ns" },
		       { "idle", "counted.idle_ns" },
		       { "asleep", "counted.asleep_ns" },
		       { "off_core", "off_core.ns" } };
	const json_t *workers = json_object_get(document, "workers"), *worker;
	char number[24], core[24];
	size_t i;

	begin(m, &seconds);
	json_array_foreach(workers, i, worker)
		for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
			snprintf(number, sizeof(number), "%zu", i);
			snprintf(core, sizeof(core), "%.0f", bp_json_number_at(worker, "core"));
			sample(m, &seconds, bp_json_number_at(worker, states[k].path) / 1e9,
			       "worker", number, "core", core, "state", states[k].state, NULL);
		}
	begin(m, &packets);
	json_array_foreach(workers, i, worker) {
		snprintf(number, sizeof(number), "%zu", i);
		sample(m, &packets, bp_json_number_at(worker, "counted.packets"), "worker", number,
		       NULL);
	}
}

/* ---- paths ---------------------------------------------------------------------------------------- */

/* A path's way and its worker, as labels; one path may have several workers. */
static void name_path(const json_t *path, char name[160], char worker[16])
{
	const char *out = bp_json_text_at(path, "out");

	snprintf(name, 160, "%s>%s", text_at(path, "in"), out ? out : "");
	snprintf(worker, 16, "%.0f", bp_json_number_at(path, "worker"));
}

static void put_copies(const struct metrics *m, const json_t *paths)
{
	static const struct family copies = {
		"bypath_copies", NULL, true,
		"Copies of whole packets, by the memory of whose CPU time they took; in the kernel modelled, where "
		"the model has one figure"
	};
	const json_t *path;
	char name[160], worker[16];
	size_t i;

	begin(m, &copies);
	json_array_foreach(paths, i, path) {
		const json_t *lo = bp_json_at(path, "modelled.kernel_copies.lo");

		name_path(path, name, worker);
		sample(m, &copies, bp_json_number_at(path, "counted.user_copies"), "path", name,
		       "part", text_at(path, "part"), "worker", worker, "domain", "user",
		       "provenance", "counted", NULL);
		if (lo && json_equal(lo, bp_json_at(path, "modelled.kernel_copies.hi")))
			sample(m, &copies,
			       json_number_value(lo) *
				       bp_json_number_at(path, "counted.packets_out"),
			       "path", name, "part", text_at(path, "part"), "worker", worker,
			       "domain", "kernel", "provenance", "modelled", NULL);
	}
}

static void put_paths(const struct metrics *m, const json_t *document)
{
	static const struct family packets = {
		"bypath_path_packets", "packets", true,
		"Packets received on a path; of an edge: handed to it."
	};
	static const struct family calls = { "bypath_system_calls", NULL, true,
					     "System calls of the workers for a path's packets." };
	const json_t *paths = json_object_get(document, "paths"), *path;
	char name[160], worker[16];
	size_t i;

	begin(m, &packets);
	json_array_foreach(paths, i, path) {
		name_path(path, name, worker);
		sample(m, &packets, bp_json_number_at(path, "counted.packets"), "path", name,
		       "part", text_at(path, "part"), "worker", worker, NULL);
	}
	begin(m, &calls);
	json_array_foreach(paths, i, path) {
		name_path(path, name, worker);
		sample(m, &calls, bp_json_number_at(path, "counted.crossings"), "path", name,
		       "part", text_at(path, "part"), "worker", worker, NULL);
	}
	put_copies(m, paths);
}

/* ---- functions ------------------------------------------------------------------------------------ */

static void put_functions(const struct metrics *m, const json_t *document)
{
	static const struct family packets = { "bypath_function_packets", "packets", true,
					       "Packets that came to a function." };
	static const struct family lost = { "bypath_function_drops", NULL, true,
					    "Packets that a function dropped, by reason." };
	static const struct family state = { "bypath_function_state", NULL, false,
					     "What a function says of itself: entries, hits." };
	const json_t *functions = json_object_get(document, "functions"), *f, *row;
	const char *reason;
	json_t *value;
	size_t i, k;

	begin(m, &packets);
	json_array_foreach(functions, i, f)
		sample(m, &packets, bp_json_number_at(f, "counted.packets"), "function",
		       text_at(f, "name"), "type", text_at(f, "type"), NULL);
	begin(m, &lost);
	json_array_foreach(functions, i, f)
		json_object_foreach(bp_json_at(f, "counted.drops"), reason, value)
			sample(m, &lost, json_number_value(value), "function", text_at(f, "name"),
			       "reason", reason, NULL);
	begin(m, &state);
	json_array_foreach(functions, i, f)
		json_array_foreach(json_object_get(f, "state"), k, row)
			if (json_is_number(json_object_get(row, "value")))
				sample(m, &state, bp_json_number_at(row, "value"), "function",
				       text_at(f, "name"), "what", text_at(row, "what"), NULL);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static void put_run(const struct metrics *m, const json_t *document)
{
	static const struct family build = { "bypath_build_info", NULL, false,
					     "1, with the version as a label." };
	static const struct family run = { "bypath_run_seconds", "seconds", false,
					   "Since the workers started." };
	static const struct family frames = { "bypath_arena_frames", "frames", false,
					      "Frames that the arena has." };
	static const struct family unaccounted = {
		"bypath_unaccounted_packets", "packets", false,
		"Received and made, less sent, dropped, held: packets under way between two counters are among "
		"them while a run goes on; what grows without end is a fault."
	};

	begin(m, &build);
	sample(m, &build, 1, "version", text_at(document, "version"), "instance_name",
	       text_at(document, "instance"), NULL);
	begin(m, &run);
	sample(m, &run, bp_json_number_at(document, "run.elapsed_s"), NULL);
	begin(m, &frames);
	sample(m, &frames, bp_json_number_at(document, "arena.frames"), NULL);
	begin(m, &unaccounted);
	sample(m, &unaccounted, bp_json_number_at(document, "conservation.counted.unaccounted"),
	       NULL);
}

void bp_report_metrics(FILE *out, const json_t *document, bool is_open)
{
	const struct metrics m = { out, is_open };

	put_run(&m, document);
	put_ports(&m, document);
	for (size_t i = 0; i < sizeof(queue_families) / sizeof(queue_families[0]); i++)
		put_queue_family(&m, document, &queue_families[i]);
	put_drops(&m, document);
	put_workers(&m, document);
	put_paths(&m, document);
	put_functions(&m, document);
	if (is_open)
		fputs("# EOF\n", out);
}
