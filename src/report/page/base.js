/* Reads the documents that stand in the page, and makes text and elements of their values. */
/* SPDX-License-Identifier: BSD-3-Clause */
"use strict";

const NARROW_SPACE = "\u202f", NONE = "-", CHANGED_MARK = "\ufffd";

/* Characters that no text has, or that turn its direction round. */
const UNFIT = new RegExp("[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200e\\u200f" +
	"\\u202a-\\u202e\\u2066-\\u2069\\ufffe\\uffff]", "g");

/* ---- values: whatever the document has at a key, or null ---------------------------------------- */

function isObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/* The value at a path of keys, as in "saturation.mpps". */
function at(object, keys) {
	let value = object;

	for (const key of keys.split(".")) {
		if (!isObject(value) || !Object.hasOwn(value, key))
			return null;
		value = value[key];
	}
	return value;
}

/* Nothing that a machine counts or measures is beyond 10^18. */
function number(object, keys) {
	const value = at(object, keys);

	return Number.isFinite(value) && Math.abs(value) < 1e18 ? value : null;
}

function text(object, keys) {
	const value = at(object, keys);

	return typeof value === "string" && value !== "" ? value : null;
}

/* The objects of a list; what else is in it is left out. */
function objects(object, keys) {
	const value = at(object, keys);

	return Array.isArray(value) ? value.filter(isObject) : [];
}

/* A value over the rounds; a bare number is one of a single round. */
function stat(object, keys) {
	const value = at(object, keys), median = number(object, keys) ?? number(value, "median");
	const values = at(value, "values");

	if (median === null)
		return null;
	return {
		median,
		min: number(value, "min") ?? median,
		max: number(value, "max") ?? median,
		rounds: Array.isArray(values) ? values.length : 1,
	};
}

function unique(list) {
	return [...new Set(list)];
}

/* ---- figures as text ------------------------------------------------------------------------------ */

function grouped(digits) {
	return digits.replace(/^-/, "−").replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

function count(value) {
	return grouped(String(Math.round(value)));
}

/* One round carries two significant digits, several carry three. */
function digitsOf(value) {
	return value.rounds > 1 ? 3 : 2;
}

function figure(value, digits) {
	const rounded = Number(value.toPrecision(digits));

	if (rounded === 0 || Math.abs(rounded) < 1e-6)
		return "0";
	const decimals = digits - 1 - Math.floor(Math.log10(Math.abs(rounded)));

	return decimals > 0 ? grouped(rounded.toFixed(decimals).split(".")[0]) + "." +
		rounded.toFixed(decimals).split(".")[1] : count(rounded);
}

function percent(share) {
	return figure(100 * share, 2) + NARROW_SPACE + "%";
}

function duration(ns, digits) {
	const units = ["ns", "µs", "ms", "s"];
	let value = ns, unit = 0;

	for (; Number(value.toPrecision(digits)) >= 1000 && unit < 3; unit++)
		value /= 1000;
	return figure(value, digits) + NARROW_SPACE + units[unit];
}

/* "64" as "64 B", "imix" as "IMIX". */
function sizeText(size) {
	if (size.toLowerCase() === "imix")
		return "IMIX";
	return /^\d+$/.test(size) ? size + NARROW_SPACE + "B" : size;
}

/* ---- elements: data becomes text nodes and plain attributes, nothing else ------------------------- */

function clean(value) {
	return String(value).replace(UNFIT, CHANGED_MARK);
}

function fill(element, attributes, children) {
	for (const [name, value] of Object.entries(attributes))
		if (value !== null && value !== false)
			element.setAttribute(name, clean(value));
	for (const child of children.flat(Infinity))
		if (child !== null)
			element.append(child instanceof Node ? child : clean(child));
	return element;
}

function make(tag, attributes, ...children) {
	return fill(document.createElement(tag), attributes, children);
}

function shape(tag, attributes, ...children) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/* A part of the page below the first screen; what is folded is not printed. */
function folded(title, isOpen, ...children) {
	const details = make("details", {}, make("summary", {}, make("h2", {}, title)), ...children);

	details.open = isOpen;
	return details;
}

function readJson(id) {
	return JSON.parse(document.getElementById(id).textContent);
}
