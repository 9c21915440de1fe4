# `bypath bind` where it must refuse, and what it leaves behind when it does.
# SPDX-License-Identifier: BSD-3-Clause
import contextlib
import json
import re

from lab import BYPATH, Port

ADDRESS = "198.18.0.1"
REFUSED = 2


def run(lab):
    # pylint: disable=too-many-locals
    guest = lab.guest
    address = {name: nic.address for name, nic in guest.by_name.items()}
    if not guest.iommu:
        no_iommu(lab, address)
        return
    interface, _ = lab.kernel("v0", "e0")
    with lab.case("list"):
        listed = devices(lab)
        assert set(address.values()) <= set(listed), list(listed)
        row = listed[address["v0"]]
        assert row["driver"] == "virtio-pci" and row["interfaces"] == [interface], row
        assert row["iommu_group"] is not None and row["group_others"] == [], row
    with lab.case("round-trip"):
        guest.do(BYPATH, "bind", interface, "vfio-pci", limit_s=90)
        assert lab.bound_to("v0") == "vfio-pci", lab.bound_to("v0")
        assert devices(lab)[address["v0"]]["driver"] == "vfio-pci"
        guest.do(BYPATH, "bind", address["v0"], "kernel", limit_s=90)
        assert lab.bound_to("v0") == "virtio-pci" and lab.interface("v0"), lab.bound_to("v0")
    with lab.case("already-bound"):
        guest.do(BYPATH, "bind", address["v0"], "kernel")
    interface, = lab.kernel("v0")
    with lab.case("carries-an-address"), addressed(lab, interface):
        refuses(lab, [address["v0"]], ADDRESS, "--force")
    with lab.case("default-route"):
        guest.sh(f"ip route add default dev {interface}")
        refuses(lab, [interface], "default route", "--force")
        guest.sh("ip route del default")
    with lab.case("captured-from"), listened(lab, interface) as listener:
        refuses(lab, [interface], f"process {listener.pid} (python3", f"has a packet socket on {interface}", "--force")
    with lab.case("in-a-bridge"):
        guest.sh(f"ip link add br0 type bridge; ip link set {interface} master br0")
        refuses(lab, [interface], "br0", "--force")
        guest.sh("ip link del br0")
    with lab.case("one-of-two-refused-touches-none"), addressed(lab, interface):
        refuses(lab, [address["e0"], address["v0"]], ADDRESS)
        assert lab.bound_to("e0") == "e1000e", lab.bound_to("e0")
    with lab.case("forced"), addressed(lab, interface):
        guest.do(BYPATH, "bind", address["v0"], "vfio-pci", "--force", limit_s=90)
        assert lab.bound_to("v0") == "vfio-pci"
    failure_restores(lab, address)
    kept(lab, address["e0"])
    elsewhere(lab, address["e0"])
    in_use(lab, address)
    with lab.case("no-such-device"):
        refuses(lab, ["0000:7f:00.0"], "0000:7f:00.0")
        refuses(lab, ["nosuch0"], "nosuch0")
        refuses(lab, ["lo"], "lo")
    shared_group(lab)
    checks(lab, address)


@contextlib.contextmanager
def addressed(lab, interface):
    """The interface carries an address, while it is there."""
    lab.guest.do("ip", "addr", "add", f"{ADDRESS}/24", "dev", interface)
    try:
        yield
    finally:
        lab.guest.run("ip", "addr", "flush", "dev", interface)


@contextlib.contextmanager
def listened(lab, interface):
    """A process captures from the interface, while it is there."""
    listener = lab.guest.begin("python3", "-c", "import signal, socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, "
                               f"0); s.bind(('{interface}', 3)); print('listens', flush=True); signal.pause()")
    try:
        listener.until("listens")
        yield listener
    finally:
        listener.stop()


def devices(lab):
    return {row["address"]: row for row in
            json.loads(lab.guest.do(BYPATH, "bind", "--list", "--json"))["devices"]}


def refuses(lab, words, *said):
    """Exit code 2, a message with these words, no device bound to vfio-pci by it."""
    before = on_vfio(lab)
    code, output = lab.guest.run(BYPATH, "bind", *words, "vfio-pci", limit_s=90)
    missing = [word for word in said if word not in output]
    assert code == REFUSED and not missing, f"exit code {code}, not said: {missing}: {output}"
    assert on_vfio(lab) == before, f"bound to vfio-pci before: {before}, after: {on_vfio(lab)}"


def on_vfio(lab):
    """The PCI devices bound to vfio-pci."""
    return sorted(name for name in lab.guest.names("/sys/bus/pci/drivers/vfio-pci") if ":" in name)


def driver_of(lab, address):
    return lab.guest.link(f"/sys/bus/pci/devices/{address}/driver").rpartition("/")[2]


def kept(lab, address):
    """The udev rule that bypath prints does its work on a device that the kernel's driver has already."""
    rules, device = "/etc/udev/rules.d/10-vfio-pci.rules", f"/sys/bus/pci/devices/{address}"
    lab.kernel("e0")
    output = lab.guest.do(BYPATH, "bind", address, "vfio-pci", limit_s=90)
    rule = re.search(r"^ *(ACTION.*ATTR\{driver_override\}=\"(.*?)\".*RUN\+=\"/bin/sh -c '(.*)'\")$", output, re.M)
    if not rule:  # driverctl is installed
        assert "driverctl" in output, output
        return
    with lab.case("udev-rule"):
        lab.kernel("e0")
        assert driver_of(lab, address) == "e1000e"
        lab.guest.write(f"{device}/driver_override", rule[2])
        for _ in range(2):  # the second time nothing is left to do
            lab.guest.do("/bin/sh", "-c", rule[3])
            assert driver_of(lab, address) == "vfio-pci", driver_of(lab, address)
    with lab.case("udev-rule-named"):
        lab.guest.sh("mkdir -p /etc/udev/rules.d")
        lab.guest.write(rules, rule[1] + "\n")
        output = lab.guest.do(BYPATH, "bind", address, "kernel", limit_s=90)
        assert rules in output and driver_of(lab, address) == "e1000e", output
        lab.guest.do("rm", rules)
        assert rules not in lab.guest.do(BYPATH, "bind", address, "kernel")


