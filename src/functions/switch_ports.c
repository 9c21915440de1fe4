/* Reads what the texts of a switch's configuration say of its ports. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "functions/switch_ports.h"

#include "core/list.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES 512u

/* The reading of one key's text; ends at the first fault. */
struct reading {
	const struct bp_conf *conf;
	struct bp_check *check;
	struct bp_switch_ports *ports;
	const char *key;
	uint64_t named; /* ports that a key of this kind has had */
	bool is_right;
};

/* n bytes of a text, not terminated. */
struct word {
	const char *text;
	size_t n;
};
#define WORD_ARGS(w) (int)((w).n < 80 ? (w).n : 80), (w).text

static __attribute__((format(printf, 2, 3))) bool fault(struct reading *r, const char *fmt, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	r->is_right = false;
	if (r->check)
		r->check->complain(r->check, r->key, "%s", text);
	return false;
}

static struct word trim(struct word w)
{
	for (; w.n && isblank((unsigned char)w.text[0]); w.n--)
		w.text++;
	while (w.n && isblank((unsigned char)w.text[w.n - 1]))
		w.n--;
	return w;
}

/* The part of *left before the first `end`, without blanks around it; *left is behind it, and empty at the end with its
 * text NULL. */
static struct word next_word(struct word *left, char end)
{
	const char *at = memchr(left->text, end, left->n);
	struct word w = { left->text, at ? (size_t)(at - left->text) : left->n };

	*left = at ? (struct word){ at + 1, left->n - w.n - 1 } : (struct word){ NULL, 0 };
	return trim(w);
}

static void print_ports(const struct reading *r, char *out, size_t out_bytes)
{
	out[0] = '\0';
	for (unsigned i = 0; i < r->conf->n_ports; i++)
		if (r->ports->all >> i & 1)
			bp_list_add(out, out_bytes, ", ", r->conf->ports[i].name);
}

/* The switch's port of this name. */
static bool find_any_port(struct reading *r, struct word name, unsigned *port_id)
{
	int id = bp_function_port(r->conf, name.text, name.n);
	char all[256];

	if (id == BP_NO_PORT || !(r->ports->all >> id & 1)) {
		print_ports(r, all, sizeof(all));
		return fault(r, "found '%.*s', allowed: ports whose chain names this switch: %s",
			     WORD_ARGS(name), all);
	}
	*port_id = (unsigned)id;
	return true;
}

/* The same, which is not named yet. */
static bool find_port(struct reading *r, struct word name, unsigned *port_id)
{
	if (!find_any_port(r, name, port_id))
		return false;
	if (r->named >> *port_id & 1)
		return fault(r, "found port '%.*s' a second time: say all about it in one place",
			     WORD_ARGS(name));
	r->named |= UINT64_C(1) << *port_id;
	return true;
}

/* A VLAN's number at the begin of *w, which is then behind it. */
static bool take_vid(struct word *w, unsigned *vid)
{
	unsigned v = 0;
	size_t n = 0;

	for (; n < w->n && isdigit((unsigned char)w->text[n]) && v <= BP_SWITCH_VID_MAX; n++)
		v = v * 10 + (unsigned)(w->text[n] - '0');
	w->text += n;
	w->n -= n;
	*vid = v;
	return n && v >= 1 && v <= BP_SWITCH_VID_MAX;
}

/* ---- access ----------------------------------------------------------------------------------- */

static bool read_access_word(struct reading *r, struct word w)
{
	const char *colon = memrchr(w.text, ':', w.n);
	struct word name, number;
	unsigned port_id, vid;

	if (!colon)
		return fault(r, "found '%.*s', allowed: PORT:VLAN for each port, as p1:10, p2:20",
			     WORD_ARGS(w));
	name = trim((struct word){ w.text, (size_t)(colon - w.text) });
	number = trim((struct word){ colon + 1, w.n - (size_t)(colon + 1 - w.text) });
	if (!find_port(r, name, &port_id))
		return false;
	if (!take_vid(&number, &vid) || number.n)
		return fault(r, "found '%.*s', allowed: one VLAN, 1..%u, behind the port's name",
			     WORD_ARGS(w), BP_SWITCH_VID_MAX);
	r->ports->pvid[port_id] = (uint16_t)vid;
	r->ports->members[vid] |= UINT64_C(1) << port_id;
	return true;
}

/* ---- trunk ------------------------------------------------------------------------------------ */

static void join(struct reading *r, unsigned port_id, unsigned first, unsigned last)
{
	for (unsigned vid = first; vid <= last; vid++)
		r->ports->members[vid] |= UINT64_C(1) << port_id;
}

static bool is_text(struct word w, const char *text)
{
	return w.n == strlen(text) && !strncmp(w.text, text, w.n);
}

