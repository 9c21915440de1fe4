# bypath compare --function: the same function in every path, with its own counters as the proof, the bridge beside it.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: compare-function.sh switch|filter|ovs|hosts|refused

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

# What each forwarder says of its function: every packet that bypath received came to it, and none was lost unsaid.
expect_rows()
{
	wait_for 10 bp_nothing_left ovs-vswitchd ovsdb-server || fail "something is left behind"
	bp_expect c "[x['path'] for x in r['rows']] == ['bridge', 'af_packet-mmap', 'dpdk-memif', 'ovs-af_packet', 'ovs-af_xdp']"
	bp_expect c "measured(r['rows'][0]) and measured(r['rows'][1])" "[(x['path'], x['status'], x['reason']) for x in r['rows']]"
	bp_expect c "all(measured(x) or x['status'] == 'cannot-run' and x['reason'] and x['fix'] for x in r['rows'])" \
		"[(x['path'], x['status'], x['reason']) for x in r['rows']]"
	bp_expect c "all(x['accounting']['unaccounted'] == 0 and x['accounting']['received'] > 1024 for x in r['rows'] if measured(x))"
	bp_expect c "all(x['function']['by'] == 'bypath' and x['function']['packets'] == x['function']['received'] > 1024 \
		and x['function']['dropped'] == 0 for x in r['rows'][1:3] if measured(x))" "[x['function'] for x in r['rows']]"
	bp_expect c "all(len(x['function']['ns_per_packet']['values']) == 1 for x in r['rows'][1:3] if measured(x))"
	bp_expect c "r['run']['function']['name'] == '$1' and r['run']['baseline'] == 'bridge'"
	bp_expect c "all('type = $1' in x['ini'] and 'lan = $1' in x['ini'] for x in r['rows'][1:3] if measured(x))"
	grep -q "^  function $1: " "$BP_TMP/compare.log" || fail "the text does not name the function"
	grep -q '^FUNCTION' "$BP_TMP/compare.log" || fail "no table of what the functions did"
}

PATHS=bridge,af_packet-mmap,dpdk-memif,ovs

case ${1:?usage: compare-function.sh CASE} in
switch)
	bp_compare --function switch --paths $PATHS --sizes 64 --rounds 1 --duration 0.05 --json "$BP_TMP/c.json" \
		--html "$BP_TMP/c.html" || fail "compare ends with code $?"
	expect_rows switch
	# Both sides' addresses are in the tables, the bridge's as well. Open vSwitch on AF_PACKET loses announcements where
	# it has no core of its own, and learns what comes through.
	bp_expect c "all(x['function']['addresses'] == 1024 for x in r['rows'][:3] if measured(x))" "[x['function'] for x in r['rows']]"
	bp_expect c "all(x['function']['addresses'] > 32 for x in r['rows'][3:] if measured(x))" "[x['function'] for x in r['rows']]"
	# Only what is announced first is flooded, once for each source that nobody has seen by then: what the trial sends is not.
	bp_expect c "all(x['function']['floods'] <= 512 for x in r['rows'][1:3] if measured(x))" "[x['function'] for x in r['rows']]"
	grep -q 'run.function.name' "$BP_TMP/c.html" || fail "the page does not name the function"
	# A run without: what is shown beside it is not judged.
	bp_compare --paths bridge,af_packet-mmap --sizes 64 --rounds 1 --duration 0.05 --json "$BP_TMP/p.json" ||
		fail "compare ends with code $?"
	bp_expect p "r['run']['function'] is None and all(x['function'] is None for x in r['rows'])"
	"$BYPATH" compare --diff "$BP_TMP/p.json" "$BP_TMP/c.json" --json "$BP_TMP/d.json" >"$BP_TMP/diff.log" ||
		fail "--diff ends with code $?"
	bp_expect d "'not the same function: none, then switch' in r['notes']"
	bp_expect d "{x['verdict'] for x in r['diff'] if x['what'] == 'Mpps'} == {'not the same function'}" "r['diff']"
	;;
