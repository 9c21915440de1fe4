# Several receive queues: virtio behind a tap with as many, two workers.
# SPDX-License-Identifier: BSD-3-Clause
from lab import Port

PAIR = ("t0", "t1")
FRAMES = 2000
ENGINE = {"engine": {"workers": "2"}}
MODES = {"af_xdp-native": ("af_xdp", "copy"), "af_xdp-skb": ("af_xdp", "skb"), "pmd": ("dpdk", None)}


def run(lab):
    for what, (driver, mode) in MODES.items():
        if driver == "dpdk":
            lab.vfio(*PAIR)
        else:
            for interface in lab.kernel(*PAIR):
                lab.guest.do("ethtool", "-L", interface, "combined", "2")
        spread(lab, what, [Port(nic, driver, queues="2", mode=mode) for nic in PAIR])
    refused(lab)


def spread(lab, what, ports):
    """Flows spread over both queues and both workers, each in order; nothing is lost."""
    with lab.forward(*ports, sections=ENGINE) as run:
        with lab.case(f"{what}-order-per-flow"):
            run.exchange(*PAIR, n=FRAMES, per_flow=True)
    with lab.case(f"{what}-spread"):
        for name in PAIR:
            got = [queue["counted"]["packets"] for queue in run.port(name)["rx_queues"]]
            assert len(got) == 2 and min(got) > 0, f"{name}: packets per queue {got}"
    with lab.case(f"{what}-both-workers"):
        workers = {queue["worker"] for name in PAIR for queue in run.port(name)["rx_queues"]}
        assert workers == {0, 1}, workers
    with lab.case(f"{what}-adds-up"):
        run.adds_up()


def refused(lab):
    """Fewer queues than the device has would lose flows: said, with the remedy."""
    lab.kernel(*PAIR)
    with lab.forward(*[Port(nic, "af_xdp", mode="skb") for nic in PAIR]) as run:
        pass
    with lab.case("af_xdp-one-of-two-refused"):
        assert "receive queues" in run.problem and "combined 1" in run.problem, run.problem or "it starts"
