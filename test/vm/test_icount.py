#!/usr/bin/python3
# What judges counts of instructions: the gate's file, the rows, the capture that is played, the bisection's words.
# SPDX-License-Identifier: BSD-3-Clause
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "lab"), str(HERE)]
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import count  # noqa: E402
import figures  # noqa: E402
import kernel  # noqa: E402
from suites import icount, icount_gate  # noqa: E402

NOW = {"compiler": "gcc 12", "build": "buildtype=release", "qemu": "7.2"}


class Options:
    rewrite, rows = False, None


class RecordedTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "icount.expected"
        figures.Recorded(self.path).write(NOW, {"null-60": 50.0, "ring-60": 20.004})
        self.recorded = figures.Recorded(self.path)

    def tearDown(self):
        self.folder.cleanup()

    def test_what_was_written_is_read(self):
        self.assertEqual((self.recorded.with_, self.recorded.rows), (NOW, {"null-60": 50.0, "ring-60": 20.0}))

    def test_two_percent_more_pass_and_no_more_than_that(self):
        self.assertEqual(self.recorded.judge("null-60", 50.99)[0], "")
        problem, _ = self.recorded.judge("null-60", 51.01)
        self.assertIn("51.0 instructions of user code per packet, 50.0 expected (+2.0%)", problem)
        self.assertIn("test/vm/bisect null-60", problem)

    def test_less_passes_and_asks_to_be_recorded(self):
        problem, note = self.recorded.judge("null-60", 40.0)
        self.assertEqual(problem, "")
        self.assertIn("-20.0%", note)
        self.assertIn("record it", note)
        self.assertNotIn("record it", self.recorded.judge("null-60", 49.5)[1])

    def test_row_without_a_figure_fails(self):
        self.assertIn("has no row new-60", self.recorded.judge("new-60", 1.0)[0])

    def test_another_compiler_is_a_difference_that_is_named(self):
        self.assertEqual(self.recorded.difference(NOW), "")
        said = self.recorded.difference({**NOW, "compiler": "gcc 13"})
        self.assertEqual(said, "compiler: 'gcc 12' there, 'gcc 13' here")

    def test_line_that_is_none_is_refused(self):
        self.path.write_text("null-60 50\n", encoding="utf-8")
        with self.assertRaisesRegex(SystemExit, "icount.expected:1: expected NAME = VALUE"):
            figures.Recorded(self.path)
        self.path.write_text("null-60 = few\n", encoding="utf-8")
        with self.assertRaisesRegex(SystemExit, "icount.expected:1: null-60: 'few' is no number"):
            figures.Recorded(self.path)


