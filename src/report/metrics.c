/* A run's report as metrics: OpenMetrics 1.0, or the text format of Prometheus before it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/metrics.h"

#include "core/json.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Where metrics go. */
struct metrics {
	FILE *out;
	bool is_open;
	json_t *floors; /* of counters that are estimates, what was said of them; NULL: nothing is kept */
};

enum type { GAUGE, COUNTER, HISTOGRAM, INFO };

/* A family; strings are static. */
struct family {
	const char *name; /* without what its type adds: "_total", "_info" */
	const char *unit; /* the name's last word, or NULL */
	enum type type;
	const char *help;
};

static void begin(const struct metrics *m, const struct family *f)
{
	static const char *const types[] = { "gauge", "counter", "histogram", "info" };
	/* The older format names samples, and knows no info. */
	const char *suffix = m->is_open           ? ""
			     : f->type == COUNTER ? "_total"
			     : f->type == INFO    ? "_info"
						  : "";
	const char *type = !m->is_open && f->type == INFO ? "gauge" : types[f->type];

	fprintf(m->out, "# TYPE %s%s %s\n", f->name, suffix, type);
	if (m->is_open && f->unit)
		fprintf(m->out, "# UNIT %s %s\n", f->name, f->unit);
	fprintf(m->out, "# HELP %s%s %s\n", f->name, suffix, f->help);
}

/* ---- samples: there are many thousand ---------------------------------------------------------------- */

/* One under way. */
struct line {
	FILE *out;
	size_t n;
	char text[512];
};

/* In parentheses: as a macro it is a screen long. */
static void add(struct line *line, const char *text, size_t n)
{
	if (n > sizeof(line->text) - line->n) {
		(fwrite_unlocked)(line->text, 1, line->n, line->out);
		line->n = 0;
	}
	if (n > sizeof(line->text)) {
		(fwrite_unlocked)(text, 1, n, line->out);
		return;
	}
	memcpy(line->text + line->n, text, n); /* a part of a line */
	line->n += n;
}

static void add_text(struct line *line, const char *text)
{
	add(line, text, strlen(text));
}

/* A label's value: what the formats escape, escaped. */
static void add_label_value(struct line *line, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\\\"\n");

		add(line, text, n);
		text += n;
		if (!*text)
			return;
		add(line, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\", 2);
		text++;
	}
}

static void add_value(struct line *line, double value)
{
	char digits[32];
	size_t n = sizeof(digits);

	/* Most are counts. */
	if (value >= 0 && value < 9e15 && value <= (double)(uint64_t)value) {
		uint64_t left = (uint64_t)value;

		do
			digits[--n] = (char)('0' + left % 10);
		while (left /= 10);
		add(line, digits + n, sizeof(digits) - n);
	} else {
		add(line, digits, (size_t)snprintf(digits, sizeof(digits), "%.17g", value));
	}
}

static void put_sample(const struct metrics *m, const char *name, const char *suffix, double value,
		       va_list labels)
{
	struct line line;
	const char *label, *sep = "{";

	line.out = m->out;
	line.n = 0;
	line.text[0] = '\0';
	add_text(&line, name);
	add_text(&line, suffix);
	while ((label = va_arg(labels, const char *))) {
		const char *text = va_arg(labels, const char *);

		add(&line, sep, 1);
		add_text(&line, label);
		add(&line, "=\"", 2);
		add_label_value(&line, text ? text : "");
		add(&line, "\"", 1);
		sep = ",";
	}
	add_text(&line, *sep == ',' ? "} " : " ");
	add_value(&line, value);
	add(&line, "\n", 1);
	(fwrite_unlocked)(line.text, 1, line.n, line.out);
}

/* One sample; labels: name, value, name, value, …, NULL. */
static void sample(const struct metrics *m, const struct family *f, double value, ...)
{
	static const char *const suffixes[] = { "", "_total", "", "_info" };
	va_list labels;

	va_start(labels, value);
	put_sample(m, f->name, suffixes[f->type], value, labels);
	va_end(labels);
}

/* One of a histogram: suffix is "_bucket", "_sum", "_count". */
static void part(const struct metrics *m, const struct family *f, const char *suffix, double value,
		 ...)
{
	va_list labels;

	va_start(labels, value);
	put_sample(m, f->name, suffix, value, labels);
	va_end(labels);
}

