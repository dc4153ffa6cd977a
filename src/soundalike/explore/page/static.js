// The page without a server: the map of some rows, whose sounds are inside the page.

import { collection, positionOf } from "./client.js";
import { show, walk } from "./static_hits.js";
import { PointMap } from "./map.js";
import * as player from "./static_player.js";
import { counted, fileName } from "./text.js";
import { hideTip, showTip } from "./tip.js";

const { rows } = collection;
const element = (id) => document.getElementById(id);
const MOST_LISTED = 50;
const say = (text) => (element("status").textContent = text);
let map = null;
let matches = rows;

start().catch((error) => showOnMap(error.message));

async function start() {
  element("name").textContent = collection.name;
  const of = collection.n_all > rows.length ? ` of ${collection.n_all.toLocaleString("en")}, drawn at random` : "";
  element("count").textContent = `${counted(rows.length, "window")}${of}`;
  element("color").append(...Object.keys(collection.colors).map((name) => new Option(name, name)));
  element("color").addEventListener("change", setColor);
  element("filter").addEventListener("input", applyFilter);
  element("controls").addEventListener("submit", (event) => {
    event.preventDefault();
    if (matches.length) openAndList(matches[0]);
  });
  document.addEventListener("keydown", onKey);
  if (!rows.length) return showOnMap("This archive was empty when the page was made.");
  try {
    map = new PointMap(rows.length, { select, toggle: (position) => select([position]), over, out: hideTip });
  } catch {
    return showOnMap("This browser has no WebGL, which the map needs. The filter works without it.");
  }
  await setColor();
  await map.setPoints(Float32Array.from(collection.points.flat()));
}

function setColor() {
  const coloring = collection.colors[element("color").value];
  const ArrayType = coloring.kind === "scale" ? Float32Array : Uint16Array;
  return map.setColoring({ ...coloring, values: ArrayType.from(coloring.values) });
}

function select(positions) {
  const selected = positions.map((position) => rows[position]);
  if (selected.length === 1) openAndList(selected[0]);
  else if (selected.length) show(counted(selected.length, "selected window"), selected.slice(0, MOST_LISTED), openRow);
}

function openRow(row) {
  hideTip();
  map?.showSelection([positionOf.get(row.id)]);
  player.open(row);
}

// Open a row and list what sounds like it.
function openAndList(row) {
  openRow(row);
  const similar = collection.similar[positionOf.get(row.id)];
  const hits = similar.map(([position, similarity]) => ({ ...rows[position], similarity }));
  show(`Sounds like ${fileName(row)}`, [row, ...hits], openRow, 0);
}

function over(position) {
  showTip(rows[position].id, map.place(position), (row) => {
    if (element("hover-play").checked) openRow(row);
  });
}

function applyFilter() {
  const text = element("filter").value.trim();
  const positions = rows.flatMap((row, position) =>
    `${row.path}\n${row.label}`.toLowerCase().includes(text.toLowerCase()) ? [position] : [],
  );
  matches = positions.map((position) => rows[position]);
  map?.setFilter(text ? positions : null);
  if (!text) return say("");
  say(`${counted(matches.length, "window")} with “${text}” in the path or the label`);
  show(`Filter: ${text}`, matches.slice(0, MOST_LISTED), openRow);
}

function onKey(event) {
  const isTyping = event.target.matches("input:not([type=checkbox]), select");
  const isPressing = event.key === " " && event.target.matches("button, input");
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping || isPressing) return;
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!by && event.key !== " ") return;
  event.preventDefault();
  if (!by) return player.toggle();
  const row = walk(by);
  if (row) openRow(row);
  else if (!player.currentRow() && matches.length) openAndList(matches[0]);
}

function showOnMap(text) {
  element("map-message").textContent = text;
  element("map-message").hidden = false;
}
