# Decides what a row's figures amount to: met, short, not measurable, failed.
# SPDX-License-Identifier: BSD-3-Clause
"""Pure: figures in, words out. test/lint/test_peers.py feeds it canned figures."""

import math
import statistics

MET, SHORT, NOT_MEASURABLE, FAILED, INFO = "met", "short", "not measurable", "failed", "no goal"
UNDECIDED = "undecided"
MISSING = "not run"
WORSE, NOT_WORSE = "worse", "not worse"
# Traffic exceeds what a side forwards when at least so many times as much was offered: less may be
# loss from jitter alone, and the figure would be the generator's.
EXCESS = 1.02
# A ratio reaches its goal when its 95 % interval goes no further than this beyond it.
ALLOWANCE = 0.03


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


def interval_of(ours, theirs, level=0.95):
    """(estimate, lo, hi) of the rounds' paired ratios: Hodges-Lehmann of their logarithms, and the interval of Wilcoxon's
    signed-rank test, exact. None with too few rounds (six are enough for 95 %), or where one forwards nothing."""
    a, b = ([r["value"] for r in s["rounds"]] if s else [] for s in (ours, theirs))
    n = len(a)
    if n != len(b) or not n or min(a + b) <= 0:
        return None
    logs = [math.log(x / y) for x, y in zip(a, b)]
    means = sorted((logs[i] + logs[j]) / 2 for i in range(n) for j in range(i, n))
    ways = [1] + [0] * (n * (n + 1) // 2)  # ways to reach each sum of ranks
    for rank in range(1, n + 1):
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    cut, below = 0, 0
    while 2 * (below + ways[cut]) <= (1 - level) * 2 ** n:
        below += ways[cut]
        cut += 1
    if not cut:
        return None
    return tuple(math.exp(m) for m in (statistics.median(means), means[cut - 1], means[-cut]))


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


def judge_interval(interval, goal):
    """The whole interval decides: its worse end may be ALLOWANCE beyond the goal."""
    sign, bound = goal
    _, lo, hi = interval
    worse, better = (lo, hi) if sign == ">=" else (-hi, -lo)
    least = bound if sign == ">=" else -bound
    if worse >= least - ALLOWANCE:
        return MET, ""
    return (SHORT, "") if better < least else (UNDECIDED, "its interval reaches across the goal")


def judge_build(interval):
    """Beside another build: worse when all of the interval is below 1."""
    if interval is None:
        return UNDECIDED, "six rounds are the least for an interval"
    return (WORSE if interval[2] < 1 else NOT_WORSE), ""


def judge(row):
    """(verdict, why). row: goal (sign, bound) or None; kind: ratio or absolute, of ours times scale; build: see judge_build();
    ours, theirs: sides, each with rounds [{value, offered}], error (text or None; may_fail: it need not run here),
    unmeasurable (text or None; at_least: its values are lower bounds)."""
    ours, theirs = row["ours"], row.get("theirs")
    sides = [s for s in (ours, theirs) if s]
    for side in sides:
        if side.get("error"):
            return NOT_MEASURABLE if side.get("may_fail") else FAILED, f"{side['name']}: {side['error']}"
        if not side["rounds"]:
            return MISSING, "interrupted before it was measured"
    why = next((f"{s['name']}: {s['unmeasurable']}" for s in sides if s.get("unmeasurable")), "")
    is_lower_bound = ours.get("at_least") or not ours.get("unmeasurable")
    why = why or unsaturated(sides)
    if row["kind"] == "build":
        return (NOT_MEASURABLE, why) if why else judge_build(interval_of(ours, theirs))
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
    interval = interval_of(ours, theirs) if row["kind"] == "ratio" else None
    if interval:
        return judge_interval(interval, row["goal"])
    return (MET if compare(figure, row["goal"]) else SHORT), ""
