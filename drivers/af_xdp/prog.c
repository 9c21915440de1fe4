/* The port's XDP programs: loaded once, one attached by a bpf_link that dies with the process. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_xdp.h"

#include "bypath/log.h"

#include "core/bpf.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion" /* bpftool's words */
#include "bypath_xdp.skel.h"
#include "bypath_xdp_tags.skel.h"
#pragma GCC diagnostic pop

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Newer than some libc's linux/bpf.h. */
#define DEV_BOUND_ONLY (1u << 6) /* BPF_F_XDP_DEV_BOUND_ONLY, Linux 6.3 */

struct af_xdp_prog {
	struct bypath_xdp *skel;
	struct bypath_xdp_tags *tags; /* of the device that it is attached to, or NULL */
	int link_fd; /* -1: not attached */
	__u32 id; /* of the program that the link was made with */
};

/* Open and load once, with or without the program that takes packets of several buffers. */
static int load_skel(uint32_t n_queues, bool has_frags, struct bypath_xdp **out)
{
	struct bypath_xdp *skel = bypath_xdp__open();
	int err;

	if (!skel)
		return -errno;
	err = bpf_program__set_autoload(skel->progs.bypath_xdp_frags, has_frags);
	if (!err)
		err = bpf_map__set_max_entries(skel->maps.bypath_xsks, n_queues);
	if (!err)
		err = bypath_xdp__load(skel);
	if (err) {
		bypath_xdp__destroy(skel);
		return err;
	}
	*out = skel;
	return 0;
}

int af_xdp_prog_load(uint32_t n_queues, struct af_xdp_prog **out, char *why, size_t why_bytes)
{
	struct af_xdp_prog *prog = calloc(1, sizeof(*prog));
	int err;

	if (!prog)
		return -ENOMEM;
	prog->link_fd = -1;
	libbpf_set_print(bp_bpf_print);
	err = load_skel(n_queues, true, &prog->skel);
	if (err == -EINVAL || err == -E2BIG) /* before Linux 5.18: no such flag */
		err = load_skel(n_queues, false, &prog->skel);
	if (err) {
		snprintf(why, why_bytes, "%s",
			 err == -EPERM || err == -EACCES
				 ? "no permission: run as root, or with CAP_NET_ADMIN and CAP_BPF"
				 : "the kernel refuses it: AF_XDP needs Linux 5.9 or later with "
				   "CONFIG_BPF_SYSCALL and CONFIG_XDP_SOCKETS");
		free(prog);
		return err;
	}
	*out = prog;
	return 0;
}

void af_xdp_prog_unload(struct af_xdp_prog *prog)
{
	if (!prog)
		return;
	af_xdp_prog_detach(prog);
	bypath_xdp__destroy(prog->skel);
	free(prog);
}

static int query(int ifindex, struct bpf_xdp_query_opts *opts)
{
	*opts = (struct bpf_xdp_query_opts){ .sz = sizeof(*opts) };
	return bpf_xdp_query(ifindex, 0, opts);
}

/* The attached program's id with `ip link`'s word for where in *how, 0 none, or -errno. */
static int find_attached(int ifindex, const char **how)
{
	struct bpf_xdp_query_opts opts;
	int err = query(ifindex, &opts);

	if (err || opts.attach_mode == XDP_ATTACHED_NONE)
		return err;
	*how = opts.drv_prog_id ? "xdpdrv" : opts.skb_prog_id ? "xdpgeneric" : "xdpoffload";
	if (opts.drv_prog_id)
		return (int)opts.drv_prog_id;
	if (opts.skb_prog_id)
		return (int)opts.skb_prog_id;
	return (int)(opts.hw_prog_id ? opts.hw_prog_id : opts.prog_id);
}

/* Is that program one of bypath's, of this process or another? */
static bool is_bypath(int id)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id((__u32)id);
	bool is_ours;

	if (fd < 0)
		return false;
	is_ours = bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
		  strncmp(info.name, "bypath_xdp", strlen("bypath_xdp")) == 0;
	close(fd);
	return is_ours;
}

