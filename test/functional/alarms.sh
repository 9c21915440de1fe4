# Alarms: raised and cleared once, in the log, show, metrics; a program that is told, and may misbehave.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: alarms.sh kinds | hook

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: alarms.sh kinds | hook}
need ip "$BP_PYTHON"
name=alarms-$CASE

show()
{
	"$BYPATH" show alarms "$name" >"$BP_TMP/show.txt" 2>&1 || fail "show alarms: $(cat "$BP_TMP/show.txt")"
}

# raised KIND OF: it is shown as raised; over KIND OF
raised()
{
	show
	grep -q "^ *$1  *$2  *RAISED" "$BP_TMP/show.txt"
}

over()
{
	show
	grep -q "^ *$1  *$2  *over" "$BP_TMP/show.txt"
}

said()
{
	grep -q "$1" "$BP_TMP/a.log"
}

# n_said PATTERN: how many lines
n_said()
{
	grep -c "$1" "$BP_TMP/a.log"
}

set_port()
{
	"$BYPATH" set port "$@" "$name" || fail "set port $*"
}

start()
{
	bp_start a
	wait_for 10 said 'info: forwarding' || fail "it does not start: $(cat "$BP_TMP/a.log")"
}

ip netns add mid || fail "ip netns add mid"
ip -n mid link set lo up

# The last event that the program was told of.
program()
{
	cat >"$BP_TMP/on-event"
	chmod "${1:-755}" "$BP_TMP/on-event"
}

told()
{
	grep -q "$1" "$BP_TMP/told"
}

