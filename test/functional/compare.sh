# bypath compare: rows that reconcile, and nothing left behind, however it ends.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: compare.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: compare.sh CASE}
FOLDER=/run/bypath-compare

# In the background; its process is COMPARE.
compare_start()
{
	rm -f "$BP_TMP/compare.log"
	"$BYPATH" compare "$@" >"$BP_TMP/compare.log" 2>&1 &
	COMPARE=$!
}

expect_clean()
{
	wait_for 10 bp_nothing_left || {
		ip -o link >"$BP_TMP/left.log"
		ps -e >>"$BP_TMP/left.log"
		ls -R $FOLDER >>"$BP_TMP/left.log" 2>&1
		fail "something is left behind"
	}
}

# Each row that ran reconciles to the packet.
expect_accounts()
{
	bp_expect c "all(a['sent'] == a['received'] + a['dropped'] + a['unaccounted'] \
		for a in (x['accounting'] for x in r['rows']) if a)"
	bp_expect c "all(x['accounting']['unaccounted'] == 0 and x['accounting']['received'] > 0 \
		for x in r['rows'] if measured(x))"
}

forwarder()
{
	pgrep -f "^[^ ]*bypath run .*$1" >"$BP_TMP/forwarder.pids"
}

# A trial is going on: the forwarder's wire has brought more than the few packets that try it.
trials_run()
{
	forwarder "$1" && pgrep -f "bypath compare" | grep -vqx "$COMPARE" &&
		[ "$(nsenter --net="/proc/$(head -n 1 "$BP_TMP/forwarder.pids")/ns/net" sed -n 's/^ *w0: *//p' /proc/net/dev |
			awk '{ print $2 }')" -gt 1000 ]
}

huge_before=$(cat /proc/sys/vm/nr_hugepages 2>/dev/null)

case $CASE in
rows)
	bp_compare --paths af_packet-mmap,af_xdp-native,bridge,kernel-xdp --sizes 64 --rounds 1 --duration 0.1 --json "$BP_TMP/c.json" ||
		fail "compare ends with code $?"
	expect_clean
	bp_expect c "r['schema'] == 'bypath.compare/1'"
	bp_expect c "[x['path'] for x in r['rows']] == \
		['bridge', 'kernel-xdp', 'af_packet-mmap', 'af_xdp-native']"
	bp_expect c "all(measured(x) for x in r['rows'])" "[(x['path'], x['status'], x['reason']) for x in r['rows']]"
	bp_expect c "all(x['saturation']['mpps']['median'] > 0 for x in r['rows'] if x['status'] == 'ok')"
	bp_expect c "r['run']['baseline'] == 'bridge' and r['rows'][0]['ratio']['median'] == 1"
	bp_expect c "r['rows'][2]['copies']['kernel'] == {'lo': 2, 'hi': 2, 'provenance': 'modelled'}"
	bp_expect c "r['rows'][2]['copies']['user']['hi'] == 1 and r['rows'][3]['mode'] == 'native-copy'"
	bp_expect c "'[forward]' in r['rows'][2]['ini'] and len(r['rows'][2]['hops']) >= 2"
	expect_accounts
	# Of a process its CPU is known, of the kernel none; where no NDR was found, that is said.
	bp_expect c "all(x['cpu']['at_10'] is None and 'softirqs' in x['cpu']['why'] and x['per_core'] is None for x in r['rows'][:2])"
	bp_expect c "all(x['cpu']['why'] or (0 <= load['cores']['median'] <= $(nproc) + 0.1 and (load['busy'] is None or 0 <= load['busy']['median'] <= 1.05)) \
		for x in r['rows'][2:] for load in (x['cpu']['at_10'], x['cpu']['at_50']))" "[x['cpu'] for x in r['rows']]"
	bp_expect c "all(x['per_core']['mpps']['median'] > 0 for x in r['rows'][2:] if x['status'] == 'ok')"
	bp_expect c "all(x['line']['gbps'] is None and x['line']['why'] == 'a veth pair has no line' for x in r['rows'])"
	grep -q '^CPU, LINE' "$BP_TMP/compare.log" || fail "no table of CPU"
	grep -q '^WHY' "$BP_TMP/compare.log" || fail "no sentences"
	"$BYPATH" compare --diff "$BP_TMP/c.json" "$BP_TMP/c.json" >"$BP_TMP/diff.log" ||
		fail "--diff ends with code $?"
	! grep -qE 'better|worse$' "$BP_TMP/diff.log" || [ "$(grep -cE ' (better|worse) *$' "$BP_TMP/diff.log")" = 0 ] ||
		fail "a comparison differs from itself"
	;;
