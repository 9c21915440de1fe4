# Devices and files are what they are, not how they are spelt, and belong to one port of one process.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# devices.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

# run_mid CODE WORDS ARGUMENT...: bypath with these in mid ends with CODE and says WORDS.
run_mid()
{
	_code=$1 _words=$2
	shift 2
	in_mid timeout 20 "$BYPATH" "$@" >"$BP_TMP/out.log" 2>&1
	_got=$?
	[ $_got -eq "$_code" ] || fail "bypath $*: exit code $_got instead of $_code"
	grep -q -e "$_words" "$BP_TMP/out.log" || fail "bypath $*: does not say '$_words'"
}

# play READ WRITE [LINE...]: play.ini from one capture into another.
play()
{
	_from=$1 _to=$2
	shift 2
	{
		printf '[port.in]\ndriver = pcap\nmode = read\ndevice = %s\npace = max\n' "$_from"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '[port.out]\ndriver = pcap\nmode = write\ndevice = %s\n' "$_to"
		printf '[forward]\nin = out\n'
	} | bp_ini play
}

# A capture that is read and written under two names survives; under different files it is played.
case_file()
{
	bp_need_driver pcap
	ip netns add mid
	"$BP_PYTHON" "$BP_HERE/capture.py" "$BP_TMP/same.pcap" good 100 || fail "capture.py"
	before=$(sha256sum <"$BP_TMP/same.pcap")
	ln -s same.pcap "$BP_TMP/link.pcap"
	ln "$BP_TMP/same.pcap" "$BP_TMP/hard.pcap"
	ln -s fresh.pcap "$BP_TMP/dangling.pcap"
	for name in "$BP_TMP/./same.pcap" "$BP_TMP/link.pcap" "$BP_TMP/hard.pcap" "$BP_TMP/../t/same.pcap"; do
		play "$BP_TMP/same.pcap" "$name"
		run_mid 1 'which is the same file as' run "$BP_TMP/play.ini" --duration 0.2
		run_mid 2 '\[port.out\] device: .*the same file' check "$BP_TMP/play.ini"
		[ "$before" = "$(sha256sum <"$BP_TMP/same.pcap")" ] || fail "$name: the capture is destroyed"
	done
	# Two that are written, neither there yet.
	{
		printf '[port.in]\ndriver = null\ncount = 10\n[port.in2]\ndriver = null\ncount = 10\n'
		printf '[port.a]\ndriver = pcap\nmode = write\ndevice = %s\n' "$BP_TMP/fresh.pcap"
		printf '[port.b]\ndriver = pcap\nmode = write\ndevice = %s\n' "$BP_TMP/dangling.pcap"
		printf '[forward]\nin = a\nin2 = b\n'
	} | bp_ini fresh
	run_mid 1 'which is the same file as' run "$BP_TMP/fresh.ini" --duration 0.2
	# The report is no capture either.
	play "$BP_TMP/same.pcap" "$BP_TMP/other.pcap"
	run_mid 2 'would replace the capture of port in' run "$BP_TMP/play.ini" --report "$BP_TMP/link.pcap"
	[ "$before" = "$(sha256sum <"$BP_TMP/same.pcap")" ] || fail "the report destroyed the capture"
	# The quiet control.
	run_mid 0 'has been played: 100' run "$BP_TMP/play.ini" --duration 0.3
	run_mid 0 'ok: 2 ports' check "$BP_TMP/play.ini"
}

case_altname()
{
	bp_lab
	ip -n mid link property add dev w0 altname uplink-of-mid || skip "no alternative names (Linux 5.5)"
	bp_pair alias af_packet-mmap w0 af_packet-mmap uplink-of-mid
	run_mid 1 ''\''uplink-of-mid'\'', which is the same device as '\''w0'\''' run "$BP_TMP/alias.ini" --duration 0.2
	run_mid 2 'the same device' check "$BP_TMP/alias.ini"
	bp_pair alias af_packet-mmap uplink-of-mid af_packet-mmap w1
	bp_start alias
	bp_wait_forwarding
	# Another process, by the other name.
	bp_pair second pcap-live w0 pcap-live w1
	run_mid 1 "w0 is held by process $(bp_pid alias) ('.*run $BP_TMP/alias.ini" run "$BP_TMP/second.ini"
	bp_stop alias
}

