/* Draws the goals of a comparison, those that are not met first, and the figures of workloads. */
/* SPDX-License-Identifier: BSD-3-Clause */

/* In the order in which a reader wants them; the kind of bar that each has. */
const VERDICTS = new Map([["short", "kernel"], ["failed", "whole"], ["not measurable", "whole"], ["met", "user"]]);

/* Of one round figures have two digits, of several three. */
function readGoal(raw, digits) {
	return {
		raw,
		digits,
		verdict: text(raw, "verdict") ?? "not measurable",
		bound: number(raw, "bound"),
		isAtMost: text(raw, "sign") === "<=",
		figure: number(raw, "figure"),
		lo: number(raw, "interval.lo"),
		hi: number(raw, "interval.hi"),
	};
}

/* Where a figure stands: the goal in the middle, what reaches it to the right; half and twice are the ends. */
function goalPlace(goal, figureOf) {
	const ratio = goal.isAtMost ? goal.bound / figureOf : figureOf / goal.bound;

	return ratio > 0 ? 50 + 50 * Math.max(-1, Math.min(1, Math.log2(ratio))) : 0;
}

function goalPicture(goal) {
	const part = (kind, from, to, y, height) => shape("rect", {class: kind, x: `${from.toFixed(2)}%`, y, height,
		width: `${Math.max(0.4, to - from).toFixed(2)}%`});
	const place = goalPlace(goal, goal.figure), kind = VERDICTS.get(goal.verdict) ?? "whole";
	const ends = [goal.lo, goal.hi].map((end) => end === null ? place : goalPlace(goal, end)).sort((a, b) => a - b);

	return shape("svg", {class: "track", "aria-hidden": "true"},
		part(kind, Math.min(50, place), Math.max(50, place), 3, 12),
		goal.lo === null || goal.hi === null ? null : part("interval", ends[0], ends[1], 7, 4),
		shape("rect", {class: "tick", x: "50%", y: 0, height: 18, width: 2}));
}

/* "0.61 (0.58–0.64); goal ≥ 0.8, 24 % below". */
function goalWords(goal) {
	const sign = {lower: "≥ ", upper: "≤ "}[text(goal.raw, "bound_of_figure")] ?? "";
	const range = goal.lo === null || goal.hi === null ? "" :
		` (${figure(goal.lo, goal.digits)}–${figure(goal.hi, goal.digits)})`;
	const bound = goal.bound === null ? "" :
		`goal ${goal.isAtMost ? "≤" : "≥"}${NARROW_SPACE}${figure(goal.bound, 3)}`;

	return goal.figure === null ? `${goal.verdict}; ${bound}` :
		`${sign}${figure(goal.figure, goal.digits)}${range}; ${bound}${distance(goal)}`;
}

/* Above twice the goal percents say little. */
function distance(goal) {
	const margin = number(goal.raw, "margin");

	if (margin === null || margin === 0)
		return "";
	return margin >= 1 ? `, ${figure(1 + margin, 2)} times that` :
		`, ${percent(Math.abs(margin))} ${margin > 0 ? "above" : "below"}`;
}

function goalName(raw) {
	const size = text(raw, "size"), peer = text(raw, "peer");

	return [text(raw, "workload"), size === null || size === NONE ? null : ` ${sizeText(size)}`, ": ",
		text(raw, "path"), peer === null ? null : ` to ${peer}`].filter((part) => part !== null).join("");
}

function capital(word) {
	return word.charAt(0).toUpperCase() + word.slice(1);
}

/* A line of a chart with a sentence below it. */
function explained(line, sentence) {
	if (sentence !== null)
		line.append(make("small", {}, sentence));
	return line;
}

function goalLine(goal) {
	const hasPicture = goal.figure !== null && goal.bound > 0;

	return explained(barLine(goalName(goal.raw), hasPicture ? goalPicture(goal) : make("span", {}),
		goalWords(goal)), text(goal.raw, "why"));
}

function goalsPart(doc) {
	const digits = number(doc, "run.rounds") > 1 ? 3 : 2;
	const goals = objects(doc, "goals").map((raw) => readGoal(raw, digits));
	const verdicts = unique([...VERDICTS.keys(), ...goals.map((goal) => goal.verdict)]);
	const groups = verdicts.map((verdict) => goals.filter((goal) => goal.verdict === verdict));

	return goals.length === 0 ? null : make("section", {class: "goals"},
		legend(["user", "met"], ["kernel", "short"], ["whole", "says nothing"],
			["tick", "the goal: right of it is better"],
			["interval", "interval of the ratio, 95 % at least"]),
		groups.filter((group) => group.length > 0).map((group) => [
			make("h3", {}, `${capital(group[0].verdict)}: ${group.length}`),
			make("ul", {class: "bars wide"}, group.map(goalLine))]),
		make("p", {class: "how"}, "With a peer the figure is the ratio to the peer's, of the same rounds; " +
			"without, it is in the workload's unit. Bars reach from half the goal to twice."));
}

/* ---- figures of workloads --------------------------------------------------------------------------- */

function figureLine(raw, most) {
	const value = stat(raw, "value"), unit = text(raw, "unit") ?? "";
	const sign = at(raw, "is_at_least") === true ? "≥ " : "", digits = value === null ? 2 : digitsOf(value);
	const range = value === null || value.rounds < 2 ? "" :
		` (${figure(value.min, digits)}–${figure(value.max, digits)})`;

	return explained(barLine(text(raw, "path") ?? "unnamed",
		value === null ? make("span", {}) : bar([["ndr", value.median]], null, most),
		value === null ? (text(raw, "status") ?? "not-measured").replace("-", " ") :
			`${sign}${figure(value.median, digits)}${NARROW_SPACE}${unit}${range}`), text(raw, "reason"));
}

function figuresPart(doc) {
	const all = objects(doc, "figures");
	const nameOf = (raw) => `${text(raw, "title") ?? text(raw, "workload") ?? "unnamed"}${
		/^\d|imix/.test(text(raw, "size") ?? "") ? `, ${sizeText(text(raw, "size"))}` : ""}${
		text(raw, "load_of") === null ? "" : ` (of ${text(raw, "load_of")})`}`;
	const groups = unique(all.map(nameOf)).map((name) => [name, all.filter((raw) => nameOf(raw) === name)]);

	return all.length === 0 ? null : folded("Figures", objects(doc, "goals").length === 0,
		groups.map(([name, group]) => {
			const most = Math.max(0, ...group.map((raw) => stat(raw, "value")?.median ?? 0));
			const lines = group.map((raw) => figureLine(raw, most));

			return [make("h3", {}, name), make("ul", {class: "bars"}, lines)];
		}));
}
