# Ports on interfaces that the host itself uses: refused where it would be cut off, warned about where it
# takes part; nothing is said of ports that are alone.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# host.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

# refused WORDS: pair.ini does not start and check finds fault with it.
refused()
{
	in_mid timeout 20 "$BYPATH" run "$BP_TMP/pair.ini" --duration 0.2 >"$BP_TMP/out.log" 2>&1
	_got=$?
	[ $_got -eq 1 ] || fail "run: exit code $_got instead of 1"
	grep -q -e "$1.*take_host = yes" "$BP_TMP/out.log" || fail "run does not say '$1'"
	in_mid "$BYPATH" check "$BP_TMP/pair.ini" >"$BP_TMP/out.log" 2>&1
	_got=$?
	[ $_got -eq 2 ] || fail "check: exit code $_got instead of 2"
	grep -q -e "\[port.wan\] device: .*$1" "$BP_TMP/out.log" || fail "check does not say '$1'"
	in_h1 ping -c 1 -W 2 10.77.0.9 >/dev/null || fail "the host is out of reach"
}

# The host stays reachable: its address, also on what lies on the interface, is not taken without a word.
case_taken()
{
	bp_lab
	bp_pair pair "$1" w0 "$1" w1
	in_mid "$BYPATH" check "$BP_TMP/pair.ini" >"$BP_TMP/out.log" 2>&1 || fail "check of the quiet lab"
	ip -n mid addr add 10.77.0.9/24 dev w0
	refused 'it carries 10.77.0.9/24:'
	ip -n mid route add default via 10.77.0.1
	refused 'it carries 10.77.0.9/24 and the default route'
	ip -n mid addr flush dev w0
	# On a bridge that the interface is a member of.
	ip -n mid link add br0 up type bridge forward_delay 0 && ip -n mid link set w0 master br0 ||
		skip "no bridge in this kernel"
	ip -n mid addr add 10.77.0.9/24 dev br0
	refused 'br0, which lies on it, carries 10.77.0.9/24'
	ip -n mid link del br0
	# A veth's other end in the same namespace is another host's, as far as the port is concerned.
	ip -n mid link set w1 name w5
	ip -n mid link add w1 up type veth peer name far
	ip -n mid link set far up
	ip -n mid addr add 10.99.0.1/24 dev far
	in_mid "$BYPATH" check "$BP_TMP/pair.ini" >"$BP_TMP/out.log" 2>&1 || fail "the peer's address counts"
	ip -n mid link del w1
	ip -n mid link set w5 name w1
	ip -n mid link set w1 up
	# Who means it may.
	ip -n mid addr add 10.77.0.9/24 dev w0
	bp_start pair --set port.wan.take_host=yes
	bp_wait_forwarding
	bp_stop pair
	# A port that only sends takes nothing.
	[ "$1" = dpdk-af_xdp ] && return
	bp_port wan "$1" w0 >"$BP_TMP/send.ini"
	printf '[port.src]\ndriver = null\ncount = 10\n[forward]\nsrc = wan\n' >>"$BP_TMP/send.ini"
	in_mid timeout 20 "$BYPATH" run "$BP_TMP/send.ini" --duration 0.2 >"$BP_TMP/out.log" 2>&1 ||
		fail "a port that only sends is refused"
}

# warnings [OPTION...]: of a short run of pair.ini.
warnings()
{
	in_mid timeout 20 "$BYPATH" run "$BP_TMP/pair.ini" --duration 0.1 "$@" >"$BP_TMP/out.log" 2>&1 ||
		fail "pair: exit code $?"
	grep 'warning' "$BP_TMP/out.log" >"$BP_TMP/warnings.log"
}

# warned WORDS [OPTION...]: exactly one warning, with these words.
warned()
{
	_words=$1
	shift
	warnings "$@"
	grep -q -e "$_words" "$BP_TMP/warnings.log" || fail "no warning says '$_words'"
	[ "$(wc -l <"$BP_TMP/warnings.log")" -eq 1 ] || fail "more than one warning"
}

quiet()
{
	warnings
	[ ! -s "$BP_TMP/warnings.log" ] || fail "$1: $(cat "$BP_TMP/warnings.log")"
}

case_warnings()
{
	bp_lab
	bp_pair pair af_packet-mmap w0 af_packet-mmap w1
	quiet "the quiet lab"
	ip -n mid link set w1 mtu 1400
	warned 'port wan: MTU 1500, but its packets go to port lan with MTU 1400'
	ip -n mid link set w1 mtu 1500
	ip -n mid addr add 10.77.0.9/24 dev w0
	warned "port wan: the host's own stack hears .*10.77.0.9/24 on w0"
	ip -n mid addr flush dev w0
	for w in w0 w1; do
		in_mid sysctl -qw net.ipv6.conf.$w.accept_dad=0 net.ipv6.conf.$w.disable_ipv6=0 ||
			skip "no IPv6 in this kernel"
		ip -n mid link set $w down
		ip -n mid link set $w up
	done
	wait_for 5 sh -c 'ip -n mid -6 addr show dev w1 | grep -q fe80' || fail "no link-local address"
	warned "ports wan, lan: the host's own stack .*IPv6 link-local"
	in_mid sysctl -qw net.ipv6.conf.w0.disable_ipv6=1 net.ipv6.conf.w1.disable_ipv6=1
	# Forwarding where nothing can be routed is none; elsewhere on the host there is an address.
	in_mid sysctl -qw net.ipv4.ip_forward=1
	quiet "ip_forward without an address"
	ip -n mid link add far up type veth peer name near
	ip -n mid addr add 10.99.0.1/24 dev far
	warned 'ports wan, lan: this host forwards too'
	in_mid sysctl -qw net.ipv4.conf.w0.forwarding=0 net.ipv4.conf.w1.forwarding=0
	quiet "forwarding is off on the ports"
}

case $1 in
taken-*) case_taken "${1#taken-}" ;;
*) "case_$1" ;;
esac
