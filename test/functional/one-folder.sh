#!/bin/sh
# A driver is one folder and one row: a dummy one, put into a clone, stands in check, explain, drivers, the reference, run, gen.
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

cp -r test/dummy drivers/dummy
sed -i "s|^  'null': {'sources': .*|&\n  'dummy': {'sources': ['dummy/dummy.c']},|" drivers/meson.build

# Nothing else was touched.
git add -A
git diff --cached --numstat | sed 's/\t/ /g' | sort >"$BP_TMP/stat"
cat "$BP_TMP/stat"
[ "$(grep -v ' drivers/dummy/' "$BP_TMP/stat")" = "1 0 drivers/meson.build" ] ||
	fail "a driver touches more than its folder and its row"

{ meson setup build -Dwerror=true -Ddebug=false -Dtests=false -Ddpdk=disabled && bp_build build; } >"$BP_TMP/build.log" 2>&1 ||
	fail "the clone does not build"
bypath=$clone/build/src/cli/bypath

"$bypath" drivers | grep -q '^  dummy  *linked in  *a driver for a test' || fail "drivers does not list it"

# The reference holds its keys, and is right.
"$bypath" check --reference >"$BP_TMP/reference.ini"
grep -q '^driver = dummy$' "$BP_TMP/reference.ini" || fail "no port of it in the reference"
grep -q '^; zeros | ones; reload: made anew$' "$BP_TMP/reference.ini" || fail "its modes are not in the reference"
"$bypath" check --offline "$BP_TMP/reference.ini" || fail "the reference is wrong"
"$bypath" check --reference=tables | grep -q '^#### driver = dummy$' || fail "no table of its keys"

cat >"$BP_TMP/d.ini" <<-'END'
	[port.made]
	driver = dummy
	mode = ones
	frame_bytes = 100
	[port.eaten]
	driver = dummy
	[forward]
	made = eaten
END
"$bypath" check "$BP_TMP/d.ini" || fail "check refuses it"
for set in frame_bytes=59 mode=twos rate_pps=5; do
	"$bypath" check "$BP_TMP/d.ini" --set "port.made.$set" 2>"$BP_TMP/err" && fail "check takes $set"
	cat "$BP_TMP/err"
done
grep -q 'driver dummy does not know this key; drivers that do: pcap, null' "$BP_TMP/err" || fail "whose key is it?"

"$bypath" explain "$BP_TMP/d.ini" >"$BP_TMP/explain" || fail "explain fails"
grep -q 'drivers/dummy/dummy.c' "$BP_TMP/explain" || fail "explain does not know its hops"
grep -q 'kernel copies     0 ' "$BP_TMP/explain" || fail "explain gives no sum"

timeout 30 "$bypath" run "$BP_TMP/d.ini" --duration 0.3 --report "$BP_TMP/r.json" >"$BP_TMP/run.log" 2>&1 || fail "run fails"
"$BP_PYTHON" - "$BP_TMP/r.json" <<-'END' || fail "the report is wrong"
	import json, sys
	ports = {p["name"]: p for p in json.load(open(sys.argv[1]))["ports"]}
	sent = sum(q["counted"]["packets"] for q in ports["eaten"]["tx_queues"])
	eaten = {r["name"]: r for r in ports["eaten"]["reported"]}["dummy_eaten"]
	assert ports["made"]["mode"] == "ones", ports["made"]
	assert sent > 0 and eaten["value"] == sent, (sent, eaten)
END

timeout 30 "$bypath" gen --tx-port dummy: --count 1000 >"$BP_TMP/gen.log" 2>&1 || fail "gen fails"
grep -q '1,000' "$BP_TMP/gen.log" || fail "gen did not send"
"$bypath" gen --tx-port dummy: --rx-port dummy: --count 10 2>"$BP_TMP/err" && fail "gen takes a source for a receiver"
grep -q 'makes its frames by itself' "$BP_TMP/err" || fail "gen says something else: $(cat "$BP_TMP/err")"
