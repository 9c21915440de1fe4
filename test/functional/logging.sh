# The log: text, JSON, logfmt, the journal; figures of what moves only; limits.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

bp_lab
bp_pair wire af_packet-mmap w0 af_packet-mmap w1
bp_null_pair n "rate_pps = 1000"

# lines FILE PYTHON-EXPRESSION: true of every line's text, which is l, and of one at least.
lines()
{
	"$BP_PYTHON" -c '
import datetime, json, re, shlex, sys
lines = [line.rstrip("\n") for line in open(sys.argv[1], encoding="utf-8")]
assert lines, "no line"
def logfmt(l):
    return dict(word.split("=", 1) for word in shlex.split(l))
def is_time(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", text) and datetime.datetime.fromisoformat(text)
for l in lines:
    assert eval(sys.argv[2]), l' "$BP_TMP/$1" "$2" 2>>"$BP_TMP/lines.log" || fail "$1: not true of each line: $2"
}

# quick_run NAME [OPTION...]: 0.6 s of the null pair, its log alone.
quick_run()
{
	_log=$1
	shift
	"$BYPATH" run "$BP_TMP/n.ini" --duration 0.6 "$@" >"$BP_TMP/report.log" 2>"$BP_TMP/$_log" ||
		fail "run $*: code $?"
}

quick_run text.log
lines text.log 'is_time(l.split()[0]) and " bypath: info: " in l'
grep -q 'pps' "$BP_TMP/text.log" && fail "figures in a file that nobody asked for"
quick_run text.log --interval 0.2
lines text.log 'is_time(l.split()[0]) and " bypath: info: " in l'
grep -q 'bypath: info: a→b .*pps .*bit/s' "$BP_TMP/text.log" || fail "no figures of an interval"
quick_run text.log --interval 0.2 --log-level warning
[ ! -s "$BP_TMP/text.log" ] || fail "figures beside --log-level warning"
# Standard error on a terminal; the report stays in the file.
script -qec "$BYPATH run $BP_TMP/n.ini --duration 1.3 >$BP_TMP/report.log" /dev/null >"$BP_TMP/tty.log" </dev/null
grep -q '^bypath: info: forwarding' "$BP_TMP/tty.log" || fail "a terminal has time stamps"
grep -q '^ *1 s  a→b ' "$BP_TMP/tty.log" || fail "a terminal has no figures each second"
note "text: stamps in a file, figures on a terminal"

quick_run json.log --interval 0.2 --log-format json
lines json.log 'is_time(json.loads(l)["time"]) and json.loads(l)["level"] == "info" and json.loads(l)["message"]'
grep '"event":"interval"' "$BP_TMP/json.log" >"$BP_TMP/figures.log"
lines figures.log '0 < json.loads(l)["pps"] < 1e5 and json.loads(l)["port"] == "a" and json.loads(l)["to"] == "b"'
quick_run logfmt.log --interval 0.2 --set log.format=logfmt
lines logfmt.log 'is_time(logfmt(l)["time"]) and logfmt(l)["level"] == "info" and logfmt(l)["message"]'
grep -q 'event=interval .*port=a to=b' "$BP_TMP/logfmt.log" || fail "logfmt: no figures"
quick_run both.log --set log.format=logfmt --log-format json
lines both.log 'json.loads(l)'
"$BYPATH" gen --tx-port ring:x --rx-port ring:x --rate 1000pps --duration 0.5 --interval 0.2 --log-format json \
	>"$BP_TMP/report.log" 2>"$BP_TMP/gen.log" || fail "gen: code $?"
grep '"event":"interval"' "$BP_TMP/gen.log" >"$BP_TMP/figures.log"
lines figures.log '0 < json.loads(l)["offered_pps"] < 1e5'
lines gen.log 'json.loads(l)'
# What is wrong before the start is a message as well; SIGUSR1's report is one.
"$BYPATH" run "$BP_TMP/n.ini" --log-format json --set nix.x=1 2>"$BP_TMP/bad.log" && fail "a wrong key is taken"
lines bad.log 'json.loads(l)["level"] == "error"'
for bad in '--log-level warn' '--log-format xml' '--interval 0' '--interval 1m' '--interval 1e9'; do
	# shellcheck disable=SC2086
	"$BYPATH" run "$BP_TMP/n.ini" $bad 2>"$BP_TMP/bad.log"
	[ $? = 2 ] || fail "$bad: not refused"
	grep -q "found '${bad#* }', allowed: " "$BP_TMP/bad.log" || fail "$bad: not named"
done
note "json, logfmt: each line is whole"

# A link that changes is a message with its fields; nothing else is said while nothing moves.
rm -f "$BP_TMP/wire.log"
bp_start wire --log-format json --interval 0.1
bp_wait_forwarding
ip -n mid link set w1 down
wait_for 5 grep -q '"link":"down"' "$BP_TMP/wire.log" || fail "down: not logged"
ip -n mid link set w1 up
wait_for 5 grep -q '"link":"up"' "$BP_TMP/wire.log" || fail "up: not logged"
bp_wait_forwarding
kill -USR1 "$(bp_pid wire)"
wait_for 5 grep -q 'CONSERVATION' "$BP_TMP/wire.log" || fail "SIGUSR1: no report"
cp "$BP_TMP/wire.log" "$BP_TMP/events.log"
lines events.log 'json.loads(l)["message"]'
grep '"event":"link"' "$BP_TMP/events.log" >"$BP_TMP/links.log"
lines links.log 'json.loads(l)["port"] == "lan" and json.loads(l)["device"] == "w1" and json.loads(l)["driver"] == "af_packet"'
bp_stop wire
note "links: messages with fields"

bp_start wire --interval 0.1 --log-format json
wait_for 10 grep -q '"event":"interval"' "$BP_TMP/wire.log" || fail "the first interval is not said"
is_still()
{
	_before=$(wc -l <"$BP_TMP/wire.log")
	sleep 0.5
	[ "$(wc -l <"$BP_TMP/wire.log")" = "$_before" ]
}
wait_for 10 is_still || fail "lines although nothing moves"
bp_reaches h1 10.77.0.2 || bp_reaches h1 10.77.0.2 || fail "does not forward"
more()
{
	[ "$(wc -l <"$BP_TMP/wire.log")" -gt "$_before" ]
}
wait_for 5 more || fail "no line although something moved"
bp_stop wire
note "figures of what moves only"

# A port that flaps: the first messages, then how many were left out.
bp_start wire --log-format json
bp_wait_forwarding
saw()
{
	[ "$(grep -c '"link":"down"' "$BP_TMP/wire.log")" -ge 10 ]
}
_n=0
until saw; do
	_n=$((_n + 1))
	[ $_n -lt 200 ] || fail "10 flaps are not seen"
	ip -n mid link set w1 down && sleep 0.12 && ip -n mid link set w1 up && sleep 0.12
done
for _n in 1 2 3 4 5; do
	ip -n mid link set w1 down && sleep 0.12 && ip -n mid link set w1 up && sleep 0.12
done
bp_stop wire
"$BP_PYTHON" - "$BP_TMP/wire.log" <<'END' || fail "limits"
import datetime, json, sys
lines = [json.loads(l) for l in open(sys.argv[1]) if l.startswith("{")]
for link, level in ("down", "warning"), ("up", "info"):
    n = [l for l in lines if l.get("link") == link]
    out = [l for l in lines if l.get("left_out") and l["level"] == level]
    times = [datetime.datetime.fromisoformat(l["time"]) for l in n]
    assert len(n) >= 10, (link, len(n))
    for first, eleventh in zip(times, times[10:]):
        assert (eleventh - first).total_seconds() > 4.9, (link, first, eleventh)
    assert all(l["port"] == "lan" for l in out), out
    print(link, len(n), "said,", sum(l["left_out"] for l in out), "left out")
END
note "limits"

# The journal: a socket in its place, and a standard error that JOURNAL_STREAM names.
mkdir -p /run/systemd/journal
"$BP_PYTHON" -c '
import json, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/run/systemd/journal/socket")
open(sys.argv[1] + ".ready", "w").close()
while True:
    data = s.recv(1 << 20)
    fields = {}
    while data:
        head, data = data.split(b"\n", 1)
        if b"=" in head:
            name, value = head.split(b"=", 1)
        else:
            name, n = head, struct.unpack("<Q", data[:8])[0]
            value, data = data[8:8 + n], data[8 + n + 1:]
        fields[name.decode()] = value.decode()
    with open(sys.argv[1], "a") as out:
        out.write(json.dumps(fields) + "\n")' "$BP_TMP/journal.log" &
wait_for 5 test -e "$BP_TMP/journal.log.ready" || fail "no socket"
: >"$BP_TMP/stderr.log"
in_journal()
{
	JOURNAL_STREAM=$(stat -c %d:%i "$BP_TMP/stderr.log") "$BYPATH" run "$BP_TMP/n.ini" --duration 0.5 "$@" \
		>"$BP_TMP/report.log" 2>>"$BP_TMP/stderr.log" || fail "run $*: code $?"
}
in_journal --interval 0.2
if "$BP_PYTHON" -c 'import sys; sys.exit(b"libsystemd" not in open(sys.argv[1], "rb").read())' "$BYPATH"; then
	wait_for 5 grep -q '"BYPATH_PPS"' "$BP_TMP/journal.log" || fail "no fields in the journal"
	lines journal.log 'json.loads(l)["PRIORITY"] == "6" and json.loads(l)["SYSLOG_IDENTIFIER"] == "bypath" and json.loads(l)["CODE_FILE"]'
	[ ! -s "$BP_TMP/stderr.log" ] || fail "the journal is written to, and standard error too"
	# A socket that refuses: standard error is the journal's as well.
	rm /run/systemd/journal/socket
	mkdir /run/systemd/journal/socket
	in_journal
fi
lines stderr.log 'l.startswith("<6>bypath: ")'
# The control: a JOURNAL_STREAM that is not this standard error's (a shell in a unit that redirects).
: >"$BP_TMP/stderr.log"
JOURNAL_STREAM=1:1 "$BYPATH" run "$BP_TMP/n.ini" --duration 0.2 >"$BP_TMP/report.log" 2>"$BP_TMP/stderr.log"
lines stderr.log 'is_time(l.split()[0])'
note "journal"
