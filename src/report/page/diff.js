/* Draws what changed between two runs. */
/* SPDX-License-Identifier: BSD-3-Clause */

/* A ratio from the middle on: twice and half are as far from it. */
function ratioPicture(ratio, kind) {
	const length = 50 * Math.max(-1, Math.min(1, Math.log2(ratio)));

	return shape("svg", {class: "track", "aria-hidden": "true"},
		shape("rect", {class: kind, x: `${(50 + Math.min(0, length)).toFixed(2)}%`, y: 3, height: 12,
			width: `${Math.abs(length).toFixed(2)}%`}),
		shape("rect", {class: "tick", x: "50%", y: 0, height: 18, width: 1.5}));
}

function ratioLine(line) {
	const ratio = number(line, "ratio"), verdict = text(line, "verdict") ?? NONE;
	const kind = verdict === "better" ? "user" : verdict === "worse" ? "kernel" : "whole";

	return barLine([text(line, "path") ?? "unnamed", ", ", sizeText(text(line, "size") ?? "?"), ", ",
		text(line, "what")], ratio > 0 ? ratioPicture(ratio, kind) : make("span", {}),
	(ratio > 0 ? `× ${figure(ratio, 3)}, ` : "") + verdict);
}

function diffHeadline(lines) {
	const [n_better, n_worse] = ["better", "worse"].map((word) =>
		lines.filter((line) => text(line, "verdict") === word).length);

	return n_better + n_worse === 0 ? `No difference seen in ${lines.length} lines` :
		`${n_better} better, ${n_worse} worse of ${lines.length} lines`;
}

function showDiff(page, doc, views) {
	const lines = objects(doc, "diff"), isQuiet = (line) => text(line, "verdict") === "within the spread";
	const changed = lines.filter((line) => !isQuiet(line));

	document.title = "bypath compare: what changed between two runs";
	page.append(...[make("h1", {}, diffHeadline(lines)),
		facts([["Before", text(doc, "before")], ["After", text(doc, "after")]]), noteList(at(doc, "notes")),
		make("p", {class: "how"}, "Better, worse: the ranges of the rounds do not touch, and the medians are " +
			"more than 2 % apart. Bars reach from half to twice; 1 is in the middle."),
		changed.length === 0 ? null : legend(["user", "better"], ["kernel", "worse"], ["whole", "not known"]),
		make("ul", {class: "bars wide"}, changed.map(ratioLine)),
		...views.map((view) => tablePart(view, true))].filter((part) => part !== null));
}
