/* A run's snapshot as metrics: OpenMetrics 1.0, or the text format of Prometheus before it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/metrics.h"

#include "core/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 24u

/* Where metrics go. */
struct metrics {
	FILE *out;
	bool is_open;
	json_t *floors; /* of counters that are estimates, what was said of them; NULL: nothing is kept */
};

#define COPIES_OF "copies " /* a path's floor */

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
		size_t n = 0;

		/* Most are short: strcspn() first makes a table. */
		while (text[n] && text[n] != '\\' && text[n] != '"' && text[n] != '\n')
			n++;
		add(line, text, n);
		text += n;
		if (!*text)
			return;
		add(line, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\", 2);
		text++;
	}
}

/* A number's digits, the last one in front of end. Returns the first. */
static char *digits_before(char *end, uint64_t number)
{
	do
		*--end = (char)('0' + number % 10);
	while (number /= 10);
	return end;
}

static void add_value(struct line *line, double value)
{
	char digits[32], *end = digits + sizeof(digits);

	/* Most are counts. */
	if (value >= 0 && value < 9e15 && value <= (double)(uint64_t)value) {
		const char *first = digits_before(end, (uint64_t)value);

		add(line, first, (size_t)(end - first));
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
 * Of what is estimated: what was said before, where it is less now. The report spreads time off core over all the time that
 * a worker was there, so that a part of it may shrink; a counter does not.
 */
static double grown(const struct metrics *m, double value, const char *what, const char *of,
		    const char *part_of)
{
	char key[192];
	double before;

	snprintf(key, sizeof(key), "%s %s %s", what, of, part_of);
	before = json_real_value(json_object_get(m->floors, key));
	if (value < before)
		return before;
	json_object_set_new(m->floors, key, json_real(value));
	return value;
}

/* One of a function's name and type that reloads had forgotten counts anew. */
static void note_function(const struct metrics *m, const struct bp_report_function *f)
{
	char packets[192], busy[192];
	double before;

	snprintf(packets, sizeof(packets), "function %s %s packets", f->conf->name, f->conf->type);
	before = json_real_value(json_object_get(m->floors, packets));
	if ((double)f->n_pkts < before) {
		snprintf(busy, sizeof(busy), "busy %s %s", f->conf->name, f->conf->type);
		json_object_del(m->floors, busy);
	}
	json_object_set_new(m->floors, packets, json_real((double)f->n_pkts));
}

static const char *text_at(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* A number that names something, a queue or a worker: somewhere in text. */
static const char *number_text(unsigned number, char text[NUMBER_BYTES])
{
	text[NUMBER_BYTES - 1] = '\0';
	return digits_before(&text[NUMBER_BYTES - 1], number);
}

/* ---- ports ---------------------------------------------------------------------------------------- */

static void put_up(const struct metrics *m, const struct bp_report *r)
{
	static const struct family up = { "bypath_port_up", NULL, GAUGE,
					  "Whether the port has a link." };

	begin(m, &up);
	for (unsigned i = 0; i < r->n_ports; i++) {
		const struct bp_report_port *port = &r->ports[i];
		char device[BP_PATH_BYTES], mode[BP_NAME_BYTES];

		/* One that a reload took out is not down. */
		if (port->is_removed)
			continue;
		/* Whoever names a device may take any bytes. */
		snprintf(device, sizeof(device), "%s", port->conf->device);
		snprintf(mode, sizeof(mode), "%s", port->info.mode);
		bp_utf8_clean(device);
		bp_utf8_clean(mode);
		sample(m, &up, port->link == BP_LINK_UP, "port", port->conf->name, "driver",
		       port->conf->driver, "device", device, "mode", mode, NULL);
	}
}

static void put_ports(const struct metrics *m, const struct bp_report *r)
{
	static const struct family losses = { "bypath_port_losses", NULL, COUNTER,
					      "How often the port's device went away." };

	put_up(m, r);
	begin(m, &losses);
	for (unsigned i = 0; i < r->n_ports; i++)
		sample(m, &losses, r->ports[i].n_losses, "port", r->ports[i].conf->name, NULL);
}

/* The queues of one direction. */
struct queues {
	const struct bp_report_queue *v;
	unsigned n;
	const char *direction;
};

static struct queues queues_of(const struct bp_report_port *port, enum bp_side side)
{
	return side == BP_SIDE_RX
		       ? (struct queues){ port->rxq, port->n_rxq, bp_side_name(BP_SIDE_RX) }
		       : (struct queues){ port->txq, port->n_txq, bp_side_name(BP_SIDE_TX) };
}

/* Something of each queue of one direction. */
struct queue_family {
	struct family family;
	enum bp_side side;
	enum bp_cnt id; /* BP_CNT_N: packets held, which are none of the counters */
};

static void put_queue_family(const struct metrics *m, const struct bp_report *r,
			     const struct queue_family *f)
{
	char text[NUMBER_BYTES];

	begin(m, &f->family);
	for (unsigned i = 0; i < r->n_ports; i++) {
		struct queues queues = queues_of(&r->ports[i], f->side);

		for (unsigned q = 0; q < queues.n; q++) {
			const struct bp_report_queue *queue = &queues.v[q];
			uint64_t n = f->id == BP_CNT_N ? queue->n_held : queue->v[f->id];

			sample(m, &f->family, (double)n, "port", r->ports[i].conf->name, "queue",
			       number_text(q, text), NULL);
		}
	}
}

#define QUEUE_FAMILIES(way, side, direction)                         \
	{ { "bypath_port_" way "_packets", "packets", COUNTER,       \
	    "Packets that were " direction "." },                    \
	  side,                                                      \
	  BP_CNT_PKTS },                                             \
		{ { "bypath_port_" way "_bytes", "bytes", COUNTER,   \
		    "Bytes that were " direction ", without FCS." }, \
		  side,                                              \
		  BP_CNT_BYTES },                                    \
	{                                                            \
		{ "bypath_port_" way "_bursts", "bursts", COUNTER,   \
		  "Bursts in which packets were " direction "." },   \
			side, BP_CNT_BURSTS                          \
	}

static const struct queue_family queue_families[] = {
	QUEUE_FAMILIES("rx", BP_SIDE_RX, "received"),
	QUEUE_FAMILIES("tx", BP_SIDE_TX, "sent"),
	{ { "bypath_port_rx_empty_polls", "polls", COUNTER,
	    "Looks at a queue that found nothing." },
	  BP_SIDE_RX,
	  BP_CNT_EMPTY },
	{ { "bypath_port_tx_held_packets", "packets", GAUGE,
	    "Packets that were handed over and are not yet given back." },
	  BP_SIDE_TX,
	  BP_CNT_N },
};

/* ---- drops ---------------------------------------------------------------------------------------- */

static const struct family drops = {
	"bypath_drops", NULL, COUNTER,
	"Packets that were lost, by reason, from the first one on: counted by bypath, or reported by the device as lost "
	"outside it."
};

static uint64_t sum_dropped(const struct queues *queues)
{
	uint64_t sum = 0;

	for (unsigned q = 0; q < queues->n; q++)
		sum += bp_report_drops(queues->v[q].v);
	return sum;
}

/* Of all reasons, from the start: one that comes later has its first packets in no rate. */
static void put_dropped(const struct metrics *m, const struct bp_report *r)
{
	static const struct family dropped = {
		"bypath_port_dropped_packets", "packets", COUNTER,
		"Packets that a port's queues dropped, whatever the reason."
	};

	begin(m, &dropped);
	for (unsigned i = 0; i < r->n_ports; i++)
		for (enum bp_side side = BP_SIDE_RX; side <= BP_SIDE_TX; side++) {
			struct queues queues = queues_of(&r->ports[i], side);

			sample(m, &dropped, (double)sum_dropped(&queues), "port",
			       r->ports[i].conf->name, "direction", queues.direction, NULL);
		}
}

/* Has any queue met this reason? */
static bool is_met(const struct queues *queues, unsigned id)
{
	for (unsigned q = 0; q < queues->n; q++)
		if (queues->v[q].v[id])
			return true;
	return false;
}

/* Most reasons are met by no queue, of which there are many. */
static void put_queue_drops(const struct metrics *m, const struct bp_report_port *port,
			    enum bp_side side)
{
	struct queues queues = queues_of(port, side);
	char text[NUMBER_BYTES];

	for (unsigned id = BP_DROP_FIRST; id < BP_CNT_N; id++) {
		if (!is_met(&queues, id))
			continue;
		for (unsigned q = 0; q < queues.n; q++)
			sample(m, &drops, (double)queues.v[q].v[id], "port", port->conf->name,
			       "direction", queues.direction, "queue", number_text(q, text),
			       "reason", bp_counter_rows[id].name, "provenance",
			       bp_provenance_name(BP_PROV_COUNTED), NULL);
	}
}

/* What the device says is of no queue. */
static void put_reported_drops(const struct metrics *m, const struct bp_report_port *port)
{
	for (unsigned i = 0; i < port->n_reported; i++) {
		const struct bp_reported *reported = &port->reported[i];

		if (reported->row->kind == BP_KIND_DROP && reported->value)
			sample(m, &drops, (double)reported->value, "port", port->conf->name,
			       "direction", "", "queue", "device", "reason", reported->row->name,
			       "provenance", bp_provenance_name(BP_PROV_REPORTED), NULL);
	}
}

static void put_drops(const struct metrics *m, const struct bp_report *r)
{
	put_dropped(m, r);
	begin(m, &drops);
	for (unsigned i = 0; i < r->n_ports; i++) {
		put_queue_drops(m, &r->ports[i], BP_SIDE_RX);
		put_queue_drops(m, &r->ports[i], BP_SIDE_TX);
		put_reported_drops(m, &r->ports[i]);
	}
}

/* ---- workers -------------------------------------------------------------------------------------- */

static void put_worker_times(const struct metrics *m, const struct bp_report *r)
{
	static const struct family seconds = {
		"bypath_worker_seconds", "seconds", COUNTER,
		"Time of a worker: busy with packets, idle, asleep, off_core: it wanted its core and did not have it."
	};
	static const struct family calls = {
		"bypath_worker_call_seconds", "seconds", COUNTER,
		"Of the time that a worker is busy: in system calls."
	};
	char text[NUMBER_BYTES];

	begin(m, &seconds);
	for (unsigned i = 0; i < r->n_workers; i++) {
		const struct bp_report_worker *w = &r->workers[i];
		const char *worker = number_text(w->worker_id, text);
		const struct {
			const char *state;
			double ns;
		} states[] = { { "busy", w->busy_ns },
			       { "idle", w->idle_ns },
			       { "asleep", w->wait_ns },
			       { "off_core", w->off_ns } };

		for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++) {
			double s = grown(m, states[k].ns / 1e9, "worker", worker, states[k].state);

			sample(m, &seconds, s, "worker", worker, "state", states[k].state, NULL);
		}
	}
	begin(m, &calls);
	for (unsigned i = 0; i < r->n_workers; i++) {
		const char *worker = number_text(r->workers[i].worker_id, text);
		double s = grown(m, r->workers[i].call_ns / 1e9, "worker", worker, "calls");

		sample(m, &calls, s, "worker", worker, NULL);
	}
}

static void put_workers(const struct metrics *m, const struct bp_report *r)
{
	static const struct family core = { "bypath_worker_core", NULL, GAUGE,
					    "Number of the core that a worker runs on." };
	static const struct family packets = { "bypath_worker_packets", "packets", COUNTER,
					       "Packets that a worker received." };
	char text[NUMBER_BYTES];

	put_worker_times(m, r);
	begin(m, &core);
	for (unsigned i = 0; i < r->n_workers; i++)
		sample(m, &core, r->workers[i].core, "worker",
		       number_text(r->workers[i].worker_id, text), NULL);
	begin(m, &packets);
	for (unsigned i = 0; i < r->n_workers; i++)
		sample(m, &packets, (double)bp_report_worker_pkts(r, &r->workers[i]), "worker",
		       number_text(r->workers[i].worker_id, text), NULL);
}

/* ---- paths ---------------------------------------------------------------------------------------- */

/* A path, the rows of all workers added up, through all reloads. */
struct path {
	const struct bp_report_path *sum;
	bool is_present;
	uint64_t n_received; /* of sum's packets: those that came in bursts */
	char name
		[2 *
		 BP_NAME_BYTES]; /* "wan>lan"; of an intake, whose packets go to several ports, "wan>" */
	struct bp_copies kernel_copies;
};

/* All of them, which the caller frees; sums: bp_report_sums(). Returns their number, 0 where memory lacks. */
static unsigned list_paths(const struct bp_metrics *facts, struct bp_report_sum *sums,
			   struct path **paths)
{
	const struct bp_report *r = facts->report;
	unsigned n_all = r->n_ports * (r->n_ports + 1), n = 0;
	struct path *list = calloc(n_all + 1, sizeof(*list));

	for (unsigned i = 0; list && i < n_all; i++) {
		const struct bp_report_path *sum = &sums[i].path;
		bool is_intake = sum->out_port == BP_PATH_NO_OUT;

		if (!sums[i].n_rows)
			continue;
		list[n].sum = sum;
		list[n].is_present = sums[i].n_rows > sums[i].n_past;
		list[n].n_received = sums[i].n_received;
		snprintf(list[n].name, sizeof(list[n].name), "%s>%s",
			 r->ports[sum->in_port].conf->name,
			 is_intake ? "" : r->ports[sum->out_port].conf->name);
		list[n++].kernel_copies =
			is_intake ? (struct bp_copies){ 0, UINT8_MAX }
				  : facts->kernel_copies[sum->in_port * r->n_ports + sum->out_port];
	}
	*paths = list;
	return n;
}

/*
 * What went out since the last look, by the model as it is now: another driver's figure is of its own packets. False: the model
 * has none; what had one before is kept, until it has again. Of a path that is no more, what it was.
 */
static bool note_kernel_copies(json_t *floors, const struct path *path, double *n)
{
	double out = (double)bp_report_path_out(path->sum), seen, sum;
	bool has_one = path->kernel_copies.lo == path->kernel_copies.hi, had_one;
	char key[2 * BP_NAME_BYTES + 16];
	const json_t *before;

	snprintf(key, sizeof(key), COPIES_OF "%s", path->name);
	before = json_object_get(floors, key);
	seen = json_number_value(json_array_get(before, 0));
	sum = json_number_value(json_array_get(before, 1));
	had_one = json_is_true(json_array_get(before, 2));
	/* A port that has the place of another one of this name counts anew. */
	*n = sum + (has_one && out > seen ? path->kernel_copies.lo * (out - seen) : 0);
	json_object_set_new(floors, key, json_pack("[f, f, b]", out, *n, has_one || had_one));
	return has_one || (had_one && !path->is_present);
}

static void put_copies(const struct metrics *m, const struct path *paths, unsigned n)
{
	static const struct family copies = {
		"bypath_copies", NULL, COUNTER,
		"Copies of whole packets by the CPU: by user code, counted; by the kernel, modelled, where the model "
		"has one figure."
	};

	begin(m, &copies);
	for (unsigned i = 0; i < n; i++) {
		const struct bp_report_path *sum = paths[i].sum;
		double n_kernel;

		sample(m, &copies, (double)sum->n_copies, "path", paths[i].name, "domain", "user",
		       "provenance", bp_provenance_name(BP_PROV_COUNTED), NULL);
		if (note_kernel_copies(m->floors, &paths[i], &n_kernel))
			sample(m, &copies, n_kernel, "path", paths[i].name, "domain", "kernel",
			       "provenance", bp_provenance_name(BP_PROV_MODELLED), NULL);
	}
}

/* The snapshot has one class for each power of two; a bucket has all classes up to its own. */
static void put_bursts(const struct metrics *m, const struct path *paths, unsigned n)
{
	static const struct family bursts = {
		"bypath_burst_packets", "packets", HISTOGRAM,
		"Packets of each burst that was received on a path; of an edge no burst is received."
	};
	char bound[NUMBER_BYTES];

	begin(m, &bursts);
	for (unsigned i = 0; i < n; i++) {
		const struct bp_report_path *sum = paths[i].sum;
		const char *name = paths[i].name;
		uint64_t count = 0;

		/* It is no whole path, and was none. */
		if (sum->part == BP_PATH_EDGE && !paths[i].n_received)
			continue;
		for (unsigned k = 0; k < BP_BURST_CLASSES; k++) {
			count += sum->hist_bursts[k];
			snprintf(bound, sizeof(bound), "%u.0", 1u << k);
			part(m, &bursts, "_bucket", (double)count, "path", name, "le", bound, NULL);
		}
		part(m, &bursts, "_bucket", (double)count, "path", name, "le", "+Inf", NULL);
		part(m, &bursts, "_sum", (double)paths[i].n_received, "path", name, NULL);
		part(m, &bursts, "_count", (double)count, "path", name, NULL);
	}
}

static void put_moved(const struct metrics *m, const struct path *paths, unsigned n)
{
	static const struct family packets = {
		"bypath_path_packets", "packets", COUNTER,
		"Packets received on a path; of an edge: handed to it."
	};
	static const struct family bytes = { "bypath_path_bytes", "bytes", COUNTER,
					     "Bytes of these packets, without FCS." };
	static const struct family calls = { "bypath_system_calls", NULL, COUNTER,
					     "System calls of the workers for a path's packets." };

	begin(m, &packets);
	for (unsigned i = 0; i < n; i++)
		sample(m, &packets, (double)paths[i].sum->n_pkts, "path", paths[i].name, NULL);
	begin(m, &bytes);
	for (unsigned i = 0; i < n; i++)
		sample(m, &bytes, (double)paths[i].sum->n_bytes, "path", paths[i].name, NULL);
	begin(m, &calls);
	for (unsigned i = 0; i < n; i++)
		sample(m, &calls, (double)paths[i].sum->n_calls, "path", paths[i].name, NULL);
}

/* 0 or -ENOMEM. */
static int put_paths(const struct metrics *m, const struct bp_metrics *facts)
{
	struct bp_report_sum *sums = bp_report_sums(facts->report, BP_SPAN_RUN);
	struct path *paths = NULL;
	unsigned n = sums ? list_paths(facts, sums, &paths) : 0;

	if (paths) {
		put_moved(m, paths, n);
		put_copies(m, paths, n);
		put_bursts(m, paths, n);
	}
	free(sums);
	free(paths);
	return paths ? 0 : -ENOMEM;
}

/* ---- functions ------------------------------------------------------------------------------------ */

static void put_function_drops(const struct metrics *m, const struct bp_report *r)
{
	static const struct family lost = { "bypath_function_drops", NULL, COUNTER,
					    "Packets that a function dropped, by reason." };

	begin(m, &lost);
	for (unsigned i = 0; i < r->n_functions; i++) {
		const struct bp_report_function *f = &r->functions[i];
		const struct bp_fn_reason *why = f->function->reasons;

		for (unsigned k = 0; why && k < BP_FN_REASONS_MAX && why[k].name; k++)
			sample(m, &lost, (double)f->drops[k], "function", f->conf->name, "type",
			       f->conf->type, "reason", why[k].name, NULL);
	}
}

static void put_function_states(const struct metrics *m, const struct bp_metrics *facts)
{
	static const struct family state = {
		"bypath_function_state", NULL, GAUGE,
		"What a function says of itself and its tables: entries, hits."
	};
	const json_t *row;
	size_t k;

	begin(m, &state);
	for (unsigned i = 0; i < facts->report->n_functions; i++)
		json_array_foreach(json_array_get(facts->states, i), k, row)
			if (json_is_number(json_object_get(row, "value")))
				sample(m, &state, json_number_value(json_object_get(row, "value")),
				       "function", facts->report->functions[i].conf->name, "what",
				       text_at(row, "what"), NULL);
}

static void put_functions(const struct metrics *m, const struct bp_metrics *facts)
{
	static const struct family packets = { "bypath_function_packets", "packets", COUNTER,
					       "Packets that came to a function." };
	static const struct family seconds = {
		"bypath_function_seconds", "seconds", COUNTER,
		"Time within a function; 0 where a driver does its work, which is not timed."
	};
	const struct bp_report *r = facts->report;

	begin(m, &packets);
	for (unsigned i = 0; i < r->n_functions; i++)
		sample(m, &packets, (double)r->functions[i].n_pkts, "function",
		       r->functions[i].conf->name, "type", r->functions[i].conf->type, NULL);
	put_function_drops(m, r);
	begin(m, &seconds);
	for (unsigned i = 0; i < r->n_functions; i++) {
		const char *name = r->functions[i].conf->name, *type = r->functions[i].conf->type;
		double s;

		note_function(m, &r->functions[i]);
		s = grown(m, r->functions[i].busy_ns / 1e9, "busy", name, type);
		sample(m, &seconds, s, "function", name, "type", type, NULL);
	}
	put_function_states(m, facts);
}

/* ---- alarms ---------------------------------------------------------------------------------------- */

static void put_alarms(const struct metrics *m, const json_t *alarms)
{
	static const struct family raised = { "bypath_alarm", NULL, GAUGE,
					      "1: raised, 0: not; by kind and subject." };
	static const struct family times = { "bypath_alarms_raised", NULL, COUNTER,
					     "How often an alarm was raised." };
	const json_t *alarm;
	size_t i;

	begin(m, &raised);
	json_array_foreach(alarms, i, alarm)
		sample(m, &raised, json_is_true(json_object_get(alarm, "raised")), "alarm",
		       text_at(alarm, "alarm"), "subject", text_at(alarm, "subject"), NULL);
	begin(m, &times);
	json_array_foreach(alarms, i, alarm)
		sample(m, &times, json_number_value(json_object_get(alarm, "times")), "alarm",
		       text_at(alarm, "alarm"), "subject", text_at(alarm, "subject"), NULL);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static void put_run(const struct metrics *m, const struct bp_metrics *facts)
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

	const struct bp_report *r = facts->report;

	begin(m, &build);
	sample(m, &build, 1, "version", facts->version, "instance_name", facts->instance, NULL);
	begin(m, &run);
	sample(m, &run, r->elapsed_s, NULL);
	begin(m, &frames);
	sample(m, &frames, r->arena_frames, NULL);
	begin(m, &reloads);
	sample(m, &reloads, (double)r->reloads.n_done, "result", "done", NULL);
	sample(m, &reloads, (double)r->reloads.n_refused, "result", "refused", NULL);
	begin(m, &unaccounted);
	sample(m, &unaccounted, (double)r->unaccounted, NULL);
}

/* Names come and go with reloads: what was said of those that no report has any more is forgotten, and begins anew. */
static void forget_others(json_t *floors, const struct path *paths, unsigned n)
{
	json_t *kept = json_object(), *floor;
	char name[2 * BP_NAME_BYTES + 16];
	const char *key;
	void *next;

	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), COPIES_OF "%s", paths[i].name);
		json_object_set_new(kept, name, json_true());
	}
	json_object_foreach_safe(floors, next, key, floor)
		if (kept && !strncmp(key, COPIES_OF, sizeof(COPIES_OF) - 1) &&
		    !json_object_get(kept, key))
			json_object_del(floors, key);
	json_decref(kept);
}

int bp_metrics_note(const struct bp_metrics *facts, json_t *floors)
{
	struct bp_report_sum *sums = bp_report_sums(facts->report, BP_SPAN_RUN);
	struct path *paths = NULL;
	unsigned n = sums ? list_paths(facts, sums, &paths) : 0;
	double copies;

	for (unsigned i = 0; i < n; i++)
		(void)note_kernel_copies(floors, &paths[i], &copies);
	if (paths)
		forget_others(floors, paths, n);
	free(sums);
	free(paths);
	return paths ? 0 : -ENOMEM;
}

int bp_metrics_write(FILE *out, const struct bp_metrics *facts, bool is_open, json_t *floors)
{
	const struct metrics m = { out, is_open, floors };
	const struct bp_report *r = facts->report;
	int err;

	put_run(&m, facts);
	put_ports(&m, r);
	for (size_t i = 0; i < sizeof(queue_families) / sizeof(queue_families[0]); i++)
		put_queue_family(&m, r, &queue_families[i]);
	put_drops(&m, r);
	put_workers(&m, r);
	err = put_paths(&m, facts);
	put_functions(&m, facts);
	put_alarms(&m, facts->alarms);
	if (is_open)
		fputs("# EOF\n", out);
	return err;
}
