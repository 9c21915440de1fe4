/* What a port's configuration opens: which devices and files, by what they are. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CORE_CLAIM_H
#define BYPATH_CORE_CLAIM_H

#include "bypath/facts.h"

#include <limits.h>
#include <sys/types.h>

/* What a claim stands for on this machine at this moment. */
struct bp_claim_id {
	int ifindex; /* NETDEV; 0: there is no such interface */
	dev_t dev; /* FILE that exists, with ino */
	ino_t ino; /* 0: it does not exist */
	char path[PATH_MAX]; /* FILE that does not exist: where it will, links resolved */
};

/* bp_facts.claims of the port's driver; none where the driver or the device is not known. */
unsigned bp_claims_of(const struct bp_port_conf *port, struct bp_claim claims[BP_CLAIMS_MAX]);

/* The first of a port's claims that has this kind. false: there is none, *claim is not set. Pure. */
bool bp_claim_find(const struct bp_port_conf *port, enum bp_claim_kind kind,
		   struct bp_claim *claim);

/* For a driver whose device is its one claim: the claim, named by the device, into claims[0]. Returns 1. Pure. */
unsigned bp_claim_device(const struct bp_port_conf *port, struct bp_claim claim,
			 struct bp_claim *claims);

/* The device of a capture that is written stands for standard output: "-". */
bool bp_claim_is_output(const char *device);

/* The file that such a device names: a path under which standard output is opened anew, else the device
 * itself. Static or the caller's. */
const char *bp_claim_path(const char *device);

/* May two ports not have both? Of what can be shared: no. By spelling. Pure. */
bool bp_claims_clash(const struct bp_claim *a, const struct bp_claim *b);

/* Why two ports may not have one: half a sentence. Static. */
const char *bp_claim_rule(enum bp_claim_kind kind);

/*
 * Ask the kernel what a claim stands for: the interface's index, through its alternative names too, in
 * the caller's network namespace; the file's device and inode. Any thread; blocks for a moment.
 */
void bp_claim_look(const struct bp_claim *claim, struct bp_claim_id *id);

/* bp_claims_clash(), by what the claims stand for, whatever their spelling. As bp_claim_look(). */
bool bp_claims_clash_here(const struct bp_claim *a, const struct bp_claim *b);

#endif
