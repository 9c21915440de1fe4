/* The test bed of one run: two unnamed namespaces, the wires between them, a forwarder in the kernel. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/run.h"
#include "compare/function.h"
#include "compare/workload.h"

#include "core/netdev.h"
#include "lab/netns.h"
#include "lab/packet_stats.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FORWARD_TRIES 1000u /* of 10 ms */
#define NEED_ROOT     "run it as root, or with CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_NET_RAW and CAP_BPF"

/* e0 ═ w0 and w1 ═ e1; locally administered addresses. */
static int make_wires(struct bp_cmp_run *run)
{
	struct bp_link_end e0 = { "e0", run->gen_ns, { 2, 0, 0, 0, 1, 0 } };
	struct bp_link_end e1 = { "e1", run->far_ns, { 2, 0, 0, 0, 2, 0 } };
	struct bp_link_end w0 = { "w0", run->dut_ns, { 2, 0, 0, 0, 1, 9 } };
	struct bp_link_end w1 = { "w1", run->dut_ns, { 2, 0, 0, 0, 2, 9 } };
	uint32_t bytes = run->row->size->bytes, mtu = bytes > 1518 ? bytes - 18 : 1500;
	int rc = bp_link_veth(&e0, &w0, mtu);

	return rc ? rc : bp_link_veth(&e1, &w1, mtu);
}

static bool has_hosts(const struct bp_cmp_row *row)
{
	return row->workload && row->workload->ends != BP_CMP_ENDS_SOURCE;
}

/* Set an end up in its namespace. Its offloads are turned off unless the workload wants hosts with defaults. */
static int prepare_end(struct bp_cmp_run *run, int netns, const char *name)
{
	int rc = bp_netns_enter(netns);

	if (!rc)
		rc = bp_netdev_set_up(-1, name);
	if (rc)
		return rc;
	/* Only now: veth tells its peer that it takes XDP frames if GRO is turned on while both are up. */
	if (!run->row->workload || run->row->workload->ends != BP_CMP_ENDS_HOSTS)
		bp_link_offloads_off(name, !has_hosts(run->row));
	if (strcmp(name, "e0") == 0)
		run->row->has_offloads = bp_link_offloads(name, &run->row->offloads) == 0;
	return 0;
}

/* 10.77.0.1 in one namespace, 10.77.0.2 in the other. */
static int address_hosts(struct bp_cmp_run *run)
{
	int rc = bp_netns_enter(run->gen_ns);

	if (!rc)
		rc = bp_link_address("e0", (const uint8_t[4]){ 10, 77, 0, 1 }, 24);
	if (!rc)
		rc = bp_netns_enter(run->far_ns);
	return rc ? rc : bp_link_address("e1", (const uint8_t[4]){ 10, 77, 0, 2 }, 24);
}

/* Leaves the calling thread with the forwarder. */
static int prepare_wires(struct bp_cmp_run *run)
{
	int rc = prepare_end(run, run->gen_ns, "e0");

	if (!rc)
		rc = prepare_end(run, run->far_ns, "e1");
	if (!rc && has_hosts(run->row))
		rc = address_hosts(run);
	if (!rc)
		rc = prepare_end(run, run->dut_ns, "w0");
	return rc ? rc : prepare_end(run, run->dut_ns, "w1");
}

/* Of those that arrived, or that were to leave; 0 where the interface cannot be asked. */
static uint64_t count_dropped(const char *name, bool is_rx)
{
	struct rtnl_link_stats64 s;

	if (bp_link_stats(name, &s))
		return 0;
	return is_rx ? s.rx_dropped + s.rx_missed_errors : s.tx_dropped;
}

