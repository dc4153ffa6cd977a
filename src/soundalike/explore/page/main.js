// The page: what is asked of the server at the start, and what follows from what.

import { getJson, getNumbers, onServerChange } from "./client.js";
import { listRows, listSimilar, onChoice, walk } from "./hits.js";
import { listenToKeys } from "./keys.js";
import { currentLayout, listenToLayouts } from "./layouts.js";
import { PointMap } from "./map.js";
import * as player from "./player.js";
import { counted } from "./text.js";
import { hideTip, showTip } from "./tip.js";

const POLL_MS = 4000;
const element = (id) => document.getElementById(id);
const say = (text) => (element("status").textContent = text);

let collection = null;
let ids = null;
let map = null;
let matches = null; // positions that the filter leaves, null without one
const positionOf = new Map();
const showLayouts = listenToLayouts(() => setLayout().catch(fail), say);

start().catch((error) => showOnMap(error.message));

async function start() {
  collection = await getJson("api/collection");
  element("name").textContent = collection.path.slice(collection.path.lastIndexOf("/") + 1);
  element("name").title = collection.path;
  element("count").textContent =
    `${counted(collection.n_rows, "window")} of ${counted(collection.n_recordings, "recording")}`;
  listenToKeys({ walk: step, toggle: player.toggle, more, filter: () => element("filter").focus(), clear });
  onChoice((row) => openRow(row, true));
  element("more").addEventListener("click", more);
  onServerChange(showServer);
  collection.colors.forEach((name) => element("color").append(new Option(name)));
  const poll = () => getJson("api/maps").then((states) => map && showLayouts(states)).catch(() => {});
  setInterval(poll, POLL_MS);
  window.addEventListener("focus", poll);
  if (!collection.n_rows) {
    showOnMap(`This archive is empty. Add sounds with: soundalike embed SOURCE --out ${collection.path}. Then start explore again.`);
    return;
  }
  ids = await getNumbers("api/ids", Float64Array);
  ids.forEach((id, position) => positionOf.set(id, position));
  listenToControls();
  await showMap();
}

async function showMap() {
  try {
    map = new PointMap(ids.length, { select, over, out: hideTip });
  } catch {
    showOnMap("This browser has no WebGL, which the map needs. The filter and the lists work without it.");
    return;
  }
  showLayouts(collection.maps);
  await Promise.all([setLayout(), setColor()]);
}

// Points and colors

async function setLayout() {
  const name = currentLayout();
  const points = await getNumbers(`api/points/${name}`, Float32Array);
  if (!points || name !== currentLayout()) return;
  hideTip();
  await map.setPoints(points);
  element("points").dataset.layout = name;
}

async function setColor() {
  const name = element("color").value;
  const address = `api/colors/${name}`;
  const key = await getJson(`${address}/key`);
  const values = await getNumbers(address, key.kind === "names" ? Uint16Array : Float32Array);
  if (values && name === element("color").value) await map.setColoring({ ...key, values });
}

// Rows

function select(positions) {
  if (positions.length === 1) openRow({ id: ids[positions[0]] }, true).then(more);
  else if (positions.length) {
    listRows(counted(positions.length, "selected window"), positions.map((position) => ids[position])).catch(fail);
  }
}

async function openRow(row, isPlaying) {
  hideTip();
  if (map && positionOf.has(row.id)) map.mark(positionOf.get(row.id));
  await player.open(row.id, isPlaying);
}

// List what sounds like the open row, and let the arrow keys walk along that.
async function more() {
  const row = player.currentRow();
  if (row) await listSimilar(row).catch(fail);
}

function step(by) {
  const row = walk(by);
  if (row) openRow(row, true);
  else if (!player.currentRow() && ids) {
    openRow({ id: ids[matches?.length ? matches[0] : 0] }, true).then(more);
  }
}

function over(position) {
  showTip(ids[position], map.place(position), (row) => {
    if (element("hover-play").checked) openRow(row, true);
  });
}

// Controls

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