tap)
	# The sender names what a full tap device does not take, and so does the device: each is taken once.
	[ -c /dev/net/tun ] || skip "no /dev/net/tun"
	bp_compare --paths tap --sizes 64 --rounds 1 --duration 0.1 --json "$BP_TMP/c.json" || fail "compare ends with code $?"
	expect_clean
	bp_expect c "measured(r['rows'][0])" "(r['rows'][0]['status'], r['rows'][0]['reason'])"
	bp_expect c "r['rows'][0]['line']['why'] == 'a tap device has no line'"
	expect_accounts
	;;
ceiling)
	# Without privilege: what needs none runs, the rest says what it needs.
	need setpriv
	chmod 777 "$BP_TMP"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$BYPATH" compare --quick \
		--paths null,ring,pcap-file,af_packet-mmap --json "$BP_TMP/c.json" \
		>"$BP_TMP/compare.log" 2>&1 || fail "compare ends with code $?"
	grep -q 'not root' "$BP_TMP/compare.log" || fail "does not say that it is not root"
	bp_expect c "{x['path']: measured(x) or x['status'] for x in r['rows']} == {'null': True, 'ring': True, \
		'pcap-file': True, 'af_packet-mmap': 'cannot-run'}"
	bp_expect c "all(x['fix'] and x['reason'] for x in r['rows'] if x['status'] != 'ok')"
	expect_accounts
	;;
dead)
	# The forwarder of one row is killed in the middle of a trial: that row fails, the next one runs.
	compare_start --paths af_packet-socket,af_packet-mmap --sizes 64 --rounds 1 --duration 0.2 --json "$BP_TMP/c.json"
	wait_for 20 trials_run af_packet-socket || fail "no forwarder appears"
	xargs kill -KILL <"$BP_TMP/forwarder.pids"
	wait $COMPARE
	[ $? -eq 1 ] || fail "a run with a failed row must end with code 1"
	expect_clean
	bp_expect c "[(x['path'], measured(x) or x['status']) for x in r['rows']] == \
		[('af_packet-socket', 'failed'), ('af_packet-mmap', True)]"
	bp_expect c "'signal 9' in r['rows'][0]['reason']"
	;;
late)
	# A forwarder that gets its core for a moment now and then, for all its first life: its packets are
	# late, and none is missing.
	compare_start --paths af_packet-mmap --sizes 64 --rounds 1 --duration 0.05 --json "$BP_TMP/c.json"
	wait_for 20 forwarder af_packet-mmap || fail "no forwarder appears"
	pid=$(head -n 1 "$BP_TMP/forwarder.pids")
	while kill -STOP "$pid" 2>/dev/null; do
		sleep 0.2
		kill -CONT "$pid" 2>/dev/null
		sleep 0.05
	done
	wait $COMPARE || fail "compare ends with code $?"
	expect_clean
	bp_expect c "measured(r['rows'][0])" "r['rows'][0]"
	expect_accounts
	;;
dead-generator)
	# The same with the generator, and its row alone.
	compare_start --paths af_packet-mmap --sizes 64 --rounds 1 --duration 2 --json "$BP_TMP/c.json"
	wait_for 20 trials_run af_packet-mmap || fail "no forwarder appears"
	pgrep -f "bypath compare" | grep -vx "$COMPARE" | xargs kill -KILL
	wait $COMPARE
	[ $? -eq 1 ] || fail "a run with a failed row must end with code 1"
	expect_clean
	bp_expect c "r['rows'][0]['status'] == 'failed'"
	bp_expect c "'generator' in r['rows'][0]['reason'] and 'signal 9' in r['rows'][0]['reason']"
	;;
