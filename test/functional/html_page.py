# Looks at pages of comparisons from outside: as files, as a browser shows them, with odd documents.
# SPDX-License-Identifier: BSD-3-Clause
"""html_page.py KIND SAMPLE: a document made of it (poison, crown, shift, once, nothing, goals, odd-N)
html_page.py file PAGE DOCUMENT | shown DOM | judged DOM | frames PAGE... | sheets PDF"""

import base64
import hashlib
import html
import html.parser
import json
import random
import re
import sys

HOSTILE = ("</script></title><script>console.error('run')</script>"
           "<img src=x onerror=console.error('run')>&\"' " + "long" * 60)
KEPT = ("path", "size", "status", "provenance", "group", "schema", "verdict", "outcome")
WIDTHS = (320, 390, 1280)
ODD = (None, True, -1e308, 0, 1e-320, 1e308, "<x>", "", [], {}, [[1, {}], "a"], {"median": "x", "values": 7})
N_ODD = 40
DATA = re.compile(r'<script type="application/json" id="(\w+)">(.*?)</script>', re.S)


def load(path):
    """Numbers as the program writes them, with 12 digits."""
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_float=lambda digits: float(f"{float(digits):.12g}"))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


# --- documents -----------------------------------------------------------------------------------

def poison(value):
    if isinstance(value, dict):
        return {key: child if key in KEPT else poison(child) for key, child in value.items()}
    if isinstance(value, list):
        return [poison(child) for child in value]
    return HOSTILE if isinstance(value, str) else value


def scale(stat, by):
    for key in ("median", "min", "max") if stat else ():
        stat[key] *= by


def crown(document):
    """One path is far ahead of the others."""
    for row in document["rows"]:
        if row["path"] == "af_packet-mmap":
            scale(row["ndr"]["mpps"], 9)
            scale(row["ndr"]["upper_mpps"], 9)
    return document


def shift(document):
    """A later run: every second row twice as fast, the others half as fast."""
    for number, row in enumerate(document["rows"]):
        scale((row.get("saturation") or {}).get("mpps"), 0.5 if number % 2 else 2)
    return document


def once(value):
    """One round."""
    if isinstance(value, dict):
        value = {key: once(child) for key, child in value.items()}
        if "values" in value:
            value["values"] = [value["median"]]
    return [once(child) for child in value] if isinstance(value, list) else value


def nothing(document):
    """No row could run."""
    for row in document["rows"]:
        row.update(status="cannot-run", reason="no root", fix="run it as root", saturation=None, ndr=None,
                   latency=None, loss_curve=[], time=None, accounting=None, drops=[], ini=None)
    return document


GOALS = (  # workload, size, path, peer, sign, bound, figure, interval, verdict, why
    ("rate", "64", "af_packet-mmap", "bridge", ">=", 0.8, 0.91, (0.86, 0.95), "met", None),
    ("rate", "64", "af_xdp-native", "bridge", ">=", 1.2, 0.9, (0.8, 1.25), "short", "its interval reaches across the goal"),
    ("start", "-", "af_packet-mmap", None, "<=", 150.0, 41.5, None, "met", None),
    ("memory", "-", "bridge", None, "<=", 48.0, None, None, "failed", "there is no arena"),
    ("rate", "imix", "af_xdp-native", "bridge", ">=", 1e-6, 1e6, None, "not measurable", "its core was taken away"),
)


def goals(document):
    """Workloads, and goals of each verdict, in place of rates."""
    document.update(rows=[], verdicts=[], goals=[], figures=[])
    for workload, size, path, peer, sign, bound, value, interval, verdict, why in GOALS:
        ends = interval and {"lo": interval[0], "hi": interval[1], "level": 0.96875}
        document["goals"].append({
            "workload": workload, "size": size, "path": path, "peer": peer, "sign": sign, "bound": bound, "figure": value,
            "margin": value and value / bound - 1,
            "bound_of_figure": "none", "interval": ends, "verdict": verdict, "why": why})
        document["figures"].append({
            "workload": workload, "title": f"title of {workload}", "size": size, "path": path, "unit": "kpps",
            "status": "ok" if value else "cannot-run", "reason": why, "fix": why, "is_at_least": False, "load_of": None,
            "value": value and {"median": value, "min": value, "max": value, "spread": 0, "values": [value] * 6}})
    return document


def warp(value, rng):
    """Some of the values become others, or go."""
    if isinstance(value, dict):
        return {key: warp(child, rng) for key, child in value.items() if rng.random() > 0.04}
    if isinstance(value, list):
        value = [warp(child, rng) for child in value]
    return rng.choice(ODD) if rng.random() < 0.08 else value


