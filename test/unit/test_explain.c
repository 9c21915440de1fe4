/* Checks what is predicted of in-ports whose packets go through functions, and to several ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "model_end.h"

#include "core/json.h"
#include "ledger/document.h"
#include "ledger/explain.h"
#include "report/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_BYTES 65536u

/* n ports that packets of each port may go to, but for the port itself. */
static void make_switch(struct bp_conf *conf, unsigned n)
{
	*conf = (struct bp_conf){ .n_ports = (uint16_t)n, .n_functions = 1 };
	conf->engine.n_workers = 1;
	strcpy(conf->functions[0].name, "sw");
	strcpy(conf->functions[0].type, "macswap");
	for (unsigned i = 0; i < n; i++) {
		struct bp_port_conf *port = &conf->ports[i];

		*port = conf_of("af_packet", "no-such-dev");
		snprintf(port->name, sizeof(port->name), "p%u", i + 1);
		port->n_chain = 1;
		port->out_ports = ((UINT64_C(1) << n) - 1) & ~(UINT64_C(1) << i);
	}
}

static json_t *explain(const struct bp_conf *conf)
{
	struct bp_port_info infos[BP_PORTS_MAX];
	struct bp_model_path *paths = calloc((size_t)conf->n_ports * conf->n_ports, sizeof(*paths));
	json_t *document;
	unsigned n;

	assert_non_null(paths);
	n = bp_explain_predict(conf, infos, paths);
	document = bp_ledger_document("x.ini", conf, infos, paths, n);
	assert_non_null(document);
	free(paths);
	return document;
}

static const char *print(const json_t *document)
{
	static char text[TEXT_BYTES];
	FILE *out = fmemopen(text, sizeof(text), "w");

	bp_view_print(out, document);
	fclose(out);
	return text;
}

static const char *at(const json_t *document, const char *path)
{
	const char *text = bp_json_text_at(document, path);

	return text ? text : "";
}

static void every_pair_is_predicted(void **state)
{
	static struct bp_conf conf;
	json_t *document;

	(void)state;
	make_switch(&conf, 62);
	conf.ports[3].out_ports = 0; /* receives nothing */
	document = explain(&conf);
	assert_int_equal(json_array_size(json_object_get(document, "paths")), 61 * 61);
	assert_string_equal(at(document, "paths.0.in"), "p1");
	assert_string_equal(at(document, "paths.0.out"), "p2");
	assert_string_equal(at(document, "paths.0.via.0"), "sw");
	assert_string_equal(at(document, "functions.0.type"), "macswap");
	json_decref(document);
}

static void pairs_with_the_same_hops_are_one_group(void **state)
{
	static struct bp_conf conf;
	json_t *document;
	const char *text;

	(void)state;
	make_switch(&conf, 4);
	strcpy(conf.ports[3].driver, "dpdk");
	strcpy(conf.ports[3].device, "net_null0");
	document = explain(&conf);
	/* p1, p2, p3: the two others alike, then p4; p4: all alike. */
	assert_int_equal(json_array_size(json_object_get(document, "path_groups")), 7);
	assert_int_equal(json_array_size(bp_json_at(document, "path_groups.0.outs")), 2);
	assert_string_equal(at(document, "path_groups.0.outs.0"), "p2");
	assert_string_equal(at(document, "path_groups.0.outs.1"), "p3");
	assert_string_equal(at(document, "path_groups.1.outs.0"), "p4");
	assert_int_equal(json_array_size(bp_json_at(document, "path_groups.6.outs")), 3);
	assert_string_equal(at(document, "path_groups.2.same_as.in"), "p1");
	text = print(document);
	assert_non_null(strstr(text, "━━ p1 → sw → p2, p3 ━"));
	assert_non_null(strstr(text, "━━ p1 → sw → p4 ━"));
	assert_non_null(strstr(text, "━━ p4 → sw → p1, p2, p3 ━"));
	assert_non_null(strstr(text, "the same hops, figures and system calls as p1 → p2"));
	json_decref(document);
}

