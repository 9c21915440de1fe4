# Checksums and super-frames left over within tunnels: each frame that comes out is exact.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: tunnels.sh IN-KIND OUT-KIND [macswap]
#
#   tap t0 [IN-KIND] bypath [OUT-KIND] w1═══[e0] h2
#
# A tap hands over what is written into it with its metadata, as a host's veth does, whatever tunnels this
# kernel knows. What must come out is computed without bypath. A real kernel's tunnels: test/vm tunnels.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/functional/transfer.sh
. "$BP_HERE/transfer.sh"

IN=${1:?usage: tunnels.sh IN-KIND OUT-KIND [macswap]}
OUT=${2:?usage: tunnels.sh IN-KIND OUT-KIND [macswap]}
FUNCTION=${3-}

# What can be told of frames from such a port.
what=partial,sctp
! has_meta "$IN" || what=$what,any-port
case $IN in
af_packet-* | pcap-live) what=$what,super ;;
esac

bp_lab pairs=1
mkfifo "$BP_TMP/go"
ip netns exec mid "$BP_PYTHON" "$BP_HERE/tunnels.py" send t0 "$what" <"$BP_TMP/go" >"$BP_TMP/send.log" 2>&1 &
exec 9>"$BP_TMP/go"
wait_for 5 grep -q ready "$BP_TMP/send.log" || fail "no tap"
in_mid sysctl -qw net.ipv6.conf.t0.disable_ipv6=1
ip -n mid link set t0 up

bp_pair a "$IN" t0 "$OUT" w1
if [ -n "$FUNCTION" ]; then
	sed -i "s/^wan = lan/wan = f, lan/" "$BP_TMP/a.ini"
	printf '[function.f]\ntype = %s\n' "$FUNCTION" >>"$BP_TMP/a.ini"
fi
bp_start a --quiet
wait_for 10 grep -q forwarding "$BP_TMP/a.log" || fail "bypath does not start"
ip netns exec h2 "$BP_PYTHON" "$BP_HERE/tunnels.py" receive e0 "$what" ${FUNCTION:+swapped} >"$BP_TMP/came.log" 2>&1 &
_receiver=$!
wait_for 10 grep -q ready "$BP_TMP/came.log" || fail "no receiver"
echo go >&9
wait $_receiver || fail "the receiver fails"
tail -n 1 "$BP_TMP/came.log" >"$BP_TMP/came.json"
bp_stop a
note "$(cat "$BP_TMP/came.json")"
note "$(bp_get a 'summary()')"
bp_expect came "r['good'] == r['wanted'] == r['came'] and not r['fault']" "r['fault']"
bp_expect a "unaccounted == 0 and not drops_by_reason()" "drops_by_reason()"
case $what in
*super*) bp_expect a "counted('lan', 'tx', 'gso_packets') > 0" ;;
*) bp_expect a "counted('lan', 'tx', 'gso_packets') == 0" ;;
esac
exit 0
