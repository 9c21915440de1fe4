# No frame leaks: two workers receive into one port, each frame comes home from the other worker.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: leaks.sh KIND SECONDS

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: leaks.sh KIND SECONDS}
SOAK=${2:-2}
bp_lab mtu=1500 queues=2 pairs=2
bp_need_driver "${KIND%%-*}"
for pair in "h1 10.77.0.2 h2" "h2 10.77.0.1 h1" "h3 10.77.1.4 h2"; do
	# shellcheck disable=SC2086 # three words
	bp_neighbours $pair
done
{
	printf '[engine]\nworkers = 2\n[memory]\nframes = 16384\n'
	case $KIND in
	dpdk-*) bp_dpdk_section ;;
	esac
	for i in 0 1 2; do
		bp_port p$i "$KIND" w$i
	done
	# Two queues each, one worker each: both workers receive on each port and send to p1.
	printf '[forward]\np0 = p1\np2 = p1\np1 = p0\n'
} | sed '/^device/a queues = 2' | bp_ini a
bp_start a
bp_wait_forwarding 20
flood h1 10.77.0.2 "$SOAK"
one=$FLOOD
flood h3 10.77.1.4 "$SOAK" 1000
two=$FLOOD
flood h2 10.77.0.1 "$SOAK"
wait "$one" "$two" "$FLOOD"
bp_wait_forwarding 5
bp_stop a
bp_expect a "len(workers()) == 2 and received > 10000" "summary()"
bp_expect a "all(sum(q['counted']['packets'] for p in r['ports'] for q in p['rx_queues'] if q['worker'] == w) > 0 \
	for w in (0, 1))" "r['ports']"
bp_expect a "txq_used('p1') == 2" "port('p1')"
note "$(bp_get a 'summary()')"
