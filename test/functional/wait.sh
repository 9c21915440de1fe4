# [engine] wait: a run waits for devices that are not there yet.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ip
bp_lab
bp_neighbours h1 10.77.0.2 h2
bp_pair a af_packet-mmap w0 af_packet-mmap w1 "[engine]" "wait = 300s"
ip -n h1 link del e0
ip -n h2 link del e0

said()
{
	grep -q "$1" "$BP_TMP/a.log"
}

# One after the other.
bp_start a
wait_for 5 said 'waiting up to 300 s for w0 (port wan), w1 (port lan) (\[engine\] wait)' || fail "it does not wait"
# Who asks for a reload meanwhile has it when it forwards.
kill -HUP "$(bp_pid a)"
bp_wire h2 w1 10.77.0.2/24
bp_wire h1 w0 10.77.0.1/24
bp_neighbours h1 10.77.0.2 h2
bp_wait_forwarding 20
said 'all devices are there, after' || fail "$(cat "$BP_TMP/a.log")"
wait_for 5 said 'reload: nothing to change' || fail "a SIGHUP while it waits is forgotten: $(cat "$BP_TMP/a.log")"
bp_stop a
bp_start a
bp_wait_forwarding 20
said waiting && fail "everything is there, and it waits"
bp_stop a
note "devices that come later"

# A signal ends it at once, as it was asked to.
ip -n h2 link del e0
for signal in TERM INT; do
	bp_start a
	wait_for 5 said 'waiting up to 300 s for w1 (port lan)' || fail "it does not wait"
	kill -HUP "$(bp_pid a)"
	kill -USR1 "$(bp_pid a)"
	kill -$signal "$(bp_pid a)"
	bp_exit a 5 || fail "SIG$signal: ends with code $?"
	said "SIG$signal: ends while it waits for w1 (port lan)" || fail "SIG$signal: $(cat "$BP_TMP/a.log")"
done
# Its time is over; without a time it is an error at once; a PCI address.
in_mid "$BYPATH" run "$BP_TMP/a.ini" --set engine.wait=0.3 >"$BP_TMP/a.log" 2>&1
[ $? = 1 ] || fail "not there after 0.3 s: code $?"
said 'error: not there after 0.3 s (\[engine\] wait): w1 (port lan): see' || fail "$(cat "$BP_TMP/a.log")"
in_mid "$BYPATH" run "$BP_TMP/a.ini" --set engine.wait=0 >"$BP_TMP/a.log" 2>&1 && fail "without w1 it runs"
said waiting && fail "wait = 0 waits"
if [ -z "$(bp_driver_missing dpdk)" ]; then
	bp_eal_pair pci 0000:fe:1f.7
	in_mid "$BYPATH" run "$BP_TMP/pci.ini" --set engine.wait=0.3s >"$BP_TMP/a.log" 2>&1 && fail "without the NIC it runs"
	said 'not there after 0.3 s (\[engine\] wait): 0000:fe:1f.7 (port a): see' || fail "$(cat "$BP_TMP/a.log")"
fi
for text in -1 30m s 1e3; do
	"$BYPATH" check "$BP_TMP/a.ini" --offline --set "engine.wait=$text" 2>"$BP_TMP/check.err" && fail "wait = $text is allowed"
	grep -q "wait: found '$text', allowed: seconds" "$BP_TMP/check.err" || fail "$(cat "$BP_TMP/check.err")"
done
note "signals, a time that is over, a PCI device, what is no time"
