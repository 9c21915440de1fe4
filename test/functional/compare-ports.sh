# bypath compare between ports that were named: another box as the generator, ports that are not free, a bridge that
# goes however the run ends.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: compare-ports.sh boxes|refused|killed

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

# wires [NETNS]: p0 and p1 here, c0 and c1 at their other ends, which take redirected frames.
wires()
{
	for i in 0 1; do
		ip link add p$i type veth peer name c$i
		sysctl -qw net.ipv6.conf.p$i.disable_ipv6=1 net.ipv6.conf.c$i.disable_ipv6=1 2>/dev/null
		[ -z "${1-}" ] || ip link set c$i netns "$1"
		ip link set p$i up
	done
}

no_bridge() { ! ip -o link show type bridge | grep -q .; }
has_bridge() { ip -o link show p1 | grep -q 'master bypath-'; }
arrives() { [ "$(sed -n 's/^ *p0: *//p' /proc/net/dev | awk '{ print $2 }')" -gt 2000 ]; }

# state PORT: what must be as before. The kernel's own counters of changes aside.
state() { ip -d -o link show "$1" | sed 's/ min_mtu.*//'; }

case ${1:?usage: compare-ports.sh boxes|refused|killed} in
boxes)
	need ethtool
	ip netns add far
	wires far
	# Nobody sends: what to do is said first, and nothing is measured.
	bp_compare --quick --ports p0,p1 --json "$BP_TMP/c.json" || fail "compare ends with code $?"
	bp_expect c "r['run']['generator'] == 'none' and all(x['group'] == 'ports' for x in r['rows'])"
	bp_expect c "{'ports-bridge', 'ports-kernel-xdp', 'ports-af_packet-mmap', 'ports-dpdk'} <= {x['path'] for x in r['rows']}"
	bp_expect c "all(x['status'] == 'cannot-run' and x['saturation'] is None for x in r['rows'])"
	bp_expect c "all('another box' in x['fix'] and '--gen-ports' in x['fix'] for x in r['rows'])"
	sed -n 's/^ *sudo //p' "$BP_TMP/compare.log" >"$BP_TMP/recipe"
	grep -q -- '--gen-ports C,D' "$BP_TMP/recipe" || fail "no loop cable"

	# The recipe, as it is printed and as docs/compare.md has it, on the other box, whose C and D are c0 and c1.
	command=$(grep '^bypath gen' "$BP_TMP/recipe")
	grep -qF "$command" "$BP_SOURCE/docs/compare.md" || fail "docs/compare.md has another recipe: $command"
	sed -n '/^ip /p' "$BP_TMP/recipe" | sed 's/ C / c0 /; s/ D / c1 /' >"$BP_TMP/up"
	[ "$(wc -l <"$BP_TMP/up")" = 2 ] || fail "the recipe sets no interface up"
	ip netns exec far sh -e "$BP_TMP/up"
	ip netns exec far ethtool -K c1 gro on
	command=$(echo "$command" | sed "s|^bypath|$BYPATH|; s/:C /:c0 /; s/:D /:c1 /")
	# shellcheck disable=SC2086 # a command line
	ip netns exec far $command --json "$BP_TMP/far.json" >"$BP_TMP/far.log" 2>&1 &
	far=$!
	wait_for 10 arrives || fail "nothing arrives from the other box"
	before=$(state p0)
	bp_compare --quick --ports p0,p1 --paths ports-bridge,ports-kernel-xdp,ports-kernel-tc,ports-af_packet-mmap,ports-dpdk \
		--json "$BP_TMP/c.json" || fail "compare ends with code $?"
	bp_expect c "r['run']['generator'] == r['run']['tester'] == 'another box' and r['run']['sizes'] == ['64']"
	bp_expect c "[measured(x) or x['status'] for x in r['rows']] == [True, True, True, True, 'cannot-run']" \
		"[(x['path'], x['status'], x['reason']) for x in r['rows']]"
	bp_expect c "all(x['saturation']['mpps']['median'] > 0 and 0 <= x['saturation']['loss_ratio']['median'] <= 1 \
		for x in r['rows'][:4])"
	# What this machine cannot know is not made up.
	bp_expect c "all(x[k] is None for x in r['rows'] for k in ('ndr', 'latency', 'accounting'))"
	bp_expect c "all(x['generator']['source'] == 'another box' for x in r['rows'][:4])"
	bp_expect c "(x := r['rows'][3])['cpu']['at_50'] is None and 'another box' in x['cpu']['why'] and \
		x['per_core']['mpps']['median'] > 0 and x['per_core']['ndr_mpps'] is None"
	grep -q 'another box sends' "$BP_TMP/compare.log" || fail "does not say who sends"
	kill $far
	wait $far
	bp_expect far "r['trial']['sent']['frames'] > 0"
	no_bridge || fail "the bridge is left behind"
	[ "$(state p0)" = "$before" ] || fail "p0 was: $before, is: $(state p0)"
	;;
