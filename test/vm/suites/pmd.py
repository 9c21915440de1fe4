# Poll-mode drivers on vfio-pci, behind the virtual IOMMU, on hugepages, by PCI address.
# SPDX-License-Identifier: BSD-3-Clause
from guest import GuestError
from lab import Port
from wire import Frames

PAIRS = {"virtio": ("v0", "v1"), "e1000e": ("e0", "e1"), "vmxnet3": ("x0", "x1")}
NICS = [nic for pair in PAIRS.values() for nic in pair]
PMDS = {"virtio": "net_virtio", "e1000e": "net_e1000_em", "vmxnet3": "net_vmxnet3"}
JUMBO = Frames(sizes=(60, 1514, 1515, 2048, 4096, 8999, 9014))
TESTPMD = "/usr/bin/dpdk-testpmd"


def ports(**keys):
    return [Port(nic, "dpdk", **keys) for nic in NICS]


def run(lab):
    lab.vfio(*NICS)
    forwarding(lab, "io", {}, Frames())
    forwarding(lab, "macswap", {"engine": {"mode": "macswap"}}, Frames(), macswap=True)
    forwarding(lab, "jumbo", {}, JUMBO, mtu=9000, ring_size=512)
    control(lab, "control-testpmd", Frames())
    control(lab, "control-testpmd-jumbo", JUMBO, "--max-pkt-len=9018", "--mbuf-size=9728",
            "--tx-offloads=0x8000", "--total-num-mbufs=8192")


def forwarding(lab, what, sections, frames, macswap=False, **keys):
    """bypath on all three kinds at once: a pair each."""
    with lab.forward(*ports(**keys), sections=sections) as run:
        for kind, (a, b) in PAIRS.items():
            with lab.case(f"{kind}-{what}"):
                run.exchange(a, b, frames, macswap=macswap)
    with lab.case(f"{what}-adds-up"):
        run.adds_up()
    if what == "io":
        facts(lab, run)


def facts(lab, run):
    """What the report says of the PMDs: their names, no copies, no crossings, hugepages."""
    for kind, (a, _) in PAIRS.items():
        with lab.case(f"{kind}-report"):
            port = run.port(a)
            assert port["device_driver"] == PMDS[kind], port
            path = run.path(a)
            assert path["counted"]["user_copies"] == 0, path["counted"]
            assert path["counted"]["crossings"] == 0, path["counted"]
            assert path["modelled"]["kernel_copies"] == {"lo": 0, "hi": 0}, path["modelled"]
    with lab.case("vmxnet3-copies-of-its-own"):
        # Up to 128 bytes go through the PMD's data rings: TX's always, RX's from device version 3 on.
        modelled = run.path("x0")["modelled"]
        assert modelled["user_copies_in_libraries"] == {"lo": 0, "hi": 2}, modelled
    with lab.case("hugepages"):
        assert run.report["arena"]["page_bytes"] == 2 << 20, run.report["arena"]


def control(lab, what, frames, *words):
    """dpdk-testpmd between the same NICs, on the same frames."""
    allow = [word for nic in NICS for word in ("-a", lab.guest.by_name[nic].address)]
    process = lab.guest.begin(TESTPMD, "-l", "0,1", "-n", "1", "--in-memory", "-m", "256", *allow, "--",
                              "--forward-mode=io", "--port-topology=paired", "--stats-period=1",
                              "--total-num-mbufs=16384", *words)
    try:
        process.until("Port statistics", 60)
        problem = ""
    except GuestError as error:
        problem = str(error)
    for kind, (a, b) in PAIRS.items():
        with lab.case(f"{kind}-{what}"):
            assert not problem, problem
            lab.pass_all(a, b, frames, 300)
    process.stop(2)
