# [forward] link = follow on the drivers of NICs: a link that is lost on one side is taken down on the other.
# SPDX-License-Identifier: BSD-3-Clause
"""The wire of a NIC is cut and mended by QEMU's monitor. No wire of QEMU's tells its other end what a NIC does with its PHY: what a
neighbour would see is read in the NIC, where it has a register for that (e1000e, igb: it receives nothing); else the guest's
interface must be down. What a PMD was asked for is its own word."""
import re

from guest import GuestError
from kernel import Missing
from lab import Port

FOLLOW = {"engine": {"name": "follow"}}
RCTL, RCTL_ENABLE = 0x100, 1 << 1
INTEL = ("e0", "e1", "i0", "i1")
# The side that loses its link, the other one. A guest's NIC's host may tell nobody: warned of.
KERNEL = {"virtio-to-e1000e": ("v0", "e0"), "virtio-to-vmxnet3": ("v1", "x0"), "vmxnet3-to-virtio": ("x0", "v1"),
          "e1000e-to-virtio": ("e0", "v0"), "virtio-to-igb": ("v0", "i0"), "igb-to-igb": ("i0", "i1")}
MODES = {"af_packet": {"driver": "af_packet", "mode": "mmap"}, "af_xdp": {"driver": "af_xdp", "mode": "skb"}}
DEAF = ("v0", "v1", "x0", "x1")
PMDS = {"virtio": ("v0", "v1"), "e1000e": ("e0", "e1"), "vmxnet3": ("x0", "x1"), "igb": ("i0", "i1")}
WITH_LINK_DOWN = ("igb",)  # PMDs that can take a link down


def run(lab):
    nics = list(lab.guest.by_name)
    lab.kernel(*nics)
    lab.guest.sh("".join(f"ethtool -L {lab.interface(nic)} combined 1\n" for nic in nics if nic in PMDS["igb"]))
    for what, pair in KERNEL.items():
        for mode, keys in MODES.items():
            with lab.case(f"{what}-{mode}-starts"):
                are_there(lab, pair)
            if all(nic in lab.guest.by_name for nic in pair):
                kernel(lab, f"{what}-{mode}", pair, keys)
    for kind, pair in PMDS.items():
        with lab.case(f"{kind}-pmd-starts"):
            are_there(lab, pair)
        if pair[0] in lab.guest.by_name:
            lab.vfio(*pair)
            (pmd if kind in WITH_LINK_DOWN else pmd_refused)(lab, f"{kind}-pmd", pair)


def are_there(lab, pair):
    if not all(nic in lab.guest.by_name for nic in pair):
        raise Missing("this QEMU has no igb")


def forward(lab, ports):
    ini = lab.ini(ports, FOLLOW)
    ini.write_text(ini.read_text().replace("[forward]\n", "[forward]\nlink = follow\n"))
    return lab.run(ini)


def tells(lab, nic):
    """Does the NIC's driver in the guest see that its wire is cut? Without bypath."""
    lab.settled(nic)
    path = f"/sys/class/net/{lab.interface(nic)}/carrier"
    lab.guest.set_link(nic, False)
    try:
        lab.guest.until(f"{nic} without carrier", lambda: lab.guest.read(path).strip() == "0", 10)
    except GuestError:
        return False
    finally:
        lab.guest.set_link(nic, True)
        lab.settled(nic)
    return True


def is_up(lab, nic):
    return bool(int(lab.guest.read(f"/sys/class/net/{lab.interface(nic)}/flags"), 16) & 1)


def register(lab, nic, at):
    """Of the NIC itself, as QEMU has it."""
    begin = int(lab.guest.read(lab.device(nic) + "/resource").split()[0], 16)
    return int(re.search(r": (0x[0-9a-f]+)", lab.guest.monitor(f"xp /1wx {begin + at:#x}"))[1], 16)


def is_deaf(lab, nic):
    """Does the NIC receive nothing?"""
    return not register(lab, nic, RCTL) & RCTL_ENABLE


def kernel(lab, what, pair, keys):
    lost, other = pair
    with lab.case(f"{what}-control"):
        if not tells(lab, lost):
            raise Missing(f"{lab.bound_to(lost)} keeps its carrier when QEMU cuts its wire")
    if not tells(lab, lost):
        return
    driver, mode = keys["driver"], keys["mode"]
    with forward(lab, [Port(nic, driver, mode=mode) for nic in pair]) as run:
        with lab.case(f"{what}-warned-of"):
            run.ready()
            for nic in pair:
                assert (f"port {nic}: [forward] link = follow: " in run.process.output) == (nic in DEAF), run.process.output
        carried(lab, run, what, pair, lambda: not is_up(lab, other) and (other not in INTEL or is_deaf(lab, other)))
    with lab.case(f"{what}-adds-up"):
        run.adds_up()


def carried(lab, run, what, pair, is_down=None):
    """Cut, the other side goes down; mended, it comes back, and frames pass."""
    lost, other = pair
    with lab.case(f"{what}-lost"):
        run.exchange(lost, other, n=50, per_flow=True)
        lab.guest.set_link(lost, False)
        run.until_said(f"port {other}", "is taken down, as port " + lost)
        if is_down:
            lab.guest.until(f"{other} down", is_down, 5)
    with lab.case(f"{what}-back"):
        before = run.n_lines()
        lab.guest.set_link(lost, True)
        run.until_said(f"port {other}", "is let go, as port " + lost, since=before)
        if is_down:
            lab.guest.until(f"{other} up", lambda: not is_down(), 5)
        run.exchange(lost, other, n=50, per_flow=True)


def pmd(lab, what, pair):
    with forward(lab, [Port(nic, "dpdk") for nic in pair]) as run:
        for way, sides in (("", pair), ("-other-way", pair[::-1])):
            carried(lab, run, what + way, sides)
    with lab.case(f"{what}-adds-up"):
        run.adds_up()


def pmd_refused(lab, what, pair):
    """Its PMD has no way to take a link down: said at the start, instead of a loss that is carried to nobody."""
    with forward(lab, [Port(nic, "dpdk") for nic in pair]) as run:
        pass
    with lab.case(f"{what}-refused"):
        run.refused("link = follow", "its driver cannot take the link of this device down")
