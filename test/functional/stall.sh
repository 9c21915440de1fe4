# A worker that stands still holds nobody: a lost port, a reload, the end.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "${0%/*}/lib.sh"

need ip "$BP_PYTHON"
bp_lab offloads=off
bp_neighbours h1 10.77.0.2 h2
bp_neighbours h2 10.77.0.1 h1
bp_pair a af_packet-mmap w0 af_packet-mmap w1 "[engine]" "name = stall" "[function.f]" "type = meter" "rate = 1gbps"
sed -i 's/^wan = lan/wan = f, lan/' "$BP_TMP/a.ini"

said()
{
	grep -q "$1" "$BP_TMP/a.log"
}

# What a line says of the worker.
where='worker 0 (core [0-9]*, thread [0-9]*) has made no round for .*: it is stopped, by a debugger or a signal; the function that it entered last: f'

# The worker stands still, until let_go.
hold()
{
	tid=$("$BYPATH" show workers stall --json | "$BP_PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["workers"][0]["tid"])')
	rm -f "$BP_TMP/hold"
	mkfifo "$BP_TMP/hold"
	"$BP_TOOLS/hold" "$tid" <"$BP_TMP/hold" >"$BP_TMP/hold.log" 2>&1 &
	hold=$!
	exec 9>"$BP_TMP/hold"
	wait_for 5 grep -q held "$BP_TMP/hold.log" || skip "no ptrace here: $(cat "$BP_TMP/hold.log")"
}

let_go()
{
	exec 9>&-
	wait $hold
}

bp_start a
bp_wait_forwarding 20

# Its device goes: the port stops when the worker has gone on; meanwhile others are answered.
hold
ip -n h2 link del e0
wait_for 10 said "port lan: stops when a worker goes on: $where" || fail "a lost port waits for a worker, and says nothing"
"$BYPATH" show ports stall >"$BP_TMP/ports.txt" || fail "nobody is answered beside a worker that stands still"
let_go || fail "hold"
bp_wire h2 w1 10.77.0.2/24
bp_neighbours h2 10.77.0.1 h1
wait_for 10 said 'lan: .*w1.* is back' || fail "the port does not come back when its worker has gone on"
bp_wait_forwarding 10
note "a port whose device goes beside a worker that stands still"

# A reload is refused, and everything is as before.
hold
sed -i 's/^rate = 1gbps/rate = 2gbps/' "$BP_TMP/a.ini"
"$BYPATH" reload stall >"$BP_TMP/reload.log" 2>&1 && fail "a reload beside a worker that stands still"
grep -q "$where" "$BP_TMP/reload.log" || fail "$(cat "$BP_TMP/reload.log")"
let_go || fail "hold"
bp_wait_forwarding 10
"$BYPATH" reload stall >"$BP_TMP/reload.log" 2>&1 || fail "the next reload: $(cat "$BP_TMP/reload.log")"
bp_wait_forwarding 10
note "a reload beside it is refused by its name, the next one is done"

# The run ends, with a report, while the worker still stands there.
hold
kill -TERM "$(bp_pid a)"
wait_for 20 test -s "$BP_TMP/a.json" || fail "no report while a worker stands still"
said "ends without one of its workers; what that had in hand is lost: $where" || fail "$(tail -3 "$BP_TMP/a.log")"
# Whoever holds a thread has to let it die.
let_go
code=0
bp_exit a 10 || code=$?
[ $code = 1 ] || fail "a run without one of its workers ends with code $code"
note "an end goes on without it"
