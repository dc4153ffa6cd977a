// Another class: a list of the classes that is searched by typing.

import { allRows, classesOf } from "./table.js";

const MOST = 8; // classes that are offered
const NONE = -1;
const input = document.getElementById("class-name");
const list = document.getElementById("class-list");

let choose = () => {};
let names = []; // that are offered
let active = NONE; // position of the one that enter chooses
let confirmed = ""; // a name that is not in the table, after the first enter

// The function that is called with a label that is chosen.
export function onClass(listener) {
  choose = listener;
}

// The function that is called with a message.
let say = () => {};
export function onClassMessage(listener) {
  say = listener;
}

export function openChooser() {
  input.focus();
  input.select();
}

export function closeChooser() {
  input.value = "";
  close();
}

const allNames = () =>
  [...new Set(allRows().flatMap((row) => [row.label, row.suggested, row.new_label].flatMap(classesOf)))].sort((a, b) => a.localeCompare(b));

function show() {
  const text = input.value.trim().toLowerCase();
  const starts = (name) => !name.toLowerCase().startsWith(text);
  names = allNames()
    .filter((name) => name.toLowerCase().includes(text))
    .sort((a, b) => starts(a) - starts(b))
    .slice(0, MOST);
  active = Math.min(active, names.length - 1);
  list.replaceChildren(...names.map(option));
  list.hidden = !names.length;
  input.setAttribute("aria-expanded", String(!list.hidden));
  if (active >= 0) input.setAttribute("aria-activedescendant", `class-${active}`);
  else input.removeAttribute("aria-activedescendant");
}

function option(name, position) {
  const item = document.createElement("li");
  item.id = `class-${position}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(position === active));
  item.textContent = name;
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the input keeps the focus until then
    finish(name);
  });
  return item;
}

function close() {
  list.hidden = true;
  active = NONE;
  confirmed = "";
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function finish(name) {
  closeChooser();
  choose(name);
}

// Several classes may be typed, with semicolons between them.
function enter() {
  const text = input.value.trim();
  if (!text && active === NONE) return;
  const known = new Map(allNames().map((name) => [name.toLowerCase(), name]));
  const typed = classesOf(text).map((name) => known.get(name.toLowerCase()) ?? name);
  const strange = typed.filter((name) => !known.has(name.toLowerCase()));
  if (text && !strange.length && active <= 0) finish(typed.join(";"));
  else if (names.length) finish(names[active]);
  else if (confirmed === text) finish(typed.join(";"));
  else {
    confirmed = text;
    say(`“${strange.join("” and “")}” is no class of this table: press Enter again to use it.`);
  }
}

const KEYS = {
  ArrowDown: () => (active = Math.min(active + 1, names.length - 1)),
  ArrowUp: () => (active = Math.max(active - 1, 0)),
};

input.addEventListener("input", () => {
  active = input.value.trim() ? 0 : NONE;
  show();
});
input.addEventListener("focus", show);
input.addEventListener("blur", close);
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter") enter();
  else if (KEYS[event.key]) {
    KEYS[event.key]();
    show();
  } else return;
  event.preventDefault();
  event.stopPropagation();
});
