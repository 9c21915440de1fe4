# af_packet's receive ring: each size that `check` takes works, and a jumbo MTU leaves it its slots.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

# slots: of the receive ring on w0, as the kernel tells.
slots()
{
	in_mid ss --packet --extended --numeric |
		grep -A 2 ":w0 " | sed -n 's/.*ring_rx(.*frm_nr:\([0-9]*\).*/\1/p' | head -n 1
}

case ${1-} in
bounds)
	bp_lab mtu=1500
	for n in 8 65536; do
		{ bp_port wan af_packet-mmap w0; echo "ring_size = $n"
			bp_port lan af_packet-mmap w1; echo "ring_size = $n"
			printf '[forward]\nwan = lan\nlan = wan\n'; } | bp_ini a
		in_mid "$BYPATH" check "$BP_TMP/a.ini" >"$BP_TMP/check.log" 2>&1 ||
			fail "check refuses ring_size = $n"
		bp_start a
		bp_wait_forwarding 20
		bp_stop a
	done
	;;
jumbo)
	need ss
	bp_lab mtu=9000
	bp_pair a af_packet-mmap w0 af_packet-mmap w1
	bp_start a
	bp_wait_forwarding 20
	got=$(slots)
	bp_stop a
	[ -n "$got" ] || skip "ss of this machine does not tell the sizes of rings"
	[ "$got" -ge 1024 ] || fail "a receive ring of $got slots at MTU 9000"
	;;
*)
	fail "no such case: ${1-}"
	;;
esac