refused)
	wires
	# Quiet control: what has no more than a link-local address is free.
	ip link set c0 up
	ip link set c1 up
	sysctl -qw net.ipv6.conf.p0.disable_ipv6=0 2>/dev/null
	bp_compare --quick --ports p0,p1 --paths ports-dpdk || fail "refuses free ports: $(cat "$BP_TMP/compare.log")"
	refuses()
	{
		bp_compare --quick --ports p0,p1 --gen-ports c0,c1
		[ $? -eq 2 ] || fail "$2: no refusal"
		grep -q "$1" "$BP_TMP/compare.log" || fail "$2: $(cat "$BP_TMP/compare.log")"
		! grep -q RATES "$BP_TMP/compare.log" || fail "$2: measures all the same"
	}
	ip addr add 192.0.2.1/24 dev p1
	refuses 'p1: it carries 192.0.2.1/24.*ip addr flush dev p1' "an IPv4 address"
	ip addr flush dev p1
	ip addr add 2001:db8::1/64 dev p0 nodad
	refuses 'p0: it carries 2001:db8::1/64' "an IPv6 address"
	ip addr flush dev p0
	if ip link add link p1 name m1 type macvlan 2>/dev/null; then
		ip addr add 192.0.2.1/24 dev m1
		refuses 'p1: m1, which lies on it, carries 192.0.2.1/24' "an address of a macvlan on it"
		ip link del m1
	fi
	ip link add br9 type bridge
	ip link set c1 master br9
	refuses 'c1 belongs to a bridge.*ip link set c1 nomaster' "a port of a bridge"
	ip link set c1 nomaster
	ip link set p0 down
	refuses 'p0 is down: ip link set p0 up' "a port that is down"
	ip link set p0 up
	for shared in p0,c1 c0,p1; do
		bp_compare --quick --ports p0,p1 --gen-ports $shared
		[ $? -eq 2 ] || fail "--gen-ports $shared: no refusal"
		grep -q "gen-ports: found '$shared'" "$BP_TMP/compare.log" || fail "$(cat "$BP_TMP/compare.log")"
	done
	if ip link property add dev p0 altname port-zero 2>/dev/null; then
		bp_compare --quick --ports p0,p1 --gen-ports port-zero,c1
		[ $? -eq 2 ] || fail "one interface by two names: no refusal"
		grep -q 'p0 and port-zero are one interface' "$BP_TMP/compare.log" || fail "$(cat "$BP_TMP/compare.log")"
	fi
	# Another box is counted by the kernel: of other ports only the loop cable can be measured.
	bp_compare --quick --ports 0000:00:1e.0,0000:00:1f.0 --paths ports-bridge
	grep -q 'gen-ports C,D' "$BP_TMP/compare.log" || fail "no loop cable: $(cat "$BP_TMP/compare.log")"
	! grep -q 'bypath gen --tx-port' "$BP_TMP/compare.log" || fail "another box for ports that nobody counts"
	;;
killed)
	wires
	ip link set c0 up
	ip link set c1 up
	before=$(state p0)
	for signal in KILL INT; do
		"$BYPATH" compare --ports p0,p1 --gen-ports c0,c1 --paths ports-bridge --sizes 64 --rounds 1 \
			--duration 5 >"$BP_TMP/compare.log" 2>&1 &
		compare=$!
		wait_for 10 has_bridge || fail "no bridge between the ports"
		kill -$signal $compare
		wait $compare 2>/dev/null
		wait_for 5 no_bridge || fail "SIG$signal: the bridge stays between the ports"
		wait_for 5 eval '! pgrep -x bypath' || fail "SIG$signal: a process stays"
		[ "$(state p0)" = "$before" ] || fail "SIG$signal: p0 was: $before, is: $(state p0)"
	done
	# The guard itself is killed: the bridge goes with the row all the same.
	"$BYPATH" compare --ports p0,p1 --gen-ports c0,c1 --paths ports-bridge --sizes 64 --rounds 1 --duration 5 \
		>"$BP_TMP/compare.log" 2>&1 &
	compare=$!
	wait_for 10 has_bridge || fail "no bridge between the ports"
	pkill -KILL -P $compare -f 'bypath compare' || fail "no guard"
	kill -INT $compare
	wait $compare
	no_bridge || fail "the bridge outlives its dead guard"
	# A bridge of that name that was there before is somebody's.
	# shellcheck disable=SC2016 # the other shell's
	sh -c 'ip link add bypath-$$ type bridge && exec "$@"' sh "$BYPATH" compare --quick --ports p0,p1 --gen-ports c0,c1 \
		--paths ports-bridge --json "$BP_TMP/c.json" >"$BP_TMP/compare.log" 2>&1 ||
		fail "compare ends with code $?"
	bp_expect c "r['rows'][0]['status'] == 'cannot-run' and 'did not make' in r['rows'][0]['reason']"
	! no_bridge || fail "deletes a bridge that it did not make"
	;;
esac
