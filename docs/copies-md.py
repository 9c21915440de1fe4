#!/usr/bin/python3
# Makes the table of observed copies in docs/copies.md of what `test/vm/run copies` left.
# SPDX-License-Identifier: BSD-3-Clause
"""copies-md.py COPIES.json…: one file per kernel (vm-logs/copies-KERNEL.json of a build folder); writes copies.md anew
between its markers, and says so. The rows of all files together go to copies.json beside it."""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- probed -->", "<!-- /probed -->"


def release(row):
    return tuple(map(int, re.findall(r"\d+", row["kernel"])[:3]))


def figure(copies):
    return f"{copies['lo']}–{copies['hi']}" if copies["lo"] != copies["hi"] else str(copies["lo"])


def seen(row, side):
    """'1.00 `skb_copy_bits` for `tpacket_rcv`'."""
    functions = [f"`{copy['function']}`" + (f" for `{copy['for']}`" if copy["for"] else "") for copy in row["copies"]
                 if copy["direction"] == side and copy["bytes"] and not copy["header_pull"]]
    return f"{row['probed'][side]:.4g} {', '.join(sorted(set(functions)))}".strip()


def cells(row):
    """Those of a row but its kernel."""
    decides = f" ({', '.join(row['decided_by'])})" if row["decided_by"] else ""
    if row.get("in_pages") is not None:
        decides = f" (device: {row['in_pages']:.4g} of the bytes in pages)"
    return (row["path"], row["kind"], seen(row, "rx"), seen(row, "tx"), f"{row['probed']['kernel_copies']:.4g}",
            figure(row["modelled"]) + decides, str(row["misses"]))


def table(rows):
    """Kernels that say the same share a line."""
    kernels = {}
    for row in rows:
        kernels.setdefault(cells(row), []).append(row["kernel"].split("-")[0].split("+")[0])
    lines = ["| path | device | Linux | rx | tx | sum | model | missed |", "|---|---|---|---|---|---|---|---|"]
    return "\n".join(lines + [f"| {' | '.join([*line[:2], ', '.join(names), *line[2:]])} |"
                              for line, names in kernels.items()])


def main():
    rows = [row for path in sys.argv[1:] for row in json.loads(pathlib.Path(path).read_text(encoding="utf-8"))]
    if not rows:
        sys.exit(f"usage: copies-md.py COPIES.json…\n{__doc__}")
    order = list(dict.fromkeys((row["path"], row["kind"]) for row in rows))
    rows.sort(key=lambda row: (order.index((row["path"], row["kind"])), release(row)))
    page = HERE / "copies.md"
    text = page.read_text(encoding="utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    page.write_text(f"{text[:begin]}\n{table(rows)}\n{text[end:]}", encoding="utf-8")
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (HERE / "copies.json").write_text(f'{{"schema": "bypath.copies/1", "rows": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{page}: {len(rows)} rows")


if __name__ == "__main__":
    main()
