# bypath compare: workloads and goals: what is measured, what is judged, what is refused.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: compare-workloads.sh goals|tcp|traffic|silent|altered|lossless|refused

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

# Traffic through a path that something breaks under way, in the background; its process is COMPARE.
traffic_start()
{
	need iperf3 ping curl
	"$BYPATH" compare --workloads traffic --paths "$1" --rounds 1 --duration 0.1 --json "$BP_TMP/c.json" \
		>"$BP_TMP/compare.log" 2>&1 &
	COMPARE=$!
}

# It ends as one with a row that has failed, which has no figure.
traffic_fails()
{
	wait $COMPARE
	[ $? -eq 1 ] || fail "a run with a failed row must end with code 1"
	wait_for 10 bp_nothing_left iperf3 ping curl python3 || fail "something is left behind"
	bp_expect c "(f := r['figures'][0])['status'] == 'failed' and f['value'] is None and f['fix']" "r['figures'][0]"
	grep -q '^TRAFFIC' "$BP_TMP/compare.log" && grep -q ' failed$' "$BP_TMP/compare.log" || fail "the table does not say so"
}

# A status that has a figure: no test depends on what else the machine does.
FIGURE="('ok', 'disturbed')"

case ${1:?usage: compare-workloads.sh CASE} in
goals)
	# Bounds that every figure reaches, and bounds that none does: no rate decides.
	cat >"$BP_TMP/goals" <<-'EOF'
		# workload size path peer sign number
		rate   64 af_packet-mmap   bridge           >= 0.000001
		rate   64 af_packet-mmap   bridge           >= 1000000 # of the same two rows
		memory -  af_packet-socket -                <= 0.001
		memory -  bridge           -                <= 48
		start  -  af_packet-socket af_packet-mmap   <= 1000000
	EOF
	bp_compare --goals "$BP_TMP/goals" --rounds 1 --duration 0.05 --json "$BP_TMP/c.json" || fail "compare ends with code $?"
	wait_for 10 bp_nothing_left iperf3 ping curl python3 || fail "something is left behind"
	bp_expect c "r['rows'] == [] and len(r['figures']) == 6 and len(r['goals']) == 5"
	bp_expect c "[(f['workload'], f['path'], f['status'] in $FIGURE) for f in r['figures']] == \
		[('rate', 'af_packet-mmap', True), ('rate', 'bridge', True), ('memory', 'af_packet-socket', True), \
		('memory', 'bridge', False), ('start', 'af_packet-socket', True), ('start', 'af_packet-mmap', True)]" \
		"[(f['workload'], f['path'], f['status'], f['reason']) for f in r['figures']]"
	bp_expect c "all(f['value']['median'] > 0 for f in r['figures'] if f['status'] in $FIGURE)"
	# A source that was the limit makes a bound, which meets or says nothing.
	bp_expect c "r['goals'][0]['verdict'] in ('met', 'not measurable') and \
		r['goals'][1]['verdict'] in ('short', 'not measurable')"
	bp_expect c "[g['verdict'] for g in r['goals'][2:]] == ['short', 'failed', 'met']"
	bp_expect c "all(abs(g['margin'] + 1 - g['figure'] / g['bound']) < 1e-9 * (1 + g['figure'] / g['bound']) for g in r['goals'] if g['figure'])"
	bp_expect c "r['goals'][3]['margin'] is None and r['goals'][3]['why'] and all(g['interval'] is None for g in r['goals'])"
	bp_expect c "'lan = wan' in r['figures'][0]['ini'] and '[engine]' not in r['figures'][0]['ini']"
	grep -q '^GOALS' "$BP_TMP/compare.log" || fail "no table of goals"

	# From six rounds on a ratio has its interval, and lies in it.
	echo 'start - af_packet-socket af_packet-mmap <= 1000000' >"$BP_TMP/goals"
	bp_compare --goals "$BP_TMP/goals" --rounds 6 --json "$BP_TMP/c.json" || fail "compare ends with code $?"
	bp_expect c "(g := r['goals'][0])['interval']['lo'] <= g['figure'] <= g['interval']['hi'] and g['interval']['level'] >= 0.95"
	;;
