// What is marked over the spectrogram: the window, labeled events, and the stretch that is dragged.

import { Regions } from "./libraries.js";
import { getJson } from "./client.js";
import { seconds } from "./text.js";

const SHORTEST_S = 0.02;
const COLORS = { window: "rgba(120, 200, 255, .2)", stretch: "rgba(255, 214, 90, .35)", event: "rgba(120, 255, 170, .25)", not: "rgba(255, 120, 100, .2)" };
const element = (id) => document.getElementById(id);

export const regions = Regions.create();

const listeners = [];
let row = null;
let context = null; // the stretch of the recording that is shown, in seconds
let isOurs = false; // whether a region is added here, not dragged
let stretchRegion = null;
let eventRegions = [];

// Call a function when a stretch is dragged, changed or cleared.
export function onStretch(listener) {
  listeners.push(listener);
}

// The stretch that was dragged, { id, start_s, end_s }; null if there is none.
export function currentStretch() {
  if (!stretchRegion) return null;
  const round = (value) => Math.round(1000 * (context.start_s + value)) / 1000;
  return { id: row.id, start_s: round(stretchRegion.start), end_s: round(stretchRegion.end) };
}

export function clearStretch() {
  stretchRegion?.remove();
  stretchRegion = null;
  changed();
}

// Mark the window of a row in the context that is shown, and what is labeled in it.
export function showMarks(newRow, newContext) {
  clearMarks();
  [row, context] = [newRow, newContext];
  add({ start: row.start_s - context.start_s, end: row.end_s - context.start_s, color: COLORS.window });
  showEvents();
}

export function clearMarks() {
  regions.clearRegions();
  eventRegions = [];
  stretchRegion = context = null;
  changed();
}

// Ask for the labeled events in the context again.
export async function showEvents() {
  const shown = context;
  if (!shown) return;
  const query = `start_s=${shown.start_s}&end_s=${shown.end_s}`;
  const events = await getJson(`api/rows/${row.id}/events?${query}`).catch(() => []);
  if (shown !== context) return;
  eventRegions.forEach((region) => region.remove());
  eventRegions = events.map((event) =>
    add({
      start: Math.max(0, event.start_s - shown.start_s),
      end: event.end_s - shown.start_s,
      color: event.value ? COLORS.event : COLORS.not,
      content: label(event.value ? event.label : `not ${event.label}`),
    }),
  );
}

// Put the start or the end of the stretch at a time of the context: dragging by keys.
export function setStretchEdge(edge, timeS, durationS) {
  if (!context) return;
  const length = Math.min(1, durationS / 4);
  const whole = { start: Math.max(0, timeS - (edge === "end" ? length : 0)), end: timeS + (edge === "start" ? length : 0) };
  const { start, end } = { ...(stretchRegion ? { start: stretchRegion.start, end: stretchRegion.end } : whole), [edge]: timeS };
  const isForwards = end - start >= SHORTEST_S;
  setStretch(isForwards ? { start, end: Math.min(end, durationS) } : whole);
}

function setStretch({ start, end }) {
  stretchRegion?.remove();
  stretchRegion = add({ start, end, color: COLORS.stretch, resize: true });
  changed();
}

regions.on("region-created", (region) => {
  if (isOurs) return;
  region.remove();
  if (region.end - region.start >= SHORTEST_S) setStretch(region);
});
regions.on("region-updated", (region) => region === stretchRegion && changed());

// Have a drag over the spectrogram mark a stretch; the player, which has the plugin, calls it.
export function listenToDrags() {
  regions.enableDragSelection({ color: COLORS.stretch });
}

function add(options) {
  isOurs = true;
  const region = regions.addRegion({ drag: false, resize: false, ...options });
  isOurs = false;
  if (!options.resize) region.element.style.pointerEvents = "none"; // so that drags begin in it, too
  return region;
}

function label(text) {
  const content = document.createElement("span");
  content.textContent = text;
  content.style.cssText = "font-size: 12px; line-height: 1.2; padding: 1px 4px; color: #fff; background: rgba(0, 0, 0, .65); position: absolute; bottom: 0; left: 0; white-space: nowrap; max-width: 100%; overflow: hidden; text-overflow: ellipsis;";
  return content;
}

function changed() {
  const stretch = currentStretch();
  element("stretch").hidden = !stretch;
  if (stretch) element("stretch-text").textContent = `${seconds(stretch.start_s)} to ${seconds(stretch.end_s)}`;
  listeners.forEach((listener) => listener(stretch));
}