/* In the calling thread's namespace. */
static int make_bridge(struct bp_cmp_run *run, const char *bridge)
{
	const char *in = run->names.in, *out = run->names.out;
	int rc = bp_link_bridge(bridge);

	if (!rc)
		rc = bp_link_enslave(in, bridge);
	if (!rc)
		rc = bp_link_enslave(out, bridge);
	if (!rc)
		rc = bp_netdev_set_up(-1, bridge);
	snprintf(run->row->mode, sizeof(run->row->mode), "bridge");
	/* The bridge drops what arrives before its ports forward, and counts it nowhere. */
	for (unsigned i = 0; !rc && !(bp_link_forwards(in) && bp_link_forwards(out)); i++) {
		if (i == FORWARD_TRIES)
			return -ETIMEDOUT;
		usleep(10000);
	}
	return rc;
}

/*
 * Between ports that were named: in the namespace that they are in, among what is there. A bridge has a guard,
 * which takes it away however this process ends.
 */
static int make_between_ports(struct bp_cmp_run *run)
{
	char bridge
		[IF_NAMESIZE]; /* named after this process, so that two comparisons have one each */
	int rc;

	if (run->row->path->forwarder != BP_CMP_BRIDGE)
		return 0;
	snprintf(bridge, sizeof(bridge), "bypath-%d", (int)getpid());
	rc = bp_guard_start(bridge, &run->guard);
	if (rc == -EEXIST)
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "rename it, or take it away",
			       "an interface %s is there, which this comparison did not make",
			       bridge);
	run->n_in_dropped = count_dropped(run->names.in, true);
	run->n_out_dropped = count_dropped(run->names.out, false);
	return rc ? rc : make_bridge(run, bridge);
}

static int make_namespaces(struct bp_cmp_run *run)
{
	bool has_two = run->row->path->lab == BP_CMP_VETH;

	run->home = bp_netns_home();
	if (run->home < 0)
		return run->home;
	run->dut_ns = bp_netns_create();
	if (run->dut_ns < 0)
		return run->dut_ns;
	/* The forwarder makes its tap devices in its own namespace, so the generator is there too. */
	run->gen_ns = has_two ? bp_netns_create() : dup(run->dut_ns);
	if (run->gen_ns < 0)
		return run->gen_ns;
	run->far_ns = has_hosts(run->row) ? bp_netns_create() : dup(run->gen_ns);
	return run->far_ns < 0 ? run->far_ns : 0;
}

int bp_cmp_testbed_make(struct bp_cmp_run *run)
{
	const struct bp_cmp_path *p = run->row->path;
	int rc = 0;

	if (p->lab == BP_CMP_DEVICES)
		rc = make_between_ports(run);
	if (p->lab == BP_CMP_VETH || p->lab == BP_CMP_TAP)
		rc = make_namespaces(run);
	if (!rc && p->lab == BP_CMP_VETH) {
		rc = make_wires(run);
		run->has_wires = !rc;
		if (!rc)
			rc = prepare_wires(run);
		if (!rc && p->forwarder == BP_CMP_BRIDGE)
			rc = make_bridge(run, "br0");
	}
	if (run->home >= 0)
		(void)bp_netns_enter(run->home);
	if (!rc && bp_cmp_function_make(run))
		return -ENOTSUP;
	if (rc == -EPERM || rc == -EACCES)
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, NEED_ROOT,
			       "no network namespace can be made here: %s", strerror(-rc));
	else if (rc == -EOPNOTSUPP)
		bp_cmp_row_end(run->row, BP_CMP_CANNOT_RUN, "modprobe veth bridge",
			       "this kernel lacks what the lab needs: %s", strerror(-rc));
	else if (rc)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "see dmesg", "making the lab: %s",
			       strerror(-rc));
	return rc;
}

/*
 * What veth could not redirect into an AF_XDP socket is in its rx_dropped, and in the socket's
 * statistics as well (drivers/net/veth.c, veth_xdp_rcv_skb; net/xdp/xsk.c, xsk_rcv).
 */
