# Captures as they are played: how a run ends with them, rounds and pace, what becomes of their records.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# played.sh CASE

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_need_driver pcap
need tcpdump

# trace NAME EXPRESSION: $BP_TMP/NAME.pcap, made by trace.py.
trace()
{
	"$BP_PYTHON" "$BP_HERE/trace.py" write "$BP_TMP/$1.pcap" "$2" || fail "cannot write $1.pcap"
}

# came NAME EXPRESSION: it is true of the frames in NAME-out.pcap.
came()
{
	"$BP_PYTHON" "$BP_HERE/trace.py" expect "$BP_TMP/$1-out.pcap" "$2" 2>"$BP_TMP/trace.log" ||
		fail "$1: other frames came out"
}

# config NAME PORT-LINE...: NAME.ini plays NAME.pcap into NAME-out.pcap until it has been played.
config()
{
	_name=$1
	shift
	{
		printf '[engine]\nuntil = replayed\n'
		printf '[port.in]\ndriver = pcap\nmode = read\ndevice = %s\n' "$BP_TMP/$_name.pcap"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '[port.out]\ndriver = pcap\nmode = write\ndevice = %s\n' "$BP_TMP/$_name-out.pcap"
		printf '[forward]\nin = out\n'
	} | bp_ini "$_name"
}

# run NAME: NAME.ini to its own end; its exit code, 137 when it does not end.
run()
{
	timeout -s KILL $((20 * BP_SLOW)) "$BYPATH" run "$BP_TMP/$1.ini" --report "$BP_TMP/$1.json" \
		--quiet >"$BP_TMP/$1.log" 2>&1
}

# play NAME PORT-LINE...: to its end, which is a good one.
play()
{
	config "$@"
	run "$1" || fail "$1: ends with code $?"
	bp_law "$1"
}

# refused NAME WORDS PORT-LINE...: `check` says no, with these words.
refused()
{
	_words=$2
	_name=$1
	shift 2
	config "$_name" "$@"
	"$BYPATH" check "$BP_TMP/$_name.ini" >"$BP_TMP/$_name.log" 2>&1
	_rc=$?
	[ $_rc -eq 2 ] || fail "$_name: check ends with code $_rc, not 2: $*"
	grep -q -e "$_words" "$BP_TMP/$_name.log" || fail "$_name: does not say '$_words': $*"
}

# ---- a run that ends with its captures --------------------------------------------------------------

case_end()
{
	trace plain 'pcap([record(frame(i, 60 + i), ns=i) for i in range(1000)])'
	play plain "pace = max"
	came plain 'frames == [(60 + i, frame(i, 60 + i)) for i in range(1000)]'
	# The control: without being told so, a run goes on when its capture has been played.
	cp "$BP_TMP/plain.pcap" "$BP_TMP/stays.pcap"
	config stays "pace = max"
	"$BYPATH" run "$BP_TMP/stays.ini" --set engine.until=signal --report "$BP_TMP/stays.json" \
		>"$BP_TMP/stays.log" 2>&1 &
	echo $! >"$BP_TMP/stays.pid"
	wait_for 10 grep -q 'has been played: 1000 packets' "$BP_TMP/stays.log" || fail "stays: not played"
	kill -USR1 "$(bp_pid stays)"
	wait_for 5 grep -q "^CONSERVATION" "$BP_TMP/stays.log" || fail "stays: ends with its capture"
	bp_stop stays
	# One that breaks off ends the run too, as a failure.
	trace torn 'pcap([record(frame(i)) for i in range(3)])[:-30]'
	config torn "pace = max"
	run torn
	_rc=$?
	[ $_rc -eq 1 ] || fail "torn: ends with code $_rc, not 1"
	grep -q 'cannot read on .* after 2 packets' "$BP_TMP/torn.log" || fail "torn: the damage goes untold"
	bp_expect torn 'received == 2 and unaccounted == 0' 'summary()'
	refused plain "until = replayed: it never ends" "loop = yes"
	printf '[engine]\nuntil = replayed\n[port.a]\ndriver = null\n[forward]\na = a\n' >"$BP_TMP/none.ini"
	"$BYPATH" check "$BP_TMP/none.ini" >"$BP_TMP/none.log" 2>&1 && fail "none: check says yes"
	grep -q 'no capture is played' "$BP_TMP/none.log" || fail "none: the reason goes untold"
}