static void a_further_port_costs_a_copy_into_its_own_frames(void **state)
{
	static struct bp_conf conf;
	json_t *document;

	(void)state;
	make_switch(&conf, 4);
	strcpy(conf.ports[3].driver, "dpdk");
	strcpy(conf.ports[3].device, "net_null0");
	document = explain(&conf);
	assert_string_equal(at(document, "path_groups.0.replica.place"), "frame of the arena");
	assert_string_equal(at(document, "path_groups.1.replica.place"), "mbuf of the DPDK pool");
	assert_true(bp_json_number_at(document, "path_groups.0.replica.user_copies") == 1);
	assert_string_equal(at(document, "path_groups.0.replica.provenance"), "counted");
	/* Into the TX ring it is copied as well; into mbufs it would have been in any case. */
	assert_true(bp_json_number_at(document, "path_groups.0.replica.user_copies_more.hi") == 1);
	assert_true(json_is_object(bp_json_at(document, "path_groups.1.replica.user_copies_more")));
	assert_true(bp_json_number_at(document, "path_groups.1.replica.user_copies_more.hi") == 0);
	assert_non_null(strstr(print(document), "      a further port    +1 U"));
	json_decref(document);
	/* One port only: nothing is copied for another. */
	make_switch(&conf, 2);
	document = explain(&conf);
	assert_true(json_is_null(bp_json_at(document, "path_groups.0.replica")));
	assert_null(strstr(print(document), "further port"));
	json_decref(document);
}

static void many_ports_fit_100_columns(void **state)
{
	static struct bp_conf conf;
	json_t *document;
	char *rest;

	(void)state;
	make_switch(&conf, 40);
	document = explain(&conf);
	assert_non_null(strstr(print(document), "━━ p1 → sw → 39 ports ━"));
	assert_non_null(strstr(print(document), "   to p2, p3, p4,"));
	assert_non_null(strstr(print(document), "p39, p40\n"));
	for (char *line = strtok_r((char *)(uintptr_t)print(document), "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		unsigned columns = 0;

		for (const char *s = line; *s; s++)
			columns += ((unsigned char)*s & 0xc0) != 0x80;
		if (columns > 100)
			fail_msg("%u columns: %s", columns, line);
	}
	assert_int_equal(json_array_size(bp_json_at(document, "path_groups.0.outs")), 39);
	json_decref(document);
}

/* tap reads into frames of the port that sends; of the arena where there are several. */
static void several_ports_are_read_for_into_the_arena(void **state)
{
	static struct bp_conf conf;
	json_t *document;

	(void)state;
	make_switch(&conf, 3);
	conf.ports[0] = conf_of("tap", "t0");
	conf.ports[1] = conf_of("dpdk", "net_null0");
	conf.ports[2] = conf_of("null", "");
	conf.ports[0].out_ports = 1u << 1 | 1u << 2;
	document = explain(&conf);
	assert_true(bp_json_number_at(document, "paths.0.modelled.user_copies_by_bypath.lo") == 1);
	assert_true(bp_json_number_at(document, "paths.1.modelled.user_copies_by_bypath.lo") == 0);
	json_decref(document);
	conf.ports[0].out_ports = 1u << 1;
	document = explain(&conf);
	assert_true(bp_json_number_at(document, "paths.0.modelled.user_copies_by_bypath.lo") == 0);
	json_decref(document);
}

/* A mirror on the way to one port: that port's frames, from which the mirror's may send or not. */
static void the_end_of_a_chain_is_read_for(void **state)
{
	static struct bp_conf conf;
	json_t *document;

	(void)state;
	make_switch(&conf, 4);
	conf.ports[0] = conf_of("tap", "t0");
	conf.ports[1] = conf_of("dpdk", "net_null0");
	conf.ports[2] = conf_of("null", "");
	conf.ports[3] = conf_of("ring", "r");
	conf.ports[0].out_ports = 1u << 1 | 1u << 2 | 1u << 3;
	conf.ports[0].forward_to = 1;
	document = explain(&conf);
	assert_string_equal(at(document, "paths.0.out"), conf.ports[1].name);
	assert_true(bp_json_number_at(document, "paths.0.modelled.user_copies_by_bypath.lo") == 0);
	assert_string_equal(at(document, "paths.0.hops.0.place"), "mbuf of the DPDK pool");
	assert_string_equal(at(document, "paths.1.hops.0.place"), "mbuf of the DPDK pool");
	assert_true(bp_json_number_at(document, "paths.1.modelled.user_copies_by_bypath.lo") == 0);
	json_decref(document);
	/* The end takes the arena's. */
	conf.ports[0].forward_to = 2;
	document = explain(&conf);
	assert_true(bp_json_number_at(document, "paths.0.modelled.user_copies_by_bypath.lo") == 1);
	assert_true(bp_json_number_at(document, "paths.1.modelled.user_copies_by_bypath.lo") == 0);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_is_predicted),
		cmocka_unit_test(pairs_with_the_same_hops_are_one_group),
		cmocka_unit_test(a_further_port_costs_a_copy_into_its_own_frames),
		cmocka_unit_test(many_ports_fit_100_columns),
		cmocka_unit_test(several_ports_are_read_for_into_the_arena),
		cmocka_unit_test(the_end_of_a_chain_is_read_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
