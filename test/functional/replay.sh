# Captures that a replay cannot go on with: each ends with its reason and exit code 1, none hangs or grows.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# replay.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

[ "$1" = pipe ] || [ "$1" = count ] || bp_need_driver pcap

# capture NAME PYTHON: $BP_TMP/NAME.pcap of what the expression's list of blocks and records says.
capture()
{
	"$BP_PYTHON" - "$BP_TMP/$1.pcap" "$2" <<-'PY' || fail "cannot write $1.pcap"
		import struct, sys
		def record(bytes_kept, wire, ns):
		    return struct.pack("<IIII", 1, ns, bytes_kept, wire) + bytes(bytes_kept)
		def pcap(records):
		    return struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1) + b"".join(records)
		def block(kind, body):
		    n = struct.pack("<I", len(body) + 12)
		    return struct.pack("<I", kind) + n + body + n
		def section():
		    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
		def interface(snaplen):
		    return block(1, struct.pack("<HHI", 1, 0, snaplen))
		def packet(number, us):
		    return block(6, struct.pack("<IIIII", number, 0, us, 60, 60) + bytes(60))
		open(sys.argv[1], "wb").write(eval(sys.argv[2]))
	PY
}

# play NAME PORT-LINE...: NAME.ini, NAME.pcap into nothing.
play()
{
	_name=$1
	shift
	{
		printf '[port.in]\ndriver = pcap\nmode = read\ndevice = %s\n' "$BP_TMP/$_name.pcap"
		printf '%s\n' "$@"
		printf '[port.out]\ndriver = null\n[forward]\nin = out\n'
		printf '[gen]\ntx = out\nreplay = in\nduration = 0.4\n'
	} | bp_ini "$_name"
}

# ends CODE WORDS run|gen NAME: within a few seconds, also where a SIGTERM ends it.
ends()
{
	_options="--duration 0.2"
	[ "$3" = run ] || _options=--quiet
	# shellcheck disable=SC2086 # several words
	timeout -s KILL $((10 * BP_SLOW)) "$BYPATH" "$3" "$BP_TMP/$4.ini" $_options >"$BP_TMP/$4.log" 2>&1
	_got=$?
	[ $_got -eq "$1" ] || fail "$3 $4: exit code $_got instead of $1"
	grep -q -e "$2" "$BP_TMP/$4.log" || fail "$3 $4: does not say '$2'"
}

case $1 in
barren)
	capture cut 'pcap([record(40, 90, i) for i in range(10)])'
	capture runts 'pcap([record(8, 8, i) for i in range(10)])'
	capture one 'pcap([record(60, 60, 0)])'
	capture same 'pcap([record(60, 60, 5)] * 10)'
	capture mixed 'pcap([record(40, 90, i) for i in range(100)] + [record(60, 60, 10**6)])'
	play cut "loop = yes" "pace = max"
	for command in run gen; do
		ends 1 'none of its records can be played' $command cut
	done
	play runts "loop = yes"
	ends 1 'none of its records can be played' run runts
	play one "loop = yes"
	for command in run gen; do
		ends 1 'later than the first, so loop = yes knows no pace' $command one
	done
	play same "loop = yes"
	ends 1 'later than the first, so loop = yes knows no pace' run same
	# What has a pace goes round, what does not loop is played, and one good record is enough.
	play one "loop = yes" "rate_pps = 1000"
	ends 0 forwarding run one
	play same
	ends 0 'has been played: 10 packets' run same
	play mixed "loop = yes"
	ends 0 'rx_truncated' run mixed
	play cut "pace = max"
	ends 0 'has been played: 0 packets' run cut
	grep -q 'or cut when' "$BP_TMP/cut.log" || fail "the drops are laid to a receive buffer"
	;;
pcapng)
	capture ng 'section() + interface(65535) + packet(0, 1) + interface(65535) * 40 + packet(1, 2) + packet(0, 3)'
	play ng "loop = yes" "pace = max"
	"$BYPATH" run "$BP_TMP/ng.ini" --report "$BP_TMP/ng.json" >"$BP_TMP/ng.log" 2>&1 &
	pid=$!
	rss()
	{
		sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status"
	}
	# rounds: how many reads of the file it has made.
	rounds()
	{
		sed -n 's/^syscr: //p' "/proc/$pid/io"
	}
	more_than()
	{
		[ "$(rounds)" -gt "$1" ]
	}
	wait_for 10 more_than 2000 || fail "it does not go round"
	before=$(rss)
	wait_for 25 more_than $(($(rounds) + 20000)) || fail "it does not go round any more"
	after=$(rss)
	kill $pid
	wait $pid || fail "exit code $?"
	[ $((after - before)) -lt 2048 ] || fail "grew from $before to $after kB in 20000 rounds"
	bp_expect ng 'unaccounted == 0 and received % 3 in (0, 1, 2) and received > 6000' 'summary()'
	note "$before kB, 20000 rounds later $after kB"
	;;
broken)
	capture snaplens 'section() + interface(65535) + packet(0, 1) + interface(96) + packet(1, 2)'
	play snaplens "pace = max"
	for command in run gen; do
		ends 1 'cannot read on .* after 1 packets: .*snapshot length' $command snaplens
		! grep -q damaged "$BP_TMP/snaplens.log" || fail "a valid file is called damaged"
	done
	capture torn 'pcap([record(60, 60, i) for i in range(3)])[:-30]'
	play torn "pace = max"
	for command in run gen; do
		ends 1 'cannot read on .* after 2 packets: truncated' $command torn
	done
	;;
pipe)
	mkfifo "$BP_TMP/pipe"
	timeout -s KILL $((10 * BP_SLOW)) "$BYPATH" check "$BP_TMP/pipe" >"$BP_TMP/check.log" 2>&1
	_got=$?
	[ $_got -eq 2 ] || fail "check of a silent pipe: exit code $_got"
	grep -q 'it is a pipe' "$BP_TMP/check.log" || fail "the silence goes unexplained"
	# A writer that comes later, and takes its time.
	{
		sleep 0.5
		printf '[port.a]\ndriver = null\n'
		sleep 0.5
		printf '[forward]\na = a\n'
	} >"$BP_TMP/pipe" &
	timeout -s KILL $((10 * BP_SLOW)) "$BYPATH" check "$BP_TMP/pipe" >"$BP_TMP/check.log" 2>&1 ||
		fail "a file through a pipe is refused"
	wait
	;;
count)
	printf '[engine]\nworkers = 2\ncores = 0,1\n[port.a]\ndriver = null\ncount = 1001\nqueues = 2\n' >"$BP_TMP/n.ini"
	printf '[port.b]\ndriver = null\nqueues = 2\n[forward]\na = b\n' >>"$BP_TMP/n.ini"
	[ "$(nproc)" -ge 2 ] || skip "one core"
	"$BYPATH" run "$BP_TMP/n.ini" --duration 0.4 --report "$BP_TMP/n.json" >"$BP_TMP/n.log" 2>&1 ||
		fail "exit code $?"
	bp_expect n 'received == 1001' 'summary()'
	;;
esac
