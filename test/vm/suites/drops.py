# The kernel's drops by name, on kernels that give fewer reasons than this host's, or more.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional test drops.sh, with the causes that need the whole machine. Veth pairs; the NICs are not used."""
import pathlib

from lab import BYPATH

CASES = ("far", "own", "rx", "mmap", "xdp", "tap", "host", "control", "others", "life")
TOOLS = pathlib.Path(BYPATH).resolve().parents[2] / "test/functional/tools"
MACHINE = "/tmp/machine"


def run(lab):
    # Some settings are in the guest's own network namespace only.
    lab.guest.sh(f"modprobe tun; touch {MACHINE}; mount --bind /proc/self/ns/net {MACHINE}")
    for case in CASES:
        with lab.case(case):
            # Attaching takes a while here.
            output = lab.functional("drops.sh", case, limit_s=600,
                                    env=[f"BP_TOOLS={TOOLS}", f"BP_MACHINE={MACHINE}", "BP_DROPS_WAIT=150"])
            print("".join(f"#       {line}\n" for line in output.splitlines()
                          if line.startswith(('{"kernel"', "# without"))), end="", flush=True)
