# What a chain's functions do to frames is the same whoever does it: a worker, or a driver that carries packets by itself.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: acts.sh KIND    exact counts, the frames as they arrive, a reload; KIND af_packet-mmap is the control

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: acts.sh KIND}
need tcpdump
case $KIND in
kernel-*) bp_need_driver kernel ;;
esac
id=acts$$
bp_lab

# function NAME: its section.
function()
{
	printf '[function.%s]\n' "$1"
	case $1 in
	only) printf 'type = vlan\naction = pass\nids = 10,20-29\n' ;;
	re) printf 'type = vlan\naction = rewrite\nid = 10\nto = 30\npriority = 5\n' ;;
	in) printf 'type = vlan\naction = push\nid = 10\n' ;;
	s) printf 'type = vlan\naction = push\nid = 7\npriority = 2\ntpid = 88a8\n' ;;
	out | out2) printf 'type = vlan\naction = pop\n' ;;
	back) printf 'type = macswap\n' ;;
	esac
}

# ini CHAIN [KIND]: from wan, before lan.
ini()
{
	{
		printf '[engine]\nname = %s\n' "$id"
		bp_port wan "${2:-$KIND}" w0
		bp_port lan "${2:-$KIND}" w1
		for _name in $(echo "$1" | tr -d , | tr ' ' '\n' | sort -u); do
			function "$_name"
		done
		printf '[forward]\nwan = %s, lan\nlan = wan\n' "$1"
	} | bp_ini a
}

said()
{
	grep -q "$1" "$BP_TMP/a.log"
}

# start CHAIN [KIND]: h2 records what comes. No host sends anything but what is asked.
start()
{
	ini "$@"
	bp_start a
	wait_for 10 said forwarding || fail "$1: does not start"
	ip netns exec h2 tcpdump -i e0 --immediate-mode -U -Z root -Q in -s 128 -w "$BP_TMP/h2.pcap" 2>"$BP_TMP/watch.log" &
	watcher=$!
	wait_for 10 grep -q 'listening on' "$BP_TMP/watch.log" || fail "no tcpdump"
}

reload()
{
	in_mid "$BYPATH" reload "$id" >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
}

# flood COUNT SIZE [OPTION...]: frames of another's address from h1.
flood()
{
	_count=$1 _size=$2
	shift 2
	in_h1 "$BYPATH" gen --tx-port af_packet:e0 --duration 20 --count "$_count" --rate 20kpps --size "$_size" \
		--dst-mac 02:00:00:00:00:77 "$@" >"$BP_TMP/flood.log" 2>&1 || fail "bypath gen $*: $(cat "$BP_TMP/flood.log")"
	sent=$((${sent:-0} + _count))
}

came()
{
	[ "$(tcpdump -r "$BP_TMP/h2.pcap" 2>/dev/null | wc -l)" -ge "$1" ]
}

# stop COUNT: once so many have come to h2, and everything has come in.
stop()
{
	wait_for 10 came "$1" || fail "of $1 frames $(tcpdump -r "$BP_TMP/h2.pcap" 2>/dev/null | wc -l) came"
	bp_stop a
	kill "$watcher"
	wait "$watcher" 2>/dev/null
	bp_expect a "counted('wan', 'rx', 'packets') == $sent and sent_pkts('lan') == $1" 'summary()'
	sent=0
}

# heard COUNT FILTER: of what came to h2.
heard()
{
	_n=$(tcpdump -r "$BP_TMP/h2.pcap" "$2" 2>/dev/null | wc -l)
	[ "$_n" = "$1" ] || fail "$_n frames, not $1, are '$2': $(tcpdump -r "$BP_TMP/h2.pcap" -e -c 4 2>/dev/null)"
}

lets_through()
{
	start 'only, re'
	flood 300 64
	flood 200 68 --encap vlan:10
	flood 100 68 --encap vlan:25
	flood 50 68 --encap vlan:40
	stop 300
	heard 200 'ether[12:4] = 0x8100a01e' # VLAN 30, priority 5
	heard 100 'ether[12:4] = 0x81000019'
	bp_expect a "[(f['counted']['packets'], f['counted']['dropped']) for f in r['functions']] == [(650, 350), (300, 0)]" \
		"r['functions']"
	bp_expect a "function('only')['counted']['drops']['vid_not_allowed'] == 350" "function('only')"
	bp_expect a "(function('re')['doc']['rewritten'], function('re')['doc']['untouched']) == (200, 100)" "function('re')"
}

# Two tags, the outer one the provider's, from frames that had one and swapped addresses, or none. A tag makes a frame of full
# length as long as one may be; a second one too long.
pushes()
{
	start 'back, in, s'
	flood 100 64
	flood 50 68 --encap vlan:9
	flood 20 1518
	stop 150
	heard 100 'ether[12:4] = 0x88a84007 and ether[16:4] = 0x8100000a and ether[20:2] = 0x0800'
	heard 50 'ether[12:4] = 0x88a84007 and ether[16:4] = 0x8100000a and ether[20:4] = 0x81000009'
	heard 150 'ether src 02:00:00:00:00:77'
	bp_expect a "drops_by_reason('lan') == {'tx_too_long': 20}" "summary()"
	start in
	flood 20 1518
	stop 20
	heard 20 'ether[12:4] = 0x8100000a and greater 1518'
}

pops()
{
	start out
	flood 40 72 --encap qinq:8,vlan:9
	flood 30 68 --encap vlan:9
	flood 20 64
	stop 70
	heard 40 'ether[12:4] = 0x81000009'
	heard 30 'ether[12:2] = 0x0800'
	bp_expect a "function('out')['counted']['drops']['not_tagged'] == 20 and function('out')['doc']['popped'] == 70" "function('out')"
	# As if nothing had been done.
	start 'in, s, out, out2'
	flood 60 200
	stop 60
	heard 60 'ether[12:2] = 0x0800 and len = 196'
	bp_expect a "counted('lan', 'tx', 'bytes') == counted('wan', 'rx', 'bytes') == 60 * 196" 'summary()'
}

# A function that is all of its chain, which a burst of a driver may do as well: once.
alone()
{
	start back
	flood 30 64
	stop 30
	heard 30 'ether src 02:00:00:00:00:77'
	bp_expect a "function('back')['counted']['packets'] == 30" "r['functions']"
}

# Another VLAN by a reload: what was counted goes on, and no frame with the old one comes afterwards.
is_reloaded()
{
	start in
	flood 100 64
	wait_for 10 came 100 || fail "the first frames do not come"
	sed -i 's/^id = 10$/id = 11/' "$BP_TMP/a.ini"
	reload
	flood 200 64
	stop 300
	heard 100 'vlan 10'
	heard 200 'vlan 11'
	bp_expect a "function('in')['counted']['packets'] == 300" "r['functions']"
}

# From a worker to the kernel's program, and back: the function's account is one.
changes_hands()
{
	start in af_packet-mmap
	flood 100 64
	for kind in "$KIND" af_packet-mmap; do
		wait_for 10 came "$sent" || fail "the frames before the driver is $kind do not come"
		ini in "$kind"
		reload
		flood 50 64
	done
	stop 200
	heard 200 'vlan 10'
	bp_expect a "function('in')['counted']['packets'] == function('in')['doc']['pushed'] == 200" "r['functions']"
}

lets_through
pushes
pops
alone
is_reloaded
[ "$KIND" = af_packet-mmap ] || changes_hands
