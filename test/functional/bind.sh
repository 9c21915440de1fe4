# `bypath bind`, `check`, `explain` on PCI devices of a made-up /sys: what is listed, refused, undone.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# Files stand for sysfs: nothing is ever bound to vfio-pci, so each binding fails, and must be undone.

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need setpriv flock modprobe
bp_lab
SYS=$BP_TMP/sys

# nic ADDRESS DRIVER GROUP [INTERFACE]: a network device; - for no driver, no group.
nic()
{
	_dir=$SYS/bus/pci/devices/$1
	mkdir -p "$_dir"
	echo 0x020000 >"$_dir/class"
	echo 0x8086 >"$_dir/vendor"
	echo 0x10d3 >"$_dir/device"
	echo -1 >"$_dir/numa_node"
	echo "(null)" >"$_dir/driver_override"
	echo "pci:v00008086d000010D3sv00000000sd00000000bc02sc00i00" >"$_dir/modalias"
	if [ "$2" != - ]; then
		mkdir -p "$SYS/bus/pci/drivers/$2"
		: >"$SYS/bus/pci/drivers/$2/bind"
		: >"$SYS/bus/pci/drivers/$2/unbind"
		ln -s "../../drivers/$2" "$_dir/driver"
	fi
	if [ "$3" != - ]; then
		mkdir -p "$SYS/kernel/iommu_groups/$3/devices"
		ln -s "../../../../kernel/iommu_groups/$3" "$_dir/iommu_group"
		ln -s "../../../../bus/pci/devices/$1" "$SYS/kernel/iommu_groups/$3/devices/$1"
	fi
	[ -z "${4-}" ] || mkdir -p "$_dir/net/$4"
}

# ends CODE COMMAND...: the exit code of bypath COMMAND; its output is in out.log and err.log.
ends()
{
	_code=$1
	shift
	"$BYPATH" "$@" >"$BP_TMP/out.log" 2>"$BP_TMP/err.log"
	_got=$?
	[ $_got -eq "$_code" ] || fail "bypath $*: exit code $_got instead of $_code"
}

# says FILE TEXT...: FILE.log has each text.
says()
{
	_file=$1
	shift
	for _text in "$@"; do
		grep -qF -e "$_text" "$BP_TMP/$_file.log" || fail "$_file lacks: $_text"
	done
}

# untouched ADDRESS: bypath has written nothing to its files.
untouched()
{
	[ "$(cat "$SYS/bus/pci/devices/$1/driver_override")" = "(null)" ] ||
		fail "$1: driver_override was touched"
	[ ! -s "$SYS/bus/pci/drivers/fakenic/unbind" ] || fail "$1 was unbound"
}

# --- interfaces that stand on no PCI device, in the true /sys ------------------------------------

ip netns exec mid "$BYPATH" bind w0 >"$BP_TMP/out.log" 2>"$BP_TMP/err.log"
[ $? -eq 2 ] || fail "a veth was not refused"
says err "w0 is no PCI device but a veth interface" "af_packet"
ip netns exec mid "$BYPATH" bind lo >/dev/null 2>&1
[ $? -eq 2 ] || fail "lo was not refused"
# This script's own namespace: /sys is that of the machine.
ip link add here0 type veth peer name here1
ends 2 bind here0
says err "here0 is not in /sys, which belongs to another network namespace"

# --- the made-up machine -------------------------------------------------------------------------

nic 0000:f3:00.0 fakenic 7
nic 0000:f3:00.1 fakenic -
nic 0000:f4:00.0 fakenic 8
nic 0000:f4:00.1 othernic 8
nic 0000:f5:00.0 vfio-pci 9
nic 0000:f6:00.0 fakenic 10 here0
nic 0000:f7:00.0 - 11
nic 0000:f8:00.0 disk 12
nic 0000:f9:00.0 mlx5_core 13 gone0
echo 0x010802 >"$SYS/bus/pci/devices/0000:f8:00.0/class"
: >"$SYS/bus/pci/drivers_probe"
# A driver's device that shows no interface has it elsewhere; these have none to show.
for address in 0000:f3:00.0 0000:f3:00.1 0000:f4:00.0 0000:f4:00.1; do
	mkdir -p "$SYS/bus/pci/devices/$address/fake0"
	echo fake: >"$SYS/bus/pci/devices/$address/fake0/modalias"
