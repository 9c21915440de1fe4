# bypath capture: what passes through a running instance, beside tcpdump at the far ends.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# capture.sh frames KIND | drop | words | rotate | stalled | standing | full | drain | away | reload | refused

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

tool()
{
	"$BP_PYTHON" "$BP_HERE/captured.py" "$@"
}

# capture NAME WORDS...: in the background, into NAME.pcapng; its messages are NAME.log.
capture()
{
	_capture=$1
	shift
	rm -f "$BP_TMP/$_capture.log"
	"$BYPATH" capture "$@" -w "$BP_TMP/$_capture.pcapng" 2>"$BP_TMP/$_capture.log" &
	echo $! >"$BP_TMP/$_capture.pid"
	wait_for 10 grep -q 'capturing at' "$BP_TMP/$_capture.log" || fail "capture $*: does not begin"
}

# end_capture NAME: as Ctrl-C does, which a process in the background does not hear; it ends whole.
end_capture()
{
	kill -TERM "$(bp_pid "$1")" 2>/dev/null
	bp_exit "$1" 20 || fail "capture $1 ends with code $?"
	tool whole "$BP_TMP/$1.pcapng" >"$BP_TMP/$1.sums" || fail "$1.pcapng is not whole"
}

# listen NAME HOST in|out: tcpdump at a host's interface.
listen()
{
	ip netns exec "$2" tcpdump -i e0 -U -B 16384 -Q "$3" -w "$BP_TMP/$1.pcap" 'udp port 4000' 2>"$BP_TMP/$1.log" &
	echo $! >"$BP_TMP/$1.pid"
	wait_for 10 grep -q 'listening on' "$BP_TMP/$1.log" || fail "tcpdump does not start"
}

has_frames()
{
	[ "$(tool frames "$BP_TMP/$1" 2>/dev/null | wc -l)" -ge "$2" ]
}

# received NAME PORT: what its queues have counted until now.
received()
{
	"$BYPATH" show counters "$1" --json >"$BP_TMP/now.json" || fail "show counters"
	bp_get now "sum(v for k, v in r['counters'].items() if k.startswith('port.$2.rx.') and k.endswith('.packets'))"
}

moves_on()
{
	[ "$(received "$1" "$2")" -gt "$3" ]
}

# In the capture that runs (the only one): EXPRESSION of it as c.
shows()
{
	"$BYPATH" show captures "$1" --json >"$BP_TMP/captures.json" || return 1
	bp_expect_quietly captures "$2"
}

bp_expect_quietly()
{
	case $(bp_get "$1" "(lambda c: $2)(r['captures'])") in
	0 | False | None | "") return 1 ;;
	esac
}

# flood NAME [LINE...]: a source that never ends, into a sink.
flood()
{
	_flood=$1
	shift
	bp_null_pair "$_flood" "$@"
	ip netns add mid 2>/dev/null
	bp_start "$_flood"
	wait_for 10 grep -q 'info: forwarding' "$BP_TMP/$_flood.log" || fail "does not start"
}

# All that the capture tx has seen is with the host behind: most of what was sent.
have_come()
{
	shows run "sum(x['matched'] for x in c if x['ports'] == ['wan']) == sum(x['written'] for x in c if x['ports'] == ['lan'])" ||
		return 1
	n_come=$(bp_get captures "sum(x['matched'] for x in r['captures'] if x['ports'] == ['lan'])")
	[ "$n_come" -ge 500 ] && has_frames came.pcap "$n_come"
}

