/* Loads and attaches tracing programs; says of each function why it stays unobserved. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/load.h"

#include "bypath/log.h"

#include "core/bpf.h"

#include "probe/kernel_names.h"
#include "probe/self.bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The kernel's dev_t, which the helper compares with, is not the one of stat(). */
int bp_probe_self(struct probe_self *self)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/pid", &st))
		return -errno;
	self->pidns_dev = (__u64)major(st.st_dev) << 20 | minor(st.st_dev);
	self->pidns_ino = st.st_ino;
	self->pid = (__u32)getpid();
	return 0;
}

#define ENOTSUPP 524 /* the kernel's own, which no C library knows */

/* How the names of programs begin that count what another program of their place misses. */
#define SECOND "nested_"

void bp_probe_load_begin(struct bp_probe_load *load, const struct bp_kernel_names *kernel)
{
	*load = (struct bp_probe_load){ .kernel = kernel, .places = json_array() };
	libbpf_set_print(bp_bpf_print);
}

void bp_probe_detach(struct bp_probe_load *load)
{
	while (load->n_links)
		bpf_link__destroy(load->links[--load->n_links]);
	load->n_functions = 0;
}

void bp_probe_load_end(struct bp_probe_load *load)
{
	bp_probe_detach(load);
	free(load->links);
	json_decref(load->places);
}

/* Until bp_probe_load_end(). A link that is not kept would stay until the end of the process. */
static bool keep(struct bp_probe_load *load, struct bpf_link *link)
{
	struct bpf_link **more = reallocarray(load->links, load->n_links + 1, sizeof(*load->links));

	if (!more) {
		bpf_link__destroy(link);
		errno = ENOMEM;
		return false;
	}
	load->links = more;
	more[load->n_links++] = link;
	return true;
}

const char *bp_probe_strerror(int err)
{
	return err == -ENOTSUPP ? "not supported" : strerror(-err);
}

/* ---- load and attach ------------------------------------------------------------------------- */

/* "skb_copy_bits" of a program in section "fentry/skb_copy_bits", "sys_enter" of one in "raw_tp/sys_enter". */
static const char *place_of(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program), *slash = strchr(section, '/');

	return slash ? slash + 1 : section;
}

static bool is_function(const struct bpf_program *program)
{
	return bpf_program__type(program) == BPF_PROG_TYPE_TRACING;
}

static json_t *row_of(const struct bp_probe_load *load, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(load->places, i, row) {
		if (!strcmp(json_string_value(json_object_get(row, "name")), name))
			return row;
	}
	row = json_pack("{s:s, s:b, s:n, s:i}", "name", name, "observed", 1, "why", "misses", 0);
	json_array_append_new(load->places, row);
	return row;
}

static void stays_unobserved(const struct bp_probe_load *load, const char *name, const char *why)
{
	json_t *row = row_of(load, name);

	json_object_set_new(row, "observed", json_false());
	json_object_set_new(row, "why", json_string(why));
}

static void choose(struct bp_probe_load *load, struct bpf_program *program)
{
	const char *name = place_of(program);

	if (!bpf_program__autoload(program))
		return;
	row_of(load, name);
	if (!is_function(program) ||
	    (load->traces_functions && bp_kernel_n_params(load->kernel, name) >= 0))
		return;
	bpf_program__set_autoload(program, false);
	stays_unobserved(load, name,
			 load->traces_functions ? "the kernel has no function of that name"
						: load->refusal);
}

int bp_probe_load(struct bp_probe_load *load, struct bpf_object_skeleton *skeleton,
		  bool traces_functions)
{
	struct bpf_program *program;

	load->object = *skeleton->obj;
	load->traces_functions = traces_functions && load->kernel->n_btfs;
	load->function_err = 0;
	json_array_clear(load->places);
	bpf_object__for_each_program(program, load->object)
		choose(load, program);
	/* Maps the variables, too, which bpf_object__load() does not. */
	return bpf_object__load_skeleton(skeleton);
}

static void note_refusal(struct bp_probe_load *load, const struct bpf_program *program, int err)
{
	char why[128];

	if (is_function(program) && !load->function_err)
		load->function_err = err;
	snprintf(why, sizeof(why), "it cannot be traced: %s", bp_probe_strerror(err));
	stays_unobserved(load, place_of(program), why);
}

int bp_probe_attach(struct bp_probe_load *load)
{
	struct bpf_program *program;
	int first = 0;

	bpf_object__for_each_program(program, load->object) {
		struct bpf_link *link;
		int err;

		if (!bpf_program__autoload(program))
			continue;
		link = bpf_program__attach(program);
		if (link && keep(load, link)) {
			load->n_functions += is_function(program);
			continue;
		}
		err = -errno;
		first = first ? first : err;
		note_refusal(load, program, err);
	}
	return load->n_links ? 0 : first;
}

/* ---- what came of it ------------------------------------------------------------------------- */

/* How often a program was not run because it ran already on that CPU. */
static uint64_t misses_of(const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	__u32 bytes = sizeof(info);
	int fd = bpf_program__fd(program);

	return fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &bytes) ? info.recursion_misses : 0;
}

bool bp_probe_is_observed(const struct bp_probe_load *load, const char *place)
{
	const json_t *row;
	size_t i;

	json_array_foreach(load->places, i, row) {
		if (!strcmp(json_string_value(json_object_get(row, "name")), place))
			return json_is_true(json_object_get(row, "observed"));
	}
	return false;
}

json_t *bp_probe_places(const struct bp_probe_load *load)
{
	struct bpf_program *program;
	json_t *row;
	size_t i;

	json_array_foreach(load->places, i, row)
		json_object_set_new(row, "misses", json_integer(0));
	bpf_object__for_each_program(program, load->object) {
		uint64_t n = misses_of(program);

		if (!n || !strncmp(bpf_program__name(program), SECOND, sizeof(SECOND) - 1))
			continue;
		row = row_of(load, place_of(program));
		n += (uint64_t)json_integer_value(json_object_get(row, "misses"));
		json_object_set_new(row, "misses", json_integer((json_int_t)n));
	}
	return json_deep_copy(load->places);
}