done
mkdir -p "$BP_TMP/dev/vfio"
for node in "null 1 3" "urandom 1 9" "vfio/9 1 5"; do
	# shellcheck disable=SC2086 # name, major, minor
	set -- $node
	mknod -m 666 "$BP_TMP/dev/$1" c "$2" "$3" || fail "mknod refused"
done
mount --bind "$SYS" /sys || fail "cannot put a made-up /sys in place"
mount --bind "$BP_TMP/dev" /dev || fail "cannot put a made-up /dev in place"
[ -d /sys/bus/pci/devices/0000:f3:00.0 ] || fail "the made-up /sys is not in place"
cd /

# --- the list ------------------------------------------------------------------------------------

sleep 1000 9<>/dev/vfio/9 &
HOLDER=$!
wait_for 5 grep -q sleep /proc/$HOLDER/comm || fail "no process that has a device open"
ends 0 bind --list
says out "0000:f3:00.0  8086:10d3   fakenic" "also in IOMMU group 8: 0000:f4:00.1 othernic" \
	"process $HOLDER (sleep)"
grep -q "0000:f8:00.0" "$BP_TMP/out.log" && fail "a disk is listed"
ends 0 bind --list --json
"$BP_PYTHON" - "$BP_TMP/out.log" "$HOLDER" <<'PYTHON' || fail "the JSON is not as documented"
import json, sys
devices = {d["address"]: d for d in json.load(open(sys.argv[1]))["devices"]}
assert len(devices) == 8, devices
first = devices["0000:f3:00.0"]
assert first == {"address": "0000:f3:00.0", "vendor": "8086", "device": "10d3", "driver": "fakenic",
                 "kernel_driver": "fakenic", "iommu_group": 7, "group_others": [], "numa_node": -1,
                 "interfaces": [], "speed_mbps": None, "used_by": []}, first
assert devices["0000:f3:00.1"]["iommu_group"] is None
assert devices["0000:f4:00.0"]["group_others"] == ["0000:f4:00.1"]
assert devices["0000:f7:00.0"]["driver"] is None
assert devices["0000:f5:00.0"]["used_by"] == [f"process {sys.argv[2]} (sleep) has /dev/vfio/9 open"]
assert devices["0000:f6:00.0"]["interfaces"] == ["here0"]
PYTHON

# A group that cannot be read is not one without other devices.
mv "$SYS/kernel/iommu_groups/8/devices" "$BP_TMP/group8"
: >"$SYS/kernel/iommu_groups/8/devices"
ends 0 bind --list
says out "also in IOMMU group 8: cannot be read: Not a directory"
ends 0 bind --list --json
grep -q '"group_others": null' "$BP_TMP/out.log" || fail "a group that cannot be read, in JSON"
rm "$SYS/kernel/iommu_groups/8/devices"
mv "$BP_TMP/group8" "$SYS/kernel/iommu_groups/8/devices"

# A program's name of 15 bytes that ends inside a character.
"$BP_PYTHON" -c 'import signal, sys
open("/proc/self/comm", "wb").write(b"a" * 14 + b"\xc3\xa9")
held = open("/dev/vfio/9", "rb")
open(sys.argv[1], "w").close()
signal.pause()' "$BP_TMP/holds" &
NAMED=$!
wait_for 10 test -e "$BP_TMP/holds" || fail "nobody holds /dev/vfio/9"
ends 0 bind --list --json
says out "process $NAMED (aaaaaaaaaaaaaa?) has /dev/vfio/9 open" "process $HOLDER (sleep)"
kill "$NAMED"
wait "$NAMED"

# --- refusals: nothing is touched ----------------------------------------------------------------

