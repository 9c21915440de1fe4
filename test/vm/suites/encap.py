# Generated frames in tags, a label and tunnels, taken by a kernel that has all of these.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional test gen-encap.sh kernel. A veth pair; the NICs are not used."""
import pathlib

from guest import GuestError
from kernel import Missing
from lab import BYPATH

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "functional" / "gen-encap.sh"
STACKS = ("ext", "qinq", "mpls", "vxlan4", "vxlan6", "gre", "gretap", "gre6")


def run(lab):
    code, output = lab.guest.run("env", f"BYPATH={BYPATH}", "sh", str(SCRIPT), "kernel", limit_s=300)
    for stack in STACKS:
        with lab.case(stack):
            if f"without {stack}:" in output:
                raise Missing(f"no {stack} in this kernel")
            if f"# {stack}: 50 of 50" not in output:
                raise GuestError(f"code {code}: {output[-1500:]}")
