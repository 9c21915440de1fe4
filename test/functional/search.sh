# `bypath gen --search` against a real forwarder: bounds and budget hold, a signal keeps what was
# measured, a dead device has no lower bound, nonsense is refused.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_ends a b

# search NAME OPTION...: its text is NAME.txt, its JSON NAME.json.
search()
{
	_name=$1
	shift
	"$BYPATH" gen --tx-port af_packet:a0 --rx-port af_packet:b0 --json "$BP_TMP/$_name.json" \
		"$@" >"$BP_TMP/$_name.txt" 2>"$BP_TMP/$_name.log"
}

# What must be true of every search, however busy the machine is.
sound()
{
	bp_expect "$1" 'r["schema"] == "bypath.searches/1"'
	# A machine that is busy enough takes all the time before the second size begins.
	bp_expect "$1" 'r["searches"][0]["trials"]'
	bp_expect "$1" 'all(s["trials"] or s["outcome"] == "not measurable" for s in r["searches"])'
	bp_expect "$1" 'all(s["outcome"] == "measured" or s["why"] for s in r["searches"])'
	bp_expect "$1" 'all(b["lower"]["pps"] < b["upper"]["pps"] for s in r["searches"] \
		for b in s["bounds"] if b["lower"]["pps"] and b["upper"]["pps"])'
	bp_expect "$1" 'all(s["traffic"]["tx"]["device"] == "a0" and s["traffic"]["rx"]["device"] == "b0" and
		s["traffic"]["streams"][0]["protocol"] == "udp4" for s in r["searches"])' 'r["searches"][0]["traffic"]'
	grep -q 'traffic: unidirectional' "$BP_TMP/$1.txt" || fail "$1: the text does not say what the traffic was"
	# An upper bound has a trial that lost too much there and was sent as asked.
	bp_expect "$1" 'all(any(t["load_pps"] == b["upper"]["pps"] and t["votes"] and \
		t["loss_ratio"] > b["loss_ratio"] for t in s["trials"]) for s in r["searches"] \
		for b in s["bounds"] if b["upper"]["pps"])'
}

note "a forwarder of af_packet"
printf '[port.in]\ndriver = af_packet\ndevice = a1\n[port.out]\ndriver = af_packet\ndevice = b1\n' \
	>"$BP_TMP/dut.ini"
printf '[forward]\nin = out\n' >>"$BP_TMP/dut.ini"
bp_start dut
wait_for 5 grep -q forwarding "$BP_TMP/dut.log" || fail "the forwarder does not start"

# Whether they have found anything by then is no matter.
for kind in ndr mlr loss back-to-back; do
	note "$kind"
	search $kind --search $kind --sizes 64,512 --budget 3 --trial 0.1 ||
		fail "--search $kind: exit code $?"
	sound $kind
	bp_expect $kind '[s["frame_size"] for s in r["searches"]] == [64, 512]'
	bp_expect $kind "all(s['search'] == '$kind' for s in r['searches'])"
	# Frames of 64 bytes on the 10 Gbit/s that a veth says.
	bp_expect $kind "int(r['searches'][0]['traffic']['line_pps']) == 14880952 and all(
		s['traffic']['streams'][0]['sizes'] == [{'bytes': s['frame_size'], 'share': 1}] for s in r['searches'])" \
		"r['searches'][0]['traffic']"
	# No trial but the first begins that would not end in time. How long the last one really takes is
	# the machine's.
	bp_expect $kind "r['searches'][0]['budget_s'] == 1.5 and all(s['budget_s'] <= 3 for s in r['searches'])"
	bp_expect $kind "all(t['begin_s'] + t['duration_s'] <= s['budget_s'] for s in r['searches'] \
		for t in s['trials'][1:])" "r['searches']"
	grep -q ' s left' "$BP_TMP/$kind.log" || fail "$kind: no progress is shown"
done

note "a signal in the middle"
search stopped --search mlr --budget 300 --trial 0.5 &
_pid=$!
wait_for 20 grep -q 'trial 3' "$BP_TMP/stopped.log" || fail "the third trial does not begin"
pkill -INT -P $_pid -x bypath || kill -INT $_pid
wait $_pid || fail "a search that was interrupted: exit code $?"
sound stopped
bp_expect stopped 'r["searches"][0]["cause"] == "interrupted"'
bp_expect stopped 'r["searches"][0]["outcome"] != "measured"'
bp_expect stopped 'len(r["searches"][0]["trials"]) >= 3'
bp_expect stopped 'r["searches"][0]["trials"][-1]["interrupted"]'

note "a device that forwards nothing"
bp_stop dut
search dead --search pdr --budget 3 --trial 0.1 || fail "--search pdr: exit code $?"
sound dead
bp_expect dead 'r["searches"][0]["outcome"] == "not measurable"'
bp_expect dead 'r["searches"][0]["bounds"][0]["lower"]["pps"] is None'

note "nonsense"
for bad in '--search nrd' '--budget 5' '--search ndr --sizes 63' '--search ndr --loss 0,1' \
	'--search ndr --duration 5' '--search ndr --tx-only' '--search mlr --loss x'; do
	# shellcheck disable=SC2086 # words
	search bad $bad
	_rc=$?
	[ $_rc = 2 ] || fail "$bad: exit code $_rc, not 2"
	grep -q 'bypath: error: --' "$BP_TMP/bad.log" || fail "$bad: no reason"
done
exit 0
