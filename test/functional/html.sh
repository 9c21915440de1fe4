# Pages of comparisons, and of a run: as files, and as a browser shows and prints them.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#   html.sh form | browser

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

SAMPLE=$BP_SOURCE/test/data/compare-sample.json
PAGES="sample hostile winner once nothing goals"

look()
{
	"$BP_PYTHON" "$BP_HERE/html_page.py" "$@"
}

# make_page NAME: of NAME.json
make_page()
{
	"$BYPATH" compare --html-from "$BP_TMP/$1.json" "$BP_TMP/$1.html" 2>"$BP_TMP/html.log" ||
		fail "compare --html-from: exit code $? with $1.json"
}

cp "$SAMPLE" "$BP_TMP/sample.json"
{
	look poison "$SAMPLE" >"$BP_TMP/hostile.json" && look crown "$SAMPLE" >"$BP_TMP/winner.json" &&
		look once "$SAMPLE" >"$BP_TMP/once.json" && look nothing "$SAMPLE" >"$BP_TMP/nothing.json" &&
		look goals "$SAMPLE" >"$BP_TMP/goals.json" && look shift "$SAMPLE" >"$BP_TMP/shifted.json"
} || fail "cannot make the documents"
for page in $PAGES; do
	make_page "$page"
done
look switch >"$BP_TMP/switch.json" || fail "cannot make the report"
"$BP_TOOLS/page" "$BP_TMP/switch.json" "$BP_TMP/switch.html" || fail "page: exit code $?"
for of in sample hostile; do
	"$BYPATH" compare --diff "$BP_TMP/$of.json" "$BP_TMP/shifted.json" --json "$BP_TMP/$of-diff.json" \
		--html "$BP_TMP/$of-diff.html" >"$BP_TMP/html.log" 2>&1 || fail "compare --diff: exit code $?"
done

if [ "$1" = form ]; then
	for page in sample hostile once nothing goals sample-diff hostile-diff switch; do
		look file "$BP_TMP/$page.html" "$BP_TMP/$page.json" || fail "$page.html"
	done
	for n in 1 2 3 4 5 6 7 8; do
		look odd-$n "$SAMPLE" >"$BP_TMP/odd.json" || fail "cannot make the document odd-$n"
		make_page odd
		look file "$BP_TMP/odd.html" "$BP_TMP/odd.json" || fail "odd-$n"
	done
	exit 0
fi

command -v chromium >/dev/null || skip "no chromium: install it (./quickstart test does)"

# browse FILE [OPTION...]: what its console said is in console.
browse()
{
	file=$1
	shift
	HOME=$BP_TMP timeout 100 chromium --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --no-first-run --hide-scrollbars --user-data-dir="$BP_TMP/profile" \
		--enable-logging=stderr --window-size=1300,900 "$@" "file://$file" \
		>"$BP_TMP/dom" 2>"$BP_TMP/chromium.log" </dev/null ||
		fail "chromium: exit code $? on ${file##*/}"
	# The browser's own pages complain as well, of a slow network or what not.
	grep CONSOLE "$BP_TMP/chromium.log" | grep -v 'source: chrome:' >"$BP_TMP/console"
}

for page in winner once nothing; do
	browse "$BP_TMP/$page.html" --dump-dom
	[ ! -s "$BP_TMP/console" ] || fail "$page.html: $(head -n 5 "$BP_TMP/console")"
	look shown "$BP_TMP/dom" || fail "$page.html"
done

browse "$BP_TMP/goals.html" --dump-dom
[ ! -s "$BP_TMP/console" ] || fail "goals.html: $(head -n 5 "$BP_TMP/console")"
look judged "$BP_TMP/dom" || fail "goals.html"

browse "$BP_TMP/switch.html" --dump-dom
[ ! -s "$BP_TMP/console" ] || fail "switch.html: $(head -n 5 "$BP_TMP/console")"
look switched "$BP_TMP/dom" || fail "switch.html"

# Nine pages in frames of three widths, and twice forty with documents changed at random.
set --
for page in $PAGES sample-diff hostile-diff switch; do
	set -- "$@" "$BP_TMP/$page.html"
done
look frames "$@" >"$BP_TMP/frames.html"
browse "$BP_TMP/frames.html" --dump-dom
grep -q seen "$BP_TMP/console" || fail "chromium does not report its console"
[ "$(wc -l <"$BP_TMP/console")" = 1 ] || fail "frames.html: $(head -n 5 "$BP_TMP/console")"
title=$(sed -n 's:.*<title>\(.*\)</title>.*:\1:p' "$BP_TMP/dom" | head -n 1)
[ "$(echo "$title" | tr ' ' '\n' | grep -cx ok)" = 107 ] || fail "frames.html: width:of the page:state: $title"

browse "$BP_TMP/winner.html" --print-to-pdf="$BP_TMP/winner.pdf" --no-pdf-header-footer
sheets=$(look sheets "$BP_TMP/winner.pdf")
if [ "$sheets" -lt 1 ] || [ "$sheets" -gt 4 ]; then
	fail "printed on $sheets sheets"
fi
