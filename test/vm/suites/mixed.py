# A kernel backend on one NIC, a poll-mode driver on the other.
# SPDX-License-Identifier: BSD-3-Clause
from lab import Port

# Kernel side: NIC, driver, mode; PMD's NIC.
PAIRS = {
    "af_xdp-native-to-e1000e": ("v0", "af_xdp", "copy", "e1"),
    "af_xdp-skb-to-vmxnet3": ("e0", "af_xdp", "skb", "x1"),
    "af_packet-mmap-to-virtio": ("x0", "af_packet", "mmap", "v1"),
}


def run(lab):
    lab.kernel(*(nic for nic, _, _, _ in PAIRS.values()))
    lab.vfio(*(pmd for _, _, _, pmd in PAIRS.values()))
    ports = []
    for nic, driver, mode, pmd in PAIRS.values():
        ports += [Port(nic, driver, mode=mode), Port(pmd, "dpdk")]
    with lab.forward(*ports) as run:
        for what, (nic, _, _, pmd) in PAIRS.items():
            with lab.case(what):
                run.exchange(nic, pmd, per_flow=True)
    with lab.case("adds-up"):
        run.adds_up()
    for what, (nic, _, _, pmd) in PAIRS.items():
        with lab.case(what + "-copies"):
            # Between the two memories each packet is copied once, by bypath, and that is counted.
            for name in (nic, pmd):
                n_pkts, n_copies = run.copies(name)
                assert n_copies == n_pkts > 0, run.path(name)["counted"]
