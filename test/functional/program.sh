# An XDP program that somebody else detaches or replaces under a running port: said, and put back.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: program.sh skb | native   bpftool link detach, then another program put into the link; the kernel judges
#        program.sh foreign        detached, and another's program attached instead
#        program.sh live           the program by which xdp_live counts

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: program.sh CASE}
need ip bpftool "$BP_PYTHON"
program=${BP_TOOLS:-build/test/functional/tools}/xdp_pass.bpf.o

# The id of the program on an interface, or nothing.
program_on()
{
	ip -n mid -d link show "$1" | sed -n 's/.*prog\/xdp id \([0-9]*\).*/\1/p'
}

# Is the program on w0 one of bypath's? After a new start it may have another id.
is_mine()
{
	in_mid bpftool -j prog show id "$(program_on w0)" 2>/dev/null | grep -q '"name":"bypath_xdp'
}

# The id of the link that holds the program on w0, or nothing.
link_of_w0()
{
	in_mid bpftool -j link show | "$BP_PYTHON" -c '
import json, sys
print(*(l["id"] for l in json.load(sys.stdin) if str(l.get("prog_id")) == sys.argv[1]))' "$(program_on w0)"
}

said()
{
	grep -q "$1" "$BP_TMP/a.log"
}

start()
{
	bp_lab
	bp_pair a "$1" w0 "$1" w1
	bp_start a
	bp_wait_forwarding 20
	link=$(link_of_w0)
	[ -n "$link" ] || fail "no link on w0"
	[ -n "$(program_on w0)" ] || fail "no program on w0"
}

detach()
{
	in_mid bpftool link detach id "$link" || fail "cannot detach"
}

# A process with the right to open the link by its id changes the program in it; the other's program is
# loaded by attaching it elsewhere.
replace()
{
	ip -n mid link add elsewhere type veth peer name nowhere || fail "cannot make a veth pair"
	ip -n mid link set elsewhere xdp obj "$program" sec xdp || fail "cannot load the other's program"
	"$BP_PYTHON" "$BP_HERE/bpf_other.py" update "$(link_of_w0)" "$(program_on elsewhere)" >"$BP_TMP/update.log" 2>&1 ||
		fail "cannot replace: $(cat "$BP_TMP/update.log")"
}

case $CASE in
skb | native)
	start "af_xdp-$CASE"
	is_mine || fail "no program of bypath's is on w0"
	detach
	wait_for 5 said 'wan: the XDP program on w0 was detached by another process' || fail "not reported"
	bp_wait_forwarding 20
	is_mine || fail "bypath's program is not on w0 again"
	n_losses=1
	if [ -s "$program" ]; then
		replace
		wait_for 5 said 'wan: the XDP program on w0 was replaced by program' || fail "not reported"
		bp_wait_forwarding 20
		is_mine || fail "another program than bypath's is on w0"
		n_losses=2
	fi
	! said 'port wan: .*is down' || fail "a link is said to be down"
	bp_stop a
	bp_expect a "losses('wan') == $n_losses and losses('lan') == 0" "summary()"
	note "$CASE: $(bp_get a 'summary()')"
	;;
foreign)
	[ -s "$program" ] || skip "no foreign program: this build has no clang, bpftool or libbpf"
	start af_xdp-native
	# Until the other one is the first to attach: between two checks there is time.
	attach()
	{
		link=$(link_of_w0)
		[ -n "$link" ] && in_mid bpftool link detach id "$link" &&
			ip -n mid link set w0 xdp obj "$program" sec xdp 2>/dev/null
	}
	wait_for 10 attach || fail "cannot attach the other's program"
	other=$(program_on w0)
	wait_for 5 said "XDP program $other is attached to w0 already" || fail "the other's program is not named"
	in_h1 ping -c 3 -i 0.1 -W 1 10.77.0.2 >/dev/null && fail "forwards without its program"
	[ "$(program_on w0)" = "$other" ] || fail "the other's program is gone"
	# Its owner takes it away.
	ip -n mid link set w0 xdp off || fail "cannot take the other's program off"
	bp_wait_forwarding 20
	said 'port wan: w0 is back' || fail "that the port is back is not reported"
	bp_stop a
	bp_expect a "losses('wan') >= 1 and losses('lan') == 0" "summary()"
	;;
live)
	bp_need_driver xdp_live
	ip link add v0 type veth peer name v1
	ip link set v0 up
	ip link set v1 up
	need ethtool
	ethtool -K v1 gro on >/dev/null 2>&1 || fail "ethtool -K v1 gro on"
	"$BYPATH" gen --tx-port xdp_live:v0 --rx-port af_packet:v1 --rate 2kpps --duration 0 \
		--json "$BP_TMP/live.json" >"$BP_TMP/a.log" 2>&1 &
	echo $! >"$BP_TMP/live.pid"
	sends()
	{
		[ "$(awk '$1 == "v1:" { print $3 }' /proc/net/dev)" -gt 200 ] || bp_gone live
	}
	wait_for 10 sends || fail "nothing is sent"
	! said 'no live frames' || skip "no live frames in this kernel"
	bp_alive live || fail "bypath gen ends"
	# The link by which it counts is no device's: the kernel lets nobody detach it. (Others on this machine have such links, too.)
	for link in $(awk '/^link_type:/ { is_trace = $2 ~ /^(raw_tracepoint|tracing)$/ } /^link_id:/ && is_trace { print $2 }' \
		/proc/"$(bp_pid live)"/fdinfo/*); do
		! bpftool link detach id "$link" 2>"$BP_TMP/detach.log" || fail "link $link can be detached"
		grep -qi 'not supported' "$BP_TMP/detach.log" || fail "$(cat "$BP_TMP/detach.log")"
		seen=$link
	done
	[ -n "${seen-}" ] || skip "no tracepoint xdp_devmap_xmit here: nothing is attached"
	kill -INT "$(bp_pid live)"
	bp_exit live 10 || fail "bypath gen ends with code $?"
	bp_expect live 'r["trial"]["lost"] == 0 and r["trial"]["sent"]["frames"] > 100' 'r["trial"]'
	;;
*) fail "no such case: $CASE" ;;
esac