# Two captures, one of them longer, through a ring and a second worker: all of both comes out.
case_end_ring()
{
	[ "$(nproc)" -ge 2 ] || skip "one core"
	trace long 'pcap([record(frame(i), ns=i * 1000000) for i in range(300)])'
	trace short 'pcap([record(frame(i)) for i in range(3000)])'
	{
		printf '[engine]\nuntil = replayed\nworkers = 2\n'
		printf '[port.long]\ndriver = pcap\nmode = read\ndevice = %s\n' "$BP_TMP/long.pcap"
		printf '[port.short]\ndriver = pcap\nmode = read\npace = max\ndevice = %s\n' "$BP_TMP/short.pcap"
		printf '[port.a]\ndriver = ring\ndevice = w\nring_size = 8192\nqueues = 2\n'
		printf '[port.b]\ndriver = ring\ndevice = w\nring_size = 8192\nqueues = 2\n'
		printf '[port.out]\ndriver = null\n[forward]\nlong = a\nshort = a\nb = out\n'
	} | bp_ini ring
	run ring || fail "ring: ends with code $?"
	bp_law ring
	bp_expect ring 'sent_pkts("a") == 3300 and sent_pkts("out") == 3300' 'summary()'
}

at_h2()
{
	[ "$(in_h2 cat /sys/class/net/e0/statistics/rx_packets)" -eq "$1" ]
}

# Onto a wire: the far host counts.
case_end_wire()
{
	bp_lab offloads=off
	trace wire 'pcap([record(frame(i, 200), ns=i * 100000) for i in range(2000)])'
	{
		printf '[engine]\nuntil = replayed\n'
		printf '[port.in]\ndriver = pcap\nmode = read\ndevice = %s\n' "$BP_TMP/wire.pcap"
		printf '[port.out]\ndriver = af_packet\ndevice = w1\n[forward]\nin = out\n'
	} | bp_ini wire
	bp_start wire
	bp_exit wire 20 || fail "wire: ends with code $?"
	bp_law wire
	bp_expect wire 'sent == 2000' 'summary()'
	wait_for 5 at_h2 2000 || fail "wire: $(in_h2 cat /sys/class/net/e0/statistics/rx_packets) of 2000 packets have arrived"
}

# The generator ends with its capture as well, a compressed one too, and its rate is that of the sending.
case_end_gen()
{
	need gzip zstd
	trace gen 'pcap([record(frame(i, 60 + i), ns=i * 100000) for i in range(1000)])'
	gzip -c "$BP_TMP/gen.pcap" >"$BP_TMP/gen.gz"
	zstd -q -c "$BP_TMP/gen.pcap" >"$BP_TMP/gen.zst"
	for _how in "gen.pcap --pace max" "gen.pcap --rate 20kpps" "gen.gz --pace max" "gen.zst --pace recorded"; do
		# shellcheck disable=SC2086 # several words
		timeout -s KILL $((20 * BP_SLOW)) "$BYPATH" gen --tx-port "pcap:$BP_TMP/gen-out.pcap" \
			--set port.tx.mode=write --replay "$BP_TMP/"$_how --duration 3600 --quiet \
			--json "$BP_TMP/gen.json" >"$BP_TMP/gen.log" 2>&1 || fail "gen $_how: code $?"
		came gen 'frames == [(60 + i, frame(i, 60 + i)) for i in range(1000)]'
		bp_expect gen 'r["trial"]["sent"]["frames"] == 1000 and r["trial"]["sent"]["pps"] > 100' 'r["trial"]'
	done
	head -c -100 "$BP_TMP/gen.gz" >"$BP_TMP/cut.gz"
	"$BYPATH" gen --tx-port "pcap:$BP_TMP/gen-out.pcap" --set port.tx.mode=write \
		--replay "$BP_TMP/cut.gz" >"$BP_TMP/gen.log" 2>&1 && fail "gen: a torn file is played"
	grep -q 'it ends early' "$BP_TMP/gen.log" || fail "gen: the damage goes untold"
}

