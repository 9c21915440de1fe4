# The generator around a forwarder over veth: both reports reconcile to the packet.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
#   gen: bypath gen [g0]═══[w0] mid: bypath run [w1]═══[g1] the same bypath gen
#
# usage: gen-lab.sh KIND    the forwarder's driver, as in lib.sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${1:?usage: gen-lab.sh KIND}
bp_need_driver "${KIND%%-*}"
need ip "$BP_PYTHON"
ip netns add gen
ip netns add mid
for ns in gen mid; do
	bp_quiet $ns
done
for i in 0 1; do
	ip -n gen link add g$i mtu 1500 type veth peer name w$i netns mid mtu 1500
	ip -n gen link set g$i up
	ip -n mid link set w$i up
done
bp_ini gen <<'INI'
[port.out]
driver = af_packet
device = g0
[port.in]
driver = af_packet
device = g1
[gen]
tx = out
rx = in
settle = 2
[stream.small]
share = 3
src = 198.18.0.1-198.18.0.250
[stream.mixed]
protocol = tcp6
size = 96,594,1518
INI
bp_pair a "$KIND" w0 "$KIND" w1

# generate [OPTION...]: a trial, its report gen.json.
generate()
{
	# The forwarder pins itself to the last core.
	ip netns exec gen "$BYPATH" gen "$BP_TMP/gen.ini" --cores 0 --quiet \
		--json "$BP_TMP/gen.json" "$@" >"$BP_TMP/gen.log" 2>&1 ||
		fail "bypath gen ends with code $?"
}

# What the kernel says that it dropped on receipt on the four interfaces. What they dropped instead of
# sending has a name with whoever sent it (tx_kernel_drop) and is not added.
kernel_drops()
{
	for ns in gen mid; do
		ip -n $ns -s -j link show type veth
	done | "$BP_PYTHON" -c '
import json, sys
text = sys.stdin.read().replace("][", ",")
text = text.replace("]\n[", ",")
print(sum(l["stats64"]["rx"]["dropped"] for l in json.loads(text)))'
}

cat >"$BP_TMP/reconcile.py" <<'PY'
import json, sys

gen, run = (json.load(open(f"/run/t/{name}.json")) for name in ("gen", "a"))
kernel = int(sys.argv[1])
trial = gen["trial"]
law = run["conservation"]["counted"]


def reported(ports):
    """Losses that devices report, but those that the interfaces count as well: what a native
    AF_XDP socket does not take, where veth counts the redirection that failed."""
    return sum(row["value"] for port in ports for row in port["reported"]
               if row["is_drop"] and not port["mode"].startswith("native"))


lost = {"on the kernel's interfaces": kernel, "at the forwarder's ports": reported(run["ports"]),
        "in the forwarder": law["dropped"], "at the generator's ports": reported(gen["ports"])}
once = trial["sent"]["frames"] - trial["lost"]
print(f"sent {trial['sent']['frames']} = received {once} + lost {lost} "
      f"({trial['sent']['pps'] / 1e6:.3f} Mpps sent, p50 {trial['latency_ns']['p50'] / 1e3:.0f} µs)")
if trial["sent"]["frames"] != once + sum(lost.values()):
    sys.exit("not reconciled: " + json.dumps([gen["ports"], run["ports"]]))
if trial["offered"]["frames"] != trial["sent"]["frames"] + trial["tx_dropped"]:
    sys.exit("offered frames are neither sent nor dropped")
for fault in ("duplicate", "corrupt", "foreign", "stale", "reordered"):
    if trial[fault]:
        sys.exit(f"{fault}: {trial[fault]}")
if once != trial["latency_ns"]["frames"] or once != sum(s["received_once"] for s in gen["streams"]):
    sys.exit("streams, latencies and total disagree")
if gen["arena"]["frames"] != gen["arena"]["frames_free"]:
    sys.exit(f"frames leaked: {gen['arena']}")
if once < 100:
    sys.exit("next to nothing came through")
PY

# trial OPTION...: forwarder and generator, both new; whatever is missing has a name, to the packet.
# Another load of this machine may stop either for seconds: frames may be lost, never unaccounted.
trial()
{
	before=$(kernel_drops)
	bp_start a
	wait_for 20 grep -q forwarding "$BP_TMP/a.log" || fail "the forwarder does not start"
	bp_all_alive || fail "the forwarder ended"
	generate "$@"
	bp_stop a
	"$BP_PYTHON" "$BP_TMP/reconcile.py" $(($(kernel_drops) - before)) \
		>"$BP_TMP/reconcile.log" 2>&1 || fail "$*: sent and received do not reconcile"
	note "$*: $(cat "$BP_TMP/reconcile.log")"
}

trial --rate 5kpps --count 5000
bp_expect gen 'r["trial"]["sent"]["frames"] == 5000' 'r["trial"]'
bp_expect gen '[s["sent"] for s in r["streams"]] == [3750, 1250]' 'r["streams"]'
trial --rate max --duration 1
