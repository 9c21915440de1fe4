# What only the af_xdp driver does: modes and their fallback, queues, other programs, long packets.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: af_xdp.sh CASE [MODE]

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: af_xdp.sh CASE [MODE]}
bp_need_driver af_xdp

# pair LINE...: a.ini with af_xdp ports wan on w0 and lan on w1, both ways; the lines go into both.
pair()
{
	for port in "wan w0" "lan w1"; do
		printf '[port.%s]\ndriver = af_xdp\ndevice = %s\n' "${port% *}" "${port#* }"
		for line in "$@"; do
			echo "$line"
		done
	done | bp_ini a
	printf '[forward]\nwan = lan\nlan = wan\n' >>"$BP_TMP/a.ini"
}

# refused PATTERN [bypath run's options...]: it ends with 1, and the message matches.
refused()
{
	pattern=$1
	shift
	timeout -s KILL $((20 * BP_SLOW)) ip netns exec mid "$BYPATH" run "$BP_TMP/a.ini" \
		--duration 1 "$@" >"$BP_TMP/refused.log" 2>&1
	code=$?
	[ $code -eq 1 ] || fail "exit code $code instead of 1"
	grep -qE "$pattern" "$BP_TMP/refused.log" || fail "no message matches: $pattern"
	note "$(grep -m 1 -E "$pattern" "$BP_TMP/refused.log")"
}

# The programs of an interface, as the kernel lists them.
has_program()
{
	ip -n mid -d link show "$1" | grep -q 'prog/xdp'
}

case $CASE in
mixed)
	# One port in skb and one in native mode in one process: frames still pass unchanged.
	bp_lab mtu=1500
	bp_pair a af_xdp-skb w0 af_xdp-native w1
	bp_start a
	bp_wait_forwarding 20
	tcp_ok 128
	bp_stop a
	bp_expect a "port('wan')['mode'] == 'skb-copy'" "port('wan')"
	bp_expect a "port('lan')['mode'] == 'native-copy'" "port('lan')"
	bp_expect a "pkts('wan', 'lan') > 1000" "summary()"
	bp_expect a "copies('lan', 'wan') == 0" "summary()"
	! has_program w0 || fail "a program is left on w0"
	! has_program w1 || fail "a program is left on w1"
	;;
fallback)
	# veth has no zero-copy: without strict the next mode and a note, with strict a refusal.
	bp_lab mtu=1500
	pair "mode = zerocopy"
	bp_start a
	bp_wait_forwarding 20
	bp_stop a
	bp_expect a "port('wan')['mode'] == 'native-copy'" "port('wan')"
	bp_expect a "'zero-copy' in port('wan')['note']" "port('wan')"
	pair "mode = zerocopy" "strict = yes"
	refused 'port wan.*w0 has no zero-copy'
	;;
queues)
	# A receive queue without a socket would lose packets to the kernel: refused with the remedy.
	bp_lab mtu=1500 queues=4
	pair "queues = 1"
	refused 'w0 has 4 receive queues.*ethtool -L w0 rx 1.*queues = 4'
	pair "queues = 8"
	refused 'w0 has 4 receive and 4 transmit queues'
	pair "queues = 4" "mode = copy"
	bp_start a --set engine.workers=2
	bp_wait_forwarding 20
	tcp_ok 64 -P 8
	bp_stop a
	bp_expect a "sum(q['counted']['packets'] > 0 for q in port('wan')['rx_queues']) >= 2" \
		"port('wan')"
	in_mid ethtool -L w0 rx 2 tx 2 && in_mid ethtool -L w1 rx 2 tx 2 ||
		fail "cannot change the channels"
	pair "queues = 2"
	# Native XDP wants as many receive queues as the peer has transmit queues: skb takes over.
	bp_start a
	bp_wait_forwarding 20
	bp_stop a
	bp_expect a "port('wan')['mode'] == 'skb-copy'" "port('wan')"
	# Why tags are lost is told by the mode that runs, not by the one that was asked for.
	grep -q 'port wan: frames from VLAN.*mode = skb does not see it' "$BP_TMP/a.log" ||
		fail "the warning of tags names another reason"
	bp_expect a "'receive queues' in port('wan')['note']" "port('wan')"
	;;
