# Captures into pipes, into standard output, into one file after another.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_need_driver pcap
need tcpdump mkfifo
cd "$BP_TMP" || fail "no $BP_TMP"
export BYPATH

records()
{
	"$BP_PYTHON" "$BP_HERE/records.py" "$@"
}

# ini NAME DEVICE LINE-OF-IN LINE-OF-OUT...: in.pcap, played into DEVICE.
ini()
{
	_name=$1 _device=$2 _line=$3
	shift 3
	{
		printf '[port.in]\ndriver = pcap\nmode = read\ndevice = in.pcap\n%b\n' "$_line"
		printf '[port.out]\ndriver = pcap\nmode = write\ndevice = %s\n' "$_device"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '[forward]\nin = out\n'
	} | bp_ini "$_name"
}

# begin NAME [OPTION...]: in the background; its process is bp_pid NAME.
begin()
{
	_name=$1
	shift
	# The shell that empties the log may run later than who looks for a line in it.
	rm -f "$_name.json" "$_name.log"
	"$BYPATH" run "$_name.ini" --quiet --report "$_name.json" "$@" >"$_name.out" 2>"$_name.log" &
	echo $! >"$_name.pid"
}

# says NAME WORDS: the log does, or will.
says()
{
	wait_for 30 grep -q "$2" "$1.log" || fail "$1: nobody says '$2'"
}

# end NAME CODE: by SIGTERM, with that exit code, whatever a reader does.
end()
{
	kill -TERM "$(bp_pid "$1")"
	bp_exit "$1" 30
	_rc=$?
	[ $_rc -eq "$2" ] || fail "$1: exit code $_rc, not $2"
	bp_law "$1"
}

# wrong CODE WORDS COMMAND...: refused at once, with that code and reason.
wrong()
{
	_code=$1 _words=$2
	shift 2
	timeout $((5 * BP_SLOW)) "$@" >wrong.out 2>wrong.log
	_rc=$?
	[ $_rc -eq "$_code" ] || fail "$*: exit code $_rc, not $_code"
	grep -q "$_words" wrong.log || fail "$*: nobody says '$_words'"
}

# ---- pipes ------------------------------------------------------------------------------------------

# Nobody reads: said, nothing hangs, nothing is opened to look at it; a signal ends it.
case_waits()
{
	records make in.pcap 1000
	mkfifo pipe
	ini wait pipe 'pace = max'
	timeout 5 "$BYPATH" check wait.ini >check.log 2>&1 || fail "check: exit code $?"
	timeout 5 "$BYPATH" explain wait.ini >explain.log 2>&1 || fail "explain: exit code $?"
	grep -q 'writev.*\|page of the pipe' explain.log || fail "explain says nothing of the pipe"
	begin wait
	says wait 'nobody reads pipe yet'
	says wait 'port out: pipe is down'
	wrong 1 'held by process' "$BYPATH" run wait.ini
	"$BYPATH" check wait.ini 2>&1 | grep -q 'held by process' || fail "check does not name the holder"
	says wait 'has been played'
	end wait 1
	grep -q 'nobody has read pipe' wait.log || fail "the exit code is 1, and nobody says why"
	bp_expect wait 'drops_by_reason("out") == {"port_down": 1000}' 'summary()'
}

# A reader that comes late, goes away, comes again: each time a whole capture, what was between is named.
case_reader()
{
	records make in.pcap 1000
	mkfifo pipe
	ini reader pipe 'rate_pps = 20000\nloop = yes'
	begin reader
	says reader 'pipe is down'
	for round in 1 2; do
		timeout 30 tcpdump -n -c 200 -r pipe --time-stamp-precision=nano -w got.pcap 2>tcpdump.log ||
			fail "round $round: tcpdump: exit code $?"
		case $(records check got.pcap) in
		"200 "*) ;;
		*) fail "round $round: $(records check got.pcap), not 200 packets" ;;
		esac
		wait_for 30 eval "[ \$(grep -c 'its reader went away' reader.log) = $round ]" ||
			fail "round $round: nobody says that the reader went away"
	done
	says reader 'pipe is back'
	end reader 1
	bp_expect reader 'set(drops_by_reason("out")) <= {"port_down", "tx_full"}' 'summary()'
	note "reader: $(bp_get reader 'summary()')"
}

# Its report says that the port is full.
full()
{
	kill -USR1 "$(bp_pid stall)" && sleep 0.1 && grep -q 'tx_full' stall.log
}

