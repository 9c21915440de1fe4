/* Draws the document that stands in this page. */
/* SPDX-License-Identifier: BSD-3-Clause */

/* Whatever else it is, a comparison's page shows what it can of it. */
const SHOWN = new Map([["bypath.compare-diff/1", showDiff], ["bypath.report/1", showRun]]);

function show() {
	const page = document.getElementById("page"), doc = readJson("document");
	const views = Object.values(readJson("views") ?? {}).filter(isObject);
	const shown = SHOWN.get(text(doc, "schema")) ?? showCompare;

	page.replaceChildren();
	shown(page, doc, views);
	document.documentElement.dataset.state = "shown"; /* for tests: nothing threw */
}

show();