static bool set_untagged(struct reading *r, unsigned port_id, unsigned vid)
{
	if (r->ports->pvid[port_id] && r->ports->pvid[port_id] != vid)
		return fault(
			r,
			"found %uu beside %uu at port %s: frames without a tag belong to one VLAN",
			vid, r->ports->pvid[port_id], r->conf->ports[port_id].name);
	r->ports->pvid[port_id] = (uint16_t)vid;
	return true;
}

/* NUMBER, FIRST-LAST, NUMBERu or all. */
static bool read_vlans(struct reading *r, unsigned port_id, struct word w)
{
	struct word left = w;
	unsigned first, last;
	bool is_right;

	if (is_text(w, "all")) {
		join(r, port_id, 1, BP_SWITCH_VID_MAX);
		return true;
	}
	is_right = take_vid(&left, &first);
	last = first;
	if (is_right && is_text(left, "u")) {
		join(r, port_id, first, first);
		return set_untagged(r, port_id, first);
	}
	if (is_right && left.n && left.text[0] == '-') {
		left = (struct word){ left.text + 1, left.n - 1 };
		is_right = take_vid(&left, &last) && first <= last;
	}
	if (!is_right || left.n)
		return fault(
			r,
			"found '%.*s', allowed: PORT:VLANS as p3:10+20-29, p4:all, p5:1u+10; VLANs are "
			"1..%u, the one with u is that of frames without a tag",
			WORD_ARGS(w), BP_SWITCH_VID_MAX);
	join(r, port_id, first, last);
	return true;
}

static bool read_trunk_word(struct reading *r, struct word w, unsigned *port_id)
{
	const char *colon = memrchr(w.text, ':', w.n);
	struct word list = w;

	if (colon) {
		list.text = colon + 1;
		list.n = w.n - (size_t)(list.text - w.text);
		if (!find_port(r, trim((struct word){ w.text, (size_t)(colon - w.text) }), port_id))
			return false;
		r->ports->trunks |= UINT64_C(1) << *port_id;
	} else if (*port_id == BP_PORTS_MAX) {
		return fault(r,
			     "found '%.*s' before any port, allowed: PORT:VLANS as p3:10+20, p4:10",
			     WORD_ARGS(w));
	}
	while (list.text)
		if (!read_vlans(r, *port_id, next_word(&list, '+')))
			return false;
	return true;
}

/* ---- group ------------------------------------------------------------------------------------ */

static bool read_group(struct reading *r, struct word w)
{
	struct word left = w;
	unsigned port_ids[BP_PORTS_MAX], n = 0;
	uint64_t group = 0;

	while (left.text) {
		if (!find_port(r, next_word(&left, ','), &port_ids[n]))
			return false;
		group |= UINT64_C(1) << port_ids[n++];
	}
	if (n < 2)
		return fault(
			r,
			"found '%.*s', allowed: at least two ports that never send to each other, as p1, p2; "
			"further groups behind '|'",
			WORD_ARGS(w));
	for (unsigned i = 0; i < n; i++)
		r->ports->reach[port_ids[i]] &= ~group;
	return true;
}

/* ---- static ----------------------------------------------------------------------------------- */

/* Six bytes, each of two hexadecimal digits, colons between them. */
static bool read_mac(struct word w, uint64_t *mac)
{
	static const char form[] = "hh:hh:hh:hh:hh:hh";

	*mac = 0;
	if (w.n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < w.n; i++)
		if (form[i] == ':' ? w.text[i] != ':' : !isxdigit((unsigned char)w.text[i]))
			return false;
	for (unsigned i = 0; i < 6; i++) {
		const char pair[3] = { w.text[3 * i], w.text[3 * i + 1], '\0' };

		*mac |= (uint64_t)strtoul(pair, NULL, 16) << 8 * i;
	}
	return true;
}

/* The VLAN that an address is in: the one behind '@', or that of the port's frames without a tag. */
static bool read_static_vid(struct reading *r, struct word w, const char *at,
			    struct bp_switch_static *s)
{
	const struct bp_switch_ports *ports = r->ports;
	const char *port = r->conf->ports[s->port_id].name;
	struct word number = { at ? at + 1 : NULL, at ? w.n - (size_t)(at + 1 - w.text) : 0 };
	unsigned vid = ports->pvid[s->port_id];
	bool is_right = !at || take_vid(&number, &vid);

	if (at && !ports->is_aware)
		return fault(
			r,
			"found '%.*s', allowed in a switch without access and trunk: addresses "
			"without a VLAN, as %s:02:00:00:00:00:01",
			WORD_ARGS(w), port);
	if (!is_right || number.n || (vid && !(ports->members[vid] >> s->port_id & 1)))
		return fault(r, "found '%.*s', allowed behind '@': a VLAN of port %s", WORD_ARGS(w),
			     port);
	if (ports->is_aware && !vid)
		return fault(r,
			     "found '%.*s' without a VLAN, and port %s has none for frames without "
			     "a tag: add one of its VLANs behind '@'",
			     WORD_ARGS(w), port);
	s->vid = (uint16_t)vid;
	return true;
}

