/* XDP redirect through a devmap, with a program of six instructions and no library. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/redirect.h"

#include "core/netdev.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : (int)rc;
}

static int make_map(int to_index)
{
	uint32_t key = 0;
	int rc, fd;
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_DEVMAP, .key_size = 4, .value_size = 4, .max_entries = 1
	};

	fd = bpf(BPF_MAP_CREATE, &attr);
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&to_index;
	rc = bpf(BPF_MAP_UPDATE_ELEM, &attr);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

/* return bpf_redirect_map(&map, 0, XDP_ABORTED) */
static int make_program(int map)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_ABORTED },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP,
				.insn_cnt = sizeof(code) / sizeof(code[0]),
				.insns = (uintptr_t)code,
				.license = (uintptr_t) "Dual BSD/GPL",
				.expected_attach_type = BPF_XDP };

	memcpy(attr.prog_name, "bypath_redirect", 15);
	return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int program, int from_index, uint32_t flags)
{
	union bpf_attr attr = { 0 };

	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = (uint32_t)from_index;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = flags;
	return bpf(BPF_LINK_CREATE, &attr);
}

int bp_redirect_start(const char *from, const char *to, struct bp_redirect *r, char *why,
		      size_t why_bytes)
{
	int from_index = (int)if_nametoindex(from), to_index = (int)if_nametoindex(to);
	const char *what = "interface";
	int rc = -ENODEV;

	*r = (struct bp_redirect){ -1, -1, -1, -1, true };
	if (!from_index || !to_index)
		goto fail;
	what = "promiscuity";
	rc = r->promisc = bp_netdev_hold_promisc(from_index);
	if (rc < 0)
		goto fail;
	what = "devmap";
	rc = r->map = make_map(to_index);
	if (rc < 0)
		goto fail;
	what = "XDP program";
	rc = r->program = make_program(r->map);
	if (rc < 0)
		goto fail;
	what = "attaching the XDP program";
	rc = r->link = attach(r->program, from_index, XDP_FLAGS_DRV_MODE);
	if (rc < 0) {
		r->is_native = false;
		rc = r->link = attach(r->program, from_index, XDP_FLAGS_SKB_MODE);
	}
	if (rc >= 0)
		return 0;
fail:
	snprintf(why, why_bytes, "%s → %s: %s: %s", from, to, what, strerror(-rc));
	bp_redirect_stop(r);
	return rc;
}

void bp_redirect_stop(struct bp_redirect *r)
{
	int fds[] = { r->link, r->program, r->map, r->promisc };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*r = (struct bp_redirect){ -1, -1, -1, -1, false };
}
