/* Draws the parts of the live page: each from one bypath.live/1, in which rates are made already. */
/* SPDX-License-Identifier: BSD-3-Clause */

const ROWS_MAX = 64, PAST_MAX = 60; /* rows that are drawn of one kind; seconds that are remembered */
const LATER = "Known with the next second.";

/* ---- figures ---------------------------------------------------------------------------------------- */

/* "1.23 Mpps", "45 kpps", "0 pps"; null: not known yet. */
function rate(value, unit) {
	const prefixes = ["", "k", "M", "G", "T"];
	let scaled = value, i = 0;

	if (value === null)
		return NONE;
	for (; Math.abs(scaled) >= 999.5 && i < prefixes.length - 1; i++)
		scaled /= 1000;
	return figure(scaled, 3) + NARROW_SPACE + prefixes[i] + unit;
}

/* "45 kpps, 40 Mbit/s" */
function both(rates, pps, bps) {
	return `${rate(number(rates, pps), "pps")}, ${rate(number(rates, bps), "bit/s")}`;
}

function span(seconds) {
	const s = Math.floor(seconds), parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
	const first = parts.findIndex(([n], i) => s >= n || i === parts.length - 1);

	return parts.slice(first, first + 2).map(([n, unit], i) =>
		`${Math.floor(i === 0 ? s / n : s % parts[first][0] / n)}${NARROW_SPACE}${unit}`).join(" ");
}

/* A figure that is a count of the document: data-figure names it. */
function exact(name, value) {
	return make("span", {"data-figure": name}, value === null ? NONE : count(value));
}

/* The rows of a list with their rates, those that a page has room for: the busiest. */
function busiest(rows, rates, key) {
	const pairs = rows.map((row, i) => [row, isObject(rates[i]) ? rates[i] : {}]);

	if (pairs.length > ROWS_MAX)
		pairs.sort(([, a], [, b]) => (number(b, key) ?? 0) - (number(a, key) ?? 0));
	return pairs.slice(0, ROWS_MAX);
}

function leftOut(rows) {
	return rows.length <= ROWS_MAX ? null : make("p", {class: "none"},
		`${count(rows.length - ROWS_MAX)} more, which have less: bypath show has them`);
}

function ratesOf(doc, kind) {
	const rows = at(doc, `rates.${kind}`);

	return Array.isArray(rows) ? rows : [];
}

/* ---- tables ----------------------------------------------------------------------------------------- */

/* heads: [heading, is a figure]; rows: cells, each a text or elements. */
function grid(label, heads, rows) {
	return make("table", {"aria-label": label},
		make("thead", {}, make("tr", {}, heads.map(([head, isFigure]) =>
			make("th", {scope: "col", class: isFigure ? "num" : null}, head)))),
		make("tbody", {}, rows.map((cells) => make("tr", {}, cells.map((cell, i) =>
			make(i === 0 ? "th" : "td", {scope: i === 0 ? "row" : null, class: heads[i][1] ? "num" : null,
				"data-head": heads[i][0]}, cell))))));
}

function nothing(words) {
	return make("p", {class: "none"}, words);
}

/* ---- ports ------------------------------------------------------------------------------------------ */

/* The last minute: what came in, what went out. */
function pastOf(samples) {
	const most = Math.max(1, ...samples.flat());
	const line = (kind, k) => shape("polyline", {class: kind, points: samples.map((sample, i) =>
		`${PAST_MAX - samples.length + i},${(25 - 24 * sample[k] / most).toFixed(1)}`).join(" ")});

	return shape("svg", {class: "past", viewBox: `0 0 ${PAST_MAX - 1} 26`, preserveAspectRatio: "none", "aria-hidden": "true"},
		line("in", 0), line("out", 1));
}

function portLine([port, rates], past) {
	const name = text(port, "name") ?? "unnamed", link = text(port, "link");

	return make("li", {}, make("span", {class: "name"}, name, make("small", {},
		[text(port, "driver"), text(port, "mode")].filter((word) => word !== null).join(" · "))),
	pastOf(past.get(name) ?? []), make("span", {class: "words"},
		`in ${both(rates, "rx_pps", "rx_bps")}; out ${both(rates, "tx_pps", "tx_bps")}`,
		link === "up" || link === null ? null : make("span", {class: "down"}, ` link ${link}`)));
}

