/* A value as written in the INI, checked against its key and stored in its field. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_CONFIG_VALUE_H
#define BYPATH_CONFIG_VALUE_H

#include "config/schema.h"

#define BP_WHY_BYTES 512u

/*
 * Parse text as key demands and store it in base, the struct that key->offset counts in. Not for BP_KEY_PORT. Returns
 * 0, or -EINVAL with 'found …, allowed: …' in why and base untouched.
 */
int bp_value_store(const struct bp_key *key, const char *text, void *base, char why[BP_WHY_BYTES]);

/* Store every default of keys (ends with name NULL) in base, which their offsets count in. */
void bp_value_store_defaults(const struct bp_key *keys, void *base);

/* bp_value_store() for the types of keys that describe traffic; field: where the value goes. */
int bp_value_store_traffic(const struct bp_key *key, const char *text, void *field,
			   char why[BP_WHY_BYTES]);

/* Parse a list of outer headers, of IPv6 extension headers. false: text is none; *encaps, *bits untouched. */
bool bp_value_parse_encaps(const char *text, struct bp_encaps *encaps);
bool bp_value_parse_extensions(const char *text, uint8_t *bits);

/* Parse a list of VLAN ids and ranges, "10,20-30". false: text is none, or has an id twice; *vlans untouched. */
bool bp_value_parse_vlans(const char *text, struct bp_vlans *vlans);

/* What a key of such a type allows, for people; a static string. */
const char *bp_value_traffic_allowed(const struct bp_key *key);

#endif