tcp)
	need iperf3
	bp_compare --tcp --paths bridge,kernel-tc,dpdk-memif --rounds 1 --duration 0.1 --json "$BP_TMP/c.json" ||
		fail "compare ends with code $?"
	wait_for 10 bp_nothing_left iperf3 ping curl python3 || fail "something is left behind"
	bp_expect c "[(f['workload'], f['path']) for f in r['figures']] == \
		[(w, p) for w in ('traffic', 'tcp-1', 'tcp-4') for p in ('bridge', 'kernel-tc', 'dpdk-memif')]"
	bp_expect c "all((f['status'] in $FIGURE and f['value']['median'] > 0) == (f['path'] != 'dpdk-memif') for f in r['figures'])" \
		"[(f['workload'], f['path'], f['status'], f['reason']) for f in r['figures']]"
	bp_expect c "all(f['status'] == 'cannot-run' and f['fix'] for f in r['figures'] if f['path'] == 'dpdk-memif')"
	bp_expect c "all((t['files'], t['files_altered'], t['file_bytes']) == (1, 0, 32 << 20) for t in (f['traffic'] for f in r['figures'][:2]))" \
		"[f['traffic'] for f in r['figures']]"
	for workload in tcp-1 tcp-4; do
		[ "$(grep -cE "^ *$workload .*(bridge|kernel-tc) +[0-9]+\\.[0-9]+ " "$BP_TMP/compare.log")" = 2 ] ||
			fail "the table has not both rows of $workload"
	done
	bp_compare --workloads tcp-off-4 --paths af_packet-mmap --rounds 1 --duration 0.1 --json "$BP_TMP/c.json" ||
		fail "compare ends with code $?"
	bp_expect c "[f['status'] in $FIGURE and f['value']['median'] > 0 for f in r['figures']] == [True]" "r['figures']"
	;;
traffic)
	need iperf3 ping curl
	bp_compare --workloads traffic --paths bridge,kernel-xdp,kernel-tc,af_xdp+af_packet --rounds 1 --duration 0.1 --json "$BP_TMP/c.json" ||
		fail "compare ends with code $?"
	wait_for 10 bp_nothing_left iperf3 ping curl python3 || fail "something is left behind"
	bp_expect c "[(f['path'], f['status'] in $FIGURE) for f in r['figures']] == \
		[('bridge', True), ('kernel-xdp', False), ('kernel-tc', True), ('af_xdp+af_packet', True)]" \
		"[(f['path'], f['status'], f['reason']) for f in r['figures']]"
	bp_expect c "r['figures'][1]['status'] == 'cannot-run' and 'unfinished checksums' in r['figures'][1]['reason']"
	bp_expect c "all(f['traffic'] == {'pings': 20, 'ping_loss_ratio': 0, 'files': 1, 'files_altered': 0, 'file_bytes': 32 << 20} \
		and f['value']['median'] > 0 for f in (r['figures'][0], r['figures'][2], r['figures'][3]))" "[f['traffic'] for f in r['figures']]"
	# Both ways together: each packet from one pool to the other's costs one copy.
	bp_expect c "(f := r['figures'][3])['mode'].startswith('native-copy → mmap') and \
		f['copies']['user']['provenance'] == 'counted' and 0.9 < f['copies']['user']['lo'] < 1.1 and \
		f['copies']['kernel']['hi'] >= 2 and 0 < f['crossings']['per_packet'] and f['time']['ns_per_packet'] > 0" \
		"{k: r['figures'][3][k] for k in ('mode', 'copies', 'crossings', 'time')}"
	bp_expect c "all(f['copies']['total']['hi'] == 0 and f['crossings']['per_packet'] == 0 for f in (r['figures'][0], r['figures'][2]))"
	grep -q '^TRAFFIC' "$BP_TMP/compare.log" && grep -q 'bridge .* 0 % .* intact ' "$BP_TMP/compare.log" ||
		fail "no table of traffic"
	! grep -q '^WORKLOADS' "$BP_TMP/compare.log" || fail "the same figure in two tables"
	;;
silent)
	# The far host answers no ping from somewhere in the middle on.
	traffic_start bridge
	wait_for 10 pgrep -f 'iperf3 -s' || fail "no server appears"
	nsenter --net="/proc/$(pgrep -f 'iperf3 -s')/ns/net" sysctl -qw net.ipv4.icmp_echo_ignore_all=1 || fail "sysctl"
	traffic_fails
	bp_expect c "'20 pings' in (f := r['figures'][0])['reason'] and f['traffic']['ping_loss_ratio'] == 1" "r['figures'][0]"
	;;
altered)
	# What is served is not any more what the digest was taken of: as if it changed on its way.
	traffic_start af_packet-mmap
	has_digest() { grep -q /file /run/bypath-compare/*/digest.log; }
	wait_for 10 has_digest || fail "no digest appears"
	printf altered! | dd conv=notrunc bs=8 seek=1000 of="$(echo /run/bypath-compare/*/file)" 2>/dev/null || fail "dd"
	traffic_fails
	bp_expect c "'arrives altered' in (f := r['figures'][0])['reason'] and f['traffic']['files_altered'] == 1" "r['figures'][0]"
	;;
