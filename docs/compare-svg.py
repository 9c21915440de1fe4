# Draws docs/compare.svg from a comparison's JSON: rates and copies per path.
# SPDX-License-Identifier: BSD-3-Clause
"""compare-svg.py RUN.json [SIZE] >docs/compare.svg"""

import json
import sys
from html import escape

WIDTH, LEFT, RIGHT, LINE = 860, 200, 175, 26
GROUPS = {"veth": "between two veth pairs", "memory": "through shared memory",
          "ports": "between named devices", "peer": "another forwarder, same lab"}
STYLE = """
text{font:13px system-ui,sans-serif;fill:#1a2129}.m{fill:#55606c}.h{font-weight:650;font-size:14px}
.sat{fill:#9cc3e6}.ndr{fill:#0b66b3}.bg{fill:#fff}
@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.m{fill:#9aa7b4}.sat{fill:#2d5f8c}.ndr{fill:#4fa8ea}
.bg{fill:#0e1217}}"""


def median(row, part, key="mpps"):
    value = ((row.get(part) or {}).get(key) or {}).get("median")
    return value if isinstance(value, (int, float)) else None


def copies(row):
    c = row.get("copies")
    if not c or not c.get("total"):
        return "copies not known"
    parts = []
    for key, name in (("kernel", "kernel"), ("library", "PMD"), ("user", "user")):
        lo, hi = round((c.get(key) or {}).get("lo", 0), 1), round((c.get(key) or {}).get("hi", 0), 1)
        if hi >= 0.05:
            parts.append(f"{lo:g}{f'–{hi:g}' if hi > lo else ''} {name}")
    return " + ".join(parts) or "no copy"


def rate(row):
    bound = "≥ " if (row.get("generator") or {}).get("is_bound") else ""
    text = f"{bound}{median(row, 'saturation'):.2f}"
    ndr = median(row, "ndr")
    if ndr:
        text += f" · {'≥ ' if row['ndr']['outcome'] == 'bounded' else ''}{ndr:.2f}"
    return text


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        doc = json.load(file)
    size = sys.argv[2] if len(sys.argv) > 2 else doc["run"]["sizes"][0]
    rows = [r for r in doc["rows"] if r["size"] == size and r["status"] == "ok"
            and r["group"] in GROUPS and median(r, "saturation")]
    out, y = [], 58
    for group, title in GROUPS.items():
        members = [r for r in rows if r["group"] == group]
        if not members:
            continue
        most = max(max(median(r, "saturation"), median(r, "ndr") or 0) for r in members)
        out.append(f'<text class="h" x="12" y="{y}">{title}</text>')
        y += 10
        for r in members:
            sat, ndr = median(r, "saturation"), median(r, "ndr") or 0
            scale = (WIDTH - LEFT - RIGHT - 130) / most
            end = LEFT + max(sat, ndr) * scale
            out.append(f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(r["path"])}</text>'
                       f'<rect class="sat" x="{LEFT}" y="{y + 3}" width="{sat * scale:.1f}" height="16" rx="2"/>'
                       f'<rect class="ndr" x="{LEFT}" y="{y + 8}" width="{ndr * scale:.1f}" height="6" rx="1"/>'
                       f'<text x="{end + 7:.1f}" y="{y + 15}">{rate(r)}</text>'
                       f'<text class="m" x="{WIDTH - 12}" y="{y + 15}" text-anchor="end">{copies(r)}</text>')
            y += LINE
        y += 26
    m, run = doc["machine"], doc["run"]
    head = f"{size}-byte frames, Mpps: as fast as it goes (pale) · without loss, NDR (dark)"
    foot = f"{m['cpu']}, {m['kernel']}, {m['cores']} cores, {run['rounds']} rounds, {run['begun'][:10]}; " \
           "each group has a scale of its own"
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 6}" role="img" '
          f'aria-label="{escape(head, True)}"><style>{STYLE}</style>'
          f'<rect class="bg" width="{WIDTH}" height="{y + 6}" rx="8"/>'
          f'<text class="h" x="12" y="26">{escape(head)}</text>'
          f'<text class="m" x="{WIDTH - 12}" y="26" text-anchor="end">copies per packet</text>')
    print("\n".join(out))
    print(f'<text class="m" x="12" y="{y - 8}" style="font-size:11px">{escape(foot)}</text></svg>')


main()