# A reader that reads nothing for a time, or never again: the worker drops by name, no record is torn.
case_stall()
{
	records make in.pcap 2000
	mkfifo pipe
	ini stall pipe 'rate_pps = 50000\nloop = yes'
	records stall pipe go got.pcap >reader.log 2>&1 &
	reader=$!
	begin stall
	says stall 'pipe has a reader'
	wait_for 20 full || fail "nobody says that the pipe is full"
	: >go
	# The rest of the record that the full pipe has in part goes out by itself.
	wait_for 30 eval '[ "$(stat -c %s got.pcap)" -gt 1000000 ]' || fail "nothing comes out of the pipe"
	end stall 0
	wait $reader || fail "the reader ends with code $?"
	# shellcheck disable=SC2046 # words
	set -- $(records check got.pcap)
	bp_expect stall "sent_pkts('out') == ${1:-0} and 'tx_full' in drops_by_reason('out')" 'summary()'
	bp_expect stall 'set(drops_by_reason("out")) <= {"port_down", "tx_full"}' 'summary()'
	bp_expect stall 'counted("out", "tx", "user_copies") <= counted("out", "tx", "crossings")'
	note "stalled: $(bp_get stall 'summary()'), copies $(bp_get stall 'counted("out", "tx", "user_copies")')"

	rm -f go reader.log
	records stall pipe go got.pcap >reader.log 2>&1 &
	reader=$!
	begin stall
	says stall 'forwarding' # from then on SIGUSR1 asks for a report
	wait_for 20 full || fail "nobody says that the pipe is full"
	kill -TERM "$(bp_pid stall)"
	bp_exit stall 30
	rc=$?
	[ $rc -le 1 ] || fail "with a reader that reads nothing: exit code $rc"
	bp_law stall
	: >go
	wait $reader
	if [ $rc -eq 1 ]; then
		grep -q 'the last record in pipe is cut' stall.log || fail "exit code 1 without a reason"
		bp_expect stall 'drops_by_reason("out")["tx_abandoned"] == 1' 'summary()'
	else
		records check got.pcap >/dev/null || fail "exit code 0, and a torn record"
	fi
}

# ---- standard output --------------------------------------------------------------------------------

# Into a reader: the capture alone, the report on standard error; and what cannot carry a capture.
case_output()
{
	records make in.pcap 1000 # fewer than the pipe holds
	ini output - 'pace = max'
	"$BYPATH" run output.ini --duration 1 --report output.json 2>output.log | cat >got.pcap
	set -- "$(records check got.pcap)"
	[ "$1" = "1000 0 999 0 0" ] || fail "through standard output: $1"
	grep -q 'the report goes to standard error' output.log || fail "nobody says where the report is"
	grep -q 'PORTS' output.log || fail "the report is nowhere"
	bp_law output
	bp_expect output 'sent_pkts("out") == 1000 and r["ports"][1]["mode"] == "write-pipe"' 'r["ports"]'

	"$BYPATH" run output.ini --duration 1 >file.pcap 2>output.log || fail "into a file: exit code $?"
	[ "$(records check file.pcap)" = "1000 0 999 0 0" ] || fail "into a file: $(records check file.pcap)"
	"$BYPATH" run output.ini --set port.out.device=file2.pcap --duration 1 >file2.pcap 2>output.log
	[ "$(records check file2.pcap)" = "1000 0 999 0 0" ] || fail "the report is in the capture"

	{ "$BYPATH" run output.ini --set port.in.loop=yes 2>output.log; echo $? >rc; } |
		tcpdump -n -c 10 -r - >read.txt 2>tcpdump.log &
	wait_for 30 grep -q 'its reader went away' output.log || fail "the reader's end goes untold"
	kill -TERM "$(pidof -s bypath)" 2>/dev/null
	wait_for 30 test -s rc || fail "it does not end"
	[ "$(cat rc)" = 1 ] || fail "after the reader's end: exit code $(cat rc)"

	wrong 1 'standard output is closed' sh -c '"$BYPATH" run output.ini >&-'
	wrong 1 'holds something already' sh -c 'exec "$BYPATH" run output.ini >>file.pcap'
	[ "$(records check file.pcap)" = "1000 0 999 0 0" ] || fail "a file was written over"
	sh -c 'exec timeout 5 "$BYPATH" run output.ini 2>&1; echo $? >rc' | cat >both.txt
	grep -q 'standard error leads into the capture' both.txt || fail "messages between packets"
	wrong 2 'standard output has no next file' "$BYPATH" run output.ini --set port.out.rotate_s=1
	"$BP_PYTHON" -c 'import pty,sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' \
		"$BYPATH" run output.ini >tty.log 2>&1 && fail "onto a terminal: exit code 0"
	grep -q 'it is a terminal\|leads into the capture' tty.log || fail "a capture on a terminal"

	timeout 20 "$BYPATH" gen --tx-port pcap:- --set port.tx.mode=write --count 2000 --size 512 --quiet \
		2>gen.log | tcpdump -n -r - >gen.txt 2>tcpdump.log
	[ "$(grep -c UDP gen.txt)" = 2000 ] || fail "gen: $(grep -c UDP gen.txt) of 2000 frames"
	grep -q 'RATES' gen.log || fail "gen: the report is nowhere"
}

# ---- one file after another ---------------------------------------------------------------------------