sizes)
	# Other sizes: what a path does not carry is said, what it carries reconciles.
	bp_compare --paths null,ring,dpdk-memif,af_packet-mmap --sizes 512,1518,9000,imix --rounds 1 \
		--duration 0.05 --json "$BP_TMP/c.json" --html "$BP_TMP/c.html" ||
		fail "compare ends with code $?"
	expect_clean
	expect_accounts
	bp_expect c "[x['size'] for x in r['rows']] == ['512'] * 4 + ['1518'] * 4 + ['9000'] * 4 + ['imix'] * 4"
	bp_expect c "all(measured(x) for x in r['rows'] if x['size'] in ('512', '1518'))" \
		"[(x['path'], x['size'], x['reason']) for x in r['rows'] if x['status'] != 'ok']"
	# The sources of null and ring have room for 3840 bytes, and for one size; memif's buffers for 2048.
	bp_expect c "{x['path']: measured(x) or x['status'] for x in r['rows'] if x['size'] == 'imix'} == {'null': 'cannot-run', \
		'ring': 'cannot-run', 'dpdk-memif': True, 'af_packet-mmap': True}"
	bp_expect c "{x['path']: measured(x) or x['status'] for x in r['rows'] if x['size'] == '9000'} == {'null': 'cannot-run', \
		'ring': 'cannot-run', 'dpdk-memif': 'cannot-run', 'af_packet-mmap': True}"
	bp_expect c "all(x['reason'] and x['fix'] for x in r['rows'] if x['status'] != 'ok')"
	# Bits and packets belong together: 1538 bytes of a wire's time for a frame of 1518.
	bp_expect c "all(abs(x['saturation']['gbps_l1']['median'] / x['saturation']['mpps']['median'] / 12.304e-3 - 1e3) < 1 \
		for x in r['rows'] if x['size'] == '1518')"
	;;
rounds)
	# Two runs of several rounds, and what changed between them.
	for run in a b; do
		bp_compare --paths bridge,af_packet-mmap --sizes 64 --rounds 2 --duration 0.1 \
			--json "$BP_TMP/$run.json" || fail "compare ends with code $?"
		bp_expect $run "all(len(x['saturation']['mpps']['values']) == 2 for x in r['rows'])"
		bp_expect $run "all(abs(m['spread'] - (m['max'] - m['min']) / m['median']) < 1e-9 \
			for m in (x['saturation']['mpps'] for x in r['rows']))"
		bp_expect $run "all(len(x['ratio']['values']) == 2 for x in r['rows'])"
	done
	"$BYPATH" compare --diff "$BP_TMP/a.json" "$BP_TMP/b.json" --json "$BP_TMP/d.json" \
		>"$BP_TMP/diff.log" || fail "--diff ends with code $?"
	bp_expect d "r['schema'] == 'bypath.compare-diff/1'"
	bp_expect d "{(x['path'], x['what']) for x in r['diff']} >= \
		{('bridge', 'Mpps'), ('af_packet-mmap', 'Mpps')}"
	bp_expect d "all(x['verdict'] in ('better', 'worse', 'within the spread', 'changed', \
		'one round: not known', 'disturbed: not known', 'of short trials: not known', 'a lower bound: not known', \
		'gone', 'appeared') for x in r['diff'])"
	grep -q 'af_packet-mmap .*Mpps' "$BP_TMP/diff.log" || fail "the table lacks a row"
	;;
one-core)
	need taskset
	core=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
	taskset -c "$core" "$BYPATH" compare --quick --paths null --json "$BP_TMP/c.json" \
		>"$BP_TMP/compare.log" 2>&1 || fail "compare ends with code $?"
	bp_expect c "r['run']['cores']['shared'] and any('one core' in n for n in r['run']['notes'])"
	grep -q 'warning: one core' "$BP_TMP/compare.log" || fail "no warning"
	;;
interrupt)
	# Ctrl-C goes to the whole group of the terminal; here: to compare alone, which is no easier.
	for signal in INT TERM; do
		compare_start --paths bridge,af_packet-mmap,af_xdp-native --sizes 64 --rounds 2 \
			--duration 0.3 --json "$BP_TMP/c.json"
		wait_for 30 forwarder af_packet-mmap || fail "no forwarder appears"
		kill -$signal $COMPARE
		wait $COMPARE || fail "compare ends with code $? after SIG$signal"
		expect_clean
		bp_expect c "r['run']['interrupted']"
		bp_expect c "measured(r['rows'][0]) and r['rows'][2]['status'] == 'not-measured'"
		expect_accounts
		rm "$BP_TMP/c.json"
	done
	# At any other moment.
	for delay in 0.05 0.3 0.6 1.1; do
		compare_start --paths af_packet-mmap,null --sizes 64 --rounds 2 --duration 0.3 \
			--json "$BP_TMP/c.json"
		sleep $delay
		kill -INT $COMPARE
		wait $COMPARE || [ $? -eq 130 ] || fail "compare ends with code $? after $delay s"
		expect_clean
		rm -f "$BP_TMP/c.json"
	done
	;;
