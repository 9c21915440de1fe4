# Looks at pages of comparisons from outside: as files, as a browser shows them, with odd documents.
# SPDX-License-Identifier: BSD-3-Clause
"""html_page.py KIND SAMPLE: a document made of it (poison, crown, shift, once, nothing, goals, odd-N)
html_page.py switch: the report of a run
html_page.py file PAGE DOCUMENT | shown DOM | judged DOM | switched DOM | frames PAGE... | sheets PDF"""

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


def counted(packets, **more):
    """As a report has it; what a packet costs is made up of what it is."""
    return {"packets": packets, "packets_out": packets, "bytes": 60 * packets, "bursts": packets // 32 + 1,
            "function_drops": 0, "replicas": 0, "user_copies": 0, "user_copy_bytes": 0, "crossings": 0,
            "packets_by_user_copies": [packets, 0, 0, 0], "user_copies_per_packet": 0.0,
            "user_copy_bytes_per_packet": 0.0, "crossings_per_packet": 0.0, "ns_per_packet": 40.25,
            "ns_per_packet_user": 30.0, "ns_per_packet_calls": 10.25, "mpps": packets / 1e6, "gbps_l1": 0.1,
            "gbps_l2": 0.1, "mean_burst": 32.0, **more}


PORTS = [f"p{i}" for i in range(1, 17)]


def fan_out(port):
    """A port that sent one packet in ten to all others, the rest to two of them."""
    edges = [{"in": port, "out": out, "counted": counted(1000 * (20 - i), replicas=1000)}
             for i, out in enumerate(other for other in PORTS if other != port)]
    return {"in": port, "via": ["edge", "sw"], "ports": 15, "edges": edges[:4],
            "intake": {"counted": counted(300000, function_drops=1234, packets_out=0)},
            "others": {"ports": 11, "counted": counted(121000, replicas=11000)}, "whole": {"counted": counted(300000)}}


def switch():
    """The report of a run with a filter and a switch of 16 ports, one of which has nothing."""
    fans = [fan_out(port) for port in PORTS]
    fans[3].update(edges=[], others=None, ports=0)
    paths = [{"in": fan["in"], "out": None, "part": "intake", "via": fan["via"], "worker": 0, "counted_by": "counted",
              "counted": fan["intake"]["counted"], "modelled": None, "hops": [], "same_as": None} for fan in fans]
    return {
        "schema": "bypath.report/1", "machine": {"host": "h", "kernel": "6.18", "cpu": "c", "numa_nodes": 1},
        "run": {"elapsed_s": 12.5, "final": True, "drain_ms": 0.1, "mode": "io", "idle": "busy", "calls_timed": True},
        "ports": [], "workers": [{"worker": 0, "counted": {}}], "paths": paths, "path_sums": [], "paths_cut": 17,
        "fan_outs": fans,
        "functions": [
            {"name": "edge", "type": "filter", "ports": PORTS, "events": [
                {"counter": "rule", "value": 19744, "provenance": "counted", "kind": "drop",
                 "meaning": "dropped: by a rule that says so"}],
             "counted": {"packets": 4800000, "dropped": 19744, "busy_ns": 6e7, "ns_per_packet": 12.5,
                         "drops": {"rule": 19744}},
             "doc": {}, "state": [{"what": "hits 1", "text": "line 3, rule drop udp port 53, hits 19744"}]},
            {"name": "sw", "type": "switch", "ports": PORTS, "events": [], "doc": {}, "state": [],
             "counted": {"packets": 4780256, "dropped": 0, "busy_ns": None, "ns_per_packet": None, "drops": {}}}],
        "conservation": {"counted": {"received": 4800000, "made": 352000, "sent": 5132256, "dropped": 19744, "held": 0,
                                     "unaccounted": 0, "made_as_copies": 352000, "dropped_by_functions": 19744}}}


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


def check_switched(dom):
    """What functions cost and dropped, and where packets went, with nothing left out in silence."""
    shown = Shown(read(dom))
    assert shown.state == "shown", shown.state
    assert shown.texts("h1") == ["Every packet is accounted for"], shown.texts("h1")
    assert "17 rows" in shown.texts("p", "warning")[0]
    names = shown.texts("span", "name")
    assert names[:2] == ["edge (filter)", "sw (switch)"], names[:2]
    words = shown.texts("span", "words")
    assert words[0] == "12.5\u202fns a packet, 4\u202f800\u202f000 packets, 19\u202f744 dropped", words[0]
    assert words[1].startswith("time not known, "), words[1]
    assert len([title for title in shown.texts("h3") if title.endswith(" → edge, sw")]) == 16
    assert names[2:7] == [*PORTS[1:5], "11 other ports"], names[2:7]
    assert words[2] == "20\u202f000 packets, 1\u202f000 of them copies, 40.3\u202fns each", words[2]
    bodies = "\n".join(shown.texts("tbody"))
    assert "by a rule that says so" in bodies and "line 3, rule drop udp port 53" in bodies


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


def with_schema(document, schema):
    """Without it, it would be drawn as another kind's."""
    return {**document, "schema": schema} if isinstance(document, dict) else document


def odd(page):
    """The page with documents in which anything may be missing or of another kind."""
    page, rng = read(page), random.Random(1)
    document = json.loads(DATA.findall(page)[1][1])
    document.update({key: goals({})[key] for key in ("goals", "figures")})
    schema = document.get("schema")
    for _ in range(N_ODD):
        text = json.dumps(with_schema(warp(document, rng), schema)).replace("<", "\\u003c")
        yield re.sub(r'(id="document">).*?(</script>)', lambda m, t=text: m[1] + t + m[2], page, 1, re.S)


def main():
    what, *args = sys.argv[1:]
    if what == "switch":
        json.dump(switch(), sys.stdout)
    elif what in ("poison", "crown", "shift", "once", "nothing", "goals"):
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
    elif what == "switched":
        check_switched(*args)
    elif what == "frames":
        frames([(read(page), width) for page in args for width in WIDTHS] +
               [(page, WIDTHS[1]) for of in (args[0], args[-1]) for page in odd(of)])
    else:
        with open(args[0], "rb") as file:
            print(len(re.findall(rb"/Type\s*/Page\b", file.read())))


main()
