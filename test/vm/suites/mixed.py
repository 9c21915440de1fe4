# A kernel backend on one NIC, a poll-mode driver on the other.
# SPDX-License-Identifier: BSD-3-Clause
from lab import Port

# Kernel side: NIC, driver, mode; PMD's NIC; copies of bypath's each way: none where the PMD sends and fills frames of
# the arena, one between a packet socket's ring and mbufs.
PAIRS = {
    "af_xdp-native-to-e1000e": ("v0", "af_xdp", "copy", "e1", 0),
    "af_xdp-skb-to-vmxnet3": ("e0", "af_xdp", "skb", "x1", 0),
    "af_packet-mmap-to-virtio": ("x0", "af_packet", "mmap", "v1", 1),
}
# What an mbuf's data needs.
CHUNKS = {"memory": {"frame_bytes": "4096"}}


def run(lab):
    lab.kernel(*(nic for nic, *_ in PAIRS.values()))
    lab.vfio(*(path[3] for path in PAIRS.values()))
    ports = []
    for nic, driver, mode, pmd, _ in PAIRS.values():
        ports += [Port(nic, driver, mode=mode), Port(pmd, "dpdk")]
    with lab.forward(*ports, sections=CHUNKS) as run:
        for what, (nic, _, _, pmd, _) in PAIRS.items():
            with lab.case(what):
                run.exchange(nic, pmd, per_flow=True)
    with lab.case("adds-up"):
        run.adds_up()
    for what, (nic, _, _, pmd, expected) in PAIRS.items():
        with lab.case(what + "-copies"):
            for name in (nic, pmd):
                n_pkts, n_copies = run.copies(name)
                assert n_pkts > 0 and n_copies == expected * n_pkts, run.path(name)["counted"]
