# Outputs that cannot be written: said early where it can be known, never lost silently.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_null_pair n

"$BYPATH" run "$BP_TMP/n.ini" --duration 60 --report /nonexistent/x.json >"$BP_TMP/n.log" 2>&1
[ $? -eq 2 ] || fail "a report in a folder that does not exist is refused with code 2, at once"
grep -q 'report /nonexistent/x.json.*No such file' "$BP_TMP/n.log" || fail "the path and the reason"

"$BYPATH" run "$BP_TMP/n.ini" --duration 0.1 --quiet >/dev/full 2>"$BP_TMP/n.log"
[ $? -eq 1 ] || fail "a report that does not fit on standard output ends with code 1"
grep -q 'No space left' "$BP_TMP/n.log" || fail "the reason"

for bad in -1 0 abc 1e99 nan; do
	"$BYPATH" run "$BP_TMP/n.ini" --duration $bad >"$BP_TMP/n.log" 2>&1
	[ $? -eq 2 ] || fail "--duration $bad is refused with code 2"
	grep -q "found '$bad'" "$BP_TMP/n.log" || fail "--duration $bad: what was found"
done
