# Real traffic between two hosts through one row of backends, with every host offload at its default.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: row.sh --list | row.sh ROW [SECONDS [MIB [RESULTS]]]
#
# ROW is KIND (both ports), KIND+KIND (h1's side + h2's side in one process), or KIND~KIND (two
# processes, back to back over net_memif). RESULTS: a folder that receives what table.py shows:
# ROW.result (NAME=VALUE lines) and the reports ROW-a.json, ROW-b.json.

if [ "${1-}" = --list ]; then
	echo af_packet-socket af_packet-mmap af_xdp-skb af_xdp-native
	echo af_packet-mmap~af_packet-mmap dpdk-af_packet af_xdp-native~af_packet-mmap
	echo af_xdp-native+af_packet-mmap pcap-live
	exit 0
fi

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

ROW=${1:?usage: row.sh ROW}
SECONDS_TCP=${2:-1}
MIB=${3:-8}
RESULTS=${4-}

# result NAME VALUE: one fact for the table.
result()
{
	note "$1: $2"
	[ -z "$RESULTS" ] || echo "$1=$2" >>"$RESULTS/$ROW.result"
}

bp_lab mtu=1500
processes=a
MEMORY='[memory]
frames = 8192'
case $ROW in
*~*)
	processes="a b"
	# Both pin to the last core otherwise.
	bp_pair a "${ROW%~*}" w0 dpdk-memif-server /run/t/memif.sock "$MEMORY" "[engine]" "cores = 0"
	bp_pair b dpdk-memif-client /run/t/memif.sock "${ROW#*~}" w1 "$MEMORY" "[engine]" \
		"cores = $(($(nproc) - 1))"
	;;
*+*) bp_pair a "${ROW%+*}" w0 "${ROW#*+}" w1 "$MEMORY" ;;
*) bp_pair a "$ROW" w0 "$ROW" w1 "$MEMORY" ;;
esac
for p in $processes; do
	bp_start "$p"
done
bp_wait_forwarding 20

# At once, then patience: after its last packet ping waits for as long as one interval only, which a
# busy machine outlasts.
loss=$(in_h1 ping -q -l 20 -c 20 -i 3 10.77.0.2 | sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p')
result ping_loss "$loss"
tcp_for "$SECONDS_TCP"
result tcp_gbits "$TCP_GBITS"
http_ok "$MIB"
result intact yes
for p in $processes; do
	bp_stop "$p"
	[ -z "$RESULTS" ] || cp "$BP_TMP/$p.json" "$RESULTS/$ROW-$p.json"
done
[ "$loss" = 0 ] || fail "ping loses $loss % on an idle path"
result status ok