/*
 * Of what is estimated: what was said before, where it is less now. The report spreads time off core over the whole run,
 * so that a part of it may shrink; a counter does not. What is less than half began anew, as a function that a reload
 * made again: so does its counter.
 */
static double grown(const struct metrics *m, double value, const char *what, const char *of,
		    const char *part_of)
{
	char key[192];
	double before;

	snprintf(key, sizeof(key), "%s %s %s", what, of, part_of);
	before = json_real_value(json_object_get(m->floors, key));
	if (value < before && value >= before / 2)
		return before;
	json_object_set_new(m->floors, key, json_real(value));
	return value;
}

static const char *text_at(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* ---- ports ---------------------------------------------------------------------------------------- */

static void put_ports(const struct metrics *m, const json_t *document)
{
	static const struct family up = { "bypath_port_up", NULL, GAUGE,
					  "Whether the port has a link." };
	static const struct family losses = { "bypath_port_losses", NULL, COUNTER,
					      "How often the port's device went away." };
	const json_t *ports = json_object_get(document, "ports"), *port;
	size_t i;

	begin(m, &up);
	json_array_foreach(ports, i, port)
		/* One that a reload took out is not down. */
		if (!json_is_true(json_object_get(port, "removed")))
			sample(m, &up, !strcmp(text_at(port, "link"), "up"), "port",
			       text_at(port, "name"), "driver", text_at(port, "driver"), "device",
			       text_at(port, "device"), "mode", text_at(port, "mode"), NULL);
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
			const json_t *counted = json_object_get(queue, "counted");

			snprintf(number, sizeof(number), "%zu", q);
			sample(m, &f->family,
			       json_number_value(json_object_get(counted, f->member)), "port",
			       text_at(port, "name"), "queue", number, NULL);
		}
}

#define QUEUE_FAMILIES(way, direction)                               \
	{ { "bypath_port_" way "_packets", "packets", COUNTER,       \
	    "Packets that were " direction "." },                    \
	  way "_queues",                                             \
	  "packets" },                                               \
		{ { "bypath_port_" way "_bytes", "bytes", COUNTER,   \
		    "Bytes that were " direction ", without FCS." }, \
		  way "_queues",                                     \
		  "bytes" },                                         \
	{                                                            \
		{ "bypath_port_" way "_bursts", "bursts", COUNTER,   \
		  "Bursts in which packets were " direction "." },   \
			way "_queues", "bursts"                      \
	}

static const struct queue_family queue_families[] = {
	QUEUE_FAMILIES("rx", "received"),
	QUEUE_FAMILIES("tx", "sent"),
	{ { "bypath_port_rx_empty_polls", "polls", COUNTER,
	    "Looks at a queue that found nothing." },
	  "rx_queues",
	  "empty_polls" },
	{ { "bypath_port_tx_held_packets", "packets", GAUGE,
	    "Packets that were handed over and are not yet given back." },
	  "tx_queues",
	  "held" },
};

/* ---- drops ---------------------------------------------------------------------------------------- */

static const struct family drops = {
	"bypath_drops", NULL, COUNTER,
	"Packets that were lost, by reason, from the first one on: counted by bypath, or reported by the device as lost "
	"outside it."
};

static double dropped_of(const json_t *queue)
{
	return json_number_value(json_object_get(json_object_get(queue, "counted"), "dropped"));
}

static double sum_dropped(const json_t *queues)
{
	const json_t *queue;
	double sum = 0;
	size_t q;

	json_array_foreach(queues, q, queue)
		sum += dropped_of(queue);
	return sum;
}

/* Of all reasons, from the start: one that comes later has its first packets in no rate. */
static void put_dropped(const struct metrics *m, const json_t *document)
{
	static const struct family dropped = {
		"bypath_port_dropped_packets", "packets", COUNTER,
		"Packets that a port's queues dropped, whatever the reason."
	};
	const json_t *port;
	size_t i;

	begin(m, &dropped);
	json_array_foreach(json_object_get(document, "ports"), i, port) {
		sample(m, &dropped, sum_dropped(json_object_get(port, "rx_queues")), "port",
		       text_at(port, "name"), "direction", "rx", NULL);
		sample(m, &dropped, sum_dropped(json_object_get(port, "tx_queues")), "port",
		       text_at(port, "name"), "direction", "tx", NULL);
	}
}

