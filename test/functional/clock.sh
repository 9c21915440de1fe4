# The wall clock is set forward and back under a run: nothing waits for it, no figure is of it, stamps follow it.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
#   far: gen [e0]═══[w0] mid: bypath [w1]═══[e1]
#
# Only in the emulated machine (test/vm/run clock), whose clock is nobody else's.

grep -q ' guest=[^ ]*/vm/guest/second' /proc/cmdline || {
	echo "SKIP: the clock of this machine is not set for a test: test/vm/run clock"
	exit 77
}

# shellcheck source=test/functional/lib.sh
. "${0%/*}/lib.sh"

need ip date "$BP_PYTHON"
RATE=500
A_DAY=86400

for ns in mid far; do
	ip netns add $ns
	bp_quiet $ns
done
for i in 0 1; do
	ip -n far link add e$i type veth peer name w$i netns mid || fail "cannot make a veth pair"
	ip -n mid link set w$i up
	ip -n far link set e$i up
done
bp_ini gen <<INI
[port.out]
driver = af_packet
device = e0
[port.in]
driver = af_packet
device = e1
[gen]
tx = out
rx = in
settle = 2
rate = ${RATE}pps
[stream.udp]
size = 64
INI

uptime_s()
{
	cut -d ' ' -f 1 /proc/uptime
}

# by_uptime FROM LEAST MOST: so many seconds have passed since then.
by_uptime()
{
	echo "$1 $(uptime_s) $2 $3" | awk '{ exit !($2 - $1 >= $3 && $2 - $1 <= $4) }'
}

wall()
{
	date +%s.%N
}

# step SECONDS: set the clock; a window of the wall clock's time ends, another one begins.
step()
{
	_up=$(uptime_s)
	_to=$(wall)
	_new=$(echo "$_to $1" | awk '{ printf "%.6f", $1 + $2 }')
	date -s "@$_new" >/dev/null || fail "date -s"
	# What is stamped until it is set is of the window before; uptime has 10 ms.
	echo "$window_from $_to $_up $(uptime_s)" | awk '{ printf "%s %.6f\n", $1, $2 + $4 - $3 + 0.02 }' >>"$BP_TMP/windows"
	window_from=$_new
}

lines()
{
	wc -l <"$BP_TMP/$1"
}

has_lines()
{
	[ "$(lines "$1")" -ge "$2" ]
}

# go_on: figures, log and traffic go on for a while.
go_on()
{
	_log=$(($(lines run.log) + 3)) _watch=$(($(lines watch.json) + 3)) _gen=$(($(lines gen.log) + 3))
	wait_for 30 has_lines run.log $_log || fail "$1: no figures in the log any more"
	wait_for 30 has_lines watch.json $_watch || fail "$1: no figures of show --watch any more"
	wait_for 30 has_lines gen.log $_gen || fail "$1: no figures of gen any more"
}

# Every command answers, in a time that is not the clock's.
answers()
{
	_from=$(uptime_s)
	"$BYPATH" show ports clock --json >"$BP_TMP/ports.json" || fail "$1: show"
	"$BYPATH" reload clock >"$BP_TMP/reload.out" 2>&1 || fail "$1: reload: $(cat "$BP_TMP/reload.out")"
	"$BYPATH" trace clock 1 --port wan --for 20 --json >"$BP_TMP/trace.json" || fail "$1: trace"
	bp_expect trace "abs(r['packets'][0]['time_ns'] / 1e9 - $(wall)) < 60" "r['packets'][0]['time_ns']"
	by_uptime "$_from" 0 60 || fail "$1: asked at $_from, answered at $(uptime_s)"
}

# An alarm has the wall clock's time.
alarm()
{
	"$BYPATH" set port lan down clock || fail "$1: set port"
	wait_for 10 raised || fail "$1: no alarm"
	bp_expect alarms "any(abs(__import__('datetime').datetime.fromisoformat(a['changed'].replace('Z', '+00:00')).timestamp() - $(wall)) < 60 for a in r['alarms'] if a['alarm'] == 'port_down' and a['subject'] == 'lan')" "r['alarms']"
	"$BYPATH" set port lan up clock || fail "$1: set port"
}

raised()
{
	"$BYPATH" show alarms clock --json >"$BP_TMP/alarms.json" || return 1
	case $(bp_get alarms "any(a['alarm'] == 'port_down' and a['subject'] == 'lan' and a['raised'] for a in r['alarms'])") in
	1 | True) ;;
	*) return 1 ;;
	esac
}

