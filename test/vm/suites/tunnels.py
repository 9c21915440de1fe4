# The kernel's own tunnels between two hosts, by each backend between them; the kernel's bridge as control.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional test tunnel-types.sh, on a kernel that has tunnels. Veth pairs; the NICs are not used."""

KINDS = ("bridge", "af_packet-mmap", "pcap-live", "af_xdp-native")
# What the host's own kernel may lack; emulated, each takes half a minute.
TYPES = ("geneve", "gretap-csum", "ipip", "sit")


def run(lab):
    for kind in KINDS:
        with lab.case(kind):
            lab.functional("tunnel-types.sh", kind, *TYPES, limit_s=400)
