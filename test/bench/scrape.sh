#!/bin/sh
# How long a scrape of the largest configuration takes, how long its text is.
# SPDX-License-Identifier: BSD-3-Clause
#
# usage: BYPATH_BUILD_ROOT=build test/bench/scrape.sh [PORTS [QUEUES [WORKERS]]]
#
# Null ports in a ring, packets on all of them. Milliseconds of 41 scrapes of each format over one connection: median, the half in
# the middle, the longest; of the processor, what all threads but the workers took from one to the next.
. "$(dirname "$0")/../functional/lib.sh"

N=${1:-62} QUEUES=${2:-8} WORKERS=${3:-$(nproc)}

{
	printf '[engine]\nname = scrape\nworkers = %d\n[memory]\nhugepages = no\nframes = 65536\n[metrics]\nlisten = 127.0.0.1:9477\n' "$WORKERS"
	echo '[forward]'
	i=0
	while [ $i -lt "$N" ]; do
		echo "p$i = p$(((i + 1) % N))"
		i=$((i + 1))
	done
	i=0
	while [ $i -lt "$N" ]; do
		printf '[port.p%d]\ndriver = null\nrate_pps = 100\nqueues = %d\n' $i "$QUEUES"
		i=$((i + 1))
	done
} >"$BP_TMP/scrape.ini"
"$BYPATH" run "$BP_TMP/scrape.ini" >"$BP_TMP/scrape.log" 2>&1 &
pid=$!
wait_for 20 grep -q forwarding "$BP_TMP/scrape.log" || fail "does not start"
"$BP_PYTHON" - $pid <<'END' || fail "cannot be scraped"
import glob
import http.client
import statistics
import sys
import time

N = 41


def cpu_ms():
    """Of all threads but the workers."""
    total = 0
    for path in glob.glob(f"/proc/{sys.argv[1]}/task/*/schedstat"):
        with open(path.replace("schedstat", "comm"), encoding="utf-8") as file:
            if file.read().startswith("bypath-w"):
                continue
        with open(path, encoding="utf-8") as file:
            total += int(file.read().split()[0])
    return total / 1e6


connection = http.client.HTTPConnection("127.0.0.1", 9477)
for kind, accept in (("OpenMetrics", "application/openmetrics-text"), ("text", "*/*")):
    times, before = [], cpu_ms()
    for _ in range(N):
        time.sleep(0.3)  # who asks again within 100 ms has the same text
        begin = time.monotonic_ns()
        connection.request("GET", "/metrics", headers={"Accept": accept})
        text = connection.getresponse().read()
        times.append((time.monotonic_ns() - begin) / 1e6)
    low, median, high = statistics.quantiles(times, n=4)
    n = sum(not line.startswith(b"#") for line in text.splitlines())
    print(f"{kind:12} {median:.2f} ms ({low:.2f}–{high:.2f}, longest {max(times):.2f}), "
          f"{(cpu_ms() - before) / N:.2f} ms of a processor, {len(text) / 1024:.0f} KiB, {n} samples")
END
kill $pid
wait $pid
