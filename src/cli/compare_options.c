/* The options of `bypath compare`. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/compare_options.h"
#include "cli/common.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IMIX_BYTES ((7 * 64 + 4 * 594 + 1518) / 12.0)

static void print_usage(FILE *out)
{
	fputs("usage: bypath compare [options]\n"
	      "       bypath compare --diff A.json B.json [--json FILE] [--html FILE]\n"
	      "       bypath compare --html-from FILE.json OUT.html\n"
	      "what\n"
	      "  --paths LIST          names or groups (veth, memory, ceiling, peer, ports, all); -NAME "
	      "leaves one out\n"
	      "  --list                list the paths and end\n"
	      "  --workloads LIST      instead of rates and latency: rate, lossless, p99, tcp-1, tcp-4, tcp-off-1,\n"
	      "                        tcp-off-4, start, memory; one figure a round, on the veth lab\n"
	      "  --goals FILE          measure what the file names, and say which goals are met "
	      "(test/bench/goals)\n"
	      "  --sizes LIST          frame sizes with FCS, or imix (64,1518; --quick: 64)\n"
	      "  --ports A,B           the paths between these two devices instead: names or PCI "
	      "addresses\n"
	      "  --gen-ports C,D       interfaces wired to A and to B, for the generator; without, "
	      "another box\n"
	      "                        sends (says how). Devices that are not named are never touched\n"
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

static int parse_size(const char *text, struct bp_cmp_size *size)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	/* strtoul() would take a sign, and spaces. */
	if (strcmp(text, "imix") != 0 &&
	    (!isdigit((unsigned char)*text) || *end || end == text || n < 64 || n > 9018))
		return bp_cli_complain("--sizes: found «%s», allowed: 64 … 9018, imix", text);
	snprintf(size->name, sizeof(size->name), "%s", text);
	size->bytes = strcmp(text, "imix") == 0 ? 0 : (uint32_t)n;
	size->mean_bytes = size->bytes ? size->bytes : IMIX_BYTES;
	return 0;
}

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
		code = parse_size(text, &o->sizes[o->n_sizes++]);
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
		return bp_cli_complain("%s: found «%s», allowed: two devices as eth1,eth2", option,
				       text);
	*comma = '\0';
	if (strcmp(copy, comma + 1) == 0)
		return bp_cli_complain("%s: found «%s» twice, allowed: two different devices",
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
		return bp_cli_complain("%s: found «%s», allowed: %g … %g", option, text, min, max);
	*to = value;
	return 0;
}

static int take_option(void *arguments, int c, const char *value)
{
	struct bp_compare_arguments *a = arguments;
	struct bp_cmp_options *o = a->o;
	double n = 0;
	int code = 0;

	switch (c) {
	case 'p':
		a->paths = value;
		return 0;
	case 'w':
		a->workloads = value;
		return 0;
	case 'g':
		a->goals = value;
		return 0;
	case 's':
		a->has_sizes = true;
		return parse_sizes(value, o);
	case 'r':
		a->has_rounds = true;
		code = parse_number("--rounds", value, 1, BP_CMP_ROUNDS_MAX, &n);
		if (!code && n > floor(n))
			code = bp_cli_complain("--rounds: found «%s», allowed: a whole number",
					       value);
		if (!code)
			o->n_rounds = (unsigned)n;
		return code;
	case 'd':
		a->has_duration = true;
		return parse_number("--duration", value, 0.05, 3600, &o->trial_s);
	case 'P':
		a->ports = value;
		return parse_pair("--ports", value, a->pairs[0], &o->in, &o->out);
	case 'G':
		a->gen_ports = value;
		return parse_pair("--gen-ports", value, a->pairs[1], &o->gen_tx, &o->gen_rx);
	case 'j':
		a->json_path = strcmp(value, "-") ? value : "/dev/stdout";
		return 0;
	case 'H':
		a->html_path = value;
		return 0;
	case 'F':
		a->from = value;
		return 0;
	case 'q':
		o->is_quick = true;
		return 0;
	case 'e':
		a->with_peers = true;
		return 0;
	case 'k':
		o->is_kept = true;
		return 0;
	case 'D':
		a->is_diff = true;
		return 0;
	default:
		a->is_listed = true;
		return 0;
	}
}

/* What the options left unsaid. */
static void set_defaults(const struct bp_compare_arguments *a, struct bp_cmp_options *o)
{
	if (!a->has_sizes)
		(void)parse_sizes(o->is_quick ? "64" : "64,1518", o);
	if (!a->has_rounds)
		o->n_rounds = o->is_quick ? 1 : 3;
	if (!a->has_duration)
		o->trial_s = o->is_quick ? 0.3 : 1;
	o->search_s = o->is_quick ? 1.2 : 6 * o->trial_s;
}

int bp_compare_parse(int argc, char **argv, struct bp_compare_arguments *a)
{
	static const struct option longs[] = {
		{ "paths", required_argument, NULL, 'p' },
		{ "workloads", required_argument, NULL, 'w' },
		{ "goals", required_argument, NULL, 'g' },
		{ "sizes", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "duration", required_argument, NULL, 'd' },
		{ "ports", required_argument, NULL, 'P' },
		{ "gen-ports", required_argument, NULL, 'G' },
		{ "json", required_argument, NULL, 'j' },
		{ "html", required_argument, NULL, 'H' },
		{ "html-from", required_argument, NULL, 'F' },
		{ "quick", no_argument, NULL, 'q' },
		{ "peers", no_argument, NULL, 'e' },
		{ "keep", no_argument, NULL, 'k' },
		{ "diff", no_argument, NULL, 'D' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct bp_cli_options options = { longs, print_usage, take_option };
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
	if (a->goals && (a->workloads || a->paths || a->ports))
		return bp_cli_complain(
			"--goals names paths and workloads itself: leave out --paths, "
			"--workloads, --ports");
	if (a->workloads && a->ports)
		return bp_cli_complain("--workloads run in the lab: leave out --ports");
	if (a->gen_ports && !a->ports)
		return bp_cli_complain(
			"--gen-ports needs --ports: say between which devices to forward");
	set_defaults(a, a->o);
	return 0;
}