# twins KIND: the second process is refused, and names the first; nothing is doubled; a start right after
# kill -9 succeeds, and so does one on a device that was made again.
case_twins()
{
	bp_lab
	bp_pair first "$1" w0 "$1" w1
	bp_pair second "$1" w1 "$1" w0
	bp_start first
	bp_wait_forwarding
	pid=$(bp_pid first)
	run_mid 1 "w1 is held by process $pid ('.*run $BP_TMP/first.ini" run "$BP_TMP/second.ini"
	printf '[port.a]\ndriver = af_packet\ndevice = w1\n[gen]\ntx = a\nduration = 0.1\n' | bp_ini gen
	run_mid 1 "w1 is held by process $pid" gen "$BP_TMP/gen.ini"
	run_mid 0 "\[port.wan\] w1 is held by process $pid" check "$BP_TMP/second.ini"
	run_mid 0 "w1 is held by process $pid" explain "$BP_TMP/second.ini"
	in_h1 ping -c 5 -i 0.05 10.77.0.2 >"$BP_TMP/ping.log" || fail "no ping"
	! grep -q DUP "$BP_TMP/ping.log" || fail "packets come twice"
	# Asking again and again does not use up the holder's answers.
	in_mid "$BP_PYTHON" -c '
import socket, sys
for _ in range(200):
    s = socket.socket(socket.AF_UNIX)
    s.setblocking(False)
    s.connect_ex("\0bypath/interface/" + sys.argv[1])' "$(in_mid cat /sys/class/net/w1/ifindex)"
	wait_for 2 in_mid sh -c "'$BYPATH' check '$BP_TMP/second.ini' | grep -q 'process $pid'" ||
		fail "the holder is no longer named"
	# Again and again, each on the heels of one whose devices, sockets and programs the kernel still takes away.
	for _round in 1 2 3 4 5; do
		kill -9 "$pid"
		bp_start second
		bp_wait_forwarding
		! grep -q 'is held by\|in use' "$BP_TMP/second.log" || fail "a start right after kill -9: $(cat "$BP_TMP/second.log")"
		wait "$pid" 2>/dev/null
		pid=$(bp_pid second)
	done
	rm "$BP_TMP/first.pid"
	# The lock goes with the device: the one that is made anew is held as well.
	in_mid ip link del w1
	wait_for 5 grep -q 'gone' "$BP_TMP/second.log" || fail "nobody said that w1 is gone"
	bp_wire h2 w1 10.77.0.2/24
	bp_wait_forwarding
	run_mid 1 "w1 is held by process $(bp_pid second)" gen "$BP_TMP/gen.ini"
	# In another network namespace the same index is another device.
	ip netns add other
	for i in 0 1; do
		_index=$(in_mid cat /sys/class/net/w$i/ifindex)
		ip -n other link add x$i index "$_index" up type veth peer name y$i index $((900 + i)) || fail "veth in other"
		ip -n other link set y$i up
	done
	bp_pair elsewhere "$1" x0 "$1" x1
	ip netns exec other timeout 20 "$BYPATH" run "$BP_TMP/elsewhere.ini" --duration 0.2 \
		>"$BP_TMP/elsewhere.log" 2>&1 || fail "another namespace's device of that index is refused"
	bp_stop second
}

# A tap device has two ends: who made it holds one, another process may be on the interface.
case_tap()
{
	ip netns add mid
	printf '[port.a]\ndriver = tap\ndevice = t0\n[port.b]\ndriver = null\n[forward]\na = b\n' | bp_ini tap
	bp_start tap
	wait_for 5 in_mid ip link show t0 || fail "no t0"
	in_mid ip link set t0 up
	printf '[port.a]\ndriver = af_packet\ndevice = t0\n[gen]\ntx = a\ncount = 10\nsettle = 0.1\n' | bp_ini gen
	run_mid 0 'sent .*10' gen "$BP_TMP/gen.ini"
	run_mid 1 't0 is held by process' run "$BP_TMP/tap.ini" --duration 0.1
	bp_stop tap
}

# The lock of a PCI device is asked before the device is: a holder is named although there is no such card.
case_pci()
{
	bp_need_driver dpdk
	ip netns add mid
	{
		bp_dpdk_section
		printf '[port.a]\ndriver = dpdk\ndevice = 0000:7F:1e.0\n[port.b]\ndriver = null\n[forward]\na = b\n'
	} | bp_ini pci
	mkdir -p /run/bypath
	"$BP_PYTHON" -c '
import fcntl, time
file = open("/run/bypath/pci-0000:7f:1e.0.lock", "w")
fcntl.flock(file, fcntl.LOCK_EX)
time.sleep(60)' &
	holder=$!
	wait_for 5 grep -q "FLOCK.* $holder " /proc/locks || fail "the lock is not held"
	run_mid 1 "0000:7F:1e.0 is held by process $holder ('" run "$BP_TMP/pci.ini" --duration 0.1
	kill -9 $holder
	wait $holder 2>/dev/null
	in_mid timeout 20 "$BYPATH" run "$BP_TMP/pci.ini" --duration 0.1 >"$BP_TMP/out.log" 2>&1 &&
		fail "a card that is not there is opened"
	! grep -q 'is held' "$BP_TMP/out.log" || fail "the lock outlives its holder"
}

