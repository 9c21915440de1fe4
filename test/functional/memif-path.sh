# What lies at the path of a memif server's socket: only a socket that nobody answers on is removed.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

bp_need_driver dpdk
ip netns add mid || fail "ip netns add mid"
mkdir "$BP_TMP/real"
ln -s real "$BP_TMP/linked"

# server PATH: NAME.ini of a memif server there.
server()
{
	{
		bp_dpdk_section
		printf '[port.a]\ndriver = dpdk\n'
		printf 'device = "net_memif0,role=server,socket=%s,socket-abstract=no"\n' "$1"
		printf '[port.b]\ndriver = null\n[forward]\na = b\n'
	} | bp_ini memif
}

# refused WORDS: does not start, says so.
refused()
{
	in_mid timeout 20 "$BYPATH" run "$BP_TMP/memif.ini" --duration 0.2 >"$BP_TMP/memif.log" 2>&1
	_rc=$?
	[ $_rc = 1 ] || fail "$1: ends with $_rc, not 1"
	grep -q "port a: .*$1" "$BP_TMP/memif.log" || fail "does not say: $1"
}

# listener TYPE PATH: somebody's socket, in this network namespace, with LISTENER; whoever connects ends it.
listener()
{
	"$BP_PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[1]))
s.bind(sys.argv[2])
s.listen(4)
s.accept()' "$1" "$2" &
	LISTENER=$!
	wait_for 5 test -S "$2" || fail "no listener at $2"
}

echo precious >"$BP_TMP/real/file"
server "$BP_TMP/real/file"
refused 'is no socket'
[ "$(cat "$BP_TMP/real/file")" = precious ] || fail "the file is gone"
note "a regular file stays"

for type in SOCK_SEQPACKET SOCK_STREAM; do
	listener $type "$BP_TMP/real/$type"
	# bypath is in another network namespace than the listener, and names it by a symlinked folder.
	server "$BP_TMP/linked/$type"
	refused "is another process.s socket, which is in use"
	[ -S "$BP_TMP/real/$type" ] || fail "the socket of a living server is gone"
	kill -0 $LISTENER || fail "the living server was connected to"
	kill -9 $LISTENER
	wait $LISTENER 2>/dev/null
done
note "a living server's socket stays, and nobody connects to it"

# The control: the socket that it left is stale now.
server "$BP_TMP/linked/SOCK_SEQPACKET"
bp_start memif
wait_for 10 grep -q forwarding "$BP_TMP/memif.log" || fail "a stale socket: does not start"
bp_stop memif
[ ! -e "$BP_TMP/real/SOCK_SEQPACKET" ] || fail "leaves its socket behind"
note "a stale socket is replaced, and the own one removed at the end"

bp_start memif
wait_for 10 grep -q forwarding "$BP_TMP/memif.log" || fail "does not start again"
rm "$BP_TMP/real/SOCK_SEQPACKET"
echo precious >"$BP_TMP/real/SOCK_SEQPACKET"
bp_stop memif
[ "$(cat "$BP_TMP/real/SOCK_SEQPACKET")" = precious ] || fail "removes another's file at the end"
note "what somebody else has put there since stays at the end"
