# SIGHUP, SIGUSR1, nohup; standard descriptors that are closed.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

# Nothing on the network.
ip netns add mid || fail "ip netns add mid"
bp_null_pair rings "rate_pps = 1000"

lines()
{
	grep -c "$2" "$BP_TMP/$1.log"
}

bp_start rings
wait_for 5 grep -q forwarding "$BP_TMP/rings.log" || fail "rings: does not start"
kill -HUP "$(bp_pid rings)"
wait_for 5 grep -q 'SIGHUP: reads .* again' "$BP_TMP/rings.log" || fail "SIGHUP is not logged"
kill -USR1 "$(bp_pid rings)"
wait_for 5 grep -q '^CONSERVATION' "$BP_TMP/rings.log" || fail "SIGUSR1 prints no report to the log"
wait_for 5 [ -s "$BP_TMP/rings.json" ] || fail "SIGUSR1 writes no file of --report"
bp_expect rings "not r['run']['final'] and r['workers'][0]['counted']['busy_ns'] > 0"
bp_alive rings || fail "a signal that asks for no end has ended it"
bp_stop rings
bp_expect rings "r['run']['final']"
[ "$(lines rings '^CONSERVATION')" = 2 ] || fail "not one report for SIGUSR1 and one at the end"
note "SIGHUP reloads, SIGUSR1 reports, SIGTERM ends"

# Ignored at the start: stays ignored, without a word.
rm -f "$BP_TMP/rings.json" "$BP_TMP/rings.log" # else the line waited for stands in the last one
(
	trap '' HUP
	exec ip netns exec mid "$BYPATH" run "$BP_TMP/rings.ini" --report "$BP_TMP/rings.json" \
		>"$BP_TMP/rings.log" 2>&1
) &
echo $! >"$BP_TMP/rings.pid"
wait_for 5 grep -q forwarding "$BP_TMP/rings.log" || fail "rings: does not start under nohup"
kill -HUP "$(bp_pid rings)"
kill -USR1 "$(bp_pid rings)"
wait_for 5 grep -q '^CONSERVATION' "$BP_TMP/rings.log" || fail "SIGUSR1 prints no report under nohup"
bp_stop rings
[ "$(lines rings SIGHUP)" = 0 ] || fail "SIGHUP was ignored at the start, and is taken"
note "nohup: SIGHUP stays ignored"

# The first file that is opened takes the lowest descriptor: it must not be one that is printed to.
bp_need_driver pcap
cat >"$BP_TMP/write.ini" <<EOF
[port.a]
driver = null
count = 100
[port.b]
driver = pcap
mode = write
device = $BP_TMP/out.pcap
[forward]
a = b
EOF
captured()
{
	tcpdump -nr "$BP_TMP/out.pcap" 2>"$BP_TMP/tcpdump.log" | grep -c "^[0-9]"
}
has_all()
{
	[ "$(captured)" -ge 100 ]
}
for closed in '<&- >&- 2>&-' '>&-' '2>&-' '>&- 2>&-'; do
	rm -f "$BP_TMP/out.pcap"
	eval "\"\$BYPATH\" run \"\$BP_TMP/write.ini\" $closed &"
	_run=$!
	wait_for 10 has_all || fail "with $closed the capture holds $(captured) packets of 100"
	kill -TERM $_run
	# What is printed goes nowhere, and that is no failure of the capture's.
	wait $_run
	n=$(captured)
	[ "$n" = 100 ] || fail "with $closed the capture holds $n packets of 100"
done
note "standard descriptors closed: the capture holds its packets and nothing else"
