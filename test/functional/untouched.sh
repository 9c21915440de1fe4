# In io mode nothing touches a packet byte: real TCP passes while the whole arena is inaccessible.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# usage: untouched.sh KIND

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: untouched.sh KIND}
# No checksum needs completing and no super-frame arrives: the hosts do that work themselves.
bp_lab mtu=1500 offloads=off
bp_pair a "$KIND" w0 "$KIND" w1 "[memory]" "protect = yes"
bp_start a --set port.wan.checksum=off --set port.lan.checksum=off
bp_wait_forwarding 20
tcp_ok
http_ok 8
# The witness works: the arena's pages are without access now.
grep -q -- '---[ps] ' "/proc/$(bp_pid a)/maps" || fail "no inaccessible mapping"
largest=$("$BP_PYTHON" -c "
import re
sizes = [int(m[2], 16) - int(m[1], 16) for m in
         re.finditer(r'^([0-9a-f]+)-([0-9a-f]+) ---[ps] .*(?:hugepage|zero|memfd|00:00 0)', open('/proc/$(bp_pid a)/maps').read(), re.M)]
print(max(sizes, default=0))")
bp_stop a
bp_expect a "arena_bytes <= $largest" "summary()"
bp_expect a "copies('wan', 'lan') == 0 and copies('lan', 'wan') == 0" "summary()"
