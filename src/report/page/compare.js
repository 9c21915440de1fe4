/* Draws a comparison: which path to take here, and why; then everything that was measured. */
/* SPDX-License-Identifier: BSD-3-Clause */

/* In the order in which they matter to a reader; the ceiling, which has no network, stands apart. */
const GROUPS = new Map([["ports", "Real devices"], ["veth", "Over veth pairs"],
	["memory", "Shared memory (memif, vhost)"], ["ovs", "Open vSwitch"], ["peer", "Other forwarders"]]);
const CEILING = "ceiling";

function groupTitle(group) {
	return GROUPS.get(group) ?? group;
}

function groupRank(group) {
	const rank = [...GROUPS.keys()].indexOf(group);

	return rank < 0 ? GROUPS.size : rank;
}

/* ---- rows ----------------------------------------------------------------------------------------- */

function readRow(raw) {
	return {
		raw,
		path: text(raw, "path") ?? "unnamed",
		group: text(raw, "group") ?? "other",
		size: text(raw, "size") ?? "?",
		status: text(raw, "status") ?? "not-measured",
		ndr: stat(raw, "ndr.mpps"),
		peak: stat(raw, "saturation.mpps"),
		p99: stat(raw, "latency.p99"),
	};
}

function hasFigure(row) {
	return row.ndr !== null || row.peak !== null;
}

function isSound(row) {
	return row.status === "ok" || row.status === "disturbed";
}

/* Sound ones first, then by NDR, then by the rate at saturation. */
function byRate(a, b) {
	return isSound(b) - isSound(a) || (b.ndr?.median ?? -1) - (a.ndr?.median ?? -1) ||
		(b.peak?.median ?? -1) - (a.peak?.median ?? -1);
}

function ndrText(row) {
	const bounded = text(row.raw, "ndr.outcome") === "bounded" ? "≥ " : "";
	const sign = at(row.raw, "ndr.exploratory") === true ? "~ " : bounded;

	return row.ndr === null ? "no NDR" :
		sign + figure(row.ndr.median, digitsOf(row.ndr)) + NARROW_SPACE + "Mpps";
}

function peakText(row) {
	const sign = at(row.raw, "generator.is_bound") === true ? "≥ " : "";

	return sign + figure(row.peak.median, digitsOf(row.peak)) + NARROW_SPACE + "Mpps at saturation";
}

/* The figures of a chart's line, and what is wrong with them. */
function words(row, footnotes) {
	const note = statusNote(row, footnotes);

	return [rateText(row), note === null ? null : " · ", note];
}

function rateText(row) {
	if (row.ndr === null)
		return row.peak === null ? statusText(row) : peakText(row);
	return ndrText(row) + (row.p99 === null ? "" : ` · p99 ${duration(row.p99.median, digitsOf(row.p99))}`);
}

function statusText(row) {
	return row.status.replace("-", " ");
}

/* ---- footnotes: each reason once, with what to do -------------------------------------------------- */

/* Fonts have few circled numbers above ten. */
function circled(n) {
	return n <= 10 ? String.fromCodePoint(0x245f + n) : `(${n})`;
}

function reasonKey(row) {
	return JSON.stringify([text(row.raw, "reason"), text(row.raw, "fix")]);
}

function readFootnotes(rows) {
	const bad = rows.filter((row) => row.status !== "ok");

	return {keys: unique(bad.map(reasonKey)), rows: bad};
}

/* "cannot run ①", with a link to the reason; null where all is well. */
function statusNote(row, footnotes) {
	const n = footnotes.keys.indexOf(reasonKey(row)) + 1;

	return row.status === "ok" ? null : make("a", {href: `#note-${n}`, class: "note"},
		`${statusText(row)}${NARROW_SPACE}${circled(n)}`);
}

/* What to do, in full where it is new, else by the footnote that says it. */
function toDo(fixes, i) {
	const first = fixes.indexOf(fixes[i]);

	return fixes[i] === null ? null : `. To do: ${first < i ? `see ${circled(first + 1)}` : fixes[i]}`;
}

function footnoteList(footnotes) {
	const reasons = footnotes.keys.map((key) => JSON.parse(key)), fixes = reasons.map(([, fix]) => fix);
	const pathsOf = (key) => unique(footnotes.rows.filter((row) => reasonKey(row) === key).map((row) => row.path));

	return reasons.length === 0 ? null : make("ul", {class: "notes", "aria-label": "Footnotes"},
		footnotes.keys.map((key, i) => make("li", {id: `note-${i + 1}`}, `${circled(i + 1)} `,
			make("b", {}, pathsOf(key).join(", ")), `: ${reasons[i][0] ?? "no reason given"}`,
			toDo(fixes, i))));
}

