/* Draws the charts below the tables: time per packet, latency, loss against offered load. */
/* SPDX-License-Identifier: BSD-3-Clause */

function lineName(row) {
	return `${row.path}, ${sizeText(row.size)}`;
}

/* ---- time per packet ---------------------------------------------------------------------------------- */

function timeSegments(row) {
	const user = number(row.raw, "time.user_ns"), calls = number(row.raw, "time.calls_ns");

	return user === null || calls === null ? [["whole", number(row.raw, "time.ns_per_packet")]] :
		[["user", user], ["kernel", calls]];
}

function timeChart(rows) {
	const timed = rows.filter((row) => number(row.raw, "time.ns_per_packet") !== null);
	const most = Math.max(...timed.map((row) => number(row.raw, "time.ns_per_packet")));

	return timed.length === 0 ? null : folded("Time per packet", false,
		legend(["user", "user code"], ["kernel", "in system calls"], ["whole", "not told apart"]),
		make("ul", {class: "bars"}, timed.map((row) => barLine(lineName(row),
			bar(timeSegments(row), null, most), duration(number(row.raw, "time.ns_per_packet"),
				row.peak === null ? 2 : digitsOf(row.peak))))));
}

/* ---- latency ------------------------------------------------------------------------------------------- */

const QUANTILES = ["min_ns", "p50_ns", "p99_ns", "max_ns"];

function latencyOf(row) {
	const values = QUANTILES.map((key) => number(row.raw, `latency.${key}`));

	return values.some((value) => value === null || value <= 0) ? null : values;
}

/* Least to most as a line, p50 to p99 as a bar, on a logarithmic scale from lo to hi. */
function latencyPicture(values, lo, hi) {
	const decades = (value) => Math.log10(value) - Math.log10(lo);
	const places = values.map((value) => hi > lo ? 100 * decades(value) / decades(hi) : 0);
	const part = (kind, from, to, y, height) => shape("rect", {class: kind, x: `${from.toFixed(2)}%`, y,
		height, width: `${Math.max(0, to - from).toFixed(2)}%`});

	return shape("svg", {class: "track", "aria-hidden": "true"},
		part("whole", places[0], places[3], 8, 2), part("user", places[1], places[2], 3, 12));
}

function latencyChart(rows) {
	const timed = rows.filter((row) => latencyOf(row) !== null);
	const all = timed.flatMap(latencyOf), lo = Math.min(...all), hi = Math.max(...all);

	return timed.length === 0 ? null : folded("Latency at half of the NDR", false,
		legend(["user", "p50 to p99"], ["whole", "least to most; logarithmic scale"]),
		make("ul", {class: "bars"}, timed.map((row) => barLine(lineName(row),
			latencyPicture(latencyOf(row), lo, hi), `p50 ${latencyOf(row).slice(1, 3).map((ns) =>
				duration(ns, row.p99 === null ? 2 : digitsOf(row.p99))).join(", p99 ")}`))));
}

/* ---- loss against offered load --------------------------------------------------------------------------- */

const PLOT_WIDTH = 260, PLOT_HEIGHT = 100, PLOT_LEFT = 44;

function trialsOf(row) {
	return objects(row.raw, "loss_curve").map((trial) =>
		[number(trial, "offered_mpps"), number(trial, "loss_ratio")]).filter(([offered, loss]) =>
		offered > 0 && loss !== null).sort((a, b) => a[0] - b[0]);
}

function curve(trials, most, kind) {
	const places = trials.map(([offered, loss]) => [PLOT_LEFT + PLOT_WIDTH * offered / most,
		6 + PLOT_HEIGHT * (1 - Math.max(0, Math.min(1, loss)))].map((x) => x.toFixed(1)));
	const dots = trials.map(([offered, loss], i) =>
		shape("circle", {class: kind, cx: places[i][0], cy: places[i][1], r: 2.5},
			shape("title", {}, `${figure(offered, 3)} Mpps offered, lost ${percent(loss)}`)));

	return [shape("polyline", {class: `curve ${kind}`, points: places.join(" ")}), ...dots];
}

function lossPlot(path, rows, kinds) {
	const most = Math.max(...rows.flatMap(trialsOf).map(([offered]) => offered));
	const label = (x, y, anchor, words) => shape("text", {x, y, "text-anchor": anchor}, words);
	const below = PLOT_HEIGHT + 20;

	return make("figure", {}, make("figcaption", {}, path),
		shape("svg", {viewBox: `0 0 ${PLOT_LEFT + PLOT_WIDTH + 8} ${PLOT_HEIGHT + 26}`, role: "img",
			"aria-label": `Loss against offered load: ${path}`},
		shape("path", {class: "axis", d: `M${PLOT_LEFT} 6V${6 + PLOT_HEIGHT}H${PLOT_LEFT + PLOT_WIDTH}`}),
		label(PLOT_LEFT - 6, 14, "end", "100 %"), label(PLOT_LEFT - 6, 8 + PLOT_HEIGHT, "end", "0 %"),
		label(PLOT_LEFT, below, "middle", "0"),
		label(PLOT_LEFT + PLOT_WIDTH, below, "end", `${figure(most, 3)} Mpps offered`),
		rows.flatMap((row) => curve(trialsOf(row), most, kinds.get(row.size)))));
}

function lossPart(rows) {
	const tried = rows.filter((row) => trialsOf(row).length > 0);
	const sizes = unique(rows.map((row) => row.size));
	const kinds = new Map(sizes.map((size, i) => [size, `size${Math.min(i, 3)}`]));

	return tried.length === 0 ? null : folded("Loss against offered load", false,
		legend(...sizes.map((size) => [kinds.get(size), sizeText(size)])),
		make("div", {class: "plots"}, unique(tried.map((row) => row.path)).map((path) =>
			lossPlot(path, tried.filter((row) => row.path === path), kinds))));
}

function appendix(rows) {
	return [timeChart(rows), latencyChart(rows), lossPart(rows)];
}
