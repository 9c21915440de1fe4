#!/bin/sh
# A function is one file and one row: a dummy one, put into a clone, stands in check, the reference and run.
# SPDX-License-Identifier: BSD-3-Clause
. "$(dirname "$0")/lib.sh"

need git meson ninja
export GIT_CONFIG_GLOBAL="$BP_TMP/gitconfig"
git config --global --add safe.directory '*'
clone=$BP_TMP/clone
mkdir "$clone"
(cd "$BYPATH_SOURCE_ROOT" && git ls-files -z | xargs -0 cp --parents -t "$clone") || fail "cannot copy the tree"
cd "$clone" || fail "no clone"
git init -q . && git add -A && git -c user.name=x -c user.email=x@x commit -q -m tree || fail "cannot commit the clone"

cp test/dummy_function/dummy.c src/functions/
sed -i "s|^  'macswap': .*|&\n  'dummy': [],|" src/functions/meson.build

# Nothing else was touched.
git add -A
git diff --cached --numstat | sed 's/\t/ /g' | sort >"$BP_TMP/stat"
cat "$BP_TMP/stat"
[ "$(grep -v ' src/functions/dummy.c$' "$BP_TMP/stat")" = "1 0 src/functions/meson.build" ] ||
	fail "a function touches more than its file and its row"

{ meson setup build -Dwerror=true -Ddebug=false -Dtests=false -Ddpdk=disabled && bp_build build; } >"$BP_TMP/build.log" 2>&1 ||
	fail "the clone does not build"
bypath=$clone/build/src/cli/bypath

# The reference holds its key.
"$bypath" check --reference | grep -q '^nth = 10$' || fail "its key is not in the reference"
"$bypath" check --reference=tables | grep -q '^| `nth` | 2..1000 packets | 10 | made anew | one of so many is dropped |$' ||
	fail "no table of its keys"

cat >"$BP_TMP/f.ini" <<-'END'
	[port.made]
	driver = null
	[port.eaten]
	driver = null
	[forward]
	made = f, eaten
	[function.f]
	type = dummy
	nth = 7
END
"$bypath" check "$BP_TMP/f.ini" || fail "check refuses it"
"$bypath" check "$BP_TMP/f.ini" --set function.f.nth=1 2>"$BP_TMP/err" && fail "check takes nth = 1"
grep -q "nth: found '1', allowed: 2..1000 packets" "$BP_TMP/err" || fail "check says: $(cat "$BP_TMP/err")"
"$bypath" check "$BP_TMP/f.ini" --set function.f.nht=1 2>"$BP_TMP/err" && fail "check takes nht"
grep -q "did you mean 'nth'" "$BP_TMP/err" || fail "check says: $(cat "$BP_TMP/err")"
"$bypath" check "$BP_TMP/f.ini" --set function.f.type=dumy 2>"$BP_TMP/err" && fail "check takes type = dumy"
grep -q "did you mean 'dummy'" "$BP_TMP/err" || fail "check says: $(cat "$BP_TMP/err")"

# It is told each packet, and its drops are named and add up.
timeout 30 "$bypath" run "$BP_TMP/f.ini" --duration 0.3 --report "$BP_TMP/r.json" >"$BP_TMP/run.log" 2>&1 || fail "run fails"
"$BP_PYTHON" - "$BP_TMP/r.json" <<-'END' || fail "the report is wrong"
	import json, sys
	report = json.load(open(sys.argv[1]))
	f, = report["functions"]
	assert (f["name"], f["type"], f["ports"]) == ("f", "dummy", ["made"]), f
	counted = f["counted"]
	sent = sum(q["counted"]["packets"] for p in report["ports"] if p["name"] == "eaten" for q in p["tx_queues"])
	assert counted["packets"] > 0 and counted["drops"] == {"nth": counted["packets"] // 7}, f
	assert sent == counted["packets"] - counted["drops"]["nth"], (sent, f)
	assert report["conservation"]["counted"]["unaccounted"] == 0, report["conservation"]
END