/* Has any queue met this reason? */
static bool is_met(const json_t *queues, const char *reason)
{
	const json_t *queue;
	size_t q;

	json_array_foreach(queues, q, queue)
		if (dropped_of(queue) > 0 &&
		    json_number_value(json_object_get(bp_json_at(queue, "counted.drops"), reason)) >
			    0)
			return true;
	return false;
}

/* Most reasons are met by no queue, of which there are many. */
static void put_queue_drops(const struct metrics *m, const json_t *port, const char *way)
{
	const json_t *queues = json_object_get(port, way), *queue;
	json_t *value, *reasons = bp_json_at(json_array_get(queues, 0), "counted.drops");
	const char *reason;
	char number[24];
	size_t q;

	if (sum_dropped(queues) <= 0)
		return;
	json_object_foreach(reasons, reason, value) {
		if (!is_met(queues, reason))
			continue;
		json_array_foreach(queues, q, queue) {
			const json_t *n =
				json_object_get(bp_json_at(queue, "counted.drops"), reason);

			snprintf(number, sizeof(number), "%zu", q);
			sample(m, &drops, json_number_value(n), "port", text_at(port, "name"),
			       "direction", text_at(queue, "direction"), "queue", number, "reason",
			       reason, "provenance", "counted", NULL);
		}
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

	put_dropped(m, document);
	begin(m, &drops);
	json_array_foreach(json_object_get(document, "ports"), i, port) {
		put_queue_drops(m, port, "rx_queues");
		put_queue_drops(m, port, "tx_queues");
		put_reported_drops(m, port);
	}
}

/* ---- workers -------------------------------------------------------------------------------------- */

/* Time in system calls is the paths': of those that this worker carries. */
static double calls_ns(const json_t *paths, json_int_t worker)
{
	const json_t *path;
	double ns = 0;
	size_t i;

	json_array_foreach(paths, i, path) {
		const json_t *counted = json_object_get(path, "counted");
		const char *per =
			strcmp(text_at(path, "part"), "intake") ? "packets_out" : "packets";

		if (json_integer_value(json_object_get(path, "worker")) == worker)
			ns += json_number_value(json_object_get(counted, "ns_per_packet_calls")) *
			      json_number_value(json_object_get(counted, per));
	}
	return ns;
}

static void put_worker_times(const struct metrics *m, const json_t *document)
{
	static const struct family seconds = {
		"bypath_worker_seconds", "seconds", COUNTER,
		"Time of a worker: busy with packets, idle, asleep, off_core: it wanted its core and did not have it."
	};
	static const struct family calls = {
		"bypath_worker_call_seconds", "seconds", COUNTER,
		"Of the time that a worker is busy: in system calls."
	};
	static const struct {
		const char *state, *path;
	} states[] = { { "busy", "counted.busy_ns" },
		       { "idle", "counted.idle_ns" },
		       { "asleep", "counted.asleep_ns" },
		       { "off_core", "off_core.ns" } };
	const json_t *workers = json_object_get(document, "workers"), *worker;
	char number[24];
	size_t i;

	begin(m, &seconds);
	json_array_foreach(workers, i, worker)
		for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
			double s = bp_json_number_at(worker, states[k].path) / 1e9;

			snprintf(number, sizeof(number), "%zu", i);
			sample(m, &seconds, grown(m, s, "worker", number, states[k].state),
			       "worker", number, "state", states[k].state, NULL);
		}
	begin(m, &calls);
	json_array_foreach(workers, i, worker) {
		double s = calls_ns(json_object_get(document, "paths"), (json_int_t)i) / 1e9;

		snprintf(number, sizeof(number), "%zu", i);
		sample(m, &calls, grown(m, s, "worker", number, "calls"), "worker", number, NULL);
	}
}

static void put_workers(const struct metrics *m, const json_t *document)
{
	static const struct family core = { "bypath_worker_core", NULL, GAUGE,
					    "Number of the core that a worker runs on." };
	static const struct family packets = { "bypath_worker_packets", "packets", COUNTER,
					       "Packets that a worker received." };
	const json_t *workers = json_object_get(document, "workers"), *worker;
	char number[24];
	size_t i;

	put_worker_times(m, document);
	begin(m, &core);
	json_array_foreach(workers, i, worker) {
		snprintf(number, sizeof(number), "%zu", i);
		sample(m, &core, bp_json_number_at(worker, "core"), "worker", number, NULL);
	}
	begin(m, &packets);
	json_array_foreach(workers, i, worker) {
		snprintf(number, sizeof(number), "%zu", i);
		sample(m, &packets, bp_json_number_at(worker, "counted.packets"), "worker", number,
		       NULL);
	}
}

