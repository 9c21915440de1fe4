/* Puts one function into every path, and says what came of it. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/function.h"

#include "compare/run.h"
#include "compare/stat.h"
#include "core/json.h"
#include "lab/netns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RULES "function.rules"
#define FIRST_PORT \
	1001u /* of UDP, that the rules but the last one drop; the generator sends to none of them */
#define GEN_PORT 2000u

static const struct bp_cmp_function functions[] = {
	{ .name = "switch",
	  .title =
		  "a switch between both ports, 1024 addresses in its table: 512 that frames come from, 512 that they "
		  "go to, known before each trial",
	  .bridge = "the kernel's bridge, learning",
	  .ovs = "Open vSwitch, action NORMAL, learning" },
	{ .name = "filter",
	  .title =
		  "a filter of 16 rules: 15 that drop one UDP destination port each, which no packet has; the last one "
		  "passes everything",
	  .bridge =
		  "the kernel's bridge with the same 16 rules of nftables, family bridge, hook forward, a counter in "
		  "each",
	  .ovs = "Open vSwitch, the same rules as flows of falling priority (IPv4 and IPv6 apart), the last one NORMAL",
	  .has_rules = true },
};

const struct bp_cmp_function *bp_cmp_function_find(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!strcmp(functions[i].name, name))
			return &functions[i];
	return NULL;
}

bool bp_cmp_function_fits(const struct bp_cmp_function *function, struct bp_cmp_row *row)
{
	const struct bp_cmp_path *p = row->path;

	if (p->forwarder == BP_CMP_BYPATH && bp_cmp_has(p, BP_CMP_BY_KERNEL))
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "choose a path with a worker",
			       "the kernel carries these packets: no function of bypath sees them");
	else if (p->forwarder == BP_CMP_TESTPMD)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "choose bridge, or a path of the group ovs",
			       "dpdk-testpmd has no %s", function->name);
	else if (p->lab == BP_CMP_ALONE)
		bp_cmp_row_end(row, BP_CMP_CANNOT_RUN, "choose a path with a generator",
			       "its source has one address, and nobody is behind the other port");
	else if (function->has_rules && p->forwarder == BP_CMP_BRIDGE && p->lab == BP_CMP_DEVICES)
		bp_cmp_row_end(
			row, BP_CMP_CANNOT_RUN, "see the lab's bridge: leave out --ports",
			"rules of nftables here would be those of this machine's other bridges too");
	return !bp_cmp_has_ended(row);
}

/* ---- what each is given ------------------------------------------------------------------------ */

void bp_cmp_function_put(FILE *out, const struct bp_cmp_run *run)
{
	const struct bp_cmp_function *f = run->cmp->options.function;

	fprintf(out, "[function.%s]\ntype = %s\n", f->name, f->name);
	if (f->has_rules)
		fprintf(out, "rules = %s/" RULES "\n[forward]\nwan = %s, lan\nlan = %s, wan\n",
			run->cmp->folder, f->name, f->name);
	else
		fprintf(out, "[forward]\nwan = %s\nlan = %s\n", f->name, f->name);
}

/* One file for whoever filters: the words differ, the rules do not. */
static void put_rules(FILE *out, enum bp_cmp_forwarder forwarder)
{
	static const char *const last[] = { [BP_CMP_BYPATH] = "pass\n",
					    [BP_CMP_BRIDGE] = "  counter accept\n }\n}\n",
					    [BP_CMP_OVS] = "priority=1,actions=NORMAL\n",
					    [BP_CMP_TESTPMD] = "" };

	if (forwarder == BP_CMP_BRIDGE)
		fputs("table bridge bypath {\n chain forward {\n"
		      "  type filter hook forward priority 0; policy drop;\n",
		      out);
	for (unsigned i = 0; i + 1 < BP_CMP_RULES; i++)
		if (forwarder == BP_CMP_OVS)
			fprintf(out,
				"priority=%u,udp,tp_dst=%u,actions=drop\n"
				"priority=%u,udp6,tp_dst=%u,actions=drop\n",
				BP_CMP_RULES - i, FIRST_PORT + i, BP_CMP_RULES - i, FIRST_PORT + i);
		else if (forwarder == BP_CMP_BRIDGE)
			fprintf(out, "  udp dport %u counter drop\n", FIRST_PORT + i);
		else
			fprintf(out, "drop udp dst port %u\n", FIRST_PORT + i);
	fputs(last[forwarder], out);
}

int bp_cmp_function_write(const struct bp_cmp_run *run)
{
	const struct bp_cmp_function *f = run->cmp->options.function;
	char path[BP_WORKDIR_BYTES + 24];
	FILE *out;

	if (!f || !f->has_rules)
		return 0;
	snprintf(path, sizeof(path), "%s/" RULES, run->cmp->folder);
	out = fopen(path, "we");
	if (!out)
		return -errno;
	put_rules(out, run->row->path->forwarder);
	return fclose(out) ? -errno : 0;
}

void bp_cmp_function_put_gen(FILE *out)
{
	fprintf(out, "announce = yes\n");
}

/* Locally administered addresses, whose last two bytes count. */
void bp_cmp_function_put_stream(FILE *out)
{
	static_assert(BP_CMP_ADDRESSES_EACH == 0x200, "the ranges have as many");
	fprintf(out,
		"src_mac = 02:00:00:01:00:00-02:00:00:01:01:ff\n"
		"dst_mac = 02:00:00:02:00:00-02:00:00:02:01:ff\n"
		"dport = %u\n",
		GEN_PORT);
}

