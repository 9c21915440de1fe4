# Cases and what became of them: a line each, totals per suite, failures that are expected by name.
# SPDX-License-Identifier: BSD-3-Clause
"""A case that `expected-failures` names must fail: when it passes, that is an error."""

import contextlib
import fnmatch
import re
import time
import traceback

from guest import GuestError, GuestLost
from kernel import Missing


class Expected:
    """Rows 'SUITE/CASE pattern | what removes it | why | what the failure says', from a file."""

    def __init__(self, path):
        self.rows, self.used = [], set()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            words = [word.strip() for word in line.split("|", 3)]
            if len(words) != 4:
                raise SystemExit(f"{path}:{number}: expected CASE | REMOVED BY | WHY | FAILURE")
            self.rows.append(words)

    def find(self, name):
        """(why it must fail, a pattern of how), None when nothing is expected."""
        for row in self.rows:
            if fnmatch.fnmatchcase(name, row[0]):
                self.used.add(row[0])
                return f"{row[1]}: {row[2]}", re.compile(row[3])
        return None

    def unused(self, suites):
        """Patterns of these suites that no case had the name of."""
        return [row[0] for row in self.rows if row[0].split("/")[0] in suites and row[0] not in self.used]


def is_finding(error):
    """A case's own word, no mistake of the suite's."""
    return isinstance(error, (GuestError, AssertionError))


class Report:
    """tally: per suite how many cases passed, failed, were skipped, failed as expected."""

    WORDS = ("passed", "failed", "skipped", "expected to fail")

    def __init__(self, expected, prefix=""):
        self.expected, self.prefix, self.tally, self.failures, self.skips = expected, prefix, {}, [], []
        self.reasons, self.said = {}, {}

    def add(self, word, suite, name, text, seconds=0.0):
        counts = self.tally.setdefault(suite, dict.fromkeys(self.WORDS, 0))
        counts[word] += 1
        full = f"{self.prefix}{suite}/{name}"
        if word == "failed":
            self.failures.append(full)
            self.said[full] = " ".join(text[:300].split())
        elif word == "skipped":
            self.skips.append(f"{full}: {text}")
        elif word == "expected to fail":
            self.reasons[full] = text
        mark = {"passed": "ok", "failed": "FAIL", "skipped": "skip", "expected to fail": "xfail"}[word]
        if word == "failed":
            text = text[:2000]
        print(f"{mark:5} {full} ({seconds:.1f} s){': ' + text if text else ''}", flush=True)

    @contextlib.contextmanager
    def case(self, suite, name):
        """A case's body; what it raises is its failure. GuestLost goes on to whoever boots."""
        begin = time.monotonic()
        expected = self.expected.find(f"{suite}/{name}")

        def end(word, text=""):
            self.add(word, suite, name, text, time.monotonic() - begin)

        try:
            yield
        except Missing as missing:
            end("skipped", str(missing))
        except GuestLost as lost:
            end("failed", str(lost))
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            text = self.describe(error)
            if expected and is_finding(error) and expected[1].search(text):
                end("expected to fail", expected[0])
            else:
                end("failed", text)
        else:
            end("failed" if expected else "passed",
                f"passes, but expected-failures says: {expected[0]}" if expected else "")

    @staticmethod
    def describe(error):
        """What a case failed of; a mistake in the suite itself says where."""
        if is_finding(error) and str(error):
            return str(error)
        at = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} ({at.filename.rpartition('/')[2]}:{at.lineno})"

    def summary(self):
        lines = [f"{suite:10} " + ", ".join(f"{counts[word]} {word}" for word in self.WORDS)
                 for suite, counts in self.tally.items()]
        return "\n".join(lines)

    def mark(self):
        return ({suite: dict(counts) for suite, counts in self.tally.items()}, list(self.failures), list(self.skips),
                dict(self.reasons))

    def reset(self, mark):
        """Forget what came after mark(): a boot is run once more."""
        self.tally, self.failures, self.skips, self.reasons = mark

    def finish(self, seconds):
        """Print the totals; the exit code."""
        for pattern in self.expected.unused(set(self.tally) - {skip.split("/")[0] for skip in self.skips}):
            self.failures.append(f"{pattern}: expected-failures names no case of this suite")
        for name, reason in sorted(self.reasons.items()):
            print(f"expected failure: {name}: {reason}")
        for skip in self.skips:
            print(f"skipped: {skip}")
        for name in self.failures:
            print(f"failed: {name}: {self.said[name]}" if name in self.said else f"failed: {name}")
        print(self.summary())
        passed = sum(counts["passed"] for counts in self.tally.values())
        print(f"{passed} cases passed, {len(self.failures)} failed, {len(self.skips)} skipped, "
              f"{len(self.reasons)} expected to fail, in {seconds:.0f} s", flush=True)
        if self.failures:
            return 1
        if not passed:
            print(f"SKIP: {self.skips[0] if self.skips else 'nothing was run'}", flush=True)
            return 77
        return 0
