# The cases of the kernel's own tests of its bridge, asked of the switch over a backend, or of that bridge, beside
# docs/switch-cases.md.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: switch-cases.sh KIND|bridge [whole]; whole: a bridge that cannot be asked everything is a failure

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: switch-cases.sh KIND|bridge [whole]}
WHOLE=${2-}
PAGE=$BP_SOURCE/docs/switch-cases.md
export PYTHONDONTWRITEBYTECODE=1
need bridge
# shellcheck disable=SC2119 # the usual lab
bp_lab
bp_host h3 w2 10.77.0.3/24
bp_host h4 w3 10.77.0.4/24

cases()
{
	"$BP_PYTHON" "$BP_HERE/switch_cases.py" "$@"
}

# bridge_up GROUP: 1 when this kernel's bridge has not what the group needs.
bridge_up()
{
	cases bridge "$1" >"$BP_TMP/bridge.sh"
	in_mid sh -e "$BP_TMP/bridge.sh" >"$BP_TMP/bridge.log" 2>&1
}

bridge_down()
{
	for _bridge in $(ip -n mid -br link show type bridge | cut -d' ' -f1); do
		ip -n mid link del "$_bridge"
	done
}

# switch_up GROUP
switch_up()
{
	cases ini "$1" >"$BP_TMP/lines"
	{
		for _i in 1 2 3 4; do
			! grep -q "^p$_i = " "$BP_TMP/lines" || bp_port p$_i "$KIND" w$((_i - 1))
		done
		cat "$BP_TMP/lines"
	} | bp_ini a
	bp_start a
	wait_for 10 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "$1: it does not start"
}

if [ "$KIND" = bridge ]; then
	ip -n mid link add br0 type bridge || skip "no bridge"
	bridge_down
fi
: >"$BP_TMP/answers"
for group in $(cases groups); do
	if [ "$KIND" != bridge ]; then
		switch_up "$group"
	elif ! bridge_up "$group"; then
		[ -z "$WHOLE" ] || fail "$group: this kernel's bridge cannot be asked: $(cat "$BP_TMP/bridge.log")"
		note "$group: this kernel's bridge cannot be asked: $(head -n 1 "$BP_TMP/bridge.log")"
		echo part >>"$BP_TMP/answers"
		bridge_down
		continue
	fi
	[ "$KIND" = bridge ] || export SWITCH_INI="$BP_TMP/a.ini"
	cases ask "$group" $((5 * BP_SLOW)) >>"$BP_TMP/answers" 2>"$BP_TMP/ask.log" || fail "$group: it has not been asked all"
	if [ "$KIND" = bridge ]; then
		bridge_down
	else
		bp_stop a
	fi
done
column=here
[ "$KIND" != bridge ] || column="Linux bridge"
cases compare "$PAGE" "$column" "$BP_TMP/answers" || fail "docs/switch-cases.md and the run differ"
