/* Functions and the chains of [forward]: what is read, where packets may end up, the exact message of each fault. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_case.h"

#include "bypath/function.h"

#include <stdio.h>
#include <string.h>

/* ---- functions of this test, in the place of the build's ------------------------------------- */

struct shape_conf {
	uint32_t rate, burst;
	char label[8];
	uint16_t level;
};
#define SHAPE(field) BP_KEY_OF_FN(struct shape_conf, field)

static const struct bp_key no_keys[] = { { .name = NULL } };
static const struct bp_key shape_keys[] = {
	{ .name = "rate",
	  .type = BP_KEY_NUMBER,
	  .flags = BP_KEY_REQUIRED,
	  .unit = "pps",
	  .min = 1,
	  .max = 1000,
	  SHAPE(rate),
	  .help = "how much passes" },
	BP_KEY_INT("burst", 1, 100, "packets", NULL, "10", SHAPE(burst), "how much at once"),
	BP_KEY_AS("label", BP_KEY_TEXT, "none", SHAPE(label), "what it is called"),
	BP_KEY_INT("level", 0, 7, "", NULL, "7", SHAPE(level), "how hard it tries"),
	{ .name = NULL },
};

static void check_shape(const struct bp_function_conf *fn, struct bp_check *check)
{
	const struct shape_conf *own = BP_FN_OWN(struct shape_conf, fn);

	if (check->is_given(check, "burst") && own->burst > own->rate)
		check->complain(check, "burst", "found %u, more than rate = %u", own->burst,
				own->rate);
}

struct tee_conf {
	char to[BP_NAME_BYTES];
};
static const struct bp_key tee_keys[] = {
	{ .name = "to",
	  .type = BP_KEY_TEXT,
	  .flags = BP_KEY_REQUIRED,
	  BP_KEY_OF_FN(struct tee_conf, to),
	  .help = "the port that gets a copy" },
	{ .name = NULL },
};

static int tee_port(const struct bp_conf *conf, const struct bp_function_conf *fn)
{
	const char *to = BP_FN_OWN(struct tee_conf, fn)->to;

	return bp_function_port(conf, to, strlen(to));
}

static uint64_t tee_outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
			 unsigned in_port)
{
	int port_id = tee_port(conf, fn);

	(void)in_port;
	return port_id == BP_NO_PORT ? 0 : UINT64_C(1) << port_id;
}

static void check_tee(const struct bp_function_conf *fn, struct bp_check *check)
{
	if (tee_port(check->conf, fn) == BP_NO_PORT)
		check->complain(check, "to", "found '%s', which is no port",
				BP_FN_OWN(struct tee_conf, fn)->to);
}

/* Every port that its packets come from, the one in hand as well. */
static uint64_t pick_outs(const struct bp_conf *conf, const struct bp_function_conf *fn,
			  unsigned in_port)
{
	(void)in_port;
	return bp_function_in_ports(conf, fn);
}

static void shape_as_act(const struct bp_function_conf *fn, struct bp_act *act)
{
	(void)fn;
	(void)act;
}

static const struct bp_function pass = { .name = "pass", .summary = "p", .keys = no_keys };
static const struct bp_function shape = { .name = "shape",
					  .summary = "s",
					  .keys = shape_keys,
					  .check = check_shape,
					  .as_act = shape_as_act };
static const struct bp_function tee = {
	.name = "tee", .summary = "t", .keys = tee_keys, .outs = tee_outs, .check = check_tee
};
static const struct bp_function pick = {
	.name = "pick", .summary = "c", .flags = BP_FN_PICKS, .keys = no_keys, .outs = pick_outs
};

/* The linker puts it in the place of bp_function_table (--wrap). */
extern const struct bp_function *const __wrap_bp_function_table[];
const struct bp_function *const __wrap_bp_function_table[] = { &pass, &shape, &tee, &pick, NULL };

/* ---- what is refused ------------------------------------------------------------------------- */

#define CASE(case_name, text, ...)                          \
	{                                                   \
		.name = case_name, .ini = text, __VA_ARGS__ \
	}
#define PORTS   "[port.wan]\ndriver = null\n[port.lan]\ndriver = null\n" /* lines 1..4 */
#define EDGE    "[function.edge]\ntype = pass\n" /* 5, 6 */
#define FORWARD "[forward]\n"

