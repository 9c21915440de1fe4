# dpdk-testpmd as the generator, txonly then flowgen: its own account of what it sent, and of what came
# back, agrees with bypath's.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
#   testpmd port 0 ═memif═ wan a: bypath run lan ═memif═ port 1 of the same testpmd

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need dpdk-testpmd ip mkfifo stdbuf
bp_need_driver dpdk
ip netns add mid || fail "ip netns add mid"
bp_quiet mid
LAST=$(($(nproc) - 1))
RINGS=2048 # slots of the two rings towards testpmd: 1024 each

{
	printf '[engine]\ncores = %s\n' "$LAST"
	bp_dpdk_section
	for i in 0 1; do
		printf '[port.p%s]\ndriver = dpdk\n' $i
		printf 'device = "net_memif%s,role=client,socket=/run/t/m%s,socket-abstract=no"\n' $i $i
	done
	printf '[forward]\np0 = p1\np1 = p0\n'
} | bp_ini a

# pmd WORD...: a command to testpmd's console.
pmd()
{
	echo "$*" >&3
}

# total NAME: testpmd's figure over all ports, from start to stop.
total()
{
	awk -v name="$1:" '/Accumulated forward statistics/ { seen = 1 }
		seen { for (i = 1; i < NF; i++) if ($i == name) { print $(i + 1); exit } }' \
		"$BP_TMP/testpmd.log"
}

# bypath has received all that testpmd has sent.
has_all()
{
	bp_tells a "^  received $(echo "$sent" | sed -E ':a; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; ta') "
}

# The last line of testpmd's account is there.
stopped()
{
	[ -n "$(total TX-total)" ]
}

drive()
{
	mkfifo "$BP_TMP/console"
	# An interactive testpmd: it starts and stops when it is told, and reads no terminal.
	ip netns exec mid stdbuf -oL dpdk-testpmd --lcores='0@0,1@0' --no-huge --no-shconf -m 64 --no-pci \
		--no-telemetry --vdev=net_memif0,role=server,socket=/run/t/m0,socket-abstract=no \
		--vdev=net_memif1,role=server,socket=/run/t/m1,socket-abstract=no \
		-- -i --forward-mode="$1" --total-num-mbufs=4096 \
		<"$BP_TMP/console" >"$BP_TMP/testpmd.log" 2>&1 &
	testpmd=$!
	exec 3>"$BP_TMP/console"
	wait_for 20 grep -q 'testpmd>' "$BP_TMP/testpmd.log" || fail "testpmd does not start"
	bp_start a --quiet
	for p in p0 p1; do
		wait_for 10 bp_tells a "^  $p .* up " || fail "bypath does not start"
	done
	pmd start
	wait_for 10 bp_tells a '^  p0 +rx 0 +0 +[0-9]+,[0-9]+,' || fail "$1: no traffic"
	pmd stop
	wait_for 10 stopped || fail "testpmd does not stop"
	sent=$(total TX-packets) came=$(total RX-packets)
	wait_for 10 has_all || fail "$1: of $sent frames some are on their way for ever"
	bp_stop a
	pmd quit
	exec 3>&-
	wait $testpmd || fail "testpmd ends with code $?"
	rm "$BP_TMP/console"
	[ "$sent" -gt 1000 ] || fail "$1: testpmd sent only '$sent' frames"
	# What testpmd put on its rings is what bypath received, to the frame.
	bp_expect a "received == $sent" "summary()"
	note "$1: $sent frames sent by testpmd, all received; $came came back"
}

drive txonly
drive flowgen
# flowgen receives as well: whatever bypath sent came back, but for what lay on the rings at its stop.
bp_expect a "0 <= sent - $came <= $RINGS" "summary()"
[ "$came" -gt 1000 ] || fail "flowgen: only $came frames came back"
