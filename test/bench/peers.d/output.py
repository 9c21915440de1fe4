# The document bypath.peers/1, the table, the list of rows that fall short.
# SPDX-License-Identifier: BSD-3-Clause
import os
import platform
import subprocess
import time

from verdict import INFO, MET, NOT_WORSE, excess, interval_of, judge, ratio_of, stat

SCHEMA = "bypath.peers/1"


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout.strip().splitlines() or [""])[0]
    except OSError:
        return ""


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return ""


def package_version(package):
    return first_line("dpkg-query", "-W", "-f", "${Version}", package) or None


def machine():
    return {"host": platform.node(), "cpu": cpu_name(), "cores": os.cpu_count(),
            "kernel": platform.release(), "dpdk": package_version("dpdk"),
            "iperf3": package_version("iperf3")}


def commit(source_root):
    name = first_line("git", "-C", source_root, "describe", "--always", "--dirty", "--abbrev=12")
    return name or None


def document(options, root, program, command):
    return {"schema": SCHEMA, "machine": machine(),
            "run": {"command": command, "begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                    "commit": commit(root), "bypath": first_line(program, "--version"),
                    "rounds": options.rounds, "duration_s": options.duration,
                    "quick": options.quick, "interrupted": False, "elapsed_s": None},
            "rows": []}


def side_document(side):
    return {"name": side["name"], "command": side["command"], "error": side["error"],
            "unmeasurable": side["unmeasurable"], "stat": stat([r["value"] for r in side["rounds"]]),
            "excess": excess(side), "rounds": side["rounds"]}


def row_document(row, state):
    """state: {"ours": side, "theirs": side or None} as the runner keeps them."""
    verdict, why = judge({"goal": row.goal, "kind": row.kind, "scale": row.scale, **state})
    return {"row": row.name, "title": row.title, "unit": row.unit, "scale": row.scale,
            "goal": {"sign": row.goal[0], "bound": row.goal[1]} if row.goal else None,
            "kind": row.kind, "note": row.note, "verdict": verdict, "why": why,
            "ratio": ratio_of(state["ours"], state["theirs"]),
            "interval": interval_of(state["ours"], state["theirs"]),
            "ours": side_document(state["ours"]),
            "theirs": side_document(state["theirs"]) if state["theirs"] else None}


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def figures(side, scale):
    s = side["stat"] if side else None
    if not s:
        return "-"
    return f"{number(s['median'] * scale)} ({number(s['min'] * scale)}–{number(s['max'] * scale)})"


def goal_text(row):
    if not row["goal"]:
        return "-"
    sign = {">=": "≥", "<=": "≤"}[row["goal"]["sign"]]
    suffix = "×" if row["kind"] == "ratio" else ""
    return f"{sign} {row['goal']['bound']:.3g}{suffix}"


def ratio_text(row):
    """Of paired rounds with its interval, where there are enough; else of the medians."""
    if row["interval"]:
        estimate, lo, hi = row["interval"]
        return f"{estimate:.2f}× ({lo:.2f}–{hi:.2f})"
    return f"{row['ratio']:.2f}×" if row["ratio"] is not None else "-"


HEAD = ("row", "unit", "ours", "theirs", "ratio", "goal", "verdict")


def cells(row):
    return (row["row"], row["unit"], figures(row["ours"], row["scale"]),
            figures(row["theirs"], row["scale"]),
            ratio_text(row), goal_text(row),
            row["verdict"])


def commands(doc):
    """(command, rows that ran it), in the order of the rows."""
    users = {}
    for row in doc["rows"]:
        for side in (row["ours"], row["theirs"]):
            if side and side["command"]:
                names = users.setdefault(side["command"], [])
                if row["row"] not in names:
                    names.append(row["row"])
    return list(users.items())


def print_table(doc):
    lines = [HEAD] + [cells(row) for row in doc["rows"]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    run = doc["run"]
    print(f"\n{doc['machine']['cpu']}, {doc['machine']['cores']} cores, Linux "
          f"{doc['machine']['kernel']}, DPDK {doc['machine']['dpdk']}, commit {run['commit']}; "
          f"medians (min–max) of {run['rounds']} interleaved rounds of {run['duration_s']:g} s")
    for n, line in enumerate(lines):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        if n == 0:
            print("─" * (sum(widths) + 2 * (len(widths) - 1)))
    print("\ncommands:")
    for command, names in commands(doc):
        print(f"  {', '.join(names)}:\n    {command}")
    print()
    if run["interrupted"]:
        print("interrupted: what had been measured by then")
    for row in doc["rows"]:
        if row["why"]:
            print(f"{row['row']}: {row['verdict']}: {row['why']}")
    short = [row["row"] for row in doc["rows"] if row["verdict"] not in (MET, INFO, NOT_WORSE)]
    print("rows that fall short or have no figure: " + (", ".join(short) if short else "none"),
          flush=True)


def print_markdown(doc):
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for row in doc["rows"]:
        print("| " + " | ".join(cells(row)) + " |")
    print("\n| rows | command |\n|---|---|")
    for command, names in commands(doc):
        print(f"| {', '.join(names)} | `{command}` |")