static const struct config_case sections[] = {
	CASE("type_is_required", PORTS "[function.edge]\n" FORWARD "wan = edge, lan\n",
	     .errors = "@:5: [function.edge] type: is missing: add 'type = …', what it does; "
		       "allowed: pass | shape | tee | pick\n"),
	CASE("type_nearby", PORTS "[function.edge]\ntype = pas\n" FORWARD "wan = edge, lan\n",
	     .errors =
		     "@:6: [function.edge] type: found 'pas', allowed: pass | shape | tee | pick; "
		     "did you mean 'pass'?\n"),
	CASE("type_in_upper_case",
	     PORTS "[function.edge]\ntype = PASS\n" FORWARD "wan = edge, lan\n",
	     .errors = "@:6: [function.edge] type: found 'PASS', allowed: pass | shape | tee | "
		       "pick; did you mean 'pass'?\n"),
	CASE("unknown_type_at_the_end_is_said_once",
	     PORTS "[function.edge]\ntype = xyz\n" FORWARD "wan = edge\n",
	     .errors = "@:6: [function.edge] type: found 'xyz', allowed: pass | shape | tee | "
		       "pick\n"),
	CASE("key_is_required", PORTS "[function.edge]\ntype = shape\n" FORWARD "wan = edge, lan\n",
	     .errors = "@:5: [function.edge] rate: is missing: add 'rate = …', how much passes; "
		       "allowed: 1..1000 pps\n"),
	CASE("value_out_of_range",
	     PORTS "[function.edge]\ntype = shape\nrate = 0\n" FORWARD "wan = edge, lan\n",
	     .errors = "@:7: [function.edge] rate: found '0', allowed: 1..1000 pps\n"),
	CASE("key_nearby",
	     PORTS "[function.edge]\nrat = 5\ntype = shape\nrate = 1\n" FORWARD "wan = edge, lan\n",
	     .errors = "@:6: [function.edge] rat: unknown key; did you mean 'rate'?\n"),
	CASE("key_of_another_type",
	     PORTS "[function.edge]\nrate = 5\ntype = pass\n" FORWARD "wan = edge, lan\n",
	     .errors =
		     "@:6: [function.edge] rate: found '5', but type pass does not know this key; "
		     "types that do: shape; delete the line\n"),
	CASE("key_of_a_port", PORTS EDGE "driver = null\n" FORWARD "wan = edge, lan\n",
	     .errors = "@:7: [function.edge] driver: unknown key here: it belongs in "
		       "[port.NAME]\n"),
	CASE("key_of_a_function_in_a_port",
	     "[port.wan]\ndriver = null\nlevel = 1\n[forward]\nwan = wan\n",
	     .errors = "@:3: [port.wan] level: unknown key here: it belongs in [log] or "
		       "[function.NAME]\n"),
	CASE("key_of_several_kinds_of_sections", "[memory]\nburst = 1\n" TWO_PORTS,
	     .errors = "@:2: [memory] burst: unknown key here: it belongs in [engine] or "
		       "[function.NAME] or [gen]\n"),
	CASE("values_against_each_other",
	     PORTS "[function.edge]\ntype = shape\nrate = 5\nburst = 6\n" FORWARD
		   "wan = edge, lan\n",
	     .errors = "@:8: [function.edge] burst: found 6, more than rate = 5\n"),
	CASE("section_nearby", PORTS "[functions.edge]\ntype = pass\n" FORWARD "wan = edge, lan\n",
	     .errors =
		     "@:5: [functions.edge]: unknown section, allowed: engine, memory, metrics, log, alarm, port.NAME, "
		     "forward, function.NAME, gen, stream.NAME, dpdk; did you mean "
		     "'function.edge'?\n"),
	CASE("section_without_a_name", PORTS "[function]\ntype = pass\n" FORWARD "wan = lan\n",
	     .errors =
		     "@:5: [function]: unknown section, allowed: engine, memory, metrics, log, alarm, port.NAME, "
		     "forward, function.NAME, gen, stream.NAME, dpdk; did you mean "
		     "'function.NAME'?\n"),
	CASE("name_with_a_dot", PORTS "[function.a.b]\ntype = pass\n" FORWARD "wan = a.b, lan\n",
	     .errors = "@:5: [function.a.b]: found a function named 'a.b', allowed: 1..31 of a-z "
		       "0-9 _ -\n"),
	CASE("name_of_a_port", PORTS "[function.lan]\ntype = pass\n" FORWARD "wan = lan\n",
	     .errors = "@:5: [function.lan]: is also the name of a port, and [forward] could mean "
		       "either: rename one of the two\n"),
	CASE("used_nowhere",
	     PORTS EDGE "[function.edgy]\ntype = pass\n" FORWARD "wan = edge, lan\n",
	     .errors = "@:7: [function.edgy]: is used nowhere: name it in [forward], or delete the "
		       "section; did you mean 'edge'?\n"),
	CASE("override_adds_a_function", PORTS FORWARD "wan = lan\n",
	     .sets = { "function.x.type=pass", "forward.wan=x,lan" }),
	CASE("override_misspells_a_function", PORTS EDGE FORWARD "wan = edge, lan\n",
	     .sets = { "function.edg.type=pass" },
	     .errors = "--set function.edg.type=pass: [function.edg]: is used nowhere: name it in "
		       "[forward], or delete the section; did you mean 'edge'?\n"),
};

