#!/usr/bin/python3
# Judges a report of drops against what was planted, makes the table of docs/drops.md.
# SPDX-License-Identifier: BSD-3-Clause
"""drops.py judge REPORT EXPECTED: EXPECTED has a line of JSON for each cause that was planted: 'cause', 'lost',
'direction', 'where', 'device', 'like' (of 'REASON FUNCTION CAUSE'). A line per cause; 1 where less than 99.9 % of what is
lost has the right name and place, or where a loss is named that nobody planted.
drops.py table OUTPUT…: the lines of judge, from several kernels, as the table of docs/drops.md."""

import json
import os
import re
import sys

NEEDED_SHARE = 0.999
PORTS = {"rx": "wan", "tx": "lan"}  # what is planted is planted for frames from wan to lan


def is_of(row, cause):
    place = [row[key] == cause[key] for key in ("direction", "where", "device")]
    name = f"{row['reason']} {row['function']} {row['cause']}"
    return all(place) and row["port"] == PORTS[row["direction"]] and re.search(cause["like"], name)


def name_of(row):
    inside = f" in {row['function']}()" if "NOT_SPECIFIED" in row["reason"] else ""
    return row["reason"].replace("SKB_DROP_REASON_", "") + inside


def judge(report, expected):
    with open(report, encoding="utf-8") as file:
        drops = json.load(file)["kernel_drops"]
    if not drops["observed"]:
        print(f"not observed: {drops['why']}")
        return 1
    planted = [json.loads(line) for line in open(expected, encoding="utf-8")]
    lost = [row for row in drops["rows"] if row["lost"]]
    failed, told = False, []
    for cause in planted:
        rows = [row for row in lost if is_of(row, cause)]
        told += rows
        # The kernel may have one name for several of them.
        alike = [other for other in planted if any(is_of(row, other) for row in rows)] or [cause]
        named, wanted = sum(row["packets"] for row in rows), sum(other["lost"] for other in alike)
        is_right = cause["lost"] > 0 and abs(named - wanted) <= wanted * (1 - NEEDED_SHARE)
        failed |= not is_right
        print(json.dumps({"kernel": os.uname().release, **cause, "named": named * cause["lost"] // wanted if wanted else named,
                          "with": [other["cause"] for other in alike if other is not cause],
                          "reasons": sorted({name_of(row) for row in rows}), "right": is_right}))
    left = [row for row in lost if row not in told]
    for row in left:
        print("nobody planted", json.dumps(row))
    if drops["not_counted"] or drops["recursion_misses"]:
        print(f"not counted {drops['not_counted']}, missed {drops['recursion_misses']}")
        failed = True
    return int(failed or bool(left))


def table(*outputs):
    rows, kernels = {}, []
    for path in outputs:
        with open(path, encoding="utf-8") as file:
            for line in file:
                at = line.find('{"kernel"')
                if at < 0:
                    continue
                row = json.loads(line[at:])
                kernel = re.match(r"\d+\.\d+", row["kernel"]).group()
                kernels += [kernel] if kernel not in kernels else []
                rows.setdefault((row["cause"], f"{row['direction']}, {row['where']}"), {})[kernel] = row
    kernels.sort(key=lambda kernel: [int(number) for number in kernel.split(".")])
    print("| planted | way, where |" + "".join(f" {kernel} |" for kernel in kernels))
    print("|---|---|" + "---|" * len(kernels))
    for (cause, where), by_kernel in rows.items():
        cells = []
        for kernel in kernels:
            row = by_kernel.get(kernel)
            cells.append(f"`{'`, `'.join(row['reasons'])}` {row['named']} of {row['lost']}" if row else "–")
        print(f"| {cause} | {where} | " + " | ".join(cells) + " |")
    right = [[row[kernel]["right"] for row in rows.values() if kernel in row] for kernel in kernels]
    print("| causes, named right | | " + " | ".join(f"{sum(each)} of {len(each)}" for each in right) + " |")
    return 0


if __name__ == "__main__":
    sys.exit({"judge": judge, "table": table}[sys.argv[1]](*sys.argv[2:]))
