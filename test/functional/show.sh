# A running instance is asked through its socket: show.sh ask | names | clients | watch | user | config | stopped
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

# Nothing on the network; names of this test alone.
ip netns add mid || fail "ip netns add mid"
id=$(date +%s%N | tail -c 10)
one=one-$id two=two-$id
socket=/run/bypath/$one.sock

start()
{
	bp_start "$1"
	wait_for 10 grep -q forwarding "$BP_TMP/$1.log" || fail "$1: does not start"
}

show()
{
	"$BYPATH" show "$@" 2>"$BP_TMP/show.err"
}

bp_null_pair "$one" "rate_pps = 10000" "[function.f]" "type = meter" "rate = 1000pps"
sed -i 's/^a = b/a = f, b/' "$BP_TMP/$one.ini"
bp_null_pair "$two" "rate_pps = 1000"

case $1 in
ask)
	start "$one"
	start "$two"
	show instances >"$BP_TMP/names" || fail "show instances"
	for name in "$one" "$two"; do
		grep -qx "$name" "$BP_TMP/names" || fail "$name is not listed: $(cat "$BP_TMP/names")"
	done
	show ports && fail "which instance is not said, and one answers"
	grep -q "which instance? running:.* $one" "$BP_TMP/show.err" || fail "$(cat "$BP_TMP/show.err")"
	show ports none-$id && fail "an instance that does not run answers"
	grep -q "no instance 'none-$id' runs: running:" "$BP_TMP/show.err" || fail "$(cat "$BP_TMP/show.err")"
	for what in ports queues workers paths drops functions tables ledger modes counters captures config build all; do
		show $what "$one" >"$BP_TMP/$what.txt" || fail "show $what: $(cat "$BP_TMP/show.err")"
		show $what "$one" --json >"$BP_TMP/$what.json" || fail "show $what --json"
		/usr/bin/python3 - "$BP_TMP/$what.json" "$what" "$one" <<'PY' || fail "show $what --json"
import json, sys
piece = json.load(open(sys.argv[1]))
assert piece["instance"] == sys.argv[3], piece["instance"]
assert piece["schema"] == ("bypath.report/1" if sys.argv[2] == "all" else "bypath.show/1")
assert not piece["run"]["final"]
PY
	done
	for word in "ports PORTS" "queues QUEUES" "workers WORKERS" "paths PATHS" "drops DROPS" "functions meter" \
		"ledger crossings" "modes MODES" "counters port.a.rx.0.packets" "build af_packet" "all CONSERVATION"; do
		grep -q "${word#* }" "$BP_TMP/${word%% *}.txt" || fail "show ${word%% *} lacks '${word#* }'"
	done
	grep -q FAILURE "$BP_TMP/all.txt" && fail "a run that goes on is called a failure"
	show money "$one" && fail "there is no WHAT 'money'"
	grep -q "found '$one' behind a name; WHAT is one of instances, ports" "$BP_TMP/show.err" ||
		fail "$(cat "$BP_TMP/show.err")"
	note "every piece as text and JSON, of the instance that was named"

	# A client's own baseline: what was counted since, and nothing is reset.
	since()
	{
		show counters "$one" --since "$BP_TMP/counters.json" --json >"$BP_TMP/since.json" || return 1
		/usr/bin/python3 - "$BP_TMP/counters.json" "$BP_TMP/since.json" <<'PY'
import json, sys
old, new = (json.load(open(path))["counters"]["port.a.rx.0.packets"] for path in sys.argv[1:])
assert old > 0
sys.exit(not 0 < new)
PY
	}
	wait_for 10 since || fail "no counters since"
	show counters "$two" --since "$BP_TMP/counters.json" && fail "the counters of another instance are taken away"
	grep -q "not the counters of this run of '$two'" "$BP_TMP/show.err" || fail "$(cat "$BP_TMP/show.err")"
	show ports "$one" --since "$BP_TMP/counters.json" && fail "--since without counters"
	note "counters since a file"

	"$BYPATH" set log debug "$one" || fail "set log debug"
	"$BYPATH" set log loud "$one" 2>"$BP_TMP/show.err" && fail "there is no level 'loud'"
	grep -q "found \"log\" 'loud', allowed: error, warning, info, debug" "$BP_TMP/show.err" || fail "$(cat "$BP_TMP/show.err")"
	"$BYPATH" set log error "$one" || fail "set log error"
	kill -HUP "$(bp_pid "$one")" "$(bp_pid "$two")"
	wait_for 5 grep -q SIGHUP "$BP_TMP/$two.log" || fail "SIGHUP is not logged: else this shows nothing"
	show ports "$one" >/dev/null
	grep -q SIGHUP "$BP_TMP/$one.log" && fail "what is below the level is logged"
	note "set log"

	"$BYPATH" drain "$one" || fail "drain"
	bp_exit "$one" 10 || fail "$one does not drain"
	bp_expect "$one" "r['run']['final'] and r['conservation']['counted']['unaccounted'] == 0"
	for file in "$socket" "${socket%.sock}.live"; do
		[ ! -e "$file" ] || fail "$file stays behind"
	done
	show ports >"$BP_TMP/only" || fail "the only instance needs no name"
	bp_stop "$two"
	note "drain ends one, the other goes on"
	;;