fixed-queues)
	# A device that cannot change its queues: no word of `ethtool -L`, but of what works.
	preload=${BP_TOOLS:-build/test/functional/tools}/libfixed_queues.so
	[ -s "$preload" ] || skip "no preload: sanitizer builds do without it"
	printf '#!/bin/sh\nexec env LD_PRELOAD="%s" "%s" "$@"\n' "$preload" "$BYPATH" >"$BP_TMP/bypath"
	chmod +x "$BP_TMP/bypath"
	BYPATH=$BP_TMP/bypath
	bp_lab mtu=1500 queues=2
	pair "queues = 1"
	refused 'w0 has 2 receive queues.*veth cannot change that.*set queues = 2'
	pair "queues = 4"
	refused 'w0 has 2 receive and 2 transmit queues.*veth cannot change that.*queues = 2.*2 workers'
	! grep -q 'run `ethtool -L' "$BP_TMP/refused.log" || fail "it names what the device refuses"
	pair "queues = 2" "mode = copy"
	bp_start a
	bp_wait_forwarding 20
	bp_stop a
	;;
send-only)
	# A port that only sends attaches nothing, and leaves another's program alone.
	program=${BP_TOOLS:-build/test/functional/tools}/xdp_pass.bpf.o
	[ -s "$program" ] || skip "no foreign program: this build has no clang, bpftool or libbpf"
	bp_lab mtu=1500
	ip -n mid link set w0 xdpgeneric obj "$program" sec xdp || fail "cannot attach a program"
	printf '[port.src]\ndriver = null\ncount = 1000\n[port.wan]\ndriver = af_xdp\ndevice = w0\n[forward]\nsrc = wan\n' |
		bp_ini a
	all_sent()
	{
		[ "$(in_mid cat /sys/class/net/w0/statistics/tx_packets)" -ge 1000 ]
	}
	bp_start a
	wait_for 10 all_sent || fail "not all of 1000 packets leave"
	bp_stop a
	bp_expect a "sent_pkts('wan') == 1000" "summary()"
	has_program w0 || fail "the foreign program is gone"
	;;
second)
	# Two bypath processes on one interface: the second is refused, the first goes on.
	bp_lab mtu=1500
	pair "mode = copy"
	bp_start a
	bp_wait_forwarding 20
	refused 'w0 is held by process [0-9]+ '
	bp_wait_forwarding 5
	bp_stop a
	;;
busy-poll)
	bp_lab mtu=1500
	pair "mode = copy" "busy_poll_us = 20"
	bp_start a
	bp_wait_forwarding 20
	tcp_ok
	bp_stop a
	bp_expect a "counted('wan', 'rx', 'crossings') > 1000" "port('wan')"
	;;
too-long)
	# Super-frames of more views than a burst has: dropped by name, and nothing stands still.
	need iperf3
	bp_lab mtu=1500
	pair "mode = skb"
	bp_start a --set engine.burst=4
	bp_wait_forwarding 20
	# Ten segments at once to begin with: more than four frames. Then TCP goes on one by one.
	ip netns exec h2 iperf3 -s -1 --forceflush >"$BP_TMP/server.log" 2>&1 &
	wait_for 5 grep -q 'Server listening' "$BP_TMP/server.log" || fail "iperf3 does not start"
	timeout 5 ip netns exec h1 iperf3 -c 10.77.0.2 -t 1 >"$BP_TMP/client.log" 2>&1
	bp_wait_forwarding 5
	bp_stop a
	bp_expect a "drops_by_reason('wan').get('rx_truncated', 0) > 0" "summary()"
	note "$(bp_get a 'summary()')"
	;;