static const struct config_case chains[] = {
	CASE("unknown_word_at_the_end", PORTS EDGE FORWARD "wan = edge, lam\n",
	     .errors =
		     "@:8: [forward] wan: found 'lam', which is no port and no function; allowed: "
		     "wan, lan, edge; did you mean 'lan'?\n"),
	CASE("unknown_word_alone_is_like_a_function", PORTS EDGE FORWARD "wan = edgy\n",
	     .errors = "@:8: [forward] wan: found 'edgy', which is no port and no function; "
		       "allowed: wan, lan, edge; did you mean 'edge'?\n"),
	CASE("unknown_function", PORTS EDGE FORWARD "wan = edgee, lan\n",
	     .errors = "@:8: [forward] wan: found 'edgee' before the last word, which is no "
		       "function; allowed: edge; did you mean 'edge'?\n"),
	CASE("function_without_its_section", PORTS FORWARD "wan = edge, lan\n",
	     .errors = "@:6: [forward] wan: found 'edge' before the last word, which is no "
		       "function; allowed: none, as there is no [function.NAME]\n"),
	CASE("function_before_the_equals_sign", PORTS EDGE FORWARD "wan = edge, lan\nedge = lan\n",
	     .errors = "@:9: [forward] edge: found 'edge', which is no port; allowed: wan, lan\n"),
	CASE("port_in_the_middle", PORTS EDGE FORWARD "wan = edge, lan, edge\n",
	     .errors = "@:8: [forward] wan: found port 'lan' before the end, allowed there: "
		       "functions; delete what stands behind it, or name a function\n"),
	CASE("two_ports", PORTS FORWARD "wan = lan, wan\n",
	     .errors = "@:6: [forward] wan: found port 'lan' before the end, allowed there: "
		       "functions; delete what stands behind it, or name a function\n"),
	CASE("no_port_at_the_end", PORTS EDGE FORWARD "wan = edge\nlan = wan\n",
	     .errors =
		     "@:8: [forward] wan: found 'edge' at the end, but type = pass chooses no "
		     "port: name one behind it, as edge, PORT, or a function of a type that does: "
		     "pick\n"),
	CASE("function_twice", PORTS EDGE FORWARD "wan = edge, edge, lan\n",
	     .errors =
		     "@:8: [forward] wan: found 'edge' twice: packets go through a function once; "
		     "delete one, or add another section of its type\n"),
	CASE("chooser_before_the_end",
	     PORTS "[function.sw]\ntype = pick\n" FORWARD "wan = sw, lan\n",
	     .errors = "@:8: [forward] wan: found 'sw' before the end, but type = pick chooses the "
		       "ports by itself: delete what stands behind it\n"),
	CASE("chooser_of_one_port",
	     PORTS "[function.sw]\ntype = pick\n" FORWARD "wan = sw\nlan = wan\n",
	     .errors = "@:8: [forward] wan: found 'sw', which has no other port to choose: name it "
		       "for another port as well, as PORT = sw\n"),
	CASE("word_missing_at_the_end", PORTS EDGE FORWARD "wan = edge,\n",
	     .errors = "@:8: [forward] wan: found 'edge,', where a word is missing: the names of "
		       "functions, then of a port, each with a comma before the next\n"),
	CASE("word_missing_at_the_begin", PORTS EDGE FORWARD "wan = , lan\nlan = edge, wan\n",
	     .errors = "@:8: [forward] wan: found ', lan', where a word is missing: the names of "
		       "functions, then of a port, each with a comma before the next\n"),
	CASE("blanks_for_a_comma", PORTS EDGE FORWARD "wan = edge lan\n",
	     .errors = "@:8: [forward] wan: found 'edge lan', which is no port and no function; "
		       "allowed: wan, lan, edge\n"),
	CASE("nine_functions",
	     PORTS "[function.a]\ntype=pass\n[function.b]\ntype=pass\n[function.c]\ntype=pass\n"
		   "[function.d]\ntype=pass\n[function.e]\ntype=pass\n[function.f]\ntype=pass\n"
		   "[function.g]\ntype=pass\n[function.h]\ntype=pass\n[function.i]\ntype=pass\n"
		   "[forward]\nwan = a,b,c,d,e,f,g,h,i,lan\n",
	     .errors = "@:24: [forward] wan: found more than 8 functions, allowed: up to 8\n"),
	CASE("refused_section_is_not_missed_again",
	     PORTS "[function.E]\ntype = pass\n" FORWARD "wan = e, lan\n",
	     .errors = "@:5: found '[function.E]', allowed: lower case; did you mean "
		       "'[function.e]'?\n"),
	CASE("function_on_two_paths", PORTS EDGE FORWARD "wan = edge, lan\nlan = edge, wan\n"),
	CASE("function_and_back_to_the_port_itself",
	     "[port.wan]\ndriver = null\n" EDGE FORWARD "wan = edge, wan\n"),
};

