# Crossings are true: the calls that the report counts are those that the kernel saw of the worker.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: crossings.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: crossings.sh KIND}
WITNESS=${BP_TOOLS:-build/test/functional/tools}/calls
[ -x "$WITNESS" ] || skip "no witness: this build has no clang, bpftool or libbpf"
bp_lab mtu=1500
bp_pair a "$KIND" w0 "$KIND" w1

"$WITNESS" >"$BP_TMP/witness.json" 2>"$BP_TMP/witness.log" &
witness=$!
wait_for 10 grep -qE 'ready|SKIP' "$BP_TMP/witness.json" || fail "the witness does not start"
! grep SKIP "$BP_TMP/witness.json" || skip "the kernel refuses a raw tracepoint"

bp_start a
bp_wait_forwarding 20
in_h1 ping -q -c 100 -i 0.005 10.77.0.2 >/dev/null
tcp_ok
# Frames that the kernel drops cost calls of their own: h2's end takes shorter ones only.
ip -n h2 link set e0 mtu 1000
flood h1 10.77.0.2 20000x 1200
long=$FLOOD
flood h1 10.77.0.2 20000x 100
wait "$long" "$FLOOD"
bp_stop a
bp_expect a "drops_by_reason().get('tx_kernel_drop', 0) > 100" "summary()"
kill $witness
wait $witness
sed -i '/^ready$/d' "$BP_TMP/witness.json"
"$BP_PYTHON" "$BP_HERE/crossings.py" "$BP_TMP/witness.json" "$BP_TMP/a.json" ||
	fail "the report's crossings are not the kernel's"