/* ---- the answer -------------------------------------------------------------------------------------- */

function verdictsOf(doc, size) {
	return objects(doc, "verdicts").filter((verdict) => text(verdict, "size") === size).sort((a, b) =>
		groupRank(text(a, "group")) - groupRank(text(b, "group")));
}

/* Without a path's rates there may be figures of workloads, and goals that they meet. */
function headlineOf(doc) {
	const goals = objects(doc, "goals"), met = goals.filter((goal) => text(goal, "verdict") === "met");

	if (goals.length > 0)
		return `${met.length} of ${goals.length} goals met`;
	return objects(doc, "figures").length > 0 ? "Figures of workloads" : "Nothing was measured";
}

function headline(doc, verdict, rows) {
	if (!rows.some(hasFigure))
		return headlineOf(doc);
	if (verdict === undefined)
		return "No verdict: fewer than two sound paths with an NDR";
	if (text(verdict, "verdict") === "winner")
		return `Take ${text(verdict, "path") ?? "the path below"}`;
	return text(verdict, "verdict") === "no difference seen" ? "No difference seen" : "No winner is named";
}

function verdictLines(verdicts) {
	return make("ul", {class: "verdicts"}, verdicts.map((verdict) => make("li", {},
		make("b", {}, `${groupTitle(text(verdict, "group") ?? "other")}: `), text(verdict, "text"))));
}

/* The path that is explained first: the one that the first verdict names, else the first bar. */
function preferred(rows, verdicts) {
	return rows.find((row) => row.path === text(verdicts[0], "path")) ?? rows[0] ?? null;
}

/* The NDR in bits on the line: ", 0.61 Gb/s on the line; IMIX: 2.1 Gb/s". */
function lineText(row, rows) {
	const imix = rows.find((other) => other !== row && other.path === row.path && sizeText(other.size) === "IMIX");
	const said = (other) => {
		const rate = stat(other?.raw, "ndr.gbps_l1");

		return rate === null ? null : `${figure(rate.median, digitsOf(rate))} Gb/s`;
	};

	return (said(row) === null ? "" : `, ${said(row)} on the line`) +
		(said(imix) === null ? "" : `; IMIX: ${said(imix)}`);
}

/* "100 % of a core, 12 % of it busy", or why it is not known. */
function cpuText(row, key) {
	const cores = stat(row.raw, `cpu.${key}.cores`), busy = stat(row.raw, `cpu.${key}.busy`);

	if (cores === null)
		return text(row.raw, "cpu.why") === null ? null : `${NONE}: ${text(row.raw, "cpu.why")}`;
	return `${percent(cores.median)} of a core${busy === null ? "" : `, ${percent(busy.median)} busy`}`;
}

function perCoreText(row) {
	const rates = ["ndr_mpps", "mpps"].map((key) => stat(row.raw, `per_core.${key}`));
	const [ndr, peak] = rates.map((rate) => rate === null ? null :
		`${figure(rate.median, digitsOf(rate))}${NARROW_SPACE}Mpps`);

	return ndr === null && peak === null ? null :
		[ndr, peak === null ? null : `${peak} at saturation`].filter((part) => part !== null).join(", ");
}

/* "61 % of 10 Gb/s", or why there is none. */
function lineShareText(row) {
	const ndr = stat(row.raw, "line.ndr_share"), share = ndr ?? stat(row.raw, "line.share");
	const gbps = number(row.raw, "line.gbps");

	if (share === null || gbps === null)
		return text(row.raw, "line.why") === null ? null : `${NONE}: ${text(row.raw, "line.why")}`;
	return `${percent(share.median)} of ${gbps}${NARROW_SPACE}Gb/s by ${ndr === null ? "rate" : "NDR"}`;
}

/* What the path takes of its cores and of its line; the same reason once. */
function economy(row) {
	const [low, half] = ["at_10", "at_50"].map((key) => cpuText(row, key));

	return at(row.raw, "cpu") === null && at(row.raw, "line") === null ? null : facts([["CPU at 10 % load", low],
		["CPU at 50 % load", half === low && half?.startsWith(NONE) ? null : half],
		["Packets per core", perCoreText(row)], ["Of the line's rate", lineShareText(row)]]);
}