names)
	printf '[engine]\nname = %s\n' "fixed-$id" >"$BP_TMP/fixed.ini"
	sed '/^\[engine\]/d' "$BP_TMP/$two.ini" >>"$BP_TMP/fixed.ini"
	start fixed
	show ports "fixed-$id" >/dev/null || fail "[engine] name is not the name"
	cp "$BP_TMP/fixed.ini" "$BP_TMP/again.ini"
	"$BYPATH" run "$BP_TMP/again.ini" >"$BP_TMP/again.log" 2>&1 && fail "a name that is taken is taken again"
	grep -q "\[engine\] name: an instance named 'fixed-$id' runs already" "$BP_TMP/again.log" ||
		fail "$(cat "$BP_TMP/again.log")"
	note "a name of its own belongs to one"

	# A name that the file gives makes way.
	start "$two"
	mkdir "$BP_TMP/other"
	cp "$BP_TMP/$two.ini" "$BP_TMP/other/"
	"$BYPATH" run "$BP_TMP/other/$two.ini" >"$BP_TMP/second.log" 2>&1 &
	echo $! >"$BP_TMP/second.pid"
	wait_for 10 grep -q forwarding "$BP_TMP/second.log" || fail "a second file of the same name does not start"
	show ports "$two-2" >/dev/null || fail "it is not $two-2: $(show instances)"
	kill "$(bp_pid second)"
	bp_exit second 10 || fail "the second does not end"
	bp_stop "$two"
	note "the second of a file's name is called NAME-2"

	# kill -9 leaves the socket; the next one takes it. A member of the group, who asks, cannot hold the name for it.
	start "$one"
	live=${socket%.sock}.live
	as_member()
	{
		setpriv --reuid 65534 --regid "$(stat -c %g "$socket")" --clear-groups "$@"
	}
	cat >"$BP_TMP/hold.py" <<'PY'