filter)
	bp_compare --function filter --paths $PATHS --sizes 64 --rounds 1 --duration 0.05 --json "$BP_TMP/c.json" ||
		fail "compare ends with code $?"
	expect_rows filter
	# Each packet met all rules, and the last one passed it; that of nftables too, which stands in the bridge's way.
	bp_expect c "all(x['function']['last_rule'] == x['function']['packets'] for x in r['rows'][1:3] if measured(x))" \
		"[x['function'] for x in r['rows']]"
	bp_expect c "all(x['function']['last_rule'] > 0 for x in r['rows'] if measured(x))" "[x['function'] for x in r['rows']]"
	;;
ovs)
	# Its rows, with the same proof as the bridge's. ./quickstart test unpacks it: of an installation below /usr nothing is known here.
	command -v ovsdb-server >/dev/null || skip "no Open vSwitch: ./quickstart test unpacks it; by hand: PATH=\$PATH:DIR/usr/sbin"
	for function in switch filter; do
		bp_compare --function $function --paths bridge,ovs --sizes 64 --rounds 1 --duration 0.05 --json "$BP_TMP/c.json" ||
			fail "compare ends with code $?"
		wait_for 10 bp_nothing_left ovs-vswitchd ovsdb-server || fail "something is left behind"
		bp_expect c "[x['path'] for x in r['rows']] == ['bridge', 'ovs-af_packet', 'ovs-af_xdp'] and \
			all(measured(x) for x in r['rows'])" "[(x['path'], x['status'], x['reason']) for x in r['rows']]"
		bp_expect c "all('Open vSwitch' in x['function']['by'] for x in r['rows'][1:])" "[x['function'] for x in r['rows']]"
		case $function in
		# On AF_PACKET it loses announcements where it has no core of its own, and learns what comes through.
		switch) bp_expect c "all(x['function']['addresses'] > 32 for x in r['rows'])" "[x['function'] for x in r['rows']]" ;;
		filter) bp_expect c "all(x['function']['last_rule'] > 0 for x in r['rows'])" "[x['function'] for x in r['rows']]" ;;
		esac
	done
	;;
hosts)
	# Two hosts with what they send of themselves, through a switch both ways.
	need iperf3
	bp_compare --function switch --workloads tcp-1 --paths bridge,af_packet-mmap --rounds 1 --json "$BP_TMP/c.json" ||
		fail "compare ends with code $?"
	wait_for 10 bp_nothing_left ovs-vswitchd ovsdb-server || fail "something is left behind"
	bp_expect c "all(f['status'] in ('ok', 'disturbed') and f['value']['median'] > 0 for f in r['figures'])" "r['figures']"
	bp_expect c "r['figures'][1]['function']['addresses'] == 2 and \
		r['figures'][1]['function']['packets'] == r['figures'][1]['function']['received'] > 100" "r['figures'][1]['function']"
	;;
refused)
	# What cannot stand beside a function is said, with what can.
	echo 'rate 64 af_packet-mmap bridge >= 1' >"$BP_TMP/goals"
	while read -r words; do
		# shellcheck disable=SC2086 # words
		bp_compare ${words%%: *}
		code=$?
		[ $code -eq 2 ] || fail "${words%%: *}: code $code instead of 2"
		grep -qF -- "${words#*: }" "$BP_TMP/compare.log" || {
			cat "$BP_TMP/compare.log"
			fail "${words%%: *}: does not say '${words#*: }'"
		}
	done <<-EOF
		--function router: found 'router', allowed: switch, filter
		--function switch --goals $BP_TMP/goals: leave out --goals
		--function filter --peers: dpdk-testpmd has no filter
		--function switch --workloads tcp-1,rate: allowed: traffic, tcp-1
		--function switch --ports eth1,eth2: needs --gen-ports
	EOF
	# A path that has no place for one says so, and the run goes on.
	bp_compare --function switch --paths null,kernel-tc,testpmd-memif --quick --json "$BP_TMP/c.json" || fail "compare ends with code $?"
	bp_expect c "[x['status'] for x in r['rows']] == ['cannot-run'] * 3 and all(x['reason'] and x['fix'] for x in r['rows'])"
	;;
*)
	fail "no such case: $1"
	;;
esac
