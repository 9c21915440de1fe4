#!/usr/bin/python3
# Ratios of interleaved runs, with the interval that holds the median with 95 %.
# SPDX-License-Identifier: BSD-3-Clause
"""ratios.py RUNS WORKLOAD:OURS:THEIRS:GOAL…: RUNS has lines of 'WORKLOAD NAME FIGURE'; the i-th of ours is paired with the
i-th of theirs. A goal is met when the interval's lower bound is not more than 0.03 below it."""

import math
import statistics
import sys


def interval(values):
    """Of the median, by the order of the values (binomial): the narrowest that holds it with at least 95 %."""
    values, n = sorted(values), len(values)
    k, tail = 0, 0.0
    while k < n // 2 and 2 * (tail + math.comb(n, k) / 2 ** n) <= 0.05:
        tail += math.comb(n, k) / 2 ** n
        k += 1
    return (values[k - 1], values[n - k]) if k else (values[0], values[-1])


def main():
    runs = [line.split() for line in open(sys.argv[1], encoding="ascii") if len(line.split()) == 3]
    for wish in sys.argv[2:]:
        workload, ours, theirs, goal = wish.split(":")
        a, b = ([float(figure) for w, name, figure in runs if (w, name) == (workload, side)] for side in (ours, theirs))
        assert len(a) == len(b) and all(b), f"{wish}: {len(a)} runs of ours, {len(b)} of theirs, the least {min(b)}"
        ratios = [x / y for x, y in zip(a, b)]
        lo, hi = interval(ratios)
        verdict = "met" if lo >= float(goal) - 0.03 else "short"
        print(f"{workload:8} {ours} {statistics.median(a):.4g} ({min(a):.4g}–{max(a):.4g})  {theirs} "
              f"{statistics.median(b):.4g} ({min(b):.4g}–{max(b):.4g})  ratio {statistics.median(ratios):.3f} "
              f"({lo:.3f}–{hi:.3f}, {len(ratios)} rounds)  goal ≥ {goal}: {verdict}")


main()