ends 2 bind 0000:fe:00.0
says err "no PCI device 0000:fe:00.0" "bypath bind --list"
ends 2 bind nowhere0
says err "no such device" "bypath bind --list"
ends 2 bind 0000:f8:00.0
says err "no network device"
ends 2 bind f3:00.1
says err "0000:f3:00.1 to vfio-pci: refused" "it has no IOMMU group" "intel_iommu=on" "amd_iommu=on"
ends 2 bind --force f3:00.1
untouched 0000:f3:00.1
ends 2 bind f4:00.0
says err "IOMMU group 8 as a whole only: bypath bind 0000:f4:00.0 0000:f4:00.1: " "0000:f4:00.1 on othernic"
# More members than one would expect, the last of them on a driver.
for member in 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10; do
	for function in 0 1 2 3; do
		nic "0000:e0:$member.$function" - 20
	done
done
nic 0000:e1:00.0 uio_pci_generic 20
ends 2 bind e0:00.0
says err "0000:e1:00.0 on uio_pci_generic"
rm -r "$SYS"/bus/pci/devices/0000:e[01]:*
# A namesake of this namespace is not the device's interface.
ends 2 bind f6:00.0
says err "interface here0, of another network namespace"
ends 2 bind f5:00.0 kernel
says err "in use: process $HOLDER (sleep) has /dev/vfio/9 open" "--force"
ends 2 bind f9:00.0
says err "beside the kernel's driver mlx5_core"
echo 2 >"$SYS/bus/pci/devices/0000:f3:00.0/sriov_numvfs"
ends 2 bind f3:00.0
says err "in use: it has 2 virtual functions"
rm "$SYS/bus/pci/devices/0000:f3:00.0/sriov_numvfs"
# One refusal among several: none is touched.
ends 2 bind f3:00.0 f3:00.1
untouched 0000:f3:00.0

# The folders above the program may be closed to others.
mkdir -p /run/open
cp "$BYPATH" /run/open/bypath
chmod -R a+rX /run/open
setpriv --reuid 65534 --regid 65534 --clear-groups /run/open/bypath bind f3:00.0 2>"$BP_TMP/err.log"
_got=$?
[ $_got -eq 1 ] || fail "without root: exit code $_got instead of 1"
says err "Permission denied" "run bypath bind as root"
untouched 0000:f3:00.0

ends 0 bind f5:00.0
says out "0000:f5:00.0: bound to vfio-pci already"
ends 2 bind
ends 2 bind --list f3:00.0
ends 2 bind --json f3:00.0
ends 2 bind --colour

# --- one at a time -------------------------------------------------------------------------------

mkdir -p /run/bypath
exec 8>/run/bypath/bind.lock
flock 8
"$BYPATH" bind f5:00.0 8>&- >"$BP_TMP/out.log" 2>"$BP_TMP/err.log" &
WAITER=$!
wait_for 5 grep -q "waits for another bypath bind" "$BP_TMP/err.log" || fail "it does not say that it waits"
[ -s "$BP_TMP/out.log" ] && fail "it went on beside another bypath bind"
# What is done meanwhile must show in its plan: the device is not bound any more, but held.
rm "$SYS/bus/pci/devices/0000:f5:00.0/driver"
exec 8>&-
wait "$WAITER"
[ $? -eq 2 ] || fail "the plan is older than the lock"
ln -s ../../drivers/vfio-pci "$SYS/bus/pci/devices/0000:f5:00.0/driver"
rm -r /run/bypath
: >/run/bypath
ends 1 bind f5:00.0
says err "/run/bypath/bind.lock: Not a directory"
rm /run/bypath

# --- a binding that fails is undone --------------------------------------------------------------

