#!/bin/sh
# Time from exec to the first frame forwarded, and memory beyond the arena, per kernel backend.
# SPDX-License-Identifier: BSD-3-Clause
#
# usage: BYPATH_BUILD_ROOT=build test/bench/start.sh [ROUNDS]
#
# Two ports, one worker, the default configuration; rounds are interleaved. Milliseconds: median,
# lowest, highest. MiB: resident (Rss of smaps_rollup) without the mapping of the arena.
. "$(dirname "$0")/../functional/lib.sh"

BP_HERE=$BP_HERE/../functional # bp_get is there
ROUNDS=${1:-5}
START=${BYPATH_BUILD_ROOT:-build}/test/bench/bench-start
KINDS="af_packet-socket af_packet-mmap af_xdp-skb af_xdp-native"

# Resident KiB of a process, of which the arena: the largest mapping.
resident()
{
	awk '/^[0-9a-f]+-[0-9a-f]+ /{ next } /^Rss:/{ sum += $2; if ($2 > top) top = $2 }
		/^Private_Hugetlb:/{ huge += $2 } END { print sum, (huge ? 0 : top) }' "/proc/$1/smaps"
}

bp_lab
echo "# $(uname -r), $(nproc) cores; from exec to the first frame at the far side, $ROUNDS rounds"
_round=0
while [ "$_round" -lt "$ROUNDS" ]; do
	_round=$((_round + 1))
	for kind in $KINDS; do
		bp_pair "$kind" "$kind" w0 "$kind" w1
		"$START" h1 h2 e0 mid "$BYPATH" run "$BP_TMP/$kind.ini" --quiet \
			2>"$BP_TMP/$kind.log" >"$BP_TMP/$kind.out" || fail "$kind: nothing came through"
		tail -n 1 "$BP_TMP/$kind.out" >>"$BP_TMP/$kind.ms"
	done
done
printf '%-18s %9s %9s %9s %12s %12s\n' backend 'median ms' lowest highest 'rest MiB' 'arena MiB'
for kind in $KINDS; do
	bp_start "$kind"
	wait_for 10 in_h1 ping -c 1 -W 1 10.77.0.2 || fail "$kind: does not forward"
	# shellcheck disable=SC2046 # two fields
	set -- $(resident "$(pgrep -f "run $BP_TMP/$kind.ini" | head -n 1)")
	kill "$(bp_pid "$kind")"
	bp_exit "$kind" 5
	sort -n "$BP_TMP/$kind.ms" | awk -v kind="$kind" -v rss="$1" -v arena="$2" '
		{ v[NR] = $1 }
		END { printf "%-18s %9.1f %9.1f %9.1f %12.1f %12.1f\n", kind, v[int((NR + 1) / 2)],
			v[1], v[NR], (rss - arena) / 1024, arena / 1024 }'
done
