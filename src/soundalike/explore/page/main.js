// The page: what is asked of the server at the start, and what follows from what.

import { getJson, getNumbers, onServerChange, postJson } from "./client.js";
import { extend, listCopies, listRows, listSimilar, listSimilarToStretch, onChoice, selectAll, walk } from "./hits.js";
import { listenToKeys } from "./keys.js";
import { assignAt, assignNot, redo, startLabelBox, undo } from "./label_box.js";
import { loadLabels, onLabelsChanged } from "./labels.js";
import { currentLayout, listenToLayouts } from "./layouts.js";
import { answer, isAsking, startLoop, train } from "./loop.js";
import { PointMap } from "./map.js";
import { mapKeys } from "./map_keys.js";
import { clearStretch, currentStretch, showEvents } from "./marks.js";
import * as player from "./player.js";
import { currentSelection, onSelection, setSelection, toggleSelected } from "./selection.js";
import { counted } from "./text.js";
import { hideTip, showTip } from "./tip.js";

const POLL_MS = 4000;
const SCORE = "score";
const element = (id) => document.getElementById(id);
const say = (text) => (element("status").textContent = text);

let collection = null;
let ids = null;
let map = null;
let scores = null; // the coloring by the latest detector
let matches = null; // positions that the filter leaves, null without one
const positionOf = new Map();
const showLayouts = listenToLayouts(() => setLayout().catch(fail), say);

start().catch((error) => showOnMap(error.message));

async function start() {
  [collection, ids] = await Promise.all([getJson("api/collection"), getNumbers("api/ids", Float64Array)]);
  element("name").textContent = collection.path.slice(collection.path.lastIndexOf("/") + 1);
  element("name").title = collection.path;
  element("count").textContent =
    `${counted(collection.n_rows, "window")} of ${counted(collection.n_recordings, "recording")}`;
  listenToKeys(mapKeys({
    walk: step, extend, selectAll, toggle: player.toggle, more, edge: player.markEdge, clear,
    filter: () => element("filter").focus(), typeLabel,
    assignAt, undo, redo, train, yes: () => answer(true), skip: () => answer(null),
    no: () => (isAsking() ? answer(false) : assignNot()),
  }));
  onChoice((row) => openRow(row, true));
  listenToPlayer();
  onServerChange(showServer);
  collection.colors.forEach((name) => element("color").append(new Option(name)));
  onSelection((selection) => map?.showSelection(selection.map((id) => positionOf.get(id)).filter((each) => each !== undefined)));
  const poll = () => getJson("api/maps").then((states) => map && showLayouts(states)).catch(() => {});
  setInterval(poll, POLL_MS);
  window.addEventListener("focus", poll);
  window.addEventListener("focus", () => loadLabels().catch(() => {})); // of other pages
  if (!collection.n_rows) {
    showOnMap(`This archive is empty. Add sounds with: soundalike embed SOURCE --out ${collection.path}. Then start explore again.`);
    return;
  }
  listenToControls();
  startLabelBox();
  startLoop({ open: (row) => openRow(row, true), scored });
  const drawing = Promise.all([showMap(), loadLabels().catch(fail)]);
  ids.forEach((id, position) => positionOf.set(id, position));
  await drawing;
  await painted();
  onLabelsChanged(labelsChanged);
  postJson("api/maps").then(showLayouts).catch(() => {}); // UMAP may start now
  // The server loads what it draws pictures with; the map is not to wait for that, nor the pointer.
  new Image().src = `api/rows/${ids[0]}/thumbnail`;
}

