// The list of what sounds like a row, or of what was selected, and the walk along it.

import { getJson } from "./client.js";
import { fileName, place } from "./text.js";

const N_HITS = 50;
const section = document.getElementById("results");
const title = document.getElementById("results-title");
const list = document.getElementById("hits");

let rows = [];
let current = -1;
let asking = 0;
let choose = () => {};

// The function that is called with a row that is chosen in the list.
export function onChoice(listener) {
  choose = listener;
}

// List what sounds like a row; the row itself is first.
export async function listSimilar(row) {
  const number = ++asking;
  const hits = await getJson(`api/similar?id=${row.id}&k=${N_HITS}`);
  if (number === asking) show(`Sounds like ${fileName(row)}`, [row, ...hits]);
}

// List rows of these ids, such as those of a selected area.
export async function listRows(heading, ids) {
  const number = ++asking;
  const query = ids.slice(0, N_HITS).map((id) => `id=${id}`).join("&");
  const selection = ids.length ? await getJson(`api/rows?${query}`) : [];
  if (number === asking) show(heading, selection, -1);
}

// Go along the list; return the row that is reached, null at its ends.
export function walk(step) {
  const next = Math.min(Math.max(0, current + step), rows.length - 1);
  if (!rows.length || next === current) return null;
  setCurrent(next);
  return rows[next];
}

function show(heading, newRows, first = 0) {
  rows = newRows;
  title.textContent = heading;
  list.replaceChildren(...rows.map(line));
  section.hidden = false;
  current = -1;
  if (first >= 0) setCurrent(first);
}

function line(row, index) {
  const item = document.createElement("li");
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
  name.append(fileName(row), detail);
  const similarity = document.createElement("span");
  similarity.className = "similarity";
  similarity.textContent = row.similarity?.toFixed(3) ?? "";
  button.type = "button";
  button.append(picture, name, similarity);
  button.addEventListener("click", () => {
    setCurrent(index);
    choose(row);
  });
  item.append(button);
  return item;
}

function setCurrent(index) {
  current = index;
  [...list.children].forEach((item, position) => {
    item.firstChild.setAttribute("aria-current", position === index);
  });
  list.children[index]?.scrollIntoView({ block: "nearest" });
}
