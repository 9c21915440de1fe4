# Frames that xdp_live makes inside the kernel: decoded, counted to the packet, in time, ended at once.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
#   bypath gen [v0]═══[v1] tcpdump, or the same bypath gen

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ip tcpdump ethtool "$BP_PYTHON"
bp_need_driver xdp_live
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
ip link add v0 mtu 1500 type veth peer name v1 mtu 1500
ip link set v0 up
ip link set v1 up
ethtool -K v1 gro on >/dev/null 2>&1 || fail "ethtool -K v1 gro on"

# generate OPTION...: a run of what $BP_TMP/live.ini says, its report live.json.
generate()
{
	"$BYPATH" gen "$BP_TMP/live.ini" --quiet --json "$BP_TMP/live.json" "$@" \
		>"$BP_TMP/gen.log" 2>&1
	_rc=$?
	if grep -q 'no live frames' "$BP_TMP/gen.log"; then
		skip "no live frames in this kernel: they need Linux 5.18"
	fi
	return $_rc
}

bp_ini live <<'INI'
[port.out]
driver = xdp_live
device = v0
[gen]
tx = out
rate = 20kpps
count = 700
[stream.udp4]
size = imix
src = 10.1.0.1-10.1.0.20
[stream.udp6]
protocol = udp6
size = 84,1518
[stream.tcp4]
protocol = tcp4
size = 76,77
dport = 80-90
[stream.tcp6]
protocol = tcp6
size = 96
[stream.vlan4]
size = 68,1518
vlan = 100
[stream.vlan6]
protocol = tcp6
size = 100
vlan = 4094
[stream.eth]
protocol = eth
size = 64
INI

# Reads a capture by itself: sequence, time, check of each frame behind its known headers.
cat >"$BP_TMP/signatures.py" <<'PY'
import struct
import sys

HEADERS = [42, 62, 54, 74, 46, 78, 14]  # by stream
data = open(sys.argv[1], "rb").read()
at, seqs, times = 24, [[] for _ in HEADERS], [[] for _ in HEADERS]
runs, sizes = set(), {}
while at < len(data):
    _, _, kept, length = struct.unpack("<IIII", data[at:at + 16])
    frame = data[at + 16:at + 16 + kept]
    at += 16 + kept
    for header in sorted(set(HEADERS)):
        if frame[header:header + 2] == b"\xb9\xa5" and HEADERS[frame[header + 2] & 63] == header:
            break
    else:
        sys.exit(f"no signature: {frame.hex()}")
    signature = frame[header:header + 18]
    total = sum(struct.unpack(">9H", signature))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    if total != 0xffff:
        sys.exit(f"wrong check: {signature.hex()}")
    if any(frame[header + 18:]) or kept != length:
        sys.exit(f"payload not zeros, or cut: {frame.hex()}")
    seqs[signature[2]].append(int.from_bytes(signature[4:10], "big"))
    times[signature[2]].append(int.from_bytes(signature[10:16], "big"))
    runs.add(signature[3])
    sizes.setdefault(signature[2], []).append(length)
n_each = int(sys.argv[2])
if any(seq != list(range(n_each)) for seq in seqs):
    sys.exit(f"sequences: {seqs}")
if len(runs) != 1:
    sys.exit(f"several runs: {runs}")
# Between streams the receiver's GRO changes the order: it holds TCP frames for a moment.
if any(stream != sorted(stream) for stream in times):
    sys.exit("times go back within a stream")
times = sorted(sum(times, []))
begin, end = int(sys.argv[3]) % 2**48, int(sys.argv[4]) % 2**48
if not begin < times[0] <= times[-1] < end:
    sys.exit(f"times outside the trial: {begin} {times[0]} {times[-1]} {end}")
