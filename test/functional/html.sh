# The HTML report in a browser: no complaint, no script, nothing wider than a phone.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#   html.sh browser | form

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

SAMPLE=$BP_SOURCE/test/data/compare-sample.json

"$BYPATH" compare --html-from "$SAMPLE" "$BP_TMP/sample.html" 2>"$BP_TMP/html.log" ||
	fail "compare --html-from: exit code $?"
"$BP_PYTHON" "$BP_HERE/html_page.py" poison "$SAMPLE" >"$BP_TMP/hostile.json" ||
	fail "cannot make the hostile document"
"$BYPATH" compare --html-from "$BP_TMP/hostile.json" "$BP_TMP/hostile.html" 2>"$BP_TMP/html.log" ||
	fail "compare --html-from: exit code $? with hostile strings"
for page in diff hostile-diff; do
	of=$SAMPLE
	[ $page = diff ] || of=$BP_TMP/hostile.json
	"$BP_PYTHON" "$BP_HERE/html_page.py" shift "$of" >"$BP_TMP/shifted.json" ||
		fail "cannot make a later run"
	"$BYPATH" compare --diff "$of" "$BP_TMP/shifted.json" --json "$BP_TMP/$page.json" \
		--html "$BP_TMP/$page.html" >"$BP_TMP/html.log" 2>&1 || fail "compare --diff: exit code $?"
done

if [ "$1" = form ]; then
	for page in diff hostile-diff; do
		"$BP_PYTHON" "$BP_HERE/html_page.py" check-diff "$BP_TMP/$page.html" \
			"$BP_TMP/$page.json" || fail "$page.html"
	done
	for page in sample hostile; do
		"$BP_PYTHON" "$BP_HERE/html_page.py" check "$BP_TMP/$page.html" "$SAMPLE" ||
			fail "$page.html"
	done
	exit 0
fi

command -v chromium >/dev/null || skip "no chromium: install it (./quickstart test does)"

# browse FILE: the page's document after it has been loaded; what its console said is in console.
browse()
{
	HOME=$BP_TMP timeout 100 chromium --headless --no-sandbox --disable-gpu \
		--disable-dev-shm-usage --no-first-run --hide-scrollbars --user-data-dir="$BP_TMP/profile" \
		--enable-logging=stderr --window-size=1300,900 --dump-dom "file://$1" \
		>"$BP_TMP/dom" 2>"$BP_TMP/chromium.log" </dev/null ||
		fail "chromium: exit code $? on ${1##*/}"
	grep CONSOLE "$BP_TMP/chromium.log" >"$BP_TMP/console"
}

# That a complaint would be seen at all.
echo '<!DOCTYPE html><title>x</title><script>console.error("seen")</script>' >"$BP_TMP/control.html"
browse "$BP_TMP/control.html"
grep -q seen "$BP_TMP/console" || fail "chromium does not report its console"

for page in sample hostile diff hostile-diff; do
	browse "$BP_TMP/$page.html"
	grep -q '</html>' "$BP_TMP/dom" || fail "$page.html: chromium shows nothing"
	[ ! -s "$BP_TMP/console" ] || fail "$page.html: $(cat "$BP_TMP/console")"
	"$BP_PYTHON" "$BP_HERE/html_page.py" frames "$BP_TMP/$page.html" >"$BP_TMP/frames.html"
	browse "$BP_TMP/frames.html"
	title=$(sed -n 's:.*<title>\(.*\)</title>.*:\1:p' "$BP_TMP/dom" | head -n 1)
	note "$page.html, width of the screen:of the page: $title"
	[ "$title" = "320:320 390:390 768:768 1200:1200" ] ||
		fail "$page.html is wider than the screen, or its width is not known"
done
