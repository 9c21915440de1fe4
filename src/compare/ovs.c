/* Open vSwitch with its userspace datapath, in the lab and in the work folder alone. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/function.h"

#include "compare/run.h"
#include "core/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 256u
#define ARG_BYTES  (BP_WORKDIR_BYTES + 40) /* of an argument that names a file of the work folder */
#define START_S    15.0
#define STEP_US    5000u
#define TASKSET    "/usr/bin/taskset"
#define INSTALL    "install it: apt-get install openvswitch-switch; its service need not run"
#define SEE_LOGS   "see the logs with --keep"

/* Where the parts of one installation are. */
struct places {
	char vswitchd[PATH_BYTES], server[PATH_BYTES], tool[PATH_BYTES], vsctl[PATH_BYTES],
		ofctl[PATH_BYTES], appctl[PATH_BYTES], schema[PATH_BYTES];
};

static bool find(const char *root, const char *name, char path[PATH_BYTES])
{
	return snprintf(path, PATH_BYTES, "%s/%s", root, name) < (int)PATH_BYTES &&
	       access(path, R_OK) == 0;
}

static bool find_all(const char *root, struct places *p)
{
	return (find(root, "lib/openvswitch-switch/ovs-vswitchd", p->vswitchd) ||
		find(root, "sbin/ovs-vswitchd", p->vswitchd)) &&
	       find(root, "sbin/ovsdb-server", p->server) &&
	       find(root, "bin/ovsdb-tool", p->tool) && find(root, "bin/ovs-vsctl", p->vsctl) &&
	       find(root, "bin/ovs-ofctl", p->ofctl) && find(root, "bin/ovs-appctl", p->appctl) &&
	       find(root, "share/openvswitch/vswitch.ovsschema", p->schema);
}

/* PATH names sbin folders of other installations, as one that was only unpacked. */
static bool find_in_path(struct places *p)
{
	const char *path = getenv("PATH");
	char *copy = path ? strdup(path) : NULL, *at = NULL;
	bool found = false;

	for (char *folder = copy ? strtok_r(copy, ":", &at) : NULL; folder && !found;
	     folder = strtok_r(NULL, ":", &at)) {
		size_t n = strlen(folder);

		if (*folder != '/' || n < 6 || strcmp(folder + n - 5, "/sbin"))
			continue;
		folder[n - 5] = '\0';
		found = find_all(folder, p);
	}
	free(copy);
	return found;
}

static int find_places(struct bp_cmp_run *run, struct places *p)
{
	if (find_all("/usr", p) || find_all("/usr/local", p) || find_in_path(p))
		return 0;
	bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, INSTALL, "no Open vSwitch on this machine");
	return -ENOENT;
}

/* ---- its programs ------------------------------------------------------------------------------- */

static void end_by(struct bp_cmp_run *run, const struct bp_child *child, const char *what, int rc)
{
	char line[BP_CMP_TEXT_BYTES] = "";

	if (rc == -EINTR || rc == -ENODEV)
		return;
	bp_child_last_line(child, "", line, sizeof(line));
	bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, SEE_LOGS, "Open vSwitch: %s: %s", what,
		       *line ? line : strerror(-rc));
}

static int complete(struct bp_cmp_run *run, const char *what, const char *const argv[])
{
	struct bp_child child = { 0 };
	int rc = bp_cmp_complete(run, run->dut_ns, "ovs", argv, START_S, &child);

	if (rc)
		end_by(run, &child, what, rc);
	return rc;
}

static int start(struct bp_cmp_run *run, const char *name, const char *const argv[],
		 struct bp_child *child)
{
	const struct bp_child_conf conf = {
		.netns = run->dut_ns, .folder = run->cmp->folder, .name = name, .argv = argv
	};

	return bp_child_start(&conf, child);
}

/* Until a daemon's socket is there. */
static int await_socket(struct bp_cmp_run *run, struct bp_child *child, const char *socket)
{
	uint64_t end_ns = bp_clock_ns() + (uint64_t)(START_S * 1e9);
	int rc = 0;

	while (!rc && access(socket, F_OK)) {
		rc = !bp_child_alive(child)   ? -EIO
		     : bp_cmp_is_stopped(run) ? -EINTR
		     : bp_clock_ns() > end_ns ? -ETIMEDOUT
					      : 0;
		usleep(STEP_US);
	}
	if (rc)
		end_by(run, child, "it does not start", rc);
	return rc;
}

/* A run may begin where an earlier one of the comparison has left its database. */
static int start_server(struct bp_cmp_run *run, const struct places *p)
{
	char file[ARG_BYTES], db[ARG_BYTES], remote[ARG_BYTES], control[ARG_BYTES];
	const char *const create[] = { p->tool, "create", file, p->schema, NULL };
	const char *const serve[] = { p->server, file, remote, control, "--no-chdir", NULL };
	int rc;

	snprintf(file, sizeof(file), "%s/ovs.db", run->cmp->folder);
	snprintf(db, sizeof(db), "%s/ovsdb.sock", run->cmp->folder);
	snprintf(remote, sizeof(remote), "--remote=punix:%s/ovsdb.sock", run->cmp->folder);
	snprintf(control, sizeof(control), "--unixctl=%s/ovsdb.ctl", run->cmp->folder);
	unlink(file);
	unlink(db);
	rc = complete(run, "no database can be made", create);
	if (!rc)
		rc = start(run, "ovsdb", serve, &run->ovsdb);
	return rc ? rc : await_socket(run, &run->ovsdb, db);
}

static bool is_afxdp(const struct bp_cmp_run *run)
{
	return strcmp(run->row->path->in, "type=afxdp") == 0;
}

