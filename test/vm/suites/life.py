# Links that go down and come back, NICs that are unplugged and plugged in again, under traffic.
# SPDX-License-Identifier: BSD-3-Clause
"""Of two pairs one loses its far NIC, the other goes on. What is lost meanwhile is lost at the host's
end, and must have a name in bypath's report: received here = sent there + dropped there."""
from lab import Port

KINDS = {"virtio": ("v0", "v1"), "e1000e": ("e0", "e1"), "vmxnet3": ("x0", "x1")}
# What forwards → driver, mode, kinds: each kind's far NIC goes, the others stay.
MODES = {
    "af_packet-mmap": ("af_packet", "mmap", ("virtio", "e1000e", "vmxnet3")),
    "af_xdp-native": ("af_xdp", "copy", ("virtio", "vmxnet3")),
    "pcap-live": ("pcap", "live", ("virtio",)),
    "pmd": ("dpdk", None, ("virtio", "e1000e", "vmxnet3")),
}
LOST = 50


def run(lab):
    for what, (driver, mode, kinds) in MODES.items():
        for kind in kinds:
            bind(lab, driver)
            # QEMU 7.2's e1000e keeps its carrier under the kernel's driver.
            if kind != "e1000e" or driver == "dpdk":
                listed, other = ports(kind, driver, mode)
                link(lab, f"{kind}-{what}", KINDS[kind], listed, other)
            unplug(lab, f"{kind}-{what}", driver, mode, kind)


def bind(lab, driver):
    nics = [nic for pair in KINDS.values() for nic in pair]
    if driver == "dpdk":
        lab.vfio(*nics)
    else:
        lab.kernel(*nics)


def ports(kind, driver, mode):
    """The kind's pair, and one of another kind."""
    other = "virtio" if kind == "vmxnet3" else "vmxnet3"
    return [Port(nic, driver, mode=mode) for nic in KINDS[kind] + KINDS[other]], KINDS[other]


def exchange(run, a, b):
    return run.exchange(a, b, n=100, per_flow=True)


def link(lab, what, pair, listed, other=None):
    """The far link of a pair goes down, 50 frames are sent towards it, another pair goes on, it comes back."""
    a, b = pair
    lost = {"sent": 0, "received": 0}  # towards what is not there
    with lab.forward(*listed) as run:
        with lab.case(f"{what}-link-back"):
            exchange(run, a, b)
            before = run.n_lines()  # a NIC may have had no link at the start
            lab.guest.set_link(b, False)
            try:
                run.until_said(f"port {b}", "is down", since=before)
                lost = send_away(run, a, b)
                if other:
                    exchange(run, *other)
            finally:
                lab.guest.set_link(b, True)
            exchange(run, a, b)
    with lab.case(f"{what}-link-loss-named"):
        all_named(run, b, lost)
    with lab.case(f"{what}-link-adds-up"):
        run.adds_up()


def send_away(run, a, b):
    """Frames towards what is not there: how many were sent, how many came all the same."""
    return run.count(a, b, n=LOST, ways=1, probe_s=0, stall_s=0.5)[0]


def all_named(run, b, lost):
    """What the host sent, less what it received, must have a name."""
    dropped = sum(sum(queue["counted"]["drops"].values()) for queue in run.port(b)["tx_queues"])
    nameless = lost["sent"] - lost["received"] - dropped
    assert lost["sent"] == LOST and nameless <= 0, f"of {LOST} frames towards what was away {nameless} have no name"


def unplug(lab, what, driver, mode, kind):
    """The far NIC is unplugged; the other pair goes on; it is plugged in again."""
    a, b = KINDS[kind]
    listed, other = ports(kind, driver, mode)
    lost = {"sent": 0, "received": 0}
    with lab.forward(*listed) as run:
        with lab.case(f"{what}-unplugged"):
            exchange(run, a, b)
            lab.guest.unplug(b)
            lab.guest.until(f"{b} let go", lambda: not lab.guest.is_plugged(b), 15)
            run.until_said(f"port {b}", "is gone")
            lost = send_away(run, a, b)
            exchange(run, *other)
        with lab.case(f"{what}-plugged-in-again"):
            assert not lab.guest.is_plugged(b), f"{b} was not let go"
            plug(lab, b)
            bind(lab, driver)
            exchange(run, a, b)
    with lab.case(f"{what}-unplug-loss-named"):
        all_named(run, b, lost)
    with lab.case(f"{what}-unplug-adds-up"):
        run.adds_up()
    restore(lab, b)


def plug(lab, nic):
    lab.guest.plug(nic)
    lab.guest.until(f"{nic} found", lambda: bool(lab.guest.link(lab.device(nic))), 20)


def restore(lab, nic):
    """The next case finds the NIC there: one that was in use until now is let go first."""
    if lab.guest.link(lab.device(nic)) and not lab.guest.is_leaving(nic):
        return
    lab.guest.until(f"{nic} let go", lambda: not lab.guest.is_plugged(nic), 20)
    plug(lab, nic)
