#!/usr/bin/python3
# Proves that tally.py counts every test, and that no skip passes unseen.
# SPDX-License-Identifier: BSD-3-Clause
import json
import os
import subprocess
import sys
import tempfile
import unittest

TALLY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tally.py")


def entry(name, result, stdout=""):
    return {"name": f"bypath:unit / {name}", "result": result, "returncode": 0, "stdout": stdout}


class Tally(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def folder(self):
        folder = os.path.join(self.scratch.name, "build")
        os.makedirs(os.path.join(folder, "meson-logs"), exist_ok=True)
        return folder

    def tally(self, entries, allowed="", listed=None):
        """Entries: the log; listed: the tests that the build defines, those of the log if None."""
        folder = self.folder()
        rules = os.path.join(self.scratch.name, "expected-skips")
        with open(rules, "w", encoding="utf-8") as file:
            file.write(allowed)
        os.makedirs(os.path.join(folder, "meson-info"), exist_ok=True)
        names = listed if listed is not None else [e["name"].split(" / ")[1] for e in entries or []]
        with open(os.path.join(folder, "meson-info", "intro-tests.json"), "w",
                  encoding="utf-8") as file:
            json.dump([{"name": name, "suite": ["bypath:unit"]} for name in names], file)
        if entries is not None:
            with open(os.path.join(folder, "meson-logs", "testlog.json"), "w",
                      encoding="utf-8") as file:
                file.writelines(json.dumps(e) + "\n" for e in entries)
        run = subprocess.run([sys.executable, TALLY, rules, folder], capture_output=True,
                             text=True, check=False)
        return run.returncode, run.stdout.splitlines()

    def test_counts_each_result(self):
        code, lines = self.tally([entry("a", "OK"), entry("b", "OK"), entry("c", "FAIL"),
                                  entry("d", "TIMEOUT"), entry("e", "ERROR")])
        self.assertEqual((code, lines[-1]), (1, "2 passed, 3 failed, 0 skipped"))

    def test_end_of_what_failed_is_told(self):
        output = "".join(f"line {number}\n" for number in range(100)) + "x" * 10000 + "\n"
        _, lines = self.tally([entry("a", "OK", "quiet\n"), entry("b", "FAIL", output)])
        self.assertRegex(lines[0], "^--- .*: b$")
        self.assertEqual(lines[1:3] + lines[19:20], ["    line 81", "    line 82", "    line 99"])
        self.assertLess(len(lines[20]), 500)
        self.assertNotIn("    quiet", lines)

    def test_all_passed_is_success(self):
        code, lines = self.tally([entry("a", "OK")])
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed, 0 skipped"))

    def test_allowed_skip_is_listed_with_its_reason(self):
        code, lines = self.tally([entry("a", "OK"), entry("zc", "SKIP", "x\nSKIP: no such NIC\n")],
                                 "zc | zero-copy-nic | no such NIC\n")
        self.assertEqual((code, lines[-1]), (0, "1 passed, 0 failed, 1 skipped"))
        self.assertIn("no such NIC", lines[-2])

    def test_skip_without_a_rule_fails(self):
        code, lines = self.tally([entry("a", "OK"), entry("b", "SKIP", "SKIP: tired\n")])
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_skip_for_another_reason_fails(self):
        code, _ = self.tally([entry("zc", "SKIP", "SKIP: tired\n")],
                             "zc | zero-copy-nic | no such NIC\n")
        self.assertEqual(code, 1)

    def test_skip_for_a_feature_that_is_there_fails(self):
        code, lines = self.tally([entry("b", "SKIP", "SKIP: no python\n")],
                                 "* | python | no python\n")
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_test_that_never_ran_fails(self):
        code, lines = self.tally([entry("a", "OK")], listed=["a", "b"])
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))
        self.assertIn("b: was not run", lines[-2])

    def test_missing_log_fails(self):
        code, lines = self.tally(None)
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))

    def test_logs_of_several_runs_are_added_up(self):
        with open(os.path.join(self.folder(), "meson-logs", "behind.json"), "w", encoding="utf-8") as file:
            file.write(json.dumps(entry("c", "FAIL")) + "\n")
        code, lines = self.tally([entry("a", "OK"), entry("b", "OK")], listed=["a", "b", "c"])
        self.assertEqual((code, lines[-1]), (1, "2 passed, 1 failed, 0 skipped"))

    def test_empty_log_fails(self):
        code, lines = self.tally([])
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed, 0 skipped"))


if __name__ == "__main__":
    unittest.main()