/* What polls runs on the forwarder's core: a PMD thread binds itself, the main thread else is bound. */
static int start_vswitchd(struct bp_cmp_run *run, const struct places *p)
{
	const struct bp_comparison *cmp = run->cmp;
	bool has_pmd = is_afxdp(run);
	char core[16], remote[ARG_BYTES], control[ARG_BYTES], unixctl[ARG_BYTES];
	const char *const argv[] = { TASKSET, "-c",    core,         p->vswitchd,
				     remote,  unixctl, "--no-chdir", NULL };
	int rc;

	snprintf(core, sizeof(core), "%u", has_pmd ? cmp->gen_cores[0] : cmp->dut_core);
	snprintf(remote, sizeof(remote), "unix:%s/ovsdb.sock", run->cmp->folder);
	snprintf(control, sizeof(control), "%s/ovs.ctl", run->cmp->folder);
	snprintf(unixctl, sizeof(unixctl), "--unixctl=%s/ovs.ctl", run->cmp->folder);
	unlink(control);
	rc = start(run, "forwarder", argv, &run->dut);
	return rc ? rc : await_socket(run, &run->dut, control);
}

void bp_cmp_ovs_mask(unsigned core, char mask[BP_CMP_MASK_BYTES])
{
	snprintf(mask, BP_CMP_MASK_BYTES, "0x%x%.*d", 1u << core % 4, (int)(core / 4), 0);
}

static int configure(struct bp_cmp_run *run, const struct places *p)
{
	const struct bp_cmp_function *f = run->cmp->options.function;
	char db[ARG_BYTES], cores[BP_CMP_MASK_BYTES], mask[BP_CMP_MASK_BYTES + 32];
	const char *const argv[] = { p->vsctl,
				     db,
				     "--timeout=10",
				     "--",
				     "init",
				     "--",
				     "set",
				     "Open_vSwitch",
				     ".",
				     mask,
				     "--",
				     "add-br",
				     "br0",
				     "--",
				     "set",
				     "Bridge",
				     "br0",
				     "datapath_type=netdev",
				     f && f->has_rules ? "fail_mode=secure"
						       : "fail_mode=standalone",
				     "--",
				     "add-port",
				     "br0",
				     "w0",
				     "--",
				     "set",
				     "Interface",
				     "w0",
				     run->row->path->in,
				     "--",
				     "add-port",
				     "br0",
				     "w1",
				     "--",
				     "set",
				     "Interface",
				     "w1",
				     run->row->path->out,
				     NULL };

	snprintf(db, sizeof(db), "--db=unix:%s/ovsdb.sock", run->cmp->folder);
	bp_cmp_ovs_mask(run->cmp->dut_core, cores);
	snprintf(mask, sizeof(mask), "other_config:pmd-cpu-mask=%s", cores);
	return complete(run, "it takes no ports", argv);
}

static int add_flows(struct bp_cmp_run *run, const struct places *p)
{
	char bridge[ARG_BYTES], rules[ARG_BYTES];
	const char *const argv[] = { p->ofctl, "add-flows", bridge, rules, NULL };

	if (!run->cmp->options.function || !run->cmp->options.function->has_rules)
		return 0;
	snprintf(bridge, sizeof(bridge), "unix:%s/br0.mgmt", run->cmp->folder);
	snprintf(rules, sizeof(rules), "%s/function.rules", run->cmp->folder);
	return complete(run, "it takes no flows", argv);
}

int bp_cmp_ovs_start(struct bp_cmp_run *run)
{
	struct places p;
	int rc = find_places(run, &p);

	if (rc)
		return rc;
	snprintf(run->row->mode, sizeof(run->row->mode), "%s",
		 is_afxdp(run) ? "netdev, afxdp" : "netdev, system");
	rc = start_server(run, &p);
	if (!rc)
		rc = start_vswitchd(run, &p);
	if (!rc)
		rc = configure(run, &p);
	return rc ? rc : add_flows(run, &p);
}

void bp_cmp_ovs_end(struct bp_cmp_run *run)
{
	bp_child_stop(&run->ovsdb, SIGTERM, 2);
}

/* ---- what it says ------------------------------------------------------------------------------- */

/* The last line with `word` of what a program says; "": there is none. */
static void ask(struct bp_cmp_run *run, const char *const argv[], const char *word,
		char line[BP_CMP_TEXT_BYTES])
{
	struct bp_child child = { 0 };

	line[0] = '\0';
	if (!bp_cmp_complete(run, run->dut_ns, "ovs", argv, START_S, &child))
		bp_child_last_line(&child, word, line, BP_CMP_TEXT_BYTES);
}

void bp_cmp_ovs_ask(struct bp_cmp_run *run, struct bp_cmp_served *served)
{
	char control[ARG_BYTES], bridge[ARG_BYTES], line[BP_CMP_TEXT_BYTES];
	struct places p;
	const char *const table[] = { p.appctl, "-t", control, "fdb/stats-show", "br0", NULL };
	const char *const flows[] = { p.ofctl, "dump-flows", bridge, NULL };
	long long n;

	if (find_places(run, &p) || !bp_child_alive(&run->dut))
		return;
	snprintf(control, sizeof(control), "%s/ovs.ctl", run->cmp->folder);
	snprintf(bridge, sizeof(bridge), "unix:%s/br0.mgmt", run->cmp->folder);
	ask(run, table, "maximum MAC entries", line);
	if (sscanf(line, " Current/maximum MAC entries in the table: %lld", &n) == 1)
		served->n_addresses = n;
	if (!run->cmp->options.function || !run->cmp->options.function->has_rules)
		return;
	ask(run, flows, "actions=NORMAL", line);
	if (sscanf(line, " cookie=%*[^,], duration=%*[^,], table=%*[^,], n_packets=%lld", &n) == 1)
		served->n_last_rule = n;
}