class GateTest(unittest.TestCase):
    """The check before the boot: other figures than those of this build are no measure."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / "icount.expected"
        self.before = icount_gate.EXPECTED, icount_gate.built_with
        icount_gate.EXPECTED, icount_gate.built_with = self.path, lambda: NOW

    def tearDown(self):
        icount_gate.EXPECTED, icount_gate.built_with = self.before
        self.folder.cleanup()

    def test_same_build_is_judged(self):
        figures.Recorded(self.path).write(NOW, {"null-60": 50.0})
        icount_gate.check(Options)

    def test_other_build_is_skipped_with_the_reason(self):
        figures.Recorded(self.path).write({**NOW, "compiler": "clang 14"}, {"null-60": 50.0})
        with self.assertRaisesRegex(kernel.Missing, "of another build: compiler: 'clang 14' there, 'gcc 12' here"):
            icount_gate.check(Options)

    def test_no_file_is_skipped_with_the_reason(self):
        with self.assertRaisesRegex(kernel.Missing, "compiler: 'none' there"):
            icount_gate.check(Options)

    def test_tree_records_each_row_of_the_gate_and_no_other(self):
        recorded = figures.Recorded(self.before[0])
        self.assertEqual(set(recorded.rows), {row.name for row in icount.GATE})
        self.assertEqual(set(recorded.with_), set(self.before[1]()))


class FigureTest(unittest.TestCase):
    @staticmethod
    def path(name, n_pkts, whole, calls):
        return {"in": name, "counted": {"packets_out": n_pkts, "ns_per_packet": whole, "ns_per_packet_calls": calls,
                                        "mean_burst": 64.0}}

    def test_frames_that_the_seeds_rounds_send_are_counted(self):
        report = {"paths": [self.path("seed", 10, 600.0, 500.0), self.path("a", 100, 40.0, 30.0)]}
        figure = count.figure_of(report)
        self.assertEqual((figure.user, figure.calls, figure.n_pkts), (20.0, 80.0, 100))

    def test_nothing_that_came_round_is_no_figure(self):
        self.assertIsNone(count.figure_of({"paths": [self.path("a", 0, None, None)]}))


class TableTest(unittest.TestCase):
    row = count.Row("af_packet-mmap", "virtio", 60)

    def runs(self, *found):
        return [figures.document({"kernel": "6.12"}, [(self.row, figure)]) for figure in found]

    def cells(self, *found):
        return figures.table(self.runs(*found)).splitlines()[2]

    def test_softirqs_beside_calls_make_the_sum_a_bound(self):
        self.assertEqual(self.cells(count.Figure(87.06, 0.0, 64.0, 1)),
                         "| af_packet-mmap | virtio | 60 | 87.1 | 0 | – | – | 87.1 | 64.0 | 1 | – |")
        self.assertEqual(self.cells(count.Figure(500.0, 1000.4, 64.0, 1, 200.0, 700.0)),
                         "| af_packet-mmap | virtio | 60 | 500 | 1000 | 200 | 700 | ≤ 2200 | 64.0 | 1 | – |")

    def test_medians_are_shown_and_a_row_that_differs_is_marked(self):
        def last(*users):
            return self.cells(*(count.Figure(user, 0.1 * at, 64.0, 1) for at, user in enumerate(users))).split(" | ")

        self.assertEqual(last(100.0, 300.0, 101.0)[3::7], ["101", "**197.0** |"])
        self.assertEqual(last(100.0, 100.5, 101.0)[-2:], ["3", "0.6 |"])

    def test_rows_stand_in_the_order_that_is_asked_for(self):
        runs = [{"rows": {name: figures.document({"kernel": "6.12"}, [(count.Row(name, "", 60), count.Figure(1.0, 0.0, 64.0, 1))])
                          ["rows"][f"{name}-60"]}} for name in ("last", "first")]
        lines = figures.table(runs, ("first", "absent", "last")).splitlines()
        self.assertEqual([line.split(" | ")[0] for line in lines[2:]], ["| first", "| last"])

    def test_boots_share_a_file_of_figures(self):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "figures.json"
            for size in (60, 1514):
                found = [(count.Row("null", "", size), count.Figure(87.0, 0.0, 64.0, 1))]
                figures.save(path, figures.document({"kernel": "6.12"}, found))
            rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        self.assertEqual((sorted(rows), rows["null-60"]["whole"]), (["null-1514", "null-60"], 87.0))


class RowsTest(unittest.TestCase):
    def test_names_are_unique(self):
        names = [row.name for row in icount.ROWS + icount.ZERO_COPY]
        self.assertEqual(len(names), len(set(names)))

    def test_capture_is_one_cut_record_then_frames_that_are_due_later(self):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "seed.pcap"
            count.capture(path, 60, 3, 1.5)
            data = path.read_bytes()
        self.assertEqual(struct.unpack_from("<IIII", data, 24), (0, 0, 14, 60))
        self.assertEqual(struct.unpack_from("<IIII", data, 24 + 30), (1, 500000, 60, 60))
        self.assertEqual(len(data), 24 + 30 + 3 * 76)


def has_commits():
    """Not in a tree that was unpacked from an archive."""
    return not subprocess.run(["git", "-C", HERE, "rev-parse", "--verify", "HEAD"], capture_output=True,
                              check=False).returncode


class WordsTest(unittest.TestCase):
    def refused(self, *words):
        run = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=HERE)
        return run.returncode, run.stdout + run.stderr

    def test_row_that_does_not_exist_is_bad_usage(self):
        code, said = self.refused(HERE / "run", "--rows", "nosuch", "icount")
        self.assertEqual(code, 2, said)
        self.assertIn("no row nosuch", said)

    @unittest.skipUnless(shutil.which("git") and has_commits(), "no git here")
    def test_bisect_needs_two_commits(self):
        code, said = self.refused(HERE / "bisect", "null-60", "HEAD", "HEAD")
        self.assertEqual((code, "one commit" in said), (2, True), said)
        code, said = self.refused(HERE / "bisect", "null-60", "nosuch")
        self.assertEqual((code, "nosuch" in said), (2, True), said)


if __name__ == "__main__":
    unittest.main()
