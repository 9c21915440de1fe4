# A reader that stops reading holds neither control nor shutdown.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

bp_lab
bp_pair wire af_packet-mmap w0 af_packet-mmap w1

# stalled NAME: a FIFO that is full and that nobody reads; writing to it blocks.
stalled()
{
	rm -f "$BP_TMP/$1"
	mkfifo "$BP_TMP/$1"
	"$BP_PYTHON" -c '
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
try:
    while True:
        os.write(fd, b"x" * 4096)
except BlockingIOError:
    pass
open(sys.argv[1] + ".full", "w").close()
time.sleep(600)' "$BP_TMP/$1" &
	wait_for 5 test -e "$BP_TMP/$1.full" || fail "cannot fill $1"
}

# start STDOUT STDERR REPORT
start()
{
	rm -f "$BP_TMP/wire.json"
	ip netns exec mid "$BYPATH" run "$BP_TMP/wire.ini" --report "$3" >"$1" 2>"$2" &
	echo $! >"$BP_TMP/wire.pid"
	bp_wait_forwarding
}

stalled err
start "$BP_TMP/out.log" "$BP_TMP/err" "$BP_TMP/wire.json"
kill -USR1 "$(bp_pid wire)"
ip -n mid link del w1
bp_wire h2 w1 10.77.0.2/24
bp_wait_forwarding
bp_stop wire
grep -q '^CONSERVATION' "$BP_TMP/out.log" || fail "no report on standard output"
note "standard error stalled: a device comes back, SIGTERM ends, the report is whole"

start "$BP_TMP/err" "$BP_TMP/log.log" "$BP_TMP/wire.json"
kill -TERM "$(bp_pid wire)"
bp_exit wire 8
rc=$?
[ $rc = 1 ] || fail "standard output stalled: ends with $rc, not 1"
grep -q 'standard output: the report could not be written: its reader takes nothing' \
	"$BP_TMP/log.log" || fail "standard output stalled: not said"
bp_law wire
note "standard output stalled: SIGTERM ends, says so, and the report's file is whole"

mkfifo "$BP_TMP/fifo"
start "$BP_TMP/out.log" "$BP_TMP/log.log" "$BP_TMP/fifo"
bp_wait_forwarding
kill -TERM "$(bp_pid wire)"
bp_exit wire 8
rc=$?
[ $rc = 1 ] || fail "a FIFO without reader as report: ends with $rc, not 1"
grep -q 'nobody reads there: start its reader first' "$BP_TMP/log.log" ||
	fail "a FIFO without reader: not said"
note "report to a FIFO without reader: ends, says so"

# Controls: readers that read.
start "$BP_TMP/out.log" "$BP_TMP/log.log" "$BP_TMP/fifo"
cat "$BP_TMP/fifo" >"$BP_TMP/wire.json" &
reader=$!
kill -TERM "$(bp_pid wire)"
bp_exit wire 8 || fail "a reader that reads: ends with $?"
wait $reader
bp_law wire
grep -q 'lines are missing' "$BP_TMP/log.log" && fail "lines are said to be missing from a log that was read"
[ "$(grep -c forwarding "$BP_TMP/log.log")" = 1 ] || fail "the log is not whole"
note "a reader that reads: log and report are whole"