began=$(uptime_s) window_from=$(wall)
bp_pair run af_packet-mmap w0 af_packet-mmap w1 "[engine]" "name = clock"
bp_start run --log-format json --interval 0.5
wait_for 20 grep -q forwarding "$BP_TMP/run.log" || fail "bypath does not start"
"$BYPATH" capture clock wan rx -w "$BP_TMP/wan.pcapng" 2>"$BP_TMP/capture.log" &
echo $! >"$BP_TMP/capture.pid"
wait_for 20 grep -q 'capturing at' "$BP_TMP/capture.log" || fail "no capture"
"$BYPATH" show clock --watch --json --interval 0.5 >"$BP_TMP/watch.json" 2>"$BP_TMP/watch.log" &
echo $! >"$BP_TMP/watch.pid"
ip netns exec far "$BYPATH" gen "$BP_TMP/gen.ini" --duration 0 --interval 0.5 --log-format json --json "$BP_TMP/gen.json" \
	>"$BP_TMP/gen.out" 2>"$BP_TMP/gen.log" &
echo $! >"$BP_TMP/gen.pid"
wait_for 20 grep -q sending "$BP_TMP/gen.log" || fail "the generator does not start"
gen_began=$(uptime_s)
go_on "before"
for by in $A_DAY -$((3 * A_DAY)) $((400 * A_DAY)) -1 1 -$((398 * A_DAY)); do
	step $by
	go_on "the clock was set by $by s"
	answers "the clock was set by $by s"
done
kill -TERM "$(bp_pid capture)"
bp_exit capture 20 || fail "the capture ends with code $?"
kill -TERM "$(bp_pid watch)"
bp_exit watch 20 || fail "show --watch ends with code $?"
kill -INT "$(bp_pid gen)"
bp_exit gen 60 || fail "gen ends with code $?"
gen_s=$(echo "$gen_began $(uptime_s)" | awk '{ print $2 - $1 }')
# The last one has not ended yet.
echo "$window_from $(wall)" | awk '{ printf "%s %.6f\n", $1, $2 + 60 }' >>"$BP_TMP/windows"
bp_expect gen "not any(r['trial'][k] for k in ('lost', 'duplicate', 'reordered', 'corrupt'))" \
	"{k: r['trial'][k] for k in ('sent', 'received', 'lost', 'duplicate', 'reordered', 'corrupt')}"
bp_expect gen "0 < r['trial']['sent']['frames'] <= 2 * $RATE * ($gen_s + 5)" "r['trial']['sent']"
"$BP_PYTHON" "$BP_HERE/clock.py" figures "$BP_TMP/watch.json" 100000 "$BP_TMP/windows" || fail "show --watch"
grep '"event":"interval"' "$BP_TMP/run.log" >"$BP_TMP/figures.txt"
"$BP_PYTHON" "$BP_HERE/clock.py" figures "$BP_TMP/figures.txt" 100000 "$BP_TMP/windows" || fail "figures in the log"
"$BP_PYTHON" "$BP_HERE/clock.py" log "$BP_TMP/run.log" "$BP_TMP/windows" || fail "stamps of the log"
"$BP_PYTHON" "$BP_HERE/clock.py" capture "$BP_TMP/wan.pcapng" "$BP_TMP/windows" || fail "stamps of the capture"
note "figures, stamps of log and capture, answers: $(wc -l <"$BP_TMP/windows") steps; $(bp_get gen "r['trial']['sent']['frames']") frames, none lost"

alarm "after the steps"
bp_stop run
# How long it was is a matter of the other clock.
bp_expect run "0 < r['run']['elapsed_s'] <= $(echo "$began $(uptime_s)" | awk '{ print $2 - $1 }')" "r['run']['elapsed_s']"

# What waits for a time waits for that time.
from=$(uptime_s)
ip netns exec far "$BYPATH" gen "$BP_TMP/gen.ini" --quiet --duration 4 --json "$BP_TMP/gen.json" >"$BP_TMP/gen.log" 2>&1 &
echo $! >"$BP_TMP/gen.pid"
wait_for 20 grep -q sending "$BP_TMP/gen.log" || fail "the generator does not start"
step -$A_DAY
bp_exit gen 60 || fail "set back by a day: gen of 4 s ends with code $?"
by_uptime "$from" 4 60 || fail "gen of 4 s, from $from to $(uptime_s)"
bp_pair late af_packet-mmap w0 af_packet-mmap later "[engine]" "wait = 4s"
from=$(uptime_s)
bp_start late
wait_for 20 grep -q 'waiting up to 4 s' "$BP_TMP/late.log" || fail "it does not wait"
step $((2 * A_DAY))
bp_exit late 60
code=$?
[ $code = 1 ] || fail "wait = 4s: ends with code $code"
by_uptime "$from" 4 60 || fail "wait = 4s, from $from to $(uptime_s)"
step -$A_DAY
note "a trial of 4 s and [engine] wait = 4s take 4 s"