/* ---- the kernel's bridge ------------------------------------------------------------------------ */

#define NFT   "/usr/sbin/nft"
#define NFT_S 10.0

int bp_cmp_function_make(struct bp_cmp_run *run)
{
	const struct bp_cmp_function *f = run->cmp->options.function;
	char path[BP_WORKDIR_BYTES + 24], line[BP_CMP_TEXT_BYTES] = "";
	const char *const argv[] = { NFT, "-f", path, NULL };
	struct bp_child child = { 0 };
	int rc;

	if (!f || !f->has_rules || run->row->path->forwarder != BP_CMP_BRIDGE)
		return 0;
	if (access(NFT, X_OK)) {
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "install it: apt-get install nftables",
			       "no " NFT " on this machine");
		return -ENOENT;
	}
	snprintf(path, sizeof(path), "%s/" RULES, run->cmp->folder);
	rc = bp_cmp_complete(run, run->dut_ns, "nft", argv, NFT_S, &child);
	if (!rc || rc == -EINTR)
		return rc;
	bp_child_last_line(&child, "rror", line, sizeof(line));
	bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "needs a kernel with CONFIG_NF_TABLES_BRIDGE",
		       "nft takes no rules of the family bridge: %s", *line ? line : strerror(-rc));
	return rc;
}

/* Packets of the last rule, which nft lists last. -1: it does not say. */
static int64_t ask_nft(struct bp_cmp_run *run)
{
	static const char *const argv[] = { NFT,      "list",    "chain", "bridge",
					    "bypath", "forward", NULL };
	struct bp_child child = { 0 };
	char line[BP_CMP_TEXT_BYTES] = "";
	unsigned long long n;

	if (bp_cmp_complete(run, run->dut_ns, "nft", argv, NFT_S, &child))
		return -1;
	bp_child_last_line(&child, "accept", line, sizeof(line));
	return sscanf(line, " counter packets %llu", &n) == 1 ? (int64_t)n : -1;
}

void bp_cmp_function_ask(struct bp_cmp_run *run)
{
	const struct bp_cmp_function *f = run->cmp->options.function;
	struct bp_cmp_served *s = &run->row->served;

	*s = (struct bp_cmp_served){ -1, -1 };
	if (!f || run->is_broken || bp_cmp_has_ended(run->row))
		return;
	if (run->row->path->forwarder == BP_CMP_OVS)
		bp_cmp_ovs_ask(run, s);
	if (run->row->path->forwarder != BP_CMP_BRIDGE)
		return;
	if (run->row->path->lab == BP_CMP_VETH && bp_netns_enter(run->dut_ns) == 0) {
		s->n_addresses = bp_link_learned();
		(void)bp_netns_enter(run->home);
	}
	if (f->has_rules && run->dut_ns >= 0)
		s->n_last_rule = ask_nft(run);
}

/* ---- documents ---------------------------------------------------------------------------------- */

json_t *bp_cmp_function_document(const struct bp_cmp_function *f)
{
	if (!f)
		return json_null();
	return json_pack("{s:s, s:s, s:i, s:o, s:s, s:s}", "name", f->name, "title", f->title,
			 "addresses", (int)(2 * BP_CMP_ADDRESSES_EACH), "rules",
			 f->has_rules ? json_integer(BP_CMP_RULES) : json_null(), "bridge",
			 f->bridge, "ovs", f->ovs);
}

static json_t *known(int64_t n)
{
	return n < 0 ? json_null() : json_integer(n);
}

/* Of a switch what it flooded, of a filter what its last rule passed. */
static void read_state(const struct bp_cmp_function *f, const json_t *function, json_t *o)
{
	static const char *const kinds[] = { "broadcast", "multicast", "unknown" };
	const json_t *doc = json_object_get(function, "doc"), *hit;
	json_int_t n_floods = 0;
	size_t i;

	if (f->has_rules) {
		json_array_foreach(json_object_get(doc, "hits"), i, hit)
			if (json_integer_value(json_object_get(hit, "line")) == BP_CMP_RULES)
				json_object_set(o, "last_rule", json_object_get(hit, "hits"));
		return;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		n_floods += json_integer_value(
			json_object_get(json_object_get(doc, "floods"), kinds[i]));
	json_object_set(o, "addresses", json_object_get(doc, "entries"));
	json_object_set_new(o, "floods", json_integer(n_floods));
}

json_t *bp_cmp_function_row(const struct bp_cmp_function *f, const struct bp_cmp_row *row)
{
	const json_t *function = json_array_get(json_object_get(row->report, "functions"), 0);
	const json_t *counted = json_object_get(function, "counted");
	json_t *o;

	if (!f || (!row->forwarded.n && !row->figure.n))
		return json_null();
	o = json_pack("{s:s, s:o, s:o, s:o, s:n, s:o}", "by",
		      row->path->forwarder == BP_CMP_BRIDGE ? f->bridge
		      : row->path->forwarder == BP_CMP_OVS  ? f->ovs
							    : "bypath",
		      "ns_per_packet", bp_cmp_stat(&row->function_ns, 1), "addresses",
		      known(row->served.n_addresses), "last_rule", known(row->served.n_last_rule),
		      "floods", "packets", json_null());
	if (!function)
		return o;
	json_object_set(o, "packets", json_object_get(counted, "packets"));
	json_object_set(o, "dropped", json_object_get(counted, "dropped"));
	json_object_set(o, "received", bp_json_at(row->report, "conservation.counted.received"));
	read_state(f, function, o);
	return o;
}
