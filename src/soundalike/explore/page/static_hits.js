// The list of the page without a server, and the walk along it.

import { address } from "./client.js";
import { fileName, place } from "./text.js";

const list = document.getElementById("hits");
let rows = [];
let current = -1;

// List rows; one that is chosen is passed to `choose`. first: position of the row that is open, or -1.
export function show(heading, newRows, choose, first = -1) {
  rows = newRows;
  document.getElementById("results-title").textContent = heading;
  document.getElementById("results").hidden = false;
  list.replaceChildren(...rows.map((row, index) => line(row, () => { setCurrent(index); choose(row); })));
  setCurrent(first);
}

// Go along the list; return the row that is reached, null at its ends.
export function walk(step) {
  const next = Math.min(Math.max(0, current + step), rows.length - 1);
  if (!rows.length || next === current) return null;
  setCurrent(next);
  return rows[next];
}

function line(row, chosen) {
  const [item, button, picture, name, detail, similarity] = ["li", "button", "img", "span", "small", "span"].map(
    (tag) => document.createElement(tag),
  );
  picture.alt = "";
  const source = address(`api/rows/${row.id}/thumbnail`);
  if (source) picture.src = source;
  detail.textContent = [row.label, place(row)].filter(Boolean).join(" · ");
  name.className = "name";
  name.append(fileName(row), detail);
  similarity.className = "similarity";
  similarity.textContent = row.similarity?.toFixed(3) ?? "";
  button.type = "button";
  button.append(picture, name, similarity);
  button.addEventListener("click", chosen);
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
