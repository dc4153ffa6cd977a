// The page: what follows from what.

import { onServerChange } from "./client.js";
import { showAdvice } from "./advice.js";
import { closeChooser, onClass, onClassMessage, openChooser } from "./chooser.js";
import { openClip, openRow, playNeighbor, reloadNeighbors, showRow, toggleClip } from "./clip.js";
import { showConfusionsSoon } from "./confusions.js";
import { HELP_KEY, listenToKeys } from "./keys.js";
import * as list from "./list.js";
import * as table from "./table.js";
import { counted, fileName } from "./text.js";
import { decisionInWords } from "./words.js";

const POLL_MS = 4000;
const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const element = (id) => document.getElementById(id);
const say = (text) => (element("status").textContent = text);

start().catch((error) => say(error.message));

async function start() {
  onServerChange(showServer);
  table.onTableChange(showTable);
  await table.loadTable();
  const { file, commands, can_learn: canLearn } = table.tableFacts();
  element("name").textContent = file.split(/[/\\]/).slice(-2, -1)[0];
  element("name").title = file;
  element("apply").textContent = commands.apply;
  element("learn").hidden = !canLearn;
  listen();
  setInterval(poll, POLL_MS);
  window.addEventListener("focus", poll);
}

// Deciding

const keep = () => decide("keep");
const relabel = () => (element("relabel").disabled ? say("No other class is suggested: press l to choose one, or d to drop the clip.") : decide("relabel"));
const drop = () => decide("drop");

async function decide(decision, newLabel = "") {
  const row = openRow();
  const next = list.nextUndecided(); // before the list changes
  await attempt(async () => {
    await table.decide(row, decision, newLabel);
    say(`${fileName(row)}: ${decisionInWords(row) || "undecided"}. Saved.`);
    if (decision && next) open(next);
    else element("clip-title").focus();
  });
}

async function undo() {
  await attempt(async () => {
    const row = await table.undo();
    if (!row) return say("Nothing to take back.");
    say(`${fileName(row)}: ${decisionInWords(row) || "undecided again"}. Saved.`);
    open(row);
  });
}

let isLearning = false;

async function learn() {
  isLearning = true;
  showProgress();
  say("Learning …");
  await attempt(async () => {
    const n = await table.learn();
    const nSuspicious = table.allRows().filter((row) => !row.decision && table.isSuspicious(row)).length;
    say(`Learned: ${n.toLocaleString("en")} probabilities are new; ${counted(nSuspicious, "undecided label")} above 50 %.`);
  }, "Not learned");
  isLearning = false;
  showProgress();
}

async function attempt(action, failure = "Not saved") {
  try {
    await action();
  } catch (error) {
    say(`${failure}: ${error.message}`);
  }
}

// Going from clip to clip

function open(row, isPlaying = element("autoplay").checked) {
  closeChooser();
  list.setCurrent(row);
  openClip(row, isPlaying);
  element("clip-title").focus({ preventScroll: true });
  element("clip").scrollTop = 0;
  scrollTo(0, 0); // on a narrow page, the whole of it scrolls
}

function step(by) {
  const row = list.neighborInList(by);
  if (row) open(row);
}

// Showing the table

function showTable({ ids, isOther, isNew }) {
  const rows = table.allRows();
  element("empty").hidden = rows.length > 0;
  element("empty").textContent = `${table.tableFacts().file} has no clips: audit a source with labels.`;
  document.querySelector("main").hidden = !rows.length;
  showProgress();
  if (!rows.length) return;
  list.showLabels();
  list.showList();
  showConfusionsSoon();
  if (isNew) {
    open(list.listedRows().find((row) => !row.decision) ?? rows[0], false);
    showAdvice().catch(() => {});
    return;
  }
  list.setCurrent(rows[openRow().id]);
  showRow();
  if (!ids.has(openRow().id)) reloadNeighbors();
  if (isOther) say("Another page or program has changed the table: this page shows it.");
}

function showProgress() {
  const rows = table.allRows();
  const suspicious = rows.filter(table.isSuspicious);
  const nDecided = suspicious.filter((row) => row.decision).length;
  const nOthers = rows.filter((row) => row.decision).length - nDecided;
  element("progress").hidden = !rows.length;
  element("bar").max = suspicious.length || 1;
  element("bar").value = suspicious.length ? nDecided : 1;
  const others = nOthers ? `, and ${counted(nOthers, "other label")}` : "";
  element("progress-text").textContent = `${nDecided} of ${suspicious.length.toLocaleString("en")} decided${others}`;
  element("learn").disabled = isLearning || (!nDecided && !nOthers);
  element("end").hidden = nDecided < suspicious.length;
  element("end-text").textContent = suspicious.length
    ? "All labels above 50 % are decided."
    : "No label is more likely wrong than right.";
}

function showServer(answers) {
  element("alert").hidden = answers;
  const command = table.tableFacts().commands?.decide ?? "soundalike audit SOURCE --out DIR --decide";
  element("alert").textContent = `The server has ended. Start it again with: ${command}. Then reload this page.`;
}

function poll() {
  table.loadChanges().catch((error) => element("alert").hidden && say(error.message));
}

// Keys and buttons

function leaveField() {
  closeChooser();
  element("clip-title").focus();
}

function listen() {
  listenToKeys([
    [["k"], "k", "keep the label", keep],
    [["r"], "r", "relabel to the suggestion", relabel],
    [["l"], "l", "another class: type its name, arrow keys, enter", openChooser],
    [["d"], "d", "drop the clip", drop],
    [["u", "ctrl z"], "u, ctrl z", "undo", undo],
    [["ArrowDown", "ArrowRight"], "↓ →", "next clip", () => step(1)],
    [["ArrowUp", "ArrowLeft"], "↑ ←", "previous clip", () => step(-1)],
    [[" "], "space", "play, pause", toggleClip],
    [DIGITS, "1 to 9", "play what sounds like it", (key) => playNeighbor(Number(key))],
    [["Escape"], "Esc", "leave a field", leaveField],
    HELP_KEY,
  ]);
  list.onChoice((row) => open(row));
  onClass((label) => decide("relabel", label));
  onClassMessage(say);
  const actions = { keep, relabel, drop, undo, learn, withdraw: () => decide("") };
  for (const [id, action] of Object.entries(actions)) element(id).addEventListener("click", action);
  // A filter that is set with the pointer does not keep the keys to itself.
  for (const filter of document.querySelectorAll("#filters select")) {
    let isPointer = false;
    filter.addEventListener("pointerdown", () => (isPointer = true));
    filter.addEventListener("keydown", () => (isPointer = false));
    filter.addEventListener("change", () => isPointer && element("clip-title").focus());
  }
}
