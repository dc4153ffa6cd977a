// The list of what sounds like a row, or of what was selected, and the walk along it.

import { getJson } from "./client.js";
import { onLabelsChanged } from "./labels.js";
import { currentSelection, onSelection, setSelection, toggleSelected } from "./selection.js";
import { fileName, place, said, seconds } from "./text.js";

const N_HITS = 50;
const section = document.getElementById("results");
const title = document.getElementById("results-title");
const list = document.getElementById("hits");
const selectAllButton = document.getElementById("select-all");

let rows = [];
let ids = []; // of all rows that the list is about; it shows the first
let current = -1;
let asking = 0;
let choose = () => {};

// The function that is called with a row that is chosen in the list.
export function onChoice(listener) {
  choose = listener;
}

// List what sounds like a row; the row itself is first.
export async function listSimilar(row) {
  await listAnswer(`Sounds like ${fileName(row)}`, `api/similar?id=${row.id}&k=${N_HITS}`, [row]);
}

// List what sounds like a stretch, { id, start_s, end_s }, of a row's recording.
export async function listSimilarToStretch(row, { id, start_s: start, end_s: end }) {
  const heading = `Sounds like ${fileName(row)}, ${seconds(start)} to ${seconds(end)}`;
  await listAnswer(heading, `api/rows/${id}/similar?start_s=${start}&end_s=${end}&k=${N_HITS}`);
}

// List the rows that hold a part of a row's sound.
export async function listCopies(row) {
  await listAnswer(`Near-duplicates of ${fileName(row)}`, `api/rows/${row.id}/copies`, [row], "It has no near-duplicates.");
}

// List rows of these ids, such as those of a selected area.
export async function listRows(heading, newIds) {
  const number = ++asking;
  const query = newIds.slice(0, N_HITS).map((id) => `id=${id}`).join("&");
  const selection = newIds.length ? await getJson(`api/rows?${query}`) : [];
  if (number === asking) show(heading, selection, newIds);
}

// List rows that a detector asks about, the first of them current.
export function listAsked(heading, newRows) {
  asking++;
  show(heading, newRows, newRows.map((row) => row.id), 0);
}

// Go along the list; return the row that is reached, null at its ends.
export function walk(step) {
  const next = Math.min(Math.max(0, current + step), rows.length - 1);
  if (!rows.length || next === current) return null;
  setCurrent(next);
  return rows[next];
}

// Go to a row of the list.
export function goTo(id) {
  setCurrent(rows.findIndex((row) => row.id === id));
}

// Go along the list, and add what is reached to the selection.
export function extend(step) {
  const selection = currentSelection();
  const row = walk(step);
  if (row) setSelection([...selection, row.id]);
}

// Select all that the list is about, also what it does not show.
export function selectAll() {
  if (ids.length) setSelection(ids);
}

async function listAnswer(heading, address, first = [], nothing = "") {
  const number = ++asking;
  title.textContent = `${heading} …`;
  const hits = await getJson(address).catch((error) => {
    if (number === asking) title.textContent = heading;
    throw error;
  });
  if (number !== asking) return;
  const all = [...first, ...hits];
  show(hits.length || !nothing ? heading : `${heading}: ${nothing}`, all, all.map((row) => row.id), first.length - 1);
}

function show(heading, newRows, newIds, first = -1) {
  [rows, ids] = [newRows, newIds];
  const rest = ids.length > rows.length ? `, the first ${rows.length}` : "";
  title.textContent = heading + rest;
  list.replaceChildren(...rows.flatMap(lines));
  section.hidden = false;
  selectAllButton.hidden = ids.length < 2;
  selectAllButton.textContent = `Select all ${ids.length.toLocaleString("en")}`;
  current = -1;
  if (first >= 0) setCurrent(first);
  showSelection(currentSelection());
  showLabels();
}

// The line of a row, after a heading where the best windows of other recordings end.
function lines(row, index) {
  const isBreak = row.is_best === false && rows[index - 1]?.is_best !== false;
  if (!isBreak) return [line(row, index)];
  const heading = document.createElement("li");
  heading.className = "break";
  heading.textContent = "More windows";
  return [heading, line(row, index)];
}

function line(row, index) {
  const item = document.createElement("li");
  item.dataset.id = row.id;
  const button = document.createElement("button");
  const picture = document.createElement("img");
  picture.loading = "lazy";
  picture.fetchPriority = "low"; // the player's comes first
  picture.alt = "";
  picture.src = `api/rows/${row.id}/thumbnail`;
  picture.addEventListener("error", () => picture.removeAttribute("src"));
  const name = document.createElement("span");
  name.className = "name";
  const detail = document.createElement("small");
  detail.textContent = [row.label, place(row)].filter(Boolean).join(" · ");
  const own = document.createElement("small");
  own.className = "own";
  name.append(fileName(row), detail, own);
  const similarity = document.createElement("span");
  similarity.className = "similarity";
  similarity.textContent = (row.similarity ?? row.score)?.toFixed(3) ?? "";
  button.type = "button";
  button.append(picture, name, similarity);
  button.addEventListener("click", (event) => pick(event, row, index));
  item.append(button);
  return item;
}

// A click opens a row; with ctrl it is added to the selection, with shift all up to it are.
function pick(event, row, index) {
  if (event.ctrlKey || event.metaKey) return toggleSelected(row.id);
  if (event.shiftKey) {
    const [from, to] = [Math.min(Math.max(current, 0), index), Math.max(current, index)];
    return setSelection([...currentSelection(), ...rows.slice(from, to + 1).map((each) => each.id)]);
  }
  setCurrent(index);
  choose(row);
}

const items = () => [...list.querySelectorAll("li[data-id]")];

function setCurrent(index) {
  current = index;
  items().forEach((item, position) => item.firstChild.setAttribute("aria-current", position === index));
  items()[index]?.scrollIntoView({ block: "nearest" });
}

function showSelection(selection) {
  const selected = new Set(selection);
  items().forEach((item) => item.firstChild.setAttribute("aria-pressed", selected.has(Number(item.dataset.id))));
}

// Show the labels that rows of the list have been given.
async function showLabels() {
  if (!rows.length) return;
  const query = rows.map((row) => `id=${row.id}`).join("&");
  const statements = await getJson(`api/labels/of?${query}`).catch(() => ({}));
  items().forEach((item) => {
    item.querySelector(".own").textContent = said(statements[item.dataset.id] ?? []);
  });
}

onSelection(showSelection);
onLabelsChanged(showLabels);
selectAllButton.addEventListener("click", selectAll);
