# The kernel's own tunnels between two hosts, by each backend between them; the kernel's bridge as control.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional test tunnel-types.sh, on a kernel that has tunnels. Veth pairs; the NICs are not used."""
import pathlib

from guest import GuestError
from kernel import Missing
from lab import BYPATH

KINDS = ("bridge", "af_packet-mmap", "pcap-live", "af_xdp-native")
# What the host's own kernel may lack; emulated, each takes half a minute.
TYPES = ("geneve", "gretap-csum", "ipip", "sit")
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "functional" / "tunnel-types.sh"
SKIPPED = 77


def run(lab):
    for kind in KINDS:
        with lab.case(kind):
            code, output = lab.guest.run("env", f"BYPATH={BYPATH}", "sh", str(SCRIPT), kind, *TYPES, limit_s=400)
            if code == SKIPPED:
                raise Missing(output.strip().splitlines()[-1])
            if code:
                raise GuestError(output[-1500:])
