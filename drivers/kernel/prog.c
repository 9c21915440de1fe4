/* Loads the programs, attaches the one that carries by a link that dies with the process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel.h"

#include "bypath/log.h"

#include "core/bpf.h"
#include "core/kernel.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "bypath_kernel.skel.h"
#pragma GCC diagnostic pop

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Newer than some libc's linux/bpf.h. */
#define TCX_INGRESS 46 /* BPF_TCX_INGRESS, Linux 6.6 */

struct kernel_prog {
	struct bypath_kernel *skel;
	struct bpf_link *sent, *err; /* of the tracepoints; NULL: not allowed here */
	int link_fd; /* -1: not attached */
	int fd; /* of the program that is attached */
	__u32 id;
};

/* ---- load -------------------------------------------------------------------------------------- */

/* What of the programs is loaded. */
struct variant {
	uint32_t since;
	bool follows; /* the tracepoints' programs */
	bool has_frags;
	bool asks; /* the kernel for a packet's length */
};

/*
 * The tracepoints' programs need the kernel's BTF and CAP_PERFMON, as does a length that is not asked for, and arguments that
 * xdp_redirect_err has since 5.13; bpf_xdp_get_buff_len() and packets of several buffers need Linux 5.18.
 */
static const struct variant variants[] = {
	{ BP_KERNEL(5, 18), true, true, false },
	{ BP_KERNEL(5, 13), true, false, false },
	{ BP_KERNEL(5, 18), false, true, true },
	{ 0, false, false, false },
};

static int load_skel(const struct variant *v, struct bypath_kernel **out)
{
	struct bypath_kernel *skel = bypath_kernel__open();
	int err;

	if (!skel)
		return -errno;
	bpf_program__set_autoload(skel->progs.bypath_carry, !v->asks);
	bpf_program__set_autoload(skel->progs.bypath_carry_asking, v->asks);
	bpf_program__set_autoload(skel->progs.bypath_carry_frags, v->has_frags);
	bpf_program__set_autoload(skel->progs.bypath_carry_sent, v->follows);
	bpf_program__set_autoload(skel->progs.bypath_carry_err, v->follows);
	err = bypath_kernel__load(skel);
	if (err) {
		bypath_kernel__destroy(skel);
		return err;
	}
	*out = skel;
	return 0;
}

static int load_any(struct kernel_prog *prog)
{
	int err = -EINVAL;

	for (unsigned i = 0; i < sizeof(variants) / sizeof(variants[0]) && err; i++)
		if (bp_kernel_version() >= variants[i].since)
			err = load_skel(&variants[i], &prog->skel);
	return err;
}

static const char *why_not_loaded(int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		return "no permission: run as root, or with CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF";
	case -EMFILE:
		return "no more descriptors: raise the limit (ulimit -n)";
	case -EINVAL:
	case -EOPNOTSUPP:
		return "the kernel refuses it: Linux 5.12 or later is needed";
	default:
		return "the kernel refuses it";
	}
}

/* Of the program for one buffer, of that for several. */
static int out_map(const struct kernel_prog *prog, unsigned i)
{
	return bpf_map__fd(i ? prog->skel->maps.bypath_out_frags : prog->skel->maps.bypath_out);
}

