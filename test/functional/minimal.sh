# The build without optional parts works, and says what is missing and why.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need meson ninja
BUILD=$BP_TMP/build
meson setup "$BUILD" "$BP_SOURCE" -Ddpdk=disabled -Daf_xdp=disabled -Dpcap=disabled -Dtests=false \
	-Dbuildtype=debug >"$BP_TMP/setup.log" 2>&1 || fail "meson setup"
bp_build "$BUILD" >"$BP_TMP/ninja.log" 2>&1 || fail "the build"
BYPATH=$BUILD/src/cli/bypath
! ldd "$BYPATH" | grep -qE 'librte|libxdp|libpcap' || fail "it links what was disabled"
"$BYPATH" drivers >"$BP_TMP/drivers.log" || fail "bypath drivers"
for driver in dpdk af_xdp pcap; do
	grep -E "$driver" "$BP_TMP/drivers.log" | grep -qi 'disabled' ||
		fail "bypath drivers does not say why $driver is missing"
done

# Naming a driver that is not there is a clear error, not a crash.
printf '[port.a]\ndriver = af_xdp\ndevice = lo\n[port.b]\ndriver = null\n[forward]\na = b\n' | bp_ini x
"$BYPATH" run "$BP_TMP/x.ini" --duration 1 >"$BP_TMP/x.log" 2>&1
code=$?
[ $code -eq 1 ] || [ $code -eq 2 ] || fail "exit code $code"
grep -q af_xdp "$BP_TMP/x.log" && grep -qi disabled "$BP_TMP/x.log" || fail "no reason given"

# So is naming a function that is not there.
printf '[port.a]\ndriver = null\n[port.b]\ndriver = null\n[forward]\na = f, b\n[function.f]\ntype = filter\nrules = none\n' | bp_ini f
"$BYPATH" check "$BP_TMP/f.ini" >"$BP_TMP/f.log" 2>&1 && fail "a filter without libpcap is right"
grep -q "f.ini:8: \[function.f\] type: found 'filter', which this build was made without: disabled" "$BP_TMP/f.log" ||
	fail "no reason given for filter"

# One part alone can be left out as well.
meson setup "$BP_TMP/one" "$BP_SOURCE" -Ddpdk=disabled -Dgzip=disabled -Dzstd=disabled -Dtests=false -Dbuildtype=debug \
	>"$BP_TMP/setup.log" 2>&1 || fail "meson setup -Ddpdk=disabled"
bp_build "$BP_TMP/one" >"$BP_TMP/ninja.log" 2>&1 || fail "the build with -Ddpdk=disabled"
"$BP_TMP/one/src/cli/bypath" drivers >"$BP_TMP/drivers.log" || fail "bypath drivers"
grep -E '^ *dpdk' "$BP_TMP/drivers.log" | grep -qi disabled || fail "why dpdk is missing"

# A capture that this build cannot unpack is refused by name; a plain one is played.
[ -n "$(BYPATH="$BP_TMP/one/src/cli/bypath" bp_driver_missing pcap)" ] || {
	need gzip zstd
	"$BP_PYTHON" "$BP_HERE/capture.py" "$BP_TMP/plain" good 10 || fail "capture.py"
	gzip -c "$BP_TMP/plain" >"$BP_TMP/gzip"
	zstd -q -c "$BP_TMP/plain" >"$BP_TMP/zstd"
	for file in gzip zstd plain; do
		{
			printf '[engine]\nuntil = replayed\n[port.a]\ndriver = pcap\npace = max\ndevice = %s\n' "$BP_TMP/$file"
			printf '[port.b]\ndriver = null\n[forward]\na = b\n'
		} | bp_ini packed
		"$BP_TMP/one/src/cli/bypath" run "$BP_TMP/packed.ini" >"$BP_TMP/packed.log" 2>&1
		code=$?
		want=1
		[ $file != plain ] || want=0
		[ $code -eq $want ] || fail "$file: exit code $code"
		[ $file = plain ] || grep -q "compressed by $file, which this build cannot unpack" "$BP_TMP/packed.log" ||
			fail "$file: no reason given"
	done
}

bp_lab mtu=1500
bp_pair a af_packet-mmap w0 af_packet-mmap w1
bp_start a
bp_wait_forwarding 10
tcp_ok
bp_stop a