#define MON "[port.mon]\ndriver = pcap\ndevice = m.pcap\n" /* 5..7 */
#define TEE "[function.m]\ntype = tee\n" /* 8, 9 */

static const struct config_case outs[] = {
	CASE("copies_go_to_a_port_that_no_line_names",
	     PORTS MON TEE "to = mon\n" FORWARD "wan = m, lan\n",
	     .sets = { "port.mon.mode=write" }),
	CASE("copies_go_to_a_file_that_is_read",
	     PORTS MON TEE "to = mon\n" FORWARD "wan = m, lan\n",
	     .errors = "@:5: [port.mon] mode: found 'read', but [forward] wan = m, lan sends to "
		       "here: nothing can be sent to a file that is read: use mode = write, or "
		       "another driver\n"),
	CASE("wrong_port_of_a_function_hides_no_other_fault",
	     PORTS MON TEE "to = mno\n" FORWARD "wan = m, lan\n", .sets = { "port.mon.mode=write" },
	     .errors = "@:10: [function.m] to: found 'mno', which is no port\n"),
	CASE("chain_from_a_file_that_is_written",
	     PORTS MON "[function.e]\ntype = pass\n[forward]\nmon = e, lan\nwan = lan\n",
	     .sets = { "port.mon.mode=write" },
	     .errors = "--set port.mon.mode=write: [port.mon] mode: found 'write', but [forward] "
		       "mon = e, lan receives from here: nothing comes out of a file that is "
		       "written\n"),
	CASE("kernel_does_the_functions_that_its_program_can",
	     "[port.a]\ndriver = kernel\ndevice = e0\n[port.b]\ndriver = kernel\ndevice = e1\n"
	     "[function.s]\ntype = shape\nrate = 20\n[function.e]\ntype = pass\n"
	     "[forward]\na = s, e, b\nb = s, a\n",
	     .errors =
		     "@:2: [port.a] driver: found 'kernel', but [forward] a = s, e, b goes through e, "
		     "type = pass, which the program in the kernel cannot do (it can: shape): leave "
		     "that out there, or use driver = af_packet\n"),
	CASE("function_chooses_a_port_of_the_kernel's",
	     "[port.a]\ndriver = null\n[port.b]\ndriver = null\n[port.c]\ndriver = kernel\n"
	     "device = e1\n[function.sw]\ntype = pick\n[function.m]\ntype = tee\nto = c\n"
	     "[forward]\na = m, sw\nb = sw\n",
	     .errors = "@:6: [port.c] driver: found 'kernel', but [forward] a = m, sw leads to "
		       "another driver: its packets stay in the kernel: both ports of such a path "
		       "have driver = kernel\n"),
	CASE("protect_beside_functions", PORTS EDGE FORWARD "wan = edge, lan\n",
	     .sets = { "memory.protect=yes" },
	     .errors =
		     "--set memory.protect=yes: [memory] protect: found 'yes', but functions "
		     "touch packets, and [forward] wan = edge, lan has some: delete the line\n"
		     "--set memory.protect=yes: [memory] protect: found 'yes', but port wan writes the "
		     "packets that come from it into the arena: let it only send, or delete the line\n"),
};

