/* The options of `bypath compare`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/compare_options.h"
#include "cli/common.h"

#include "compare/function.h"
#include "compare/goals.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void print_usage(FILE *out)
{
	fputs("usage: bypath compare [options]\n"
	      "       bypath compare --diff A.json B.json [--json FILE] [--html FILE]\n"
	      "       bypath compare --html-from FILE.json OUT.html\n"
	      "what\n"
	      "  --paths LIST          names or groups (veth, memory, ceiling, peer, ovs, ports, all); "
	      "-NAME leaves one out\n"
	      "  --list                list the paths, or those of --paths, and end\n"
	      "  --workloads LIST      instead of rates and latency: rate, lossless, p99, traffic, tcp-1, tcp-4,\n"
	      "                        tcp-off-1, tcp-off-4, start, memory; one figure a round, on the veth lab\n"
	      "  --tcp                 the workloads traffic, tcp-1, tcp-4 over the paths that take real hosts\n"
	      "  --goals FILE          measure what the file names, and say which goals are met "
	      "(test/bench/goals)\n"
	      "  --sizes LIST          frame sizes with FCS, or imix (64,1518; --quick: 64)\n"
	      "  --function NAME       switch or filter in the chain of every port, beside the kernel's bridge and Open\n"
	      "                        vSwitch with the same; 1024 MAC addresses (not with --goals, --peers)\n"
	      "  --ports A,B           the paths between these two devices instead: names or PCI "
	      "addresses\n"
	      "  --gen-ports C,D       interfaces wired to A and to B, for the generator; without, "
	      "another box\n"
	      "                        sends (says how). Devices that are not named are never touched\n"
	      "  --probe               and the kernel's copies, observed by BPF in a run of their own (root)\n"
	      "  --peers               rows of dpdk-testpmd on the same lab\n"
	      "how long\n"
	      "  --rounds N            1 … 16, interleaved (3)\n"
	      "  --duration SECONDS    of a trial (1); an NDR search takes six times as long\n"
	      "  --quick               everything once in less than a minute\n"
	      "further\n"
	      "  --json FILE           write bypath.compare/1 there; - is standard output\n"
	      "  --html FILE           write a page with charts there\n"
	      "  --html-from FILE.json OUT.html  the page of an earlier run\n"
	      "  --diff A.json B.json  what changed, and whether it is more than the spread\n"
	      "  --keep                keep and name the folder with configurations and logs\n",
	      out);
}

/* ---- options --------------------------------------------------------------------------------- */

static int parse_sizes(const char *list, struct bp_cmp_options *o)
{
	char copy[128], *at = NULL, *text;
	int code = 0;

	o->n_sizes = 0;
	if (strlen(list) >= sizeof(copy))
		return bp_cli_complain("--sizes: more than %u sizes", BP_CMP_SIZES_MAX);
	strcpy(copy, list);
	for (text = strtok_r(copy, ", ", &at); text && !code; text = strtok_r(NULL, ", ", &at)) {
		if (o->n_sizes == BP_CMP_SIZES_MAX)
			return bp_cli_complain("--sizes: more than %u sizes", BP_CMP_SIZES_MAX);
		if (!bp_cmp_parse_size(text, &o->sizes[o->n_sizes++]))
			code = bp_cli_complain("--sizes: found '%s', allowed: 64 … 9018, imix",
					       text);
	}
	return code || o->n_sizes
		       ? code
		       : bp_cli_complain("--sizes: found nothing, allowed: 64,1518,imix");
}

/* "A,B" into two strings in copy. */
static int parse_pair(const char *option, const char *text, char copy[2 * BP_PATH_BYTES],
		      const char **a, const char **b)
{
	char *comma;

	snprintf(copy, 2 * BP_PATH_BYTES, "%s", text);
	comma = strchr(copy, ',');
	if (!comma || comma == copy || !comma[1] || strchr(comma + 1, ','))
		return bp_cli_complain("%s: found '%s', allowed: two devices as eth1,eth2", option,
				       text);
	*comma = '\0';
	if (strcmp(copy, comma + 1) == 0)
		return bp_cli_complain("%s: found '%s' twice, allowed: two different devices",
				       option, copy);
	*a = copy;
	*b = comma + 1;
	return 0;
}

