#!/bin/sh
# Driver kernel beside bare programs that redirect, and beside the kernel's bridge.
# SPDX-License-Identifier: BSD-3-Clause
#
# usage: BYPATH_BUILD_ROOT=build test/bench/kernel.sh [ROUNDS] [SECONDS]
#
# Frames by live XDP frames on core 0 (xdp) and by bypath gen over AF_PACKET (tc), counted at the far interface; TCP with
# default offloads by iperf3. Rounds are interleaved, every other one the other way round. A line per run, then the ratios of the
# rounds: median, and the interval that holds it with 95 % (test/bench/ratios.py).
. "$(dirname "$0")/../functional/lib.sh"
BP_HERE=$BP_SOURCE/test/functional

ROUNDS=${1:-9}
SECONDS_EACH=${2:-1.5}
TOOLS=${BYPATH_BUILD_ROOT:-build}/test/bench
need iperf3
bp_lab mtu=1500
for host in h1 h2; do
	ip netns exec $host ethtool -K e0 gro on >/dev/null 2>&1
done

received()
{
	in_h2 cat /sys/class/net/e0/statistics/rx_packets
}

begin()
{
	case $1 in
	bare-*)
		for _way in "w0 w1" "w1 w0"; do
			# shellcheck disable=SC2086 # words
			in_mid "$TOOLS/bare-redirect" $_way "${1#*-}" >>"$BP_TMP/bare.log" 2>&1 &
			PIDS="$PIDS $!"
		done
		;;
	kernel-* | af_packet-* | af_xdp-*)
		bp_pair a "$1" w0 "$1" w1
		bp_start a --quiet
		PIDS="$(bp_pid a)"
		;;
	bridge)
		ip -n mid link add br0 type bridge
		ip -n mid link set w0 master br0
		ip -n mid link set w1 master br0
		ip -n mid link set br0 up
		;;
	esac
	wait_for 10 in_h1 ping -c 1 -W 1 10.77.0.2 || fail "$1 does not forward"
}

end()
{
	for _pid in $PIDS; do
		kill -TERM "$_pid"
		wait "$_pid" 2>/dev/null
	done
	PIDS=
	ip -n mid link del br0 2>/dev/null
}

# frames NAME SIZE: frames per second that arrive.
frames()
{
	begin "$1"
	_before=$(received)
	case $1 in
	*-xdp | af_xdp-*) in_h1 "$TOOLS/veth-source" e0 "$SECONDS_EACH" "$2" 0 >"$BP_TMP/source.log" 2>&1 || fail "the source" ;;
	*) in_h1 taskset -c 0 "$BYPATH" gen --tx-port af_packet:e0 --duration "$SECONDS_EACH" --size $(($2 + 4)) --quiet \
		>"$BP_TMP/source.log" 2>&1 || fail "the source" ;;
	esac
	echo "$3 $1 $(($(received) - _before))"
	end
}

# tcp NAME STREAMS: bits per second that arrive.
tcp()
{
	begin "$1"
	in_h2 iperf3 -s -1 -D >/dev/null
	sleep 0.2
	_bits=$(in_h1 iperf3 -c 10.77.0.2 -t "${SECONDS_EACH%.*}" -P "$2" -J | "$BP_PYTHON" -c \
		'import json, sys; print(int(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"]))')
	echo "tcp-$2 $1 $_bits"
	end
}

# order NAME...: as they are in odd rounds, from the last to the first in even ones.
order()
{
	if [ $((round % 2)) -eq 1 ]; then
		echo "$@"
	else
		echo "$@" | awk '{ for (i = NF; i; i--) print $i }'
	fi
}

PIDS=
round=0
while [ $round -lt "$ROUNDS" ]; do
	round=$((round + 1))
	for name in $(order bare-xdp kernel-xdp af_xdp-native); do frames "$name" 60 xdp-64; done
	for name in $(order bare-tc kernel-tc); do frames "$name" 60 tc-64; done
	for name in $(order bare-tc kernel-tc); do frames "$name" 1514 tc-1514; done
	for name in $(order bridge kernel-tc); do tcp "$name" 1; done
	for name in $(order bridge kernel-tc); do tcp "$name" 4; done
done | tee "$BP_TMP/runs"
"$BP_PYTHON" "$(dirname "$0")/ratios.py" "$BP_TMP/runs" xdp-64:kernel-xdp:bare-xdp:0.97 \
	xdp-64:kernel-xdp:af_xdp-native:1.6 tc-64:kernel-tc:bare-tc:0.97 \
	tc-1514:kernel-tc:bare-tc:0.97 tcp-1:kernel-tc:bridge:1.0 tcp-4:kernel-tc:bridge:1.0