case $CASE in
kinds)
	bp_null_pair a "rate_pps = 20000" "[function.f]" "type = meter" "rate = 1gbps" "[engine]" "name = $name" \
		"[alarm]" "drops = 5kpps" "[metrics]" "listen = unix:$BP_TMP/m.sock"
	sed -i 's/^a = b/a = f, b/' "$BP_TMP/a.ini"
	start
	show
	grep -q 'none since the start' "$BP_TMP/show.txt" || fail "$(cat "$BP_TMP/show.txt")"
	metric()
	{
		"$BP_PYTHON" - "$BP_TMP/m.sock" "$1" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
text = b""
while more := s.recv(65536):
    text += more
sys.exit(sys.argv[2] not in text.decode().splitlines())
PY
	}
	wait_for 5 metric 'bypath_alarm{alarm="port_down",subject="b"} 0' || fail "no alarm in the metrics"

	# A port, and what it drops then.
	set_port b down
	wait_for 10 raised port_down b || fail "$(cat "$BP_TMP/show.txt")"
	wait_for 10 raised drops b || fail "$(cat "$BP_TMP/show.txt")"
	grep -q 'port b: set down by uid 0' "$BP_TMP/show.txt" || fail "$(cat "$BP_TMP/show.txt")"
	wait_for 5 metric 'bypath_alarm{alarm="drops",subject="b"} 1' || fail "not in the metrics"
	metric 'bypath_alarm{alarm="drops",subject="a"} 0' || fail "port a drops nothing"
	set_port b up
	wait_for 10 over port_down b || fail "$(cat "$BP_TMP/show.txt")"
	wait_for 30 over drops b || fail "$(cat "$BP_TMP/show.txt")"
	[ "$(n_said 'warning: alarm drops: port b drops') $(n_said 'info: alarm drops is over: ')" = '1 1' ] ||
		fail "drops: not a line each: $(grep alarm "$BP_TMP/a.log")"
	note "port_down, drops: $(grep -c . "$BP_TMP/show.txt") lines shown"

	# A worker that stands still, while the others, and who asks, do not.
	tid=$("$BYPATH" show workers "$name" --json | "$BP_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["workers"][0]["tid"])')
	mkfifo "$BP_TMP/hold"
	"$BP_TOOLS/hold" "$tid" <"$BP_TMP/hold" >"$BP_TMP/hold.log" 2>&1 &
	hold=$!
	exec 9>"$BP_TMP/hold"
	if wait_for 5 grep -q held "$BP_TMP/hold.log"; then
		wait_for 10 raised worker_stalled 0 || fail "$(cat "$BP_TMP/show.txt")"
		said 'no round for more than 1 s: it is stopped, .*; the function that it entered last: f' ||
			fail "$(grep worker_stalled "$BP_TMP/a.log")"
		exec 9>&-
		wait $hold || fail "hold"
		wait_for 10 over worker_stalled 0 || fail "$(cat "$BP_TMP/show.txt")"
		[ "$(n_said 'alarm worker_stalled: worker 0') $(n_said 'alarm worker_stalled is over')" = '1 1' ] ||
			fail "worker_stalled: not a line each"
		note "a worker that stands still is named, with its last function"
	else
		exec 9>&-
		note "no ptrace here: $(cat "$BP_TMP/hold.log")"
	fi
	# A process that was stopped as a whole has no such worker.
	kill -STOP "$(bp_pid a)"
	"$BP_PYTHON" -c 'import select; select.select([], [], [], 1.5)'
	kill -CONT "$(bp_pid a)"
	show
	wait_for 5 metric 'bypath_alarm{alarm="worker_stalled",subject="0"} 0' || fail "$(cat "$BP_TMP/show.txt")"
	[ "$(n_said 'alarm worker_stalled: ')" -le 1 ] || fail "a process that was stopped has a worker that stands still"
	grep unaccounted "$BP_TMP/show.txt" && fail "packets under way are called unaccounted for"
	# A configuration that is refused, until one is taken; a new rate counts from then on.
	cp "$BP_TMP/a.ini" "$BP_TMP/right.ini"
	echo 'nonsense = 1' >>"$BP_TMP/a.ini"
	"$BYPATH" reload "$name" >"$BP_TMP/reload.log" 2>&1 && fail "nonsense is taken"
	raised reload_refused 'the run' || fail "$(cat "$BP_TMP/show.txt")"
	sed 's/^drops = .*/drops = 1pps/' "$BP_TMP/right.ini" >"$BP_TMP/a.ini"
	"$BYPATH" reload "$name" >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
	over reload_refused 'the run' || fail "$(cat "$BP_TMP/show.txt")"
	note "reload_refused"
	bp_stop a
	grep -q '^ALARMS' "$BP_TMP/a.log" || fail "no alarms in the report"
	bp_expect a "[x['times'] for x in r['alarms'] if x['alarm'] == 'drops' and x['subject'] == 'b'] == [1]" "r['alarms']"
	for text in 100kbps 0pps 10%; do
		"$BYPATH" check "$BP_TMP/a.ini" --offline --set "alarm.drops=$text" 2>"$BP_TMP/check.err" && fail "drops = $text is allowed"
		grep -q 'drops: found .*allowed: max' "$BP_TMP/check.err" || fail "$(cat "$BP_TMP/check.err")"
	done
	;;
hook)
	bp_null_pair a "rate_pps = 20000" "[engine]" "name = $name" "[alarm]" "on_event = $BP_TMP/on-event" "[log]" "level = debug"
	# It is told, by its environment alone: no descriptor, no signal that is blocked, its own group.
	program <<'SH'
#!/bin/sh
{
	env | grep ^BYPATH_ | sort
	echo "foreign $(ls -l /proc/$$/fd | grep -cE 'socket:|anon_inode:|packet')"
	grep -E '^(SigBlk|SigIgn|NSpgid)' /proc/$$/status
	echo "cores $(taskset -p $$ 2>/dev/null)"
	echo "pid $$"
} >>/run/t/told
echo "seen $BYPATH_EVENT"
SH
	start
	set_port b down
	wait_for 10 told BYPATH_STATE=raised || fail "it is told nothing"
	set_port b up
	wait_for 10 told BYPATH_STATE=cleared || fail "it is not told that it is over"
	for fact in BYPATH_EVENT=port_down BYPATH_PORT=b BYPATH_SUBJECT=b "BYPATH_INSTANCE=$name" \
		'BYPATH_TEXT=port b: set down by uid 0' 'BYPATH_TIME=20[0-9-]*T[0-9:.]*Z' 'foreign 0' \
		'SigBlk:.0*$' 'SigIgn:.0000000180000000$\|SigIgn:.0*$'; do # 32 and 33 are glibc's own
		told "$fact" || fail "not '$fact': $(cat "$BP_TMP/told")"
	done
	wait_for 5 said "debug: on_event .*(port_down): done: it said: seen port_down" || fail "what it printed is not logged"
	bp_stop a
	note "told of port_down, by its environment"

	# It fails, is not there, may not be run, is no program.
	program <<'SH'