case ${1-} in
frames)
	kind=$2
	need tcpdump tshark capinfos
	bp_lab offloads=off
	bp_pair run "$kind" w0 "$kind" w1
	bp_start run
	bp_wait_forwarding
	listen sent h1 out
	listen came h2 in
	capture all all 'udp port 4000'
	capture rx run wan rx 'udp and dst port 4000'
	capture tx lan tx 'udp dst port 4000'
	# An instance that is named, and one that need not be; the third capture of lan, beside all and tx.
	capture none lan 'udp port 9'
	in_h1 "$BP_PYTHON" "$BP_HERE/captured.py" send 10.77.0.2 4000 1000 || fail "cannot send"
	wait_for 10 has_frames sent.pcap 1000 || fail "tcpdump at the sender misses some"
	# A device may lose some of them before they are received, where others have its core.
	wait_for 20 have_come || fail "what was sent does not arrive: $(cat "$BP_TMP/captures.json")"
	for name in all rx tx none; do
		end_capture $name
	done
	tool frames "$BP_TMP/sent.pcap" >"$BP_TMP/sent"
	tool frames "$BP_TMP/came.pcap" >"$BP_TMP/came"
	tool frames "$BP_TMP/rx.pcapng" wan in >"$BP_TMP/rx"
	tool frames "$BP_TMP/tx.pcapng" lan out >"$BP_TMP/tx"
	tool frames "$BP_TMP/all.pcapng" wan in >"$BP_TMP/all-in"
	tool frames "$BP_TMP/all.pcapng" lan out >"$BP_TMP/all-out"
	for name in rx tx all-in all-out; do
		cmp "$BP_TMP/came" "$BP_TMP/$name" || fail "$name: other frames than arrived, or another order"
	done
	# Each was sent, in that order.
	awk 'NR == FNR { sent[NR] = $0; n = NR; next } { while (at < n && sent[++at] != $0) ; if (sent[at] != $0) exit 1 }' \
		"$BP_TMP/sent" "$BP_TMP/came" || fail "frames that nobody sent"
	[ "$(cat "$BP_TMP/rx.sums")" = "$n_come $n_come 0" ] || fail "rx: $(cat "$BP_TMP/rx.sums")"
	[ "$(cat "$BP_TMP/none.sums")" = "0 0 0" ] || fail "none: $(cat "$BP_TMP/none.sums")"
	note "$kind: $n_come frames, byte for byte and in order, as received and as sent"
	# Others' eyes.
	n=$(tshark -r "$BP_TMP/all.pcapng" -Y 'udp.dstport == 4000 && frame.interface_name == "wan"' 2>/dev/null | wc -l)
	[ "$n" = "$n_come" ] || fail "tshark finds $n of $n_come on wan"
	capinfos -M "$BP_TMP/all.pcapng" >"$BP_TMP/capinfos" 2>"$BP_TMP/capinfos.log" || fail "capinfos refuses it"
	grep -q 'nanoseconds' "$BP_TMP/capinfos" || fail "no nanoseconds: $(cat "$BP_TMP/capinfos")"
	grep -q 'Number of packets: *'"$(cut -d' ' -f1 "$BP_TMP/all.sums")" "$BP_TMP/capinfos" ||
		fail "capinfos counts others: $(cat "$BP_TMP/capinfos")"
	rm "$BP_TMP/sent.pid" "$BP_TMP/came.pid"
	tcp_ok 16 # the way without views is taken again, or still
	bp_stop run
	note "$kind: tshark and capinfos read it"
	;;
drop)
	need tcpdump
	bp_lab offloads=off
	printf 'drop udp port 4001\npass\n' >"$BP_TMP/edge.rules"
	{
		bp_port wan af_packet-mmap w0
		bp_port lan af_packet-mmap w1
		printf '[function.edge]\ntype = filter\nrules = %s\n' "$BP_TMP/edge.rules"
		printf '[forward]\nwan = edge, lan\nlan = wan\n'
	} | bp_ini run
	bp_start run
	bp_wait_forwarding
	capture drop wan drop
	capture lan lan drop
	capture rx wan rx 'udp port 4001'
	capture tx lan tx 'udp port 4001'
	in_h1 "$BP_PYTHON" "$BP_HERE/captured.py" send 10.77.0.2 4001 100 || fail "cannot send"
	wait_for 10 shows run "sum(x['matched'] for x in c if x['ports'] == ['wan']) == 200" ||
		fail "not all of 100 are seen twice: $(cat "$BP_TMP/captures.json")"
	# A port without a link drops by name.
	ip -n mid link set w1 down
	in_h2 ip link set e0 down
	wait_for 10 grep -q 'w1 is down' "$BP_TMP/run.log" || fail "its end is not noticed"
	in_h1 ping -q -c 3 -i 0.1 -W 1 10.77.0.2 >/dev/null
	wait_for 10 shows run "sum(x['matched'] for x in c if x['ports'] == ['lan'] and x['kinds'] == ['drop']) >= 3" ||
		fail "what a port without a link drops is not seen"
	for name in drop lan rx tx; do
		end_capture $name
	done
	[ "$(tool comments "$BP_TMP/drop.pcapng")" = "100 dropped: edge: filtered" ] ||
		fail "drops: $(tool comments "$BP_TMP/drop.pcapng")"
	tool comments "$BP_TMP/lan.pcapng" | grep -q '^[0-9]* dropped: port_down$' ||
		fail "drops of lan: $(tool comments "$BP_TMP/lan.pcapng")"
	[ "$(cut -d' ' -f1 "$BP_TMP/rx.sums")" = 100 ] || fail "received, before functions: $(cat "$BP_TMP/rx.sums")"
	[ "$(cut -d' ' -f1 "$BP_TMP/tx.sums")" = 0 ] || fail "sent, behind functions: $(cat "$BP_TMP/tx.sums")"
	tool frames "$BP_TMP/rx.pcapng" >"$BP_TMP/rx"
	tool frames "$BP_TMP/drop.pcapng" >"$BP_TMP/drop"
	cmp "$BP_TMP/rx" "$BP_TMP/drop" || fail "dropped frames differ from received ones"
	bp_stop run
	note "dropped by a function and by a port without a link, each with its reason"
	;;