/* shown: the size's rows in the chart's order; rows: those of all sizes. */
function why(row, shown, rows) {
	const peers = shown.filter((other) => other.group === row.group), place = peers.indexOf(row) + 1;
	const group = groupTitle(row.group).toLowerCase();
	const lines = [
		`Place ${place} of ${peers.length} by NDR, ${group}: ${rateText(row)}${lineText(row, rows)}.`,
		text(row.raw, "sentence"),
		text(row.raw, "note") ?? text(peers[place]?.raw, "sentence"),
	];

	return make("ol", {class: "why"}, lines.filter((line) => line !== null).map((line) => make("li", {}, line)));
}

function select(element) {
	const range = document.createRange();

	range.selectNodeContents(element);
	getSelection().removeAllRanges();
	getSelection().addRange(range);
}

function noConfiguration(row) {
	return make("p", {class: "how"}, text(row.raw, "forwarder") === "kernel" ?
		"The kernel forwards here: no INI. Press another path's name for its own." :
		"The document has no INI of this path.");
}

function configuration(row) {
	const ini = text(row.raw, "ini"), code = make("pre", {tabindex: 0}, ini);
	const button = make("button", {type: "button"}, "Copy");

	button.addEventListener("click", () => {
		select(code);
		navigator.clipboard?.writeText(code.textContent).then(() => {
			button.textContent = "Copied";
		}, () => {
			button.textContent = "Selected: press Ctrl+C";
		});
	});
	return ini === null ? noConfiguration(row) : make("div", {class: "ini"}, make("p", {class: "how"},
		"The INI that it ran with; its devices are those of the run. ", button), code);
}

/* ---- the chart --------------------------------------------------------------------------------------- */

function mostOf(rows) {
	return Math.max(...rows.map((row) => Math.max(row.ndr?.median ?? 0, row.peak?.median ?? 0)));
}

function chartLine(row, most, chosen, choose, footnotes) {
	const button = make("button", {type: "button", "aria-pressed": String(row === chosen),
		title: text(row.raw, "title")}, row.path);

	button.addEventListener("click", () => choose(row.size, row.path));
	return barLine(button, bar([["ndr", row.ndr?.median ?? 0]], row.peak?.median ?? null, most),
		words(row, footnotes), isSound(row) ? null : "pale");
}

function chartGroup(group, rows, chosen, choose, footnotes) {
	const most = mostOf(rows);

	return [make("h3", {}, groupTitle(group), make("small", {}, ` scale to ${figure(most, 2)} Mpps`)),
		make("ul", {class: "bars"}, rows.map((row) => chartLine(row, most, chosen, choose, footnotes)))];
}

function cannotRun(rows, footnotes) {
	const without = rows.filter((row) => !hasFigure(row));

	return without.length === 0 ? null : make("p", {class: "how"}, "Without a figure: ",
		without.flatMap((row, i) => [i > 0 ? ", " : null, `${row.path}: `, statusNote(row, footnotes)]));
}

function chart(rows, chosen, choose, footnotes) {
	const measured = rows.filter(hasFigure), groups = unique(measured.map((row) => row.group));
	const figures = groups.map((group) => chartGroup(group, measured.filter((row) => row.group === group),
		chosen, choose, footnotes));

	return make("section", {class: "chart"}, measured.length === 0 ? null : legend(
		["ndr", "NDR: most without loss"], ["tick", "at saturation"], [null, "p99: at half of the NDR"]),
	figures.flat(), cannotRun(rows, footnotes));
}

/* ---- the first screen -------------------------------------------------------------------------------- */

function warnings(run) {
	const lines = [
		["interrupted", "The run was interrupted: here is what had been measured by then."],
		["cores.shared", "Forwarder and generator shared a core: these figures are worth little."],
		["quick", "A quick run: short trials, wider spread."],
	];

	return lines.filter(([key]) => at(run, key) === true).map(([, line]) => make("p", {class: "warning"}, line));
}

/* Which function was in the packets' way; null: none. */
function functionNote(doc) {
	const name = text(doc, "run.function.name");

	return name === null ? null : make("p", {class: "function"}, make("b", {}, `Function ${name}: `),
		text(doc, "run.function.title") ?? NONE);
}

function sizeButtons(sizes, size, choose) {
	return sizes.length < 2 ? null : make("p", {class: "sizes", role: "group", "aria-label": "Frame size"},
		sizes.map((other) => {
			const button = make("button", {type: "button", "aria-pressed": String(other === size)},
				sizeText(other));

			button.addEventListener("click", () => choose(other, null));
			return button;
		}));
}

