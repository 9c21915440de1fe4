# Files of config/ are started as they are, but for the devices' names, and carry pings between two hosts.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_lab
n_started=0
for file in "$BP_SOURCE"/config/*.ini; do
	name=${file##*/}
	# Two interfaces of the kernel, one queue each; those of other kinds have tests of their own.
	[ "$(grep -cE '^device = eth[01]$' "$file")" = 2 ] && ! grep -qE '^(queues|\[gen\]|\[function)' "$file" || continue
	driver=$(sed -n 's/^driver = //p' "$file" | head -n 1)
	why=$(bp_driver_missing "$driver")
	[ -z "$why" ] || { note "$name: left out: $why"; continue; }
	sed 's/^device = eth/device = w/' "$file" | bp_ini a
	bp_start a
	bp_wait_forwarding 10
	in_h1 ping -q -c 3 -i 0.05 -W 2 10.77.0.2 >"$BP_TMP/ping.log" || fail "$name: pings are lost"
	bp_stop a
	bp_expect a "all(p['driver'] == '$driver' for p in r['ports'])"
	n_started=$((n_started + 1))
	note "$name"
done
[ $n_started -gt 1 ] || fail "$n_started files of config/ were started"