# kernel_driver ADDRESS [stubborn]: be fakenic until $KERNEL is killed: let the device go when it is told
# so, take it when it is told so (stubborn: never). Whoever opens unbind or bind waits until that is done: a
# lease holds the opening back.
kernel_driver()
{
	"$BP_PYTHON" - "$BP_TMP/driver.ready" "$SYS/bus/pci" "$@" <<'PYTHON' &
import fcntl, os, pathlib, signal, sys
ready, bus, address, *stubborn = sys.argv[1:]
driver, link = f"{bus}/drivers/fakenic", f"{bus}/devices/{address}/driver"
signals = {signal.SIGUSR1: "unbind", signal.SIGUSR2: "bind"}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
files = {}
for number, name in signals.items():
    files[name] = os.open(f"{driver}/{name}", os.O_RDONLY)
    fcntl.fcntl(files[name], fcntl.F_SETSIG, number)
    fcntl.fcntl(files[name], fcntl.F_SETLEASE, fcntl.F_RDLCK)
pathlib.Path(ready).touch()
while True:
    name = signals[signal.sigwait(signals)]
    if name == "unbind":
        os.unlink(link)
    elif not stubborn:
        os.symlink("../../drivers/fakenic", link)
    fcntl.fcntl(files[name], fcntl.F_SETLEASE, fcntl.F_UNLCK)
PYTHON
	KERNEL=$!
	wait_for 10 test -e "$BP_TMP/driver.ready" || fail "the made-up driver does not start"
	rm "$BP_TMP/driver.ready"
}

DEVICE=$SYS/bus/pci/devices/0000:f3:00.0
FAKENIC=$SYS/bus/pci/drivers/fakenic
kernel_driver 0000:f3:00.0
ends 1 bind f3:00.0
kill "$KERNEL"
says err "bind 0000:f3:00.0 to vfio-pci: vfio-pci did not take it: see dmesg" \
	"0000:f3:00.0: it is back with fakenic"
[ "$(cat "$FAKENIC/unbind")" = 0000:f3:00.0 ] || fail "it was never unbound"
[ "$(cat "$SYS/bus/pci/drivers_probe")" = 0000:f3:00.0 ] || fail "drivers_probe was not asked"
[ "$(cat "$FAKENIC/bind")" = 0000:f3:00.0 ] || fail "it was not given back to fakenic"
[ "$(readlink "$DEVICE/driver")" = ../../drivers/fakenic ] || fail "it is not back with fakenic"
[ -z "$(head -n 1 "$DEVICE/driver_override")" ] || fail "driver_override was left behind"
# What was in driver_override comes back as well.
printf fake-nic >"$DEVICE/driver_override"
kernel_driver 0000:f3:00.0
ends 1 bind f3:00.0
kill "$KERNEL"
says err "0000:f3:00.0: it is back with fakenic"
[ "$(cat "$DEVICE/driver_override")" = fake-nic ] || fail "driver_override is not as it was"
echo >"$DEVICE/driver_override"
# A driver that does not take it back: that is said.
: >"$FAKENIC/bind"
kernel_driver 0000:f3:00.0 stubborn
ends 1 bind f3:00.0
kill "$KERNEL"
says err "bind 0000:f3:00.0: could not give it back to fakenic: see bypath bind --list and dmesg"
[ "$(cat "$FAKENIC/bind")" = 0000:f3:00.0 ] || fail "fakenic was not even asked"
ln -s ../../drivers/fakenic "$DEVICE/driver"

# --- an override that would give it away at the next rescan ---------------------------------------

ends 0 bind f6:00.0 kernel
says out "0000:f6:00.0 (here0): bound to fakenic already"
echo vfio-pci >"$SYS/bus/pci/devices/0000:f6:00.0/driver_override"
ends 0 bind f6:00.0 kernel
says out "0000:f6:00.0 (here0): fakenic → fakenic, driver_override vfio-pci taken away"
[ -z "$(head -n 1 "$SYS/bus/pci/devices/0000:f6:00.0/driver_override")" ] || fail "driver_override is still there"

# --- signals -------------------------------------------------------------------------------------

