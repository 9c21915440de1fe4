# A start-up that blocks ends by SIGTERM and SIGINT.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

ip netns add mid || fail "ip netns add mid"
bp_need_driver pcap

# ended_by NAME SIGNAL CODE
ended_by()
{
	bp_exit "$1" 4
	rc=$?
	[ $rc = "$3" ] || fail "$1: ends with $rc after SIG$2, not $3"
	grep -q "SIG$2: the start-up blocks and is broken off" "$BP_TMP/$1.log" ||
		fail "$1: does not say why it ends"
}

# EAL is being started: its thread is there, or net_pcap's open() of the FIFO is.
blocks()
{
	cat "/proc/$(bp_pid "$1")/maps" | grep -q librte_eal &&
		{ [ "$1" = eal ] || grep -q 'fifo\|partner' "/proc/$(bp_pid "$1")"/task/*/wchan; }
}

mkfifo "$BP_TMP/fifo"
if [ -z "$(bp_driver_missing dpdk)" ]; then
	bp_eal_pair eal net_null0 "no_huge = yes" "args = --proc-type=secondary --file-prefix=nobody"
	bp_eal_pair vdev "net_pcap0,rx_pcap=$BP_TMP/fifo,tx_pcap=$BP_TMP/out.pcap" "no_huge = yes"
	for start in vdev:TERM:143 vdev:INT:130 eal:TERM:143; do
		name=${start%%:*} code=${start##*:} signal=${start#*:}
		bp_start "$name"
		wait_for 5 blocks "$name" || fail "$name: does not start EAL, or comes back"
		kill -"${signal%:*}" "$(bp_pid "$name")"
		ended_by "$name" "${signal%:*}" "$code"
	done
	note "net_pcap on a FIFO, EAL that waits for a primary process"
fi

# The control: a start-up that comes back ends as a run does, with a report.
bp_null_pair quick
bp_start quick
kill -TERM "$(bp_pid quick)"
bp_exit quick 5
rc=$?
case $rc in
0) bp_law quick ;;
143) [ ! -e "$BP_TMP/quick.json" ] || fail "quick: killed after its start" ;; # before it looked at signals
*) fail "quick: ends with $rc" ;;
esac
grep -q 'broken off' "$BP_TMP/quick.log" && fail "a start-up that comes back is broken off"
note "a start-up that comes back ends with its report"
