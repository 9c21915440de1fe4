#!/usr/bin/python3
# Makes the table of instructions in docs/performance.md of what `test/vm/run --figures FILE icount` left.
# SPDX-License-Identifier: BSD-3-Clause
"""icount-md.py FIGURES.json…: one file per run, each in boots of its own; writes performance.md anew between its markers,
and says so. The runs together go to icount.json beside it."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- icount -->", "<!-- /icount -->"
sys.path.insert(0, str(HERE.parent / "test/vm/lab"))
sys.dont_write_bytecode = True

import figures  # noqa: E402 pylint: disable=wrong-import-position


def made_with(runs):
    """A line on what the figures hold for."""
    kernels = {}
    for row in (row for run in runs for row in run["rows"].values()):
        kernels.setdefault(row["kernel"], set()).add(row["path"])
    linux = "; ".join(f"Linux {kernel}" + (f" ({', '.join(paths)})" if len(paths) == 1 else "")
                      for kernel, paths in kernels.items())
    of = runs[-1]["built_with"]
    return (f"{len(runs)} runs; {linux}; QEMU {of['qemu']}; bypath by {of['compiler']}, {of['build']}; {of['libc']}, "
            f"DPDK {of['libdpdk']}.")


def main():
    runs = [json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:]]
    if not runs:
        sys.exit(f"usage: icount-md.py FIGURES.json…\n{__doc__}")
    page = HERE / "performance.md"
    text = page.read_text(encoding="utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    page.write_text(f"{text[:begin]}\n{figures.table(runs)}\n\n{made_with(runs)}\n{text[end:]}", encoding="utf-8")
    rows = ",\n".join(json.dumps({"run": number, "row": name, **row}) for number, run in enumerate(runs, 1)
                      for name, row in run["rows"].items())
    (HERE / "icount.json").write_text(f'{{"schema": "bypath.icount-runs/1", "rows": [\n{rows}\n]}}\n', encoding="utf-8")
    print(f"{page}: {len(runs)} runs")


if __name__ == "__main__":
    main()