# all NAME: what records.py says of all files of NAME, in the order of their names.
all()
{
	# shellcheck disable=SC2046 # words
	records check $(ls "$1"_*.pcap)
}

case_rotate()
{
	records make in.pcap 8000
	echo "of an earlier run, and of more than 24 bytes" >size.pcap
	ini size size.pcap 'rate_pps = 100000' 'rotate_bytes = 1048576'
	begin size
	says size 'has been played'
	end size 0
	[ ! -e size.pcap ] && [ ! -e size.pcap.next ] || fail "size: the last file was not put away"
	old=$(grep -l 'an earlier run' size_*.pcap) || fail "size: the file of an earlier run is gone"
	rm -f "$old"
	n=$(ls size_*.pcap | wc -l)
	[ "$(all size)" = "8000 0 7999 0 0" ] || fail "size: $(all size)"
	[ "$n" -gt 3 ] || fail "size: $n files for 6 MB"
	for file in size_*.pcap; do
		tcpdump -n -r "$file" >/dev/null 2>tcpdump.log || fail "size: tcpdump does not read $file"
		! grep -q truncated tcpdump.log || fail "size: $file is torn"
	done
	note "by size: $n files, the longest $(stat -c %s size_*.pcap | sort -n | tail -n 1) bytes"

	ini bounded bounded.pcap 'rate_pps = 100000' 'rotate_bytes = 1048576' 'rotate_files = 3'
	begin bounded
	says bounded 'has been played'
	end bounded 0
	[ "$(ls bounded_*.pcap | wc -l)" = 3 ] || fail "bounded: $(ls bounded*)"
	# shellcheck disable=SC2046 # words
	set -- $(all bounded)
	[ "$3 $4 $5" = "7999 0 0" ] && [ "$1" -lt 8000 ] || fail "bounded: $*"

	ini time time.pcap 'rate_pps = 4000' 'rotate_s = 1'
	begin time
	says time 'has been played'
	end time 0
	[ "$(all time)" = "8000 0 7999 0 0" ] || fail "time: $(all time)"
	[ "$(ls time_*.pcap | wc -l)" -ge 2 ] || fail "time: $(ls time*)"
}

# meddle WORDS COMMAND...: until many.log says so. A file that is put away has two names for a moment; who meets that one
# takes the first name, and the capture has lost nothing.
meddle()
{
	_words=$1 _tries=0
	shift
	while [ $_tries -lt 10 ]; do
		_tries=$((_tries + 1))
		"$@" $_tries || { wait_for 30 test -e many.pcap && continue; }
		wait_for 3 grep -q "$_words" many.log && return
	done
	fail "many: nobody says '$_words'"
}

move_away()
{
	mv many.pcap "moved.$1.pcap"
}

delete()
{
	rm many.pcap
}

# Somebody deletes or moves the file that is being written; the disk is full; no room for another file.
case_meddled()
{
	records make in.pcap 1000
	ini one one.pcap 'rate_pps = 20000\nloop = yes'
	begin one
	wait_for 30 test -s one.pcap || fail "one: no file"
	rm one.pcap
	says one 'one.pcap was deleted'
	says one 'one.pcap is back'
	end one 1
	records check one.pcap >/dev/null || fail "one: the new file is no capture"

	ini many many.pcap 'rate_pps = 20000\nloop = yes' 'rotate_bytes = 262144'
	begin many
	wait_for 30 eval 'ls many_*_00002.pcap' || fail "many: no files"
	meddle 'many.pcap was deleted' delete
	meddle 'many.pcap was moved' move_away
	end many 1
	for file in moved.*.pcap many_*.pcap; do
		records check "$file" >/dev/null || fail "many: $file is no whole capture"
	done

	mkdir small
	mount -t tmpfs -o size=1m none small || fail "cannot mount a tmpfs"
	ini full small/full.pcap 'pace = max\nloop = yes\ncount = 5000' 'rotate_bytes = 262144'
	begin full
	says full 'No space left on device'
	says full 'has been played'
	end full 1
	# shellcheck disable=SC2046 # words
	set -- $(records check $(ls small/full_*.pcap))
	bp_expect full "sent_pkts('out') == $1 and set(drops_by_reason('out')) == {'tx_error'}" 'summary()'
	note "full disk: $1 whole packets in $(ls small | wc -l) files"

	umount small
	mount -t tmpfs -o size=2m none small || fail "cannot mount a tmpfs"
	ini room small/room.pcap 'rate_pps = 20000\nloop = yes\ncount = 10000' 'rotate_bytes = 262144' \
		'rotate_files = 3'
	begin room
	says room 'has been played'
	end room 0
	[ "$(ls small | wc -l)" = 3 ] || fail "room: $(ls small)"
	wrong 2 'no regular file' sh -c 'mkfifo p; "$BYPATH" check room.ini --set port.out.device=p'
	wrong 1 'has no next file' "$BYPATH" run room.ini --set port.out.device=p
}

"case_$1"
