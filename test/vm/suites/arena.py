# Frames of the arena through poll-mode drivers of real NICs, AF_XDP at the other end: no copy, and all come back.
# SPDX-License-Identifier: BSD-3-Clause
from lab import Port
from suites import life
from wire import Frames

# What AF_XDP has of a NIC, and the PMD's NIC at the other end.
PATHS = {"virtio": (("x0", {"mode": "copy"}), "v1"), "e1000e": (("v0", {"mode": "copy"}), "e1"),
         "vmxnet3": (("e0", {"mode": "skb"}), "x1")}
# An mbuf's data room of 2 KiB needs them.
CHUNKS = {"memory": {"frame_bytes": "4096"}}
# More than is in all rings together, so that each frame that went the wrong way would be missed.
LONG = 6000


def ends(kind):
    (a, keys), b = PATHS[kind]
    return Port(a, "af_xdp", **keys), Port(b, "dpdk")


def run(lab):
    lab.kernel(*(path[0][0] for path in PATHS.values()))
    lab.vfio(*(path[1] for path in PATHS.values()))
    both_ways(lab, "chunks-of-4096", CHUNKS, 0)
    both_ways(lab, "chunks-of-2048", None, 1)
    both_ways(lab, "small-arena", {"memory": {"frame_bytes": "4096", "frames": "4096"}}, 1, tx_copies=1)
    for kind in PATHS:
        a, b = ends(kind)
        other = ends("virtio" if kind == "vmxnet3" else "vmxnet3")
        life.link(lab, kind, (a.nic, b.nic), [a, b, *other], [port.nic for port in other])
        unplug(lab, kind, a, b, other)


def both_ways(lab, what, sections, rx_copies, tx_copies=0):
    """All three at once; user copies per packet that a PMD receives, and that it sends."""
    listed = [port for kind in PATHS for port in ends(kind)]
    ini = lab.ini(listed, sections)
    with lab.run(ini) as run:
        for kind in PATHS:
            a, b = ends(kind)
            with lab.case(f"{kind}-{what}"):
                run.exchange(a.nic, b.nic, Frames(), per_flow=True)
                if what == "chunks-of-4096":
                    run.exchange(a.nic, b.nic, Frames((60,)), n=LONG, per_flow=True)
    if tx_copies:
        with lab.case(f"{what}-note"):
            assert "[memory] frames = 16384 would spare that" in run.port("e1")["note"], run.port("e1")["note"]
    for kind in PATHS:
        a, b = ends(kind)
        for port, expected in ((a.nic, tx_copies), (b.nic, rx_copies)):
            with lab.case(f"{kind}-{what}-copies-from-{port}"):
                n_pkts, n_copies = run.copies(port)
                path = run.path(port)
                assert n_copies == expected * n_pkts, (path["counted"], run.port(b.nic)["note"])
                modelled = path["modelled"]["user_copies_by_bypath"]
                assert modelled == {"lo": expected, "hi": expected}, modelled
    with lab.case(f"{what}-adds-up"):
        run.adds_up()


def unplug(lab, kind, a, b, other):
    """The PMD's NIC is unplugged with frames of the arena in its rings; the others go on; it is plugged in again."""
    with lab.forward(a, b, *other, sections=CHUNKS) as run:
        with lab.case(f"{kind}-unplugged"):
            life.exchange(run, a.nic, b.nic)
            lab.guest.unplug(b.nic)
            lab.guest.until(f"{b.nic} let go", lambda: not lab.guest.is_plugged(b.nic), 15)
            run.until_said(f"port {b.nic}", "is gone")
            lost = life.send_away(run, a.nic, b.nic)
            life.exchange(run, *(port.nic for port in other))
        with lab.case(f"{kind}-plugged-in-again"):
            life.plug(lab, b.nic)
            lab.vfio(b.nic)
            life.exchange(run, a.nic, b.nic)
    with lab.case(f"{kind}-unplug-loss-named"):
        life.all_named(run, b.nic, lost)
    with lab.case(f"{kind}-unplug-adds-up"):
        run.adds_up()
    with lab.case(f"{kind}-unplug-copies"):
        for port in (a.nic, b.nic):
            assert run.copies(port)[1] == 0, run.path(port)["counted"]
    life.restore(lab, b.nic)
