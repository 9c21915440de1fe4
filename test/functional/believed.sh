# What a generator may believe: frames that somebody sent, rates that were asked for, time that was spent sending.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

ip link add v0 type veth peer name v1
for d in v0 v1; do
	sysctl -qw net.ipv6.conf.$d.disable_ipv6=1 2>/dev/null
	ip link set $d up
done
VETH="--tx-port af_packet:v0 --rx-port af_packet:v1"

# gen NAME CODE OPTION...: NAME.log, NAME.json.
gen()
{
	_run=$1 _code=$2
	shift 2
	"$BYPATH" gen "$@" --quiet --json "$BP_TMP/$_run.json" >"$BP_TMP/$_run.log" 2>&1
	_is=$?
	[ $_is = "$_code" ] || fail "gen $*: code $_is instead of $_code"
}

says()
{
	grep -q -- "$2" "$BP_TMP/$1.log" || fail "$1 does not say '$2'"
}

sent_by_v0()
{
	sed -n 's/^ *v0: *//p' /proc/net/dev | awk '{ print $10 }'
}

# Whatever a port makes by itself, nobody has sent.
gen invents 2 --tx-port af_packet:v0 --rx-port null --count 100
says invents 'a null port, which makes its frames by itself'
note "a receiver that invents"

# A port that makes frames writes every byte of them: none of what another port had received before.
[ -n "$(bp_driver_missing pcap)" ] || {
	"$BP_PYTHON" - "$BP_TMP/secret.pcap" <<-'END'
		import struct, sys
		frame = bytes([2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 9, 8, 8, 0]) + b"SECRET" * 80
		with open(sys.argv[1], "wb") as out:
		    out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
		    for i in range(64):
		        out.write(struct.pack("<IIII", 0, i, len(frame), len(frame)) + frame)
	END
	cat >"$BP_TMP/leak.ini" <<-END
		[port.in]
		driver = pcap
		device = $BP_TMP/secret.pcap
		mode = read
		pace = max
		loop = yes
		[port.sink]
		driver = null
		[port.source]
		driver = null
		frame_bytes = 200
		count = 2000
		rate_pps = 10000
		[port.out]
		driver = pcap
		device = $BP_TMP/out.pcap
		mode = write
		[forward]
		in = sink
		source = out
	END
	"$BYPATH" run "$BP_TMP/leak.ini" --duration 0.6 --report "$BP_TMP/leak.json" >"$BP_TMP/leak.log" 2>&1 ||
		fail "run ends with code $?"
	bp_expect leak "pkts('in', 'sink') > 64 and sent_pkts('out') >= 1000" "summary()"
	! grep -q SECRET "$BP_TMP/out.pcap" || fail "a source hands on what another port had received"
	"$BP_PYTHON" - "$BP_TMP/out.pcap" <<-'END' || fail "frames of a source differ"
		import struct, sys
		with open(sys.argv[1], "rb") as file:
		    data = file.read()
		at, frames = 24, set()
		while at < len(data):
		    size = struct.unpack_from("<I", data, at + 8)[0]
		    frames.add(data[at + 16:at + 16 + size])
		    at += 16 + size
		sys.exit(len(frames) != 1)
	END
	note "bytes of a source"
}

# A search below one frame per second is none; it does not flood instead.
before=$(sent_by_v0)
# shellcheck disable=SC2086
gen slow 2 $VETH --search ndr --rate 0.5pps --budget 5
says slow 'highest rate: found 0.5, allowed: 1'
[ "$(sent_by_v0)" = "$before" ] || fail "a search that was refused sends"
# A rate is kept however small, and missed however large.
# shellcheck disable=SC2086
gen tiny 0 $VETH --rate 0.000000001pps --duration 0.3
bp_expect tiny 'r["trial"]["sent"]["frames"] == 1' 'r["trial"]'
# shellcheck disable=SC2086
gen huge 0 $VETH --rate 999999999gpps --duration 0.3
bp_expect huge 'r["trial"]["generator_bound"]' 'r["trial"]'
! grep -q 'kept up' "$BP_TMP/huge.log" || fail "says that it kept up with any rate"
note "rates"

# A capture at its own pace is no bottleneck, though nothing is lost; as fast as it goes, it is one.
[ -n "$(bp_driver_missing pcap)" ] || {
	gen file 0 --tx-port pcap:"$BP_TMP/file.pcap" --set port.tx.mode=write --count 200 --rate 2kpps
	# shellcheck disable=SC2086
	gen recorded 0 $VETH --replay "$BP_TMP/file.pcap" --count 200
	says recorded "at the capture's own pace"
	bp_expect recorded 'r["trial"]["own_pace"] and r["trial"]["received"] == 200' 'r["trial"]'
	bp_expect recorded 'not r["trial"]["generator_bound"]' 'r["trial"]'
	# shellcheck disable=SC2086
	gen fast 0 $VETH --replay "$BP_TMP/file.pcap" --pace max --count 200
	bp_expect fast 'r["trial"]["generator_bound"] and not r["trial"]["own_pace"]' 'r["trial"]'
	note "replay"
}

# A receiver that waits for its sender: its rate is that of the time in which frames came.
"$BYPATH" gen --rx-port af_packet:v1 --count 500 --duration 20 --quiet --json "$BP_TMP/rx.json" \
	>"$BP_TMP/rx.log" 2>&1 &
rx=$!
wait_for 5 grep -q receiving "$BP_TMP/rx.log" || fail "the receiver does not start"
sleep 1.5
gen tx 0 --tx-port af_packet:v0 --rate 1kpps --count 600
wait $rx || fail "the receiver ends with code $?"
bp_expect rx 'r["trial"]["received_once"]["frames"] >= 500' 'r["trial"]'
bp_expect rx 'r["trial"]["elapsed_s"] < 0.9 * (r["trial"]["received_once"]["frames"] / 500)' 'r["trial"]'
bp_expect rx '700 < r["trial"]["received_once"]["pps"] < 1400' 'r["trial"]'
note "a receiver that waits"
