# As many ports as a file may have: each has packet memory and sends what it receives; more than DPDK has room for are
# refused by name.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

N=62

#   x0 ═ [w0] p0 → p1 [w1] ═ x1,  x1 ═ [w1] p1 → p2 [w2] ═ x2,  …: veth pairs
i=0
while [ $i -lt $N ]; do
	ip link add w$i type veth peer name x$i && ip link set w$i up && ip link set x$i up || fail "cannot make veth pair $i"
	i=$((i + 1))
done
{
	printf '[memory]\nframes = 16384\nhugepages = no\n'
	i=0
	while [ $i -lt $N ]; do
		printf '[port.p%d]\ndriver = af_packet\ndevice = w%d\nring_size = 64\n' $i $i
		i=$((i + 1))
	done
	echo '[forward]'
	i=0
	while [ $i -lt $N ]; do
		echo "p$i = p$(((i + 1) % N))"
		i=$((i + 1))
	done
} >"$BP_TMP/all.ini"
"$BYPATH" check "$BP_TMP/all.ini" || fail "check refuses $N ports"
"$BYPATH" run "$BP_TMP/all.ini" --report "$BP_TMP/all.json" >"$BP_TMP/all.log" 2>&1 &
pid=$!
wait_for 20 grep -q forwarding "$BP_TMP/all.log" || fail "$N ports do not start"
"$BP_PYTHON" - $N <<-'END' || fail "frames do not come through"
	import socket, sys
	n = int(sys.argv[1])
	ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5)) for _ in range(n)]
	for i, s in enumerate(ends):
	    s.bind((f"x{i}", 0x88b5))
	    s.settimeout(10)
	for i in range(n):
	    frame = b"\xff" * 6 + bytes([2, 0, 0, 0, 0, i]) + b"\x88\xb5" + bytes([i]) * 50
	    ends[i].send(frame)
	    while True: # what this end sent is not heard here
	        got, where = ends[(i + 1) % n].recvfrom(2048)
	        if where[2] != socket.PACKET_OUTGOING:
	            break
	    assert got == frame, (i, got.hex())
END
kill -TERM $pid && wait $pid || fail "the run ends with $?"
"$BP_PYTHON" - "$BP_TMP/all.json" $N <<-'END' || fail "the report is wrong"
	import json, sys
	r = json.load(open(sys.argv[1]))
	assert len(r["ports"]) == int(sys.argv[2]), len(r["ports"])
	for p in r["ports"]:
	    for way in ("rx_queues", "tx_queues"):
	        assert sum(q["counted"]["packets"] for q in p[way]) >= 1, p["name"]
END
note "$N ports: every one sends what the one before it received"

[ -z "$(bp_driver_missing dpdk)" ] || exit 0
{
	printf '[memory]\nframes = 4096\nhugepages = no\n[dpdk]\nno_huge = yes\nmemory = 600\n[port.sink]\ndriver = null\n'
	i=0
	while [ $i -lt $((N - 1)) ]; do
		printf '[port.d%d]\ndriver = dpdk\ndevice = net_null%d\n' $i $i
		i=$((i + 1))
	done
	echo '[forward]'
	i=0
	while [ $i -lt $((N - 1)) ]; do
		echo "d$i = sink"
		i=$((i + 1))
	done
} >"$BP_TMP/dpdk.ini"
"$BYPATH" run "$BP_TMP/dpdk.ini" --duration 0.1 >"$BP_TMP/dpdk.log" 2>&1
rc=$?
[ $rc != 0 ] || skip "this DPDK was built for more than $((N - 1)) ports"
[ $rc = 1 ] || fail "$((N - 1)) dpdk ports end with $rc, not 1"
grep -q 'error: port d[0-9]*: .*: this DPDK was built for [0-9]* ports at most' "$BP_TMP/dpdk.log" || fail "not said"
note "more ports than DPDK has room for: refused, said"
