# `bypath gen` from begin to end: one process or two, signals, a late receiver, a capture, refusals.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ip tcpdump taskset "$BP_PYTHON"
sysctl -qw net.ipv6.conf.all.disable_ipv6=1
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up

# start NAME OPTION...: bypath gen in the background; its report is NAME.json.
start()
{
	_name=$1
	shift
	rm -f "$BP_TMP/$_name.json" "$BP_TMP/$_name.log"
	"$BYPATH" gen --json "$BP_TMP/$_name.json" "$@" >"$BP_TMP/$_name.log" 2>&1 &
	echo $! >"$BP_TMP/$_name.pid"
}

# ends NAME CODE: within 20 seconds.
ends()
{
	bp_exit "$1" 20
	_rc=$?
	[ $_rc -eq "$2" ] || fail "$1: ends with code $_rc, not $2"
}

# refused CODE PATTERN OPTION...: ends at once with this code and these words.
refused()
{
	_code=$1 _pattern=$2
	shift 2
	timeout 20 "$BYPATH" gen "$@" >"$BP_TMP/refused.log" 2>&1
	_rc=$?
	[ $_rc -eq "$_code" ] || fail "gen $*: code $_rc, not $_code"
	grep -q -- "$_pattern" "$BP_TMP/refused.log" || fail "gen $*: does not say '$_pattern'"
}

VETH="--tx-port af_packet:v0 --rx-port af_packet:v1"
# shellcheck disable=SC2086 # several words
{
	refused 2 'gen takes one FILE.ini, or' --quiet
	refused 2 'exclude each other' $VETH --tx-only --rx-only
	refused 2 'unrecognized option' $VETH --raet 5
	refused 2 'found '\''5'\'', allowed: max, or a number' $VETH --rate 5
	refused 2 'udp4 VLAN frames .* need 68' $VETH --vlan 5
	refused 2 'allowed: af_packet' --tx-port afpacket:v0
	refused 2 'does not apply: protocol = eth' $VETH --protocol eth --dport 5
	refused 2 'names no port for rx' --tx-port af_packet:v0 --rx-only
	refused 1 'longer than v0 carries (1518 with FCS)' $VETH --size 1519 --count 1
	refused 1 'nothere' --tx-port af_packet:nothere
	refused 2 'is not known' --tx-port null --rate 10%
}
note "refusals"

# A signal ends the sending; what was measured until then is there, and reconciles.
for signal in INT TERM; do
	# shellcheck disable=SC2086
	start one $VETH --rate 2kpps --duration 0 --interval 1
	wait_for 10 grep -q 'offered' "$BP_TMP/one.log" || fail "no line per second"
	kill -$signal "$(bp_pid one)"
	ends one 0
	bp_expect one 'r["trial"]["interrupted"]' 'r["trial"]'
	bp_expect one 'r["trial"]["sent"]["frames"] > 100' 'r["trial"]'
	bp_expect one 'r["trial"]["received"] + r["trial"]["lost"] == r["trial"]["sent"]["frames"]' 'r["trial"]'
	grep -q 'ended early: interrupted' "$BP_TMP/one.log" || fail "does not say that it was interrupted"
done
note "SIGINT, SIGTERM"

# Widths, whatever the figures.
awk '{ if (length($0) > 120) exit 1 }' "$BP_TMP/one.log" || fail "a line is longer than 120 columns"

# Two processes, the receiver late: it counts from the first frame that it sees.
start tx --tx-port af_packet:v0 --rate 2kpps --duration 0 --quiet
wait_for 10 grep -q sending "$BP_TMP/tx.log"
start rx --rx-port af_packet:v1 --duration 0 --interval 1
wait_for 10 grep -qE " received [0-9.]*[1-9]" "$BP_TMP/rx.log" || fail "the receiver sees nothing"
kill -INT "$(bp_pid tx)"
ends tx 0
kill -INT "$(bp_pid rx)"
ends rx 0
bp_expect rx 'not r["trial"]["loss_is_absolute"]' 'r["trial"]'
bp_expect rx 'r["trial"]["received"] > 100' 'r["trial"]'
bp_expect rx 'r["trial"]["received"] <= '"$(bp_get tx 'r["trial"]["sent"]["frames"]')" 'r["trial"]'
# What the kernel dropped for want of room, and nothing else, is missing.
bp_expect rx 'r["trial"]["lost"] == sum(d["value"] for p in r["ports"] for d in p["reported"] if d["is_drop"])' \
	'r["trial"]'
bp_expect rx 'r["trial"]["latency_ns"]["min"] > 0' 'r["trial"]'
note "two processes"