import fcntl, struct, sys
F_OFD_SETLK = 37
file = open(sys.argv[1], "rb")
fcntl.fcntl(file, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))
print("held", flush=True)
PY
	chmod 755 "$BP_TMP"
	# The control: such a lock can be had of a file that may be read.
	install -m 644 /dev/null "$BP_TMP/readable"
	as_member /usr/bin/python3 "$BP_TMP/hold.py" "$BP_TMP/readable" | grep -q held ||
		fail "a reader cannot lock: else this shows nothing"
	as_member /usr/bin/python3 "$BP_TMP/hold.py" "$live" >"$BP_TMP/hold.log" 2>&1
	grep -q PermissionError "$BP_TMP/hold.log" || fail "a member of the group opens $live: $(cat "$BP_TMP/hold.log")"
	as_member "$BYPATH" show instances | grep -qx "$one" || fail "a member of the group does not see it"
	kill -9 "$(bp_pid "$one")"
	wait_for 5 bp_gone "$one" || fail "kill -9"
	[ -S "$socket" ] || fail "kill -9 leaves the socket: else this shows nothing"
	# Its threads end one after another: the last of them closes the socket.
	not_listed()
	{
		! show instances | grep -qx "$one"
	}
	wait_for 5 not_listed || fail "a dead instance is listed"
	as_member "$BYPATH" show instances | grep -qx "$one" && fail "a dead instance is listed to a member of the group"
	show ports "$one" && fail "a dead instance answers"
	rm -f "$BP_TMP/$one.log"
	start "$one"
	show ports "$one" >/dev/null || fail "no answer over the socket that was left"
	bp_stop "$one"
	[ ! -e "${socket%.sock}.live" ] || fail "an orderly end leaves ${socket%.sock}.live"
	note "a socket that kill -9 left is taken over"

	# Starts and orderly ends of one name at once, whose file comes and goes meanwhile.
	"$BP_TOOLS/instances" "race-$id" 2000 >"$BP_TMP/race.log" 2>&1 || fail "a name belongs to two"
	[ ! -e "/run/bypath/race-$id.live" ] || fail "the lock's file stays behind"
	note "$(cat "$BP_TMP/race.log")"

	sed -i 's/^\[engine\]/[engine]\ncontrol = no/' "$BP_TMP/fixed.ini"
	bp_stop fixed
	rm -f "$BP_TMP/fixed.log"
	start fixed
	show ports "fixed-$id" && fail "control = no listens"
	bp_stop fixed
	for name in Upper with.dot with/slash; do
		"$BYPATH" check "$BP_TMP/fixed.ini" --set "engine.name=$name" 2>"$BP_TMP/check.err" &&
			fail "engine.name = $name is allowed"
		grep -q "name: found '$name', allowed: 1..31 of a-z 0-9 _ -" "$BP_TMP/check.err" ||
			fail "$(cat "$BP_TMP/check.err")"
	done
	note "control = no, names that are none"
	;;
clients)
	start "$one"
	for case in ping partial long garbage pipelined stalled many few_descriptors gave_up; do
		timeout 60 /usr/bin/python3 "${0%/*}/control.py" "$socket" $case >"$BP_TMP/$case.log" 2>&1 ||
			fail "clients that are $case: $(cat "$BP_TMP/$case.log")"
	done
	[ "$(stat -c %a "$socket")" = 660 ] || fail "the socket's mode is $(stat -c %a "$socket")"
	show workers "$one" >/dev/null || fail "no answer after all that"
	bp_stop "$one"
	bp_expect "$one" "r['conservation']['counted']['unaccounted'] == 0 and r['conservation']['counted']['received'] > 0"
	note "partial, endless, garbled lines, stalled readers, a thousand connections, few descriptors, one that gave up"
	;;
watch)
	start "$one"
	timeout 120 /usr/bin/python3 "${0%/*}/watched.py" "$BYPATH" "$one" "$(bp_pid "$one")" \
		"$BYPATH" run "$BP_TMP/$one.ini" --quiet >"$BP_TMP/watch.txt" 2>&1 || fail "$(cat "$BP_TMP/watch.txt")"
	start "$two"
	# Into a pipe: plain text, no escapes; a reader that goes ends it.
	show "$two" --watch --interval 0.1 --count 2 >"$BP_TMP/plain.txt" || fail "--count does not end it"
	grep -q "$(printf '\033')" "$BP_TMP/plain.txt" && fail "escapes in a pipe"
	[ "$(grep -c '^  PORTS' "$BP_TMP/plain.txt")" = 2 ] || fail "not two screens"
	show "$two" --watch --interval 0.1 --count 3 --json >"$BP_TMP/watch.json" || fail "--watch --json"
	/usr/bin/python3 - "$BP_TMP/watch.json" <<'PY' || fail "watch --json: $(cat "$BP_TMP/watch.json")"
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
assert len(rows) == 3 and all(row["schema"] == "bypath.watch/1" for row in rows)
rate = rows[-1]["ports"][0]["rx_pps"]
assert 0 < rate < 100000, rate
PY
	timeout 20 "$BYPATH" show "$two" --watch --interval 0.1 2>"$BP_TMP/show.err" | head -n 2 >/dev/null
	[ ! -s "$BP_TMP/show.err" ] || fail "a reader that has seen enough: $(cat "$BP_TMP/show.err")"
	show ports --watch && fail "--watch of a piece"
	grep -q "^bypath: error: --watch shows rates of everything, not of 'ports' alone" "$BP_TMP/show.err" ||
		fail "$(cat "$BP_TMP/show.err")"
	bp_stop "$two"
	note "redrawn on 80 x 24 and on 40 x 6, an instance that ends and comes back, a pipe"
	;;