/* All rows of a size but the ceiling's, in the order of the chart. */
function contenders(rows, size) {
	return rows.filter((row) => row.size === size && row.group !== CEILING).sort((a, b) =>
		groupRank(a.group) - groupRank(b.group) || byRate(a, b));
}

/* Draws the first screen for a size and a path; null: the one that the verdict names. */
function showAnswer(screen, doc, rows, footnotes, size, path) {
	const choose = (otherSize, otherPath) => {
		showAnswer(screen, doc, rows, footnotes, otherSize, otherPath);
		screen.querySelector(`.${otherPath === null ? "sizes" : "bars"} [aria-pressed="true"]`).focus();
	};
	const shown = contenders(rows, size), verdicts = verdictsOf(doc, size), measured = shown.filter(hasFigure);
	const chosen = measured.find((row) => row.path === path) ?? preferred(measured, verdicts);

	screen.replaceChildren(...[
		make("h1", {}, headline(doc, verdicts[0], rows)),
		sizeButtons(unique(rows.map((row) => row.size)), size, choose),
		functionNote(doc), verdictLines(verdicts), ...warnings(at(doc, "run")),
		make("div", {class: "answer"}, chart(shown, chosen, choose, footnotes), chosen === null ? null :
			make("section", {class: "reason"}, make("h2", {}, `${chosen.path}, ${sizeText(chosen.size)}`),
				why(chosen, measured, rows), economy(chosen), configuration(chosen))),
	].filter((part) => part !== null));
}

function ceiling(rows, footnotes) {
	const members = rows.filter((row) => row.group === CEILING && hasFigure(row)).sort(byRate);

	return members.length === 0 ? null : make("section", {class: "chart"},
		make("h2", {}, "Ceiling: no network, no path to take"),
		make("ul", {class: "bars"}, members.map((row) => barLine(lineName(row),
			bar([["whole", row.peak?.median ?? row.ndr.median]], null, mostOf(members)),
			words(row, footnotes)))));
}

function runFacts(doc) {
	const machine = at(doc, "machine"), run = at(doc, "run");
	const plain = (object, key, unit) => number(object, key) === null ? null :
		Math.round(10 * number(object, key)) / 10 + unit;
	const cores = number(run, "cores.dut") === null ? null :
		`forwarder ${number(run, "cores.dut")}, generator ${number(run, "cores.generator") ?? NONE}`;

	return facts([["Host", text(machine, "host")], ["Kernel", text(machine, "kernel")],
		["CPU", text(machine, "cpu")], ["CPUs online", plain(machine, "cores", "")], ["Cores", cores],
		["Begun", text(run, "begun")], ["Took", plain(run, "elapsed_s", " s")],
		["Rounds", plain(run, "rounds", "")], ["Each trial", plain(run, "trial_s", " s")],
		["bypath", text(doc, "bypath")], ["Command", text(run, "command")]]);
}

/* A figure of one round has two significant digits in a table as well. */
function shortened(cell) {
	const [, sign, digits] = /^([≥≤] )?(\d+\.\d+)$/.exec(cell) ?? [];

	return digits === undefined ? cell : (sign ?? "") + figure(Number(digits), 2);
}

/* The status of a table's line gets its footnote. */
function decorator(rows, footnotes) {
	const isOnce = rows.length > 0 && rows.every((row) => (row.peak?.rounds ?? 1) === 1);

	return (cells, columns) => {
		const cellOfKey = (key) => cells[columns.findIndex((column) => text(column, "cell") === `{${key}}`)];
		const row = rows.find((other) => other.path === cellOfKey("path") && other.size === cellOfKey("size"));

		return cells.map((cell, i) => row !== undefined && text(columns[i], "cell") === "{status}" ?
			statusNote(row, footnotes) ?? cell : isOnce ? shortened(cell) : cell);
	};
}

function showCompare(page, doc, views) {
	const rows = objects(doc, "rows").map(readRow), footnotes = readFootnotes(rows);
	const screen = make("div", {"aria-live": "polite"}), decorate = decorator(rows, footnotes);

	document.title = `bypath compare: ${clean(text(doc, "machine.host") ?? "unknown host")}`;
	showAnswer(screen, doc, rows, footnotes, rows[0]?.size ?? "?", null);
	page.append(...[screen, goalsPart(doc), figuresPart(doc), footnoteList(footnotes),
		ceiling(rows, footnotes), runFacts(doc), noteList(at(doc, "run.notes")),
		...views.map((view) => tablePart(view, text(view, "name") === "rates", decorate)),
		...appendix(rows)].filter((part) => part !== null));
}