# ---- rounds and pace --------------------------------------------------------------------------------

# lasts NAME SECONDS: no packet of it came too early. (That none comes too late no machine can promise: what would
# last for hours ends, that is all.)
lasts()
{
	bp_expect "$1" "r['run']['elapsed_s'] > $2"
}

case_rounds()
{
	all='[(60, frame(i)) for i in range(100)]'
	trace plain 'pcap([record(frame(i), ns=i * 1000) for i in range(100)])'
	for _lines in "rounds = 3" "loop = yes#rounds = 3#pace = max" "rounds = 3#rate_pps = 100000"; do
		_old=$IFS IFS="#"
		# shellcheck disable=SC2086 # several lines
		play plain $_lines
		IFS=$_old
		came plain "frames == 3 * $all"
	done
	play plain "loop = yes" "count = 250"
	came plain "frames == (3 * $all)[:250]"
	play plain "rounds = 3" "count = 150"
	came plain "frames == (3 * $all)[:150]"
	# A time between rounds, at any pace; it is a pace too, for what has none.
	for _pace in "pace = recorded" "rate_pps = 1000000"; do
		play plain "rounds = 3" "round_delay = 0.2" "$_pace"
		came plain "frames == 3 * $all"
		lasts plain 0.4
	done
	trace same 'pcap([record(frame(i)) for i in range(5)])'
	play same "loop = yes" "round_delay = 0.01" "count = 50"
	came same 'len(frames) == 50'
	lasts same 0.09
	play same "rounds = 3"
	came same 'len(frames) == 15'
	trace cut 'pcap([record(frame(i)[:40], 60) for i in range(5)])'
	config cut "rounds = 3"
	run cut && fail "cut: ends with code 0"
	grep -q 'none of its records can be played' "$BP_TMP/cut.log" || fail "cut: the reason goes untold"
	refused plain "contradict each other" "loop = no" "rounds = 2"
}

case_pace()
{
	# 100 minutes in 0.3 s; 0.1 s in 0.4 s; hours of silence cut to 0.1 s.
	trace slow 'pcap([record(frame(i), ns=i * 60 * 10**9) for i in range(101)])'
	play slow "speed = 20000"
	came slow 'len(frames) == 101'
	lasts slow 0.3
	trace fast 'pcap([record(frame(i), ns=i * 10**6) for i in range(101)])'
	play fast "speed = 0.25"
	came fast 'len(frames) == 101'
	lasts fast 0.4
	trace gaps 'pcap([record(frame(i), ns=i * 10**6 + i // 10 * 3600 * 10**9) for i in range(40)])'
	play gaps "max_gap = 0.1"
	came gaps 'len(frames) == 40'
	lasts gaps 0.3
	play gaps "max_gap = 0.1" "speed = 1000"
	lasts gaps 0.3
	# Stamps that go back, and a last one that is the first: time goes on, rounds have their length.
	trace back 'pcap([record(frame(i), ns=n) for i, n in enumerate([5 * 10**9, 0, 52 * 10**8, 10**8, 5 * 10**9])])'
	play back "rounds = 2"
	came back 'len(frames) == 10'
	lasts back 0.4
}

# ---- records that are no whole Ethernet frames ------------------------------------------------------

