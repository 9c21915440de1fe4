/* Draws the report of a run: is every packet accounted for, what functions cost, where their packets went. */
/* SPDX-License-Identifier: BSD-3-Clause */

const FEW = 4; /* in-ports that are drawn unfolded */
const OPEN_TABLES = ["traffic", "fan-outs", "functions", "function drops"], OPEN_LINES = 12;

function counted(object, key) {
	return number(object, `counted.${key}`);
}

function runHeadline(doc) {
	const left = number(doc, "conservation.counted.unaccounted");

	return left === null ? "What became of the packets is not known" : left === 0 ?
		"Every packet is accounted for" : `${count(left)} packets are not accounted for`;
}

/* "received 10 + made 0 = sent 9 + dropped 1 + held 0"; null where one of them is not known. */
function lawText(doc) {
	const [received, made, sent, dropped, held] = ["received", "made", "sent", "dropped", "held"].map((key) => {
		const value = number(doc, `conservation.counted.${key}`);

		return value === null ? null : `${key} ${count(value)}`;
	});

	return [received, made, sent, dropped, held].includes(null) ? null :
		`${received} + ${made} = ${sent} + ${dropped} + ${held}`;
}

/* What is not zero of a few counts, in words: "12 packets, 3 dropped". */
function countWords(object, entries) {
	return entries.map(([key, words]) => [counted(object, key), words]).filter(([value]) => value > 0)
		.map(([value, words]) => `${count(value)} ${words}`);
}

/* ---- functions -------------------------------------------------------------------------------------- */

function functionName(fn) {
	const type = text(fn, "type"), name = text(fn, "name") ?? "unnamed";

	return type === null || type === name ? name : `${name} (${type})`;
}

function functionLine(fn, most) {
	const ns = fn.disturbed === true ? null : counted(fn, "ns_per_packet");
	const words = countWords(fn, [["packets", "packets"], ["dropped", "dropped"]]);
	const time = fn.disturbed === true ? "time disturbed: a worker was off its core"
		: ns === null ? "time not known" : `${duration(ns, 3)} a packet`;

	return barLine(functionName(fn), bar([["user", ns ?? 0]], null, most), [time, ...words].join(", "));
}

function functionsPart(doc) {
	const fns = objects(doc, "functions");
	const most = Math.max(...fns.map((fn) => fn.disturbed === true ? 0 : counted(fn, "ns_per_packet") ?? 0));

	return fns.length === 0 ? null : make("section", {class: "run"}, make("h2", {}, "What functions cost"),
		legend(["user", "time within the function, for each packet that came to it"]),
		make("ul", {class: "bars wide"}, fns.map((fn) => functionLine(fn, most))));
}

/* ---- in-ports whose packets go to several ports ------------------------------------------------------ */

function edgeLine(name, edge, most) {
	const packets = counted(edge, "packets") ?? 0, copies = Math.min(packets, counted(edge, "replicas") ?? 0);
	const ns = counted(edge, "ns_per_packet");

	return barLine(name, bar([["user", packets - copies], ["kernel", copies]], null, most),
		[...countWords(edge, packets === copies ? [["replicas", "copies"], ["dropped", "dropped there"]] :
			[["packets", "packets"], ["replicas", "of them copies"], ["dropped", "dropped there"]]),
			ns === null ? [] : `${duration(ns, 3)} each`].flat().join(", ") || "no packet");
}

function fanOut(fan) {
	const edges = objects(fan, "edges"), others = at(fan, "others");
	const most = Math.max(...[...edges, others].map((edge) => counted(edge, "packets") ?? 0));
	const via = Array.isArray(at(fan, "via")) ? at(fan, "via").filter((name) => typeof name === "string") : [];
	const intake = at(fan, "intake");
	const ns = counted(intake, "ns_per_packet");

	return [make("h3", {}, `${text(fan, "in") ?? "unnamed"} → ${via.join(", ") || NONE}`),
		make("p", {class: "how"}, [...countWords(intake, [["packets", "packets received"],
			["function_drops", "dropped by functions"]]), ns === null ? [] :
			`${duration(ns, 3)} to receive one and to pass it through functions`].flat().join(", ")),
		make("ul", {class: "bars wide"},
			edges.map((edge) => edgeLine(text(edge, "out") ?? "unnamed", edge, most)),
			!isObject(others) ? null :
				edgeLine(`${number(others, "ports") ?? NONE} other ports`, others, most))];
}

function fanOutsPart(doc) {
	const fans = objects(doc, "fan_outs");

	return fans.length === 0 ? null : folded("Where packets went", fans.length <= FEW, make("div", {class: "run"},
		legend(["user", "packets"], ["kernel", "copies made for that port"], [null, "time: to send one"]),
		fans.map(fanOut)));
}

/* ---- all of it ---------------------------------------------------------------------------------------- */

function reportFacts(doc) {
	const machine = at(doc, "machine"), run = at(doc, "run"), elapsed = number(run, "elapsed_s");

	return facts([["Host", text(machine, "host")], ["Kernel", text(machine, "kernel")],
		["CPU", text(machine, "cpu")], ["Ran", elapsed === null ? null : `${figure(elapsed, 3)} s`],
		["Mode", text(run, "mode")], ["Idle", text(run, "idle")],
		["Workers", String(objects(doc, "workers").length)]]);
}

function isOpenTable(view) {
	const lines = at(view, "rows");

	return OPEN_TABLES.includes(text(view, "name")) && Array.isArray(lines) && lines.length <= OPEN_LINES;
}

function showRun(page, doc, views) {
	const law = lawText(doc), cut = number(doc, "paths_cut");
	const warning = cut > 0 ? `${count(cut)} rows of paths were too many and are left out` : null;

	document.title = `bypath run: ${clean(text(doc, "machine.host") ?? "unknown host")}`;
	page.append(...[make("h1", {}, runHeadline(doc)), law === null ? null : make("p", {}, law),
		warning === null ? null : make("p", {class: "warning"}, warning), reportFacts(doc), functionsPart(doc),
		fanOutsPart(doc),
		...views.map((view) => tablePart(view, isOpenTable(view)))].filter((part) => part !== null));
}
