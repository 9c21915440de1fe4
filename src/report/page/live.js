/* Listens to the instance that served this page, and draws what it says. */
/* SPDX-License-Identifier: BSD-3-Clause */

const SILENT_MS = 4000, AGAIN_MS = 1000; /* without an event: no news; until it is asked again */

const PARTS = [["ports", portsPart, "whole"], ["paths", pathsPart, "whole"], ["workers", workersPart, ""],
	["drops", dropsPart, ""], ["functions", functionsPart, "whole"]];

const live = {past: new Map(), heardAt: null, head: make("div", {}), state: make("span", {class: "state", role: "status"}),
	title: make("h1", {}, "bypath"), sections: new Map()};

/* ---- what is drawn ------------------------------------------------------------------------------------ */

/* What is as it was stays: a selection in it, too. */
function update(section, children) {
	const next = fill(section.cloneNode(false), {}, children);

	if (!next.isEqualNode(section))
		section.replaceChildren(...next.childNodes);
}

function remember(doc) {
	const names = new Set();

	for (const [i, port] of objects(doc, "ports").entries()) {
		const name = text(port, "name") ?? "unnamed", rates = ratesOf(doc, "ports")[i];
		const past = live.past.get(name) ?? [];

		names.add(name);
		if (isObject(rates))
			past.push([number(rates, "rx_pps") ?? 0, number(rates, "tx_pps") ?? 0]);
		live.past.set(name, past.slice(-PAST_MAX));
	}
	for (const name of live.past.keys())
		if (!names.has(name))
			live.past.delete(name);
}

/* Of the rates of all rows; null: not known yet. */
function sumOf(doc, key, ...kinds) {
	const rows = kinds.flatMap((kind) => ratesOf(doc, kind)).filter(isObject);

	return rows.length === 0 ? null : rows.reduce((sum, row) => sum + (number(row, key) ?? 0), 0);
}

function drawHead(doc) {
	const left = number(doc, "conservation.counted.unaccounted"), refused = number(doc, "reloads.refused");
	const large = (value) => make("span", {class: "large"}, value);

	live.title.textContent = clean(text(doc, "instance") ?? "bypath");
	document.title = `${clean(text(doc, "instance") ?? "bypath")}: ${rate(sumOf(doc, "rx_pps", "ports"), "pps")}`;
	update(live.head, [facts([["In", large(rate(sumOf(doc, "rx_pps", "ports"), "pps"))], ["Out", large(rate(sumOf(doc, "tx_pps", "ports"), "pps"))],
		["Dropped", large(rate(sumOf(doc, "drop_pps", "ports", "functions"), "pps"))],
		["Not accounted for, with those under way", large(exact("unaccounted", left))],
		["Received", exact("received", number(doc, "conservation.counted.received"))],
		["Sent", exact("sent", number(doc, "conservation.counted.sent"))],
		["Running for", span(number(doc, "run.elapsed_s") ?? 0)],
		["Reloads", number(doc, "reloads.done") === null ? null :
			count(number(doc, "reloads.done")) + (refused > 0 ? `, ${count(refused)} refused` : "")],
		["Version", text(doc, "version")]])]);
}

function draw(doc) {
	remember(doc);
	drawHead(doc);
	for (const [name, part] of PARTS)
		update(live.sections.get(name), part(doc, live.past));
}

/* ---- whether there is news ----------------------------------------------------------------------------- */

function say(state, words) {
	document.documentElement.dataset.state = state; /* for tests as well */
	document.documentElement.classList.toggle("gone", state !== "live");
	if (live.state.textContent !== words)
		live.state.textContent = words;
}

function sayGone() {
	const since = live.heardAt === null ? "" : `: the figures are of ${new Date(live.heardAt).toLocaleTimeString()}`;

	say("gone", `instance gone${since}; asking for it again`);
	document.title = "bypath: instance gone";
}

function hear(event) {
	live.heardAt = Date.now();
	say("live", "live");
	draw(JSON.parse(event.data));
}

function listen() {
	const source = new EventSource("events");
	let isFull = false;

	source.onmessage = hear;
	source.addEventListener("full", () => {
		isFull = true;
		say("full", "as many pages as are served are open already: this one waits for its turn");
	});
	/* A source that asks again by itself gives up on some errors. */
	source.onerror = () => {
		source.close();
		if (!isFull)
			sayGone();
		setTimeout(listen, AGAIN_MS);
	};
}

function watch() {
	if (document.documentElement.dataset.state === "live" && Date.now() - live.heardAt > SILENT_MS)
		say("silent", `no news since ${new Date(live.heardAt).toLocaleTimeString()}`);
}

function begin() {
	const parts = PARTS.map(([name, , kind]) => make("section", {id: name, class: kind || null}));

	PARTS.forEach(([name], i) => live.sections.set(name, parts[i]));
	document.getElementById("page").replaceChildren(live.title, make("p", {}, live.state), live.head,
		make("div", {class: "live"}, parts));
	say("waiting", "asking the instance");
	listen();
	setInterval(watch, 1000);
}

begin();
