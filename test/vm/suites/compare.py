# `bypath compare` between NICs that are wired to each other in pairs.
# SPDX-License-Identifier: BSD-3-Clause
import json

from guest import GuestError
from lab import BYPATH

KERNEL_PATHS = ("ports-af_packet-mmap", "ports-af_xdp-skb", "ports-af_xdp-native")
MEASURED = ("ok", "disturbed")  # an emulated core is taken away now and then


def run(lab):
    generator = lab.kernel("g0", "g1")
    forwarder = lab.kernel("w0", "w1")
    with lab.case("table"):
        rows = compare(lab, generator, forwarder, "ports")
    for name in KERNEL_PATHS:
        with lab.case(name):
            assert rows[name]["status"] in MEASURED, f"{rows[name]['status']}: {rows[name]['reason']}"
    with lab.case("ports-dpdk-says-bind"):
        # A PMD needs the devices: that is said, with the command.
        reason = json.dumps(rows["ports-dpdk"])
        assert f"bypath bind {forwarder[0]}" in reason, reason
    lab.vfio("w0", "w1")
    with lab.case("pci-addresses"):
        rows = compare(lab, generator, [lab.guest.by_name[nic].address for nic in ("w0", "w1")], "ports-dpdk")
        assert rows["ports-dpdk"]["status"] in MEASURED, rows["ports-dpdk"]


def compare(lab, generator, forwarder, paths):
    """The rows of one comparison, by path; its table has each of them."""
    path = lab.guest.out / f"compare-{paths}.json"
    code, output = lab.guest.run(BYPATH, "compare", "--quick", "--ports", ",".join(forwarder), "--gen-ports",
                                 ",".join(generator), "--paths", paths, "--json", f"/out/{path.name}", limit_s=400)
    if not path.exists():
        raise GuestError(f"exit code {code}, no report: {output[-2000:]}")
    rows = {row["path"]: row for row in json.loads(path.read_text())["rows"]}
    missing = [name for name in rows if name not in output]
    assert rows and not missing, f"rows {list(rows)}, missing in the table: {missing}: {output[-2000:]}"
    return rows