#define RUN(table)                                                    \
	static void table##_are_told_apart(void **state)              \
	{                                                             \
		(void)state;                                          \
		run_cases(table, sizeof(table) / sizeof((table)[0])); \
	}
RUN(sections)
RUN(chains)
RUN(outs)

/* As many functions as there may be, on paths that are as long as they may be. */
static size_t print_full(char *text, size_t text_bytes)
{
	FILE *out = fmemopen(text, text_bytes, "w");
	size_t n_bytes;

	assert_non_null(out);
	for (unsigned i = 0; i < BP_FUNCTIONS_MAX; i++)
		fprintf(out, "[function.f%u]\ntype = pass\n", i);
	for (unsigned i = 0; i < BP_FUNCTIONS_MAX / BP_CHAIN_MAX; i++)
		fprintf(out, "[port.p%u]\ndriver = null\n", i);
	fprintf(out, FORWARD);
	for (unsigned i = 0; i < BP_FUNCTIONS_MAX / BP_CHAIN_MAX; i++) {
		fprintf(out, "p%u = ", i);
		for (unsigned k = 0; k < BP_CHAIN_MAX; k++)
			fprintf(out, "f%u, ", i * BP_CHAIN_MAX + k);
		fprintf(out, "p0\n");
	}
	n_bytes = (size_t)ftell(out);
	fclose(out);
	return n_bytes;
}

static void functions_are_bounded(void **state)
{
	static char text[8192], errors[CASE_ERRORS_BYTES];
	size_t n_bytes = print_full(text, sizeof(text));
	static struct bp_conf conf;

	(void)state;
	load_right(text, NULL, &conf);
	assert_int_equal(conf.n_functions, BP_FUNCTIONS_MAX);
	assert_int_equal(conf.ports[3].n_chain, BP_CHAIN_MAX);
	assert_int_equal(conf.ports[3].chain[BP_CHAIN_MAX - 1], BP_FUNCTIONS_MAX - 1);
	n_bytes += (size_t)sprintf(text + n_bytes, "[function.x]\ntype = pass\n");
	assert_int_not_equal(load_text(text, n_bytes, NULL, &conf, errors), 0);
	assert_string_equal(errors,
			    "@:78: [function.x]: one function too many, allowed: up to 32\n");
}

/* ---- what is read ---------------------------------------------------------------------------- */

static void values_reach_their_fields(void **state)
{
	static struct bp_conf conf;
	const struct shape_conf *own;

	(void)state;
	load_right(PORTS
		   "[function.s]\nlevel = 1\nlabel = abc\nrate = 77\ntype = shape\n" EDGE FORWARD
		   "lan = edge , s,\twan\n",
		   NULL, &conf);
	assert_int_equal(conf.n_functions, 2);
	assert_string_equal(conf.functions[0].name, "s");
	assert_string_equal(conf.functions[0].type, "shape");
	own = BP_FN_OWN(struct shape_conf, &conf.functions[0]);
	assert_int_equal(own->rate, 77);
	assert_int_equal(own->burst, 10); /* the default */
	assert_string_equal(own->label, "abc");
	assert_int_equal(own->level, 1);
	assert_int_equal(conf.ports[0].n_chain, 0);
	assert_int_equal(conf.ports[0].forward_to, BP_NO_PORT);
	assert_int_equal(conf.ports[0].out_ports, 0);
	assert_int_equal(bp_port_one_out(&conf.ports[0]), BP_NO_PORT);
	assert_int_equal(conf.ports[1].n_chain, 2);
	assert_int_equal(conf.ports[1].chain[0], 1);
	assert_int_equal(conf.ports[1].chain[1], 0);
	assert_int_equal(conf.ports[1].forward_to, 0);
	assert_int_equal(conf.ports[1].out_ports, 1u << 0);
	assert_int_equal(bp_port_one_out(&conf.ports[1]), 0);
}

