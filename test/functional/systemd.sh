# The unit under a systemd that runs: what meson installs is started, reloaded, refused, killed, stopped; its journal: systemd.sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

need systemctl journalctl meson setpriv pgrep nsenter
[ -x /lib/systemd/systemd ] || skip "no systemd: install it"
BUILD=${BYPATH_BUILD_ROOT:-build}
grep -q '^Type=notify' "$BUILD/systemd/bypath@.service" || skip "this build has no libsystemd: install libsystemd-dev"

# A systemd of its own, process 1 of namespaces below mid: its units are few, its /etc, /usr, /var and cgroup nobody else's.
mkdir "$BP_TMP/etc" "$BP_TMP/etc.work" "$BP_TMP/usr.work" "$BP_TMP/cg"
meson install --no-rebuild --quiet -C "$BUILD" --destdir "$BP_TMP/installed" >"$BP_TMP/install.log" 2>&1 || fail "meson install"
unit=$(find "$BP_TMP/installed" -name 'bypath@.service')
[ -n "$unit" ] || skip "no systemd when this was built: install it, and build anew"
program=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$unit")
case $program in
/usr/*) ;;
*) skip "this build is for $program: its prefix is not below /usr" ;;
esac
# over FOLDER UPPER WORK: what is written to the folder stays here.
over()
{
	mount -t overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" overlay "$1" 2>"$BP_TMP/mount.log" ||
		skip "no overlay: $(cat "$BP_TMP/mount.log")"
}
over /etc "$BP_TMP/etc" "$BP_TMP/etc.work"
over /usr "$BP_TMP/installed/usr" "$BP_TMP/usr.work"
for folder in /etc/systemd/system /lib/systemd/system/sysinit.target.wants /lib/systemd/system-generators /var/lib; do
	mount -t tmpfs bypath-test "$folder" || fail "mount $folder"
done
mkdir -p /run/systemd/system /run/systemd/journald.conf.d /etc/bypath
printf '[Journal]\nReadKMsg=no\nAudit=no\n' >/run/systemd/journald.conf.d/bypath-test.conf
for part in sysusers tmpfiles; do
	name=systemd-$part.service arguments=
	[ $part = sysusers ] || name=systemd-tmpfiles-setup.service arguments=--create
	printf '[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n[Service]\nType=oneshot\nRemainAfterExit=yes\n' \
		>"/run/systemd/system/$name"
	echo "ExecStart=systemd-$part $arguments bypath.conf" >>"/run/systemd/system/$name"
	ln -s "/run/systemd/system/$name" /lib/systemd/system/sysinit.target.wants/
done
printf '[Unit]\nRequires=systemd-journald.service sysinit.target\nAfter=sysinit.target\n' >/run/systemd/system/bypath-test.target

mount -t cgroup2 cgroup2 "$BP_TMP/cg" 2>"$BP_TMP/mount.log" || skip "no cgroup2: $(cat "$BP_TMP/mount.log")"
cg=$(mktemp -d "$BP_TMP/cg/bypath-test-XXXXXX") || skip "no cgroup of its own"
away()
{
	[ -z "${init-}" ] || kill -KILL "$init" 2>/dev/null
	wait_for 10 find "$cg" -depth -type d -exec rmdir {} + || echo "$cg stays behind" >&2
}
trap away EXIT
bp_lab
cat >"$BP_TMP/init.sh" <<'END'
mount -t cgroup2 cgroup2 /sys/fs/cgroup && mount -t tmpfs tmp /tmp && mount -t tmpfs tmp /var/tmp &&
	exec env -i container=bypath-test PATH="$PATH" /lib/systemd/systemd --system --unit=bypath-test.target --log-target=journal
END
(
	echo 0 >"$cg/cgroup.procs" || exit 1
	exec ip netns exec mid unshare --cgroup --mount --uts --ipc --pid --fork --kill-child --mount-proc sh "$BP_TMP/init.sh"
) >"$BP_TMP/init.log" 2>&1 &
init=$!
wait_for 10 pgrep -P $init || fail "no systemd"
# Of the same processes: it asks who asks.
systemctl()
{
	nsenter -t "$(pgrep -P $init)" -m -p systemctl "$@"
}
wait_for 20 systemctl is-active bypath-test.target || fail "systemd does not come up: $(journalctl -n 30 --no-pager)"

# ctl VERB...: what systemctl says is in systemctl.log; a failure shows the journal.
ctl()
{
	systemctl "$@" >"$BP_TMP/systemctl.log" 2>&1 || {
		journalctl --no-pager -n 40 >"$BP_TMP/journal.log"
		fail "systemctl $*"
	}
}
state()
{
	systemctl show --value -p "$1" "bypath@${2-edge}"
}
# journal PYTHON-EXPRESSION: true of one message m of the unit at least.
journal()
{
	journalctl --no-pager -o json -u "bypath@${2-edge}" | "$BP_PYTHON" -c '
import json, sys
sys.exit(not any(eval("(" + sys.argv[1] + ")") for m in map(json.loads, sys.stdin)))' "$1"
}
expect()
{
	_is=$(state "$1" "${3-edge}")
	[ "$_is" = "$2" ] || fail "$1 is $_is, not $2: $(systemctl status --no-pager "bypath@${3-edge}")"
}

# The program as it is installed.
bypath_here()
{
	"$program" "$@" 2>"$BP_TMP/here.log"
}

bp_pair edge af_packet-mmap w0 af_packet-mmap w1
cp "$BP_TMP/edge.ini" /etc/bypath/
ctl start bypath@edge
# It is ready when it forwards: no waiting.
in_h1 ping -q -c 1 -W 2 10.77.0.2 >"$BP_TMP/ping.log" || fail "started, and nothing comes through"
expect ActiveState active
expect StatusText forwarding
expect NRestarts 0
main=$(state MainPID)
wait_for 10 journal 'm["MESSAGE"].startswith("forwarding") and m["PRIORITY"] == "6" and m["SYSLOG_IDENTIFIER"] == "bypath" and
	m["_SYSTEMD_UNIT"] == "bypath@edge.service" and m["_TRANSPORT"] == "journal" and m["CODE_FUNC"]' || {
	journalctl --no-pager -o json -u bypath@edge >"$BP_TMP/journal.log"
	fail "its messages in the journal"
}
journal 'm["MESSAGE"] == "nothing says so"' && fail "anything is found in the journal: else this shows nothing"
grep -q "^bypath:" /etc/group || fail "systemd-sysusers makes no group bypath"
[ "$(stat -c '%a %G' /run/bypath/edge.sock)" = "660 bypath" ] || fail "$(ls -l /run/bypath)"
setpriv --reuid 65534 --regid "$(stat -c %g /run/bypath/edge.sock)" --clear-groups "$program" show ports edge \
	>"$BP_TMP/ports.log" 2>&1 || fail "one of the group may not ask"
setpriv --reuid 65534 --regid 65534 --clear-groups "$program" show ports edge >"$BP_TMP/ports.log" 2>&1 &&
	fail "anybody may ask: else this shows nothing"
note "ready when it forwards, its group may ask, its messages have the journal's fields"

ip -n mid link set w1 down
wait_for 10 journal 'm.get("BYPATH_EVENT") == "link" and m.get("BYPATH_PORT") == "lan" and m["PRIORITY"] == "4"' || {
	journalctl --no-pager -o json -u bypath@edge >"$BP_TMP/journal.log"
	fail "a link that is lost, in the journal"
}
ip -n mid link set w1 up
note "a lost link is a warning with its port"

bp_pair edge af_xdp-native w0 af_packet-mmap w1
cp "$BP_TMP/edge.ini" /etc/bypath/
ctl reload bypath@edge
bypath_here show ports edge >"$BP_TMP/ports.log" || fail "show ports"
grep -q 'wan *af_xdp' "$BP_TMP/ports.log" || fail "reloaded, and wan is what it was"
wait_for 10 bp_reaches h1 10.77.0.2 || fail "no way through after the reload"
expect ActiveState active
echo '[port.none]' >>/etc/bypath/edge.ini
systemctl reload bypath@edge >"$BP_TMP/systemctl.log" 2>&1 && fail "a file that is wrong is reloaded"
expect ActiveState active
wait_for 10 journal '"port.none" in m["MESSAGE"] and m["PRIORITY"] <= "4"' || {
	journalctl --no-pager -o json -u bypath@edge >"$BP_TMP/journal.log"
	fail "why it is refused, in the journal"
}
bp_reaches h1 10.77.0.2 || fail "a refused reload ends forwarding"
bp_pair edge af_packet-mmap w0 af_packet-mmap w1
cp "$BP_TMP/edge.ini" /etc/bypath/
ctl kill --signal=HUP --kill-who=main bypath@edge
followed()
{
	bypath_here show ports edge | grep -q 'wan *af_packet' && [ "$(state ActiveState)" = active ]
}
wait_for 20 followed || fail "SIGHUP: $(systemctl status --no-pager bypath@edge)"
expect MainPID "$main"
note "systemctl reload: followed, or refused with the reason; the process stays"

ctl kill --signal=KILL --kill-who=main bypath@edge
again()
{
	[ "$(state NRestarts)" = 1 ] && [ "$(state ActiveState)" = active ]
}
wait_for 20 again || fail "kill -9: it is not started again: $(systemctl status --no-pager bypath@edge)"
[ "$(state MainPID)" != "$main" ] || fail "the same process"
bypath_here show instances >"$BP_TMP/instances.log" || fail "show instances"
[ "$(cat "$BP_TMP/instances.log")" = edge ] || fail "it has another name now: $(cat "$BP_TMP/instances.log")"
wait_for 10 bp_reaches h1 10.77.0.2 || fail "no way through after kill -9"
note "kill -9: started again, over the socket that was left"

ctl stop bypath@edge
expect ActiveState inactive
expect Result success
[ -d /run/bypath ] || fail "the folder of all instances goes with one"
[ ! -e /run/bypath/edge.sock ] || fail "its socket stays behind"
printf '[port.a]\ndriver = none\n' >/etc/bypath/bad.ini
systemctl start bypath@bad >"$BP_TMP/systemctl.log" 2>&1 && fail "a file that is wrong is started"
expect ActiveState failed bad
expect NRestarts 0 bad
expect ExecMainStatus 2 bad
note "stopped: it ends well, and nothing is left; a file that is wrong is not tried again"
