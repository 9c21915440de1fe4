#!/usr/bin/python3
# Reads facts out of a run's JSON report, by the names that the tests use.
# SPDX-License-Identifier: BSD-3-Clause
"""get.py REPORT.json EXPRESSION: prints it; the expression sees the document as r, and Report's
methods and properties by their names."""

import json
import sys


def measured(row):
    """Has a row of a comparison its figures? On a busy machine it is marked, which is as good: then it
    says why, and both statuses are in keeping with the share that it found."""
    if row["status"] not in ("ok", "disturbed"):
        return False
    off = row["off_core"]
    assert (off["share"] > 0.02) == (row["status"] == "disturbed"), (row["status"], off)
    assert row["status"] == "ok" or (row["reason"] and row["fix"] and off["cause"] != "none"), row
    return True


class Report:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.r = json.load(file)

    # The conservation law.

    def law(self, name):
        return self.r["conservation"]["counted"][name]

    @property
    def received(self):
        return self.law("received")

    @property
    def sent(self):
        return self.law("sent")

    @property
    def dropped(self):
        return self.law("dropped")

    @property
    def held(self):
        return self.law("held")

    @property
    def unaccounted(self):
        return self.law("unaccounted")

    @property
    def frames(self):
        return self.r["arena"]["frames"]

    @property
    def frames_free(self):
        return self.r["arena"]["frames_free"]

    @property
    def arena_bytes(self):
        return self.r["arena"]["bytes"]

    @property
    def drain_ms(self):
        return self.r["run"]["drain_ms"]

    def summary(self):
        return (f"received {self.received} made {self.law('made')} sent {self.sent} "
                f"dropped {self.dropped} {self.drops_by_reason()} held {self.held} "
                f"unaccounted {self.unaccounted} drain {self.drain_ms:.0f} ms "
                f"frames {self.frames_free}/{self.frames}")

    # Ports.

    def port(self, name):
        return next(p for p in self.r["ports"] if p["name"] == name)

    def queues(self, name):
        return self.port(name)["rx_queues"] + self.port(name)["tx_queues"]

    def drops_by_reason(self, name=None):
        """Reason → packets, of one port or of all, without the zeros."""
        sums = {}
        for port in [self.port(name)] if name else self.r["ports"]:
            for queue in port["rx_queues"] + port["tx_queues"]:
                for reason, count in queue["counted"]["drops"].items():
                    sums[reason] = sums.get(reason, 0) + count
        return {reason: count for reason, count in sums.items() if count}

    def lost_outside(self):
        """Counter → packets that kernel, device or PMD report as lost."""
        sums = {}
        for port in self.r["ports"]:
            for row in port["reported"]:
                if row["is_drop"] and row["value"]:
                    sums[row["name"]] = sums.get(row["name"], 0) + row["value"]
        return sums

    def reported(self, port, name):
        """What kernel, device or PMD report of a port under that name; None: nothing."""
        return next((row["value"] for row in self.port(port)["reported"] if row["name"] == name), None)

    def drops(self, name):
        return sum(self.drops_by_reason(name).values())

    def link(self, name):
        return self.port(name)["link"]

    def losses(self, name):
        return self.port(name)["losses"]

    def counted(self, name, side, counter):
        return sum(q["counted"][counter] for q in self.port(name)[side + "_queues"])

    def sent_pkts(self, name):
        return self.counted(name, "tx", "packets")

    def sent_bytes(self, name):
        return self.counted(name, "tx", "bytes")

    def txq_used(self, name):
        return sum(q["counted"]["packets"] > 0 for q in self.port(name)["tx_queues"])

    # Workers.

    def workers(self):
        return [{"worker": w["worker"], "tid": w["tid"], "idle_by_fd": bool(w["idle_by_fd"]),
                 "waits": w["counted"]["idle_calls"], "busy_ns": w["counted"]["busy_ns"]}
                for w in self.r["workers"]]

    def calls_of(self, worker):
        """Crossings counted by all queues that this worker uses."""
        return sum(q["counted"]["crossings"] for p in self.r["ports"] for q in self.queues(p["name"])
                   if q["worker"] == worker)

    # Paths: in-port → out-port, all its workers together.

    def path(self, port_in, port_out):
        sums = {}
        for row in self.r["paths"]:
            if (row["in"], row["out"]) != (port_in, port_out):
                continue
            for name in ("packets", "bytes", "user_copies", "user_copy_bytes", "crossings"):
                sums[name] = sums.get(name, 0) + row["counted"][name]
        return sums

    def pkts(self, port_in, port_out):
        return self.path(port_in, port_out)["packets"]

    def copies(self, port_in, port_out):
        return self.path(port_in, port_out)["user_copies"]

    def copy_bytes(self, port_in, port_out):
        return self.path(port_in, port_out)["user_copy_bytes"]

    # Functions, and in-ports whose packets go to several ports.

    def function(self, name):
        return next(row for row in self.r["functions"] if row["name"] == name)

    def fan_out(self, port_in):
        return next(row for row in self.r["fan_outs"] if row["in"] == port_in)

    def intake(self, port_in):
        """What the in-port's workers received whose packets go to several ports."""
        return self.fan_out(port_in)["intake"]["counted"]


def main():
    # Generator expressions see globals only: everything goes there.
    report = Report(sys.argv[1])
    names = {"r": report.r, "measured": measured}
    if "conservation" in report.r:
        names.update({name: getattr(report, name) for name in dir(report)
                      if not name.startswith("_")})
    value = eval(sys.argv[2], names)  # the tests' own expressions
    print(int(value) if isinstance(value, bool) else value)


if __name__ == "__main__":
    main()
