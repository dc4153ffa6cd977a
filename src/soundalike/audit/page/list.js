// The list of clips, the most suspicious first, and what of it the filters leave.

import { fileName } from "./text.js";
import { allRows, classesOf, isSuspicious } from "./table.js";
import { decisionInWords, labelInWords, percent } from "./words.js";

const MOST = 200; // lines on the page
const element = (id) => document.getElementById(id);
const list = element("list");
const labelFilter = element("label-filter");
const stateFilter = element("state-filter");

let rows = []; // those that the filters leave, in the order of the list
let current = null; // the open row
let choose = () => {};

// The function that is called with a row that is chosen.
export function onChoice(listener) {
  choose = listener;
}

export const listedRows = () => rows;

// Go along the list from the open row: the row that is reached, null at the ends.
export function neighborInList(step) {
  return rows[rows.findIndex(({ id }) => id === current?.id) + step] ?? null;
}

// The next row to decide: below the open one, or else from the top; null if all are decided.
export function nextUndecided() {
  const position = rows.findIndex(({ id }) => id === current?.id);
  const isOpen = (row) => !row.decision && row.id !== current?.id;
  return rows.slice(position + 1).find(isOpen) ?? rows.find(isOpen) ?? null;
}

export function clearFilters() {
  labelFilter.value = "";
  stateFilter.value = "all";
  showList();
}

// Offer the labels of the table, those with the most suspicious clips first.
export function showLabels() {
  const counts = new Map();
  for (const row of allRows()) {
    for (const name of classesOf(row.label)) counts.set(name, (counts.get(name) ?? 0) + isSuspicious(row));
  }
  const names = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
  const former = labelFilter.value;
  labelFilter.replaceChildren(new Option("all", ""), ...names.map(([name, n]) => new Option(`${name} (${n})`, name)));
  if (counts.has(former)) labelFilter.value = former;
}

export function setCurrent(row) {
  current = row;
  showList();
  const pane = list.parentElement; // on a narrow page, it is below the clip and does not scroll
  if (pane.scrollHeight > pane.clientHeight) list.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
}

export function showList() {
  const isListed = {
    all: () => true, undecided: (row) => !row.decision, decided: (row) => row.decision,
  }[stateFilter.value];
  const label = labelFilter.value;
  rows = allRows()
    .filter((row) => isListed(row) && (!label || classesOf(row.label).includes(label)))
    .sort((a, b) => b.p_wrong - a.p_wrong || a.id - b.id);
  const position = rows.findIndex(({ id }) => id === current?.id);
  const first = Math.max(0, Math.min(position - MOST / 2, rows.length - MOST));
  const lines = rows.slice(first, first + MOST).map(line);
  list.replaceChildren(...more(first, "above"), ...lines, ...more(rows.length - first - lines.length, "below"));
  showMessage();
}

function showMessage() {
  const message = element("list-message");
  message.hidden = rows.length > 0;
  if (rows.length) return;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Show all" });
  button.addEventListener("click", clearFilters);
  message.replaceChildren("No clip is left by these filters. ", button);
}

function more(n, where) {
  if (n <= 0) return [];
  const item = document.createElement("li");
  item.className = "more";
  item.textContent = `${n.toLocaleString("en")} more ${where}`;
  return [item];
}

function line(row) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.id = row.id;
  button.setAttribute("aria-current", row.id === current?.id);
  const decision = decisionInWords(row);
  button.append(
    part("b", labelInWords(row.label)),
    part("span", percent(row.p_wrong), "p"),
    part("small", fileName(row)),
    part("small", decision, "decision"),
  );
  button.classList.toggle("decided", Boolean(decision));
  button.addEventListener("click", () => choose(row));
  item.append(button);
  return item;
}

function part(tag, text, name = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className: name });
}

for (const filter of [labelFilter, stateFilter]) filter.addEventListener("change", showList);
