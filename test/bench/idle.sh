#!/bin/sh
# Wake latency and idle CPU per driver: the table of docs/idle.md.
# SPDX-License-Identifier: BSD-3-Clause
#
# usage: BYPATH_BUILD_ROOT=build test/bench/idle.sh [PACKETS] [IDLE_SECONDS] [ROUNDS] [PATTERN]
#
# PATTERN: only the paths whose name it matches (grep). Lines of one round, in interleaved rounds; the
# row 'bare' is the least forwarder there can be: poll(), recv(), send() on the worker's core.
. "$(dirname "$0")/../functional/lib.sh"

PACKETS=${1:-300}
IDLE_SECONDS=${2:-3}
ROUNDS=${3:-3}
PATTERN=${4:-.}
BARE=${BYPATH_BUILD_ROOT:-build}/test/bench/bench-bare
WAKE=${BYPATH_BUILD_ROOT:-build}/test/bench/bench-wake

# Nanoseconds of CPU that all threads of a process have used.
cpu_ns()
{
	cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { print sum }'
}

# row LABEL IDLE PORT-LINES: one line of the table.
row()
{
	_label=$1 _idle=$2
	echo "$_label" | grep -q "$PATTERN" || return 0
	{
		printf '[engine]\nworkers = 1\nidle = %s\n' "$_idle"
		printf '[port.wan]\ndevice = w0\n%s\n' "$3"
		printf '[port.lan]\ndevice = w1\n%s\n' "$3"
		printf '[forward]\nwan = lan\nlan = wan\n'
		case $3 in *"driver = dpdk"*) bp_dpdk_section ;; esac
	} | sed "${4:-}" >"$BP_TMP/idle.ini"
	bp_start idle
	if ! wait_for 10 in_h1 ping -c 1 -W 1 10.77.0.2 || ! bp_alive idle; then
		printf '%-24s %-9s does not forward here: %s\n' "$_label" "$_idle" \
			"$(grep -m 1 error "$BP_TMP/idle.log")"
		kill "$(bp_pid idle)" 2>/dev/null
		rm -f "$BP_TMP/idle.pid"
		return
	fi
	sleep 1
	_pid=$(pgrep -f "run $BP_TMP/idle.ini" | head -n 1)
	_before=$(cpu_ns "$_pid")
	sleep "$IDLE_SECONDS"
	_after=$(cpu_ns "$_pid")
	_share=$(awk -v a="$_before" -v b="$_after" -v s="$IDLE_SECONDS" \
		'BEGIN { printf "%.2f", (b - a) / s / 1e7 }')
	_wake=$("$WAKE" h1 h2 e0 "$PACKETS" 20000 0)
	# shellcheck disable=SC2086 # fields
	set -- $_wake
	printf '%-24s %-9s %6s %% %6s %5s %9s %9s %9s\n' "$_label" "$_idle" "$_share" "$@"
	kill "$(bp_pid idle)"
	bp_exit idle 5
}

# The row that only the machine is to blame for.
bare()
{
	echo bare | grep -q "$PATTERN" || return 0
	"$BARE" mid w0 w1 $(($(nproc) - 1)) 2>"$BP_TMP/bare.log" &
	_bare=$!
	sleep 0.5
	# shellcheck disable=SC2046,SC2183 # five fields
	printf '%-24s %-9s %8s %6s %5s %9s %9s %9s\n' bare sleeps - $("$WAKE" h1 h2 e0 "$PACKETS" 20000 0)
	kill $_bare
	wait $_bare 2>/dev/null
}

bp_lab
echo "# $(uname -r), $(nproc) cores; 64-byte frames 10–30 ms apart, $PACKETS a row, idle CPU over $IDLE_SECONDS s"
printf '%-24s %-9s %8s %6s %5s %9s %9s %9s\n' path idle 'CPU' got lost 'p50 µs' 'p99 µs' 'max µs'
_round=0
while [ "$_round" -lt "$ROUNDS" ]; do
	_round=$((_round + 1))
	bare
	for idle in busy adaptive; do
		row 'af_packet socket' $idle 'driver = af_packet
mode = socket'
		row 'af_packet mmap' $idle 'driver = af_packet
mode = mmap'
		row 'af_xdp skb' $idle 'driver = af_xdp
mode = skb'
		row 'af_xdp native' $idle 'driver = af_xdp
mode = copy'
		row 'pcap live' $idle 'driver = pcap
mode = live'
		row 'dpdk net_af_packet' $idle 'driver = dpdk' \
			's/device = \(w[01]\)/device = net_af_packet_\1,iface=\1/'
	done
done