words)
	need tshark
	flood run 'rate_pps = 20000'
	"$BYPATH" capture a rx -c 100 -s 40 -w "$BP_TMP/count.pcapng" 2>"$BP_TMP/count.log" || fail "capture -c"
	[ "$(tool whole "$BP_TMP/count.pcapng" | cut -d' ' -f1)" = 100 ] || fail "-c 100: $(tool whole "$BP_TMP/count.pcapng")"
	[ "$(tool frames "$BP_TMP/count.pcapng" | awk '{ print length($0) }' | sort -u)" = 80 ] || fail "-s 40"
	capture none run a rx 'ether[12:2] = 0x0bad or len < 14'
	capture sample a rx --sample 10
	sampled="[x for x in c if x['sample'] == 10][0]"
	wait_for 10 shows run "${sampled}['matched'] >= 1000" || fail "nothing is sampled"
	shows run "abs(${sampled}['seen'] / ${sampled}['matched'] - 10) < 0.5" || fail "not 1 of 10: $(cat "$BP_TMP/captures.json")"
	"$BYPATH" show captures >"$BP_TMP/text" || fail "show captures"
	grep -q 'a .*rx' "$BP_TMP/text" || fail "show captures: $(cat "$BP_TMP/text")"
	end_capture sample
	end_capture none
	[ "$(cut -d' ' -f1 "$BP_TMP/none.sums")" = 0 ] || fail "a filter that nothing matches: $(cat "$BP_TMP/none.sums")"
	note "count, snaplen, sampling, a filter"

	timeout 30 "$BYPATH" capture b tx -w - 2>"$BP_TMP/pipe.log" | tshark -r - -c 50 >"$BP_TMP/tshark" 2>"$BP_TMP/tshark.log"
	[ "$(wc -l <"$BP_TMP/tshark")" = 50 ] || fail "| tshark -r - -c 50: $(cat "$BP_TMP/tshark.log")"
	wait_for 10 shows run "c == []" || fail "the capture of a reader that went stays"
	timeout 30 "$BYPATH" capture all -c 50 -w - 2>"$BP_TMP/pipe.log" | tshark -i - >"$BP_TMP/tshark" 2>"$BP_TMP/tshark.log"
	[ "$(wc -l <"$BP_TMP/tshark")" = 50 ] || fail "| tshark -i -: $(cat "$BP_TMP/tshark.log")"
	mkfifo "$BP_TMP/fifo"
	timeout 30 "$BYPATH" capture a -c 10 -w "$BP_TMP/fifo" 2>"$BP_TMP/pipe.log" &
	waiting=$!
	shows run "c == []" || fail "who waits for a reader captures already"
	cat "$BP_TMP/fifo" >"$BP_TMP/fifo.pcapng"
	wait $waiting || fail "into a FIFO: $(cat "$BP_TMP/pipe.log")"
	[ "$(tool whole "$BP_TMP/fifo.pcapng" | cut -d' ' -f1)" = 10 ] || fail "into a FIFO"
	note "into tshark, by a pipe and live; into a FIFO"

	# refuses CODE SENTENCE WORDS...
	refuses()
	{
		_code=$1 _sentence=$2
		shift 2
		"$BYPATH" capture "$@" >"$BP_TMP/out" 2>"$BP_TMP/refused"
		[ $? = "$_code" ] || fail "capture $*: another exit code: $(cat "$BP_TMP/refused")"
		grep -q -e "$_sentence" "$BP_TMP/refused" || fail "capture $*: $(cat "$BP_TMP/refused")"
	}
	file=$BP_TMP/refused.pcapng
	refuses 2 "-w is missing" a rx
	refuses 1 "found no port 'c'" c -w "$file"
	refuses 2 "FILTER 'tcp prot 80': .*syntax error" a tcp prot 80 -w "$file"
	refuses 2 "found protochain" a ip6 protochain 6 -w "$file"
	refuses 2 "found '0', allowed: 1..262144" a -s 0 -w "$file"
	refuses 2 "found '1k', allowed: 1048576..268435456" a --buffer 1k -w "$file"
	refuses 2 "allowed: with --rotate-bytes or --rotate-s" a --rotate-files 3 -w "$file"
	refuses 2 "one file" a --rotate-s 3 -w -
	refuses 1 "No such file or directory" a -w "$BP_TMP/nowhere/file"
	[ ! -e "$file" ] || fail "a capture that is refused leaves a file"
	echo precious >"$file"
	refuses 1 "found no port 'c'" c -w "$file"
	[ "$(cat "$file")" = precious ] || fail "a capture that is refused takes a file away"
	capture one a rx
	capture two a tx
	capture three a drop
	capture four all
	refuses 1 "port a: 4 captures look at it already: end one first" a -w "$file"
	refuses 1 "port a: 4 captures" all -w "$file"
	"$BYPATH" capture b --buffer 256m -c 1 -w "$BP_TMP/large.pcapng" 2>"$BP_TMP/large.log" || fail "$(cat "$BP_TMP/large.log")"
	shows run "len(c) == 4" || fail "a refused capture stays: $(cat "$BP_TMP/captures.json")"
	for name in one two three four; do
		end_capture $name
	done
	shows run "c == []" || fail "a capture that has ended stays"
	bp_stop run
	note "what is refused, and why"
	;;
