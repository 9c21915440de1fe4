# Ends of a loaded bypath: SIGINT, SIGTERM, kill -9, and what they leave behind.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: ends.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: ends.sh KIND}
case $KIND in
af_xdp-* | kernel-*) need bpftool ;;
esac
bp_lab mtu=1500
bp_pair a "$KIND" w0 "$KIND" w1

# More than a thousand frames arrived at h2 since $1.
loaded_since()
{
	[ "$(received_h2)" -gt $(($1 + 1000)) ]
}

received_h2()
{
	in_h2 cat /sys/class/net/e0/statistics/rx_packets
}

under_load()
{
	bp_start a
	bp_wait_forwarding 20
	flood h1 10.77.0.2 30
	from=$(received_h2)
	wait_for 10 loaded_since "$from" || fail "no load arrives at h2"
	programs=$(bp_programs_of a)
	case $KIND in
	af_xdp-* | kernel-*) [ -n "$programs" ] || fail "no program is attached" ;;
	esac
}

# Neither a program that a link attached, tcx's too, nor one at the ports' XDP hooks by any other way.
no_program()
{
	# shellcheck disable=SC2086 # words
	bp_programs_gone $programs || return 1
	for wire in w0 w1; do
		! ip -n mid -d link show $wire | grep -q 'prog/xdp' || return 1
	done
}

for signal in INT TERM; do
	under_load
	begin=$(date +%s%N)
	bp_stop a $signal
	ms=$((($(date +%s%N) - begin) / 1000000))
	kill $FLOOD
	wait $FLOOD 2>/dev/null
	# The drain is the product's; the rest of the end also has to get a core on a busy machine.
	[ $ms -lt $((4000 * BP_SLOW)) ] || fail "SIG$signal: ends after $ms ms"
	bp_expect a 'drain_ms < 1000 * '"$BP_SLOW" 'summary()'
	wait_for 2 no_program || fail "SIG$signal leaves a program"
	note "SIG$signal: ended after $ms ms, everything accounted for"
done

for round in 1 2 3; do
	under_load
	kill -KILL "$(bp_pid a)"
	bp_exit a 5
	code=$?
	kill $FLOOD
	wait $FLOOD 2>/dev/null
	[ $code -eq 137 ] || fail "kill -9: exit code $code"
	wait_for 2 no_program || fail "kill -9 leaves a program"
	note "kill -9, round $round: no program left of" $programs
done

# At once: no wait between the last kill and this start.
bp_start a
bp_wait_forwarding 20
tcp_ok
bp_stop a