int af_xdp_prog_check_none(const struct af_xdp_device *dev, unsigned tries, char *why,
			   size_t why_bytes)
{
	const char *how = "xdp"; /* what `ip link` calls the place */
	int id = find_attached(dev->ifindex, &how);

	/* A bypath that was just killed takes a moment to let go. */
	for (unsigned i = 1; id > 0 && i < tries && is_bypath(id); i++) {
		af_xdp_pause();
		id = find_attached(dev->ifindex, &how);
	}
	if (id <= 0)
		return id;
	snprintf(why, why_bytes,
		 "XDP program %d is attached to %s already: stop the process that owns it "
		 "(`bpftool prog show id %d`), or `ip link set dev %s %s off`",
		 id, dev->name, id, dev->name, how);
	return -EBUSY;
}

int af_xdp_prog_is_native(int ifindex)
{
	struct bpf_xdp_query_opts opts;
	int err = query(ifindex, &opts);

	return err ? err : opts.attach_mode == XDP_ATTACHED_DRV;
}

/* The program that asks the device for a packet's tag is loaded for that device alone. 0 or -errno. */
static int load_tags(struct af_xdp_prog *prog, int ifindex)
{
	struct bypath_xdp_tags *skel = bypath_xdp_tags__open();
	int err;

	if (!skel)
		return -errno;
	bpf_program__set_ifindex(skel->progs.bypath_xdp_tags, (__u32)ifindex);
	err = bpf_program__set_flags(skel->progs.bypath_xdp_tags, DEV_BOUND_ONLY);
	if (!err)
		err = bpf_map__reuse_fd(skel->maps.bypath_xsks,
					bpf_map__fd(prog->skel->maps.bypath_xsks));
	if (!err)
		err = bypath_xdp_tags__load(skel);
	if (err) {
		bypath_xdp_tags__destroy(skel);
		return err;
	}
	prog->tags = skel;
	return 0;
}

static void unload_tags(struct af_xdp_prog *prog)
{
	bypath_xdp_tags__destroy(prog->tags); /* takes NULL */
	prog->tags = NULL;
}

static int choose(const struct af_xdp_prog *prog, uint32_t flags)
{
	int frags_fd = bpf_program__fd(prog->skel->progs.bypath_xdp_frags);

	if (prog->tags)
		return bpf_program__fd(prog->tags->progs.bypath_xdp_tags);
	if (flags & AF_XDP_PROG_FRAGS && frags_fd >= 0) /* not there before Linux 5.18 */
		return frags_fd;
	return bpf_program__fd(prog->skel->progs.bypath_xdp);
}

int af_xdp_prog_attach(struct af_xdp_prog *prog, int ifindex, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = flags & AF_XDP_PROG_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int fd;

	if (flags & AF_XDP_PROG_TAGS)
		(void)load_tags(prog, ifindex); /* the caller asks af_xdp_prog_puts_tags_back() */
	fd = bpf_link_create(choose(prog, flags), ifindex, BPF_XDP, &opts);
	if (fd < 0) {
		unload_tags(prog);
		return fd;
	}
	prog->link_fd = fd;
	prog->id = bp_bpf_link_program(fd);
	return 0;
}

bool af_xdp_prog_puts_tags_back(const struct af_xdp_prog *prog)
{
	return prog->tags;
}

int af_xdp_prog_check(const struct af_xdp_prog *prog, char *why, size_t why_bytes)
{
	return bp_bpf_link_check(prog->link_fd, prog->id, why, why_bytes);
}

void af_xdp_prog_detach(struct af_xdp_prog *prog)
{
	if (!prog)
		return;
	if (prog->link_fd >= 0)
		close(prog->link_fd);
	prog->link_fd = -1;
	unload_tags(prog);
}

int af_xdp_prog_set_socket(struct af_xdp_prog *prog, uint32_t queue_id, int fd)
{
	int map_fd = bpf_map__fd(prog->skel->maps.bypath_xsks);

	return bpf_map_update_elem(map_fd, &queue_id, &fd, BPF_ANY) < 0 ? -errno : 0;
}

void af_xdp_prog_unset_sockets(struct af_xdp_prog *prog, uint32_t n_queues)
{
	int map_fd = bpf_map__fd(prog->skel->maps.bypath_xsks);

	for (uint32_t i = 0; i < n_queues; i++)
		(void)bpf_map_delete_elem(map_fd, &i);
}