case_padded()
{
	trace cut 'pcap([record(frame(i, 1500)[:40 + i], 60 + 20 * i) for i in range(70)])'
	# The control: nobody asked for zeros.
	play cut "pace = max"
	bp_expect cut 'drops_by_reason("in") == {"rx_truncated": 70} and received == 70' 'summary()'
	came cut 'not frames'
	play cut "pace = max" "truncated = pad"
	came cut 'frames == [(60 + 20 * i, frame(i, 1500)[:40 + i] + bytes(20 + 19 * i)) for i in range(70)]'
	bp_expect cut 'counted("in", "rx", "padded") == 70 and drops("in") == 0' 'summary()'
	# What was captured is copied twice, zeros are written.
	bp_expect cut 'counted("in", "rx", "user_copies") == 140'
	bp_expect cut 'counted("in", "rx", "user_copy_bytes") == 2 * sum(40 + i for i in range(70))'
	grep -q 'padded  *70 .*filled up with zeros' "$BP_TMP/cut.log" || fail "cut: the report does not say it"
	# Longer than a burst, a length that no packet has, less than a link header; over the border of a view.
	trace odd 'pcap([record(frame(1)[:50], 200000), record(frame(2)[:50], 0xFFFFFFFF), record(frame(3)[:13], 60),
		record(frame(4)[:50], 114688), record(frame(5, 3000)[:1792], 3000), record(frame(6, 3000)[:1793], 1800),
		record(frame(7)), record(frame(8), 20)])'
	play odd "pace = max" "truncated = pad"
	came odd 'frames == [(len(f), f) for f in [frame(4)[:50] + bytes(114638),
		frame(5, 3000)[:1792] + bytes(1208), frame(6, 3000)[:1793] + bytes(7), frame(7), frame(8)]]'
	bp_expect odd 'drops_by_reason("in") == {"rx_truncated": 2, "runt": 1}' 'summary()'
	bp_expect odd 'counted("in", "rx", "padded") == 3'
}

# headers NAME LINK RECORDS FRAMES: what the link type's records become.
headers()
{
	trace "$1" "pcap([record(r) for r in $3], $2)"
	play "$1" "pace = max" "dst_mac = 02:00:00:00:00:02" "src_mac = 02:00:00:00:00:01"
	came "$1" "[f for n, f in frames] == $4"
	bp_expect "$1" 'counted("in", "rx", "user_copies") == 2 * counted("in", "rx", "packets")'
}

case_links()
{
	both='[eth(0x800, v4(1)), eth(0x86dd, v6(2))]'
	headers raw RAW '[v4(1), v6(2), bytes(40), b""]' "$both"
	bp_expect raw 'drops_by_reason("in") == {"rx_bad_meta": 1, "runt": 1}' 'summary()'
	headers four IPV4 '[v4(1), v6(2)]' '[eth(0x800, v4(1))]'
	headers six IPV6 '[v4(1), v6(2)]' '[eth(0x86dd, v6(2))]'
	bp_expect six 'drops_by_reason("in") == {"rx_bad_meta": 1}' 'summary()'
	# Cooked: with a tag before the packet; a netlink message and a length are no EtherType.
	for _kind in sll sll2; do
		headers $_kind "$(echo $_kind | tr a-z A-Z)" \
			"[$_kind(0x800, v4(1)), $_kind(0x8100, b'\\0\\x2a\\x86\\xdd' + v6(2)), $_kind(0x806, bytes(28)),
				$_kind(4, bytes(28)), $_kind(0x800, bytes(28), 824), $_kind(0x800, b'')[:-1]]" \
			"[eth(0x800, v4(1)), eth(0x8100, b'\\0\\x2a\\x86\\xdd' + v6(2)), eth(0x806, bytes(28))]"
		bp_expect $_kind 'drops_by_reason("in") == {"rx_bad_meta": 2, "runt": 1}' 'summary()'
	done
	# Without both addresses the start says what it needs.
	config raw "dst_mac = 02:00:00:00:00:02"
	run raw && fail "raw: starts without a source"
	grep -q 'link type RAW (12), without an Ethernet header: set dst_mac and src_mac' "$BP_TMP/raw.log" ||
		fail "raw: the remedy goes untold"
	trace cut 'pcap([record(v4(1, 500)[:30], 500)], RAW)'
	play cut "truncated = pad" "dst_mac = 02:00:00:00:00:02" "src_mac = 02:00:00:00:00:01"
	came cut 'frames == [(514, eth(0x800, v4(1, 500)[:30] + bytes(470)))]'
	trace plain 'pcap([record(frame(1))])'
	play plain "src_mac = 02:00:00:00:00:09"
	came plain 'frames == [(60, MAC_B + bytes.fromhex("020000000009") + frame(1)[12:])]'
	refused plain "a unicast MAC address" "dst_mac = 03:00:00:00:00:01"
}

