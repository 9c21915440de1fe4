#!/bin/sh
# What one worker sent to another one's queue by a hop leaves at the port before a run under full load ends.
# SPDX-License-Identifier: BSD-3-Clause
. "$(dirname "$0")/lib.sh"

# A file has one queue: worker 1 reaches it by file-hop.
bp_need_driver pcap
ip netns add mid
for round in 1 2 3; do
	bp_ini a <<-END
		[engine]
		workers = 2
		[port.p1]
		driver = null
		rate_pps = 20000
		[port.p2]
		driver = null
		[port.s]
		driver = null
		[port.file]
		driver = pcap
		device = $BP_TMP/out.pcap
		mode = write
		rotate_bytes = 1000000
		rotate_files = 2
		[function.m]
		type = mirror
		to = file
		[forward]
		p1 = m, s
		p2 = m, s
	END
	bp_start a --quiet
	wait_for 10 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "it does not start"
	wait_for 10 bp_tells a 'tx_full' || fail "the hop is never full"
	bp_stop a
	tx=$(bp_get a 'counted("file-hop", "tx", "packets")')
	rx=$(bp_get a 'counted("file-hop", "rx", "packets")')
	[ "$tx" -gt 0 ] || fail "nothing went by the hop"
	[ "$tx" = "$rx" ] || fail "$tx packets went into the hop, $rx came out of it"
	note "round $round: $tx packets went by the hop"
done
