# No counter falls while an instance runs, whatever reloads change: counters.sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
#   far: gen [e0]═══[w0] mid: bypath [w1]═══[e1]   and e2═══w2

# shellcheck source=test/functional/lib.sh
. "${0%/*}/lib.sh"

need ip ethtool "$BP_PYTHON"
bp_need_driver af_xdp
id=c$(date +%s%N | tail -c 10)

for ns in mid far; do
	ip netns add $ns || fail "ip netns add $ns"
	bp_quiet $ns
done
for i in 0 1 2; do
	ip -n far link add e$i address 02:00:00:00:00:0$i type veth peer name w$i netns mid || fail "cannot make a veth pair"
	# As reload.sh has it: what an XDP program leaves in its queue when it goes is not lost then.
	ip netns exec mid ethtool -K w$i gro on >/dev/null 2>&1 || fail "ethtool -K w$i gro on"
	ip netns exec far ethtool -K e$i gro on >/dev/null 2>&1 || fail "ethtool -K e$i gro on"
	ip -n mid link set w$i up
	ip -n far link set e$i up
done
# Many flows, so that each of several queues has some; and a few that a filter drops.
bp_ini gen <<INI
[port.out]
driver = af_packet
device = e0
[port.in]
driver = af_packet
device = e1
[gen]
tx = out
rx = in
settle = 1
[stream.udp]
size = 64
src = 10.0.0.1-10.0.0.250
sport = 1000-1016
dport = 2000-2008
INI
printf 'drop udp dst port 2003\npass\n' >"$BP_TMP/some.rules"

"$BP_PYTHON" "$BP_HERE/counters.py" file "$id" "$BP_TMP" 0 || fail "no file"
bp_start run
wait_for 10 grep -q forwarding "$BP_TMP/run.log" || fail "does not start"
ip netns exec far "$BYPATH" gen "$BP_TMP/gen.ini" --quiet --rate 3kpps --duration 0 --json "$BP_TMP/gen.json" >"$BP_TMP/gen.log" 2>&1 &
echo $! >"$BP_TMP/gen.pid"
ip netns exec far "$BP_PYTHON" "$BP_HERE/counters.py" send e1 >"$BP_TMP/back.log" 2>&1 &
back=$!
wait_for 10 grep -q sending "$BP_TMP/gen.log" || fail "the generator does not start"
timeout 60 ip netns exec mid "$BP_PYTHON" "$BP_HERE/counters.py" reloads "$id" "$BP_TMP" "$BYPATH" >"$BP_TMP/try.log" 2>&1 ||
	fail "$(cat "$BP_TMP/try.log")"
note "$(tail -n 1 "$BP_TMP/try.log")"
{
	kill $back
	wait $back
} 2>/dev/null
kill -INT "$(bp_pid gen)"
bp_exit gen 60 || fail "bypath gen ends with code $?"
bp_expect gen 'r["trial"]["received"] > 1000 and not r["trial"]["corrupt"]' 'r["trial"]'
timeout 60 ip netns exec mid "$BP_PYTHON" "$BP_HERE/counters.py" rest "$id" "$BP_TMP" "$BYPATH" >"$BP_TMP/try.log" 2>&1 ||
	fail "$(cat "$BP_TMP/try.log")"
note "$(tail -n 1 "$BP_TMP/try.log")"
bp_stop run
"$BP_PYTHON" "$BP_HERE/counters.py" report "$id" "$BP_TMP" >"$BP_TMP/try.log" 2>&1 || fail "$(cat "$BP_TMP/try.log")"
note "$(tail -n 1 "$BP_TMP/try.log")"