static void add_stat(struct bp_cmp_row *row, const char *where, const char *name, bool is_rx,
		     uint64_t n_known)
{
	uint64_t n = count_dropped(name, is_rx);
	char reason[40];

	snprintf(reason, sizeof(reason), "%.15s %cx_dropped", name, is_rx ? 'r' : 't');
	bp_cmp_row_drop(row, where, reason, "reported", n > n_known ? n - n_known : 0);
}

/*
 * net_af_packet does not tell what its socket dropped while its ring was full, but the kernel does, as
 * long as the socket is there. Where it may not be asked, the drops are what arrived at the interface
 * and was not received: then that stage balances by construction, and the row says so.
 */
void bp_cmp_testbed_ask_sockets(struct bp_cmp_run *run)
{
	int ifindex;

	run->has_socket_drops = false;
	if (!run->has_wires || !run->dut.pid || !bp_cmp_has(run->row->path, BP_CMP_HIDES_SOCKET) ||
	    bp_netns_enter(run->dut_ns))
		return;
	ifindex = bp_netdev_index(-1, "w0");
	(void)bp_netns_enter(run->home);
	run->has_socket_drops =
		ifindex > 0 && bp_packet_drops(run->dut.pid, ifindex, &run->n_socket_drops) == 0;
}

static void add_hidden(struct bp_cmp_run *run, uint64_t n_received)
{
	struct rtnl_link_stats64 s;

	if (!bp_cmp_has(run->row->path, BP_CMP_HIDES_SOCKET))
		return;
	if (run->has_socket_drops)
		bp_cmp_row_drop(run->row, "wan", "tp_drops of its socket", "reported",
				run->n_socket_drops);
	else if (run->row->path->forwarder != BP_CMP_OVS && !bp_link_stats("w0", &s) &&
		 s.rx_packets > n_received)
		bp_cmp_row_drop(run->row, "wan", "w0 rx_packets - received", "derived",
				s.rx_packets - n_received);
}

/* Where the kernel forwards between named ports, their counters tell what they dropped since it was set up. */
static void add_ports(struct bp_cmp_run *run)
{
	if (run->row->path->forwarder == BP_CMP_BYPATH)
		return;
	add_stat(run->row, "wan", run->names.in, true, run->n_in_dropped);
	add_stat(run->row, "lan", run->names.out, false, run->n_out_dropped);
}

void bp_cmp_testbed_drops(struct bp_cmp_run *run)
{
	struct bp_cmp_row *row = run->row;

	if (row->path->lab == BP_CMP_DEVICES)
		add_ports(run);
	if (!run->has_wires)
		return;
	if (bp_netns_enter(run->gen_ns) == 0) {
		if (!run->is_source_named)
			add_stat(row, "wire in", "e0", false, 0);
	}
	if (bp_netns_enter(run->far_ns) == 0)
		add_stat(row, "wire out", "e1", true, 0);
	if (bp_netns_enter(run->dut_ns) == 0) {
		add_stat(row, "wire in", "w0", true, run->n_known);
		add_hidden(run, run->n_forwarder_received);
		if (!run->is_out_named)
			add_stat(row, "wire out", "w1", false, 0);
	}
	(void)bp_netns_enter(run->home);
}

void bp_cmp_testbed_remove(struct bp_cmp_run *run)
{
	bp_guard_end(&run->guard);
	if (run->has_wires && bp_netns_enter(run->gen_ns) == 0) {
		/* At once; the namespaces' own end comes later, in a kernel thread. */
		bp_link_delete("e0");
		if (bp_netns_enter(run->far_ns) == 0)
			bp_link_delete("e1");
	}
	if (run->home >= 0)
		(void)bp_netns_enter(run->home);
	if (run->far_ns >= 0)
		close(run->far_ns);
	if (run->gen_ns >= 0)
		close(run->gen_ns);
	if (run->dut_ns >= 0)
		close(run->dut_ns);
	if (run->home >= 0)
		close(run->home);
	run->home = run->far_ns = run->gen_ns = run->dut_ns = -1;
	run->has_wires = false;
}
