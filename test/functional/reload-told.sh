# What an operator is told of a reload, and what it is known by: reload-told.sh refused | renamed KIND
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "${0%/*}/lib.sh"

need ip "$BP_PYTHON"
id=t$(date +%s%N | tail -c 10)
bp_lab

# file DEVICE LINE...: with these in [engine].
file()
{
	_device=$1
	shift
	{
		printf '[engine]\nname = %s\n' "$id"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		bp_port wan "$kind" "$_device"
		bp_port lan af_packet-mmap w1
		printf '[forward]\nwan = lan\nlan = wan\n'
	} | bp_ini run
}

reload()
{
	"$BYPATH" reload "$id" "$@" >"$BP_TMP/reload.json" 2>"$BP_TMP/reload.err"
}

begin()
{
	file w0
	bp_start run
	bp_wait_forwarding
}

# Every key that refuses is named, as a text and for programs, however many they are; what is wrong now, not what was first.
case_refused()
{
	kind=af_packet-mmap
	begin
	file w0 'mode = macswap' 'control = no'
	printf '[memory]\nframes = 32768\nframe_bytes = 4096\nhugepages = no\n[dpdk]\nmemory = 64\nin_memory = no\nno_huge = yes\n' >>"$BP_TMP/run.ini"
	"$BYPATH" check "$BP_TMP/run.ini" --offline --against "$id" >"$BP_TMP/against.out" 2>&1
	[ $? = 1 ] || fail "check --against of what is refused does not end with 1: $(cat "$BP_TMP/against.out")"
	for _json in "" --json; do
		# shellcheck disable=SC2086
		reload $_json
		[ $? = 1 ] || fail "reload $_json of what is refused does not end with 1: $(cat "$BP_TMP/reload.err")"
		for _key in 'engine\] mode' 'engine\] control' 'memory\] frames' 'memory\] frame_bytes' 'memory\] hugepages' \
			'dpdk\] memory' 'dpdk\] in_memory' 'dpdk\] no_huge'; do
			for _file in reload.err against.out ${_json:+reload.json}; do
				grep -q "\[$_key: .* → .*, or put the value back" "$BP_TMP/$_file" ||
					fail "$_file does not name [$_key: $(cat "$BP_TMP/$_file")"
			done
		done
	done
	bp_expect reload 'r["schema"] == "bypath.change/1" and len(r["refused"]) == 8' r
	echo nonsense >>"$BP_TMP/run.ini"
	reload && fail "nonsense is taken"
	"$BYPATH" show alarms "$id" --json >"$BP_TMP/alarms.json" || fail "show alarms"
	bp_expect alarms '[(a["times"], a["raised"]) for a in r["alarms"] if a["alarm"] == "reload_refused" and "nonsense" in a["text"]] == [(1, True)]' r
	file w0
	reload || fail "$(cat "$BP_TMP/reload.err")"
	bp_stop run
}

# A device under another name is the one that was locked: the file says so, and a reload takes it; its losses go on.
case_renamed()
{
	begin
	ip -n mid link set w0 down
	ip -n mid link set w0 name uplink
	ip -n mid link set uplink up
	wait_for 5 grep -q 'w0 is gone' "$BP_TMP/run.log" || fail "nobody said that w0 is gone"
	file uplink
	reload || fail "under its new name: $(cat "$BP_TMP/reload.err")"
	bp_wait_forwarding
	"$BYPATH" show ports "$id" --json >"$BP_TMP/ports.json" || fail "show ports"
	bp_expect ports '[(p["device"], p["link"], p["losses"]) for p in r["ports"] if p["name"] == "wan"] == [("uplink", "up", 1)]' r
	# It is locked, still.
	printf '[port.a]\ndriver = af_packet\ndevice = uplink\n[gen]\ntx = a\nduration = 0.1\n' | bp_ini gen
	in_mid "$BYPATH" gen "$BP_TMP/gen.ini" >"$BP_TMP/gen.log" 2>&1 && fail "another process has uplink as well"
	grep -q "uplink is held by process $(bp_pid run)" "$BP_TMP/gen.log" || fail "$(cat "$BP_TMP/gen.log")"
	# Another device has the name that it had: that one is not held, and is taken with the next file.
	ip -n mid link add w0 type veth peer name w0-peer
	ip -n mid link set w0 up
	ip -n mid link set w0-peer up
	file w0
	reload || fail "another device of the old name: $(cat "$BP_TMP/reload.err")"
	sed -i 's/uplink/w0/' "$BP_TMP/gen.ini"
	in_mid "$BYPATH" gen "$BP_TMP/gen.ini" >"$BP_TMP/gen.log" 2>&1 && fail "another process has w0 as well"
	grep -q "w0 is held by process $(bp_pid run)" "$BP_TMP/gen.log" || fail "$(cat "$BP_TMP/gen.log")"
	sed -i 's/w0/uplink/' "$BP_TMP/gen.ini"
	in_mid "$BYPATH" gen "$BP_TMP/gen.ini" >"$BP_TMP/gen.log" 2>&1 || fail "uplink was given up: $(cat "$BP_TMP/gen.log")"
	bp_stop run
	bp_expect run "r['conservation']['counted']['unaccounted'] == 0" "r['conservation']"
}

case_=$1
kind=${2-}
"case_$case_"
