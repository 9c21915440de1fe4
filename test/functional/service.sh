# As a service: what is told to the service manager, the unit, the rights it leaves: service.sh notify | unit | rights
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

UNIT=${BYPATH_BUILD_ROOT:-build}/systemd/bypath@.service

case $1 in
notify)
	grep -q '^Type=notify' "$UNIT" || skip "this build has no libsystemd: install libsystemd-dev"
	bp_null_pair run "rate_pps = 1000"
	"$BP_PYTHON" - "$BYPATH" "$BP_TMP/run.ini" "$BP_TMP/notify" "$UNIT" <<'PY' || fail "what is told"
import os, signal, socket, subprocess, sys, time
told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
told.bind(sys.argv[3])
told.settimeout(20)
with open(sys.argv[2], encoding="utf-8") as ini:
    right = ini.read()
def next_state():
    return dict(line.split("=", 1) for line in told.recv(4096).decode().splitlines())
run = subprocess.Popen([sys.argv[1], "run", sys.argv[2]], env={**os.environ, "NOTIFY_SOCKET": sys.argv[3]},
                       stdout=subprocess.DEVNULL)
state = next_state()
assert state.get("READY") == "1" and state.get("STATUS") == "forwarding", state
# SIGHUP: told, with the time that tells it from an earlier one, and ready again; refused or not.
for refuses in (False, True):
    if refuses:
        with open(sys.argv[2], "a", encoding="utf-8") as ini:
            ini.write("[port.none]\n")
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    run.send_signal(signal.SIGHUP)
    state = next_state()
    assert state.get("RELOADING") == "1" and int(state["MONOTONIC_USEC"]) >= begin, state
    assert next_state().get("READY") == "1"
# systemctl reload: the unit's line ends when that is done, and says whether it was refused.
reload = next(line.split("=", 1)[1] for line in open(sys.argv[4], encoding="utf-8") if line.startswith("ExecReload="))
words = reload.replace("%i", "run").split()
assert os.path.basename(words[0]) == "bypath", words
words[0] = sys.argv[1]
for refused in (True, False):
    if not refused:
        with open(sys.argv[2], "w", encoding="utf-8") as ini:
            ini.write(right)
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    assert (done.returncode != 0) == refused and bool(done.stderr) == refused, done
    state = next_state()
    assert state.get("RELOADING") == "1", state
    assert next_state().get("READY") == "1"
run.send_signal(signal.SIGTERM)
state = next_state()
assert state.get("STOPPING") == "1", state
assert run.wait(20) == 0
# A configuration that is wrong is never ready, and RestartPreventExitStatus=2 is what it ends with.
bad = subprocess.run([sys.argv[1], "run", sys.argv[2], "--set", "engine.workers=0"],
                     env={**os.environ, "NOTIFY_SOCKET": sys.argv[3]}, stderr=subprocess.DEVNULL)
assert bad.returncode == 2, bad
told.settimeout(0)
try:
    raise AssertionError(told.recv(4096))
except BlockingIOError:
    pass
PY
	note "READY when it forwards, RELOADING and READY at SIGHUP, STOPPING before it drains"
	;;
unit)
	need systemd-analyze
	# Of this machine, with the program where the unit expects it.
	folder=$BP_TMP/units
	mkdir "$folder"
	sed -E "s#^(ExecStart|ExecReload)=[^ ]*#\1=$BYPATH#" "$UNIT" >"$folder/bypath@.service"
	systemd-analyze verify --man=no "$folder/bypath@edge.service" >"$BP_TMP/verify.log" 2>&1 || fail "verify"
	grep "$folder" "$BP_TMP/verify.log" && fail "verify has something to say"
	# The control: it finds what is wrong.
	sed 's/^ProtectHome=yes/ProtectHome=perhaps/; s/^Type=.*/Type=sometimes/' "$folder/bypath@.service" \
		>"$folder/wrong@.service"
	systemd-analyze verify --man=no "$folder/wrong@edge.service" >"$BP_TMP/wrong.log" 2>&1
	grep -q perhaps "$BP_TMP/wrong.log" || fail "verify would not find a fault: else this shows nothing"
	systemd-analyze security --offline=true --no-pager "$folder/bypath@edge.service" >"$BP_TMP/security.log" 2>&1 ||
		fail "security"
	note "$(tail -n 1 "$BP_TMP/security.log")"
	command -v systemd-sysusers >/dev/null && {
		systemd-sysusers --dry-run "$BP_SOURCE/systemd/sysusers.conf" >"$BP_TMP/sysusers.log" 2>&1 || fail "sysusers"
	}
	command -v systemd-tmpfiles >/dev/null && {
		# bypath is no group here: another stands for it.
		sed 's/ bypath -/ root -/' "$BP_SOURCE/systemd/tmpfiles.conf" >"$BP_TMP/tmpfiles.conf"
		systemd-tmpfiles --create "$BP_TMP/tmpfiles.conf" >"$BP_TMP/tmpfiles.log" 2>&1 || fail "tmpfiles"
		[ -d /run/bypath ] || fail "tmpfiles makes no /run/bypath"
	}
	;;
rights)
	# The capabilities that the unit leaves are enough for the kernel's backends: real traffic through each.
	need setpriv
	capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$UNIT" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
	bp_lab
	for kind in af_packet-mmap af_packet-socket af_xdp-native af_xdp-skb; do
		bp_pair $kind $kind w0 $kind w1
		ip netns exec mid setpriv --bounding-set "-all,$capabilities" --no-new-privs "$BYPATH" run \
			"$BP_TMP/$kind.ini" >"$BP_TMP/$kind.log" 2>&1 &
		echo $! >"$BP_TMP/$kind.pid"
		wait_for 20 grep -q forwarding "$BP_TMP/$kind.log" || fail "$kind does not start with $capabilities"
		wait_for 20 in_h1 ping -c 1 -W 1 10.77.0.2 || fail "$kind: no ping comes through"
		grep -i -E 'not permitted|permission|refused' "$BP_TMP/$kind.log" && fail "$kind misses a right"
		kill "$(bp_pid $kind)"
		bp_exit $kind 20 || fail "$kind does not end"
	done
	# The control: without one of them it is refused, so that the set does hold.
	ip netns exec mid setpriv --bounding-set -all --no-new-privs "$BYPATH" run "$BP_TMP/af_packet-mmap.ini" \
		>"$BP_TMP/none.log" 2>&1 && fail "it starts without any right: else this shows nothing"
	note "packet sockets and XDP with $capabilities"
	;;
esac