config)
	printf '; a comment\n[engine]\nidle = busy ; spins\n[log]\nlevel = "info"\n' >"$BP_TMP/main.ini"
	sed '/^\[engine\]/d' "$BP_TMP/$one.ini" >>"$BP_TMP/main.ini"
	"$BYPATH" run "$BP_TMP/main.ini" --set engine.name="$one" --set port.a.frame_bytes=128 --log-level debug \
		>"$BP_TMP/main.log" 2>&1 &
	echo $! >"$BP_TMP/main.pid"
	wait_for 10 grep -q forwarding "$BP_TMP/main.log" || fail "does not start"
	show config "$one" >"$BP_TMP/shown.ini" || fail "show config: $(cat "$BP_TMP/show.err")"
	grep -Eq '^idle = busy +; main.ini:3$' "$BP_TMP/shown.ini" || fail "no place in the file: $(cat "$BP_TMP/shown.ini")"
	grep -Eq '^level = debug +; command line$' "$BP_TMP/shown.ini" || fail "what replaced a line is not shown"
	grep -Eq '^frame_bytes = 128 +; command line$' "$BP_TMP/shown.ini" || fail "--set is not shown"
	grep -q '; default$' "$BP_TMP/shown.ini" && fail "defaults without --all"
	show config "$one" --all | grep -Eq '^burst = 64 +; default$' || fail "--all shows no defaults"
	show ports "$one" --all && fail "--all of ports"
	# It is an INI file again, which says the same.
	"$BYPATH" check "$BP_TMP/shown.ini" --offline || fail "check refuses what show config prints"
	show config "$one" --json >"$BP_TMP/one.json" || fail "--json"
	# What a reload took up, and not what it refused.
	cp "$BP_TMP/main.ini" "$BP_TMP/before.ini"
	sed -i 's/^rate_pps = 10000/rate_pps = 20000/' "$BP_TMP/main.ini"
	"$BYPATH" reload "$one" >"$BP_TMP/reload.log" 2>&1 || fail "reload"
	show config "$one" | grep -Eq '^rate_pps = 20000 +; main.ini:' || fail "show config does not follow a reload"
	sed -i 's/^rate_pps = 20000/rate_pps = many/' "$BP_TMP/main.ini"
	"$BYPATH" reload "$one" >"$BP_TMP/reload.log" 2>&1 && fail "a wrong file is taken up"
	show config "$one" | grep -Eq '^rate_pps = 20000 +; main.ini:' || fail "show config says what was refused"
	cp "$BP_TMP/before.ini" "$BP_TMP/main.ini"
	kill "$(bp_pid main)"
	bp_exit main 10 || fail "does not end"
	start shown
	show config "$one" --json >"$BP_TMP/two.json" || fail "the file that was printed runs under its name"
	"$BP_PYTHON" - "$BP_TMP/one.json" "$BP_TMP/two.json" <<'PY' || fail "the file that was printed says something else"
import json, sys
one, two = ({(s["section"], row["key"]): row["value"] for s in json.load(open(path))["config"]["sections"]
             for row in s["settings"]} for path in sys.argv[1:])