# A capture that one process writes, another neither writes nor reads; two may read one.
case_capture()
{
	bp_need_driver pcap
	ip netns add mid
	"$BP_PYTHON" "$BP_HERE/capture.py" "$BP_TMP/in.pcap" good 100 || fail "capture.py"
	ln -s out.pcap "$BP_TMP/alias.pcap"
	play "$BP_TMP/in.pcap" "$BP_TMP/out.pcap"
	mv "$BP_TMP/play.ini" "$BP_TMP/first.ini"
	bp_start first
	wait_for 5 grep -q 'has been played' "$BP_TMP/first.log" || fail "the first does not play"
	before=$(sha256sum <"$BP_TMP/out.pcap")
	play "$BP_TMP/in.pcap" "$BP_TMP/alias.pcap"
	run_mid 1 "alias.pcap is held by process $(bp_pid first) ('" run "$BP_TMP/play.ini" --duration 0.2
	run_mid 0 "alias.pcap is held by process $(bp_pid first)" check "$BP_TMP/play.ini"
	play "$BP_TMP/alias.pcap" "$BP_TMP/third.pcap"
	run_mid 1 "is held by process $(bp_pid first)" run "$BP_TMP/play.ini" --duration 0.2
	[ "$before" = "$(sha256sum <"$BP_TMP/out.pcap")" ] || fail "the capture of another is destroyed"
	play "$BP_TMP/in.pcap" "$BP_TMP/third.pcap"
	run_mid 0 'has been played: 100' run "$BP_TMP/play.ini" --duration 0.2
	# All may write to what keeps nothing.
	play "$BP_TMP/in.pcap" /dev/null
	run_mid 0 'has been played: 100' run "$BP_TMP/play.ini" --duration 0.2
	kill -9 "$(bp_pid first)"
	wait "$(bp_pid first)" 2>/dev/null
	rm "$BP_TMP/first.pid"
	play "$BP_TMP/in.pcap" "$BP_TMP/out.pcap"
	run_mid 0 'has been played: 100' run "$BP_TMP/play.ini" --duration 0.2
}

# is_json FILE
is_json()
{
	"$BP_PYTHON" -c 'import json, sys; json.load(open(sys.argv[1]))' "$1" 2>/dev/null
}

# A report goes where a link leads, and the link stays; to /dev/stdout it goes behind the text.
case_report()
{
	ip netns add mid
	bp_null_pair null "count = 5"
	mkdir "$BP_TMP/real"
	echo old >"$BP_TMP/real/there.json"
	ln -s real/there.json "$BP_TMP/there.json"
	ln -s real/new.json "$BP_TMP/new.json"
	for name in there new; do
		run_mid 0 . run "$BP_TMP/null.ini" --duration 0.1 --report "$BP_TMP/$name.json"
		[ -L "$BP_TMP/$name.json" ] || fail "$name: the link is replaced"
		is_json "$BP_TMP/real/$name.json" || fail "$name: no report where the link leads"
	done
	[ "$(ls "$BP_TMP/real")" = "$(printf 'new.json\nthere.json')" ] || fail "files are left behind"
	# /dev is private here: what would be lost is the test's own.
	mount -t tmpfs -o mode=755 none /dev || fail "cannot mount a tmpfs"
	mknod /dev/null c 1 3
	ln -s /proc/self/fd /dev/fd
	ln -s fd/1 /dev/stdout
	in_mid "$BYPATH" run "$BP_TMP/null.ini" --duration 0.1 --report /dev/stdout >"$BP_TMP/both.txt" 2>"$BP_TMP/err.log" ||
		fail "exit code $?"
	[ -L /dev/stdout ] || fail "/dev/stdout is replaced"
	sed -n '/^{/,$p' "$BP_TMP/both.txt" >"$BP_TMP/tail.json"
	is_json "$BP_TMP/tail.json" || fail "no report in standard output"
	! head -n 1 "$BP_TMP/both.txt" | grep -q '^{' || fail "the report is written over the text"
}

case $1 in
twins-*) case_twins "${1#twins-}" ;;
*) "case_$1" ;;
esac
