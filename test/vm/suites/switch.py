# The function switch with VLANs, frame by frame; the kernel's bridge as control, which many a host has without VLANs.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional test switch.sh, case rules. Veth pairs; the NICs are not used."""

KINDS = ("bridge", "af_packet-mmap", "af_xdp-native")


def run(lab):
    for kind in KINDS:
        with lab.case(kind):
            lab.functional("switch.sh", "rules", kind, limit_s=200, env=("BYPATH_SANITIZE=slow",))