assert one == two and ("engine", "name") in one, (one, two)
row = next(row for s in json.load(open(sys.argv[1]))["config"]["sections"] if s["section"] == "engine"
           for row in s["settings"] if row["key"] == "idle")
assert row["kind"] == "file" and row["line"] == 3, row
PY
	bp_stop shown
	note "what is set, and where; it can be run again"
	;;
stopped)
	# An instance that is stopped is asked nothing where its lock says enough, and hangs nobody.
	start "$one"
	start "$two"
	kill -STOP "$(bp_pid "$one")"
	for _try in 1 2 3 4 5 6 7 8 9 10; do
		timeout 5 "$BYPATH" show instances >"$BP_TMP/names" || fail "show instances waits for one that is stopped"
		grep -qx "$one" "$BP_TMP/names" || fail "a stopped instance is not listed"
	done
	timeout 5 "$BYPATH" show ports "$two" >/dev/null || fail "the other one does not answer"
	timeout 30 "$BYPATH" show ports "$one" 2>"$BP_TMP/show.err" && fail "a stopped instance answers"
	grep -q "'$one': it does not answer" "$BP_TMP/show.err" || fail "$(cat "$BP_TMP/show.err")"
	# A signal ends the wait.
	"$BYPATH" show "$one" --watch >"$BP_TMP/watch.txt" 2>&1 &
	echo $! >"$BP_TMP/watch.pid"
	wait_for 5 grep -Eq '^SigBlk:[^1-9a-f]*[1-9a-f]' "/proc/$(bp_pid watch)/status" || fail "--watch blocks no signal"
	kill -TERM "$(bp_pid watch)"
	bp_exit watch 5 || fail "--watch of a stopped instance does not end by a signal"
	kill -CONT "$(bp_pid "$one")"
	bp_stop "$one"
	bp_stop "$two"

	# The level silences the figures on a terminal, and brings them back; another instance goes on meanwhile.
	timeout 100 "$BP_PYTHON" "${0%/*}/figures.py" "$BYPATH" "$BP_TMP/$one.ini" "$BP_TMP/$two.ini" \
		>"$BP_TMP/figures.log" 2>&1 || fail "$(cat "$BP_TMP/figures.log")"
	note "stopped instances; set log and the figures of a terminal"
	;;
user)
	# Who may not write to /run listens below XDG_RUNTIME_DIR, or runs without.
	mkdir "$BP_TMP/runtime"
	chmod 755 "$BP_TMP"
	chown 65534:65534 "$BP_TMP/runtime"
	as_user()
	{
		exec setpriv --reuid 65534 --regid 65534 --clear-groups env XDG_RUNTIME_DIR="$1" "$BYPATH" "$2" "$3" \
			--set engine.name="user-$id"
	}
	mkdir -p /run/bypath
	as_user "$BP_TMP/runtime" run "$BP_TMP/$two.ini" >"$BP_TMP/user.log" 2>&1 &
	echo $! >"$BP_TMP/user.pid"
	wait_for 10 [ -S "$BP_TMP/runtime/bypath/user-$id.sock" ] || fail "no socket: $(cat "$BP_TMP/user.log")"
	wait_for 10 grep -q forwarding "$BP_TMP/user.log" || fail "does not start"
	XDG_RUNTIME_DIR=$BP_TMP/runtime show ports "user-$id" >/dev/null || fail "no answer: $(cat "$BP_TMP/show.err")"
	kill "$(bp_pid user)"
	bp_exit user 10 || fail "does not end"
	as_user "$BP_TMP/nowhere" run "$BP_TMP/$two.ini" >"$BP_TMP/user.log" 2>&1 &
	echo $! >"$BP_TMP/user.pid"
	wait_for 10 grep -q forwarding "$BP_TMP/user.log" || fail "does not start without a socket"
	wait_for 10 grep -q "no control socket, bypath show does not see this run" "$BP_TMP/user.log" || fail "it does not say so"
	kill "$(bp_pid user)"
	bp_exit user 10 || fail "does not end"
	note "a socket of a user's own, and a run without one"
	;;
esac
