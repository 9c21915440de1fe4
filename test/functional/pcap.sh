# Captures played, written and forwarded live: the frames are the same, damaged files and full disks
# are counted and told.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_need_driver pcap
need tcpdump

# capture NAME KIND [COUNT]: $BP_TMP/NAME.pcap.
capture()
{
	"$BP_PYTHON" "$BP_HERE/capture.py" "$BP_TMP/$1.pcap" "$2" "${3:-100}" || fail "capture.py $2"
}

# replay NAME SECONDS [LINE...]: NAME.pcap into NAME-out.pcap; further lines for the port that reads.
replay()
{
	_name=$1 _seconds=$2
	shift 2
	{
		printf '[port.in]\ndriver = pcap\nmode = read\ndevice = %s\n' "$BP_TMP/$_name.pcap"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '[port.out]\ndriver = pcap\nmode = write\ndevice = %s\n' "$BP_TMP/$_name-out.pcap"
		printf '[forward]\nin = out\n'
	} | bp_ini "$_name"
	"$BYPATH" run "$BP_TMP/$_name.ini" --duration "$_seconds" --report "$BP_TMP/$_name.json" \
		>"$BP_TMP/$_name.log" 2>&1
}

# frames FILE: the bytes of every frame, without times.
frames()
{
	tcpdump -r "$1" -t -n -e -xx 2>/dev/null
}

# same NAME: what came out is what went in, and nothing was copied on the way to the file.
same()
{
	frames "$BP_TMP/$1.pcap" >"$BP_TMP/in.txt"
	frames "$BP_TMP/$1-out.pcap" >"$BP_TMP/out.txt"
	[ -s "$BP_TMP/in.txt" ] || fail "$1: tcpdump reads nothing"
	cmp -s "$BP_TMP/in.txt" "$BP_TMP/out.txt" || fail "$1: the frames written are not those read"
	bp_expect "$1" 'counted("in", "rx", "user_copies") == 2 * counted("in", "rx", "packets")'
	bp_expect "$1" 'counted("out", "tx", "user_copies") == 0'
	bp_law "$1"
}

# refused NAME WORDS: no start, and the reason.
refused()
{
	replay "$1" 1 && fail "$1: starts"
	grep -q "$2" "$BP_TMP/$1.log" || fail "$1: the reason does not say '$2'"
}

# ---- sound captures -------------------------------------------------------------------------------

for kind in good big-endian long; do
	capture $kind $kind
	replay $kind 1 "pace = max" || fail "$kind: exit code $?"
	same $kind
	bp_expect $kind 'received == 100' 'summary()'
	grep -q 'has been played: 100 packets' "$BP_TMP/$kind.log" || fail "$kind: no word of its end"
done
note "played and written: $(bp_get good 'summary()')"
note "reads of the file: $(bp_get good 'counted("in", "rx", "crossings")')"

capture empty empty
replay empty 1 "loop = yes" "pace = max" || fail "empty: exit code $?"
bp_expect empty 'received == 0'

# Rounds of a loop until the count; a rate; the pace of the capture: 100 frames in 1.98 s.
cp "$BP_TMP/good.pcap" "$BP_TMP/loop.pcap"
replay loop 1 "pace = max" "loop = yes" "count = 1050" || fail "loop: exit code $?"
bp_expect loop 'received == 1050' 'summary()'
bp_law loop

cp "$BP_TMP/good.pcap" "$BP_TMP/pace.pcap"
replay pace 1 "pace = recorded" || fail "pace: exit code $?"
bp_expect pace '25 <= received <= 75' 'summary()'
cp "$BP_TMP/good.pcap" "$BP_TMP/rate.pcap"
replay rate 2 "rate_pps = 1000" "loop = yes" || fail "rate: exit code $?"
bp_expect rate '1000 <= received <= 3000' 'summary()'
note "paced: $(bp_get pace received) of 100 in 1 s of 2; $(bp_get rate received) at 1000/s in 2 s"

# ---- captures that are not ------------------------------------------------------------------------

