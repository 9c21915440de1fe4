# Which suites share a boot, and the machine that each boot needs.
# SPDX-License-Identifier: BSD-3-Clause
import contextlib
import dataclasses
import pathlib

from count import CLOCK, ICOUNT
from guest import QDISC, Bus, Nic, emulator
from kernel import run

LANE = "6.12"
VIRTIO = "virtio-net-pci,disable-legacy=on,iommu_platform=on,ats=on"


def pairs(*, taps=False):
    """Two NICs of each kind that PMDs and kernel drivers of every distribution know."""
    nics = [Nic("v0", VIRTIO), Nic("v1", VIRTIO), Nic("e0", "e1000e"), Nic("e1", "e1000e"),
            Nic("x0", "vmxnet3"), Nic("x1", "vmxnet3")]
    if taps:
        # Behind a tap QEMU offers checksum offload, and with it scatter-gather.
        nics += [Nic("t0", VIRTIO, tap="tap0"), Nic("t1", VIRTIO, tap="tap1")]
    return nics


def has_igb():
    """QEMU has it from version 8 on."""
    return b'"igb"' in run(emulator(), "-device", "help")


def followed():
    """Two NICs of each kind, those whose link QEMU cuts among them."""
    return pairs() + ([Nic("i0", "igb"), Nic("i1", "igb")] if has_igb() else [])


def reloaded():
    """Two NICs of kinds that have zero-copy on some kernel, and of one that has none, each behind a tap; two others."""
    kinds = {"v": VIRTIO, "e": "e1000e"}
    if has_igb():
        kinds["i"] = "igb"
    return [Nic(kind + end, device, tap=f"tap-{kind}{end}") for kind, device in kinds.items() for end in "01"] + [
        Nic("x0", "vmxnet3"), Nic("x1", "vmxnet3")]


def far_pairs():
    """Two NICs of each kind on node 1; two on node 0."""
    near, far = Bus("near", 0x20, node=0), Bus("far", 0x40, node=1)
    return [Nic("v0", VIRTIO, bus=far), Nic("v1", VIRTIO, bus=far), Nic("e0", "e1000e", bus=far),
            Nic("e1", "e1000e", bus=far), Nic("n0", VIRTIO, bus=near), Nic("n1", VIRTIO, bus=near)]


@dataclasses.dataclass
class Boot:
    """nics: makes the list; machine: further arguments of Guest; word: what selects the whole boot. Its suites'
    check(options), where they have one, raises Missing before the boot."""

    name: str
    suites: tuple
    nics: callable
    lane: str = LANE
    machine: dict = dataclasses.field(default_factory=dict)
    word: str = ""

    @contextlib.contextmanager
    def prepared(self):
        """The NICs, their tap interfaces made; these go afterwards."""
        nics = self.nics()
        taps = [nic for nic in nics if nic.tap]
        # The host's kernel says nothing of its own there, where it has IPv6.
        quiet = pathlib.Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
        if quiet.exists():
            quiet.write_text("1", encoding="ascii")
        for nic in taps:
            words = ["multi_queue"] if nic.queues > 1 else []
            ip("tuntap", "add", "dev", nic.tap, "mode", "tap", "vnet_hdr", *words)
            ip("link", "set", nic.tap, "up")
            run("tc", "qdisc", "replace", "dev", nic.tap, "root", QDISC)
        try:
            yield nics
        finally:
            for nic in taps:
                ip("link", "del", nic.tap)


def ip(*words):
    """Missing with what it says when it fails."""
    run("ip", *words)


def pairs_and_taps():
    return pairs(taps=True)


def none():
    """Namespaces and veth pairs in the guest are enough."""
    return []


def queues():
    """Two receive queues each, behind taps with two queues."""
    return [Nic(name, VIRTIO + ",mq=on,vectors=10", tap=f"tap{n}", queues=4) for n, name in enumerate(("t0", "t1"))]


def wired():
    """Four NICs, wired to each other in pairs: g0 to w0, g1 to w1."""
    return [Nic("g0", VIRTIO, wired_to="w0"), Nic("g1", VIRTIO, wired_to="w1"),
            Nic("w0", VIRTIO, wired_to="g0"), Nic("w1", VIRTIO, wired_to="g1")]


