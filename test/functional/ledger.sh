# The ledger's model asks the device: one without scatter-gather costs a copy, one with it does not.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ethtool
# A device that is neither veth nor tap, whose copies depend on it.
ip link add d0 type bridge 2>/dev/null || skip "this kernel makes no bridges"
printf '%s\n' '[port.a]' 'driver = null' '[port.b]' 'driver = dpdk' \
	'device = net_af_packet0,iface=d0' '[forward]' 'a = b' >"$BP_TMP/l.ini"

kernel_copies()
{
	"$BYPATH" explain "$BP_TMP/l.ini" --json >"$BP_TMP/explain.json" 2>"$BP_TMP/explain.log" ||
		fail "explain ends with code $?"
	bp_get explain "(m := r['paths'][0]['modelled']['kernel_copies'])['lo'], m['hi']"
}

for state in on off on; do
	ethtool -K d0 sg "$state" >/dev/null 2>&1 || skip "d0's scatter-gather cannot be switched $state"
	want="(0, 0)"
	[ "$state" = on ] || want="(1, 1)"
	got=$(kernel_copies)
	[ "$got" = "$want" ] || fail "scatter-gather $state: kernel copies $got instead of $want"
done
