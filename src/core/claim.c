/* What a port's configuration opens: which devices and files, by what they are. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/claim.h"

#include "core/netdev.h"
#include "core/pci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool bp_claim_is_output(const char *device)
{
	return !strcmp(device, "-");
}

/* Through /proc a pipe or a file gets a description of its own: its flags are nobody else's. */
const char *bp_claim_path(const char *device)
{
	return bp_claim_is_output(device) ? "/proc/self/fd/1" : device;
}

unsigned bp_claims_of(const struct bp_port_conf *port, struct bp_claim claims[BP_CLAIMS_MAX])
{
	const struct bp_facts *facts = bp_facts_find(port->driver);

	return port->device[0] && facts && facts->claims ? facts->claims(port, claims) : 0;
}

bool bp_claim_find(const struct bp_port_conf *port, enum bp_claim_kind kind, struct bp_claim *claim)
{
	struct bp_claim claims[BP_CLAIMS_MAX];
	unsigned n = bp_claims_of(port, claims), i = 0;

	while (i < n && claims[i].kind != kind)
		i++;
	if (i < n)
		*claim = claims[i];
	return i < n;
}

unsigned bp_claim_device(const struct bp_port_conf *port, struct bp_claim claim,
			 struct bp_claim *claims)
{
	strcpy(claim.name, port->device);
	claims[0] = claim;
	return 1;
}

static bool can_share(const struct bp_claim *a, const struct bp_claim *b)
{
	return a->kind != b->kind || (a->is_read && b->is_read) || a->is_sending != b->is_sending;
}

bool bp_claims_clash(const struct bp_claim *a, const struct bp_claim *b)
{
	char one[BP_PCI_ADDRESS_BYTES], other[BP_PCI_ADDRESS_BYTES];

	if (can_share(a, b))
		return false;
	if (a->kind == BP_CLAIM_PCI && bp_pci_parse(a->name, one) && bp_pci_parse(b->name, other))
		return !strcmp(one, other);
	/* Other buses have hexadecimal digits as well, in either case. */
	return a->kind == BP_CLAIM_VIRTUAL ? !strcasecmp(a->name, b->name)
					   : !strcmp(a->name, b->name);
}

const char *bp_claim_rule(enum bp_claim_kind kind)
{
	return kind == BP_CLAIM_RING ? "a ring has two ends at most"
	       : kind == BP_CLAIM_FILE
		       ? "a file that is written belongs to one port"
		       : "one port per device; for more of its queues raise that port's queues";
}

static void look_at_file(const char *name, struct bp_claim_id *id)
{
	struct stat st;

	if (!stat(name, &st)) {
		id->dev = st.st_dev;
		id->ino = st.st_ino;
	} else if (!realpath(name, id->path) && errno != ENOENT) {
		id->path[0] = '\0';
	} /* ENOENT: path holds what is missing, links before it resolved (realpath(3)) */
}

/* 0: there is none. */
static int index_of(const char *ifname)
{
	int ifindex = bp_netdev_index(-1, ifname);

	return ifindex < 0 ? 0 : ifindex;
}

void bp_claim_look(const struct bp_claim *claim, struct bp_claim_id *id)
{
	*id = (struct bp_claim_id){ 0 };
	if (claim->kind == BP_CLAIM_NETDEV)
		id->ifindex = index_of(claim->name);
	else if (claim->kind == BP_CLAIM_FILE)
		look_at_file(claim->is_output ? bp_claim_path(claim->name) : claim->name, id);
}

bool bp_claims_clash_here(const struct bp_claim *a, const struct bp_claim *b)
{
	struct bp_claim_id x, y;

	if (can_share(a, b) || bp_claims_clash(a, b))
		return bp_claims_clash(a, b);
	bp_claim_look(a, &x);
	bp_claim_look(b, &y);
	if (a->kind == BP_CLAIM_NETDEV)
		return x.ifindex && x.ifindex == y.ifindex;
	if (x.ino || y.ino)
		return x.ino == y.ino && x.dev == y.dev;
	return x.path[0] && !strcmp(x.path, y.path);
}
