/* Draws the parts that every page has: tables, and bars with their figures in words. */
/* SPDX-License-Identifier: BSD-3-Clause */

/* ---- tables: as the program describes and fills them ---------------------------------------------- */

/* "RATES · how to read them": the name, and the rest. */
function titleOf(view) {
	const [name, ...rest] = (text(view, "title") ?? text(view, "name") ?? "").split(" · ");

	return [name.charAt(0).toUpperCase() + name.slice(1).toLowerCase(), rest.join(" · ")];
}

function headOf(column) {
	const below = text(column, "unit") ?? text(column, "provenance");

	return make("th", {scope: "col", class: text(column, "align") === "r" ? "num" : null,
		title: text(column, "help")}, text(column, "heading"),
	below === null ? null : make("small", {}, below));
}

const FIGURE_LENGTH_MAX = 24; /* longer texts may be broken */

/* The first cell heads its line; each other one knows its heading, for narrow screens. */
function cellOf(column, content, isFirst) {
	const isFigure = text(column, "align") === "r" && content.length <= FIGURE_LENGTH_MAX;

	return make(isFirst ? "th" : "td", {scope: isFirst ? "row" : null, class: isFigure ? "num" : null,
		"data-head": text(column, "heading") ?? ""}, content);
}

/* decorate(cells, row, columns) may add to the cells, which are texts, before they are shown. */
function table(view, decorate) {
	const columns = objects(view, "columns");
	const rows = (at(view, "rows") ?? []).filter(Array.isArray).map((cells) => {
		const shown = decorate(cells.map(String), columns);

		return make("tr", {}, columns.map((column, i) => cellOf(column, shown[i] ?? NONE, i === 0)));
	});

	return make("table", {"aria-label": titleOf(view)[0]},
		make("thead", {}, make("tr", {}, columns.map(headOf))), make("tbody", {}, rows));
}

function helpOf(view) {
	const explained = objects(view, "columns").filter((column) => text(column, "help") !== null);

	return explained.length === 0 ? null : make("dl", {class: "help"}, explained.map((column) =>
		[make("dt", {}, text(column, "heading")), make("dd", {}, text(column, "help"))]));
}

/* null: a table without lines. */
function tablePart(view, isOpen, decorate = (cells) => cells) {
	const [name, how] = titleOf(view), lines = at(view, "rows");

	return !Array.isArray(lines) || lines.length === 0 ? null : folded(name, isOpen,
		how === "" ? null : make("p", {class: "how"}, how), table(view, decorate), helpOf(view));
}

/* ---- bars ------------------------------------------------------------------------------------------- */

function share(value, most) {
	return `${Math.max(0, Math.min(100, most > 0 ? 100 * value / most : 0)).toFixed(2)}%`;
}

/* segments: [class, value] from left to right; tick: a value that is marked across them, or null. */
function bar(segments, tick, most) {
	const picture = shape("svg", {class: "track", "aria-hidden": "true"});
	let from = 0;

	for (const [kind, value] of segments) {
		picture.append(shape("rect", {class: kind, x: share(from, most), y: 3, height: 12,
			width: share(value, most)}));
		from += value;
	}
	if (tick !== null)
		picture.append(shape("rect", {class: "tick", x: share(tick, most), y: 0, height: 18, width: 2.5}));
	return picture;
}

/* A line of a chart: its name, its picture, its figures in words. */
function barLine(name, picture, words, kind = null) {
	return make("li", {class: kind}, make("span", {class: "name"}, name), picture,
		make("span", {class: "words"}, words));
}

function legend(...entries) {
	const key = (kind) => shape("svg", {class: "key", "aria-hidden": "true"}, kind === "tick" ?
		shape("rect", {class: kind, x: 10, y: 0, width: 2.5, height: 14}) :
		shape("rect", {class: kind, x: 0, y: 1, width: 22, height: 12}));

	return make("p", {class: "legend"}, entries.map(([kind, words]) =>
		make("span", {}, kind === null ? null : key(kind), words)));
}

function facts(entries) {
	const known = entries.filter(([, value]) => value !== null);

	return make("dl", {class: "facts"}, known.map(([name, value]) =>
		make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

/* Sentences, one below the other. */
function noteList(notes) {
	const lines = Array.isArray(notes) ? notes.filter((note) => typeof note === "string") : [];

	return lines.length === 0 ? null : make("ul", {class: "notes"}, lines.map((note) => make("li", {}, note)));
}
