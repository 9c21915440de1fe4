# Figures of instructions: with what they were made, the file of those expected, the tables.
# SPDX-License-Identifier: BSD-3-Clause
"""Recorded(path): the file of expected figures. built_with(): what figures of user code depend on."""

import json
import os
import pathlib
import re
import statistics
import subprocess

from guest import emulator
from lab import BYPATH

TOLERANCE = 0.02
WITH = ("compiler", "build", "libc", "libdpdk", "libpcap", "qemu")  # what built_with() finds
OPTIONS = ("buildtype", "optimization", "debug", "b_lto", "b_ndebug", "b_pie", "c_args")
HEAD = """\
# Instructions of user code per packet, by row of `test/vm/run icount-gate`, which fails where a row needs more than
# 2 % more. Made by: test/vm/run icount-gate --rewrite. A commit that makes a row dearer on purpose says why, and
# rewrites this file. Figures hold for what stands first; with anything else the gate is skipped.
"""


def said(*command):
    """The first line that a command prints, "none" without it."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "none"
    return run.stdout.strip().partition("\n")[0]


def compilers(program):
    """What the compilers wrote into a program."""
    try:
        run = subprocess.run(["readelf", "-p", ".comment", program], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return ", ".join(sorted(set(re.findall(r"^\s*\[\s*[0-9a-f]+\]\s+(.*)$", run.stdout, re.M)))) or "unknown"


def build_options(program):
    path = pathlib.Path(program).parents[2] / "meson-info" / "intro-buildoptions.json"
    try:
        values = {option["name"]: option["value"] for option in json.loads(path.read_text(encoding="utf-8"))}
    except (OSError, ValueError):
        return "unknown"
    return " ".join(f"{name}={values.get(name)}" for name in OPTIONS)


def built_with():
    """What decides how many instructions the same source takes."""
    qemu = re.search(r"version (\d+\.\d+)", said(emulator(), "--version"))
    # QEMU's processor decides which of several functions libraries choose.
    return dict(zip(WITH, (compilers(BYPATH), build_options(BYPATH), os.confstr("CS_GNU_LIBC_VERSION"),
                           said("pkg-config", "--modversion", "libdpdk"), said("pkg-config", "--modversion", "libpcap"),
                           qemu.group(1) if qemu else "none")))


class Recorded:
    """with_: as built_with(); rows: {name: instructions}."""

    def __init__(self, path):
        self.path, self.with_, self.rows = path, {}, {}
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            name, found, value = (word.strip() for word in line.partition(" = "))
            if not found:
                raise SystemExit(f"{path}:{number}: expected NAME = VALUE")
            if name in WITH:
                self.with_[name] = value
                continue
            try:
                self.rows[name] = float(value)
            except ValueError:
                raise SystemExit(f"{path}:{number}: {name}: '{value}' is no number of instructions") from None

    def difference(self, now):
        """Why the figures do not hold for what was built with `now`; "" where they do."""
        return "; ".join(f"{name}: '{self.with_.get(name, 'none')}' there, '{value}' here"
                         for name, value in now.items() if self.with_.get(name) != value)

    def judge(self, name, user):
        """(problem, note): of one row's instructions of user code."""
        if name not in self.rows:
            return f"{self.path.name} has no row {name}: test/vm/run icount-gate --rewrite adds it", ""
        expected = self.rows[name]
        text = f"{user:.1f} instructions of user code per packet, {expected:.1f} expected ({user / expected - 1:+.1%})"
        if user > expected * (1 + TOLERANCE):
            return (f"{text}: `test/vm/bisect {name}` names the commit; where it is meant, "
                    "`test/vm/run icount-gate --rewrite` records it"), ""
        return "", text + (": record it, or it may be lost unseen" if user < expected * (1 - TOLERANCE) else "")

    def write(self, now, rows):
        text = HEAD + "".join(f"{name} = {value}\n" for name, value in now.items())
        self.path.write_text(text + "".join(f"{name} = {user:.2f}\n" for name, user in rows.items()), encoding="utf-8")


# --- what is shown --------------------------------------------------------------------------------

STEADY = 0.01  # what a boot may differ from the median of all
LEAST = 20.0  # instructions a packet: what is less is compared with so many
HEADINGS = ["path", "device", "B", "user code", "in calls", "of it softirq", "softirq beside", "all", "burst", "boots", "± %"]
SCHEMA = "bypath.icount/1"


def document(machine, rows):
    """The figures of a run: [(row, figure)], machine: what each row says of where it ran."""
    return {"schema": SCHEMA, "built_with": built_with(), "rows": {
        row.name: {"path": row.path, "device": row.device, "size": row.size, **machine, **vars(figure),
                   "whole": figure.whole} for row, figure in rows}}


def save(path, run):
    """Into a file of JSON, which several boots of one run may share."""
    if path.exists():
        run = {**run, "rows": {**json.loads(path.read_text(encoding="utf-8"))["rows"], **run["rows"]}}
    path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")


def shown(value):
    """Three digits at least."""
    return "–" if value is None else f"{value:.{int(0.05 < abs(value) < 100)}f}"


def middle(rows, key):
    """The median of what is known; None where nothing is."""
    found = [row[key] for row in rows if row[key] is not None]
    return statistics.median(found) if found else None


def spread(rows):
    """How far a boot is from the median at most: of user code, of calls, of all."""
    return max(abs(row[key] - middle(rows, key)) / max(middle(rows, key), LEAST)
               for key in ("user", "calls", "whole") for row in rows)


def line(rows):
    """One row, of each run: cells of the table."""
    user, calls, inside, beside, whole, burst = (
        middle(rows, key) for key in ("user", "calls", "softirq_in", "softirq_beside", "whole", "burst"))
    off = f"{100 * spread(rows):.1f}"
    return [rows[0]["path"], rows[0]["device"] or "–", str(rows[0]["size"]), shown(user), shown(calls), shown(inside),
            shown(beside),
            # A softirq that came in between is in user code already.
            ("≤ " if (beside or 0) > STEADY * whole else "") + shown(whole), shown(burst), str(len(rows)),
            "–" if len(rows) < 2 else off if spread(rows) <= STEADY else f"**{off}**"]


def table(runs, order=()):
    """Markdown, of the documents of runs: medians, and how far they differ. order: names of rows, as they are to stand."""
    rows = {name: [] for name in order}
    for run in runs:
        for name, row in run["rows"].items():
            rows.setdefault(name, []).append(row)
    rows = {name: found for name, found in rows.items() if found}
    lines = [HEADINGS, ["---", "---"] + ["--:"] * (len(HEADINGS) - 2), *map(line, rows.values())]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
