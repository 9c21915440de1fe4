#!/bin/sh
# A port changes its driver under load: what is lost, how long its device is away, how long the workers stand still.
# SPDX-License-Identifier: BSD-3-Clause
#
#   BYPATH=… BYPATH_BUILD_ROOT=… test/bench/reload.sh [ROUNDS=5] [RATE=100kpps] [KIND… | largest]
#
# largest: nothing changes in a file of 62 ports, 60 of them with 8 queues, and 30 functions; ten reloads a round.
# Frames are numbered and checked by `bypath gen` at both ends of two veth pairs; wan goes through the KINDs one after
# another. The test it stands on fails where a frame is lost, doubled or out of order that the generator's own socket had
# room for.

set -u
rounds=${1:-5} rate=${2:-100kpps}
[ $# -lt 2 ] || shift 2
[ $# -gt 0 ] || set -- af_xdp-native af_packet-mmap af_xdp-skb af_packet-mmap
here=$(cd "$(dirname "$0")" && pwd)
case $1 in
largest) set -- largest 10 ;;
*) set -- drivers "$@" ;;
esac
if [ "$1" = largest ]; then
	while [ "$rounds" -gt 0 ]; do
		rounds=$((rounds - 1))
		RELOAD_RATE=$rate sh "$here/../functional/reload.sh" "$@" 2>&1 | grep -E '^# .*largest|^FAIL'
	done
	exit
fi
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	RELOAD_RATE=$rate sh "$here/../functional/reload.sh" "$@" 2>&1 | grep -E '^# |^FAIL'
done | awk '
	/stood still/ {
		kind = $2
		match($0, /in [0-9.]+ ms/)
		took[kind] = took[kind] " " substr($0, RSTART + 3, RLENGTH - 6)
		match($0, /for [0-9.]+ ms/)
		pause[kind] = pause[kind] " " substr($0, RSTART + 4, RLENGTH - 7)
		next
	}
	/ was away for / {
		match($0, /for [0-9.]+ ms/)
		away[$2] = away[$2] " " substr($0, RSTART + 4, RLENGTH - 7)
	}
	/ lost by name/ { # "wan is KIND: … came to wan, … went on, N lost by name"
		match($0, /[0-9]+ lost by name/)
		lost[$4] = lost[$4] " " substr($0, RSTART, RLENGTH - 13)
	}
	{ print }
	function spread(list, v, n, i, k, t) {
		n = split(list, v, " ")
		for (i = 2; i <= n; i++)
			for (k = i; k > 1 && v[k - 1] + 0 > v[k] + 0; k--) {
				t = v[k]; v[k] = v[k - 1]; v[k - 1] = t
			}
		return sprintf("%.1f (%.1f-%.1f)", v[int((n + 1) / 2)], v[1], v[n])
	}
	END {
		for (kind in took)
			printf "%-18s took ms %s, workers stood still ms %s, away ms %s, packets lost by name %s, %d reloads\n", kind,
				spread(took[kind]), spread(pause[kind]), kind in away ? spread(away[kind]) : "0",
				spread(lost[kind]), split(took[kind], ignored, " ")
	}'
