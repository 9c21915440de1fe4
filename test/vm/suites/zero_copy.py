# AF_XDP zero-copy on virtio_net (Linux 6.13 and later), alone, with a copying port, with a PMD.
# SPDX-License-Identifier: BSD-3-Clause
from kernel import Missing
from lab import Port

FIRST = (6, 13)


def run(lab):
    if tuple(map(int, lab.guest.kernel.version.split("-")[0].split("+")[0].split(".")[:2])) < FIRST:
        raise Missing(f"virtio_net of Linux {lab.guest.kernel.version} has no zero-copy")
    zerocopy = {"mode": "zerocopy", "strict": "yes"}
    lab.kernel("v0", "v1", "x0")
    forwarding(lab, "virtio-both", Port("v0", "af_xdp", **zerocopy), Port("v1", "af_xdp", **zerocopy), 0)
    forwarding(lab, "virtio-copying-port", Port("v0", "af_xdp", **zerocopy),
               Port("x0", "af_xdp", mode="copy", queues="2"), 0)
    forwarding(lab, "virtio-af_packet", Port("v0", "af_xdp", **zerocopy), Port("x0", "af_packet"), None)
    lab.vfio("e1")
    forwarding(lab, "virtio-pmd", Port("v0", "af_xdp", **zerocopy), Port("e1", "dpdk"), 1)


def forwarding(lab, what, a, b, user_copies):
    """user_copies: per packet from a to b; None: not looked at."""
    with lab.forward(a, b) as run:
        with lab.case(what):
            run.exchange(a.nic, b.nic, per_flow=True)
    with lab.case(f"{what}-mode"):
        assert run.port(a.nic)["mode"] == "native-zerocopy", run.port(a.nic)
        rx = next(hop for hop in run.path(a.nic)["hops"] if hop["side"] == "rx")
        assert rx["kernel_copies"]["value"] == {"lo": 0, "hi": 0}, rx
    if user_copies is not None:
        with lab.case(f"{what}-copies"):
            counted = run.path(a.nic)["counted"]
            assert counted["user_copies"] == user_copies * counted["packets_out"], counted
    with lab.case(f"{what}-adds-up"):
        run.adds_up()