capture garbage garbage
refused garbage 'no capture that libpcap reads'
capture wifi wifi
refused wifi 'IEEE802_11.*only Ethernet'
: >"$BP_TMP/void.pcap"
refused void 'no capture that libpcap reads'
refused absent 'cannot read the capture.*No such file'
mkfifo "$BP_TMP/pipe.pcap"
refused pipe 'no regular file'

for kind in torn lying; do
	capture $kind $kind
	replay $kind 1 "pace = max" && fail "$kind: exit code 0"
	grep -q 'cannot read on' "$BP_TMP/$kind.log" || fail "$kind: the damage goes untold"
	bp_law $kind
done
bp_expect torn 'received == 99' 'summary()'
bp_expect lying 'received == 50' 'summary()'

capture cut cut
replay cut 1 "pace = max" || fail "cut: exit code $?"
bp_expect cut 'drops_by_reason("in") == {"rx_truncated": 100}' 'summary()'
bp_law cut
capture runts runts
replay runts 1 "pace = max" || fail "runts: exit code $?"
bp_expect runts 'drops_by_reason("in") == {"runt": 50} and sent == 50' 'summary()'
bp_law runts

# ---- a full disk ----------------------------------------------------------------------------------

mkdir "$BP_TMP/small"
mount -t tmpfs -o size=256k none "$BP_TMP/small" || fail "cannot mount a tmpfs"
cp "$BP_TMP/good.pcap" "$BP_TMP/full.pcap"
ln -s small/full.pcap "$BP_TMP/full-out.pcap"
replay full 1 "pace = max" "loop = yes" "count = 2000" && fail "full: exit code 0"
grep -q 'No space left on device' "$BP_TMP/full.log" || fail "full: the full disk goes untold"
bp_expect full 'drops_by_reason("out").get("tx_error", 0) == 2000 - sent_pkts("out")' 'summary()'
bp_law full
tcpdump -r "$BP_TMP/small/full.pcap" --count >"$BP_TMP/count" 2>"$BP_TMP/tcpdump.log"
n=$(sed 's/ packets*//' "$BP_TMP/count")
bp_expect full "sent_pkts('out') == $n and $n > 100"
! grep -qi 'truncated' "$BP_TMP/tcpdump.log" || fail "full: the last record is torn"
note "full disk: $n whole packets in the file, $(bp_get full 'drops("out")') tx_error"

# Room again: it goes on by itself, and the time between has the disk's name, not a link's.
rm -f "$BP_TMP/small/full.pcap"
cp "$BP_TMP/good.pcap" "$BP_TMP/room.pcap"
ln -s small/room.pcap "$BP_TMP/room-out.pcap"
replay room 60 "rate_pps = 20000" "loop = yes" &
replay=$!
wait_for 10 grep -q 'port out: .* is down' "$BP_TMP/room.log" || fail "room: the port is not down"
mount -o remount,size=64m "$BP_TMP/small"
wait_for 10 grep -q 'port out: .* is up' "$BP_TMP/room.log" || fail "room: it does not go on"
kill -INT "$(pidof -s bypath)"
wait $replay
[ $? -eq 1 ] || fail "room: packets were lost, and the exit code says nothing"
bp_expect room 'set(drops_by_reason("out")) == {"tx_error"} and link("out") == "up"' 'summary()'
bp_law room

# ---- live -----------------------------------------------------------------------------------------

bp_lab mtu=1500
bp_pair live pcap-live w0 pcap-live w1
bp_start live
bp_wait_forwarding 20
tcp_ok
tcp_ok 32 -R
# Down and up; deleted and made again.
in_mid ip link set w1 down
wait_for 5 grep -q 'lan.*down' "$BP_TMP/live.log" || fail "nobody said that lan is down"
in_mid ip link set w1 up
bp_wait_forwarding 20
in_mid ip link del w1
wait_for 5 grep -q 'lan.*gone' "$BP_TMP/live.log" || fail "nobody said that lan is gone"
bp_wire h2 w1 10.77.0.2/24
bp_wait_forwarding 20
bp_stop live
bp_expect live 'counted("wan", "rx", "user_copies") == counted("wan", "rx", "packets")' 'summary()'
note "live: $(bp_get live 'summary()')"
