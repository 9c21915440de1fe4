/* Loads the programs, runs them by BPF_PROG_TEST_RUN. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "xdp_live.h"

#include "bypath/log.h"

#include "core/bpf.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "bypath_live.skel.h"
#pragma GCC diagnostic pop

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TEMPLATES_BYTES (LIVE_TEMPLATES_MAX * sizeof(struct xdp_live_template))

struct xdp_live_prog {
	struct bypath_live *skel;
	struct bpf_link *link; /* of the tracepoint; NULL: not allowed here */
	struct xdp_live_template *templates;
};

/* The tracepoint's program needs the kernel's BTF; the other one does not. */
static int load_skel(bool has_report, struct bypath_live **out)
{
	struct bypath_live *skel = bypath_live__open();
	int err;

	if (!skel)
		return -errno;
	bpf_program__set_autoload(skel->progs.bypath_live_sent, has_report);
	err = bypath_live__load(skel);
	if (err) {
		bypath_live__destroy(skel);
		return err;
	}
	*out = skel;
	return 0;
}

static int load_any(struct xdp_live_prog *prog, bool *has_report)
{
	int err = load_skel(true, &prog->skel);

	*has_report = false;
	if (err)
		return load_skel(false, &prog->skel);
	prog->link = bpf_program__attach(prog->skel->progs.bypath_live_sent);
	*has_report = prog->link != NULL;
	return 0;
}

int xdp_live_prog_load(struct xdp_live_prog **out, bool *has_report, char *why, size_t why_bytes)
{
	struct xdp_live_prog *prog = calloc(1, sizeof(*prog));
	void *map;
	int err;

	if (!prog)
		return -ENOMEM;
	libbpf_set_print(bp_bpf_print);
	err = load_any(prog, has_report);
	if (err) {
		snprintf(why, why_bytes, "%s",
			 err == -EPERM || err == -EACCES
				 ? "no permission: run as root, or with CAP_NET_ADMIN, CAP_BPF and "
				   "CAP_PERFMON"
				 : "the kernel refuses the program: live frames need Linux 5.18 or "
				   "later with CONFIG_BPF_SYSCALL");
		free(prog);
		return err;
	}
	map = mmap(NULL, TEMPLATES_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		   bpf_map__fd(prog->skel->maps.bypath_templates), 0);
	if (map == MAP_FAILED) {
		err = -errno;
		snprintf(why, why_bytes, "cannot map the templates: %s", strerror(-err));
		prog->templates = NULL;
		xdp_live_prog_unload(prog);
		return err;
	}
	prog->templates = map;
	*out = prog;
	return 0;
}

void xdp_live_prog_unload(struct xdp_live_prog *prog)
{
	if (!prog)
		return;
	if (prog->templates)
		munmap(prog->templates, TEMPLATES_BYTES);
	bpf_link__destroy(prog->link);
	bypath_live__destroy(prog->skel);
	free(prog);
}

struct xdp_live_state *xdp_live_prog_state(struct xdp_live_prog *prog)
{
	return &prog->skel->bss->live;
}

struct xdp_live_template *xdp_live_prog_templates(struct xdp_live_prog *prog)
{
	return prog->templates;
}

int xdp_live_prog_run(struct xdp_live_prog *prog, unsigned ifindex, uint32_t n_bytes,
		      unsigned burst, int n)
{
	static const uint8_t zeros[4096];
	struct xdp_md ctx = { .data_end = n_bytes, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = zeros, .data_size_in = n_bytes,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = burst, .repeat = n);

	return bpf_prog_test_run_opts(bpf_program__fd(prog->skel->progs.bypath_live), &opts);
}
