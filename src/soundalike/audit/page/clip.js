// The open clip: what is claimed about it, its spectrogram, and what sounds like it.

import { getJson, reasonOf } from "./client.js";
import { ofTable, onPlaying, onSilence, pictureOf, play, stop, toggle } from "./player.js";
import { isSuspicious, stepsToUndo, tableFacts } from "./table.js";
import { fileName, seconds } from "./text.js";
import { decisionInWords, inWords, labelInWords, percent } from "./words.js";

const element = (id) => document.getElementById(id);
const picture = element("spectrogram").querySelector("img");
const cursor = element("cursor");
const message = element("sound-message");

let row = null; // of the table
let clip = null; // what is played of it: { id, path, start_s, end_s, neighbors }, the end null if it cannot be read
let opening = 0; // number of the latest opening, so that an earlier one that ends late does nothing

export const openRow = () => row;

// Open a row; if `isPlaying`, play it.
export async function openClip(newRow, isPlaying) {
  const number = ++opening;
  stop();
  [row, clip] = [newRow, null];
  picture.hidden = cursor.hidden = true;
  message.textContent = "";
  showRow();
  showNeighbors([]);
  element("no-neighbors").hidden = true;
  try {
    const answer = await getJson(`api/rows/${row.id}`);
    if (number !== opening) return;
    clip = answer;
  } catch (error) {
    if (number === opening) message.textContent = error.message;
    return;
  }
  showSound();
  if (isPlaying) play(clip);
  listNeighbors();
}

// Ask for the neighbors again, since what was decided about them counts.
export async function reloadNeighbors() {
  const number = opening;
  if (!clip) return;
  const answer = await getJson(`api/rows/${row.id}`).catch(() => null);
  if (!answer || number !== opening) return;
  clip.neighbors = answer.neighbors;
  listNeighbors();
}

export function toggleClip() {
  if (clip) toggle(clip);
}

// Play a neighbor by its number, from 1.
export function playNeighbor(number) {
  const neighbor = inOrder()[number - 1];
  if (neighbor) toggle(neighbor);
}

// Show what is known of the row now.
export function showRow() {
  const { label, suggested, p_wrong: p } = row;
  element("clip-title").textContent = row.name;
  element("clip-title").title = row.path;
  const claim = element("claim");
  claim.replaceChildren("Labeled ", strong(labelInWords(label)), `: ${inWords(p)} (${chance(p)}). `);
  const isOther = suggested && suggested !== label;
  const start = isSuspicious(row) ? "Suggested: " : "If it is wrong: ";
  if (isOther) claim.append(start, strong(labelInWords(suggested)), ".");
  else if (isSuspicious(row)) claim.append("Suggested: ", strong("none of the classes"), ".");
  element("keep").querySelector("b").textContent = labelInWords(label);
  element("relabel").querySelector("b").textContent = isOther ? labelInWords(suggested) : "…";
  element("relabel").disabled = !isOther;
  element("undo").disabled = !stepsToUndo();
  const decision = decisionInWords(row);
  element("decision").hidden = !decision;
  element("decision").firstElementChild.textContent = `Decided: ${decision}.`;
  for (const [id, name] of [["keep", "keep"], ["relabel", "relabel"], ["drop", "drop"]]) {
    element(id).setAttribute("aria-pressed", String(row.decision === name));
  }
  element("for-title").textContent = `Speaks for ${labelInWords(label)}`;
  element("against-title").textContent = "Speaks against it";
}

const chance = (p) => (p > tableFacts().threshold ? percent(p) : `${percent(p)} wrong`);

const strong = (text) => Object.assign(document.createElement("b"), { textContent: text });

function showSound() {
  element("axis-start").textContent = seconds(clip.start_s);
  element("axis-end").textContent = clip.end_s === null ? "" : seconds(clip.end_s);
  picture.src = pictureOf(clip);
}

const inOrder = () => {
  const neighbors = clip?.neighbors ?? [];
  return [...neighbors.filter((each) => each.speaks_for), ...neighbors.filter((each) => !each.speaks_for)];
};

function listNeighbors() {
  showNeighbors(inOrder());
  element("no-neighbors").hidden = clip.neighbors.length > 0;
  element("no-neighbors").textContent = "evidence.parquet has no neighbors of this clip.";
}

function showNeighbors(neighbors) {
  const lines = neighbors.map((neighbor, index) => neighborLine(neighbor, index + 1));
  const n = neighbors.filter((each) => each.speaks_for).length;
  element("for").replaceChildren(...lines.slice(0, n));
  element("against").replaceChildren(...lines.slice(n));
  element("neighbors").querySelector(".sides").hidden = !neighbors.length;
}

function neighborLine(neighbor, number) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.id = neighbor.id;
  button.setAttribute("aria-keyshortcuts", number);
  const image = Object.assign(document.createElement("img"), {
    alt: "", fetchPriority: "low", src: `api/rows/${neighbor.id}/thumbnail?${ofTable()}`,
  });
  const name = document.createElement("span");
  const doubt = neighbor.p_wrong > tableFacts().threshold ? ` · itself ${percent(neighbor.p_wrong)} wrong` : "";
  name.append(
    strong(labelInWords(neighbor.label)),
    Object.assign(document.createElement("small"), { textContent: `${fileName(neighbor)}${doubt}` }),
  );
  const similarity = Object.assign(document.createElement("span"), { textContent: neighbor.similarity.toFixed(2), title: "similarity" });
  button.append(Object.assign(document.createElement("kbd"), { textContent: number }), image, name, similarity);
  button.addEventListener("click", () => toggle(neighbor));
  item.append(button);
  return item;
}

picture.addEventListener("load", () => (picture.hidden = false));
picture.addEventListener("error", async () => {
  if (!clip) return;
  const [number, reason] = [opening, await reasonOf(pictureOf(clip))];
  if (number === opening) message.textContent = reason;
});
element("spectrogram").addEventListener("click", (event) => {
  const box = element("spectrogram").getBoundingClientRect();
  if (clip) play(clip, (event.clientX - box.left) / box.width);
});
element("play").addEventListener("click", toggleClip);

onPlaying((played, isPlaying, share) => {
  if (played.id === clip?.id) {
    element("play").textContent = isPlaying ? "Pause" : "Play";
    cursor.hidden = !isPlaying;
    cursor.style.left = `${100 * share}%`;
  } else {
    for (const button of document.querySelectorAll("#neighbors button")) {
      button.setAttribute("aria-pressed", String(isPlaying && Number(button.dataset.id) === played.id));
    }
  }
});
onSilence((silent, reason) => {
  message.textContent = silent.id === clip?.id || !reason ? reason : `${fileName(silent)}: ${reason}`;
});
