# Compressed captures: played whole, as the plain one is; damaged ones are refused before anything starts.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_need_driver pcap
need tcpdump gzip zstd
export TMPDIR="$BP_TMP"

"$BP_PYTHON" "$BP_HERE/capture.py" "$BP_TMP/plain.pcap" good 2000 || fail "capture.py"
tcpdump -r "$BP_TMP/plain.pcap" -t -n -e -xx >"$BP_TMP/want.txt" 2>/dev/null

# play FILE [LINE...]: FILE into out.pcap, as fast as it goes.
play()
{
	_file=$1
	shift
	{
		printf '[port.in]\ndriver = pcap\nmode = read\npace = max\ndevice = %s\n' "$BP_TMP/$_file"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf '[port.out]\ndriver = pcap\nmode = write\ndevice = %s\n' "$BP_TMP/out.pcap"
		printf '[forward]\nin = out\n'
	} | bp_ini packed
	"$BYPATH" run "$BP_TMP/packed.ini" --duration 0.5 --report "$BP_TMP/packed.json" \
		>"$BP_TMP/packed.log" 2>&1
}

# whole FILE: what the plain capture holds came out.
whole()
{
	play "$1" || fail "$1: run ends with code $?"
	tcpdump -r "$BP_TMP/out.pcap" -t -n -e -xx >"$BP_TMP/got.txt" 2>/dev/null
	cmp -s "$BP_TMP/want.txt" "$BP_TMP/got.txt" || fail "$1: the frames played are not those packed"
	bp_law packed
}

# refused FILE WORDS
refused()
{
	play "$1" && fail "$1: a run starts, and ends with 0"
	grep -q "$2" "$BP_TMP/packed.log" || fail "$1: no word of '$2'"
}

case $1 in
gzip) pack="gzip -c" ending=gz why="damaged" ;;
zstd) pack="zstd -q -c" ending=zst why="match checksum\|orrupt" ;;
*) fail "no such case: $1" ;;
esac
cd "$BP_TMP" || exit 1
whole plain.pcap # the control

$pack plain.pcap >a.pcap
whole a.pcap # by its bytes, not by its name
# Several pieces in one file, as pigz, pzstd and cat make them.
head -c 100000 plain.pcap | $pack >"b.$ending"
tail -c +100001 plain.pcap | $pack >>"b.$ending"
whole "b.$ending"
play "b.$ending" "loop = yes" "count = 5000" || fail "loop = yes ends with code $?"
bp_expect packed 'counted("in", "rx", "packets") == 5000'

head -c -100 "b.$ending" >cut.pcap
refused cut.pcap "it ends early"
"$BP_PYTHON" -c 'import sys
b = bytearray(open(sys.argv[1], "rb").read())
for at in range(len(b) // 2, len(b) // 2 + 64): b[at] ^= 0xff
open(sys.argv[2], "wb").write(b)' a.pcap bad.pcap
refused bad.pcap "$why"
mkdir small
mount -t tmpfs -o size=512k none small || fail "cannot mount a tmpfs"
TMPDIR=$BP_TMP/small refused a.pcap "No space left.*set TMPDIR"
[ "$(find small -type f | wc -l)" = 0 ] || fail "files are left in TMPDIR"