#!/bin/sh
echo broken >&2
exit 3
SH
	start
	set_port b down
	wait_for 10 said "warning: on_event .*(port_down): ended with code 3: it said: broken" || fail "its failure is not logged"
	bp_stop a
	program 644 </dev/null
	start
	said 'warning: \[alarm\] on_event = .*on-event: cannot be run: Permission denied: events are logged only' || fail "$(cat "$BP_TMP/a.log")"
	set_port b down
	wait_for 10 said 'warning: on_event .*(port_down): cannot be run: Permission denied' || fail "not said"
	bp_stop a
	"$BYPATH" check "$BP_TMP/a.ini" | grep -q 'on_event: .*on-event cannot be run: Permission denied: events are logged only' ||
		fail "check does not tell that it cannot be run"
	rm "$BP_TMP/on-event"
	mkdir "$BP_TMP/on-event"
	"$BYPATH" check "$BP_TMP/a.ini" | grep -q 'on_event: .*on-event cannot be run: Is a directory' || fail "a folder is taken for a program"
	rmdir "$BP_TMP/on-event"
	start
	said 'on_event = .*: cannot be run: No such file' || fail "$(cat "$BP_TMP/a.log")"
	set_port b down
	wait_for 10 said '(port_down): cannot be run: No such file' || fail "not said"
	bp_stop a
	note "fails, not there, not to be run"

	# It hangs, with children: nothing waits for it. (unit-alarms floods it.)
	program <<'SH'
#!/bin/sh
trap '' TERM INT HUP
echo "$$" >>/run/t/hangs
sleep 600 &
sleep 600
SH
	start
	before=$("$BYPATH" show counters "$name" --json | "$BP_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["counters"]["port.a.rx.0.packets"])')
	"$BP_PYTHON" - "/run/bypath/$name.sock" <<'PY' || fail "set port"
import json, socket, sys
client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
lines = client.makefile()
for i in range(160):  # of which alarms see what is so every 100 ms
    request = {"command": "set", "port": "b", "state": ("down", "up")[i % 2]}
    client.sendall(json.dumps(request).encode() + b"\n")
    assert json.loads(lines.readline())["ok"]
PY
	set_port b down
	wait_for 5 [ -s "$BP_TMP/hangs" ] || fail "it was not run"
	"$BYPATH" show counters "$name" --json | "$BP_PYTHON" -c "import json, sys; sys.exit(json.load(sys.stdin)['counters']['port.a.rx.0.packets'] <= $before)" ||
		fail "nothing moves while it hangs"
	wait_for 20 said 'warning: on_event .*(port_down): killed, as it had not ended after 10 s' || fail "it is not killed"
	first=$(head -n 1 "$BP_TMP/hangs")
	for pid in $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v group="$first" '$5 == group { print $1 }'); do
		fail "of its process group $pid is left"
	done
	# The end does not wait either.
	bp_stop a
	bp_expect a "r['conservation']['counted']['unaccounted'] == 0"
	note "hangs: killed after 10 s with its children; the run's end kills the next"

	# Rights that the caller has not are not passed on.
	cp "$BYPATH" /run/capped
	chmod 755 /run/capped "$BP_TMP"
	if command -v setcap >/dev/null && setcap cap_net_raw+ep /run/capped 2>/dev/null; then
		chmod a+r "$BP_TMP/a.ini"
		in_mid timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups /run/capped run "$BP_TMP/a.ini" >"$BP_TMP/a.log" 2>&1 &&
			fail "a program with capabilities of its file runs another"
		said 'error: \[alarm\] on_event = .*: bypath has more rights than who started it' || fail "$(cat "$BP_TMP/a.log")"
		note "capabilities of its file: refused"
	fi
	;;
esac
