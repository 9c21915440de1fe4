# A reflector on the loopback interface sends each frame round and round: check and run say so.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ip ping
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up

# reflector DEVICE [DEVICE]: from the first to the second, or back to itself.
reflector()
{
	printf '[port.a]\ndriver = af_packet\ndevice = %s\n' "$1"
	[ $# -lt 2 ] || printf '[port.b]\ndriver = af_packet\ndevice = %s\n' "$2"
	printf '[forward]\na = %s\n' "$([ $# -lt 2 ] && echo a || echo b)"
}

WORDS='port a: what is sent to a loopback interface is received there again'

# check_says yes|no DEVICE...
check_says()
{
	_wanted=$1
	shift
	reflector "$@" | bp_ini loop
	"$BYPATH" check "$BP_TMP/loop.ini" >"$BP_TMP/check.log" 2>&1 || fail "bypath check ends with code $?"
	if grep -q "$WORDS" "$BP_TMP/check.log"; then _got=yes; else _got=no; fi
	[ $_got = "$_wanted" ] || fail "check with $*: a warning: $_got"
}

check_says no v0
check_says no lo v0
check_says no v0 lo
check_says yes lo

# One ping, two frames; what bypath receives of them is the proof that they go round.
"$BYPATH" run "$BP_TMP/loop.ini" --report "$BP_TMP/loop.json" >"$BP_TMP/loop.log" 2>&1 &
echo $! >"$BP_TMP/loop.pid"
wait_for 10 grep -q forwarding "$BP_TMP/loop.log" || fail "bypath does not start"
grep -q "$WORDS" "$BP_TMP/loop.log" || fail "bypath run says nothing"
ping -q -c 1 -W 1 127.0.0.1 >/dev/null
lo_received()
{
	[ "$(awk '$1 == "lo:" { print $3 }' /proc/net/dev)" -gt 1000 ]
}
wait_for 10 lo_received || fail "no frame goes round: the warning is wrong"
ip link set lo down
bp_stop loop
note "$(bp_get loop 'summary()')"
