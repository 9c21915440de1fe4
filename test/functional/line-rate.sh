# `bypath explain --line-rate`: figures of the standard, no figure of a core that nobody gave or measured.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_null_pair n
printf '%s\n' '[port.a]' 'driver = af_packet' 'device = nowhere0' '[port.b]' 'driver = dpdk' \
	'device = 0000:99:00.0' '[forward]' 'a = b' 'b = a' | bp_ini nic

# on_paper NAME OPTION...: the document of NAME.ini, in line.json.
on_paper()
{
	_ini=$1
	shift
	"$BYPATH" explain "$BP_TMP/$_ini.ini" --json "$@" >"$BP_TMP/line.json" 2>"$BP_TMP/line.log" ||
		fail "explain $_ini $* ends with code $?"
}

# refused WORDS OPTION...: code 2, and why.
refused()
{
	_words=$1
	shift
	"$BYPATH" explain "$BP_TMP/n.ini" "$@" >"$BP_TMP/refused.log" 2>&1
	[ $? -eq 2 ] || fail "$*: not refused with code 2"
	grep -q "$_words" "$BP_TMP/refused.log" || fail "$*: says nothing of '$_words'"
}

# IEEE 802.3: 8 bytes before the frame, 12 behind it.
for rate in 10gbps 10G 10000m '10 Gbit/s' 10000000000; do
	on_paper nic --line-rate "$rate"
	bp_expect line "all(abs(f['frames_per_s'] - 1e10 / 8 / (8 + f['mean_bytes'] + 12)) < 1e-3 for f in r['frames'])" \
		"r['frames']"
done
bp_expect line "int(r['frames'][0]['frames_per_s']) == 14880952 and r['line']['text'] == '10 Gbit/s'"
bp_expect line "r['schema'] == 'bypath.line-rate/1'"

# Nobody has said what a packet costs: not a figure of a core, and the text says so.
bp_expect line "all(s['core_pps'] is None and s['cores'] is None and not s['is_certain']
	for p in r['paths'] for s in p['sizes'])"
"$BYPATH" explain "$BP_TMP/nic.ini" --line-rate 10G >"$BP_TMP/line.log" 2>&1 || fail "the text"
for words in '14,880,952' 'No cost, no figure of a core' 'none given' 'PCIe 3.0 x8'; do
	grep -q "$words" "$BP_TMP/line.log" || fail "the text does not say '$words'"
done

# docs/line-rate.md has the same figures, of an arithmetic of its own: the line's, then what slots and memory bear both ways.
printf '%s\n' '[port.a]' 'driver = dpdk' 'device = 0000:99:00.0' '[port.b]' 'driver = dpdk' 'device = 0000:99:00.1' \
	'[forward]' 'a = b' 'b = a' | bp_ini nics
for rate in 10 25 100; do
	on_paper nics --line-rate ${rate}G
	mv "$BP_TMP/line.json" "$BP_TMP/nics-$rate.json"
done
"$BP_PYTHON" "$BP_HERE/line_page.py" "$BP_HERE/../../docs/line-rate.md" "$BP_TMP/nics-10.json" "$BP_TMP/nics-25.json" \
	"$BP_TMP/nics-100.json" || fail "docs/line-rate.md says something else"

# A cost that is given: 100 cycles of 3 GHz are 30 Mpps, an integer of cores, and what ends first.
on_paper nic --line-rate 100gbps --cycles 100 --hz 3GHz
bp_expect line "all(abs(s['core_pps'] - 3e7) < 1 and s['cores'] == -(-s['line_pps'] // 3e7)
	for p in r['paths'] for s in p['sizes'])" "r['paths'][0]['sizes']"
bp_expect line "r['paths'][0]['sizes'][0]['ends_first'] == 'core'"
bp_expect line "r['frames'][0]['budget_cycles'] * 148809523 // 1e9 == 2"
"$BYPATH" explain "$BP_TMP/nic.ini" --line-rate 100gbps --cycles 100 --hz 3GHz >"$BP_TMP/line.log" ||
	fail "the text with a cost"
grep -q 'core  *5$' "$BP_TMP/line.log" || fail "the text does not say that 64 bytes need five cores"

