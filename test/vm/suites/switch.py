# The function switch with VLANs, frame by frame; the kernel's bridge as control, which many a host has without VLANs.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional tests switch.sh, cases rules, supers, jumbo, and switch-cases.sh. Veth pairs; the NICs are not used."""

from kernel import Missing

KINDS = ("bridge", "af_packet-mmap", "af_xdp-native")
# By AF_XDP before Linux 6.6.
WITHOUT = {"jumbo": "frames in several buffers to AF_XDP sockets came with Linux 6.6"}
SLOW = ("BYPATH_SANITIZE=slow",)


def run(lab):
    for what in ("rules", "supers", "jumbo"):
        for kind in KINDS:
            with lab.case(f"{what}-{kind}"):
                if what in WITHOUT and kind == "af_xdp-native" and lab.guest.kernel.numbers < (6, 6):
                    raise Missing(WITHOUT[what])
                said = lab.functional("switch.sh", what, kind, limit_s=200, env=SLOW)
                print("".join(f"#       {line}\n" for line in said.splitlines()), end="", flush=True)
    for kind in KINDS:
        with lab.case(f"cases-{kind}"):
            if kind == "bridge" and lab.guest.kernel.numbers < (6, 7):
                raise Missing("a bridge without fdb_max_learned, which came with Linux 6.7")
            lab.functional("switch-cases.sh", kind, "whole", limit_s=400, env=SLOW)