# A modprobe that waits for a file, so that signals come in the middle.
cat >"$BP_TMP/modprobe" <<MODPROBE
#!/bin/sh
: >$BP_TMP/modprobe.started
until [ -e $BP_TMP/modprobe.go ]; do sleep 0.02; done
echo "no module \$2"
exit 1
MODPROBE
chmod +x "$BP_TMP/modprobe"
MODPROBE=$(cat /proc/sys/kernel/modprobe 2>/dev/null) || MODPROBE=/sbin/modprobe
mount --bind "$BP_TMP/modprobe" "$MODPROBE" || fail "cannot put a made-up modprobe in place"
"$BYPATH" bind f7:00.0 kernel >"$BP_TMP/out.log" 2>"$BP_TMP/err.log" &
BINDER=$!
wait_for 10 test -e "$BP_TMP/modprobe.started" || fail "modprobe was not run"
# The shell has a process in the background ignore QUIT, the kernel spares it TSTP: the mask tells.
"$BP_PYTHON" - "/proc/$BINDER/status" <<'PYTHON' || fail "a signal could come in the middle of its work"
import re, signal, sys
blocked = int(re.search(r"SigBlk:\s*(\w+)", open(sys.argv[1]).read())[1], 16)
wanted = "INT TERM HUP QUIT TSTP TTIN TTOU USR1".split()
missing = [name for name in wanted if not blocked >> signal.Signals["SIG" + name] - 1 & 1]
sys.exit(f"not blocked: {missing}" if missing else 0)
PYTHON
for signal in HUP INT TERM; do
	kill -s "$signal" "$BINDER" || fail "it ended in the middle of its work"
done
: >"$BP_TMP/modprobe.go"
wait "$BINDER"
_got=$?
[ $_got -eq 1 ] || fail "signals in the middle: exit code $_got instead of 1"
says err "failed: no module pci:v00008086" "0000:f7:00.0: it is back with no driver"
# A caller that ignores SIGCHLD must not turn a failure into a success.
(
	trap '' CHLD
	ends 1 bind f7:00.0 kernel
) || exit 1
says err "failed: no module pci:v00008086"
umount "$MODPROBE"

# Without an IOMMU, where the kernel allows that: it is tried.
mkdir -p "$SYS/module/vfio/parameters"
echo Y >"$SYS/module/vfio/parameters/enable_unsafe_noiommu_mode"
kernel_driver 0000:f3:00.1
ends 1 bind f3:00.1
kill "$KERNEL"
says err "0000:f3:00.1: it is back with fakenic"

# --- check, explain: a PCI device that a run could not use ---------------------------------------

ini()
{
	printf '[port.wan]\ndriver = dpdk\ndevice = "%s"\n[port.lan]\ndriver = null\n' "$1"
	printf '[forward]\nwan = lan\n'
}
bp_need_driver dpdk
ini 0000:f3:00.0,x=1 >"$BP_TMP/a.ini"
ends 2 check "$BP_TMP/a.ini"
says err "[port.wan] device: found '0000:f3:00.0,x=1', but PCI device 0000:f3:00.0 has the driver \
fakenic instead of vfio-pci: bypath bind 0000:f3:00.0"
ends 0 check --offline "$BP_TMP/a.ini"
ends 0 explain --json "$BP_TMP/a.ini"
says out "fakenic instead of vfio-pci: bypath bind 0000:f3:00.0"
ini pci:0000:f6:00.0 >"$BP_TMP/a.ini"
ends 2 check "$BP_TMP/a.ini"
says err "0000:f6:00.0 (here0) has the driver fakenic" "bypath bind 0000:f6:00.0"
ini 0000:f3:00.1 >"$BP_TMP/a.ini"
ends 2 check "$BP_TMP/a.ini"
says err "needs an IOMMU, and it has none" "intel_iommu=on"
ini 0000:f7:00.0 >"$BP_TMP/a.ini"
ends 2 check "$BP_TMP/a.ini"
says err "has no driver; it needs vfio-pci: bypath bind 0000:f7:00.0"
ini 0000:fe:00.0 >"$BP_TMP/a.ini"
ends 2 check "$BP_TMP/a.ini"
says err "this machine has no PCI device 0000:fe:00.0: see bypath bind --list"
ends 0 explain "$BP_TMP/a.ini"
says out "this machine has no PCI device 0000:fe:00.0"
for address in 0000:f5:00.0 0000:f9:00.0; do
	ini "$address" >"$BP_TMP/a.ini"
	ends 0 check "$BP_TMP/a.ini"
done
kill "$HOLDER"