def elsewhere(lab, address):
    """Back to the kernel from a network namespace that does not get the interface."""
    lab.vfio("e0")
    with lab.case("kernel-from-another-namespace"):
        lab.guest.do("ip", "netns", "add", "other")
        code, output = lab.guest.run("ip", "netns", "exec", "other", BYPATH, "bind", address, "kernel", limit_s=120)
        lab.guest.do("ip", "netns", "del", "other")
        assert code == 0 and "warning" in output, f"exit code {code}: {output}"
        assert driver_of(lab, address) == "e1000e" and lab.interface("e0"), output


def failure_restores(lab, address):
    """A failure after the device was unbound: /dev/vfio shows no group's file. All get back what they had."""
    lab.kernel("v0", "e0")
    with lab.case("failure-restores"):
        pair = [address["v0"], address["e0"]]
        code, output = lab.guest.run("unshare", "-m", "sh", "-c", "mkdir -p /dev/vfio; mount -t tmpfs none /dev/vfio && "
                                     f"{BYPATH} bind {' '.join(reversed(pair))} vfio-pci", limit_s=120)
        assert code == 1 and "/dev/vfio/" in output, f"exit code {code}: {output}"
        found = [driver_of(lab, one) for one in pair]
        assert found == ["virtio-pci", "e1000e"], f"{found}: {output}"
        overrides = [lab.guest.read(f"/sys/bus/pci/devices/{one}/driver_override").strip() for one in pair]
        assert overrides == ["(null)"] * 2, overrides
        lab.guest.until("both interfaces there", lambda: lab.interface("v0") and lab.interface("e0"))


def in_use(lab, address):
    """A device that a running bypath has; afterwards it can be given back."""
    lab.vfio("v0", "e0")
    with lab.forward(Port("v0", "dpdk"), Port("e0", "dpdk")) as run:
        with lab.case("in-use"):
            run.ready()
            code, output = lab.guest.run(BYPATH, "bind", address["v0"], "kernel", limit_s=90)
            assert code == REFUSED and str(run.process.pid) in output, f"exit code {code}: {output}"
            assert lab.bound_to("v0") == "vfio-pci", lab.bound_to("v0")
    with lab.case("given-back"):
        run.adds_up()
        lab.kernel("v0", "e0")
        assert (lab.bound_to("v0"), lab.bound_to("e0")) == ("virtio-pci", "e1000e")


def shared_group(lab):
    """Two devices behind one PCI bridge are one group: vfio takes both or none."""
    lab.guest.do("modprobe", "e1000")
    # A PCI bridge's devices: the only e1000 ones.
    lab.guest.until("e1000 found", lambda: len(lab.guest.names("/sys/bus/pci/drivers/e1000")) > 6)
    pair = [name for name in lab.guest.names("/sys/bus/pci/drivers/e1000") if name.startswith("0000:")]
    with lab.case("group-listed"):
        assert pair[1] in devices(lab)[pair[0]]["group_others"], devices(lab)[pair[0]]
    with lab.case("half-a-group"):
        refuses(lab, [pair[0]], pair[1])
        assert lab.guest.link(f"/sys/bus/pci/devices/{pair[0]}/driver").endswith("/e1000")
    with lab.case("whole-group"):
        lab.guest.do(BYPATH, "bind", *pair, "vfio-pci", limit_s=90)
        assert set(pair) <= set(on_vfio(lab)), on_vfio(lab)
        lab.guest.do(BYPATH, "bind", *pair, "kernel", limit_s=90)
        assert [driver_of(lab, one) for one in pair] == ["e1000"] * 2, [driver_of(lab, one) for one in pair]


def checks(lab, address):
    """check and explain look at the PCI devices that a file names."""
    lab.kernel("v0")
    lab.vfio("e0")
    ini = lab.ini([Port("v0", "dpdk"), Port("e0", "dpdk")])
    with lab.case("check-not-bound"):
        code, output = lab.guest.run(BYPATH, "check", f"/out/{ini.name}")
        assert code and "bypath bind" in output and address["v0"] in output, f"exit code {code}: {output}"
        assert address["e0"] not in output, output
    with lab.case("explain-not-bound"):
        output = lab.guest.do(BYPATH, "explain", f"/out/{ini.name}")
        assert "bypath bind" in output, output
    with lab.case("check-missing"):
        code, output = lab.guest.run(BYPATH, "check", f"/out/{ini.name}", "--set", "port.v0.device=0000:7f:00.0")
        assert code and "0000:7f:00.0" in output, f"exit code {code}: {output}"
    lab.vfio("v0")
    with lab.case("check-bound"):
        lab.guest.do(BYPATH, "check", f"/out/{ini.name}")


def no_iommu(lab, address):
    lab.kernel("v0")
    with lab.case("no-iommu"):
        refuses(lab, [address["v0"]], "IOMMU")
        assert lab.bound_to("v0") == "virtio-pci", lab.bound_to("v0")
    with lab.case("no-iommu-listed"):
        assert devices(lab)[address["v0"]]["iommu_group"] is None, devices(lab)[address["v0"]]