# Cooked captures that tcpdump made of real packets: what is behind the header is what the interface itself showed.
case_links_tcpdump()
{
	bp_lab offloads=off
	bp_pair lab af_packet-mmap w0 af_packet-mmap w1
	bp_start lab
	bp_wait_forwarding
	for _kind in SLL SLL2; do
		in_h2 tcpdump --immediate-mode -i e0 -n -U -c 6 -w "$BP_TMP/e0-out.pcap" icmp 2>"$BP_TMP/dump-e0.log" &
		_dumps=$!
		in_h2 tcpdump --immediate-mode -i any -y LINUX_$_kind -n -U -c 6 -w "$BP_TMP/any.pcap" icmp 2>"$BP_TMP/dump-any.log" &
		_dumps="$_dumps $!"
		for _dump in e0 any; do
			wait_for 5 grep -q 'listening on' "$BP_TMP/dump-$_dump.log" || fail "tcpdump does not start"
		done
		in_h1 ping -q -c 3 -i 0.05 -s 100 10.77.0.2 >/dev/null || fail "no answer"
		for _dump in $_dumps; do
			wait $_dump || fail "tcpdump -y LINUX_$_kind ends with code $?"
		done
		play any "pace = max" "dst_mac = 02:00:00:00:00:02" "src_mac = 02:00:00:00:00:01"
		came any "len(frames) == 6 and [f[12:] for n, f in frames] == [f[12:] for n, f in load('$BP_TMP/e0-out.pcap')]"
	done
	bp_stop lab
}

# ---- rewriting ----------------------------------------------------------------------------------------

case_rewritten()
{
	trace tags "pcap([record(f) for f in [eth(0x800, v4(1)), eth(0x8100, b'\\x20\\x05\\x08\\0' + v4(2)),
		eth(0x88a8, b'\\0\\x06\\x81\\0\\0\\x07\\x08\\0' + v4(3, 3000)), eth(0x8100, b'')]])"
	play tags "vlan = 42" "dst_mac = 02:00:00:00:00:01" "src_mac = 02:00:00:00:00:02"
	came tags "[f for n, f in frames] == [MAC_A + MAC_B + f[12:] for f in [
		eth(0x8100, b'\\0\\x2a\\x08\\0' + v4(1)), eth(0x8100, b'\\x20\\x2a\\x08\\0' + v4(2)),
		eth(0x88a8, b'\\0\\x2a\\x81\\0\\0\\x07\\x08\\0' + v4(3, 3000)), eth(0x8100, b'')]]"
	bp_expect tags 'counted("in", "rx", "not_rewritten") == 1'
	bp_expect tags 'counted("in", "rx", "user_copies") == 2 * counted("in", "rx", "packets")'
	grep -q 'not_rewritten  *1 .*went out as recorded' "$BP_TMP/tags.log" || fail "tags: the report does not say it"
	play tags "strip_vlan = yes"
	came tags "[f for n, f in frames] == [eth(0x800, v4(1)), eth(0x800, v4(2)), eth(0x800, v4(3, 3000)), eth(0x8100, b'')]"
	bp_expect tags 'counted("in", "rx", "not_rewritten") == 1'
	# Onto a cooked packet as well.
	trace cooked 'pcap([record(sll(0x800, v4(1)))], SLL)'
	play cooked "vlan = 42" "dst_mac = 02:00:00:00:00:02" "src_mac = 02:00:00:00:00:01"
	came cooked "frames == [(64, eth(0x8100, b'\\0\\x2a\\x08\\0' + v4(1)))]"
	refused tags "contradict each other" "vlan = 42" "strip_vlan = yes"
}

