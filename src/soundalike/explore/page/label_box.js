// The box of labels: what is selected, the labels in use, undo and redo.

import * as labels from "./labels.js";
import { getJson } from "./client.js";
import { currentStretch, onStretch } from "./marks.js";
import { currentSelection, onSelection } from "./selection.js";
import { counted, seconds } from "./text.js";

const N_KEYS = 9;
const element = (id) => document.getElementById(id);
const input = element("label-name");
const message = element("label-message");

let active = ""; // the label that was used last, which "not this" is about
let asking = 0;

// Assign the label at a position in the list, from 0.
export function assignAt(position) {
  const entry = labels.labelSummary().names[position];
  if (entry) say(entry.name, true);
  else report(`There is no label ${position + 1} yet: type its name.`, true);
}

// Say that the selection does not have the label that was typed, or used last.
export function assignNot() {
  const name = input.value.trim() || active;
  if (name) say(name, false);
  else report("Use a label first: then n says that a window does not have it.", true);
}

export const undo = () => step(labels.undo, "Taken back", "Nothing to take back.");

export const redo = () => step(labels.redo, "Repeated", "Nothing to repeat.");

// Say something about the stretch that was dragged, or else about the selected windows.
async function say(name, value) {
  const [stretch, ids] = [currentStretch(), currentSelection()];
  if (!stretch && !ids.length) return report("Select a window first: click a point.", true);
  try {
    const change = await (stretch ? labels.assignStretch(stretch, name, value) : labels.assign(ids, name, value));
    if (value !== null) active = change?.label ?? name;
    input.value = "";
    report(change ? `${inWords(change)}. Saved.` : "That has been said before.");
    show();
  } catch (error) {
    report(`Not saved: ${error.message}`, true);
  }
}

async function step(action, done, nothing) {
  try {
    const change = await action();
    report(change ? `${done}: ${inWords(change)}.` : nothing);
  } catch (error) {
    report(`Not saved: ${error.message}`, true);
  }
}

function inWords({ label, value, n }) {
  const what = value === null ? `no longer ${label}` : value ? label : `not ${label}`;
  return `${what} on ${counted(n, "sound")}`;
}

function report(text, isWrong = false) {
  message.textContent = text;
  message.classList.toggle("wrong", isWrong);
}

// Name the label that "not this" is about.
function showNot() {
  const name = input.value.trim() || active;
  element("label-not").textContent = name ? `Not ${name}` : "Not this";
  element("label-not").disabled = !name || !isReady();
}

const isReady = () => Boolean(currentStretch() || currentSelection().length);

// The labels in use, with their keys and counts.
function show() {
  const { names, undo: back, redo: again } = labels.labelSummary();
  element("label-list").replaceChildren(...names.map(line));
  element("known-labels").replaceChildren(...names.map(({ name }) => new Option(name)));
  for (const [id, change] of [["undo", back], ["redo", again]]) {
    element(id).disabled = !change;
    element(id).title = change ? inWords(change) : "";
  }
  showNot();
  const isEmpty = !names.some(({ n_yes: n }) => n);
  element("exports").hidden = isEmpty;
}

function line({ name, n_yes: nYes, n_no: nNo }, position) {
  const item = document.createElement("li");
  const key = document.createElement("kbd");
  key.textContent = position < N_KEYS ? position + 1 : "";
  const text = document.createElement("span");
  text.className = "name";
  text.textContent = name;
  const count = document.createElement("small");
  count.textContent = nNo ? `${nYes.toLocaleString("en")} · not ${nNo.toLocaleString("en")}` : nYes.toLocaleString("en");
  const yes = button([key, text, count], () => say(name, true), isReady());
  yes.setAttribute("aria-label", `${name}, ${nYes} with it, ${nNo} without`);
  yes.setAttribute("aria-current", name === active);
  const no = button(["not"], () => say(name, false), isReady());
  no.setAttribute("aria-label", `not ${name}`);
  item.append(yes, no);
  return item;
}

function button(content, action, isEnabled = true) {
  const result = document.createElement("button");
  result.type = "button";
  result.append(...content);
  result.disabled = !isEnabled;
  result.addEventListener("click", action);
  return result;
}

// What labels go to, and what has been said about it if it is one window.
async function showTarget() {
  const number = ++asking;
  const [stretch, ids] = [currentStretch(), currentSelection()];
  element("label-target").textContent = stretch
    ? `the stretch ${seconds(stretch.start_s)} to ${seconds(stretch.end_s)}`
    : ids.length > 1 ? counted(ids.length, "window") : ids.length ? "this window" : "nothing is selected";
  element("label-hint").hidden = Boolean(stretch || ids.length);
  show();
  const said = !stretch && ids.length === 1 ? (await getJson(`api/labels/of?id=${ids[0]}`).catch(() => ({})))[ids[0]] : [];
  if (number === asking) element("said").replaceChildren(...(said ?? []).map(chip));
}

// A statement, with a button that withdraws it.
function chip({ label, value, who, when }) {
  const item = document.createElement("li");
  item.className = value ? "chip" : "chip no";
  item.title = [who, new Date(when).toLocaleString()].filter(Boolean).join(", ");
  const remove = button(["×"], () => say(label, null));
  remove.setAttribute("aria-label", `withdraw ${value ? "" : "not "}${label}`);
  item.append(value ? label : `not ${label}`, remove);
  return item;
}

export function startLabelBox() {
  element("label-box").hidden = false;
  onSelection(showTarget);
  onStretch(showTarget);
  labels.onLabelsChanged(showTarget);
  element("label-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (!name) return report("Type the name of a label.", true);
    say(name, true);
    element("points").focus(); // where the keys are listened to
  });
  input.addEventListener("input", showNot);
  element("label-not").addEventListener("click", assignNot);
  element("undo").addEventListener("click", undo);
  element("redo").addEventListener("click", redo);
  showTarget();
}
