# `bypath explain --line-rate` of a path that the kernel carries: no figure of a core before a run, and none after it.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ip
bp_need_driver kernel
bp_lab
bp_pair a kernel-tc w0 kernel-tc w1

# on_paper NAME OPTION...: the document, in NAME.json; the text, in NAME.txt.
on_paper()
{
	_name=$1
	shift
	in_mid "$BYPATH" explain "$BP_TMP/a.ini" "$@" --json >"$BP_TMP/$_name.json" 2>"$BP_TMP/$_name.log" ||
		fail "explain $*: code $?"
	in_mid "$BYPATH" explain "$BP_TMP/a.ini" "$@" >"$BP_TMP/$_name.txt" 2>&1 || fail "explain $*: code $?, as text"
}

# no_core NAME WHY: bytes and bounds, but nothing of a core.
no_core()
{
	bp_expect "$1" "all(s['core_pps'] is None and s['cores'] is None and not s['is_certain'] and s['ends_first'] == 'line'
		for p in r['paths'] for s in p['sizes'])" "r['paths'][0]['sizes'][0]"
	bp_expect "$1" "len(r['paths']) == 2 and all(p['cost']['ns_per_packet'] is None and '$2' in p['cost']['why']
		for p in r['paths'])" "r['paths'][0]['cost']"
	grep -q "$2" "$BP_TMP/$1.txt" || fail "the text does not say '$2'"
}

on_paper plain
on_paper paper --line-rate 10G
no_core paper 'none given'
# Copies are those of `explain`, and so are the bytes that they move.
modelled=$(bp_get plain "[p['modelled']['kernel_copies'] for p in r['paths']]")
used=$(bp_get paper "[p['modelled']['kernel_copies'] for p in r['paths']]")
[ "$modelled" = "$used" ] || fail "explain has copies $modelled, --line-rate has $used"
bp_expect paper "all(abs(s['copied_bytes_per_s']['kernel']['hi'] - s['line_pps'] * (f['mean_bytes'] - 4) *
	p['modelled']['kernel_copies']['hi']) < 1 for p in r['paths'] for s, f in zip(p['sizes'], r['frames']))"

bp_start a
bp_wait_forwarding 20
for host in h1 h2; do
	ip netns exec $host "$BYPATH" gen --tx-port af_packet:e0 --count 200 --rate 20kpps --quiet >"$BP_TMP/gen.log" 2>&1 ||
		fail "bypath gen in $host"
done
bp_stop a
bp_expect a "all(p['counted']['packets'] >= 200 for p in r['paths'])" "summary()"
on_paper from --line-rate 10G --from "$BP_TMP/a.json"
no_core from 'no worker touched its packets'
exit 0