static int parse_number(const char *option, const char *text, double min, double max, double *to)
{
	char *end;
	double value = strtod(text, &end);

	if (*end || end == text || !(value >= min && value <= max))
		return bp_cli_complain("--%s: found '%s', allowed: %g … %g", option, text, min,
				       max);
	*to = value;
	return 0;
}

static int take_sizes(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_compare_arguments *a = arguments;

	(void)option;
	a->has_sizes = true;
	return parse_sizes(value, a->o);
}

static int take_rounds(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_compare_arguments *a = arguments;
	double n = 0;
	int code = parse_number(option->name, value, 1, BP_CMP_ROUNDS_MAX, &n);

	if (code)
		return code;
	if (n > floor(n))
		return bp_cli_complain("--rounds: found '%s', allowed: a whole number", value);
	a->has_rounds = true;
	a->o->n_rounds = (unsigned)n;
	return 0;
}

static int take_duration(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_compare_arguments *a = arguments;

	a->has_duration = true;
	return parse_number(option->name, value, 0.05, 3600, &a->o->trial_s);
}

static int take_ports(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_compare_arguments *a = arguments;

	(void)option;
	a->ports = value;
	return parse_pair("--ports", value, a->pairs[0], &a->o->in, &a->o->out);
}

static int take_gen_ports(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_compare_arguments *a = arguments;

	(void)option;
	a->gen_ports = value;
	return parse_pair("--gen-ports", value, a->pairs[1], &a->o->gen_tx, &a->o->gen_rx);
}

static int take_function(void *arguments, const struct bp_cli_option *option, const char *value)
{
	struct bp_compare_arguments *a = arguments;

	(void)option;
	a->o->function = bp_cmp_function_find(value);
	return a->o->function
		       ? 0
		       : bp_cli_complain("--function: found '%s', allowed: switch, filter", value);
}

static const struct bp_cli_option options_rows[] = {
	{ "paths", BP_CLI_TEXT, .at = offsetof(struct bp_compare_arguments, paths) },
	{ "workloads", BP_CLI_TEXT, .at = offsetof(struct bp_compare_arguments, workloads) },
	{ "goals", BP_CLI_TEXT, .at = offsetof(struct bp_compare_arguments, goals) },
	{ "sizes", BP_CLI_TAKE, .take = take_sizes },
	{ "rounds", BP_CLI_TAKE, .take = take_rounds },
	{ "duration", BP_CLI_TAKE, .take = take_duration },
	{ "ports", BP_CLI_TAKE, .take = take_ports },
	{ "gen-ports", BP_CLI_TAKE, .take = take_gen_ports },
	{ "function", BP_CLI_TAKE, .take = take_function },
	{ "json", BP_CLI_OUTPUT, .at = offsetof(struct bp_compare_arguments, json_path) },
	{ "html", BP_CLI_TEXT, .at = offsetof(struct bp_compare_arguments, html_path) },
	{ "html-from", BP_CLI_TEXT, .at = offsetof(struct bp_compare_arguments, from) },
	{ "quick", BP_CLI_FLAG, .at = offsetof(struct bp_compare_arguments, is_quick) },
	{ "tcp", BP_CLI_FLAG, .at = offsetof(struct bp_compare_arguments, is_tcp) },
	{ "peers", BP_CLI_FLAG, .at = offsetof(struct bp_compare_arguments, with_peers) },
	{ "probe", BP_CLI_FLAG, .at = offsetof(struct bp_compare_arguments, is_probed) },
	{ "keep", BP_CLI_FLAG, .at = offsetof(struct bp_compare_arguments, is_kept) },
	{ "diff", BP_CLI_FLAG, .at = offsetof(struct bp_compare_arguments, is_diff) },
	{ "list", BP_CLI_FLAG, .at = offsetof(struct bp_compare_arguments, is_listed) },
	{ .name = NULL },
};

/* What the options left unsaid. */
static void set_defaults(const struct bp_compare_arguments *a, struct bp_cmp_options *o)
{
	o->is_quick = a->is_quick;
	o->is_kept = a->is_kept;
	o->is_probed = a->is_probed;
	if (!a->has_sizes)
		(void)parse_sizes(o->is_quick ? "64" : "64,1518", o);
	if (!a->has_rounds)
		o->n_rounds = o->is_quick ? 1 : 3;
	if (!a->has_duration)
		o->trial_s = o->is_quick ? 0.3 : 1;
	o->search_s = o->is_quick ? 1.2 : 6 * o->trial_s;
}

