# What the guest's own kernel counts by its trace events.
# SPDX-License-Identifier: BSD-3-Clause
"""Histogram(lab, event, words): a trigger of the kernel's, where a probe of bypath's is what is tested."""

import re

FOLDER = "/sys/kernel/tracing"
LINE = re.compile(r"\{ \w+: +(\S+) +\} hitcount: +(\d+)((?: +\w+: +\d+)*)")


def make_kprobe(lab, name, words):
    """The event kprobes/NAME. GuestError where the kernel has no such function or argument."""
    mount(lab)
    lab.guest.sh(f"echo 'p:{name} {words}' >>{FOLDER}/kprobe_events")


def drop_kprobe(lab, name):
    lab.guest.sh(f"echo '-:{name}' >>{FOLDER}/kprobe_events")


def mount(lab):
    lab.guest.sh(f"mountpoint -q {FOLDER} || mount -t tracefs none {FOLDER}")


class Histogram:
    """words: 'keys=KEY[:vals=FIELD…] [if FILTER]'."""

    def __init__(self, lab, event, words):
        mount(lab)
        self.lab, self.words, self.folder = lab, words, f"{FOLDER}/events/{event}"
        lab.guest.sh(f"echo 'hist:{words}' >{self.folder}/trigger")

    def rows(self):
        """{key: (events, {field: sum})} since it was made."""
        return {key: (int(hits), {name: int(value) for name, value in re.findall(r"(\w+): +(\d+)", sums)})
                for key, hits, sums in LINE.findall(self.lab.guest.read(f"{self.folder}/hist"))}

    def hits(self):
        return sum(hits for hits, _ in self.rows().values())

    def end(self):
        self.lab.guest.sh(f"echo '!hist:{self.words}' >{self.folder}/trigger")