def hubs():
    """Pairs that hand each other frames within the instruction that sends them; virtio-net, which would leave
    that to another thread, after so many ns of the guest's own time."""
    virtio = VIRTIO + ",tx=timer,x-txtimer=10000,ioeventfd=off"
    return [Nic(name + end, device, hub=hub) for hub, (name, device) in
            enumerate((("v", virtio), ("e", "e1000e"), ("x", "vmxnet3"))) for end in "01"]


def counting(**machine):
    """A machine whose clock counts instructions. One processor: another one's would count as well."""
    return {"smp": 1, "extra": ICOUNT, "append": CLOCK, "qdisc": "", "boot_limit_s": 1500, "limit_s": 3000, **machine}


def shared_group():
    """QEMU's words for two NICs in one IOMMU group: behind a PCI bridge."""
    words = ["-device", "pcie-root-port,id=rps,chassis=30,slot=30", "-device", "pcie-pci-bridge,id=bridge,bus=rps"]
    for slot in (1, 2):
        words += ["-netdev", f"hubport,id=s{slot},hubid={slot}", "-device",
                  f"e1000,netdev=s{slot},bus=bridge,addr={slot}"]
    return words


BOOTS = [
    Boot("nics", ("kernel", "fragments", "odd-lengths", "copies", "copies-pmd", "mixed", "pmd"), pairs_and_taps, machine={"limit_s": 800}),
    Boot("life", ("life",), pairs),
    Boot("arena", ("arena",), pairs, machine={"limit_s": 800}),
    Boot("tunnels", ("tunnels", "encap"), pairs, machine={"limit_s": 900}),
    Boot("drops", ("drops",), none, machine={"limit_s": 1800}),
    Boot("probe", ("probe",), none, machine={"limit_s": 900}),
    Boot("switch", ("switch",), none, machine={"limit_s": 900}),
    Boot("switch-nics", ("switch-nics",), pairs_and_taps, machine={"limit_s": 600}),
    Boot("queues", ("queues",), queues, machine={"smp": 3}),
    Boot("wired", ("compare",), wired, machine={"smp": 3, "limit_s": 600}),
    Boot("bind", ("bind",), pairs, machine={"behind": shared_group()}),
    Boot("no-iommu", ("bind",), pairs, machine={"iommu": False}),
    Boot("zero-copy", ("zero-copy",), pairs, lane="newest"),
    Boot("reload", ("reload",), reloaded, lane="newest", machine={"limit_s": 900}),
    Boot("follow", ("follow",), followed, machine={"limit_s": 900}),
    Boot("clock", ("clock",), none, machine={"limit_s": 600}),
    Boot("numa", ("numa",), far_pairs, machine={"smp": 6, "nodes": 2}),
    Boot("icount", ("icount",), hubs, machine=counting()),
    Boot("icount-zero-copy", ("icount-zero-copy",), hubs, lane="newest", machine=counting(), word="icount"),
    Boot("icount-gate", ("icount-gate",), hubs, machine=counting(boot_limit_s=300, limit_s=800)),
]
# Suites that are other suites on other kernels.
KERNELS = "kernels"
BOOTS += [dataclasses.replace(BOOTS[0], name=f"nics-{lane}", lane=lane, word=KERNELS) for lane in ("6.1", "newest")]
BOOTS += [Boot(f"drops-{lane}", ("drops",), none, lane=lane, machine={"limit_s": 1800}, word=KERNELS)
          for lane in ("6.1", "newest")]


def names():
    return list(dict.fromkeys(suite for boot in BOOTS if not boot.word for suite in boot.suites)) + [KERNELS]


def listing():
    return "\n".join(f"{boot.word or suite:10} boot {boot.name}, kernel {boot.lane}"
                     + (f": {suite}" if boot.word else "") for boot in BOOTS for suite in boot.suites)


def select(words, lane):
    """The boots that the suites named need, with these suites only. ValueError for other names."""
    unknown = [word for word in words if word != "all" and word not in names()]
    if unknown:
        raise ValueError(f"no suite {', '.join(unknown)}; there are: all {' '.join(names())}")
    wanted = []
    for boot in BOOTS:
        suites = tuple(suite for suite in boot.suites if (boot.word or suite) in words or "all" in words)
        found = dataclasses.replace(boot, suites=suites, lane=lane or boot.lane)
        # On one kernel, other kernels' boots are the same once more.
        if suites and not any((other.nics, other.suites, other.lane, other.machine) ==
                              (found.nics, found.suites, found.lane, found.machine) for other in wanted):
            wanted.append(found)
    return wanted
