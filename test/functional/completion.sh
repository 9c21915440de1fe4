# The shells' completion: completion.sh tables | bash | zsh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
. "${0%/*}/lib.sh"

case $1 in
tables)
	# Options that are offered are those that --help explains, of every command.
	"$BP_PYTHON" - "$BYPATH" <<'PY' || fail "completion and --help differ"
import re, subprocess, sys
def run(*args):
    return subprocess.run([sys.argv[1], *args], capture_output=True, text=True).stdout
commands = re.findall(r"^  bypath (\w+) ", run("--help"), re.M)
assert commands == [line.split("\t")[0] for line in run("--complete", "").splitlines() if line[0] != "-"]
for command in commands:
    text = run(command, "--help")
    offered = {line.split("\t")[0] for line in run("--complete", command, "--").splitlines()} - {"--help"}
    explained = set(re.findall(r"^ +(--[a-z][-a-z0-9]*)", text, re.M))
    mentioned = set(re.findall(r"--[a-z][-a-z0-9]*", text))
    assert explained <= offered, (command, "not offered:", explained - offered)
    assert offered <= mentioned, (command, "not explained:", offered - mentioned)
print(f"# {len(commands)} commands")
PY
	note "options are offered as --help has them"
	;;
bash | zsh)
	need "$1"
	bp_null_pair edge
	mkdir "$BP_TMP/home" "$BP_TMP/home/folder" "$BP_TMP/functions"
	cp "$BP_TMP/edge.ini" "$BP_TMP/home/"
	cp "$BP_TMP/edge.ini" "$BP_TMP/home/folder/inner.ini"
	touch "$BP_TMP/home/notes.txt" "$BP_TMP/home/folder/notes.txt"
	name=known-$(date +%s%N | tail -c 10)
	"$BYPATH" run "$BP_TMP/edge.ini" --set "engine.name=$name" >"$BP_TMP/run.log" 2>&1 &
	echo $! >"$BP_TMP/run.pid"
	wait_for 10 grep -q forwarding "$BP_TMP/run.log" || fail "no instance"
	# As they are installed.
	cp "$BP_SOURCE/src/cli/completion/bypath.bash" "$BP_TMP/functions/bypath"
	cp "$BP_SOURCE/src/cli/completion/bypath.zsh" "$BP_TMP/functions/_bypath"
	script=$BP_TMP/functions/bypath
	[ "$1" = bash ] || script=$BP_TMP/functions/_bypath
	timeout 120 "$BP_PYTHON" "${0%/*}/completed.py" "$1" "$script" "$BYPATH" "$BP_TMP/home" "$name" a \
		>"$BP_TMP/shell.log" 2>&1 || fail "$(cat "$BP_TMP/shell.log")"
	# One that is stopped hangs no shell.
	kill -STOP "$(bp_pid run)"
	timeout 20 "$BYPATH" --complete show "" >"$BP_TMP/stopped" || fail "completion waits for a stopped instance"
	grep -q "^$name	" "$BP_TMP/stopped" || fail "a stopped instance is not offered"
	kill -CONT "$(bp_pid run)"
	kill "$(bp_pid run)"
	bp_exit run 10 || fail "the instance does not end"
	note "commands, words, options, values, files, instances by $1 itself"
	;;
esac
