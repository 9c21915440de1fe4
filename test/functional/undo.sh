# quickstart gives back what an interrupted run reserved, and never more than that.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

# A kernel's counter that is a plain file, over the real one, in this mount namespace only.
mount -t tmpfs none /sys/kernel/mm/hugepages || skip "no /sys/kernel/mm/hugepages"
HUGE=/sys/kernel/mm/hugepages/hugepages-2048kB
STATE=/run/bypath-quickstart.state
mkdir $HUGE

# undone BEFORE ADDED PID NOW EXPECTED
undone()
{
	echo "hugepages $1 $2 $3" >$STATE
	echo "$4" >$HUGE/nr_hugepages
	"$BP_SOURCE/quickstart" undo >"$BP_TMP/undo.log" 2>&1 || fail "quickstart undo: exit code $?"
	got=$(cat $HUGE/nr_hugepages)
	[ "$got" = "$5" ] || fail "before $1, added $2, found $4: left $got instead of $5"
}

sh -c : &
dead=$!
wait $dead
undone 0 48 $dead 48 0
[ ! -e $STATE ] || fail "the record outlives its use"
undone 10 48 $dead 58 10
undone 10 48 $dead 60 12 # somebody took two more meanwhile
undone 10 48 $dead 20 10 # the kernel could spare only ten
undone 10 48 $dead 10 10 # killed between the record and the deed
undone 10 48 $dead 5 5   # somebody gave back: not ours to raise

# A run that still goes on keeps its pages.
sh -c 'sleep 60; : quickstart' &
alive=$!
wait_for 5 grep -q quickstart /proc/$alive/cmdline || fail "no process"
undone 0 48 $alive 48 48
[ -e $STATE ] || fail "the record of a living run is gone"
kill $alive
