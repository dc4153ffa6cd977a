// The card beside the point under the pointer: its name and a small spectrogram.

import { address, getJson } from "./client.js";
import { facts } from "./text.js";

const WAIT_MS = 60; // a pointer that only passes asks for nothing
const tip = document.getElementById("tip");
const picture = tip.querySelector("img");
let timer = 0;
let current = null;

picture.addEventListener("error", () => (picture.hidden = true));

// id: of the row; place: of its point, in pixels of the map; opened: called with the row.
export function showTip(id, place, opened) {
  hideTip();
  current = id;
  timer = setTimeout(async () => {
    const row = await getJson(`api/rows/${id}`).catch(() => null);
    if (!row || current !== id) return;
    tip.querySelector("b").textContent = row.path;
    tip.querySelector("span").textContent = facts(row);
    picture.hidden = false;
    picture.src = address(`api/rows/${id}/thumbnail`);
    tip.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = tip.parentElement;
    const left = place[0] + 14 + tip.offsetWidth < width ? place[0] + 14 : place[0] - 14 - tip.offsetWidth;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(4, Math.min(place[1] - 20, height - tip.offsetHeight - 4))}px`;
    opened(row);
  }, WAIT_MS);
}

export function hideTip() {
  clearTimeout(timer);
  current = null;
  tip.hidden = true;
}
