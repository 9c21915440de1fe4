# A port whose PMD has handlers with EAL's interrupt thread goes, and comes again, while the process lives on.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: at_close.sh leaves|late|held [memif]
#
#   h1 - a: af_packet, net_vhost (client) ═ b: net_virtio_user (server), af_packet - h2
#                      net_memif (server)     net_memif (client)

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: at_close.sh CASE}
LAST=$(($(nproc) - 1))
SOCKET=/run/t/socket
case ${2-} in
memif)
	A="dpdk-memif-server $SOCKET,socket-abstract=no" B="dpdk-memif-client $SOCKET,socket-abstract=no" FIRST=a SECOND=b
	;;
*) A="dpdk-vhost $SOCKET,client=1" B="dpdk-virtio_user $SOCKET,server=1" FIRST=b SECOND=a ;;
esac
bp_need_driver dpdk
bp_lab mtu=1500
# shellcheck disable=SC2086 # two words
bp_pair a af_packet-mmap w0 $A "[engine]" "cores = 0" "[memory]" "frames = 8192"

# file with|without: b's, with the virtio port or without it.
file()
{
	{
		printf '[engine]\nname = b\ncores = %s\n[memory]\nframes = 8192\n' "$LAST"
		bp_dpdk_section
		bp_port wan af_packet-mmap w1
		if [ "$1" = with ]; then
			# shellcheck disable=SC2086 # two words
			bp_port lan $B
			printf '[forward]\nwan = lan\nlan = wan\n'
		else
			printf '[port.sink]\ndriver = null\n[forward]\nwan = sink\n'
		fi
	} | bp_ini b
}

reload()
{
	file "$1"
	"$BYPATH" reload b >"$BP_TMP/reload.out" 2>&1 || fail "$1 the port: $(cat "$BP_TMP/reload.out")"
}

# come_again: another vhost side. From the second on net_virtio_user has a handler with EAL's interrupt thread, asked or not.
come_again()
{
	bp_stop a
	bp_start a --quiet
	bp_wait_forwarding 20
}

# find_thread: b's interrupt thread, as a folder.
find_thread()
{
	thread=$(grep -lx eal-intr-thread "/proc/$(bp_pid b)/task/"*/comm) || fail "b has no interrupt thread"
	thread=${thread%/comm}
}

# is_on_time: it is not late with what it has been told.
is_on_time()
{
	! grep -q nanosleep "$thread/wchan"
}

# hold_thread: it stands still until descriptor 9 is closed.
hold_thread()
{
	mkfifo "$BP_TMP/hold"
	"$BP_TOOLS/hold" "${thread##*/}" <"$BP_TMP/hold" >"$BP_TMP/hold.log" 2>&1 &
	exec 9>"$BP_TMP/hold"
	wait_for 5 grep -q 'held\|hold:' "$BP_TMP/hold.log" || fail "hold does not start"
	grep -q held "$BP_TMP/hold.log" || skip "no ptrace here: $(cat "$BP_TMP/hold.log")"
}

file with
preload=
if [ "$CASE" = late ]; then
	preload=$BP_TOOLS/liblate_thread.so
	[ -s "$preload" ] || skip "no late_thread: sanitizers and preloading exclude each other"
fi
LD_PRELOAD=$preload bp_start $FIRST --quiet
wait_for 10 test -S $SOCKET || fail "there is no socket"
LD_PRELOAD=$preload bp_start $SECOND --quiet
bp_wait_forwarding 20
find_thread

case $CASE in
leaves | late)
	# The device is closed when the others go on already. late: what wakes the thread then, it sees when that is done.
	for turn in 1 2; do
		come_again
		[ "$CASE" = leaves ] || echo 50 >"$BP_TMP/late_ms"
		reload without
		wait_for 10 test ! -e $SOCKET || fail "the device is not closed"
		rm -f "$BP_TMP/late_ms"
		wait_for 5 is_on_time
		reload with
		bp_wait_forwarding 20
		note "$turn: $(tail -n 1 "$BP_TMP/reload.out")"
	done
	! grep 'stays open' "$BP_TMP/b.log" || fail "a device is left open"
	if [ "$CASE" = leaves ]; then
		# One that is killed leaves its socket, which is nobody's.
		kill -KILL "$(bp_pid b)"
		wait "$(bp_pid b)" 2>/dev/null
		bp_start b --quiet
		bp_wait_forwarding 20
	fi
	;;
held)
	# It does not come round at all: the device stays, and the thread finds it when it goes on.
	[ "${2-}" = memif ] || come_again
	hold_thread
	reload without
	wait_for 10 grep -q 'port lan: .* stays open until the process ends' "$BP_TMP/b.log" ||
		fail "it is not said that the device stays"
	exec 9>&-
	;;
*)
	fail "no such case: $CASE"
	;;
esac
bp_stop b
bp_stop a