old-kernel)
	# Before Linux 6.6 a packet fits one frame: a larger MTU is refused with the way out; the rest
	# works, with the transmit budget of 32 that sendto() had then.
	preload=${BP_TOOLS:-build/test/functional/tools}/libold_kernel.so
	[ -s "$preload" ] || skip "no preload: sanitizer builds do without it"
	printf '#!/bin/sh\nexec env LD_PRELOAD="%s" "%s" "$@"\n' "$preload" "$BYPATH" >"$BP_TMP/bypath"
	chmod +x "$BP_TMP/bypath"
	BYPATH=$BP_TMP/bypath
	bp_lab mtu=3000
	pair "mode = copy" "busy_poll_us = 10"
	refused 'MTU 3000 is larger than the frame size.*MTU to 1778 or set .memory. frame_bytes = 4096' \
		--set memory.frame_bytes=2048
	bp_start a --set memory.frame_bytes=4096
	bp_wait_forwarding 20
	tcp_ok
	bp_stop a
	grep -q 'busy_poll_us = 10 has no effect' "$BP_TMP/a.log" || fail "no word of busy polling"
	bp_expect a "counted('lan', 'tx', 'packets') > 1000" "summary()"
	;;
large-mtu)
	# An MTU beyond what TX carries in one packet: said at the start, counted by name.
	bp_lab mtu=65535
	pair "mode = copy"
	bp_start a --set memory.frame_bytes=2048
	bp_wait_forwarding 20
	# Slowly: ping's own socket holds few replies of that size.
	in_h1 ping -q -c 3 -i 0.3 -W 2 -s 29000 10.77.0.2 >"$BP_TMP/ping.log" 2>&1
	grep -q ' 0% packet loss' "$BP_TMP/ping.log" || fail "29000 bytes: lost"
	in_h1 ping -q -c 3 -i 0.01 -W 1 -s 40000 10.77.0.2 >/dev/null 2>&1
	bp_stop a
	grep -q 'the MTU of w0 is 65535.*tx_too_long.*frame_bytes = 4096' "$BP_TMP/a.log" ||
		fail "no warning of the MTU"
	bp_expect a "drops_by_reason('lan').get('tx_too_long', 0) == 3" "summary()"
	;;
new-mtu)
	# An MTU that changes while it runs: the port starts again and carries what the new one allows. One
	# beyond a page can be set at all only while the program takes several buffers, or stands behind skbs.
	bp_lab mtu=1500
	pair "mode = ${2:-copy}"
	bp_start a
	bp_wait_forwarding 20
	for _mtu in 3000 9000; do
		for _end in "h1 e0" "mid w0" "h2 e0" "mid w1"; do
			ip -n "${_end% *}" link set "${_end#* }" mtu "$_mtu" ||
				fail "cannot set the MTU of $_end to $_mtu"
		done
		for _port in w0 w1; do
			wait_for 10 grep -q "the MTU of $_port was .* and is $_mtu now" "$BP_TMP/a.log" ||
				fail "no word of the MTU of $_port"
		done
		wait_for 10 bp_reaches h1 10.77.0.2 -M "do" -s $((_mtu - 100)) ||
			fail "$((_mtu - 100)) bytes do not pass"
	done
	bp_stop a
	# It started again; it was never away.
	! grep "is gone" "$BP_TMP/a.log" || fail "a device with a new MTU is said to be gone"
	bp_expect a "port('wan')['losses'] == 0" "port('wan')"
	case ${2:-copy} in
	skb) bp_expect a "port('wan')['mode'] == 'skb-copy'" "port('wan')" ;;
	*) bp_expect a "port('wan')['mode'] == 'native-copy'" "port('wan')" ;;
	esac
	bp_expect a "drops_by_reason('lan').get('tx_too_long', 0) == 0" "summary()"
	;;
*)
	fail "no such case: $CASE"
	;;
esac
