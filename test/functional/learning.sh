# `bypath gen --search rfc2889`: finds exactly how many addresses a switch holds, says honestly how fast it learns them; the
# kernel's bridge with a limit beside it as the control.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: learning.sh switch | bridge | refused

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

CASE=${1:?usage: learning.sh switch | bridge | refused}

ENTRIES=1024 # the device's; one of them is the test port's own address
AGEING=10    # the least that function switch takes

bp_ends t l m

# search NAME OPTION...: its text is NAME.txt, its JSON NAME.json.
search()
{
	_name=$1
	shift
	"$BYPATH" gen --tx-port af_packet:t0 --rx-port af_packet:l0 --monitor-port af_packet:m0 \
		--set port.rx.ring_size=4096 --set port.monitor.ring_size=4096 \
		--search rfc2889 --ageing "$AGEING" --json "$BP_TMP/$_name.json" "$@" \
		>"$BP_TMP/$_name.txt" 2>"$BP_TMP/$_name.log"
}

switch_up()
{
	for _port in t l m; do
		printf '[port.%s]\ndriver = af_packet\ndevice = %s1\n' $_port $_port
	done >"$BP_TMP/dut.ini"
	printf '[function.sw]\ntype = switch\nentries = %s\nlimit = 0\nageing = %s\nstorm = max\n' $ENTRIES $AGEING >>"$BP_TMP/dut.ini"
	printf '[forward]\nt = sw\nl = sw\nm = sw\n' >>"$BP_TMP/dut.ini"
	bp_start dut
	wait_for 5 grep -q forwarding "$BP_TMP/dut.log" || fail "the switch does not start"
}

bridge_up()
{
	# The time is in hundredths of a second.
	ip -n mid link add br0 type bridge ageing_time ${AGEING}00 || skip "no bridge"
	ip netns exec mid "$BP_PYTHON" "$BP_HERE/bridge_limit.py" br0 $ENTRIES 2>"$BP_TMP/limit.log" ||
		skip "the kernel's bridge has no fdb_max_learned: Linux 6.7 has it"
	for _port in t l m; do
		ip -n mid link set ${_port}1 master br0 || fail "cannot put a port into the bridge"
	done
	ip -n mid link set br0 up
	wait_for 5 sh -c 'test "$(ip -n mid link show master br0 | grep -c "state forwarding\|state UP")" -ge 3' ||
		fail "the bridge's ports do not come up"
}

# What both devices have to give.
found()
{
	search found --addresses 700 --budget 300 || fail "--search rfc2889: exit code $?"
	bp_expect found 'r["searches"][0]["schema"] == "bypath.learning/1" and r["searches"][0]["own_addresses"] == 1'
	bp_expect found "r['searches'][0]['capacity']['outcome'] == 'measured'" 'r["searches"][0]["capacity"]'
	bp_expect found "(r['searches'][0]['capacity']['lower'] == $ENTRIES - 1 and
		r['searches'][0]['capacity']['upper'] == $ENTRIES)" 'r["searches"][0]["capacity"]'
	# Each trial that failed says how many it did not know.
	bp_expect found "all(t['flooded'] == t['addresses'] - ($ENTRIES - 1) for t in r['searches'][0]['trials']
		if t['test'] == 'capacity' and t['addresses'] >= $ENTRIES and not t['void'])" 'r["searches"][0]["trials"]'
	# A rate that only the generator limits is no figure of the device; how high it is, is the machine's.
	bp_expect found "r['searches'][0]['rate_addresses'] == 959" # a sixteenth less
	bp_expect found "(r['searches'][0]['rate']['trials'] >= 1 and (r['searches'][0]['rate']['outcome'] == 'measured' or
		(r['searches'][0]['rate']['cause'] and r['searches'][0]['rate']['why'])))" 'r["searches"][0]["rate"]'
	bp_expect found "all(t['waited_s'] > $AGEING for t in r['searches'][0]['trials'] if t['test'] == 'rate')"
	grep -q 'capacity: measured: 1,023 addresses were all learnt, of 1,024 some were not' "$BP_TMP/found.txt" ||
		fail "the text does not say the capacity: $(cat "$BP_TMP/found.txt")"
}

case $CASE in
switch)
	switch_up
	found
	bp_stop dut
	bp_law dut
	;;
bridge)
	bridge_up
	found
	;;
refused)
	note "what learns nothing has no capacity"
	ip -n mid link add br0 type bridge ageing_time 0 || skip "no bridge"
	for _port in t l m; do
		ip -n mid link set ${_port}1 master br0
		ip -n mid link set ${_port}1 type bridge_slave learning off
	done
	ip -n mid link set br0 up
	wait_for 5 sh -c 'test "$(ip -n mid link show master br0 | grep -c "state UP")" -ge 3' ||
		fail "the bridge's ports do not come up"
	AGEING=2
	search hub --addresses 2 --budget 60 || fail "--search rfc2889: exit code $?"
	bp_expect hub '(r["searches"][0]["capacity"]["outcome"] == "not measurable" and
		"floods" in r["searches"][0]["capacity"]["why"] and
		r["searches"][0]["rate"]["outcome"] == "not measurable")' 'r["searches"][0]'
	note "a monitor that hears no floods calls nothing learnt"
	ip -n mid link set m1 nomaster
	for _port in t l; do
		ip -n mid link set ${_port}1 type bridge_slave learning on
	done
	search deaf --addresses 2 --budget 60 || fail "--search rfc2889: exit code $?"
	bp_expect deaf '(r["searches"][0]["capacity"]["outcome"] == "not measurable" and
		"the monitor did not hear" in r["searches"][0]["capacity"]["why"])' 'r["searches"][0]'
	ip -n mid link set m1 master br0
	note "a signal in the wait"
	AGEING=300
	search stopped --addresses 2 --budget 0 &
	_pid=$!
	wait_for 20 grep -q 'after .* forgets' "$BP_TMP/stopped.log" || fail "it does not wait for the device to forget"
	_child=$(ps -o pid= --ppid $_pid)
	# shellcheck disable=SC2086 # one pid
	kill -INT ${_child:-$_pid}
	wait $_pid || fail "a search that was interrupted: exit code $?"
	bp_expect stopped 'r["searches"][0]["capacity"]["cause"] == "interrupted" and r["searches"][0]["trials"]'
	note "nonsense"
	for bad in '--loss 1' '--trial 1' '--sizes 64,512' '--addresses 0' '--addresses 1.5' '--ageing x' '--src-mac 02:00:00:00:02:05' \
		'--dst-mac 03:00:00:00:00:01' '--dst-mac 02:00:00:00:02:01-02:00:00:00:02:09'; do
		# shellcheck disable=SC2086 # words
		search bad $bad
		_rc=$?
		[ $_rc = 2 ] || fail "$bad: exit code $_rc, not 2"
		grep -q "error\|allowed" "$BP_TMP/bad.log" || fail "$bad: no reason"
	done
	search bad --addresses 2000000
	grep -qF "found '2000000', allowed: a number 1 … 1048576" "$BP_TMP/bad.log" || fail "the highest number: $(cat "$BP_TMP/bad.log")"
	for bad in '--search ndr --ageing 10' '--search rfc2889' '--search ndr --monitor-port af_packet:m0'; do
		# shellcheck disable=SC2086 # words
		"$BYPATH" gen --tx-port af_packet:t0 --rx-port af_packet:l0 $bad >"$BP_TMP/bad.log" 2>&1
		[ $? = 2 ] || fail "$bad: not refused"
	done
	;;
*) fail "no case $CASE" ;;
esac
exit 0
