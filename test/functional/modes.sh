# The mode of an af_xdp port that explain predicts is the one that a run gets, or is refused.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# Each mode, strict or not, receiving or not, on a device with native XDP (veth), and on one without
# (a bridge), as many NICs' drivers are.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_need_driver af_xdp
bp_lab mtu=1500
ip -n mid link add b0 type bridge && ip -n mid link set b0 up || fail "cannot make a bridge"

# ini DEVICE WAY LINE...: one af_xdp port, which receives (rx) or is only sent to (tx).
ini()
{
	_device=$1 _way=$2
	shift 2
	{
		printf '[memory]\nframes = 16384\n[port.wan]\ndriver = af_xdp\ndevice = %s\n' "$_device"
		for _line in "$@"; do
			echo "$_line"
		done
		if [ "$_way" = rx ]; then
			printf '[port.end]\ndriver = null\n[forward]\nwan = end\n'
		else
			printf '[port.end]\ndriver = null\ncount = 100\n[forward]\nend = wan\n'
		fi
	} >"$BP_TMP/a.ini"
}

# The mode and the note of port wan in a document: "mode: note".
told()
{
	bp_get "$1" "next(p['mode'] + ': ' + p['note'] for p in r['ports'] if p['name'] == 'wan')"
}

agree()
{
	ini "$@"
	in_mid "$BYPATH" explain "$BP_TMP/a.ini" --json >"$BP_TMP/explain.json" ||
		fail "$*: explain ends with code $?"
	rm -f "$BP_TMP/a.json"
	in_mid "$BYPATH" run "$BP_TMP/a.ini" --duration 0.05 --quiet --report "$BP_TMP/a.json" \
		>"$BP_TMP/a.log" 2>&1
	_code=$?
	_predicted=$(told explain)
	case $_predicted in
	*"refuses to start"*)
		[ $_code -eq 1 ] || fail "$*: '$_predicted', but the run ends with $_code"
		note "$*: refused, as predicted"
		;;
	*)
		[ $_code -eq 0 ] || fail "$*: predicted $_predicted, the run ends with $_code"
		_got=$(told a)
		[ "${_predicted%%:*}" = "${_got%%:*}" ] || fail "$*: predicted $_predicted, got $_got"
		note "$*: $_predicted"
		;;
	esac
}

for device in w0 b0; do
	for mode in auto zerocopy copy skb; do
		agree $device rx "mode = $mode"
		agree $device rx "mode = $mode" "strict = yes"
	done
	for mode in auto copy skb; do
		agree $device tx "mode = $mode" "strict = yes"
	done
done
