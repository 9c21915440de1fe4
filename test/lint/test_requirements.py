#!/usr/bin/python3
# Holds the requirements of RFC 9971 in docs/searches.md to tests that exist.
# SPDX-License-Identifier: BSD-3-Clause
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TITLE = "### Every requirement"
LEFT = ("**not met**", "not the program's", "this table")  # said by rows without a test


def rows():
    section = (ROOT / "docs/searches.md").read_text(encoding="utf-8").split(TITLE)[1].split("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def main():
    run = set()
    for path in (ROOT / "test/unit").glob("test_mlrsearch*.c"):
        run |= set(re.findall(r"cmocka_unit_test\(\s*(\w+)\)", path.read_text(encoding="utf-8")))
    named, found = set(), []
    for section, required, here, test in rows():
        tests = set(re.findall(r"`(\w+)`", test))
        named |= tests
        if not tests and not any(words in here for words in LEFT):
            found.append(f"'{section}: {required}' has no test, and does not say why")
    found += [f"no test is called {name}" for name in sorted(named - run)]
    found += [f"{name} is of no requirement: docs/searches.md does not name it" for name in sorted(run - named)]
    if len(rows()) < 35 or not run:
        found.append(f"{len(rows())} requirements and {len(run)} tests: some were not read")
    sys.exit("\n".join(found) if found else None)


if __name__ == "__main__":
    main()
