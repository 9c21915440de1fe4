# Threads beside the workers leave the workers' cores alone, where the process has others.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "${0%/*}/lib.sh"

need ip "$BP_PYTHON"
ip netns add mid || fail "ip netns add mid"
ip -n mid link set lo up

# What this test may use, as the instance may.
cores=$("$BP_PYTHON" -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
first=${cores%% *}
last=${cores##* }
[ "$first" != "$last" ] || skip "one core: nothing is left beside a worker"

# placed CORES [NAME...]: each worker is on one of these, every other thread on the rest (on all, where there is none); threads of
# these names are among them.
placed()
{
	"$BP_PYTHON" - "$(bp_pid a)" "$cores" "$@" >"$BP_TMP/placed.log" 2>&1 <<'PY'
import os, sys

pid, allowed, workers = sys.argv[1], sys.argv[2].split(), sys.argv[3].split(",")
wanted = {int(c) for c in allowed if c not in workers} or {int(c) for c in allowed}
names, wrong = set(), []
for tid in os.listdir(f"/proc/{pid}/task"):
    with open(f"/proc/{pid}/task/{tid}/status", encoding="utf-8") as file:
        rows = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    given = set()
    for part in rows["Cpus_allowed_list"].split(","):
        low, _, high = part.partition("-")
        given |= set(range(int(low), int(high or low) + 1))
    name = rows["Name"]
    names.add(name)
    is_right = given in [{int(c)} for c in workers] if name.startswith("bypath-w") else given == wanted
    if not is_right:
        wrong.append(f"{name}: {rows['Cpus_allowed_list']}")
missing = [n for n in ["bypath-w0"] + sys.argv[4:] if not any(name.startswith(n) for name in names)]
print(*wrong, *missing, sep="\n")
sys.exit(bool(wrong or missing))
PY
}

# reload WORKERS CORES
reload()
{
	sed -i "s/^workers = .*/workers = $1/; s/^cores = .*/cores = $2/" "$BP_TMP/a.ini"
	"$BYPATH" reload affinity >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
}

cat >"$BP_TMP/on-event" <<EOF
#!/bin/sh
grep Cpus_allowed_list /proc/self/status >"$BP_TMP/told"
EOF
chmod 755 "$BP_TMP/on-event"
bp_null_pair a "rate_pps = 20000" "[engine]" "name = affinity" "workers = 2" "cores = $first,$last" \
	"[alarm]" "on_event = $BP_TMP/on-event" "[metrics]" "listen = unix:$BP_TMP/m.sock"
bp_start a
wait_for 10 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "it does not start"
wait_for 5 test -S "$BP_TMP/m.sock" || fail "no metrics"
"$BYPATH" capture a rx -w "$BP_TMP/a.pcapng" 2>"$BP_TMP/capture.log" &
capture=$!
threads='bypath bypath-hook bypath-http bypath-control bypath-capture'
# shellcheck disable=SC2086 # names
wait_for 10 placed "$first,$last" $threads || fail "the workers have $first and $last: $(cat "$BP_TMP/placed.log")"

reload 1 "$last"
# shellcheck disable=SC2086
placed "$last" $threads || fail "the worker has $last: $(cat "$BP_TMP/placed.log")"
reload 1 "$first"
# shellcheck disable=SC2086
placed "$first" $threads || fail "the worker has $first: $(cat "$BP_TMP/placed.log")"
# What is begun now is no different.
kill -TERM $capture
wait $capture || fail "capture"
"$BYPATH" capture a rx -w "$BP_TMP/b.pcapng" 2>"$BP_TMP/capture.log" &
capture=$!
# shellcheck disable=SC2086
wait_for 10 placed "$first" $threads || fail "the worker has $first: $(cat "$BP_TMP/placed.log")"
"$BYPATH" set port b down affinity || fail "set port"
wait_for 10 test -s "$BP_TMP/told" || fail "no program was run"
[ "$(cut -f2 "$BP_TMP/told")" = "$(grep Cpus_allowed_list "/proc/$(bp_pid a)/status" | cut -f2)" ] ||
	fail "the program has other cores: $(cat "$BP_TMP/told")"
reload 2 "$first,$last"
# shellcheck disable=SC2086
placed "$first,$last" $threads || fail "the workers have $first and $last again: $(cat "$BP_TMP/placed.log")"
kill -TERM $capture
wait $capture || fail "capture"
bp_stop a
note "control, metrics, capture, program: beside the worker, wherever it is; everywhere, where nothing is left"

# Somebody from outside says less: so much is theirs.
bp_null_pair a "rate_pps = 20000" "[engine]" "name = affinity" "workers = 1" "cores = $last"
rm -f "$BP_TMP/a.log"
ip netns exec mid "$BP_PYTHON" -c "import os, sys; os.sched_setaffinity(0, {$last}); os.execv(sys.argv[1], sys.argv[1:])" \
	"$BYPATH" run "$BP_TMP/a.ini" --report "$BP_TMP/a.json" >"$BP_TMP/a.log" 2>&1 &
echo $! >"$BP_TMP/a.pid"
wait_for 10 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "it does not start"
cores=$last
wait_for 5 placed "$last" bypath || fail "one core: $(cat "$BP_TMP/placed.log")"
bp_stop a
note "one core: nothing is left, all are there"

[ -z "$(bp_driver_missing dpdk)" ] || { note "no dpdk in this build"; exit 0; }
cores=$("$BP_PYTHON" -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
# eal_file PORT-LINE...
eal_file()
{
	{
		printf '[engine]\nname = affinity\nworkers = 1\ncores = %s\n[memory]\nframes = 1024\nhugepages = no\n' "$last"
		bp_dpdk_section
		printf '[port.a]\n'
		printf '%s\n' "$@"
		printf '[port.b]\ndriver = null\n[forward]\na = b\n'
	} | bp_ini a
}

eal_file "driver = dpdk" "device = net_null0"
bp_start a
wait_for 20 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "it does not start"
wait_for 5 placed "$last" bypath eal- || fail "EAL: $(cat "$BP_TMP/placed.log")"
bp_stop a
eal_file "driver = null" "rate_pps = 20000"
bp_start a
wait_for 20 grep -q 'info: forwarding' "$BP_TMP/a.log" || fail "it does not start"
eal_file "driver = dpdk" "device = net_null0"
"$BYPATH" reload affinity >"$BP_TMP/reload.log" 2>&1 || fail "reload: $(cat "$BP_TMP/reload.log")"
wait_for 5 placed "$last" bypath eal- || fail "EAL, started by a reload: $(cat "$BP_TMP/placed.log")"
bp_stop a
note "EAL's threads as well, also where a reload has started it"
