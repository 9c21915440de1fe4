# A start that fails says why, and fails: few descriptors, EAL that ends the process, a second EAL, a peer
# that refuses.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

need prlimit
bp_lab
for driver in null af_packet-mmap af_xdp-skb; do
	case $driver in
	null) printf '[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\na = b\n' | bp_ini few ;;
	af_xdp-*) [ -z "$(bp_driver_missing af_xdp)" ] || continue ;;
	esac
	[ $driver = null ] || bp_pair few $driver w0 $driver w1 "[memory]" "frames = 4096"
	for n in 6 7 8 9 10 11 12 13 14 16 18 20 22 24; do
		in_mid prlimit --nofile=$n "$BYPATH" run "$BP_TMP/few.ini" --duration 0.01 >"$BP_TMP/few.log" 2>&1
		rc=$?
		[ $rc = 0 ] && break
		[ $rc -lt 3 ] || fail "$driver, $n descriptors: ends with $rc"
		[ -s "$BP_TMP/few.log" ] || fail "$driver, $n descriptors: ends without a word"
	done
	note "$driver: starts with $n descriptors, says why it does not with fewer"
done

[ -z "$(bp_driver_missing dpdk)" ] || exit 0

for help in -h --help -vh; do
	bp_eal_pair help net_null0 "no_huge = yes" "args = $help"
	in_mid "$BYPATH" run "$BP_TMP/help.ini" --duration 0.1 >"$BP_TMP/help.log" 2>&1
	rc=$?
	[ $rc = 1 ] || fail "args = $help: ends with $rc, not 1"
	grep -q 'ended the process instead of starting' "$BP_TMP/help.log" || fail "args = $help: not said"
done
note "EAL that ends the process: exit code 1, said"

# A server under one id, a client that asks for another.
bp_eal_pair server "net_memif0,role=server,id=0,socket=/run/m.sock,socket-abstract=no" "no_huge = yes"
bp_eal_pair client "net_memif0,role=client,id=1,socket=/run/m.sock,socket-abstract=no" "no_huge = yes"
bp_start server
wait_for 10 grep -q forwarding "$BP_TMP/server.log" || fail "the server does not start"
bp_start client
wait_for 10 grep -q 'port a: .* is gone' "$BP_TMP/client.log" || fail "the client does not miss its server"
# Several attempts: each takes 0.3 s.
sleep 1
bp_stop client
! grep -q 'is back' "$BP_TMP/client.log" || fail "a client that was never let in 'is back'"
[ "$(grep -c 'warning: .* is gone' "$BP_TMP/client.log")" = 1 ] || fail "one loss is told several times"
bp_expect client 'r["ports"][0]["link"] != "up"' 'r["ports"][0]'
sed -i 's/id=1/id=0/' "$BP_TMP/client.ini"
bp_start client
wait_for 10 grep -q 'port a: .* is up' "$BP_TMP/server.log" || fail "the right id is not let in"
bp_stop client
bp_stop server
note "a memif client with a wrong id is away, and said so once"

if bp_huge_reserve 60 && mkdir -p /dev/hugepages && mount -t hugetlbfs none /dev/hugepages; then
	bp_eal_pair one net_null0 "in_memory = no" "memory = 48"
	bp_start one
	wait_for 10 grep -q forwarding "$BP_TMP/one.log" || fail "EAL with files does not start"
	in_mid "$BYPATH" run "$BP_TMP/one.ini" --duration 0.1 >"$BP_TMP/two.log" 2>&1
	rc=$?
	[ $rc = 1 ] || fail "a second EAL of the same prefix: ends with $rc"
	grep -q Success "$BP_TMP/two.log" && fail "a second EAL of the same prefix: 'Success'"
	grep -q 'error: port a: DPDK.s EAL does not start: refused' "$BP_TMP/two.log" || fail "a second EAL: no clear error"
	bp_stop one
	note "a second EAL of the same prefix"
fi
