/* The probe of a run: its parts, and where their findings stand in the document. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/probe.h"

#include "bypath/log.h"

#include "probe/copies.h"
#include "probe/drops.h"
#include "probe/kernel_names.h"
#include "probe/load.h"
#include "probe/probed.h"
#include "probe/scope.h"
#include "probe/self.bpf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bp_probe {
	const struct bp_conf *conf;
	struct bp_probe_scope scope;
	struct bp_kernel_names kernel;
	struct bp_probe_copies *copies;
	struct bp_probe_drops *drops;
};

/* Without them nothing would be ours, and nothing seen would look like nothing done. */
static int know_ourselves(const struct bp_probe_scope *scope)
{
	struct probe_self self;
	int err = bp_probe_self(&self);

	if (!err && !scope->netns)
		err = -ENOENT;
	if (err)
		bp_log(BP_LOG_ERROR,
		       "probe: /proc/thread-self/ns: %s: mount the /proc of this PID namespace",
		       strerror(-err));
	return err;
}

int bp_probe_open(const struct bp_conf *conf, struct bp_probe **out)
{
	struct bp_probe *probe = calloc(1, sizeof(*probe));
	int err;

	if (!probe)
		return -ENOMEM;
	probe->conf = conf;
	bp_probe_scope_look(conf, &probe->scope);
	err = know_ourselves(&probe->scope);
	if (!err)
		bp_kernel_names_open(&probe->kernel);
	if (!err)
		err = bp_probe_copies_open(&probe->scope, &probe->kernel, &probe->copies);
	if (!err)
		err = bp_probe_drops_open(&probe->kernel, &probe->drops);
	if (err) {
		bp_probe_close(probe);
		return err;
	}
	*out = probe;
	return 0;
}

void bp_probe_look(struct bp_probe *probe)
{
	bp_probe_scope_look(probe->conf, &probe->scope);
	bp_probe_copies_look(probe->copies, &probe->scope);
	bp_probe_drops_look(probe->drops, &probe->scope);
}

void bp_probe_add(struct bp_probe *probe, json_t *document)
{
	if (!document)
		return;
	json_object_set_new(document, "probe",
			    bp_probe_copies_document(probe->copies, &probe->scope));
	bp_probed_add(document);
	json_object_set_new(document, "kernel_drops",
			    bp_probe_drops_document(probe->drops, &probe->scope, document));
}

void bp_probe_end(struct bp_probe *probe)
{
	bp_probe_drops_end(probe->drops);
}

void bp_probe_close(struct bp_probe *probe)
{
	if (!probe)
		return;
	bp_probe_drops_close(probe->drops);
	bp_probe_copies_close(probe->copies);
	bp_kernel_names_close(&probe->kernel);
	free(probe);
}
