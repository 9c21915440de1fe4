# Capabilities on the file: its caller gets networks, and no code or file of another's.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

need setcap setpriv
bp_lab
# The folders above the program may be closed to others.
mkdir -p /run/open/src/cli /run/open/drivers/modules /run/nobody
cp "$BYPATH" /run/open/src/cli/bypath
cp "$(dirname "$BYPATH")"/../../drivers/modules/*.so /run/open/drivers/modules/ 2>/dev/null
chmod -R a+rX /run/open "$BP_TMP"
chown nobody /run/nobody
CAPPED=/run/open/src/cli/bypath
setcap cap_net_raw,cap_net_admin+ep $CAPPED 2>"$BP_TMP/setcap.log" ||
	skip "setcap refused: no capabilities on files here"

# as_nobody COMMAND…: from another user's shell; words to run.log.
as_nobody()
{
	# shellcheck disable=SC2024
	in_mid timeout 20 setpriv --reuid=65534 --regid=65534 --clear-groups "$@" >"$BP_TMP/run.log" 2>&1
}

# The control: what the capabilities are for, with files of the caller's own.
bp_pair wire af_packet-mmap w0 af_packet-mmap w1
chmod a+r "$BP_TMP"/*.ini
as_nobody $CAPPED run "$BP_TMP/wire.ini" --duration 0.2 --report /run/nobody/report.json ||
	fail "af_packet with capabilities: ends with $?"
[ -s /run/nobody/report.json ] || fail "no report in the caller's own folder"
note "af_packet, and a report in the caller's folder"
as_nobody $CAPPED run "$BP_TMP/wire.ini" --duration 0.2 --report /run/root.json && fail "a report in root's folder"
[ ! -e /run/root.json ] || fail "wrote a file in root's folder"
note "no report where the caller may not write"

if [ -z "$(bp_driver_missing dpdk)" ]; then
	eal()
	{
		bp_eal_pair "$@"
		chmod a+r "$BP_TMP/$1.ini"
	}
	# refused NAME PATTERN
	refused()
	{
		as_nobody $CAPPED run "$BP_TMP/$1.ini" --duration 0.2
		_rc=$?
		[ $_rc = 1 ] || fail "$1: ends with $_rc, not 1"
		grep -q "$2.*refused, because this program has capabilities that its caller has not" "$BP_TMP/run.log" ||
			fail "$1: does not say what it refuses"
	}
	eal plugin net_null0 "no_huge = yes" "args = -d /run/nobody/evil.so"
	eal files net_null0 "in_memory = no"
	eal command "net_failsafe0,exec(/run/nobody/evil)" "no_huge = yes"
	eal program "net_af_xdp0,iface=w0,xdp_prog=/run/nobody/evil.o" "no_huge = yes"
	refused plugin '\[dpdk\] args'
	refused files '\[dpdk\] in_memory = no'
	refused command 'device is a device other than'
	refused program 'xdp_prog'
	note "arguments, plug-ins, commands, programs: refused"
	eal plain net_null0 "no_huge = yes"
	as_nobody $CAPPED run "$BP_TMP/plain.ini" --duration 0.2 || fail "net_null: ends with $?"
	note "EAL without them starts"

	# A hard link puts the program beside modules of the caller's.
	mkdir -p /run/nobody/bin /run/nobody/drivers/modules
	ln /run/open/src/cli/bypath /run/nobody/bin/bypath
	cp /run/open/drivers/modules/*.so /run/nobody/drivers/modules/
	chown -R nobody /run/nobody/drivers
	as_nobody /run/nobody/bin/bypath run "$BP_TMP/plain.ini" --duration 0.2 &&
		grep -q . "$BP_TMP/run.log" && fail "loads a module of the caller's"
	note "modules of somebody else's are not loaded"
	rm -r /run/nobody/bin
fi

setcap -r $CAPPED
chmod u+s $CAPPED
as_nobody $CAPPED check "$BP_TMP/wire.ini" && fail "runs set-user-ID"
grep -q 'no set-user-ID' "$BP_TMP/run.log" || fail "set-user-ID: does not say why it ends"
note "set-user-ID is refused"

for bad in 'file_prefix = ../../x' 'file_prefix = ..' 'args = "--file-prefix=../x"' 'args = "--fi /x"'; do
	printf '[dpdk]\nno_huge = yes\n%s\n[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\na = b\n' \
		"$bad" | bp_ini prefix
	"$BYPATH" check "$BP_TMP/prefix.ini" >"$BP_TMP/run.log" 2>&1 && fail "$bad: check says ok"
	grep -q 'allowed: a name without '\''/'\''' "$BP_TMP/run.log" || fail "$bad: does not say what is allowed"
done
note "a file prefix that leads elsewhere is refused"
