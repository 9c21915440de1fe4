# The wall clock set forward and back under a run: only here may a test do that.
# SPDX-License-Identifier: BSD-3-Clause
"""The functional test clock.sh. Veth pairs; the NICs are not used."""


def run(lab):
    with lab.case("steps"):
        said = lab.functional("clock.sh", limit_s=400, env=("BYPATH_SANITIZE=slow",))
        print("".join(f"#       {line}\n" for line in said.splitlines() if line.startswith("#")), end="", flush=True)
