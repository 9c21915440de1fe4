# Draws the panels of the Grafana dashboard from a Prometheus, without a Grafana.
# SPDX-License-Identifier: BSD-3-Clause
"""dashboard-svg.py http://PROMETHEUS DASHBOARD.json SECONDS >docs/metrics/dashboard.svg"""

import json
import math
import re
import sys
import time
import urllib.parse
import urllib.request
from html import escape

SERVER, DASHBOARD, SECONDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
WIDTH, GAP, COLUMNS, ROW, LINE = 1000, 14, 24, 20, 15  # px; rows of the grid; lines of the legend
LEGEND_MAX = 4
NOW = time.time()
STYLE = """
text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:#1a2129}.m{fill:#55606c;font-size:11px}
.h{font-weight:650;font-size:13px}.r{font-weight:650;font-size:15px}.v{font-weight:650;font-size:24px}
.bg{fill:#fff}.box{fill:none;stroke:#d5dbe1}.grid{stroke:#d5dbe1;stroke-width:.7}
.l{fill:none;stroke-width:1.6;stroke-linejoin:round}
.c0{stroke:#0b66b3;fill:#0b66b3}.c1{stroke:#c25700;fill:#c25700}.c2{stroke:#1a2129;fill:#1a2129}
.c3{stroke:#7b8794;fill:#7b8794}.c4{stroke:#2e7d4f;fill:#2e7d4f}.c5{stroke:#8e4aa8;fill:#8e4aa8}.l{fill:none}
.d1{stroke-dasharray:6 3}.d2{stroke-dasharray:2 3}.d3{stroke-dasharray:9 3 2 3}.d4{stroke-dasharray:4 2}.d5{stroke-dasharray:1 2}
.a{stroke:none;fill-opacity:.75}.heat{fill:#0b66b3}
@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.m{fill:#9aa7b4}.bg{fill:#11161c}.box{stroke:#303a45}.grid{stroke:#303a45}
.c0{stroke:#4fa8ea;fill:#4fa8ea}.c1{stroke:#f08a3c;fill:#f08a3c}.c2{stroke:#e6ebf0;fill:#e6ebf0}
.c3{stroke:#8d9aa7;fill:#8d9aa7}.c4{stroke:#62c48c;fill:#62c48c}.c5{stroke:#c98be0;fill:#c98be0}.l{fill:none}.a{stroke:none}
.heat{fill:#4fa8ea}}"""
UNITS = {"pps": "pps", "bps": "bit/s", "s": "s", "percentunit": "%", "short": ""}


def expression(target):
    """With the values that Grafana puts in: every job and instance, four scrapes of a second."""
    return target["expr"].replace("$__rate_interval", "5s").replace("$instance", ".*").replace("$job", ".*")


def series(target):
    """(legend, [(seconds ago as a share of the time shown, value)])."""
    query = urllib.parse.urlencode({"query": expression(target), "start": NOW - SECONDS, "end": NOW, "step": 1})
    with urllib.request.urlopen(f"{SERVER}/api/v1/query_range?{query}", timeout=20) as answer:
        result = json.load(answer)["data"]["result"]
    found = []
    for row in result:
        name = re.sub(r"{{(\w+)}}", lambda m, row=row: row["metric"].get(m[1], ""), target.get("legendFormat") or "")
        values = [((t - NOW + SECONDS) / SECONDS, float(v)) for t, v in row["values"]]
        found.append((name.strip(), [(x, v) for x, v in values if math.isfinite(v)]))
    return found


def words(value, unit):
    if unit == "percentunit":
        return f"{100 * value:.3g} %"
    prefixes = ["", "k", "M", "G"] if unit != "s" else ["n", "µ", "m", ""]
    scaled = value * 1e9 if unit == "s" else value
    i = 0
    while abs(scaled) >= 999.5 and i < 3:
        scaled /= 1000
        i += 1
    text = f"{scaled:.3g}"
    return f"{text} {prefixes[i] if scaled else ''}{UNITS.get(unit, '')}".strip()


def ceiling(value):
    """A round figure that is not less."""
    if value <= 0:
        return 1.0
    step = 10 ** math.floor(math.log10(value))
    return next(k * step for k in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if k * step >= value * 0.9999)


def frame(x, y, width, height, title):
    return [f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>',
            f'<text class="h" x="{x + 10}" y="{y + 19}">{escape(title)}</text>']


def stat(panel, x, y, width, height):
    rows = [row for target in panel["targets"] for row in series(target)]
    value = rows[0][1][-1][1] if rows and rows[0][1] else None
    text = "–" if value is None else words(value, "short")
    return [*frame(x, y, width, height, panel["title"]), f'<text class="v" x="{x + 10}" y="{y + 50}">{text}</text>']


def axes(x, y, width, height, most, unit):
    out = []
    for k in range(3):
        at = y + height - k * height / 2
        out.append(f'<line class="grid" x1="{x}" x2="{x + width:.0f}" y1="{at:.0f}" y2="{at:.0f}"/>')
        out.append(f'<text class="m" x="{x - 6}" y="{at + 4:.0f}" text-anchor="end">{escape(words(most * k / 2, unit))}</text>')
    return out


