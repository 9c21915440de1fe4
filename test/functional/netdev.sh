# What the program asks the kernel about interfaces, against what ip and ethtool say of the same ones.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# netdev.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ethtool
ASK=$BP_TOOLS/netdev

# is KEY VALUE: a line of the facts last asked for.
is()
{
	grep -qx -e "$1 $2" "$BP_TMP/facts" || fail "not '$1 $2': $(cat "$BP_TMP/facts")"
}

facts()
{
	"$ASK" facts "$@" >"$BP_TMP/facts" || fail "facts $*: $(cat "$BP_TMP/facts")"
}

# feature FEATURE: 1 or 0, as ethtool has it.
feature()
{
	ethtool -k n0 | grep -q "^[[:space:]]*$1: on" && echo 1 || echo 0
}

case_facts()
{
	ip link add n0 mtu 1400 numtxqueues 3 numrxqueues 2 type veth peer name n1
	ip link property add dev n0 altname other
	for up in 0 1; do
		[ $up = 0 ] || ip link set n0 up
		for tso in off on; do
			ethtool -K n0 tso $tso >/dev/null 2>&1
			facts n0
			index=$(ip -o link show n0 | cut -d: -f1)
			is index "$index"
			is name n0
			is mtu 1400
			is up $up
			is driver veth
			is features "0 $(feature tx-scatter-gather) $(feature tx-tcp-segmentation) $(feature rx-vlan-offload) 0"
			is channels '2 3'
			is at '0 n0'
			is all '0 n0'
			grep -q "^look 0 $index n0 [a-z_]* 1$" "$BP_TMP/facts" || fail "look: $(cat "$BP_TMP/facts")"
		done
	done
	facts other # by its other name
	is index "$index"
	is name n0
	is mtu 1400
	note "index, name, MTU, state, driver, features, queues: as ip and ethtool say"
	ip link set n1 mtu 1000 up
	"$BP_PYTHON" -c 'import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("n0", 0))
try: s.send(bytes(1400))
except OSError: pass # it was dropped'
	wait_for 5 sh -c '! ip -s -j link show n0 | grep -q "\"tx\":{[^}]*\"dropped\":0"' || fail "nothing is dropped"
	dropped=$(ip -s -j link show n0 | "$BP_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[0]["stats64"]["tx"]["dropped"])')
	for name in n0 other; do
		got=$("$ASK" dropped $name)
		[ "$got" = "$dropped" ] || fail "the drops of $name: $got, not $dropped"
	done
	note "drops, by either name"
	ip link add fifteen-bytes-x type veth peer name n2
	for name in no-such-thing fifteen-bytes-xy ''; do
		facts "$name"
		is index -19
		is mtu -19
		is driver ''
		is features '-19 0 0 0 0'
		grep -q '^look -19 ' "$BP_TMP/facts" || fail "look at '$name'"
	done
	note "what is no name is not cut to one"
	ip netns add elsewhere
	facts n0 /run/netns/elsewhere
	is index "$index"
	is mtu 1400
	is at '0 n0'
	is of-the-moment -19
	note "a descriptor asks in its own network namespace"
	"$ASK" full n0 >"$BP_TMP/facts"
	is index -24
	is look -24
	is link 1
	note "without a descriptor nothing is called missing"
}

# A change of one feature, others as they were; what is fixed says so.
case_features()
{
	ip link add n0 type veth peer name n1
	for on in 0 1 0; do
		ethtool -k n0 | grep -v '^rx-vlan-offload' >"$BP_TMP/before"
		[ "$("$ASK" set n0 rx-vlan-hw-parse $on)" = 0 ] || fail "rx-vlan-offload does not become $on"
		[ "$(feature rx-vlan-offload)" = $on ] || fail "ethtool: rx-vlan-offload is not $on"
		ethtool -k n0 | grep -v '^rx-vlan-offload' | cmp -s - "$BP_TMP/before" || fail "another feature changed"
	done
	ethtool -k n0 | grep -q 'rx-fcs: off \[fixed\]' || skip "rx-fcs is not fixed here"
	[ "$("$ASK" set n0 rx-fcs 1)" = -95 ] || fail "a fixed feature is not refused"
	[ "$("$ASK" set n0 no-such-feature 1)" = -95 ] || fail "a feature that there is not is not refused"
	[ "$("$ASK" set n9 rx-fcs 1)" = -19 ] || fail "an interface that there is not is not refused"
}

# A message of the kernel about one interface of more than 32 KiB: 260 alternative names.
case_long()
{
	[ -z "$(bp_driver_missing af_xdp)" ] || skip "no af_xdp"
	bp_lab
	bp_pair pair af_xdp-skb w0 af_xdp-skb w1
	pad=$(printf '%0118d' 0)
	for i in $(seq 260); do
		echo "link property add dev w0 altname a$i-$pad"
	done | ip -n mid -batch - || skip "no alternative names"
	in_mid "$ASK" facts w0 >"$BP_TMP/facts"
	is at '0 w0'
	is all '0 w0'
	in_mid "$BYPATH" check "$BP_TMP/pair.ini" >"$BP_TMP/out.log" 2>&1 || fail "check of the quiet lab"
	ip -n mid addr add 10.77.0.9/24 dev w0
	in_mid "$BYPATH" check "$BP_TMP/pair.ini" >"$BP_TMP/out.log" 2>&1
	got=$?
	[ $got -eq 2 ] && grep -q 'take_host = yes' "$BP_TMP/out.log" ||
		fail "the host's interface is not recognised any more: check ends with $got"
}

"case_$1"