function portTable(pairs) {
	return grid("Ports", [["port"], ["link"], ["lost", true], ["received", true], ["sent", true], ["dropped", true]],
		pairs.map(([port]) => {
			const name = text(port, "name") ?? "unnamed";
			const dropped = (number(port, "rx.dropped") ?? 0) + (number(port, "tx.dropped") ?? 0);

			return [name, text(port, "link") ?? NONE, `${number(port, "losses") ?? 0}×`,
				exact(`port.${name}.rx.packets`, number(port, "rx.packets")),
				exact(`port.${name}.tx.packets`, number(port, "tx.packets")),
				exact(`port.${name}.dropped`, dropped)];
		}));
}

function portsPart(doc, past) {
	const ports = objects(doc, "ports"), pairs = busiest(ports, ratesOf(doc, "ports"), "rx_pps");

	return [make("h2", {}, "Ports"), legend(["in", "received, the last minute"], ["out", "sent"]),
		make("ul", {class: "bars"}, pairs.map((pair) => portLine(pair, past))), portTable(pairs), leftOut(ports)];
}

/* ---- paths: throughput and ledger --------------------------------------------------------------------- */

function pathName(path) {
	const via = Array.isArray(at(path, "via")) ? at(path, "via").filter((name) => typeof name === "string") : [];

	return [text(path, "in") ?? "unnamed", ...via, text(path, "out")].filter((name) => name !== null).join(" → ");
}

/* A model's figure is a whole one as a rule, which has no decimals. */
function copiesText(lo, hi) {
	const one = (value) => Number.isInteger(value ?? 0) ? count(value ?? 0) : figure(value, 3);
	const words = lo === hi ? one(hi) : `${one(lo)}–${one(hi)}`;

	return lo === null || hi === null ? "kernel copies not modelled" : `${words} kernel copies (modelled)`;
}

function pathLine([path, rates], most) {
	const user = number(rates, "user_copies_per_packet"), calls = number(rates, "crossings_per_packet");
	const lo = number(rates, "kernel_copies.lo"), hi = number(rates, "kernel_copies.hi"), ns = number(rates, "ns_per_packet");
	const known = (value, words) => value === null ? null : `${figure(value, 3)} ${words}`;
	const costs = [known(user, "user copies (counted)"), copiesText(lo, hi), known(calls, "system calls"),
		ns === null ? null : duration(ns, 3)].filter((words) => words !== null);
	const kind = text(path, "part"), part = kind === "edge" ? "sending" : kind === "intake" ? "receiving, functions" : null;

	return make("li", {}, make("span", {class: "name"}, pathName(path), part === null ? null : make("small", {}, part)),
		bar([["user", user ?? 0], ["kernel", hi ?? 0]], null, most), make("span", {class: "words"},
			number(rates, "pps") === null ? "known with the next second"
				: `${both(rates, "pps", "bps")}; per packet ${costs.join(", ")}`));
}

function pathCells(path, worker, name) {
	return [pathName(path), worker, ...["packets", "bytes", "user_copies", "crossings"]
		.map((key) => exact(`${name}.${text(path, "in")}.${text(path, "out") ?? ""}.${key}`, number(path, `counted.${key}`)))];
}

/* Rows of paths as they are; of those that reloads have changed also what they did since the start. */
function pathTable(doc, pairs) {
	const renewed = objects(doc, "path_totals").filter((path) => at(path, "renewed") === true).slice(0, ROWS_MAX);
	const present = pairs.map(([path]) => {
		const worker = String(number(path, "worker") ?? NONE);

		return pathCells(path, worker, `path.${worker}`);
	});

	return grid("Paths", [["path"], ["worker", true], ["packets", true], ["bytes", true], ["user copies", true],
		["system calls", true]], [...present, ...renewed.map((path) => pathCells(path, "all, through reloads", "total"))]);
}