def lines(panel, x, y, width, height):
    """A graph with its legend: stacked areas where the panel has them, else lines."""
    defaults = panel["fieldConfig"]["defaults"]
    unit, is_stacked = defaults.get("unit", "short"), bool(defaults.get("custom", {}).get("stacking"))
    rows = [row for target in panel["targets"] for row in series(target)]
    rows.sort(key=lambda row: -max((v for _, v in row[1]), default=0))
    rows = [row for row in rows if any(v for _, v in row[1])] or rows[:1]
    shown = rows[:LEGEND_MAX]
    out = frame(x, y, width, height, panel["title"])
    if not shown:
        return [*out, f'<text class="m" x="{x + 10}" y="{y + 40}">nothing: there was none</text>']
    left, top, right = x + 74, y + 32, x + width - 12
    bottom = y + height - 12 - LINE * len(shown)
    sums = {}
    for _, values in shown:
        for at, v in values:
            sums[at] = sums.get(at, 0) + v
    most = ceiling(max(sums.values(), default=0) if is_stacked else max((v for _, vs in shown for _, v in vs), default=0))
    out += axes(left, top, right - left, bottom - top, most, unit)
    below = {}
    for i, (name, values) in enumerate(shown):
        def place(at, v):
            return f"{left + at * (right - left):.0f},{bottom - v / most * (bottom - top):.1f}"
        if is_stacked:
            over = [(at, below.get(at, 0) + v) for at, v in values]
            under = [(at, below.get(at, 0)) for at, _ in reversed(values)]
            out.append(f'<polygon class="c{i} a" points="{" ".join(place(*p) for p in over + under)}"/>')
            below.update(over)
        else:
            out.append(f'<polyline class="c{i} d{i} l" points="{" ".join(place(*p) for p in values)}"/>')
        at = bottom + 10 + LINE * i
        out.append(f'<line class="c{i}{"" if is_stacked else f" d{i}"}" x1="{left}" x2="{left + 22}" y1="{at + 5}" y2="{at + 5}" '
                   f'stroke-width="{8 if is_stacked else 2}"/>')
        last = words(values[-1][1], unit) if values else "–"
        out.append(f'<text class="m" x="{left + 30}" y="{at + 9}">{escape(name)}</text>'
                   f'<text class="m" x="{right}" y="{at + 9}" text-anchor="end">{escape(last)}</text>')
    if len(rows) > len(shown):
        out.append(f'<text class="m" x="{x + width - 12}" y="{y + 19}" text-anchor="end">'
                   f'{len(rows) - len(shown)} more are not drawn</text>')
    return out


def heatmap(panel, x, y, width, height):
    """Bursts of each size, from the cumulative buckets."""
    rows = [(float(name.replace("+Inf", "inf")), dict(values)) for target in panel["targets"] for name, values in series(target)]
    rows.sort(key=lambda row: row[0])
    out = frame(x, y, width, height, panel["title"])
    left, top, right, bottom = x + 74, y + 32, x + width - 12, y + height - 14
    each = (bottom - top) / max(1, len(rows))
    counts, before = [], {}
    for bound, values in rows:
        counts.append((bound, {at: max(0, v - before.get(at, 0)) for at, v in values.items()}))
        before = values
    most = max((v for _, values in counts for v in values.values()), default=0) or 1
    for i, (bound, values) in enumerate(counts):
        at = bottom - (i + 1) * each
        label = f"≤ {bound:.0f}" if math.isfinite(bound) else "more"
        out.append(f'<text class="m" x="{left - 6}" y="{at + each / 2 + 4:.0f}" text-anchor="end">{label}</text>')
        out += [f'<rect class="heat" x="{left + x1 * (right - left):.1f}" y="{at:.1f}" width="{(right - left) / SECONDS + .3:.1f}" '
                f'height="{each - 1:.1f}" fill-opacity="{math.sqrt(v / most):.2f}"/>' for x1, v in values.items() if v / most > .001]
    return out


def main():
    with open(DASHBOARD, encoding="utf-8") as file:
        dashboard = json.load(file)
    unit = (WIDTH - GAP) / COLUMNS
    out, bottom = [], 0
    for panel in dashboard["panels"]:
        grid = panel["gridPos"]
        x, y = GAP + grid["x"] * unit, GAP + 34 + grid["y"] * ROW
        width, height = grid["w"] * unit - GAP, grid["h"] * ROW - GAP
        draw = {"stat": stat, "timeseries": lines, "heatmap": heatmap}.get(panel["type"])
        if panel["type"] == "row":
            out.append(f'<text class="r" x="{x:.0f}" y="{y + 12:.0f}">{escape(panel["title"])}</text>')
        elif draw:
            out += draw(panel, round(x), round(y), round(width), round(height))
            bottom = max(bottom, y + height)
    height = round(bottom + GAP)
    head = f"{dashboard['title']}: the dashboard's expressions, asked of a Prometheus that scraped each second, over {SECONDS} s"
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(head, True)}">'
          f'<style>{STYLE}</style><rect class="bg" width="{WIDTH}" height="{height}" rx="8"/>'
          f'<text class="m" x="{GAP}" y="26">{escape(head)}</text>')
    print("\n".join(out) + "</svg>")


main()
