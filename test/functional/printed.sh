# What is printed: nothing lost without a word, whatever the bytes of names, wherever standard output goes.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

bp_null_pair n "count = 100"

# ends CODE WORDS OPTION...: with nowhere to print to.
ends()
{
	_code=$1 _words=$2
	shift 2
	"$BYPATH" "$@" 2>"$BP_TMP/end.log"
	_is=$?
	[ $_is = "$_code" ] || fail "bypath $*: code $_is instead of $_code"
	[ -z "$_words" ] || grep -q "$_words" "$BP_TMP/end.log" || fail "bypath $*: does not say '$_words'"
}

# Every command that prints.
each()
{
	for command in "$@"; do
		# shellcheck disable=SC2086
		ends "$CODE" "$WORDS" $command
	done
}

all()
{
	each --help --version help 'run --help' 'gen --help' 'compare --help' 'check --help' 'explain --help' \
		'bind --help' 'drivers --help' drivers 'drivers --json' 'compare --list' 'bind --list' \
		'bind --list --json' 'check --reference=ini' 'check --reference=tables' \
		"check $BP_TMP/n.ini" "check --json $BP_TMP/n.ini" "explain $BP_TMP/n.ini" \
		"explain --json $BP_TMP/n.ini" "explain --line-rate 10G $BP_TMP/n.ini" "gen --tx-port null --count 10 --quiet" \
		"gen --tx-port null --count 10 --quiet --json -"
}

CODE=1 WORDS='standard output: .* be written' all >/dev/full
CODE=1 WORDS='standard output: .* be written' all >&-
CODE=0 WORDS='' all >"$BP_TMP/all.txt"
[ "$(wc -l <"$BP_TMP/all.txt")" -gt 300 ] || fail "the control prints nothing"
# A service that forwards with standard output closed has its report in a file.
"$BYPATH" run "$BP_TMP/n.ini" --duration 0.1 --quiet --report "$BP_TMP/n.json" >&- 2>"$BP_TMP/n.log" ||
	fail "run with standard output closed: code $?"
bp_expect n 'received == 100' 'summary()'
ends 1 'standard output: .* be written: No space' run "$BP_TMP/n.ini" --duration 0.1 --quiet >/dev/full
note "standard output"

# Sizes and counts are whole.
for option in '--sizes 64.7' '--sizes 64,128.5' '--repeats 2.5'; do
	# shellcheck disable=SC2086
	ends 2 'allowed: whole numbers' gen --tx-port null --rx-port ring:x --search ndr $option
done
ends 2 'allowed: 64 … 9018' compare --sizes 64.7
ends 2 'allowed: 64 … 9018' compare --sizes -18446744073709551552

# Names of any bytes, and a host of such a name.
named="$BP_TMP/$(printf 'na\377me')"
cp "$BP_TMP/n.ini" "$named.ini"
unshare --uts "$BP_PYTHON" - "$BYPATH" "$BP_TMP" "$named.ini" "$named.json" <<'END' >"$BP_TMP/names.log" 2>&1 || fail "names"
import json
import os
import socket
import subprocess
import sys

bypath, folder, ini, out = map(os.fsencode, sys.argv[1:])
socket.sethostname(b"ho\xffst")


def call(*args, to=None):
    done = subprocess.run([bypath, *args], capture_output=True, check=False)
    assert done.returncode == 0, (args, done.returncode, done.stderr[-500:])
    if to is None:
        return json.loads(done.stdout)
    with open(to, encoding="utf-8", errors="strict") as file:
        return file.read()


run = json.loads(call(b"run", ini, b"--duration", b"0.1", b"--quiet", b"--report", out, to=out))
assert run["machine"]["host"] == "ho?st", run["machine"]
gen = json.loads(call(b"gen", b"--tx-port", b"null", b"--count", b"10", b"--quiet", b"--json", out, to=out))
assert gen["machine"]["host"] == "ho?st", gen["machine"]
for command in b"check", b"explain":
    assert call(command, b"--json", ini)["file"].endswith("na?me.ini"), command
page = folder + b"/p\xff.html"
compare = json.loads(call(b"compare", b"--paths", b"null", b"--sizes", b"64", b"--rounds", b"1", b"--duration", b"0.05",
                          b"--json", out, b"--html", page, to=out))
assert compare["machine"]["host"] == "ho?st" and "na?me" in compare["run"]["command"], compare["run"]
with open(page, encoding="utf-8", errors="strict") as file:
    assert "ho?st" in file.read()
diff = json.loads(call(b"compare", b"--diff", out, out, b"--json", folder + b"/diff.json", to=folder + b"/diff.json"))
assert diff["before"].endswith("na?me.json"), diff
END
note "names that are not UTF-8"