crash)
	# Killed itself: processes die with it, the next run undoes the rest.
	compare_start --paths af_packet-mmap --sizes 64 --rounds 1 --duration 5
	wait_for 20 trials_run af_packet-mmap || fail "no forwarder appears"
	kill -KILL $COMPARE
	wait $COMPARE 2>/dev/null
	no_process() { ! pgrep -x bypath; }
	wait_for 5 no_process || fail "processes outlive compare"
	[ -d $FOLDER ] || fail "the test tests nothing: no folder was left"
	bp_compare --quick --paths null --json "$BP_TMP/c.json" || fail "compare ends with code $?"
	bp_expect c "any('died' in n for n in r['run']['notes'])"
	expect_clean
	;;
ports)
	# Named devices: here the ends of two veth pairs, the generator on the others.
	for i in 0 1; do
		ip link add p$i type veth peer name g$i
		for d in p$i g$i; do
			sysctl -qw net.ipv6.conf.$d.disable_ipv6=1 2>/dev/null
			ip link set $d up
		done
	done
	ip link add other type veth peer name other1
	for d in other other1; do
		sysctl -qw net.ipv6.conf.$d.disable_ipv6=1 2>/dev/null
		ip link set $d up
	done
	other=$(ip -o link show other)
	bp_compare --quick --paths ports-af_packet-mmap,ports-af_xdp-zerocopy --ports p0,p1 --gen-ports g0,g1 \
		--json "$BP_TMP/c.json" || fail "compare ends with code $?"
	bp_expect c "[measured(x) or x['status'] for x in r['rows']] == [True, 'cannot-run']"
	bp_expect c "r['rows'][0]['line']['gbps'] is None and 'p0 is a veth device' in r['rows'][0]['line']['why']"
	bp_expect c "any('p0 is a veth device' in note for note in r['run']['notes'])"
	expect_accounts
	# Without interfaces to send from: said, and no device is opened. A third one was never touched.
	bp_compare --quick --paths ports --ports p0,p1 --json "$BP_TMP/c.json" || fail "compare ends with code $?"
	bp_expect c "all(x['status'] == 'cannot-run' and '--gen-ports' in x['fix'] for x in r['rows'])"
	# What a row cannot use is said of the device: no word of a file that is gone with its folder.
	if [ -z "$(bp_driver_missing dpdk)" ]; then
		bp_compare --quick --paths ports-dpdk,ports-af_packet-mmap --ports p0,0000:ff:1f.7 --gen-ports g0,g1 \
			--json "$BP_TMP/c.json" || fail "compare ends with code $?"
		bp_expect c "[x['status'] for x in r['rows']] == ['cannot-run'] * 2"
		bp_expect c "sorted(x['reason'] for x in r['rows']) == ['p0 is a kernel interface', 'this machine has no PCI device 0000:ff:1f.7']"
		bp_expect c "any('no PCI device' in x['fix'] for x in r['rows'])"
		bp_compare --quick --paths ports-dpdk --ports nowhere0,nowhere1 --gen-ports g0,g1 \
			--json "$BP_TMP/c.json" || fail "compare ends with code $?"
		bp_expect c "all(\"found 'nowhere1'; allowed: a PCI address\" in x['reason'] for x in r['rows'])"
		bp_expect c "all('/' not in x['reason'].split('found')[0] for x in r['rows'])"
	fi
	[ "$(sed -n 's/^ *other: *//p' /proc/net/dev | awk '{ print $2 + $10 }')" = 0 ] ||
		fail "packets on a device that was not named"
	[ "$(ip -o link show other)" = "$other" ] || fail "a device that was not named has changed"
	ip link del other
	ip link show p0 >/dev/null || fail "a device that was named is gone"
	ip link del p0
	ip link del p1
	expect_clean
	;;
usage)
	bp_compare --paths brigde && fail "accepts an unknown path"
	grep -q 'no path '\''brigde'\''.*af_xdp-native' "$BP_TMP/compare.log" || fail "does not name the paths"
	for wrong in "--sizes 63" "--rounds 0" "--rounds 1.5" "--ports p0" "--ports p0,p0" \
		"--gen-ports a,b" "--diff a.json" "--duration x" "--frobnicate"; do
		# shellcheck disable=SC2086
		bp_compare $wrong
		[ $? -eq 2 ] || fail "$wrong: code $? instead of 2"
	done
	echo '{}' >"$BP_TMP/empty.json"
	bp_compare --diff "$BP_TMP/empty.json" "$BP_TMP/empty.json"
	[ $? -eq 2 ] || fail "--diff accepts a file that is no comparison"
	;;
*)
	fail "no such case: $CASE"
	;;
esac
[ "$(cat /proc/sys/vm/nr_hugepages 2>/dev/null)" = "$huge_before" ] || note "hugepages have changed: others use them too"
