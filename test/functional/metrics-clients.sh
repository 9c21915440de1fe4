# Clients of [metrics] that lack manners, and a machine that lacks descriptors: metrics-clients.sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

ip netns add mid || fail "ip netns add mid"
ip -n mid link set lo up
# Many ports: an event is long, so that who takes nothing is soon seen.
{
	printf '[engine]\nname = many\n[metrics]\nlisten = 127.0.0.1:9477\n[memory]\nhugepages = no\n[forward]\n'
	i=0
	while [ $i -lt 30 ]; do
		echo "a$i = b$i"
		i=$((i + 1))
	done
	i=0
	while [ $i -lt 30 ]; do
		printf '[port.a%d]\ndriver = null\nrate_pps = 100\n[port.b%d]\ndriver = null\n' $i $i
		i=$((i + 1))
	done
} >"$BP_TMP/many.ini"
bp_start many
wait_for 10 grep -q forwarding "$BP_TMP/many.log" || fail "does not start"
for case in slow events stalled many few; do
	timeout 100 ip netns exec mid "$BP_PYTHON" "$BP_HERE/metrics_clients.py" "$(bp_pid many)" $case >"$BP_TMP/try.log" 2>&1 ||
		fail "$case: $(cat "$BP_TMP/try.log")"
	note "$(cat "$BP_TMP/try.log")"
done
# With listeners open it ends at once.
ip netns exec mid "$BP_PYTHON" "$BP_HERE/metrics_clients.py" "$(bp_pid many)" held >"$BP_TMP/held.log" 2>&1 &
wait_for 10 grep -q listening "$BP_TMP/held.log" || fail "nobody listens: $(cat "$BP_TMP/held.log")"
bp_stop many
wait_for 10 grep -q ended "$BP_TMP/held.log" || fail "the stream does not end: $(cat "$BP_TMP/held.log")"