/* Interfaces between namespaces that pass on what hosts send; --paths adds or takes away. */
static void take_tcp(struct bp_compare_arguments *a)
{
	a->workloads = "traffic,tcp-1,tcp-4";
	if (!a->paths)
		a->paths =
			a->o->function
				? "veth,ovs,-kernel-xdp,-kernel-tc,-af_xdp-zerocopy,-dpdk-tap,-tap"
				: "veth,-kernel-xdp,-af_xdp-zerocopy,-dpdk-tap,-tap";
}

/* Does the generator send or receive on a port that forwards? */
static bool shares_a_port(const struct bp_cmp_options *o)
{
	return !strcmp(o->gen_tx, o->in) || !strcmp(o->gen_tx, o->out) ||
	       !strcmp(o->gen_rx, o->in) || !strcmp(o->gen_rx, o->out);
}

/* What sends from one address to one says nothing of a function that looks at them. */
static bool has_hosts_only(const char *workloads)
{
	static const char *const hosts[] = { "traffic",   "tcp-1",     "tcp-4",
					     "tcp-off-1", "tcp-off-4", "start" };
	size_t n;

	for (const char *w = workloads; *w; w += n) {
		bool is_known = false;

		w += strspn(w, ", ");
		n = strcspn(w, ", ");
		for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
			is_known |= strlen(hosts[i]) == n && !strncmp(w, hosts[i], n);
		if (n && !is_known)
			return false;
	}
	return true;
}

/* 0 or an exit code + 1. */
static int check_function(const struct bp_compare_arguments *a)
{
	if (a->goals)
		return bp_cli_complain(
			"--function with --goals: their workloads send from one address to one; leave "
			"out --goals, rows have the ratio to the bridge and its interval");
	if (a->with_peers)
		return bp_cli_complain("--function with --peers: dpdk-testpmd has no %s; leave out "
				       "--peers, Open vSwitch is beside it anyway",
				       a->o->function->name);
	if (a->workloads && !has_hosts_only(a->workloads))
		return bp_cli_complain(
			"--function with --workloads: found '%s', allowed: traffic, tcp-1, tcp-4, "
			"tcp-off-1, tcp-off-4, start; others send from one address to one",
			a->workloads);
	if (a->ports && !a->gen_ports)
		return bp_cli_complain(
			"--function with --ports needs --gen-ports: the generator sends from and to "
			"1024 addresses, and lets them be learned");
	return 0;
}

int bp_compare_parse(int argc, char **argv, struct bp_compare_arguments *a)
{
	static const struct bp_cli_options options = { options_rows, print_usage };
	int code = bp_cli_parse(argc, argv, &options, a), n_words;

	if (code)
		return code;
	n_words = argc - optind;
	if (a->is_diff && n_words == 2) {
		a->before = argv[optind];
		a->after = argv[optind + 1];
		return 0;
	}
	if (a->from && !a->is_diff && n_words == 1) {
		a->html_path = argv[optind];
		return 0;
	}
	if (a->from)
		return bp_cli_complain("--html-from takes two files: FILE.json OUT.html");
	if (n_words || a->is_diff)
		return bp_cli_complain(
			a->is_diff ? "--diff takes two files: A.json B.json"
				   : "compare takes options only: see bypath compare --help");
	if (a->is_tcp && a->workloads)
		return bp_cli_complain(
			"--tcp names workloads itself: leave out --workloads, or name them all");
	if (a->is_tcp)
		take_tcp(a);
	if (a->goals && (a->workloads || a->paths || a->ports || a->has_sizes))
		return bp_cli_complain(
			"--goals names paths, sizes and workloads itself: leave out --paths, "
			"--sizes, --workloads, --ports");
	if (a->workloads && a->ports)
		return bp_cli_complain("--workloads run in the lab: leave out --ports");
	if (a->gen_ports && !a->ports)
		return bp_cli_complain(
			"--gen-ports needs --ports: say between which devices to forward");
	if (a->gen_ports && shares_a_port(a->o))
		return bp_cli_complain(
			"--gen-ports: found '%s', allowed: other devices than those of --ports, which "
			"forward",
			a->gen_ports);
	set_defaults(a, a->o);
	return a->o->function ? check_function(a) : 0;
}

bool bp_compare_has_text(const struct bp_compare_arguments *a)
{
	return !a->json_path || strcmp(a->json_path, "/dev/stdout") != 0;
}
