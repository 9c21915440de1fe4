# Looks at HTML reports from outside: parsers, hostile documents, narrow screens.
# SPDX-License-Identifier: BSD-3-Clause
"""html_page.py poison SAMPLE | shift SAMPLE | check PAGE SAMPLE | check-diff PAGE DIFF | frames PAGE"""

import html
import html.parser
import json
import sys
import xml.etree.ElementTree

HOSTILE = ("</title></text><script>console.error('run')</script>"
           "<img src=x onerror=console.error('run')>&\"' "
           + "long" * 60)
WIDTHS = (320, 390, 768, 1200)


def poison(value):
    if isinstance(value, dict):
        return {key: child if key in ("path", "size", "status", "provenance", "group", "schema")
                else poison(child) for key, child in value.items()}
    if isinstance(value, list):
        return [poison(child) for child in value]
    return HOSTILE if isinstance(value, str) else value


class Reader(html.parser.HTMLParser):
    """What a reader of HTML, not of XML, makes of it."""

    def __init__(self):
        super().__init__()
        self.tags = {}
        self.outside = []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "href", "style"):
                self.outside.append((tag, name, value))


def shift(document):
    """A later run: every second row twice as fast, the others half as fast."""
    for number, row in enumerate(document["rows"]):
        stat = (row.get("saturation") or {}).get("mpps")
        for key in ("median", "min", "max") if stat else ():
            stat[key] *= 0.5 if number % 2 else 2
    return document


def read(page):
    """The page's tree; nothing in it may run or come from elsewhere."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    doctype, _, rest = text.partition("\n")
    assert doctype == "<!DOCTYPE html>", doctype
    root = xml.etree.ElementTree.fromstring(rest)
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert not {"script", "img", "link", "iframe", "object"} & set(reader.tags), reader.tags
    assert not reader.outside, reader.outside
    return root


def check_diff(page, diff):
    with open(diff, encoding="utf-8") as file:
        lines = json.load(file)["diff"]
    verdicts = [line["verdict"] for line in lines]
    assert "better" in verdicts and "worse" in verdicts, verdicts
    root = read(page)
    rows = list(root.iter("tbody"))[0]
    assert [row[-1].text for row in rows] == verdicts
    assert [row[0].text for row in rows] == [line["path"] for line in lines]
    n_bars = sum(1 for _ in root.iter("rect"))
    assert n_bars == sum(line["ratio"] is not None for line in lines), n_bars


def check(page, sample):
    with open(sample, encoding="utf-8") as file:
        rows = json.load(file)["rows"]
    root = read(page)
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)), "an id occurs twice"
    pictures = [e for e in root.iter("svg") if e.get("role") == "img"]
    assert len(pictures) > 8, len(pictures)
    for picture in pictures:
        names = picture.get("aria-labelledby").split()
        assert [e.tag for e in picture[:2]] == ["title", "desc"]
        assert [e.get("id") for e in picture[:2]] == names
        assert all(e.text.strip() for e in picture[:2])
    tables = [e for e in root.iter("table") if e.find("tbody")]
    full = [t for t in tables if len(t.find("tbody")) == len(rows)]
    assert len(full) >= 4, "four tables have every row of the document"
    for table in full:
        n_heads = len(table.find("thead")[0])
        for row in table.find("tbody"):
            assert sum(int(cell.get("colspan", 1)) for cell in row) == n_heads


def frames(page):
    """A page that shows the report in frames of several widths, then says how wide it became."""
    with open(page, encoding="utf-8") as file:
        text = html.escape(file.read(), quote=True)
    print("<!DOCTYPE html><title></title>")
    for width in WIDTHS:
        print(f'<iframe width="{width}" height="600" style="border:0" srcdoc="{text}"></iframe>')
    print("<script>addEventListener('load',()=>{document.title=[...document.querySelectorAll("
          "'iframe')].map(f=>f.width+':'+f.contentDocument.documentElement.scrollWidth).join(' ')"
          "})</script>")


def main():
    if sys.argv[1] in ("poison", "shift"):
        with open(sys.argv[2], encoding="utf-8") as file:
            document = json.load(file)
        json.dump(poison(document) if sys.argv[1] == "poison" else shift(document), sys.stdout)
    elif sys.argv[1] == "check-diff":
        check_diff(*sys.argv[2:4])
    elif sys.argv[1] == "check":
        check(*sys.argv[2:4])
    else:
        frames(sys.argv[2])


main()
