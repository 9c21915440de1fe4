#!/usr/bin/python3
# Prints what row.sh found as one table.
# SPDX-License-Identifier: BSD-3-Clause
"""table.py FOLDER ROW...: reads ROW.result, ROW.log, ROW-a.json, ROW-b.json of each row.

Exit code 1 unless every row passed traffic or says why this machine cannot.
"""

import os
import re
import sys
import textwrap

from get import Report

# Title lines, width, alignment.
COLUMNS = [
    (("backend", ""), 23, "<"),
    (("effective mode", ""), 20, "<"),
    (("ping", "loss"), 5, ">"),
    (("TCP", "Gbit/s"), 6, ">"),
    (("file", "64 MiB"), 7, "<"),
    (("copies/packet", "user lib kernel"), 15, "<"),
    (("calls/", "packet"), 6, ">"),
    (("ns/", "packet"), 6, ">"),
    (("drops by reason", ""), 18, "<"),
]
NAMES = {
    "af_packet-mmap~af_packet-mmap": "dpdk net_memif (two processes)",
    "af_xdp-native~af_packet-mmap": "mixed: af_xdp → dpdk net_memif → af_packet",
    "af_xdp-native+af_packet-mmap": "mixed: af_xdp → af_packet",
    "dpdk-af_packet": "dpdk net_af_packet",
}


def name_of(row):
    return NAMES.get(row, row.replace("-", " ", 1))


def mode_of(port):
    return port["device_driver"] if port["driver"] == "dpdk" else port["mode"]


def modes(reports):
    found = [mode_of(port) for report in reports for port in report.r["ports"]]
    return " → ".join(mode for i, mode in enumerate(found) if not i or mode != found[i - 1])


def span(low, high):
    low, high = round(low, 1), round(high, 1)
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


def per_packet(report):
    """Sums of one process's paths, divided by the packets out (super-frames as what they became)."""
    paths = [p for p in report.r["paths"] if p["counted"]["packets_out"]]
    packets = sum(p["counted"]["packets_out"] for p in paths)
    if not packets:
        return None

    def mean(value):
        return sum(value(p) * p["counted"]["packets_out"] for p in paths) / packets

    cost = {
        "user": sum(p["counted"]["user_copies"] for p in paths) / packets,
        "calls": sum(p["counted"]["crossings"] for p in paths) / packets,
        "ns": mean(lambda p: p["counted"]["ns_per_packet"]),
    }
    modelled = all(p["modelled"] for p in paths)
    for key, name in (("kernel", "kernel_copies"), ("lib", "user_copies_in_libraries")):
        for end in ("lo", "hi"):
            cost[key + end] = mean(lambda p: p["modelled"][name][end]) if modelled else None
    return cost


def costs(reports):
    """The figures of a row: processes back to back add up."""
    parts = [per_packet(report) for report in reports]
    if not parts or None in parts:
        return ["-"] * 3
    sums = {key: None if any(part[key] is None for part in parts)
            else round(sum(part[key] for part in parts), 2) for key in parts[0]}
    modelled = ["?", "?"]
    if sums["kernello"] is not None:
        modelled = [span(sums["liblo"], sums["libhi"]), span(sums["kernello"], sums["kernelhi"])]
    return [f"{sums['user']:4.2f} {modelled[0]:>3} {modelled[1]:>6}", f"{sums['calls']:.2f}",
            f"{sums['ns']:.0f}"]


def drops(reports):
    sums = {}
    for report in reports:
        for counts in (report.drops_by_reason(), report.lost_outside()):
            for reason, count in counts.items():
                sums[reason] = sums.get(reason, 0) + count
        if report.unaccounted:
            sums["UNACCOUNTED"] = report.unaccounted
    return ", ".join(f"{reason} {count}" for reason, count in sums.items()) or "none"


def reason_of(folder, row):
    """Why the row has no figures."""
    try:
        with open(os.path.join(folder, row + ".log"), encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return False, "did not run"
    match = re.findall(r"^(SKIP|FAIL): (.*)$", text, re.MULTILINE)
    if not match:
        return False, "ended without a word"
    kind, reason = match[-1]
    if kind == "FAIL":
        errors = re.findall(r"bypath: error: (.*)$", text, re.MULTILINE)
        reason += f" ({errors[-1]})" if errors else ""
    return kind == "SKIP", reason


def print_cells(cells):
    columns = [textwrap.wrap(cell, width) or [""] for cell, (_, width, _) in zip(cells, COLUMNS)]
    for line in range(max(len(column) for column in columns)):
        parts = [f"{column[line] if line < len(column) else '':{align}{width}}"
                 for column, (_, width, align) in zip(columns, COLUMNS)]
        print(" ".join(parts).rstrip())


def print_reason(name, reason, width):
    first = COLUMNS[0][1]
    left, right = textwrap.wrap(name, first), textwrap.wrap(reason, width - first - 1)
    for line in range(max(len(left), len(right))):
        print(f"{left[line] if line < len(left) else '':<{first}} "
              f"{right[line] if line < len(right) else ''}".rstrip())


def main():
    folder, rows = sys.argv[1], sys.argv[2:]
    failed, machine = 0, None
    lines = []
    for row in rows:
        facts = {}
        path = os.path.join(folder, row + ".result")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                facts = dict(line.rstrip("\n").split("=", 1) for line in file)
        paths = [os.path.join(folder, f"{row}-{p}.json") for p in "ab"]
        reports = [Report(p) for p in paths if os.path.exists(p)]
        if facts.get("status") != "ok":
            allowed, reason = reason_of(folder, row)
            failed += not allowed
            lines.append((name_of(row), ("not here: " if allowed else "FAILED: ") + reason))
            continue
        machine = reports[0].r["machine"]
        lines.append([name_of(row), modes(reports), facts["ping_loss"] + " %",
                      facts["tcp_gbits"], "intact" if facts["intact"] == "yes" else "BROKEN",
                      *costs(reports), drops(reports)])
    if machine:
        print(f"{machine['cpu']}, Linux {machine['kernel']}: veth, default host offloads")
    width = sum(w for _, w, _ in COLUMNS) + len(COLUMNS) - 1
    for part in (0, 1):
        print(" ".join(f"{title[part]:{align}{w}}" for title, w, align in COLUMNS).rstrip())
    print("─" * width)
    for cells in lines:
        if len(cells) == len(COLUMNS):
            print_cells(cells)
        else:
            print_reason(cells[0], cells[1], width)
    print("─" * width)
    print("user, calls, ns, drops: counted by bypath. lib (copies inside DPDK's or libpcap's code),"
          " kernel: modelled\nfor the effective mode. calls: system calls on the packet path. ns: "
          "busy time of the worker, calls included.\nWhere two processes stand in a row, their "
          "costs are added. One run: compare rows, not machines.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