# --- the file ------------------------------------------------------------------------------------

class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.outside = {}, []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.outside += [(tag, *pair) for pair in attrs
                         if pair[0].startswith("on") or pair[0] in ("src", "href", "style")]


def digest(text):
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def check_file(page, document):
    """It has the document as it is, lets in its own script and style, and nothing else."""
    page = read(page)
    data = {name: json.loads(content) for name, content in DATA.findall(page)}
    document, shown = load(document), data["document"]
    assert {**document, "verdicts": 0} == {**shown, "verdicts": 0}, "the page has another document"
    assert isinstance(data["views"], dict)
    bare = DATA.sub("", page)
    style, = re.findall("<style>(.*?)</style>", bare, re.S)
    script, = re.findall("<script>(.*?)</script>", bare, re.S)
    policy, = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', bare)
    assert policy == (f"default-src 'none'; script-src 'sha256-{digest(script)}'; "
                      f"style-src 'sha256-{digest(style)}'; base-uri 'none'; form-action 'none'"), policy
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.tags["script"] == 3 and not reader.outside, (reader.tags, reader.outside)
    assert not {"img", "link", "iframe", "object"} & set(reader.tags), reader.tags
    assert not re.search(r"@import|url\(|https?:(?!//www\.w3\.org/2000/svg)", bare), "refers to elsewhere"
    check_script(script)


def check_script(script):
    """What the script must not use, and how long its functions are."""
    assert '\n"use strict";\n' in script
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(",
                 "DOMParser", "fetch(", "XMLHttpRequest", "import("):
        assert word not in script, word
    for body in re.findall(r"^function \w+.*?^\}", script, re.S | re.M):
        assert body.count("\n") < 60, body[:80]
    for line in script.splitlines():
        assert len(line.expandtabs(8)) <= 120, line


# --- as a browser shows it -----------------------------------------------------------------------