rotate)
	flood run 'rate_pps = 20000'
	"$BYPATH" capture a rx -c 2000 --rotate-bytes 20k -w "$BP_TMP/all.pcapng" 2>"$BP_TMP/all.log" || fail "capture"
	tool valid "$BP_TMP"/all_*_*.pcapng >"$BP_TMP/sums" || fail "a file of several is no capture"
	read -r n longest <"$BP_TMP/sums"
	[ "$n" = 2000 ] || fail "$n of 2000 packets"
	[ "$longest" -le 20480 ] || fail "a file of $longest bytes"
	[ ! -e "$BP_TMP/all.pcapng" ] || fail "a file of the plain name"
	"$BYPATH" capture a rx -c 2000 --rotate-bytes 20k --rotate-files 3 -w "$BP_TMP/three.pcapng" 2>"$BP_TMP/three.log" ||
		fail "capture"
	[ "$(find "$BP_TMP" -name 'three_*' | wc -l)" = 3 ] || fail "not three files: $(ls "$BP_TMP")"
	tool valid "$BP_TMP"/three_*.pcapng >/dev/null || fail "a file of three is no capture"
	# The newest are kept: the number of the last is that of all.
	find "$BP_TMP" -name 'three_*' | grep -q '_00001' && fail "the oldest is kept"
	capture timed a rx --rotate-s 1
	wait_for 20 sh -c "[ \"\$(find '$BP_TMP' -name 'timed_*' | wc -l)\" -ge 3 ]" || fail "no next file after a second"
	kill -TERM "$(bp_pid timed)"
	bp_exit timed 10 || fail "timed ends with code $?"
	tool valid "$BP_TMP"/timed_*.pcapng >/dev/null || fail "a file by time is no capture"
	bp_stop run
	note "one file after another by bytes and by time, each a whole capture; the newest are kept"
	;;
