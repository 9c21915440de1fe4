/* The rules of a filter: a file of them, compiled by libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/filter_rules.h"

#include "core/expression.h"
#include "functions/copy_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Beside the expression's begin it fits a fault. */
#define EXPRESSION_FAULT_BYTES (BP_FILTER_FAULT_BYTES - 108u)

struct loading {
	const char *path;
	const struct bp_conf *conf;
	const struct bp_function_conf *fn;
	pcap_t *pcap; /* of no device: libpcap's compiler wants one */
	struct bp_filter_reader reader;
	struct bp_filter_rules rules;
	unsigned n_room;
	bp_filter_complain complain;
	void *ctx;
	unsigned n_faults;
};

static void complain(struct loading *l, const struct bp_filter_fault *fault)
{
	char text[BP_PATH_BYTES + BP_FILTER_FAULT_BYTES + 32];

	if (fault->column)
		snprintf(text, sizeof(text), "%s:%u:%u: %s", l->path, l->reader.line, fault->column,
			 fault->text);
	else
		snprintf(text, sizeof(text), "%s: %s", l->path, fault->text);
	l->complain(l->ctx, text);
	l->n_faults++;
}

static bool is_full(struct loading *l)
{
	struct bp_filter_rule *v;

	if (l->rules.n < l->n_room)
		return false;
	l->n_room = l->n_room ? 2 * l->n_room : 64;
	v = reallocarray(l->rules.v, l->n_room, sizeof(*v));
	if (!v)
		return true;
	l->rules.v = v;
	return false;
}

/* The ports of a mirror rule, 0 of another. false: *fault says why not. */
static bool find_port(const struct loading *l, const struct bp_filter_line *line, uint64_t *sets,
		      struct bp_filter_fault *fault)
{
	char why[BP_COPY_PORT_WHY_BYTES];
	int port_id;

	*sets = 0;
	if (line->action != BP_FILTER_MIRROR)
		return true;
	port_id = bp_copy_port(l->conf, l->fn, line->port, line->n_port_chars, why);
	if (port_id == BP_NO_PORT) {
		fault->column = line->port_column;
		snprintf(fault->text, sizeof(fault->text), "%s", why);
		return false;
	}
	*sets = UINT64_C(1) << port_id;
	return true;
}

static bool compile(const struct loading *l, const struct bp_filter_line *line,
		    struct bpf_program *program, struct bp_filter_fault *fault)
{
	char why[EXPRESSION_FAULT_BYTES];

	if (bp_expression_compile(l->pcap, line->expression, program, why, sizeof(why)))
		return true;
	fault->column = line->column;
	snprintf(fault->text, sizeof(fault->text), "'%.100s': %s", line->expression, why);
	return false;
}

/* 0; -EINVAL: was complained about; -ENOMEM. */
static int add_rule(struct loading *l, const struct bp_filter_line *line)
{
	struct bp_filter_rule rule = { .line = l->reader.line };
	struct bp_filter_fault fault;

	if (l->rules.n == BP_FILTER_RULES_MAX) {
		fault.column = 1;
		snprintf(fault.text, sizeof(fault.text), "one rule too many, allowed: up to %u",
			 BP_FILTER_RULES_MAX);
		complain(l, &fault);
		return -E2BIG;
	}
	if (is_full(l))
		return -ENOMEM;
	if (!find_port(l, line, &rule.sets, &fault) || !compile(l, line, &rule.program, &fault)) {
		complain(l, &fault);
		return -EINVAL;
	}
	rule.text = strdup(line->text);
	if (!rule.text) {
		pcap_freecode(&rule.program);
		return -ENOMEM;
	}
	rule.is_last = line->action != BP_FILTER_MIRROR;
	rule.keeps = line->action == BP_FILTER_DROP ? ~BP_OUT_NEXT : ~UINT64_C(0);
	l->rules.outs |= rule.sets;
	l->rules.v[l->rules.n++] = rule;
	return 0;
}

static int read_rules(struct loading *l)
{
	int result = 0;

	while (l->n_faults < BP_FILTER_FAULTS_MAX) {
		struct bp_filter_fault fault;
		struct bp_filter_line line;
		int got = bp_filter_reader_next(&l->reader, &line, &fault), err = got;

		if (!got)
			return result;
		if (got < 0)
			complain(l, &fault);
		else
			err = add_rule(l, &line);
		if (err && err != -EINVAL)
			return err;
		if (err)
			result = err;
	}
	l->complain(l->ctx, "there may be more: mend these first");
	return result;
}

void bp_filter_rules_free(struct bp_filter_rules *rules)
{
	for (unsigned i = 0; i < rules->n; i++) {
		pcap_freecode(&rules->v[i].program);
		free(rules->v[i].text);
	}
	free(rules->v);
	*rules = (struct bp_filter_rules){ .n = 0 };
}

int bp_filter_rules_read(const char *path, const struct bp_conf *conf,
			 const struct bp_function_conf *fn, bp_filter_complain complain_, void *ctx,
			 struct bp_filter_rules *rules)
{
	struct loading l = {
		.path = path, .conf = conf, .fn = fn, .complain = complain_, .ctx = ctx
	};
	struct bp_filter_fault fault = { .column = 0 };
	int err = bp_filter_reader_open(&l.reader, path, &fault);

	if (err) {
		complain(&l, &fault);
		return err;
	}
	l.pcap = bp_expression_open();
	err = l.pcap ? read_rules(&l) : -ENOMEM;
	if (err == -ENOMEM) {
		snprintf(fault.text, sizeof(fault.text), "not enough memory for its rules");
		complain(&l, &fault);
	}
	if (l.pcap)
		pcap_close(l.pcap);
	bp_filter_reader_close(&l.reader);
	if (err)
		bp_filter_rules_free(&l.rules);
	else
		*rules = l.rules;
	return err;
}

uint64_t bp_filter_rules_outs(const char *path, const struct bp_conf *conf)
{
	struct bp_filter_reader reader;
	struct bp_filter_fault fault;
	struct bp_filter_line line;
	uint64_t ports = 0;
	int got;

	if (bp_filter_reader_open(&reader, path, &fault))
		return 0;
	while ((got = bp_filter_reader_next(&reader, &line, &fault)) == 1 || got == -EINVAL) {
		int port_id = BP_NO_PORT;

		if (got == 1 && line.action == BP_FILTER_MIRROR)
			port_id = bp_function_port(conf, line.port, line.n_port_chars);
		if (port_id != BP_NO_PORT)
			ports |= UINT64_C(1) << port_id;
	}
	bp_filter_reader_close(&reader);
	return ports;
}
