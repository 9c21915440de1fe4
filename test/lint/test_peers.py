#!/usr/bin/python3
# Proves that test/bench/peers draws the right verdict from figures.
# SPDX-License-Identifier: BSD-3-Clause
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench",
                                "peers.d"))

import verdict  # noqa: E402


def side(name, values, offered=None, error=None, unmeasurable=None):
    offered = offered or [None] * len(values)
    return {"name": name, "error": error, "unmeasurable": unmeasurable,
            "rounds": [{"value": v, "offered": o} for v, o in zip(values, offered)]}


def row(ours, theirs=None, goal=(">=", 1.35), kind="ratio", scale=1):
    return {"ours": ours, "theirs": theirs, "goal": goal, "kind": kind, "scale": scale}


class Verdict(unittest.TestCase):
    def verdict(self, *args, **named):
        return verdict.judge(row(*args, **named))[0]

    def test_ratio_is_of_medians_and_meets_its_goal_at_the_bound(self):
        ours, theirs = side("a", [135, 200, 100]), side("b", [100, 1, 999])
        self.assertAlmostEqual(verdict.ratio_of(ours, theirs), 1.35)
        self.assertEqual(self.verdict(ours, theirs), verdict.MET)

    def test_below_the_goal_is_short(self):
        self.assertEqual(self.verdict(side("a", [134, 134, 134]), side("b", [100, 100, 100])),
                         verdict.SHORT)

    def test_at_most_is_the_other_way_round(self):
        ours, theirs = side("a", [70]), side("b", [100])
        self.assertEqual(self.verdict(ours, theirs, goal=("<=", 0.8)), verdict.MET)
        self.assertEqual(self.verdict(theirs, ours, goal=("<=", 0.8)), verdict.SHORT)

    def test_another_build_is_worse_only_when_all_of_the_interval_says_so(self):
        even = side("before", [100] * 6)
        for values, word in (([99, 98, 97, 99, 98, 97], verdict.WORSE), ([99, 98, 97, 99, 98, 101], verdict.NOT_WORSE),
                             ([120] * 6, verdict.NOT_WORSE), ([99] * 5, verdict.UNDECIDED)):
            n = len(values)
            self.assertEqual(self.verdict(side("this", values), side("before", [100] * n), goal=None, kind="build"), word)
        self.assertEqual(self.verdict(side("this", [99] * 6, offered=[100] * 6), even, goal=None, kind="build"),
                         verdict.NOT_MEASURABLE)

    def test_from_six_rounds_on_the_interval_of_paired_rounds_decides(self):
        even = side("b", [100, 110, 120, 130, 140, 150])

        def times(*ratios):
            return side("a", [v * r for v, r in zip((100, 110, 120, 130, 140, 150), ratios)])

        estimate, lo, hi = verdict.interval_of(times(*[1.2] * 6), even)
        for figure in (estimate, lo, hi):
            self.assertAlmostEqual(figure, 1.2)
        # Wilcoxon with six pairs: from the lowest ratio to the highest (96.9 %).
        _, lo, hi = verdict.interval_of(times(0.9, 1.0, 1.1, 1.2, 1.3, 1.4), even)
        self.assertAlmostEqual(lo, 0.9)
        self.assertAlmostEqual(hi, 1.4)
        self.assertIsNone(verdict.interval_of(side("a", [1] * 5), side("b", [1] * 5)))
        for ratios, word in (((1.33,) * 6, verdict.MET), ((1.31,) * 6, verdict.SHORT),
                             ((1.2, 1.3, 1.35, 1.4, 1.5, 1.6), verdict.UNDECIDED)):
            self.assertEqual(self.verdict(times(*ratios), even), word)
        self.assertEqual(self.verdict(times(*[0.82] * 6), even, goal=("<=", 0.8)), verdict.MET)
        self.assertEqual(self.verdict(times(*[0.84] * 6), even, goal=("<=", 0.8)), verdict.SHORT)

    def test_a_peer_that_need_not_run_here_is_no_failure(self):
        gone = side("b", [], error="does not load")
        self.assertEqual(self.verdict(side("a", [1]), gone), verdict.FAILED)
        gone["may_fail"] = True
        self.assertEqual(self.verdict(side("a", [1]), gone), verdict.NOT_MEASURABLE)

    def test_absolute_goal_needs_no_peer(self):
        self.assertEqual(self.verdict(side("a", [149, 151, 150]), goal=("<=", 150),
                                      kind="absolute"), verdict.MET)
        self.assertEqual(self.verdict(side("a", [151]), goal=("<=", 150), kind="absolute"),
                         verdict.SHORT)

    def test_absolute_goal_is_in_the_unit_that_is_shown(self):
        self.assertEqual(self.verdict(side("a", [84e6]), goal=("<=", 150), kind="absolute",
                                      scale=1e-6), verdict.MET)

    def test_a_side_that_forwards_all_that_comes_is_not_measured(self):
        full = side("a", [200, 200], [300, 300])
        bound = side("b", [100, 100], [101, 100])
        for pair in ((full, bound), (bound, full)):
            word, why = verdict.judge(row(*pair))
            self.assertEqual(word, verdict.NOT_MEASURABLE)
            self.assertIn("b forwards 99.5 %", why)
            self.assertNotIn("a forwards", why)

    def test_a_lower_bound_of_ours_that_reaches_the_goal_reaches_it(self):
        word, why = verdict.judge(row(side("a", [200], [201]), side("b", [100], [300])))
        self.assertEqual(word, verdict.MET)
        self.assertIn("at least: the traffic", why)
        self.assertEqual(self.verdict(side("a", [130], [131]), side("b", [100], [300])),
                         verdict.NOT_MEASURABLE)

    def test_a_lower_bound_of_the_peer_or_of_a_time_proves_nothing(self):
        self.assertEqual(self.verdict(side("a", [200], [201]), side("b", [100], [101])),
                         verdict.NOT_MEASURABLE)
        ours = {**side("a", [1], unmeasurable="late"), "at_least": False}
        self.assertEqual(self.verdict(ours, side("b", [100]), goal=("<=", 0.8)),
                         verdict.NOT_MEASURABLE)
        ours = {**side("a", [200], unmeasurable="the generator's end"), "at_least": True}
        self.assertEqual(self.verdict(ours, side("b", [100])), verdict.MET)

    def test_a_lower_bound_above_the_median_leaves_the_median_what_it_is(self):
        def rounds(*pairs):
            return [{"value": v, "unmeasurable": "end" if b else None, "at_least": bool(b)}
                    for v, b in pairs]
        self.assertEqual(verdict.note_of(rounds((9, 0), (10, 0), (11, 1))), (None, False))
        self.assertEqual(verdict.note_of(rounds((9, 1), (10, 0), (11, 0))), ("end", True))
        self.assertEqual(verdict.note_of(rounds((9, 0), (10, 1), (11, 0))), ("end", True))
        self.assertEqual(verdict.note_of(rounds((9, 0), (11, 1))), ("end", True))
        self.assertEqual(verdict.note_of(rounds((9, 0), (10, 0))), (None, False))
        late = rounds((9, 0), (10, 0)) + [{"value": 11, "unmeasurable": "late"}]
        self.assertEqual(verdict.note_of(late), ("late", False))

    def test_one_round_with_too_little_traffic_decides_nothing(self):
        ours = side("a", [200, 200, 200], [300, 200, 300])
        self.assertEqual(self.verdict(ours, side("b", [100], [300])), verdict.MET)

    def test_an_error_is_a_failed_row_with_the_reason(self):
        word, why = verdict.judge(row(side("a", [200]), side("b", [100], error="died: oops")))
        self.assertEqual(word, verdict.FAILED)
        self.assertEqual(why, "b: died: oops")

    def test_an_error_outweighs_too_little_traffic(self):
        self.assertEqual(self.verdict(side("a", [1], [1]), side("b", [], error="x")),
                         verdict.FAILED)

    def test_what_the_generator_could_not_do_is_not_measurable(self):
        self.assertEqual(self.verdict(side("a", [1]), side("b", [1], unmeasurable="late")),
                         verdict.NOT_MEASURABLE)

    def test_a_peer_that_forwards_nothing_gives_no_ratio(self):
        self.assertEqual(self.verdict(side("a", [1]), side("b", [0])), verdict.NOT_MEASURABLE)

    def test_interrupted_before_the_first_round(self):
        self.assertEqual(self.verdict(side("a", [1]), side("b", [])), verdict.MISSING)

    def test_no_goal_is_no_verdict(self):
        self.assertEqual(self.verdict(side("a", [1]), side("b", [2]), goal=None), verdict.INFO)

    def test_no_goal_says_all_the_same_that_traffic_was_short(self):
        word, why = verdict.judge(row(side("a", [100], [100]), side("b", [2]), goal=None))
        self.assertEqual(word, verdict.INFO)
        self.assertIn("a forwards 100.0 %", why)

    def test_statistics_keep_every_round(self):
        self.assertEqual(verdict.stat([3, 1, None, 2]),
                         {"median": 2, "min": 1, "max": 3, "values": [3, 1, 2]})
        self.assertIsNone(verdict.stat([]))


unittest.main()