stalled)
	# As fast as it can: 64 bytes, more than any reader takes.
	flood run
	capture stalled all
	kill -STOP "$(bp_pid stalled)"
	wait_for 20 shows run "c[0]['lost'] > 100000" || fail "a reader that stands still loses nothing"
	n=$(received run a)
	wait_for 10 moves_on run a $((n + 1000000)) || fail "nothing moves while a reader stands still"
	capture beside a rx -c 1000
	bp_exit beside 20 || fail "a second capture beside one that stands still"
	[ "$(tool whole "$BP_TMP/beside.pcapng" | cut -d' ' -f1)" = 1000 ] || fail "a second capture"
	kill -CONT "$(bp_pid stalled)"
	end_capture stalled
	read -r n matched lost <"$BP_TMP/stalled.sums"
	[ "$lost" -gt 100000 ] || fail "stalled: $(cat "$BP_TMP/stalled.sums")"
	[ $((n + lost)) = "$matched" ] || fail "stalled: $(cat "$BP_TMP/stalled.sums")"
	grep -q " $lost lost: the buffer was full" "$BP_TMP/stalled.log" || fail "$(cat "$BP_TMP/stalled.log")"
	note "a reader that stands still: $lost counted as lost, none forgotten, the next is not held"
	capture killed all
	kill -KILL "$(bp_pid killed)"
	wait_for 10 shows run "c == []" || fail "the capture of a client that was killed stays"
	n=$(received run a)
	wait_for 10 moves_on run a $((n + 100000)) || fail "nothing moves after a client was killed"
	rm "$BP_TMP/killed.pid"
	# Drained beside a reader that stands still: not for long, and every packet accounted for.
	capture held all
	kill -STOP "$(bp_pid held)"
	wait_for 20 shows run "c[0]['lost'] > 0" || fail "a reader that stands still loses nothing"
	kill -TERM "$(bp_pid run)"
	bp_exit run 20 || fail "run ends with code $?"
	bp_law run
	kill -CONT "$(bp_pid held)"
	bp_exit held 20 && fail "a capture that was cut off says nothing"
	grep -q 'without the capture' "$BP_TMP/held.log" || fail "$(cat "$BP_TMP/held.log")"
	tool valid "$BP_TMP/held.pcapng" >/dev/null || fail "what a capture that was cut off has written is no capture"
	note "clients that are killed, an instance that ends beside one that stands still"
	;;
standing)
	# A worker that stands still holds no capture that ends, no trace, and nobody who asks.
	flood run "rate_pps = 20000"
	capture held a rx
	"$BYPATH" show workers run --json >"$BP_TMP/workers.json" || fail "show workers"
	mkfifo "$BP_TMP/hold"
	"$BP_TOOLS/hold" "$(bp_get workers "r['workers'][0]['tid']")" <"$BP_TMP/hold" >"$BP_TMP/hold.log" 2>&1 &
	hold=$!
	exec 9>"$BP_TMP/hold"
	wait_for 5 grep -q held "$BP_TMP/hold.log" || skip "no ptrace here: $(cat "$BP_TMP/hold.log")"
	"$BYPATH" trace run 1 len = 7 --for 0.1 >"$BP_TMP/trace.txt" 2>&1 && fail "a trace that a worker may be in is told"
	grep -q 'a worker stands still' "$BP_TMP/trace.txt" || fail "$(cat "$BP_TMP/trace.txt")"
	end_capture held
	"$BYPATH" show ports run >"$BP_TMP/ports.txt" || fail "nobody is answered beside a worker that stands still"
	shows run "c == []" || fail "a capture that has ended is shown"
	capture next a rx 9>&-
	exec 9>&-
	wait $hold || fail "hold"
	n=$(received run a)
	wait_for 10 moves_on run a $((n + 1000)) || fail "the worker does not go on"
	wait_for 10 shows run "c[0]['matched'] > 0" || fail "the next capture sees nothing"
	"$BYPATH" trace run 1 >"$BP_TMP/trace.txt" 2>&1 || fail "no trace afterwards: $(cat "$BP_TMP/trace.txt")"
	end_capture next
	bp_stop run
	bp_law run
	note "a capture ends, a trace is given up, others are answered while a worker stands still"
	;;
full)
	flood run
	mkdir "$BP_TMP/small"
	mount -t tmpfs -o size=1m small "$BP_TMP/small" || skip "no tmpfs"
	timeout 30 "$BYPATH" capture a rx -w "$BP_TMP/small/full.pcapng" 2>"$BP_TMP/full.log" && fail "no word of a full disk"
	grep -q 'full.pcapng: No space left on device' "$BP_TMP/full.log" || fail "$(cat "$BP_TMP/full.log")"
	tool valid "$BP_TMP/small/full.pcapng" >"$BP_TMP/sums" || fail "a capture on a full disk is none"
	read -r n bytes <"$BP_TMP/sums"
	[ "$bytes" -gt 1000000 ] || fail "$bytes bytes of 1 MiB"
	grep -q "bypath: $n packets written" "$BP_TMP/full.log" || fail "$n are there: $(cat "$BP_TMP/full.log")"
	wait_for 10 shows run "c == []" || fail "the capture stays"
	n=$(received run a)
	wait_for 10 moves_on run a $((n + 100000)) || fail "nothing moves beside a full disk"
	bp_stop run
	note "a full disk ends the capture, whole up to there, and nothing else"
	;;
