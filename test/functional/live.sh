# The live page of a running instance, in a browser, under real traffic: live.sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

command -v chromium >/dev/null || skip "no chromium: install it (./quickstart test does)"
bp_lab
bp_pair edge af_packet-mmap w0 af_packet-socket w1 "[engine]" "name = edge" "[metrics]" "listen = 127.0.0.1:9477" \
	"[function.slow]" "type = meter" "rate = 1mbps" "burst = 4k" "[function.f]" "type = macswap"
sed -i 's/^wan = lan/wan = slow, lan/' "$BP_TMP/edge.ini"
sed -i '/function.f/d; /type = macswap/d' "$BP_TMP/edge.ini"
bp_start edge
bp_wait_forwarding
bp_neighbours h1 10.77.0.2 h2

flood h1 10.77.0.2 600 200
timeout 150 ip netns exec mid "$BP_PYTHON" "$BP_HERE/live_page.py" "$BP_TMP" "$BYPATH" $FLOOD "$(bp_pid edge)" \
	>"$BP_TMP/live.log" 2>&1 || fail "$(cat "$BP_TMP/live.log")"
note "$(cat "$BP_TMP/live.log")"