if [sizes[6].count(60), sizes[1].count(1514), sizes[1].count(80)] != [n_each, n_each // 2, n_each // 2]:
    sys.exit(f"sizes: {sizes}")
print(f"{sum(map(len, seqs))} signatures over {(times[-1] - times[0]) / 1e6:.1f} ms")
PY

monotonic_ns()
{
	"$BP_PYTHON" -c 'import time; print(time.monotonic_ns())'
}

frames_decode()
{
	rm -f "$BP_TMP/tcpdump-wire.log"
	tcpdump -i v1 -w "$BP_TMP/wire.pcap" -U -B 16384 -c 700 2>"$BP_TMP/tcpdump-wire.log" &
	dump=$!
	wait_for 5 grep -q listening "$BP_TMP/tcpdump-wire.log" || fail "tcpdump does not start"
	begin=$(monotonic_ns)
	# As fast as it goes: no turn of a schedule can be missed, whatever else this machine does.
	generate --set gen.rate=max || fail "bypath gen ends with code $?"
	end=$(monotonic_ns)
	wait_for 10 sh -c "! kill -0 $dump" || fail "tcpdump has not seen 700 packets"
	wait $dump
	bp_expect live 'r["trial"]["sent"]["frames"] == 700' 'r["trial"]'
	bp_expect live '[s["sent"] for s in r["streams"]] == [100] * 7' 'r["streams"]'
	tcpdump -r "$BP_TMP/wire.pcap" -nn -e -vvv >"$BP_TMP/wire.txt" 2>"$BP_TMP/tcpdump.log"
	for pair in 'udp sum ok:300' 'cksum 0x[0-9a-f]* (correct):300' 'vlan 4094,:100' \
		'0x88b5:100' '10\.1\.0\.7\.[0-9]* >:5'; do
		n=$(grep -c -- "${pair%:*}" "$BP_TMP/wire.txt")
		[ "$n" -eq "${pair##*:}" ] || fail "$n packets match '${pair%:*}', not ${pair##*:}"
	done
	if grep -E '[iI]ncorrect|bad (udp )?cksum|truncated-ip|bad-len' "$BP_TMP/wire.txt" >&2; then
		fail "tcpdump finds frames that are not right"
	fi
	"$BP_PYTHON" "$BP_TMP/signatures.py" "$BP_TMP/wire.pcap" 100 "$begin" "$end" \
		>"$BP_TMP/signatures.log" 2>&1 || fail "signatures are not right"
	note "decoded: $(cat "$BP_TMP/signatures.log")"
}

# Whatever the machine's load: used turns and missed ones are the schedule, at its rate.
rate_is_held()
{
	generate --rate 10kpps --duration 2 --set gen.count=0 --set port.in.driver=af_packet \
		--set port.in.device=v1 --set gen.rx=in || fail "bypath gen ends with code $?"
	bp_expect live 'r["trial"]["offered"]["frames"] + r["trial"]["missed"]["worker_late"] == 20000' \
		'r["trial"]'
	bp_expect live 'r["trial"]["sent"]["frames"] + r["trial"]["tx_dropped"] == \
		r["trial"]["offered"]["frames"]' 'r["trial"]'
	bp_expect live 'abs(20000 / r["trial"]["elapsed_s"] - 10000) <= 200' 'r["trial"]["elapsed_s"]'
	# Sent by the kernel's account; received by ours, or dropped where v1 says so.
	bp_expect live 'r["trial"]["received_once"]["frames"] + r["trial"]["lost"] == \
		r["trial"]["sent"]["frames"] > 100' 'r["trial"]'
	bp_expect live 'not any(r["trial"][k] for k in ("corrupt", "duplicate", "stale", "foreign"))' \
		'r["trial"]'
	# Its payload holds no pattern, and the report does not claim that it was checked.
	bp_expect live 'all(s["payload_unchecked"] == s["received"] for s in r["streams"])' 'r["streams"]'
	grep -q 'their payload was not checked' "$BP_TMP/gen.log" || fail "no word about the payload"
	note "10 kpps for 2 s: $(bp_get live '(r["trial"]["offered"]["frames"], \
		r["trial"]["missed"]["worker_late"], r["trial"]["lost"])') sent, missed, lost"
}

# Sleeps of the receiving thread of the process PID so far.
receiver_sleeps()
{
	for _task in /proc/"$1"/task/*; do
		[ "$(cat "$_task/comm" 2>/dev/null)" = bypath-gen-rx ] &&
			sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "$_task/status" 2>/dev/null
	done
}

sleeps_often()
{
	_sleeps=$(receiver_sleeps "$1")
	[ "${_sleeps:-0}" -ge 100 ]
}

# On one core the receiver sleeps between two looks: two threads that spin take turns of milliseconds.
receiver_is_guest()
{
	core=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
	before=$(v1_received)
	"$BYPATH" gen "$BP_TMP/live.ini" --quiet --rate 1kpps --duration 0 --set gen.count=0 \
		--set port.in.driver=af_packet --set port.in.device=v1 --set gen.rx=in --cores "$core" \
		--json "$BP_TMP/live.json" >"$BP_TMP/gen.log" 2>&1 &
	echo $! >"$BP_TMP/live.pid"
	wait_for 10 sleeps_often "$(bp_pid live)" || fail "the receiver does not sleep"
	wait_for 10 since 100 || fail "nothing is sent"
	kill -INT "$(bp_pid live)"
	wait "$(bp_pid live)" || fail "bypath gen ends with code $?"
	rm -f "$BP_TMP/live.pid"
	bp_expect live 'r["trial"]["received_once"]["frames"] > 0' 'r["trial"]'
	note "receiver and sender on core $core: $(grep -c 'by two threads' "$BP_TMP/gen.log") warning"
}

v1_received()
{
	awk '$1 == "v1:" { print $3 }' /proc/net/dev
}

# since PACKETS: v1 has received so many, or more, since $before.
since()
{
	[ $(($(v1_received) - before)) -ge "$1" ]
}

# What v1 received is what we say was sent: none more, none less.
count_is_exact()
{
	before=$(v1_received)
	generate --rate max --set gen.count=123457 || fail "bypath gen ends with code $?"
	bp_expect live 'r["trial"]["offered"]["frames"] == 123457' 'r["trial"]'
	sent=$(bp_get live 'r["trial"]["sent"]["frames"]')
	wait_for 5 since "$sent" || fail "$sent sent, but v1 has received $(($(v1_received) - before))"
	[ $(($(v1_received) - before)) -eq "$sent" ] || fail "v1 has received more than $sent"
	note "123457 asked, $sent sent and received"
}

no_program_left()
{
	! bpftool prog show 2>/dev/null | grep -q 'name bypath_live '
}

stops_at_once()
{
	for signal in INT TERM KILL; do
		rm -f "$BP_TMP/live.json" "$BP_TMP/gen.log"
		before=$(v1_received)
		"$BYPATH" gen "$BP_TMP/live.ini" --quiet --rate 50kpps --duration 0 \
			--set gen.count=0 --json "$BP_TMP/live.json" >"$BP_TMP/gen.log" 2>&1 &
		echo $! >"$BP_TMP/live.pid"
		wait_for 20 since 2000 || fail "nothing is sent"
		kill -$signal "$(bp_pid live)"
		wait_for 3 bp_gone live || fail "does not end after SIG$signal"
		wait "$(bp_pid live)"
		rc=$?
		rm -f "$BP_TMP/live.pid"
		[ $signal = KILL ] && [ $rc -eq 137 ] && continue
		[ $rc -eq 0 ] || fail "ends with code $rc after SIG$signal"
		bp_expect live 'r["trial"]["interrupted"] and r["trial"]["sent"]["frames"] > 1000' 'r["trial"]'
	done
	# The machine's other tests may have one of their own for a while.
	if command -v bpftool >/dev/null; then
		wait_for 20 no_program_left || fail "a program is left"
	fi
	note "SIGINT, SIGTERM, SIGKILL: ended, no program left"
}

refuses()
{
	printf '[port.a]\ndriver = xdp_live\ndevice = v0\n[port.b]\ndriver = null\n[forward]\nb = a\n' |
		bp_ini run
	"$BYPATH" run "$BP_TMP/run.ini" >"$BP_TMP/refusal.log" 2>&1
	[ $? -eq 2 ] || fail "bypath run takes an xdp_live port"
	grep -q 'only sends what bypath gen has it make' "$BP_TMP/refusal.log" || fail "no reason"
	"$BYPATH" gen --rx-port xdp_live:v0 >"$BP_TMP/refusal.log" 2>&1
	[ $? -eq 2 ] || fail "bypath gen receives on an xdp_live port"
	grep -q 'which only sends' "$BP_TMP/refusal.log" || fail "no reason"
	generate --set stream.udp4.size=1600 && fail "a frame of size 1600 is sent with an MTU of 1500"
	grep -q 'longer than v0 carries (1518 with FCS)' "$BP_TMP/gen.log" || fail "no reason"
	ethtool -K v1 gro off >/dev/null 2>&1
	generate --set gen.count=0 --rate max --duration 30 && fail "success without a receiver"
	grep -q 'ethtool -K PEER gro on' "$BP_TMP/gen.log" || fail "no remedy for a peer without GRO"
	bp_expect live 'r["trial"]["sent"]["frames"] == 0 and r["trial"]["elapsed_s"] < 20' 'r["trial"]'
	ethtool -K v1 gro on >/dev/null 2>&1
	note "refusals say why"
}

frames_decode
rate_is_held
receiver_is_guest
count_is_exact
stops_at_once
refuses