// Wait until the browser has painted what is drawn; it does not paint a page that is not visible.
function painted() {
  if (document.hidden) return null;
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

async function showMap() {
  showLayouts(collection.maps);
  const answers = Promise.all([setLayout(), setColor()]); // asked for while WebGL starts
  try {
    map = new PointMap(ids.length, { select, toggle, over, out: hideTip });
  } catch {
    showOnMap("This browser has no WebGL, which the map needs. The filter and the lists work without it.");
  }
  await answers;
}

// Points and colors

async function setLayout() {
  const name = currentLayout();
  const points = await getNumbers(`api/points/${name}`, Float32Array);
  if (!points || !map || name !== currentLayout()) return;
  hideTip();
  await map.setPoints(points);
  element("points").dataset.layout = name;
}

async function setColor() {
  const name = element("color").value;
  if (name === SCORE) return map?.setColoring(scores);
  const address = `api/colors/${name}`;
  const [key, bytes] = await Promise.all([getJson(`${address}/key`), getNumbers(address, Uint8Array)]);
  const values = key.kind === "names" ? new Uint16Array(bytes.buffer) : new Float32Array(bytes.buffer);
  if (name === element("color").value) await map?.setColoring({ ...key, values });
}

// Color the map by the scores of a detector that has been trained.
async function scored(label, values) {
  scores = { kind: "scale", values, ends: `score for “${label}”` };
  const color = element("color");
  if (![...color.options].some(({ value }) => value === SCORE)) color.append(new Option(SCORE));
  color.value = SCORE;
  if (map) await setColor();
}

// Rows

function select(positions) {
  if (positions.length === 1) openRow({ id: ids[positions[0]] }, true).then(more);
  else if (positions.length) {
    const selection = positions.map((position) => ids[position]);
    setSelection(selection);
    listRows(counted(positions.length, "selected window"), selection).catch(fail);
  }
}

function toggle(position) {
  toggleSelected(ids[position]);
}

async function openRow(row, isPlaying) {
  hideTip();
  setSelection([row.id]);
  await player.open(row.id, isPlaying);
}

// List what sounds like the stretch that was dragged, or the open row, and let the arrow keys walk
// along that.
async function more() {
  const [row, stretch] = [player.currentRow(), currentStretch()];
  if (row) await (stretch ? listSimilarToStretch(row, stretch) : listSimilar(row)).catch(fail);
}

function typeLabel() {
  element("label-name").focus();
  element("label-name").select();
}

function step(by) {
  const row = walk(by);
  if (row) openRow(row, true);
  else if (!player.currentRow() && ids?.length) {
    openRow({ id: ids[matches?.length ? matches[0] : 0] }, true).then(more);
  }
}

function over(position) {
  showTip(ids[position], map.place(position), (row) => {
    if (!element("hover-play").checked) return;
    const selection = currentSelection();
    openRow(row, true);
    if (selection.length > 1) setSelection(selection);
  });
}

// Controls

function listenToPlayer() {
  element("more").addEventListener("click", () => listSimilar(player.currentRow()).catch(fail));
  element("copies").addEventListener("click", () => listCopies(player.currentRow()).catch(fail));
  element("more-like-stretch").addEventListener("click", more);
  element("play-stretch").addEventListener("click", player.playStretch);
  element("clear-stretch").addEventListener("click", clearStretch);
}

let isColoring = false;
let isOutdated = false;

// Color the map again if it shows labels; changes that come meanwhile are drawn together.
async function labelsChanged() {
  showEvents();
  if (element("color").value !== "your label" || !map) return;
  isOutdated = true;
  if (isColoring) return;
  isColoring = true;
  while (isOutdated) {
    isOutdated = false;
    await setColor().catch(fail);
  }
  isColoring = false;
}

function listenToControls() {
  let timer = 0;
  element("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    if (matches?.length) openRow({ id: ids[matches[0]] }, true).then(more);
  });
  element("filter").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => applyFilter().catch(fail), 120);
  });
  element("color").addEventListener("change", () => setColor().catch(fail));
}

async function applyFilter() {
  const text = element("filter").value.trim();
  matches = text ? await getNumbers(`api/matching?text=${encodeURIComponent(text)}`, Uint32Array) : null;
  if (text !== element("filter").value.trim()) return;
  map?.setFilter(matches && [...matches]);
  if (!matches) return say("");
  say(`${counted(matches.length, "window")} with “${text}” in the path or the label`);
  await listRows(`Filter: ${text}`, [...matches.slice(0, 50)].map((position) => ids[position]));
}

function clear() {
  if (currentStretch()) return clearStretch();
  element("filter").value = "";
  applyFilter().catch(fail);
  element("points").focus();
}

// Messages

function fail(error) {
  say(error.message);
}

function showOnMap(text) {
  element("map-message").textContent = text;
  element("map-message").hidden = false;
}

function showServer(answers) {
  element("alert").hidden = answers;
  element("alert").textContent =
    `The server has ended. Start it again with: soundalike explore ${collection.path}. Then reload this page.`;
}
