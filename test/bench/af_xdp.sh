#!/bin/sh
# Forwarding rate of af_xdp beside dpdk-testpmd on net_af_xdp.
# SPDX-License-Identifier: BSD-3-Clause
#
# usage: BYPATH_BUILD_ROOT=build test/bench/af_xdp.sh [ROUNDS] [FRAME_BYTES] [NAME...]
#
# The source is on core 0, the forwarder's worker on core 1, both veth pairs in native mode. Rounds are
# interleaved. A line per run: NAME PPS CPU-NS-PER-PACKET QUIET-WINDOWS.
. "$(dirname "$0")/../functional/lib.sh"

ROUNDS=${1:-5}
FRAME_BYTES=${2:-64}
[ $# -lt 2 ] || shift
[ $# -lt 1 ] || shift
NAMES=${*:-bypath bypath-busy-poll testpmd testpmd-no-busy-poll}
SOURCE=${BYPATH_BUILD_ROOT:-build}/test/bench/veth-source

bp_lab mtu=1500
ip netns exec h2 sleep 100000 &
RECEIVER=$!

# measure NAME FORWARDER: under load; the forwarder is stopped afterwards.
measure()
{
	nice -n -20 ip netns exec h1 "$SOURCE" e0 3 "$FRAME_BYTES" 0 >"$BP_TMP/source.log" 2>&1 &
	_source=$!
	sleep 0.5
	echo "$1 $(nice -n -20 "$BP_PYTHON" "$(dirname "$0")/quiet_rate.py" 2 "$2" $_source $RECEIVER)"
	wait $_source
	kill -TERM "$2"
	wait "$2" 2>/dev/null
}

# bypath NAME [PORT-LINE]
bypath()
{
	{
		printf '[engine]\ncores = 1\nidle = busy\n'
		for _port in "wan w0" "lan w1"; do
			printf '[port.%s]\ndriver = af_xdp\ndevice = %s\nmode = copy\nstrict = yes\nchecksum = off\n%s\n' \
				"${_port% *}" "${_port#* }" "${2:-}"
		done
		printf '[forward]\nwan = lan\nlan = wan\n'
	} | bp_ini a
	nice -n -20 ip netns exec mid "$BYPATH" run "$BP_TMP/a.ini" --quiet >"$BP_TMP/a.log" 2>&1 &
	_forwarder=$!
	wait_for 10 in_h1 ping -c 1 -W 1 10.77.0.2 || fail "bypath does not forward"
	measure "$1" $_forwarder
}

# testpmd NAME [DEVICE-ARGUMENTS]: ordinary pages, bursts of 64 as bypath has them.
testpmd()
{
	nice -n -20 ip netns exec mid dpdk-testpmd -l 0,1 --no-huge -m 256 --no-pci \
		--vdev "net_af_xdp0,iface=w0${2:-}" --vdev "net_af_xdp1,iface=w1${2:-}" -- \
		--forward-mode=io --nb-cores=1 --burst=64 --rxd=2048 --txd=2048 \
		--total-num-mbufs=32768 --no-lsc-interrupt --stats-period 1 \
		</dev/null >"$BP_TMP/testpmd.log" 2>&1 &
	_forwarder=$!
	wait_for 10 in_h1 ping -c 1 -W 1 10.77.0.2 || fail "testpmd does not forward"
	measure "$1" $_forwarder
}

need dpdk-testpmd
_round=0
while [ $_round -lt "$ROUNDS" ]; do
	for name in $NAMES; do
		case $name in
		bypath) bypath "$name" ;;
		bypath-ring-*) bypath "$name" "ring_size = ${name##*-}" ;;
		bypath-busy-poll) bypath "$name" "busy_poll_us = 20" ;;
		testpmd) testpmd "$name" ;;
		testpmd-no-busy-poll) testpmd "$name" ",busy_budget=0" ;;
		*) fail "no such forwarder: $name" ;;
		esac
	done
	_round=$((_round + 1))
done
