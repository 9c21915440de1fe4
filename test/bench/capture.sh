#!/bin/sh
# Forwarding rate of af_xdp while a capture looks on, or who asks, beside none.
# SPDX-License-Identifier: BSD-3-Clause
#
# usage: BYPATH_BUILD_ROOT=build test/bench/capture.sh [ROUNDS] [FRAME_BYTES] [NAME...]
#
# NAME: none; nothing (a capture that matches no packet); all (one that writes every packet into memory); watched (no capture:
# [metrics] asked and every table of the control socket shown once a second, `show --watch` on a terminal). The source is
# on core 0, the forwarder's worker on core 1, both veth pairs in native mode; the capture has what they leave. Rounds are
# interleaved. A line per run: NAME PPS (all the time) PPS CPU-NS-PER-PACKET QUIET-WINDOWS (quiet_rate.py)
# PACKETS-WRITTEN-PER-SECOND PACKETS-LOST.
. "$(dirname "$0")/../functional/lib.sh"

ROUNDS=${1:-5}
FRAME_BYTES=${2:-64}
[ $# -lt 2 ] || shift
[ $# -lt 1 ] || shift
NAMES=${*:-none nothing all}
SOURCE=${BYPATH_BUILD_ROOT:-build}/test/bench/veth-source
SECONDS_LONG=3

bp_lab mtu=1500
ip netns exec h2 sleep 100000 &
RECEIVER=$!

came()
{
	in_h2 cat /sys/class/net/e0/statistics/rx_packets
}

# watch: asks a running instance once a second, by HTTP and by its socket, and draws it, until its processes are killed.
watch()
{
	script -qfc "stty rows 24 columns 80; exec '$BYPATH' show --watch a" /dev/null >"$BP_TMP/screen" 2>&1 </dev/null &
	_watchers=$!
	(
		while :; do
			"$BYPATH" show all a --json >"$BP_TMP/all.json"
			"$BP_PYTHON" -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
n = 0
while part := s.recv(65536):
    n += len(part)
assert n > 1000' "$BP_TMP/metrics.sock" || echo "no metrics" >"$BP_TMP/watch.failed"
			sleep 1
		done
	) &
	_watchers="$_watchers $!"
	wait_for 10 [ -s "$BP_TMP/all.json" ] || fail "cannot be asked"
}

# measure NAME [FILTER]
measure()
{
	_looker='' _watchers=''
	{
		printf '[engine]\ncores = 1\nidle = busy\n'
		for _port in "wan w0" "lan w1"; do
			printf '[port.%s]\ndriver = af_xdp\ndevice = %s\nmode = copy\nstrict = yes\nchecksum = off\n' \
				"${_port% *}" "${_port#* }"
		done
		[ "$1" != watched ] || printf '[metrics]\nlisten = unix:%s\n' "$BP_TMP/metrics.sock"
		printf '[forward]\nwan = lan\nlan = wan\n'
	} | bp_ini a
	nice -n -20 ip netns exec mid "$BYPATH" run "$BP_TMP/a.ini" --quiet >"$BP_TMP/a.log" 2>&1 &
	_forwarder=$!
	wait_for 10 in_h1 ping -c 1 -W 1 10.77.0.2 || fail "bypath does not forward"
	if [ "$1" = watched ]; then
		watch
	elif [ "$1" != none ]; then
		nice -n -20 "$BYPATH" capture wan rx ${2:+"$2"} -w "$BP_TMP/looker.pcapng" 2>"$BP_TMP/looker.log" &
		_looker=$!
		wait_for 10 grep -q 'capturing at' "$BP_TMP/looker.log" || fail "no capture"
	fi
	nice -n -20 ip netns exec h1 "$SOURCE" e0 $SECONDS_LONG "$FRAME_BYTES" 0 >"$BP_TMP/source.log" 2>&1 &
	_source=$!
	sleep 0.5
	_from="$(came) $(date +%s%N)"
	_rate=$(nice -n -20 "$BP_PYTHON" "$(dirname "$0")/quiet_rate.py" 2 $_forwarder $_source $RECEIVER)
	_rate="$(echo "$_from $(came) $(date +%s%N)" | awk '{ printf "%d", ($3 - $1) * 1e9 / ($4 - $2) }') $_rate"
	wait $_source
	_written="- -"
	if [ -n "$_looker" ]; then
		kill -TERM $_looker
		wait $_looker || fail "the capture ends with code $?"
		_written=$(awk -v s=$SECONDS_LONG '/packets written/ { print int($2 / s), $5 }' "$BP_TMP/looker.log")
		rm -f "$BP_TMP/looker.pcapng"
	fi
	if [ -n "$_watchers" ]; then
		# shellcheck disable=SC2086 # words
		kill $_watchers
		[ ! -e "$BP_TMP/watch.failed" ] || fail "$(cat "$BP_TMP/watch.failed")"
		grep -q 'wan' "$BP_TMP/screen" || fail "nothing is drawn"
	fi
	echo "$1 $_rate $_written"
	kill -TERM $_forwarder
	wait $_forwarder 2>/dev/null
}

_round=0
while [ $_round -lt "$ROUNDS" ]; do
	for name in $NAMES; do
		case $name in
		none | all | watched) measure "$name" ;;
		nothing) measure "$name" 'ether[12:2] = 0x0bad' ;;
		*) fail "no such case: $name" ;;
		esac
	done
	_round=$((_round + 1))
done