# One file for both sides; the sender begins anew while the receiver stays, until it has them all.
bp_ini both <<'INI'
[port.out]
driver = af_packet
device = v0
[port.in]
driver = af_packet
device = v1
[gen]
tx = out
rx = in
duration = 0
[stream.a]
size = 128
[stream.b]
protocol = tcp4
size = 100,1000
INI
start rx "$BP_TMP/both.ini" --rx-only --quiet --count 1000 --duration 20
wait_for 10 grep -q receiving "$BP_TMP/rx.log" || fail "the receiver does not start"
for _i in 1 2; do
	start tx "$BP_TMP/both.ini" --tx-only --quiet --rate 2kpps --count 500
	ends tx 0
done
bp_exit rx 30 || fail "rx: ends with code $?"
bp_expect rx 'r["trial"]["restarts"] == 1' 'r["trial"]'
bp_expect rx 'r["trial"]["received"] + r["trial"]["lost"] == 1000' 'r["trial"]'
bp_expect rx '[s["received"] + s["lost"] for s in r["streams"]] == [500, 500]' 'r["streams"]'
bp_expect rx 'r["trial"]["duplicate"] + r["trial"]["reordered"] + r["trial"]["corrupt"] == 0' 'r["trial"]'
note "a sender that begins anew"

# Foreign frames beside ours.
start rx --rx-port af_packet:v1 --count 100 --duration 20 --quiet
wait_for 10 grep -q receiving "$BP_TMP/rx.log" || fail "the receiver does not start"
ip addr add 10.9.9.1/24 dev v0
ping -c 3 -i 0.1 -W 0.1 10.9.9.2 >/dev/null 2>&1
start tx --tx-port af_packet:v0 --rate 1kpps --count 100 --quiet
ends tx 0
bp_exit rx 30 || fail "rx: ends with code $?"
ip addr del 10.9.9.1/24 dev v0
bp_expect rx 'r["trial"]["foreign"] >= 1' 'r["trial"]'
bp_expect rx 'r["trial"]["received"] == 100' 'r["trial"]'
note "foreign frames"

# A capture, replayed: what arrives is the file, byte by byte.
[ -n "$(bp_driver_missing pcap)" ] || {
	"$BYPATH" gen --tx-port pcap:"$BP_TMP/file.pcap" --set port.tx.mode=write --count 300 \
		--size imix --quiet >"$BP_TMP/file.log" 2>&1 || fail "cannot write a capture"
	for pace in "--pace recorded" "--pace max" "--rate 1kpps"; do
		tcpdump -i v1 -w "$BP_TMP/seen.pcap" -U -B 8192 -c 300 2>"$BP_TMP/tcpdump.log" &
		dump=$!
		wait_for 5 grep -q listening "$BP_TMP/tcpdump.log" || fail "tcpdump does not start"
		# shellcheck disable=SC2086
		start replay $VETH --replay "$BP_TMP/file.pcap" $pace --count 300 --quiet
		ends replay 0
		wait_for 5 sh -c "! kill -0 $dump" || fail "replay $pace: tcpdump has not seen 300 packets"
		for file in file seen; do
			tcpdump -r "$BP_TMP/$file.pcap" -t -nn -xx 2>/dev/null | cksum >"$BP_TMP/$file.sum"
		done
		cmp -s "$BP_TMP/file.sum" "$BP_TMP/seen.sum" || fail "replay $pace: not what the file holds"
		bp_expect replay 'r["trial"]["sent"]["frames"] == 300' 'r["trial"]'
		bp_expect replay 'r["trial"]["received"] == 300' 'r["trial"]'
	done
	note "replay"
}

# Somebody else on the generator's core: it says so.
taskset -c 0 timeout 10 sh -c 'while :; do :; done' &
busy=$!
# shellcheck disable=SC2086
start shared $VETH --cores 0 --rate 1kpps --duration 1 --quiet
ends shared 0
kill $busy
bp_expect shared 'r["trial"]["preempted"] > 0' 'r["trial"]'
bp_expect shared 'r["trial"]["off_core"]["share"] > 0.02' 'r["trial"]["off_core"]'
grep -q 'disturbed: a worker was off its core' "$BP_TMP/shared.log" || fail "no warning of a shared core"
note "a shared core"

# The receiver's interface vanishes: that trial fails, what was measured is there.
# shellcheck disable=SC2086
start one $VETH --rate 1kpps --duration 0 --interval 1
wait_for 10 grep -q 'offered' "$BP_TMP/one.log" || fail "no line per second"
ip link del v0
ends one 1
grep -q 'is gone: the trial ends here' "$BP_TMP/one.log" || fail "does not say which port is gone"
bp_expect one 'r["trial"]["interrupted"] and r["trial"]["sent"]["frames"] > 100' 'r["trial"]'
note "a port that vanishes"
