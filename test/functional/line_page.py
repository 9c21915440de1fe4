#!/usr/bin/python3
# Holds the tables of docs/line-rate.md against what `bypath explain --line-rate` says of 10, 25 and 100 Gbit/s.
# SPDX-License-Identifier: BSD-3-Clause
"""line_page.py PAGE 10.json 25.json 100.json: of a configuration with two NICs and paths both ways, without a copy."""
import json
import sys


def table(text, name):
    """Rows of cells between the page's markers, without their heads."""
    inside = text.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in inside.strip().splitlines()[2:]]


def is_near(cell, value):
    """The cell has the value's first digits, rounded."""
    decimals = len(cell.partition(".")[2])
    return abs(float(cell) - value) <= 0.5001 * 10 ** -decimals


def wrong_lines(page, documents):
    for row in table(page, "lines"):
        for i, document in enumerate(documents):
            frame = next(f for f in document["frames"] if f["size"] == row[0])
            fps, ns = row[1 + 2 * i].removesuffix("/s").replace(",", ""), row[2 + 2 * i].removesuffix(" ns")
            if not is_near(fps, frame["frames_per_s"]) or not is_near(ns, frame["budget_ns"]):
                yield f"the line: {row[0]}: {fps}, {ns}: {frame}"


def wrong_bounds(page, x8, x16):
    for row in table(page, "bounds"):
        narrow, wide = (next(s for s in d["paths"][0]["sizes"] if s["size"] == row[0]) for d in (x8, x16))
        n_bytes = narrow["dma_bytes_per_s"] / narrow["line_pps"] / 2
        # Both paths pass the channel twice by DMA, and twice more for each copy.
        one, two = (x8["memory"]["bytes_per_s"] / (2 * n_bytes * (2 + 2 * copies)) for copies in (1, 2))
        for cell, value in zip(row[1:], (narrow["pcie_pps"], wide["pcie_pps"], narrow["dram_pps"], one, two)):
            if not is_near(cell, value / 1e6):
                yield f"what ends first: {row[0]}: {cell}, {value}"


def main():
    texts = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    page, documents = texts[0], [json.loads(text) for text in texts[1:]]
    found = [*wrong_lines(page, documents), *wrong_bounds(page, *documents[1:])]
    if len(table(page, "lines")) < 8 or len(table(page, "bounds")) < 7:
        found.append("the page has not all sizes")
    sys.exit("\n".join(found) if found else None)


if __name__ == "__main__":
    main()
