# Hugepages that are free and that this process may not have: a container's limit, a NUMA node without.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

CGROUP=$BP_TMP/cgroup
mkdir "$CGROUP"
mount -t cgroup2 none "$CGROUP" 2>/dev/null || skip "no cgroup2 file system"
grep -qw hugetlb "$CGROUP/cgroup.controllers" || skip "no hugetlb controller in the root of cgroup2"

bp_huge_reserve 64
ADDED=no
grep -qw hugetlb "$CGROUP/cgroup.subtree_control" || ADDED=yes
CHILD=$CGROUP/bypath-test-$(cat /proc/sys/kernel/random/uuid)
give_back()
{
	rmdir "$CHILD" 2>/dev/null
	# Another test that runs now may have groups of its own.
	[ $ADDED = no ] || echo -hugetlb >"$CGROUP/cgroup.subtree_control" 2>/dev/null
	bp_huge_release
}
trap 'give_back; exit 130' INT TERM
trap give_back EXIT
echo +hugetlb >"$CGROUP/cgroup.subtree_control" 2>"$BP_TMP/enable.log" ||
	skip "hugetlb controller: cannot be enabled"
mkdir "$CHILD" || fail "cannot make a cgroup"

# limited BYTES COMMAND [OPTION...]: bypath in a group with this limit; its words are run.log.
limited()
{
	echo "$1" >"$CHILD/hugetlb.2MB.max" || fail "cannot set a limit"
	shift
	# shellcheck disable=SC2016 # for the inner shell
	sh -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$CHILD" timeout 20 "$BYPATH" "$@" \
		>"$BP_TMP/run.log" 2>&1
}

bp_null_pair null "rate_pps = 1000" "[memory]" "frames = 4096"

denied='this process gets 0 of them: its cgroup.s limit (hugetlb.2MB.max)'
limited 0 run "$BP_TMP/null.ini" --duration 0.2 --report "$BP_TMP/null.json"
rc=$?
[ $rc = 0 ] || fail "a limit of 0: run ends with $rc"
grep -q "warning: arena.*$denied.*ordinary pages are used" "$BP_TMP/run.log" ||
	fail "a limit of 0: run does not say so"
bp_law null
limited 0 run "$BP_TMP/null.ini" --duration 0.2 --set memory.hugepages=yes
rc=$?
[ $rc = 1 ] || fail "a limit of 0, hugepages = yes: run ends with $rc"
grep -q "error: arena.*$denied.*raise that" "$BP_TMP/run.log" ||
	fail "a limit of 0, hugepages = yes: no clear error"
limited 0 gen --tx-port ring:r --rx-port ring:r --count 100 --rate 10kpps --quiet
rc=$?
[ $rc = 0 ] || fail "a limit of 0: gen ends with $rc"
note "a limit of 0: ordinary pages, said; an error where hugepages were demanded"

# The control: what may be had is taken, without a word.
limited max run "$BP_TMP/null.ini" --duration 0.2 --report "$BP_TMP/null.json" ||
	fail "without limit: run ends with $?"
grep -q 'arena' "$BP_TMP/run.log" && grep -q warning "$BP_TMP/run.log" &&
	fail "without limit: a warning"
bp_expect null 'r["arena"]["page_bytes"] == 2097152' 'r["arena"]'
note "without limit: hugepages"

[ -z "$(bp_driver_missing dpdk)" ] || exit 0
bp_eal_pair eal net_null0 "memory = 48"
limited 0 run "$BP_TMP/eal.ini" --duration 0.2
rc=$?
[ $rc = 1 ] || fail "a limit of 0: EAL ends with $rc"
grep -q "error: port a: DPDK needs 48 MiB.*$denied.*no_huge = yes" "$BP_TMP/run.log" ||
	fail "a limit of 0: EAL's error is not clear"
limited max run "$BP_TMP/eal.ini" --duration 0.2 || fail "without limit: EAL ends with $?"
note "EAL: a clear error; without limit it starts"

# The advice counts what the arena takes before EAL: it is right at the first attempt.
free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages)
limited max run "$BP_TMP/eal.ini" --duration 0.2 --set memory.hugepages=auto \
	--set memory.frames=$(((free + 2) * 1024)) --set dpdk.memory=$((2 * free + 64)) &&
	fail "more than there is: starts"
wanted=$(sed -n 's/.*run as root: echo \([0-9]*\) >.*/\1/p' "$BP_TMP/run.log")
has=$(cat /proc/sys/vm/nr_hugepages)
[ "${wanted:-0}" -ge $((has + 32 + free + 2)) ] ||
	fail "the advice counts ${wanted:-0} pages, $has are there, $free free: the arena takes $((free + 2)) first"
note "the advice on hugepages counts the arena's"