static bool read_static_word(struct reading *r, struct word w)
{
	const char *colon = memchr(w.text, ':', w.n), *at = memchr(w.text, '@', w.n);
	const size_t n_before = at ? (size_t)(at - w.text) : w.n;
	struct bp_switch_static s = { .mac = 0 };
	unsigned port_id;

	if (!colon || (size_t)(colon + 1 - w.text) > n_before ||
	    !read_mac(trim((struct word){ colon + 1, n_before - (size_t)(colon + 1 - w.text) }),
		      &s.mac))
		return fault(
			r,
			"found '%.*s', allowed: PORT:MAC or PORT:MAC@VLAN for each address, as "
			"p1:02:00:00:00:00:01, p2:02:00:00:00:00:02@20",
			WORD_ARGS(w));
	if (!find_any_port(r, trim((struct word){ w.text, (size_t)(colon - w.text) }), &port_id))
		return false;
	s.port_id = (uint16_t)port_id;
	if (!s.mac || (s.mac & 1))
		return fault(r,
			     "found '%.*s', allowed: addresses of one host, no group's, not zero",
			     WORD_ARGS(w));
	if (!read_static_vid(r, w, at, &s))
		return false;
	for (unsigned i = 0; i < r->ports->n_fixed; i++)
		if (r->ports->fixed[i].mac == s.mac && r->ports->fixed[i].vid == s.vid)
			return fault(r, "found '%.*s' a second time: an address is behind one port",
				     WORD_ARGS(w));
	if (r->ports->n_fixed == BP_SWITCH_FIXED_MAX)
		return fault(r, "found one address too many, allowed: up to %u",
			     BP_SWITCH_FIXED_MAX);
	r->ports->fixed[r->ports->n_fixed++] = s;
	return true;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static void read_access(struct reading *r, const char *text)
{
	struct word left = { text, strlen(text) };

	r->key = "access";
	while (left.text && read_access_word(r, next_word(&left, ',')))
		;
}

static void read_trunk(struct reading *r, const char *text)
{
	struct word left = { text, strlen(text) };
	unsigned port_id = BP_PORTS_MAX;

	r->key = "trunk";
	while (left.text && read_trunk_word(r, next_word(&left, ','), &port_id))
		;
}

static void read_groups(struct reading *r, const char *text)
{
	struct word left = { text, strlen(text) };

	r->key = "group";
	r->named = 0;
	while (left.text && read_group(r, next_word(&left, '|')))
		;
}

static void read_fixed(struct reading *r, const char *text)
{
	struct word left = { text, strlen(text) };

	r->key = "static";
	while (left.text && read_static_word(r, next_word(&left, ',')))
		;
}

/* In a switch with VLANs, each port has some. */
static void check_unnamed(struct reading *r, const struct bp_switch_conf *own)
{
	const uint64_t unnamed = r->ports->all & ~r->named;

	r->key = own->access[0] ? "access" : "trunk";
	if (r->is_right && unnamed)
		fault(r,
		      "port '%s' is named neither in access nor in trunk: beside VLANs no port is without; add it, as "
		      "access = %s:1 or trunk = %s:all",
		      r->conf->ports[__builtin_ctzll(unnamed)].name,
		      r->conf->ports[__builtin_ctzll(unnamed)].name,
		      r->conf->ports[__builtin_ctzll(unnamed)].name);
}

bool bp_switch_ports_read(const struct bp_conf *conf, const struct bp_function_conf *fn,
			  struct bp_check *check, struct bp_switch_ports *ports)
{
	const struct bp_switch_conf *own = BP_FN_OWN(struct bp_switch_conf, fn);
	struct reading r = { .conf = conf, .check = check, .ports = ports, .is_right = true };

	memset(ports, 0, sizeof(*ports));
	ports->all = bp_function_in_ports(conf, fn);
	for (unsigned i = 0; i < conf->n_ports; i++)
		ports->reach[i] = ports->all & ~(UINT64_C(1) << i);
	ports->is_aware = own->access[0] || own->trunk[0];
	if (own->access[0])
		read_access(&r, own->access);
	if (own->trunk[0])
		read_trunk(&r, own->trunk);
	if (ports->is_aware)
		check_unnamed(&r, own);
	else
		ports->members[0] = ports->all;
	if (own->group[0])
		read_groups(&r, own->group);
	/* What is wrong with VLANs would be said again. */
	if (own->addresses[0] && r.is_right)
		read_fixed(&r, own->addresses);
	return r.is_right;
}

uint64_t bp_switch_ports_outs(const struct bp_switch_ports *ports, unsigned in_port)
{
	uint64_t outs = 0;

	for (unsigned vid = 0; vid < BP_SWITCH_VIDS; vid++)
		if (ports->members[vid] >> in_port & 1)
			outs |= ports->members[vid];
	return outs & ports->reach[in_port];
}