static __u32 id_of_map(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

static void release_tracepoints(struct kernel_prog *prog)
{
	bpf_link__destroy(prog->sent);
	bpf_link__destroy(prog->err);
	prog->sent = prog->err = NULL;
}

/* Every redirect on this machine pays for them: where frames go another way, nobody does. */
static void attach_tracepoints(struct kernel_prog *prog)
{
	struct bypath_kernel *skel = prog->skel;

	if (bpf_program__fd(skel->progs.bypath_carry_sent) < 0 || !kernel_prog_state(prog)->netns)
		return;
	prog->sent = bpf_program__attach(skel->progs.bypath_carry_sent);
	prog->err = bpf_program__attach(skel->progs.bypath_carry_err);
	if (!prog->sent || !prog->err)
		release_tracepoints(prog);
}

int kernel_prog_load(struct kernel_prog **out, char *why, size_t why_bytes)
{
	struct kernel_prog *prog = calloc(1, sizeof(*prog));
	int err;

	if (!prog)
		return -ENOMEM;
	prog->link_fd = -1;
	libbpf_set_print(bp_bpf_print);
	err = load_any(prog);
	if (err) {
		snprintf(why, why_bytes, "%s", why_not_loaded(err));
		free(prog);
		return err;
	}
	for (unsigned i = 0; i < 2; i++)
		kernel_prog_state(prog)->map_ids[i] = id_of_map(out_map(prog, i));
	*out = prog;
	return 0;
}

void kernel_prog_unload(struct kernel_prog *prog)
{
	if (!prog)
		return;
	kernel_prog_detach(prog);
	release_tracepoints(prog);
	bypath_kernel__destroy(prog->skel);
	free(prog);
}

struct kernel_state *kernel_prog_state(struct kernel_prog *prog)
{
	return &prog->skel->bss->carry;
}

/* ---- attach ------------------------------------------------------------------------------------ */

/* tcx programs that stand on the interface before ours, and may take its packets. */
static unsigned count_others(int ifindex)
{
	__u32 ids[64], n = sizeof(ids) / sizeof(ids[0]);

	return bpf_prog_query(ifindex, (enum bpf_attach_type)TCX_INGRESS, 0, NULL, ids, &n) ? 0 : n;
}

static void explain(const char *ifname, enum kernel_way way, int err, char *why, size_t why_bytes)
{
	if (err == -EBUSY || err == -EEXIST)
		snprintf(
			why, why_bytes,
			"another XDP program is attached to %s already: stop the process that owns "
			"it (`bpftool net show dev %s`), or `ip link set dev %s xdp off`",
			ifname, ifname, ifname);
	else if (err == -EPERM || err == -EACCES)
		snprintf(why, why_bytes,
			 "no permission: run as root, or with CAP_NET_ADMIN and "
			 "CAP_BPF");
	else if (err == -ENOSPC)
		snprintf(why, why_bytes,
			 "%s needs as many receive queues as its peer has transmit queues: see "
			 "`ethtool -l` at both ends",
			 ifname);
	else if (way == KERNEL_WAY_XDP_NATIVE && (err == -ERANGE || err == -EINVAL))
		snprintf(
			why, why_bytes,
			"the driver of %s refuses native XDP, likely for its MTU (a veth: its peer's): "
			"lower that, or mode = tc",
			ifname);
	else
		snprintf(why, why_bytes, "attach the program (%s): %s", kernel_way_name(way),
			 strerror(-err));
}

/*
 * Without the program for several buffers where the device takes one: a kernel that copies skbs for it has left odd
 * lengths misaligned (Linux 6.9 to 7.1, skb_pp_cow_data()).
 */
static int attach_first(struct kernel_prog *prog, int ifindex, enum kernel_way way)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = way == KERNEL_WAY_XDP_NATIVE    ? XDP_FLAGS_DRV_MODE
			     : way == KERNEL_WAY_XDP_GENERIC ? XDP_FLAGS_SKB_MODE
							     : 0);
	const int fds[] = { bpf_program__fd(prog->skel->progs.bypath_carry),
			    bpf_program__fd(prog->skel->progs.bypath_carry_asking),
			    bpf_program__fd(prog->skel->progs.bypath_carry_frags) };
	int first_err = -EINVAL;

	if (way == KERNEL_WAY_TC) {
		prog->fd = bpf_program__fd(prog->skel->progs.bypath_carry_tc);
		return bpf_link_create(prog->fd, ifindex, (enum bpf_attach_type)TCX_INGRESS, &opts);
	}
	for (unsigned i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		int fd = fds[i] < 0 ? -EINVAL : bpf_link_create(fds[i], ifindex, BPF_XDP, &opts);

		if (fd >= 0) {
			prog->fd = fds[i];
			return fd;
		}
		if (fds[i] >= 0 && first_err == -EINVAL)
			first_err = fd;
		if (fds[i] >= 0 && fd != -ERANGE && fd != -EINVAL && fd != -EOPNOTSUPP)
			break;
	}
	return first_err;
}

int kernel_prog_attach(struct kernel_prog *prog, int ifindex, const char *ifname,
		       enum kernel_way way, char *why, size_t why_bytes)
{
	unsigned n_others = way == KERNEL_WAY_TC ? count_others(ifindex) : 0;
	int fd = attach_first(prog, ifindex, way);

	if (fd < 0) {
		explain(ifname, way, fd, why, why_bytes);
		return fd;
	}
	if (n_others)
		bp_log(BP_LOG_WARN,
		       "%s: %u tc programs of others come before bypath's, and may take packets: see "
		       "`bpftool net show dev %s`",
		       ifname, n_others, ifname);
	prog->link_fd = fd;
	prog->id = bp_bpf_link_program(fd);
	if (way != KERNEL_WAY_XDP_NATIVE)
		release_tracepoints(prog);
	else if (!prog->sent)
		attach_tracepoints(prog);
	return 0;
}

void kernel_prog_detach(struct kernel_prog *prog)
{
	if (prog->link_fd >= 0)
		close(prog->link_fd);
	prog->link_fd = -1;
}

bool kernel_prog_is_followed(const struct kernel_prog *prog)
{
	return prog->sent && prog->err;
}

int kernel_prog_check(const struct kernel_prog *prog, char *why, size_t why_bytes)
{
	return bp_bpf_link_check(prog->link_fd, prog->id, why, why_bytes);
}

int kernel_prog_set_out(struct kernel_prog *prog, int ifindex)
{
	__u32 zero = 0, index = (__u32)ifindex;

	for (unsigned i = 0; i < 2; i++)
		if (bpf_map_update_elem(out_map(prog, i), &zero, &index, BPF_ANY) < 0)
			return -errno;
	return 0;
}

int kernel_prog_acts(const struct kernel_prog *prog)
{
	return bpf_map__fd(prog->skel->maps.bypath_acts);
}

int kernel_prog_acted(const struct kernel_prog *prog)
{
	return bpf_map__fd(prog->skel->maps.bypath_acted);
}

struct kernel_runs kernel_prog_runs(const struct kernel_prog *prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (prog->link_fd < 0 || bpf_obj_get_info_by_fd(prog->fd, &info, &len))
		return (struct kernel_runs){ 0 };
	return (struct kernel_runs){ info.run_time_ns, info.run_cnt };
}