/* ---- paths ---------------------------------------------------------------------------------------- */

#define PATH_BYTES 160u

/* "wan>lan"; of an intake, whose packets go to several ports, "wan>". */
static void name_path(const json_t *path, char name[PATH_BYTES])
{
	snprintf(name, PATH_BYTES, "%s>%s", text_at(path, "in"), text_at(path, "out"));
}

/* The rows of the paths, each path once: those that several workers have as their sum. A new reference. */
static json_t *list_paths(const json_t *document)
{
	json_t *list = json_array(), *summed = json_object(), *path;
	char name[PATH_BYTES];
	size_t i;

	json_array_foreach(json_object_get(document, "path_sums"), i, path) {
		name_path(path, name);
		json_object_set_new(summed, name, json_true());
		json_array_append(list, path);
	}
	json_array_foreach(json_object_get(document, "paths"), i, path) {
		name_path(path, name);
		if (!json_object_get(summed, name))
			json_array_append(list, path);
	}
	json_decref(summed);
	return list;
}

static void put_copies(const struct metrics *m, const json_t *paths)
{
	static const struct family copies = {
		"bypath_copies", NULL, COUNTER,
		"Copies of whole packets by the CPU: by user code, counted; by the kernel, modelled, where the model "
		"has one figure."
	};
	const json_t *path;
	char name[PATH_BYTES];
	size_t i;

	begin(m, &copies);
	json_array_foreach(paths, i, path) {
		const json_t *counted = json_object_get(path, "counted");
		const json_t *lo = bp_json_at(path, "modelled.kernel_copies.lo");

		name_path(path, name);
		sample(m, &copies, json_number_value(json_object_get(counted, "user_copies")),
		       "path", name, "domain", "user", "provenance", "counted", NULL);
		if (lo && json_equal(lo, bp_json_at(path, "modelled.kernel_copies.hi")))
			sample(m, &copies,
			       json_number_value(lo) *
				       json_number_value(json_object_get(counted, "packets_out")),
			       "path", name, "domain", "kernel", "provenance", "modelled", NULL);
	}
}

/* The document has one class for each power of two; a bucket has all classes up to its own. */
static void put_bursts(const struct metrics *m, const json_t *paths)
{
	static const struct family bursts = {
		"bypath_burst_packets", "packets", HISTOGRAM,
		"Packets of each burst that was received on a path; of an edge no burst is received."
	};
	const json_t *path, *n;
	char name[PATH_BYTES], bound[24];
	size_t i, k;

	begin(m, &bursts);
	json_array_foreach(paths, i, path) {
		const json_t *counted = json_object_get(path, "counted");
		double sum = 0;

		if (!strcmp(text_at(path, "part"), "edge"))
			continue;
		name_path(path, name);
		json_array_foreach(json_object_get(counted, "bursts_by_packets"), k, n) {
			sum += json_number_value(n);
			snprintf(bound, sizeof(bound), "%llu.0", 1ULL << k);
			part(m, &bursts, "_bucket", sum, "path", name, "le", bound, NULL);
		}
		part(m, &bursts, "_bucket", sum, "path", name, "le", "+Inf", NULL);
		part(m, &bursts, "_sum", json_number_value(json_object_get(counted, "packets")),
		     "path", name, NULL);
		part(m, &bursts, "_count", sum, "path", name, NULL);
	}
}

static void put_paths(const struct metrics *m, const json_t *document)
{
	static const struct {
		struct family family;
		const char *member;
	} rows[] = {
		{ { "bypath_path_packets", "packets", COUNTER,
		    "Packets received on a path; of an edge: handed to it." },
		  "packets" },
		{ { "bypath_path_bytes", "bytes", COUNTER, "Bytes of these packets, without FCS." },
		  "bytes" },
		{ { "bypath_system_calls", NULL, COUNTER,
		    "System calls of the workers for a path's packets." },
		  "crossings" },
	};
	json_t *paths = list_paths(document), *path;
	char name[PATH_BYTES];
	size_t i;

	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		begin(m, &rows[k].family);
		json_array_foreach(paths, i, path) {
			const json_t *counted = json_object_get(path, "counted");

			name_path(path, name);
			sample(m, &rows[k].family,
			       json_number_value(json_object_get(counted, rows[k].member)), "path",
			       name, NULL);
		}
	}
	put_copies(m, paths);
	put_bursts(m, paths);
	json_decref(paths);
}

