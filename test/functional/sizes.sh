# Frames of every length, 9000 bytes included, arrive unchanged or are dropped under a name.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: sizes.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: sizes.sh KIND}
bp_lab mtu=9000
bp_pair a "$KIND" w0 "$KIND" w1

bp_start a
bp_wait_forwarding 20
# Payloads whose frames are 43 … 9014 bytes long, around every border that some driver has. ping
# compares the payload that comes back with the pattern it sent.
for payload in 1 17 18 21 22 23 86 214 470 982 1472 1473 1496 1750 1751 2006 2007 3798 3799 3840 \
	3841 4054 4055 4056 5000 7894 8972; do
	in_h1 ping -c 3 -i 0.01 -w 10 -M 'do' -p 5aa5c3 -s $payload 10.77.0.2 >"$BP_TMP/ping.log" 2>&1 ||
		fail "payload of $payload bytes: lost"
	! grep -q 'wrong data' "$BP_TMP/ping.log" || fail "payload of $payload bytes: changed"
done
tcp_ok
http_ok 8
bp_stop a
bp_expect a "dropped == 0" "summary()"
note "43 … 9014 bytes pass: $(bp_get a 'summary()')"

# The far side takes 1500 at most: what is longer is consumed under a name, the rest passes.
ip -n mid link set w1 mtu 1500
ip -n h2 link set e0 mtu 1500
bp_start a
bp_wait_forwarding 20
in_h1 ping -q -c 20 -i 0.01 -W 1 -M 'do' -s 8972 10.77.0.2 >/dev/null 2>&1
in_h1 ping -q -c 20 -i 0.01 -w 10 -s 1000 10.77.0.2 >"$BP_TMP/ping.log" 2>&1 ||
	fail "short packets suffer from long ones"
bp_stop a
bp_expect a "drops_by_reason().get('tx_too_long', 0) >= 20" "summary()"
note "jumbo through a port that cannot: $(bp_get a 'drops_by_reason()')"
