# Figures of packet threads that did not have their cores: marked, with share and cause; quiet ones are not.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: disturbed.sh others | throttled | stopped

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need taskset
CASE=${1:?usage: disturbed.sh CASE}
# compare puts its forwarder on the last core that it may use.
CORE=$(taskset -cp $$ | sed 's/.*[^0-9]//')

# Other work on that core, so many times.
busy()
{
	BUSY=
	for _ in $(seq "$1"); do
		taskset -c "$CORE" timeout 60 sh -c 'while :; do :; done' &
		BUSY="$BUSY $!"
	done
}

# The engine alone, with a function that lets all pass: NAME.json.
alone()
{
	printf '%s\n' '[engine]' "cores = $CORE" 'idle = busy' '[port.a]' 'driver = null' '[port.b]' 'driver = null' \
		'[function.m]' 'type = meter' 'rate = 10000gbps' 'burst = 1m' '[forward]' 'a = m, b' | bp_ini "$1"
	rm -f "$BP_TMP/$1.log"
	"$BYPATH" run "$BP_TMP/$1.ini" --report "$BP_TMP/$1.json" >"$BP_TMP/$1.log" 2>&1 &
	echo $! >"$BP_TMP/$1.pid"
	wait_for 10 grep -q forwarding "$BP_TMP/$1.log" || fail "$1 does not start"
}

case $CASE in
others)
	# Beside busy loops on the forwarder's core no row is ok; its share and its cause are named.
	alone quiet
	sleep 0.5
	bp_stop quiet
	# One is enough for a path over a network: starved for longer, it may lose sight of late frames, too.
	busy 1
	"$BYPATH" compare --paths null,af_packet-mmap --sizes 64 --rounds 1 --duration 0.1 \
		--json "$BP_TMP/c.json" >"$BP_TMP/compare.log" 2>&1
	# shellcheck disable=SC2086
	kill $BUSY
	busy 4
	alone beside
	sleep 0.5
	bp_stop beside
	# shellcheck disable=SC2086
	kill $BUSY
	# None is ok. On a machine that is busy beyond that, a row over a network may fail altogether.
	bp_expect c "all(x['status'] == 'disturbed' or x['status'] == 'failed' and x['path'] != 'null' for x in r['rows'])" \
		"[(x['path'], x['status'], x['reason'], x['off_core']) for x in r['rows']]"
	bp_expect c "all(measured(x) and x['off_core']['share'] > 0.1 for x in r['rows'] if x['status'] == 'disturbed')" \
		"[x['off_core'] for x in r['rows']]"
	# A search that was disturbed repeats by itself; it speaks of both.
	bp_expect c "all(x['off_core']['repeated_trials'] >= 2 for x in r['rows'] if x['path'] != 'null' and \
		x['status'] == 'disturbed' and x['off_core']['who'] in ('forwarder', 'generator'))" "r['rows'][0]"
	grep -q '^DISTURBED' "$BP_TMP/compare.log" || fail "the tables do not say it"
	bp_expect beside "r['workers'][0]['off_core']['share'] > 0.5" "r['workers']"
	grep -q 'disturbed: worker 0 was off core' "$BP_TMP/beside.log" || fail "the report does not say it"
	bp_expect beside "function('m')['disturbed'] and function('m')['counted']['packets'] > 0" "r['functions']"
	grep -qE '^ *m +meter .* disturbed ' "$BP_TMP/beside.log" || fail "the report has a cost of a function that was disturbed"
	# Nanoseconds per packet are of the time that it had its core: busy and idle have no more than that.
	cost="r['paths'][0]['counted']['ns_per_packet']"
	note "ns per packet: $(bp_get quiet "$cost") alone, $(bp_get beside "$cost") beside four others"
	bp_expect beside "all(w['counted']['busy_ns'] + w['counted']['idle_ns'] < \
		1.01e9 * r['run']['elapsed_s'] - w['off_core']['ns'] for w in r['workers'])" "r['workers']"
	bp_expect beside "abs(r['paths'][0]['counted']['ns_per_packet'] * r['paths'][0]['counted']['packets'] / \
		r['workers'][0]['counted']['busy_ns'] - 1) < 0.01" "r['paths'], r['workers']"
	;;
throttled)
	# A control group's CPU limit of 10 %.
	if [ -w /sys/fs/cgroup/cgroup.subtree_control ] && grep -qw cpu /sys/fs/cgroup/cgroup.controllers; then
		echo +cpu >/sys/fs/cgroup/cgroup.subtree_control 2>"$BP_TMP/cgroup.log" ||
			skip "cgroup: no CPU controller to be had here"
		group=/sys/fs/cgroup/bypath-test-$$-$(date +%N)
		mkdir "$group" || skip "cgroup: cannot make a group"
		echo '10000 100000' >"$group/cpu.max"
	elif [ -w /sys/fs/cgroup/cpu/cgroup.procs ]; then
		group=/sys/fs/cgroup/cpu/bypath-test-$$-$(date +%N)
		mkdir "$group" || skip "cgroup: cannot make a group"
		echo 100000 >"$group/cpu.cfs_period_us"
		echo 10000 >"$group/cpu.cfs_quota_us" 2>"$BP_TMP/cgroup.log" || {
			rmdir "$group"
			skip "cgroup: no CPU limit to be had here"
		}
	else
		skip "cgroup: no CPU controller here"
	fi
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' - "$group" \
		"$BYPATH" compare --paths null --sizes 64 --rounds 1 --duration 1 --json "$BP_TMP/c.json" \
		>"$BP_TMP/compare.log" 2>&1
	code=$?
	rmdir "$group"
	[ $code = 0 ] || fail "compare ends with code $code"
	bp_expect c "measured(r['rows'][0]) and r['rows'][0]['status'] == 'disturbed'" "r['rows'][0]"
	bp_expect c "r['rows'][0]['off_core']['cause'] == 'throttled' and r['rows'][0]['off_core']['share'] > 0.3" \
		"r['rows'][0]['off_core']"
	;;
stopped)
	# The scheduler's account does not know of a process that is stopped: its loop does.
	alone stopped
	kill -STOP "$(bp_pid stopped)"
	sleep 0.6
	kill -CONT "$(bp_pid stopped)"
	bp_stop stopped
	bp_expect stopped "r['workers'][0]['off_core']['gaps']['longest_ns'] > 5.5e8" "r['workers']"
	bp_expect stopped "r['workers'][0]['off_core']['share'] > 0.02" "r['workers']"
	bp_expect stopped "r['workers'][0]['off_core']['cause'] == 'stopped'" "r['workers']"
	grep -q 'rounds above 2 ms, the longest' "$BP_TMP/stopped.log" || fail "the report does not say it"
	;;
*)
	fail "no such case: $CASE"
	;;
esac
