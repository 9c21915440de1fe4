/* Writes the configurations of the forwarder and of the generator. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare/run.h"
#include "compare/function.h"
#include "compare/workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_BYTES   1024u
#define HUGE_NEEDED  64 /* 2 MiB pages: 24 for EAL in two processes, 16 for the forwarder's arena */
#define EAL_HUGE_MIB 48
#define LONG_BYTES   1700u /* longer frames do not fit the arena's usual frame length */
#define LIVE_BYTES   3000u /* a live frame lies in one page, with the kernel's own beside it */

/* An arena of long frames takes the hugepages that are free, so EAL gets ordinary pages then. */
static void put_dpdk(FILE *out, const struct bp_cmp_run *run)
{
	if (run->has_huge && run->row->size->bytes <= LONG_BYTES)
		fprintf(out, "[dpdk]\nmemory = %d\n", EAL_HUGE_MIB);
	else
		fprintf(out, "[dpdk]\nno_huge = yes\nmemory = 256\n");
}

static void put_port(FILE *out, const char *name, const char *template,
		     const struct bp_cmp_names *names)
{
	char body[BODY_BYTES];

	fprintf(out, "[port.%s]\n%s", name, bp_cmp_fill(template, names, body, sizeof(body)));
}

static void put_engine(FILE *out, const struct bp_cmp_run *run)
{
	fprintf(out, "; %s, frames of %s bytes: bypath run FILE.ini\n", run->row->path->title,
		run->row->size->name);
	fprintf(out, "[engine]\nmode = io\ncores = %u\nidle = busy\n", run->cmp->dut_core);
	if (run->row->size->bytes > LONG_BYTES)
		fprintf(out, "[memory]\nframe_bytes = 4096\n");
}

static void put_forwarder(FILE *out, const struct bp_cmp_run *run)
{
	const struct bp_cmp_path *p = run->row->path;

	/* For a workload bypath runs with its defaults: the file has only ports and where each forwards to. */
	if (!run->row->workload)
		put_engine(out, run);
	if (bp_cmp_has(p, BP_CMP_BY_DPDK))
		put_dpdk(out, run);
	put_port(out, "wan", p->in, &run->names);
	put_port(out, "lan", p->out, &run->names);
	if (p->via) {
		put_port(out, "left", p->via, &run->names);
		put_port(out, "right", p->via, &run->names);
	}
	if (run->cmp->options.function) {
		bp_cmp_function_put(out, run);
		return;
	}
	fprintf(out, "[forward]\n%s%s", p->via ? "wan = left\nright = lan\n" : "wan = lan\n",
		run->row->workload ? "lan = wan\n" : "");
}

/* Does our generator send? Not where another box sends. */
static bool sends(const struct bp_cmp_run *run)
{
	const struct bp_cmp_workload *w = run->row->workload;

	return w ? w->generator != BP_CMP_GEN_NONE : !run->is_uncounted;
}

static bool receives(const struct bp_cmp_run *run)
{
	const struct bp_cmp_workload *w = run->row->workload;

	return !w || w->generator == BP_CMP_GEN_BOTH;
}

static void put_generator(FILE *out, const struct bp_cmp_run *run)
{
	static const char live_tx[] = "driver = xdp_live\ndevice = @W\n";
	static const char kernel_tx[] = "driver = af_packet\ndevice = @W\nmode = mmap\n";
	static const char kernel_rx[] =
		"driver = af_packet\ndevice = @L\nmode = mmap\nring_size = 16384\n";
	const struct bp_cmp_path *p = run->row->path;
	const struct bp_comparison *cmp = run->cmp;
	bool is_named = p->lab == BP_CMP_DEVICES, is_tap = p->lab == BP_CMP_TAP;
	struct bp_cmp_names names = run->names;

	if (!is_tap) {
		names.in = is_named ? cmp->options.gen_tx : "e0";
		names.out = is_named ? cmp->options.gen_rx : "e1";
	}
	fprintf(out, "[engine]\ncores = %u", cmp->gen_cores[0]);
	if (cmp->n_gen_cores > 1)
		fprintf(out, ",%u", cmp->gen_cores[1]);
	fprintf(out, "\nidle = busy\n[memory]\nhugepages = no\n");
	if (run->row->size->bytes > LONG_BYTES)
		fprintf(out, "frame_bytes = 4096\n");
	if (bp_cmp_has(p, BP_CMP_GEN_BY_DPDK))
		put_dpdk(out, run);
	put_port(out, "tx",
		 p->gen_tx             ? p->gen_tx
		 : bp_cmp_is_live(run) ? live_tx
				       : kernel_tx,
		 &names);
	if (receives(run))
		put_port(out, "rx", p->gen_rx ? p->gen_rx : kernel_rx, &names);
	fprintf(out, "[gen]\ntx = tx\n%s", receives(run) ? "rx = rx\n" : "");
	if (cmp->options.function)
		bp_cmp_function_put_gen(out);
	fprintf(out, "[stream.s1]\nprotocol = %s\nsize = %s\n", run->row->workload ? "eth" : "udp4",
		run->row->size->name);
	if (cmp->options.function)
		bp_cmp_function_put_stream(out);
}

static int write_ini(const char *path, void (*put)(FILE *, const struct bp_cmp_run *),
		     struct bp_cmp_run *run)
{
	FILE *out = fopen(path, "we");
	int rc;

	if (!out)
		return -errno;
	put(out, run);
	rc = ferror(out) ? -EIO : 0;
	return fclose(out) ? -errno : rc;
}

/* Keep the forwarder's configuration in the row. */
static void remember(struct bp_cmp_run *run)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return;
	put_forwarder(out, run);
	fclose(out);
	free(run->row->ini);
	run->row->ini = text;
}

bool bp_cmp_is_live(const struct bp_cmp_run *run)
{
	return run->cmp->has_live && run->row->path->lab == BP_CMP_VETH && !run->is_for_latency &&
	       run->row->size->bytes <= LIVE_BYTES;
}

int bp_cmp_write_inis(struct bp_cmp_run *run)
{
	const struct bp_cmp_path *p = run->row->path;
	int rc = 0;

	/* The forwarder may run already: then only the generator's configuration is written anew. */
	if (!run->has_dut)
		run->has_huge =
			run->cmp->n_huge_free >= HUGE_NEEDED && bp_hugepages_free() >= HUGE_NEEDED;
	if (p->forwarder == BP_CMP_BYPATH && !run->has_dut) {
		rc = write_ini(run->ini, put_forwarder, run);
		remember(run);
	}
	if (!rc)
		rc = bp_cmp_function_write(run);
	if (!rc && p->lab != BP_CMP_ALONE && sends(run))
		rc = write_ini(run->gen_ini, put_generator, run);
	if (rc)
		bp_cmp_row_end(run->row, BP_CMP_FAILED, "make room there", "%s: %s",
			       run->cmp->folder, strerror(-rc));
	return rc;
}
