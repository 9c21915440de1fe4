# `bypath check`: what it finds about the file, what about the machine, and how it ends.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

FILE=$BP_TMP/gate.ini

# ends CODE ARGUMENT...: the exit code of bypath check; its output is in out.log and err.log.
ends()
{
	_code=$1
	shift
	"$BYPATH" check "$@" >"$BP_TMP/out.log" 2>"$BP_TMP/err.log"
	_got=$?
	[ $_got -eq "$_code" ] || fail "check $*: exit code $_got instead of $_code"
}

# says FILE TEXT: one of its lines is exactly this.
says()
{
	grep -qxF -e "$2" "$BP_TMP/$1.log" || fail "$1 lacks: $2"
}

# json EXPRESSION: true of the object `o` that was printed.
json()
{
	"$BP_PYTHON" -c "import json, sys; o = json.load(open(sys.argv[1])); assert $1, o" \
		"$BP_TMP/out.log" || fail "not so: $1"
}

cat >"$FILE" <<'INI'
[port.wan]
driver = ring
device = r
[port.lan]
driver = null
[forward]
wan = lan
INI
ends 0 "$FILE"
says out "$FILE: ok: 2 ports, 1 worker"
[ ! -s "$BP_TMP/err.log" ] || fail "a right file has errors"
ends 0 --json "$FILE" --set engine.workers=2
json "o['schema'] == 'bypath.check/1' and o['ok'] and o['errors'] == [] and (o['n_ports'], o['n_workers']) == (2, 2)"

# The file: every error, none about the machine.
ends 2 "$FILE" --set port.lan.driver=nul --set engine.burst=65 --set forward.lan=wam
drivers=$("$BYPATH" drivers --json | "$BP_PYTHON" -c \
	'import json, sys; print(" | ".join(d["name"] for d in json.load(sys.stdin)["drivers"]))')
says err "--set port.lan.driver=nul: [port.lan] driver: found 'nul', allowed: $drivers; did you mean 'null'?"
says err "--set engine.burst=65: [engine] burst: found '65', allowed: 1..64 views"
says err "--set forward.lan=wam: [forward] lan: found 'wam', which is no port; allowed: wan, lan; \
did you mean 'wan'?"
[ "$(wc -l <"$BP_TMP/err.log")" = 3 ] || fail "more than the three errors"
ends 2 --json "$FILE" --set engine.burst=65
json "not o['ok'] and len(o['errors']) == 1 and 'n_ports' not in o"
ends 2 "$BP_TMP/none.ini"
says err "$BP_TMP/none.ini: cannot be read: No such file or directory; check the path, or begin \
with a copy of config/reference.ini"

# Functions: what a line leads through, and what asks for more queues than there are.
ends 0 --offline "$FILE" --set function.f.type=macswap --set forward.wan=f,lan
ends 2 --offline "$FILE" --set function.f.type=macswap --set forward.wan=f,wam
says err "--set forward.wan=f,wam: [forward] wan: found 'wam', which is no port and no function; allowed: wan, lan, f; \
did you mean 'wan'?"
ends 2 --offline "$FILE" --set function.f.type=macswap --set forward.wan=f,lan --set engine.workers=2 --set port.wan.queues=2 \
	--set port.lan.driver=af_xdp --set port.lan.device=e0
says err "$FILE: port lan has 1 queue(s) but 2 workers send to it (by [forward] wan = f, lan), and af_xdp has one TX queue per \
queue: set [port.lan] queues = 2, or fewer [engine] workers"

# The machine: interfaces of this namespace, unless it is not the one meant.
ip link add gate0 type veth peer name gate1 || skip "no veth"
set -- "$FILE" --set port.wan.driver=af_packet
ends 0 "$@" --set port.wan.device=gate0
ends 2 "$@" --set port.wan.device=gaet0
says err "$FILE: [port.wan] device: found 'gaet0', but this machine (network namespace) has no such \
interface: see ip link; did you mean 'gate0'?"
ends 0 --offline "$@" --set port.wan.device=gaet0

# A deployment of every file, as far as a file can tell. What a file names is looked for from where bypath is started.
BYPATH=$(realpath "$BYPATH")
cd "$BP_SOURCE" || fail "no sources"
for ini in "$BP_SOURCE"/config/*.ini; do
	ends 0 --offline "$ini"
done

ends 0 --reference
cmp "$BP_TMP/out.log" "$BP_SOURCE/config/reference.ini" || fail "not config/reference.ini"
ends 2 --reference=yaml
ends 2
ends 2 "$FILE" "$FILE"
ends 2 --colour "$FILE"
