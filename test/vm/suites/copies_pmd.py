# The kernel's copies below DPDK's drivers of network interfaces, held against the model as those of the suite `copies`.
# SPDX-License-Identifier: BSD-3-Clause
"""A suite of its own: each EAL takes its time to start. net_tap, as driver tap, is not here: it writes to a tap by
copy_page_from_iter(), which no probe watches."""
import veth
from suites import copies

PMDS = ("net_af_packet", "net_af_xdp", "net_pcap")


def run(lab):
    veth.make(lab)
    paged, rows = copies.Paged(lab), []
    for pmd in PMDS:
        rows += copies.probed(lab, f"dpdk {pmd}", {"veth": [
            (nic, {"driver": "dpdk", "device": f'"{pmd}_{nic},iface={nic}"'}) for nic in veth.PORTS]}, paged)
    paged.end()
    copies.save(lab, rows, "copies-pmd")