# Each round between other hosts, every byte as a host would have sent it. tcpdump judges the checksums, too.
case_rewritten_rounds()
{
	trace flows "pcap([record(f) for f in packets('10.0.0.1', '192.168.1.2', '2001:db8::1', 'fe80::2')
		+ [eth(0x806, bytes(46)), eth(0x800, ip('0.0.0.0', '255.255.255.255', 17, bytes(20)))]])"
	cp "$BP_TMP/flows.pcap" "$BP_TMP/same.pcap"
	play flows "rounds = 3" "round_shift = 65536" "pace = max"
	came flows "[f for n, f in frames] == sum([
		packets(f'10.{k}.0.1', f'192.{168 + k}.1.2', f'2001:db8::{k}:1', f'fe80::{k}:2')
		+ [eth(0x806, bytes(46)), eth(0x800, ip('0.0.0.0', '255.255.255.255', 17, bytes(20)))] for k in range(3)], [])"
	bp_expect flows 'counted("in", "rx", "not_rewritten") == 4 and received == 30' 'summary()'
	bp_expect flows 'counted("in", "rx", "user_copies") == 2 * counted("in", "rx", "packets")'
	tcpdump -r "$BP_TMP/flows-out.pcap" -n -vv 2>/dev/null >"$BP_TMP/flows.txt"
	[ "$(grep -c 'udp sum ok\|cksum .*(correct)\|icmp6 sum ok' "$BP_TMP/flows.txt")" -ge 15 ] ||
		fail "flows: tcpdump finds too few right checksums"
	! grep -i 'bad\|incorrect' "$BP_TMP/flows.txt" | grep -v 255.255.255.255 || fail "flows: tcpdump finds wrong checksums"
	# The control: without being asked, each round is the capture.
	play same "rounds = 3" "pace = max"
	came same "frames == 3 * load('$BP_TMP/same.pcap')"
	bp_expect same 'counted("in", "rx", "not_rewritten") == 0'
	# Behind a header that was put there.
	trace cooked "pcap([record(sll2(0x800, ip('10.0.0.1', '10.0.0.2', 6, tcp('10.0.0.1', '10.0.0.2'))))], SLL2)"
	play cooked "rounds = 2" "round_shift = 7" "vlan = 9" "dst_mac = 02:00:00:00:00:02" "src_mac = 02:00:00:00:00:01"
	came cooked "[f for n, f in frames] == [eth(0x8100, b'\\0\\x09\\x08\\0' + ip(a, b, 6, tcp(a, b)))
		for a, b in [('10.0.0.1', '10.0.0.2'), ('10.0.0.8', '10.0.0.9')]]"
	# A packet in several views, one whose headers are cut, one that is padded.
	trace odd "pcap([record(eth(0x800, ip('10.0.0.1', '10.0.0.2', 17, udp('10.0.0.1', '10.0.0.2', 3001)))),
		record(eth(0x800, ip('10.0.0.1', '10.0.0.2', 17, udp('10.0.0.1', '10.0.0.2', 100)))[:38], 142)])"
	play odd "rounds = 2" "round_shift = 1" "truncated = pad"
	came odd "[f for n, f in frames][2::2] == [eth(0x800, ip('10.0.0.2', '10.0.0.3', 17, udp('10.0.0.2', '10.0.0.3', 3001)))]
		and frames[1] == frames[3]"
	bp_expect odd 'counted("in", "rx", "not_rewritten") == 1 and counted("in", "rx", "padded") == 2'
}

"case_$(echo "$1" | tr - _)"