static void out_ports_are_those_of_the_end_and_of_functions(void **state)
{
	static struct bp_conf conf;
	uint64_t ports = UINT64_C(1) << 61 | 1u << 3 | 1u << 0;

	(void)state;
	load_right("[port.a]\ndriver = null\n[port.b]\ndriver = null\n[port.c]\ndriver = null\n"
		   "[port.d]\ndriver = null\n[port.e]\ndriver = null\n"
		   "[function.sw]\ntype = pick\n[function.m]\ntype = tee\nto = d\n"
		   "[forward]\na = sw\nb = m, sw\nc = sw\nd = d\ne = m, a\n",
		   NULL, &conf);
	assert_int_equal(conf.ports[0].out_ports, 1u << 1 | 1u << 2); /* not back to a */
	assert_int_equal(conf.ports[0].forward_to, BP_NO_PORT);
	assert_int_equal(conf.ports[1].out_ports, 1u << 0 | 1u << 2 | 1u << 3);
	assert_int_equal(conf.ports[2].out_ports, 1u << 0 | 1u << 1);
	assert_int_equal(conf.ports[3].out_ports, 1u << 3); /* a reflector */
	assert_int_equal(conf.ports[4].out_ports, 1u << 0 | 1u << 3);
	assert_int_equal(conf.ports[4].forward_to, 0);
	assert_int_equal(bp_port_one_out(&conf.ports[3]), 3);
	assert_int_equal(bp_port_one_out(&conf.ports[4]), BP_NO_PORT);
	assert_int_equal(bp_ports_take(&ports), 0);
	assert_int_equal(bp_ports_take(&ports), 3);
	assert_int_equal(bp_ports_take(&ports), 61);
	assert_int_equal(ports, 0);
}

/* A mirror may copy to the port that the packet came from: who names it there wants it. */
static void only_what_chooses_sends_nothing_back(void **state)
{
	static struct bp_conf conf;

	(void)state;
	load_right(PORTS "[function.m]\ntype = tee\nto = wan\n[forward]\nwan = m, lan\n", NULL,
		   &conf);
	assert_int_equal(conf.ports[0].out_ports, 1u << 0 | 1u << 1);
}

static void chains_are_printed_as_they_are_written(void **state)
{
	static const char name[] = "abcdefghijabcdefghijabcdefghij1";
	static struct bp_conf conf;
	char text[BP_CHAIN_BYTES];

	(void)state;
	load_right(PORTS EDGE "[function.sw]\ntype = pick\n" FORWARD "wan=edge,sw\nlan=sw\n", NULL,
		   &conf);
	assert_string_equal(bp_config_chain(&conf, 0, text), "wan = edge, sw");
	assert_string_equal(bp_config_chain(&conf, 1, text), "lan = sw");
	load_right(PORTS FORWARD "wan = lan\n", NULL, &conf);
	assert_string_equal(bp_config_chain(&conf, 0, text), "wan = lan");
	assert_string_equal(bp_config_chain(&conf, 1, text), "");
	strcpy(conf.ports[0].name, name);
	strcpy(conf.ports[1].name, name);
	for (unsigned i = 0; i < BP_CHAIN_MAX; i++) {
		conf.ports[0].chain[i] = (uint8_t)i;
		strcpy(conf.functions[i].name, name);
	}
	conf.ports[0].n_chain = BP_CHAIN_MAX;
	bp_config_chain(&conf, 0, text);
	assert_int_equal(strlen(text), 10 * strlen(name) + strlen(" = ") + 8 * strlen(", "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_are_told_apart),
		cmocka_unit_test(chains_are_told_apart),
		cmocka_unit_test(outs_are_told_apart),
		cmocka_unit_test(functions_are_bounded),
		cmocka_unit_test(values_reach_their_fields),
		cmocka_unit_test(out_ports_are_those_of_the_end_and_of_functions),
		cmocka_unit_test(only_what_chooses_sends_nothing_back),
		cmocka_unit_test(chains_are_printed_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