/* ---- functions ------------------------------------------------------------------------------------ */

static void put_functions(const struct metrics *m, const json_t *document)
{
	static const struct family packets = { "bypath_function_packets", "packets", COUNTER,
					       "Packets that came to a function." };
	static const struct family lost = { "bypath_function_drops", NULL, COUNTER,
					    "Packets that a function dropped, by reason." };
	static const struct family state = {
		"bypath_function_state", NULL, GAUGE,
		"What a function says of itself and its tables: entries, hits."
	};
	static const struct family seconds = {
		"bypath_function_seconds", "seconds", COUNTER,
		"Time within a function; 0 where a driver does its work, which is not timed."
	};
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
	begin(m, &seconds);
	json_array_foreach(functions, i, f) {
		double s = bp_json_number_at(f, "counted.busy_ns") / 1e9;

		sample(m, &seconds, grown(m, s, "function", text_at(f, "name"), "busy"), "function",
		       text_at(f, "name"), NULL);
	}
	begin(m, &state);
	json_array_foreach(functions, i, f)
		json_array_foreach(json_object_get(f, "state"), k, row)
			if (json_is_number(json_object_get(row, "value")))
				sample(m, &state, bp_json_number_at(row, "value"), "function",
				       text_at(f, "name"), "what", text_at(row, "what"), NULL);
}

/* ---- alarms ---------------------------------------------------------------------------------------- */

static void put_alarms(const struct metrics *m, const json_t *document)
{
	static const struct family raised = { "bypath_alarm", NULL, GAUGE,
					      "1: raised, 0: not; by kind and subject." };
	static const struct family times = { "bypath_alarms_raised", NULL, COUNTER,
					     "How often an alarm was raised." };
	const json_t *alarms = json_object_get(document, "alarms"), *alarm;
	size_t i;

	begin(m, &raised);
	json_array_foreach(alarms, i, alarm)
		sample(m, &raised, json_is_true(json_object_get(alarm, "raised")), "alarm",
		       text_at(alarm, "alarm"), "subject", text_at(alarm, "subject"), NULL);
	begin(m, &times);
	json_array_foreach(alarms, i, alarm)
		sample(m, &times, bp_json_number_at(alarm, "times"), "alarm",
		       text_at(alarm, "alarm"), "subject", text_at(alarm, "subject"), NULL);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static void put_run(const struct metrics *m, const json_t *document)
{
	static const struct family build = { "bypath_build", NULL, INFO,
					     "1, with the version and the name of the instance." };
	static const struct family run = { "bypath_run_seconds", "seconds", GAUGE,
					   "Since the workers started." };
	static const struct family frames = { "bypath_arena_frames", "frames", GAUGE,
					      "Frames that the arena has." };
	static const struct family reloads = {
		"bypath_reloads", NULL, COUNTER,
		"Times that the configuration was read anew, by result: done, or "
		"refused, which changes nothing."
	};
	static const struct family unaccounted = {
		"bypath_unaccounted_packets", "packets", GAUGE,
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
	begin(m, &reloads);
	sample(m, &reloads, bp_json_number_at(document, "reloads.done"), "result", "done", NULL);
	sample(m, &reloads, bp_json_number_at(document, "reloads.refused"), "result", "refused",
	       NULL);
	begin(m, &unaccounted);
	sample(m, &unaccounted, bp_json_number_at(document, "conservation.counted.unaccounted"),
	       NULL);
}

void bp_report_metrics(FILE *out, const json_t *document, bool is_open, json_t *floors)
{
	const struct metrics m = { out, is_open, floors };

	put_run(&m, document);
	put_ports(&m, document);
	for (size_t i = 0; i < sizeof(queue_families) / sizeof(queue_families[0]); i++)
		put_queue_family(&m, document, &queue_families[i]);
	put_drops(&m, document);
	put_workers(&m, document);
	put_paths(&m, document);
	put_functions(&m, document);
	put_alarms(&m, document);
	if (is_open)
		fputs("# EOF\n", out);
}
