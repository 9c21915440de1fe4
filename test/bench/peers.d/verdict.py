# Decides what a row's figures amount to: met, short, not measurable, failed.
# SPDX-License-Identifier: BSD-3-Clause
"""Pure: figures in, words out. test/lint/test_peers.py feeds it canned figures."""

import statistics

MET, SHORT, NOT_MEASURABLE, FAILED, INFO = "met", "short", "not measurable", "failed", "no goal"
MISSING = "not run"
# Traffic exceeds what a side forwards when at least so many times as much was offered: less may be
# loss from jitter alone, and the figure would be the generator's.
EXCESS = 1.02


def stat(values):
    """Median and extremes of the rounds; None without any."""
    values = [v for v in values if v is not None]
    if not values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "values": values}


def note_of(rounds):
    """(why the median is not the side's own figure, whether it is a lower bound); (None, False) where
    it is. A round that is a lower bound changes nothing when it lies above the median anyway."""
    bounded = [r for r in rounds if r.get("unmeasurable")]
    if not bounded:
        return None, False
    at_least = all(r.get("at_least") for r in bounded)
    highest = [float("inf") if r in bounded else r["value"] for r in rounds]
    if at_least and statistics.median(highest) == statistics.median(r["value"] for r in rounds):
        return None, False
    return bounded[-1]["unmeasurable"], at_least


def excess(side):
    """Offered over forwarded, median of the rounds; None where traffic is not offered from outside."""
    ratios = [r["offered"] / r["value"] for r in side["rounds"]
              if r.get("offered") is not None and r["value"]]
    return statistics.median(ratios) if ratios else None


def ratio_of(ours, theirs):
    """Of the medians; None where there is nothing to divide by."""
    a, b = (stat([r["value"] for r in s["rounds"]]) if s else None for s in (ours, theirs))
    return a["median"] / b["median"] if a and b and b["median"] else None


def unsaturated(sides):
    """Sentence about sides that forwarded all that came; empty when none did."""
    found = []
    for side in sides:
        share = excess(side) if side else None
        if share is not None and share < EXCESS:
            found.append(f"{side['name']} forwards {100 / share:.1f} % of what is offered")
    if not found:
        return ""
    return "the traffic does not exceed what is forwarded: " + "; ".join(found)


def compare(figure, goal):
    """Whether a figure reaches a goal, as ('>=', 1.35) or ('<=', 150)."""
    sign, bound = goal
    return figure >= bound if sign == ">=" else figure <= bound


def is_bound_enough(row, theirs):
    """Ours is a lower bound, theirs a figure: a ratio that is reached all the same is reached."""
    at_most = row["goal"] is None or row["goal"][0] != ">=" or row["kind"] != "ratio"
    if at_most or not theirs or theirs.get("unmeasurable") or unsaturated([theirs]):
        return False
    figure = ratio_of(row["ours"], theirs)
    return figure is not None and compare(figure, row["goal"])


def judge(row):
    """(verdict, why). row: goal (sign, bound) or None; kind: ratio or absolute, of ours times scale;
    ours, theirs: sides, each with rounds [{value, offered}], error (text or None), unmeasurable
    (text or None; at_least: its values are lower bounds)."""
    ours, theirs = row["ours"], row.get("theirs")
    sides = [s for s in (ours, theirs) if s]
    for side in sides:
        if side.get("error"):
            return FAILED, f"{side['name']}: {side['error']}"
        if not side["rounds"]:
            return MISSING, "interrupted before it was measured"
    why = next((f"{s['name']}: {s['unmeasurable']}" for s in sides if s.get("unmeasurable")), "")
    is_lower_bound = ours.get("at_least") or not ours.get("unmeasurable")
    why = why or unsaturated(sides)
    if row["goal"] is None:
        return INFO, why
    if why and is_lower_bound and is_bound_enough(row, theirs):
        return MET, "at least: " + why
    if why:
        return NOT_MEASURABLE, why
    figure = ratio_of(ours, theirs) if row["kind"] == "ratio" else \
        stat([r["value"] for r in ours["rounds"]])["median"] * row["scale"]
    if figure is None:
        return NOT_MEASURABLE, f"{theirs['name']} forwards nothing: there is no ratio"
    return (MET if compare(figure, row["goal"]) else SHORT), ""
