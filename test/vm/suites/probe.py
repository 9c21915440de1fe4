# What a probe sees, on a kernel that lets functions be traced, whether the host's does or not.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional test probe.sh, whose cases expect more where functions are traced. Veth pairs; the NICs are not used."""

CASES = ("seen", "tagged", "untraced", "renamed", "detached", "alone", "again")


def run(lab):
    for case in CASES:
        with lab.case(case):
            # Attaching takes a while here.
            lab.functional("probe.sh", case, env=["BP_PROBE_WAIT=150"], limit_s=400)