# A cost that was measured: the report's own figure, of the machine that the report names.
"$BYPATH" run "$BP_TMP/n.ini" --duration 0.3 --quiet --report "$BP_TMP/r.json" >"$BP_TMP/run.log" 2>&1 ||
	fail "run ends with code $?"
on_paper n --line-rate 25G --from "$BP_TMP/r.json"
measured=$(bp_get r "[(p['in'], p['out'], p['counted']['ns_per_packet']) for p in r['paths']], r['machine']['cycle_hz']")
used=$(bp_get line "[(p['in'], p['out'], p['cost']['ns_per_packet']) for p in r['paths']], int(r['core']['hz'])")
[ "$measured" = "$used" ] || fail "measured $measured, used $used"
bp_expect line "all(p['cost']['source'].endswith('r.json') for p in r['paths']) and r['measured_on']['cpu']"
bp_expect line "all(s['ends_first'] in ('core', 'line') and s['pcie_pps'] is None
	for p in r['paths'] for s in p['sizes'])" "r['paths'][0]['sizes']"
# Of another configuration: no cost.
on_paper nic --line-rate 25G --from "$BP_TMP/r.json"
bp_expect line "all(p['cost']['ns_per_packet'] is None and p['cost']['why'] for p in r['paths'])" "r['paths']"

for rate in 10gbs 25x -1 0 '' 10 nan 0x10g 1e9 1..5g 2t; do
	refused "found '$rate', allowed: the bits per second" --line-rate "$rate"
done
refused 'belong to --line-rate' --cycles 100
refused 'both say what a packet costs' --line-rate 10G --cycles 5 --from "$BP_TMP/r.json"
refused "found '0', allowed: cycles per packet" --line-rate 10G --cycles 0
refused "found '3', allowed: cycles per second" --line-rate 10G --cycles 5 --hz 3
refused 'no report of bypath run' --line-rate 10G --from "$BP_TMP/line.json"
refused 'No such file\|unable to open' --line-rate 10G --from "$BP_TMP/absent.json"
head -c 300 "$BP_TMP/r.json" >"$BP_TMP/cut.json"
refused 'cut.json: .*line' --line-rate 10G --from "$BP_TMP/cut.json"
"$BP_PYTHON" - "$BP_TMP" <<'END' || fail "python3"
import json, sys
report = json.load(open(sys.argv[1] + "/r.json"))
json.dump({**report, "machine": {}}, open(sys.argv[1] + "/old.json", "w"))
END
refused 'older bypath' --line-rate 10G --from "$BP_TMP/old.json"
# A report with the right schema and nothing right in it.
echo '{"schema": "bypath.report/1", "machine": {"cycle_hz": 1e9}, "ports": [{}, 3], "paths": [{"in": 1}, null]}' \
	>"$BP_TMP/odd.json"
on_paper n --line-rate 10G --from "$BP_TMP/odd.json"
bp_expect line "all('no such path' in p['cost']['why'] for p in r['paths'])"

# A switch: what its ports have in common stands once, not for each pair of them.
{
	for i in 1 2 3 4 5 6 7 8; do
		printf '[port.p%s]\ndriver = af_packet\ndevice = nowhere%s\n' $i $i
	done
	printf '[function.sw]\ntype = switch\n[forward]\n'
	for i in 1 2 3 4 5 6 7 8; do
		echo "p$i = sw"
	done
} | bp_ini sw
on_paper sw --line-rate 25G --cycles 100 --hz 3g
bp_expect line "len(r['paths']) == 56 and len(r['path_groups']) == 8"
bp_expect line "all(len(g['outs']) == 7 and g['in'] not in g['outs'] for g in r['path_groups'])" "r['path_groups'][0]['outs']"
"$BYPATH" explain "$BP_TMP/sw.ini" --line-rate 25G --cycles 100 --hz 3g >"$BP_TMP/line.log" 2>&1 || fail "the text of a switch"
[ "$(grep -c '^ *p1 → 7 ports' "$BP_TMP/line.log")" = 9 ] || fail "p1's paths are not one"
[ "$(grep -c 'p2 → 7 ports' "$BP_TMP/line.log")" = 2 ] || fail "p2's paths are not said to be as those of p1"