drain)
	bp_lab offloads=off pairs=1
	bp_pair run af_packet-mmap w0 af_packet-mmap w1
	bp_start run
	bp_wait_forwarding
	capture all all
	in_h1 ping -q -f -c 100000 -W 1 10.77.0.2 >/dev/null 2>&1 &
	pinging=$!
	wait_for 10 shows run "c[0]['matched'] > 1000" || fail "nothing is captured"
	"$BYPATH" drain run || fail "drain"
	bp_exit all 20 || fail "the capture ends with code $?"
	bp_exit run 10 || fail "run ends with code $?"
	kill $pinging
	bp_law run
	tool whole "$BP_TMP/all.pcapng" >"$BP_TMP/sums" || fail "all.pcapng is not whole"
	# Every packet that the run counted from then on is in it: what it received it captured.
	read -r n matched lost <"$BP_TMP/sums"
	[ "$n $lost" = "$matched 0" ] || fail "$(cat "$BP_TMP/sums")"
	[ "$(tool frames "$BP_TMP/all.pcapng" wan in | wc -l)" = "$(tool frames "$BP_TMP/all.pcapng" lan out | wc -l)" ] ||
		fail "the drain lost some of the capture"
	note "a capture over a drain ends whole: $n packets"
	;;
away)
	need ethtool
	bp_lab
	bp_pair run af_packet-mmap w0 af_packet-mmap w1
	bp_start run
	bp_wait_forwarding
	capture wan wan icmp
	bp_reaches h1 10.77.0.2 || fail "no answer"
	wait_for 10 shows run "c[0]['matched'] > 0" || fail "nothing is captured"
	ip -n mid link del w0
	wait_for 10 grep -q 'w0 is gone' "$BP_TMP/run.log" || fail "its end is not noticed"
	bp_wire h1 w0 10.77.0.1/24
	bp_wait_forwarding
	shows run "True"
	n=$(bp_get captures "r['captures'][0]['matched']")
	bp_reaches h1 10.77.0.2 || fail "no answer"
	wait_for 10 shows run "c[0]['matched'] > $n" || fail "nothing is captured after the device came back"
	end_capture wan
	bp_stop run
	note "a device that goes away and comes back"
	;;
reload)
	bp_lab offloads=off
	bp_pair run af_packet-mmap w0 af_packet-mmap w1
	bp_start run
	bp_wait_forwarding
	capture wan wan rx 'udp dst port 4000'
	capture lan lan tx 'udp dst port 4000'
	in_h1 "$BP_PYTHON" "$BP_HERE/captured.py" send 10.77.0.2 4000 100 || fail "cannot send"
	wait_for 10 shows run "all(x['matched'] == 100 for x in c)" || fail "before: $(cat "$BP_TMP/captures.json")"
	bp_need_driver af_xdp
	bp_pair run af_xdp-native w0 af_packet-mmap w1
	"$BYPATH" reload run >"$BP_TMP/reload.log" 2>&1 || fail "reload"
	bp_wait_forwarding
	in_h1 "$BP_PYTHON" "$BP_HERE/captured.py" send 10.77.0.2 4000 100 || fail "cannot send"
	wait_for 10 shows run "all(x['matched'] == 200 for x in c)" || fail "after a reload: $(cat "$BP_TMP/captures.json")"
	end_capture wan
	end_capture lan
	tool frames "$BP_TMP/wan.pcapng" >"$BP_TMP/wan"
	tool frames "$BP_TMP/lan.pcapng" >"$BP_TMP/lan"
	cmp "$BP_TMP/wan" "$BP_TMP/lan" || fail "other frames are sent than were received"
	bp_stop run
	note "a capture goes on over a reload that changes a port's driver"
	;;
refused)
	bp_need_driver kernel
	bp_lab
	bp_pair run kernel-tc w0 kernel-tc w1
	bp_start run
	bp_wait_forwarding
	for port in wan all; do
		"$BYPATH" capture $port -w "$BP_TMP/none.pcapng" 2>"$BP_TMP/refused" && fail "what the kernel carries is captured"
		grep -q 'its packets do not pass through bypath, driver kernel carries them: run its paths with another driver' \
			"$BP_TMP/refused" || fail "$(cat "$BP_TMP/refused")"
	done
	[ ! -e "$BP_TMP/none.pcapng" ] || fail "a file of nothing"
	bp_stop run
	note "what the kernel carries is not captured, and why"
	;;
*)
	fail "usage: capture.sh frames KIND | drop | words | rotate | stalled | full | drain | away | reload | refused"
	;;
esac