lossless)
	# Time for a search that finds a rate, twice; where it finds none, trials were disturbed. Latency is at half of it.
	echo 'p99 64 af_packet-mmap bridge <= 1000000' >"$BP_TMP/goals"
	for _ in 1 2; do
		bp_compare --goals "$BP_TMP/goals" --rounds 1 --duration 0.4 --json "$BP_TMP/c.json" || fail "compare ends with code $?"
		wait_for 10 bp_nothing_left iperf3 ping curl python3 || fail "something is left behind"
		grep -q '"reason": "no rate with at most' "$BP_TMP/c.json" || break
	done
	bp_expect c "[(f['workload'], f['path']) for f in r['figures']] == \
		[('lossless', 'bridge'), ('p99', 'af_packet-mmap'), ('p99', 'bridge')]"
	if grep -q '"reason": "no rate with at most' "$BP_TMP/c.json"; then
		bp_expect c "(n := [int(w) for w in r['figures'][0]['reason'].split() if w.isdigit()])[0] * 4 >= n[1] > 0" \
			"r['figures'][0]['reason']"
		bp_expect c "all(f['status'] == 'cannot-run' and 'half of which load' in f['reason'] for f in r['figures'][1:])"
	else
		bp_expect c "all(f['status'] in $FIGURE and f['value']['median'] > 0 for f in r['figures'])" \
			"[(f['workload'], f['path'], f['status'], f['reason']) for f in r['figures']]"
	fi
	bp_expect c "[f['load_of'] for f in r['figures']] == [None, 'bridge', 'bridge']"
	;;
refused)
	refuses()
	{
		echo "$1" >"$BP_TMP/goals"
		bp_compare --goals "$BP_TMP/goals"
		[ $? -eq 2 ] || fail "accepts '$1'"
		grep -q "goals:1: .*$2" "$BP_TMP/compare.log" || fail "'$1': $(cat "$BP_TMP/compare.log")"
	}
	refuses 'speed 64 bridge - >= 1' "found 'speed', allowed: rate, lossless"
	refuses 'rate - bridge - >= 1' "size: found '-'"
	refuses 'rate +64 bridge - >= 1' "size: found '+64'"
	refuses 'start 64 bridge - >= 1' "size: found '64'"
	refuses 'rate 64 brigde - >= 1' "path: found 'brigde'"
	refuses 'rate 64 bridge nobody >= 1' "path: found 'nobody'"
	refuses 'rate 64 bridge - => 1' "found '=>', allowed: >=, <="
	refuses 'rate 64 bridge - >= x' "found 'x', allowed: a number"
	refuses 'rate 64 bridge -' 'too few words'
	refuses 'rate 64 bridge - >= 1 2' 'more than six words'
	echo '# nothing' >"$BP_TMP/goals"
	for wrong in "--goals $BP_TMP/goals" "--goals $BP_TMP/none" "--workloads fast" "--workloads ," \
		"--goals $BP_TMP/goals --paths bridge" "--goals $BP_TMP/goals --sizes 64" "--workloads start --ports a,b"; do
		# shellcheck disable=SC2086
		bp_compare $wrong
		[ $? -eq 2 ] || fail "accepts $wrong"
	done
	bp_compare --tcp --workloads rate
	grep -q 'leave out --workloads' "$BP_TMP/compare.log" || fail "--tcp: $(cat "$BP_TMP/compare.log")"
	bp_compare --tcp --list
	grep -q 'kernel-tc' "$BP_TMP/compare.log" || fail "--tcp --list: $(cat "$BP_TMP/compare.log")"
	bp_compare --goals "$BP_TMP/goals" --sizes 64
	grep -q 'leave out --paths, --sizes' "$BP_TMP/compare.log" || fail "--sizes: $(cat "$BP_TMP/compare.log")"
	# What a workload cannot do on a path or with a size has no figure, and says what to choose.
	bp_compare --workloads rate,start --paths bridge --sizes imix,2053 --rounds 1 --json "$BP_TMP/c.json" ||
		fail "compare ends with code $?"
	bp_expect c "len(r['figures']) == 3 and all(f['status'] == 'cannot-run' and f['value'] is None for f in r['figures'])" \
		"[(f['workload'], f['size'], f['path'], f['status'], f['reason']) for f in r['figures']]"
	bp_expect c "all('--sizes 64 … 2052' in f['fix'] for f in r['figures'] if f['workload'] == 'rate')"
	bp_expect c "all('no process starts' in f['reason'] for f in r['figures'] if f['workload'] == 'start')"
	;;
esac
