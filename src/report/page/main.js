/* Draws the document that stands in this page. */
/* SPDX-License-Identifier: BSD-3-Clause */

function show() {
	const page = document.getElementById("page"), doc = readJson("document");
	const views = Object.values(readJson("views") ?? {}).filter(isObject);
	const shown = text(doc, "schema") === "bypath.compare-diff/1" ? showDiff : showCompare;

	page.replaceChildren();
	shown(page, doc, views);
	document.documentElement.dataset.state = "shown"; /* for tests: nothing threw */
}

show();
