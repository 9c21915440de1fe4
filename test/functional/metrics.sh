# Figures of a running instance for Prometheus: metrics.sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

ip netns add mid || fail "ip netns add mid"
ip -n mid link set lo up
/usr/bin/python3 -c 'import prometheus_client' 2>/dev/null || skip "no python3-prometheus-client"
bp_null_pair m "rate_pps = 10000" "[function.f]" "type = meter" "rate = 1kbps" "burst = 64" "[metrics]" \
	"listen = 127.0.0.1:9477"
sed -i 's/^a = b/a = f, b/' "$BP_TMP/m.ini"
"$BYPATH" check "$BP_TMP/m.ini" --offline >"$BP_TMP/check.log" 2>&1 || fail "$(cat "$BP_TMP/check.log")"

try()
{
	timeout 60 ip netns exec mid /usr/bin/python3 "${0%/*}/metrics.py" "$@" >"$BP_TMP/try.log" 2>&1 ||
		fail "$*: $(cat "$BP_TMP/try.log")"
}

bp_start m
wait_for 10 grep -q forwarding "$BP_TMP/m.log" || fail "m: does not start"
wait_for 10 ip netns exec mid /usr/bin/python3 "${0%/*}/metrics.py" 127.0.0.1:9477 scrape ||
	fail "no metrics: $(ip netns exec mid /usr/bin/python3 "${0%/*}/metrics.py" 127.0.0.1:9477 scrape 2>&1)"
try 127.0.0.1:9477 scrape
note "$(cat "$BP_TMP/try.log")"
try 127.0.0.1:9477 others
try 127.0.0.1:9477 stalled
# Ports that reloads take out and bring back stand once, and are not called down; what is refused is counted.
# tells PORTS DONE REFUSED HAS-C
tells()
{
	timeout 60 ip netns exec mid /usr/bin/python3 "${0%/*}/metrics.py" 127.0.0.1:9477 reloaded >"$BP_TMP/try.log" 2>&1
	grep -qx "$*" "$BP_TMP/try.log"
}
cp "$BP_TMP/m.ini" "$BP_TMP/m.old"
printf '[port.c]\ndriver = null\nrate_pps = 1000\n' >>"$BP_TMP/m.ini"
sed -i 's/^\[forward\]/&\nc = b/' "$BP_TMP/m.ini"
cp "$BP_TMP/m.ini" "$BP_TMP/m.new"
set -- "a,b,c 1 0 True" "a,b 2 0 True" "a,b,c 3 0 True"
for file in new old new; do
	cp "$BP_TMP/m.$file" "$BP_TMP/m.ini"
	"$BYPATH" reload m >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
	# shellcheck disable=SC2086 # words
	tells $1 || fail "not $1: $(cat "$BP_TMP/try.log")"
	shift
done
sed -i 's/^rate_pps = 1000$/rate_pps = many/' "$BP_TMP/m.ini"
"$BYPATH" reload m >"$BP_TMP/reload.log" 2>&1 && fail "a wrong file is taken"
tells a,b,c 3 1 True || fail "a refused reload is not counted: $(cat "$BP_TMP/try.log")"
cp "$BP_TMP/m.old" "$BP_TMP/m.ini"
# The port is taken.
cp "$BP_TMP/m.ini" "$BP_TMP/again.ini"
ip netns exec mid "$BYPATH" run "$BP_TMP/again.ini" >"$BP_TMP/again.log" 2>&1 && fail "a port that is taken is no error"
grep -q "listen = 127.0.0.1:9477: Address already in use: choose another" "$BP_TMP/again.log" ||
	fail "$(cat "$BP_TMP/again.log")"
bp_stop m
bp_expect m "r['conservation']['counted']['unaccounted'] == 0"
note "both formats, odd requests, clients that stall, a port that is taken"

# By a path, which kill -9 leaves behind; whose process may have it open for a moment still.
bp_start m --set "metrics.listen=unix:$BP_TMP/m.sock"
wait_for 10 [ -S "$BP_TMP/m.sock" ] || fail "no socket: $(cat "$BP_TMP/m.log")"
wait_for 10 grep -q forwarding "$BP_TMP/m.log" || fail "m: does not start"
kill -9 "$(bp_pid m)"
[ -S "$BP_TMP/m.sock" ] || fail "nothing is left behind: this shows nothing"
bp_start m --set "metrics.listen=unix:$BP_TMP/m.sock"
wait_for 10 grep -q forwarding "$BP_TMP/m.log" || fail "m: does not start over what was left"
try "unix:$BP_TMP/m.sock" others
bp_stop m
[ ! -e "$BP_TMP/m.sock" ] || fail "the socket stays behind"
# Who listens where others reach it is told so.
for text in 0.0.0.0:9478 '[::]:9478'; do
	"$BYPATH" run "$BP_TMP/m.ini" --duration 0.1 --set "metrics.listen=$text" >"$BP_TMP/open.log" 2>&1 ||
		fail "$text: $(cat "$BP_TMP/open.log")"
	grep -qF "warning: [metrics] listen = $text: whoever reaches this address may read" "$BP_TMP/open.log" ||
		fail "$text: no warning: $(cat "$BP_TMP/open.log")"
done
grep -q "whoever reaches" "$BP_TMP/m.log" && fail "a warning about a path"
for text in 9477 localhost:9477 127.0.0.1: 127.0.0.1:0 127.0.0.1:65536 '[::1:9477' unix:m.sock 256.1.1.1:1; do
	"$BYPATH" check "$BP_TMP/m.ini" --offline --set "metrics.listen=$text" 2>"$BP_TMP/check.err" &&
		fail "metrics.listen = $text is allowed"
	grep -qF "listen: found '$text', allowed: ADDRESS:PORT" "$BP_TMP/check.err" || fail "$(cat "$BP_TMP/check.err")"
done
"$BYPATH" check "$BP_TMP/m.ini" --offline --set 'metrics.listen=[::1]:9477' >/dev/null || fail "[::1]:9477 is refused"
note "a path, what is no address"
