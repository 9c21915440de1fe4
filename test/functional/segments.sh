# Packets made for a dpdk port, cut from super-frames or generated, are made in the port's own frames.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

SOCKET=/run/t/memif.sock
LAST=$(($(nproc) - 1))
bp_need_driver dpdk
# The hosts' default offloads: super-frames arrive, and net_memif takes none.
bp_lab mtu=1500

bp_pair a af_packet-mmap w0 dpdk-memif-client $SOCKET "[engine]" "cores = 0"
bp_pair b dpdk-memif-server $SOCKET af_packet-mmap w1 "[engine]" "cores = $LAST"

# copied_once NAME IN OUT [UNCOPIED]: super-frames were cut, and each packet out, cut or not, was copied
# exactly once by bypath, but for up to UNCOPIED that met no peer: those that were dropped for that.
copied_once()
{
	bp_expect "$1" "counted('$3', 'tx', 'gso_packets') > 10" "summary()"
	_hist="next(p['counted']['packets_by_user_copies'] for p in r['paths']
		if (p['in'], p['out']) == ('$2', '$3'))"
	bp_expect "$1" "(h := $_hist)[1] > 1000 and h[0] <= ${4:-drops_by_reason('$3').get('port_down', 0)} and h[2] == h[3] == 0" "$_hist"
	note "$1: packets by user copies $(bp_get "$1" "$_hist"), of $(bp_get "$1" \
		"counted('$3', 'tx', 'gso_packets')") super-frames"
}

bp_start a
bp_start b
bp_wait_forwarding 20
tcp_ok
tcp_ok 32 -R
bp_stop b
bp_stop a
copied_once a wan lan
copied_once b lan wan

# The peer dies while super-frames are cut into the port's frames: they stay the port's, the account stays
# exact, and the next peer gets them.
bp_neighbours h1 10.77.0.2 h2
cut()
{
	[ "$(in_mid cat /sys/class/net/w0/statistics/rx_bytes)" -gt $((from + 10000000)) ]
}
bp_start a
bp_start b
bp_wait_forwarding 20
flood h1 10.77.0.2 30 42000 1400
for turn in 1 2 3; do
	for _ in peer nobody; do
		from=$(in_mid cat /sys/class/net/w0/statistics/rx_bytes)
		wait_for 5 cut || fail "turn $turn: no super-frames arrive"
		bp_gone b || {
			kill -KILL "$(bp_pid b)"
			wait "$(bp_pid b)" 2>/dev/null
		}
	done
	bp_alive a || fail "turn $turn: the client has died"
	bp_start b
	bp_wait_forwarding 20
done
kill "$FLOOD"
wait "$FLOOD" 2>/dev/null
bp_wait_forwarding 20
bp_stop b
bp_stop a
bp_expect a "losses('lan') >= 3 and 'port_down' in drops_by_reason('lan')" "summary()"
copied_once a wan lan 100
note "three peers killed: $(bp_get a 'summary()')"

# So are a generator's own frames: none is copied.
{
	bp_dpdk_section
	printf '[port.out]\ndriver = dpdk\ndevice = net_null0\n[gen]\ntx = out\nduration = 0.2\n[stream.one]\n'
} | bp_ini g
"$BYPATH" gen "$BP_TMP/g.ini" --quiet --json "$BP_TMP/gen.json" >"$BP_TMP/gen.log" 2>&1 ||
	fail "gen ends with code $?"
bp_expect gen "(tx := r['ports'][0]['tx'])['packets'] > 1000 and tx['user_copies'] == 0" "r['ports']"
