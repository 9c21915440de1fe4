#!/usr/bin/python3
# Makes the table of instructions in docs/performance.md of what `test/vm/run --figures FILE icount` left.
# SPDX-License-Identifier: BSD-3-Clause
"""icount-md.py FIGURES.json…: one file per run, each in boots of its own; writes performance.md anew between its markers,
and says so. The runs together go to icount.json beside it, which can be given as well: rows that are measured anew, or for
the first time, then stand beside those of its runs."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- icount -->", "<!-- /icount -->"
KEPT = "bypath.icount-runs/1"
sys.path[:0] = [str(HERE.parent / "test/vm/lab"), str(HERE.parent / "test/vm")]
sys.dont_write_bytecode = True

import figures  # noqa: E402 pylint: disable=wrong-import-position
from suites import icount  # noqa: E402 pylint: disable=wrong-import-position


def read(path):
    """The runs that a file has."""
    document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    if document["schema"] != KEPT:
        return [document]
    runs = [{"built_with": built_with, "rows": {}} for built_with in document["built_with"]]
    for row in document["rows"]:
        number, name = row.pop("run"), row.pop("row")
        runs[number - 1]["rows"][name] = row
    return runs


def made_with(runs):
    """A line on what the figures hold for, for each build and choice of rows."""
    kinds = {}
    for run in runs:
        kinds.setdefault((json.dumps(run["built_with"]), tuple(run["rows"])), []).append(run)
    return "\n".join(made_with_kind(found, len(found) == len(runs)) for found in kinds.values())


def made_with_kind(runs, is_all):
    kernels = {}
    for row in (row for run in runs for row in run["rows"].values()):
        kernels.setdefault(row["kernel"], set()).add(row["path"])
    linux = "; ".join(f"Linux {kernel}" + (f" ({', '.join(paths)})" if len(paths) == 1 else "")
                      for kernel, paths in kernels.items())
    of, rows = runs[-1]["built_with"], list(runs[-1]["rows"])
    which = "" if is_all or len(rows) > 9 else f" of {', '.join(rows)}"
    return (f"{len(runs)} runs{which}; {linux}; QEMU {of['qemu']}; bypath by {of['compiler']}, {of['build']}; {of['libc']}, "
            f"DPDK {of['libdpdk']}.")


def main():
    runs = [run for path in sys.argv[1:] for run in read(path)]
    if not runs:
        sys.exit(f"usage: icount-md.py FIGURES.json…\n{__doc__}")
    page = HERE / "performance.md"
    text = page.read_text(encoding="utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    order = [row.name for row in icount.ROWS + icount.ZERO_COPY]
    page.write_text(f"{text[:begin]}\n{figures.table(runs, order)}\n\n{made_with(runs)}\n{text[end:]}", encoding="utf-8")
    rows = ",\n".join(json.dumps({"run": number, "row": name, **row}) for number, run in enumerate(runs, 1)
                      for name, row in run["rows"].items())
    made = ",\n".join(json.dumps(run["built_with"]) for run in runs)
    (HERE / "icount.json").write_text(f'{{"schema": "{KEPT}", "built_with": [\n{made}\n], "rows": [\n{rows}\n]}}\n',
                                      encoding="utf-8")
    print(f"{page}: {len(runs)} runs")


if __name__ == "__main__":
    main()
