# What the kernel makes of long skbs in front of AF_XDP's skb mode: one buffer, never fragments.
# SPDX-License-Identifier: BSD-3-Clause
"""skb_pp_cow_data() copies an skb into fragments for programs that take several buffers (Linux 6.9 and later).
An odd length leaves the end of the next skb misaligned, and whoever clones that one ends a machine with
split-lock detection. An emulated one has none: calls of the function are counted."""
import pathlib

import stream
import tracing
from guest import GuestError
from kernel import Missing
from lab import BYPATH, Port

PAIRS = {"virtio": ("v0", "v1"), "e1000e": ("e0", "e1")}
NICS = [nic for pair in PAIRS.values() for nic in pair]
PROGRAM = pathlib.Path(BYPATH).parents[2] / "drivers/af_xdp/bypath_xdp.bpf.o"


def run(lab):
    lab.kernel(*NICS)
    lab.guest.sh("".join(f"ethtool -K {lab.interface(nic)} tso off\n" for nic in PAIRS["e1000e"]))
    try:
        tracing.make_kprobe(lab, "bypath_cow", "skb_pp_cow_data")
    except GuestError:
        with lab.case("no-fragments"):
            raise Missing("this kernel has no skb_pp_cow_data()") from None
        return
    cowed = tracing.Histogram(lab, "kprobes/bypath_cow", "keys=common_pid")
    control(lab, cowed)
    for mtu in (1500, 9000):
        set_mtu(lab, mtu)
        bypath(lab, mtu, cowed)
    set_mtu(lab, 1500)
    cowed.end()


def set_mtu(lab, mtu):
    lab.guest.sh("".join(f"ip link set {lab.interface(nic)} mtu {mtu}\n" for nic in NICS))


def control(lab, cowed):
    """A bridge of the kernel's behind a program that says it takes several buffers: the function is called."""
    a, b = PAIRS["e1000e"]
    names = [lab.interface(nic) for nic in (a, b)]
    with lab.case("control-program-with-fragments"):
        if not PROGRAM.exists():
            raise Missing(f"no {PROGRAM}")
        lab.guest.sh("ip link add br0 type bridge\nip link set br0 up\n"
                     "echo 1 >/proc/sys/net/ipv6/conf/br0/disable_ipv6\n" +
                     "".join(f"ip link set {name} master br0\n"
                             f"ip link set dev {name} xdpgeneric obj {PROGRAM} sec xdp.frags\n" for name in names))
        before = cowed.hits()
        try:
            stream.check(lab.wire(a), lab.wire(b), None)
        finally:
            lab.guest.sh("ip link del br0\n" + "".join(f"ip link set dev {name} xdpgeneric off\n" for name in names))
        assert cowed.hits() > before, "no call was counted: the cases prove nothing"


def bypath(lab, mtu, cowed):
    """A stream that GRO merges comes whole through skb mode, at the MTU of one frame and of several."""
    before = cowed.hits()
    with lab.forward(*(Port(nic, "af_xdp", mode="skb") for nic in NICS)) as run:
        for kind, (a, b) in PAIRS.items():
            with lab.case(f"{kind}-mtu-{mtu}-gro-stream"):
                run.ready()
                stream.check(lab.wire(a), lab.wire(b), lab.guest.by_name[a].mac)
    with lab.case(f"mtu-{mtu}-no-fragments"):
        assert cowed.hits() == before, f"{cowed.hits() - before} skbs were copied into fragments"
    with lab.case(f"mtu-{mtu}-adds-up"):
        run.adds_up()