function pathsPart(doc) {
	const paths = objects(doc, "paths"), pairs = busiest(paths, ratesOf(doc, "paths"), "pps");
	const copies = ([, rates]) => (number(rates, "user_copies_per_packet") ?? 0) + (number(rates, "kernel_copies.hi") ?? 0);

	return [make("h2", {}, "Paths and their ledger"), legend(["user", "copies in user space"], ["kernel", "copies in the kernel"]),
		pairs.length === 0 ? nothing("No packet yet.") : [make("ul", {class: "bars wide"},
			pairs.map((pair) => pathLine(pair, Math.max(1, ...pairs.map(copies))))), pathTable(doc, pairs)], leftOut(paths)];
}

/* ---- workers ------------------------------------------------------------------------------------------- */

function workerLine(rates) {
	const share = (key) => number(rates, key) ?? 0, calls = share("calls");
	const user = Math.max(0, share("busy") - calls), sum = share("busy") + share("idle") + share("asleep") + share("off_core");
	const words = [["busy", share("busy")], ["in system calls", calls], ["idle", share("idle")],
		["asleep", share("asleep")], ["off its core", share("off_core")]].filter(([, value]) => value >= 0.0005)
		.map(([name, value]) => `${name.startsWith("in ") ? "of it " : ""}${percent(value)} ${name}`).join(", ");

	return barLine(`worker ${number(rates, "worker") ?? NONE}, core ${number(rates, "core") ?? NONE}`,
		bar([["user", user], ["kernel", calls], ["whole", share("idle")], ["asleep", share("asleep")],
			["off", share("off_core")]], null, Math.max(1, sum)), words || "nothing known");
}

function workersPart(doc) {
	const rates = ratesOf(doc, "workers").filter(isObject);

	return [make("h2", {}, "Workers"), legend(["user", "busy: user code"], ["kernel", "busy: in system calls"], ["whole", "idle"],
		["asleep", "asleep"], ["off", "off its core"]),
	rates.length === 0 ? nothing(LATER) : make("ul", {class: "bars"}, rates.map(workerLine))];
}

/* ---- drops, functions ------------------------------------------------------------------------------------ */

function dropsPart(doc) {
	const drops = ratesOf(doc, "drops").filter(isObject);

	drops.sort((a, b) => (number(b, "pps") ?? 0) - (number(a, "pps") ?? 0));
	return [make("h2", {}, "Drops by reason"), !isObject(at(doc, "rates")) ? nothing(LATER) :
		drops.length === 0 ? nothing("No packet was dropped.") :
		grid("Drops", [["where"], ["reason"], ["now", true], ["packets", true]], drops.slice(0, ROWS_MAX).map((drop) =>
			[text(drop, "where") ?? NONE, text(drop, "counter") ?? NONE, rate(number(drop, "pps"), "pps"),
				exact(`drop.${text(drop, "where")}.${text(drop, "counter")}`, number(drop, "value"))]))];
}

function functionLine(fn, rates, most) {
	const ns = number(rates, "ns_per_packet"), name = text(fn, "name") ?? "unnamed";

	return barLine(`${name} (${text(fn, "type") ?? NONE})`, bar([["user", ns ?? 0]], null, most),
		[`${rate(number(rates, "pps"), "pps")}, ${ns === null ? "time not known" : `${duration(ns, 3)} a packet`}, dropped `,
			exact(`function.${name}.dropped`, number(fn, "counted.dropped")), " of ",
			exact(`function.${name}.packets`, number(fn, "counted.packets"))]);
}

/* What a function says of itself: short rows, in as many columns as there is room for. */
function stateList(fn) {
	const name = text(fn, "name") ?? "unnamed", rows = objects(fn, "state").slice(0, ROWS_MAX);

	return rows.length === 0 ? null : [make("h3", {}, name), make("dl", {class: "says"}, rows.map((row) =>
		make("div", {}, make("dt", {}, text(row, "what") ?? NONE), make("dd", {}, text(row, "text") ??
			(number(row, "value") === null ? NONE : count(number(row, "value")))))))];
}

function functionsPart(doc) {
	const fns = objects(doc, "functions"), rates = ratesOf(doc, "functions");
	const most = Math.max(1, ...rates.map((row) => number(row, "ns_per_packet") ?? 0));

	return fns.length === 0 ? [] : [make("h2", {}, "Functions and tables"),
		legend(["user", "time within the function, for each packet that came to it"]),
		make("ul", {class: "bars wide"}, fns.map((fn, i) => functionLine(fn, rates[i], most))),
		fns.map(stateList)];
}
