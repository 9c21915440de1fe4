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
    return f"{row['probed'][side]:.4g} {', '.join(dict.fromkeys(functions))}".strip()


def cells(row):
    return (row["path"], row["kind"], row["kernel"], seen(row, "rx"), seen(row, "tx"),
            f"{row['probed']['kernel_copies']:.4g}", figure(row["modelled"]) +
            (f" ({', '.join(row['decided_by'])})" if row["decided_by"] else ""), row["misses"])


def table(rows):
    lines = ["| path | device | Linux | rx | tx | sum | model | missed |", "|---|---|---|---|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, cells(row))) + " |" for row in rows])


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
    (HERE / "copies.json").write_text(json.dumps({"schema": "bypath.copies/1", "rows": rows}, indent=1) + "\n",
                                      encoding="utf-8")
    print(f"{page}: {len(rows)} rows")


if __name__ == "__main__":
    main()