class Shown(html.parser.HTMLParser):
    """The text of each element, by tag and class, in order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.state = [], [], None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.state = attrs.get("data-state", self.state)
        element = {"tag": tag, "class": attrs.get("class"), "text": "", "attrs": attrs}
        self.elements.append(element)
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()["tag"] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def texts(self, tag, kind=None):
        return [e["text"] for e in self.elements if e["tag"] == tag and (kind is None or e["class"] == kind)]


def check_shown(dom):
    """The answer, the order of the chart, every reason, every line of every table."""
    shown = Shown(read(dom))
    views, document = (json.loads(content) for _, content in DATA.findall(read(dom)))
    assert shown.state == "shown", shown.state
    size = document["rows"][0]["size"]
    verdict = next((v for v in document["verdicts"] if v["size"] == size), None)
    measured = [r for r in document["rows"] if r["size"] == size and (r["ndr"] or r["saturation"])
                and r["group"] != "ceiling"]
    title, = shown.texts("h1")
    if not measured:
        assert title == "Nothing was measured", title
    elif verdict["path"]:
        assert title == "Take " + verdict["path"], title
    else:
        assert title in ("No difference seen", "No winner is named"), title
    assert all(v["text"] in shown.texts("ul", "verdicts")[0] for v in document["verdicts"] if v["size"] == size)
    names = [t for t in shown.texts("span", "name")]
    order = sorted((r for r in measured if r["group"] == "veth" and r["status"] == "ok"),
                   key=lambda r: -r["ndr"]["mpps"]["median"])
    assert names[:len(order)] == [r["path"] for r in order], names
    notes = "\n".join(shown.texts("ul", "notes"))
    for row in document["rows"]:
        assert row["status"] == "ok" or (row["reason"] in notes and row["fix"] in notes), row["reason"]
    check_economy(shown, next((r for r in measured if r["path"] == (verdict and verdict["path"])), None))
    first = verdict and verdict["path"] or (order[0]["path"] if order else None)
    ini = next((r["ini"] for r in measured if r["path"] == first), None)
    assert shown.texts("pre") == ([ini] if ini else []), shown.texts("pre")
    bodies = shown.texts("tbody")
    is_once = all(len(r["saturation"]["mpps"]["values"]) == 1 for r in document["rows"] if r["saturation"])
    filled = [view for view in views.values() if view["rows"]]  # the others are left out
    assert len(bodies) == len(filled) < len(views)
    for view, body in zip(filled, bodies):
        cells = [cell for row in view["rows"] for cell in row]
        if is_once:
            assert all(len(cell.strip("≥≤ ").replace(".", "").lstrip("0")) <= 2 for cell in shown.texts("td")
                       if re.fullmatch(r"([≥≤] )?\d+\.\d+", cell)), "more than two digits of one round"
            cells = [cell for cell in cells if "." not in cell]
        assert all(cell in body or cell in ("failed", "cannot-run", "disturbed") for cell in cells), view["name"]


def check_economy(shown, row):
    """What a named winner takes of its cores and its line stands beside it."""
    if not row or not row.get("cpu"):
        return
    beside = dict(zip(shown.texts("dt"), shown.texts("dd")))
    busy = round(100 * row["cpu"]["at_10"]["busy"]["median"])
    assert beside["CPU at 10 % load"] == f"100\u202f% of a core, {busy}\u202f% busy", beside
    assert "CPU at 50 % load" in beside and "Packets per core" in beside, beside
    assert beside["Of the line's rate"] == f"-: {row['line']['why']}", beside


def check_judged(dom):
    """How many goals are met; those that are not come first; each with its figure, its interval, what weakens it."""
    shown = Shown(read(dom))
    document = dict(DATA.findall(read(dom)))
    goals = json.loads(document["document"])["goals"]
    assert shown.state == "shown" and len(shown.texts("h1")) == 1
    n_met = sum(goal["verdict"] == "met" for goal in goals)
    assert shown.texts("h1") == [f"{n_met} of {len(goals)} goals met"], shown.texts("h1")
    assert [title for title in shown.texts("h3") if ": " in title] == [
        "Short: 1", "Failed: 1", "Not measurable: 1", "Met: 2"], shown.texts("h3")
    lines = [line for line in shown.texts("li") if "; goal" in line]
    assert len(lines) == len(goals), lines
    assert "af_xdp-native" in lines[0] and "0.900 (0.800–1.25)" in lines[0] and "25\u202f% below" in lines[0], lines[0]
    assert "150, 72\u202f% below" in lines[-1], lines[-1]
    assert all(goal["why"] is None or any(goal["why"] in line for line in lines) for goal in goals)
    # What has no line has no table either.
    views = json.loads(document["views"])
    assert shown.texts("summary") == [name for name in ("Figures", "Workloads", "Goals")], shown.texts("summary")
    assert all(bool(views[name]["rows"]) == (name in ("figures", "goals")) for name in views), list(views)


def frames(pages):
    """Pages in frames, each button pressed; whether each was drawn whole, no wider; a complaint that must be seen."""
    print('<!DOCTYPE html><meta charset="utf-8"><title></title>')
    for page, width in pages:
        print(f'<iframe width="{width}" height="600" style="border:0" srcdoc="{html.escape(page)}"></iframe>')
    print("<script>console.error('seen');addEventListener('load',()=>{"
          "document.title=[...document.querySelectorAll('iframe')].map(f=>{"
          "const d=f.contentDocument,r=d.documentElement;"
          "for(let i=0,b;b=d.querySelectorAll('button')[i];i++)b.click();"
          "const t=d.getElementById('page').textContent;"
          "return r.dataset.state==='shown'&&r.scrollWidth<=f.width&&t.length>20&&"
          r"!/\bNaN\b|undefined|Infinity|\[object/.test(t)?'ok':f.width+':'+r.scrollWidth+':'+r.dataset.state"
          "}).join(' ')})</script>")


def odd(page):
    """The page with documents in which anything may be missing or of another kind."""
    page, rng = read(page), random.Random(1)
    document = json.loads(DATA.findall(page)[1][1])
    document.update({key: goals({})[key] for key in ("goals", "figures")})
    for _ in range(N_ODD):
        text = json.dumps(warp(document, rng)).replace("<", "\\u003c")
        yield re.sub(r'(id="document">).*?(</script>)', lambda m, t=text: m[1] + t + m[2], page, 1, re.S)


def main():
    what, *args = sys.argv[1:]
    if what in ("poison", "crown", "shift", "once", "nothing", "goals"):
        json.dump(globals()[what](load(args[0])), sys.stdout)
    elif what.startswith("odd-"):
        document = {**load(args[0]), "schema": None}
        json.dump({**warp(document, random.Random(what)), "schema": "bypath.compare/1"}, sys.stdout)
    elif what == "file":
        check_file(*args)
    elif what == "shown":
        check_shown(*args)
    elif what == "judged":
        check_judged(*args)
    elif what == "frames":
        frames([(read(page), width) for page in args for width in WIDTHS] +
               [(page, WIDTHS[1]) for page in odd(args[0])])
    else:
        with open(args[0], "rb") as file:
            print(len(re.findall(rb"/Type\s*/Page\b", file.read())))


main()
