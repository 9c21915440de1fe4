/* Loading tracing programs on whatever kernel runs: which functions it has, which it lets us trace. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_PROBE_LOAD_H
#define BYPATH_PROBE_LOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bpf_link;
struct bpf_object;
struct bpf_object_skeleton;
struct bpf_program;
struct bp_kernel_names;

struct bp_probe_load {
	const struct bp_kernel_names *kernel;
	struct bpf_object *object; /* the caller's */
	struct bpf_link **links; /* by which its programs are attached */
	unsigned n_links;
	unsigned n_functions; /* that are traced */
	bool traces_functions;
	int function_err; /* what the first function said that refused (-errno), or 0 */
	char refusal[96]; /* why functions are not traced, where that was tried; or "" */
	json_t *places; /* what bp_probe_places() returns */
};

struct probe_self;

/* Fill in who this process is, for programs to tell. 0 or -errno: without a /proc of its own, nothing is ours. */
int bp_probe_self(struct probe_self *self);

/* All of it: control thread; blocks. kernel outlives load. */
void bp_probe_load_begin(struct bp_probe_load *load, const struct bp_kernel_names *kernel);
void bp_probe_load_end(struct bp_probe_load *load);

/* What -errno of the kernel's says, its own "not supported" too. Not for two threads at once. */
const char *bp_probe_strerror(int err);

/* Take the programs off again. */
void bp_probe_detach(struct bp_probe_load *load);

/* Is the place observed? */
bool bp_probe_is_observed(const struct bp_probe_load *load, const char *place);

/*
 * Load a skeleton's programs, those that trace functions only with traces_functions, and of these the ones that the
 * kernel has. 0 or -errno.
 */
int bp_probe_load(struct bp_probe_load *load, struct bpf_object_skeleton *skeleton,
		  bool traces_functions);

/* Attach what was loaded. A function that refuses is one that stays unobserved. 0, -EPERM, or what the first one
 * said where all refuse. */
int bp_probe_attach(struct bp_probe_load *load);

/*
 * Each function or tracepoint that programs were made for: {"name", "observed", "why" (not; or null), "misses": how often
 * a program was not run, because it ran already on that CPU; not of those named nested_…}. A new reference.
 */
json_t *bp_probe_places(const struct bp_probe_load *load);

#endif
