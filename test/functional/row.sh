# Real traffic between two hosts through one row of backends, with every host offload at its default.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: row.sh ROW
#
# ROW is KIND (both ports), KIND+KIND (h1's side + h2's side in one process), or KIND~KIND (two
# processes, back to back over net_memif).

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

ROW=${1:?usage: row.sh ROW}

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
[ "$loss" = 0 ] || fail "ping loses $loss % on an idle path"
tcp_for 1
http_ok
for p in $processes; do
	bp_stop "$p"
done
