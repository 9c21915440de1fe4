# AF_XDP zero-copy on virtio_net (Linux 6.13 and later), alone, with a copying port, with a PMD.
# SPDX-License-Identifier: BSD-3-Clause
from kernel import Missing
from lab import Port
from suites import life
from wire import Frames

FIRST = (6, 13)
CHUNKS = {"memory": {"frame_bytes": "4096"}}


def run(lab):
    if lab.guest.kernel.numbers < FIRST:
        raise Missing(f"virtio_net of Linux {lab.guest.kernel.version} has no zero-copy")
    zerocopy = {"mode": "zerocopy", "strict": "yes"}
    lab.kernel("v0", "v1", "x0")
    forwarding(lab, "virtio-both", Port("v0", "af_xdp", **zerocopy), Port("v1", "af_xdp", **zerocopy), 0)
    forwarding(lab, "virtio-copying-port", Port("v0", "af_xdp", **zerocopy), Port("x0", "af_xdp", mode="copy"), 0)
    forwarding(lab, "virtio-af_packet", Port("v0", "af_xdp", **zerocopy), Port("x0", "af_packet"), None)
    chunks(lab, Port("v0", "af_xdp", **zerocopy), Port("v1", "af_xdp", **zerocopy))
    life.link(lab, "virtio", ("v0", "v1"), [Port("v0", "af_xdp", **zerocopy), Port("v1", "af_xdp", **zerocopy)])
    for kind, nic in (("e1000e", "e1"), ("virtio", "v1")):
        lab.vfio(nic)
        pmd(lab, f"pmd-{kind}", Port("v0", "af_xdp", **zerocopy), Port(nic, "dpdk"))


def pmd(lab, what, a, b):
    """A PMD at the other end: nobody copies a byte, neither bypath nor the kernel, either way."""
    with lab.run(lab.ini([a, b], CHUNKS), options=("--probe",)) as run:
        with lab.case(what):
            run.exchange(a.nic, b.nic, Frames(), per_flow=True)
    for port in (a.nic, b.nic):
        with lab.case(f"{what}-copies-from-{port}"):
            path = run.path(port)
            assert path["counted"]["packets_out"] and not path["counted"]["user_copies"], path["counted"]
            assert path["probed"]["is_all"] and not path["probed"]["kernel_copies"], path["probed"]
            assert path["modelled"]["kernel_copies"] == {"lo": 0, "hi": 0}, path["modelled"]
            assert path["modelled"]["user_copies_by_bypath"] == {"lo": 0, "hi": 0}, path["modelled"]
    with lab.case(f"{what}-adds-up"):
        run.adds_up()


def set_mtu(lab, mtu):
    for nic in ("v0", "v1"):
        lab.guest.do("ip", "link", "set", lab.interface(nic), "mtu", mtu)


def chunks(lab, a, b):
    """An MTU that does not fit a chunk: the kernel refuses the bind, the error names what helps, and it helps."""
    interface = lab.interface(a.nic)
    for mtu, said in ((1767, f"zero-copy does not carry MTU 1767 in one chunk of 2048 bytes: set [memory] frame_bytes = "
                             f"4096, or run `ip link set dev {interface} mtu 1766`"),
                      (3000, f"the driver of {interface} has no zero-copy, or none for packets of several frames, which "
                             "MTU 3000 needs in frames of 2048 bytes (4096 hold up to MTU 3814)")):
        set_mtu(lab, mtu)
        with lab.case(f"mtu-{mtu}-refused"), lab.forward(a, b) as run:
            assert said in run.problem, run.problem or "it runs"
        with lab.case(f"mtu-{mtu}-falls-back"), lab.forward(Port("v0", "af_xdp"), Port("v1", "af_xdp")) as run:
            run.ready()
        with lab.case(f"mtu-{mtu}-note"):
            assert run.port("v0")["mode"] == "native-copy" and said in run.port("v0")["note"], run.port("v0")
        forwarding(lab, f"mtu-{mtu}-chunks-of-4096", a, b, 0, CHUNKS, (60, 1514, mtu + 14))
    set_mtu(lab, 1766)
    forwarding(lab, "mtu-1766", a, b, 0, sizes=(60, 1514, 1780))
    set_mtu(lab, 1500)


def forwarding(lab, what, a, b, user_copies, sections=None, sizes=Frames.sizes):
    """user_copies: per packet from a to b; None: not looked at."""
    with lab.forward(a, b, sections=sections) as run:
        with lab.case(what):
            run.exchange(a.nic, b.nic, Frames(sizes), per_flow=True)
    with lab.case(f"{what}-mode"):
        assert run.port(a.nic)["mode"] == "native-zerocopy", run.port(a.nic)
        rx = next(hop for hop in run.path(a.nic)["hops"] if hop["side"] == "rx")
        assert rx["kernel_copies"]["value"] == {"lo": 0, "hi": 0}, rx
    if user_copies is not None:
        with lab.case(f"{what}-copies"):
            n_pkts, n_copies = run.copies(a.nic)
            assert n_copies == user_copies * n_pkts, run.path(a.nic)["counted"]
    with lab.case(f"{what}-adds-up"):
        run.adds_up()
