// Which classes are called by which names: sentences, and a table in which those that are confused
// stand together.

import { getJson } from "./client.js";

const WAIT_MS = 400; // several decisions are counted together
const MOST_SENTENCES = 6;
const element = (id) => document.getElementById(id);
let timer = 0;

export function showConfusionsSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => show().catch(() => {}), WAIT_MS);
}

async function show() {
  const { classes, counts, sentences } = await getJson("api/audit/confusions");
  element("confusions").hidden = !sentences.length;
  element("sentences").replaceChildren(...sentences.slice(0, MOST_SENTENCES).map((text) => cell("li", text)));
  const head = row([cell("th", "is ↓ called →"), ...classes.map((name) => cell("th", name || "nothing"))]);
  const body = counts.map((line, trueClass) =>
    row([cell("th", classes[trueClass] || "nothing else"), ...line.map((n, label) => count(n, trueClass === label, line))]),
  );
  element("matrix").firstElementChild.replaceChildren(head, ...body);
}

const cell = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });

function row(cells) {
  const line = document.createElement("tr");
  line.append(...cells);
  return line;
}

// A number, on a ground that is the darker the larger its share of the true class.
function count(n, isRight, line) {
  const item = cell("td", n || "");
  const share = n / line.reduce((sum, each) => sum + each, 0);
  if (n) item.style.setProperty("--share", `${Math.round(100 * share)}%`);
  item.className = isRight ? "right" : n ? "confused" : "";
  return item;
}
