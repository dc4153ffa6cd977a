// The loop: train a detector of a label, answer what it asks, estimate its precision, save it.

import { getJson, getNumbers, postJson } from "./client.js";
import { goTo, listAsked } from "./hits.js";
import * as histogram from "./histogram.js";
import { assign, currentSelection, labelSummary, onLabelsChanged } from "./labels.js";
import { counted } from "./text.js";

const N_ASKED = 5;
const QUEUE = "queue";
const RANDOM = "random";
const element = (id) => document.getElementById(id);
const choice = element("loop-label");

let events = {}; // functions `open(row)` and `scored(label, scores)`
let trained = ""; // the label of the detector
let scores = null; // of all rows
let asked = null; // what is to be answered: { origin, rows, isAnswered: Set of ids }
const skipped = new Map(); // by label, ids of windows that the listener could not tell

export function startLoop(listeners) {
  events = listeners;
  onLabelsChanged(showLabels);
  showLabels();
  element("train").addEventListener("click", train);
  element("ask").addEventListener("click", () => attempt(() => ask(QUEUE)));
  element("estimate").addEventListener("click", () => attempt(() => ask(RANDOM)));
  element("save").addEventListener("click", () => attempt(save));
  choice.addEventListener("change", showChoice);
  histogram.onThreshold(() => attempt(showThreshold));
  for (const [id, value] of [["answer-yes", true], ["answer-no", false], ["answer-skip", null]]) {
    element(id).addEventListener("click", () => answer(value));
  }
}

const openId = () => currentSelection()[0];

// Whether the open window is one that is to be answered.
export function isAsking() {
  return !element("answers").hidden && asked.rows.some(({ id }) => id === openId());
}

// Answer whether the open window has the label: true, false, or null to skip it.
export function answer(value) {
  if (isAsking()) attempt(() => answerOpen(value));
  else say("Press “Ask me” first.", true);
}

// Train the detector of the label that is chosen.
export const train = () => attempt(trainChosen);

async function answerOpen(value) {
  const id = openId();
  if (value === null) skip(id);
  else await assign([id], trained, value, asked.origin);
  asked.isAnswered.add(id);
  const left = asked.rows.filter((row) => !asked.isAnswered.has(row.id));
  if (asked.origin === RANDOM) await showEstimate();
  if (left.length) {
    say(`${counted(left.length, "window")} to go.`);
    goTo(left[0].id);
    events.open(left[0]);
  } else if (asked.origin === QUEUE) {
    await trainChosen();
    await ask(QUEUE);
  } else await ask(RANDOM);
}

function skip(id) {
  skipped.set(trained, [...(skipped.get(trained) ?? []), id]);
}

async function trainChosen() {
  const label = choice.value;
  if (!label) return say("Give a window a label first: the detector learns from it.", true);
  say("Training …");
  const { n_labels: nLabels, threshold } = await postJson("api/loop/train", { label });
  scores = await getNumbers(`api/loop/scores?${new URLSearchParams({ label })}`, Float32Array);
  if (trained !== label) {
    asked = null;
    histogram.forgetChoice();
  }
  histogram.suggest(threshold);
  trained = label;
  element("detector").hidden = false;
  histogram.show(scores);
  await showThreshold();
  await events.scored(label, Float32Array.from(scores, histogram.position));
  say(`Trained on ${counted(nLabels, "labeled window")}.`);
}

// Ask for answers about windows of the queue, or about windows picked at random.
async function ask(origin) {
  const rows = await getJson(`api/loop/${origin}?${query()}&n=${N_ASKED}`);
  if (!rows.length) {
    asked = null;
    showAnswers();
    return say(origin === QUEUE ? "All windows have been answered." : "All windows above the threshold have been answered.");
  }
  asked = { origin, rows, isAnswered: new Set() };
  const heading = origin === QUEUE ? `Is it ${trained}?` : `Is it ${trained}? Picked at random above the threshold`;
  listAsked(heading, rows);
  showAnswers();
  events.open(rows[0]);
}

async function save() {
  const { folder, command } = await postJson("api/loop/save", { label: trained, threshold: histogram.threshold() });
  element("saved").hidden = false;
  element("saved-folder").textContent = folder;
  element("saved-command").textContent = command;
  say("Saved.");
}

async function showThreshold() {
  const n = scores.reduce((sum, score) => sum + (score >= histogram.threshold()), 0);
  element("above").textContent = `${counted(n, "window")} at or above it`;
  await showEstimate();
}

async function showEstimate() {
  const { words } = await getJson(`api/loop/estimate?${query()}`);
  element("precision").textContent = words;
}

function query() {
  const ids = (skipped.get(trained) ?? []).map((id) => ["skipped", id]);
  return new URLSearchParams([["label", trained], ["threshold", histogram.threshold()], ...ids]);
}

// Labels with an example can be trained.
function showLabels() {
  const names = labelSummary().names.filter(({ n_yes: n }) => n).map(({ name }) => name);
  const former = choice.value;
  choice.replaceChildren(...names.map((name) => new Option(name)));
  if (names.includes(former)) choice.value = former;
  if (names.length && element("loop").hidden) postJson("api/loop/prepare", {}).catch(() => {});
  element("loop").hidden = !names.length;
  showChoice();
}

// A detector is shown as long as its label is chosen.
function showChoice() {
  element("detector").hidden = !trained || choice.value !== trained;
  showAnswers();
}

function showAnswers() {
  element("answers").hidden = !asked || choice.value !== trained;
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    say(error.message, true);
  }
}

function say(text, isWrong = false) {
  element("loop-message").textContent = text;
  element("loop-message").classList.toggle("wrong", isWrong);
}
