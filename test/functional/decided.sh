# Which of the kernel's functions copies, and how often, is asked of the device; explain and the report say it alike.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need ethtool
ip link add v0 type veth peer name v1 || fail "cannot make a veth pair"
ip link set v0 up && ip link set v1 up

# ini NAME PORT…: a source of ten frames, and the port that sends them.
ini()
{
	_name=$1
	shift
	printf '%s\n' '[port.a]' 'driver = null' 'count = 10' '[port.b]' "$@" '[forward]' 'a = b' |
		bp_ini "$_name"
}

sg()
{
	ethtool -K v0 sg "$1" >/dev/null 2>&1 || skip "v0's scatter-gather cannot be switched $1"
}

# What the last hop, that to the device, says.
TO_DEVICE="(lambda h: (h['kernel_copies']['value']['lo'], h['kernel_copies']['value']['hi'],
	h['kernel_copies']['functions'], h['decided_by']))(r['paths'][0]['hops'][-1])"

# says NAME WANTED: explain, as a Python expression.
says()
{
	"$BYPATH" explain "$BP_TMP/$1.ini" --json >"$BP_TMP/explain.json" 2>"$BP_TMP/explain.log" ||
		fail "explain $1 ends with code $?"
	got=$(bp_get explain "$TO_DEVICE")
	[ "$got" = "$2" ] || fail "$1: explain says $got instead of $2"
}

# runs NAME: the report says the same as explain.
runs()
{
	"$BYPATH" run "$BP_TMP/$1.ini" --duration 1 --report "$BP_TMP/$1.json" >"$BP_TMP/$1.log" 2>&1 ||
		fail "run $1 ends with code $?"
	hops="[(h['kernel_copies'], h['decided_by'], h['why']) for h in r['paths'][0]['hops']]"
	predicted=$(bp_get explain "$hops")
	effective=$(bp_get "$1" "$hops")
	[ "$predicted" = "$effective" ] || fail "$1: explain $predicted, the report $effective"
}

BITS="['skb_copy_bits']"
ini ring 'driver = af_packet' 'device = v0'
ini complete 'driver = af_packet' 'device = v0' 'offload = off'
ini pmd 'driver = dpdk' 'device = "net_af_packet0,iface=v0"'
ini xdp 'driver = af_xdp' 'device = v0' 'mode = copy'

sg on
says ring "(0, 0, [], None)"
says xdp "(0, 0, [], None)"
says pmd "(1, 1, ['skb_copy_ubufs'], None)"

# In one piece before veth would copy the pages; frames that are in one piece already cost nothing.
sg off
says pmd "(1, 1, $BITS, None)"
says xdp "(0, 0, [], None)"
says complete "(0, 0, [], None)"
says ring "(0, 1, $BITS, 'size')"
runs ring
ip link set v0 mtu 9000
says xdp "(0, 1, $BITS, 'size')"
says complete "(0, 1, $BITS, 'size')"
sg on
says complete "(0, 0, [], None)"

# What comes before a receiver's copy, with both cases where the sender decides.
printf '%s\n' '[port.a]' 'driver = af_xdp' 'device = v0' 'mode = skb' '[port.b]' 'driver = null' \
	'[forward]' 'a = b' | bp_ini skb
"$BYPATH" explain "$BP_TMP/skb.ini" >"$BP_TMP/skb.log" || fail "explain skb"
for words in '0–1 K' 'pskb_expand_head' '1 for what a socket or a network stack' '0 for what a'; do
	grep -q -e "$words" "$BP_TMP/skb.log" || fail "explain does not say '$words'"
done
