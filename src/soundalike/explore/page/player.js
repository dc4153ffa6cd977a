// The player: a sound in its context, over the spectrogram, with the window marked.

import { getJson, reasonOf } from "./client.js";
import { clearMarks, currentStretch, listenToDrags, regions, setStretchEdge, showMarks } from "./marks.js";
import { createWave, describeRow, describeStretch, message, picture, sayWhy, showPlayer } from "./wave.js";

const element = (id) => document.getElementById(id);
const placeSlider = element("place");

const wave = createWave([regions]);

listenToDrags();

let row = null; // the row that is open
let context = null; // the stretch of its recording that is loaded, in seconds
let opening = 0; // number of the latest opening, so that an earlier one that ends late does nothing

picture.addEventListener("error", () => (picture.hidden = true));
picture.addEventListener("load", () => (picture.hidden = false));

// Open a row; if `isPlaying`, play its window.
export async function open(id, isPlaying) {
  const number = ++opening;
  close();
  showPlayer();
  try {
    const newRow = await getJson(`api/rows/${id}`);
    if (number !== opening) return;
    row = newRow;
    describe();
    await load(row.context, number, isPlaying ? [row.start_s, row.end_s] : null);
  } catch (error) {
    if (number === opening) message.textContent = error.message;
  }
}

// Stop what plays, and show nothing of it any more.
function close() {
  wave.pause();
  clearMarks();
  context = null;
  picture.hidden = true;
}

// Play the window from its start, or pause.
export function toggle() {
  if (!row) return;
  if (wave.isPlaying()) wave.pause();
  else if (context) play(row.start_s, row.end_s);
}

export const currentRow = () => row;

// Play the stretch that was dragged.
export function playStretch() {
  const stretch = currentStretch();
  if (stretch) play(stretch.start_s, stretch.end_s);
}

// Put an edge of the stretch, "start" or "end", where the cursor is.
export function markEdge(edge) {
  if (context) setStretchEdge(edge, wave.getCurrentTime(), wave.getDuration());
}

function describe() {
  describeRow(row);
  element("recording").href = `api/rows/${row.id}/recording`;
  const isLong = row.recording_end_s > row.context.end_s - row.context.start_s + 0.01;
  element("place-label").hidden = !isLong;
  placeSlider.max = row.recording_end_s;
  placeSlider.value = (row.start_s + row.end_s) / 2;
}

// Load a stretch of the recording; then play the part `playing`, if there is one.
async function load(stretch, number, playing) {
  const query = `start_s=${stretch.start_s}&end_s=${stretch.end_s}`;
  const sound = `api/rows/${row.id}/sound?${query}`;
  picture.src = `api/rows/${row.id}/spectrogram?${query}`;
  describeStretch(stretch);
  try {
    await wave.load(sound);
  } catch {
    const reason = await reasonOf(sound);
    if (number === opening) message.textContent = reason;
    return;
  }
  if (number !== opening) return;
  context = stretch;
  showMarks(row, stretch);
  if (playing) play(...playing);
}

function play(startS, endS) {
  const isInside = startS >= context.start_s - 0.01 && endS <= context.end_s + 0.01;
  const [from, to] = isInside ? [startS - context.start_s, endS - context.start_s] : [0, undefined];
  wave.play(Math.max(0, from), to).catch(sayWhy);
}

// Load the stretch around another place of a long recording.
placeSlider.addEventListener("change", async () => {
  const lengthS = row.context.end_s - row.context.start_s;
  const latest = Math.max(0, row.recording_end_s - lengthS);
  const startS = Math.min(Math.max(0, Number(placeSlider.value) - lengthS / 2), latest);
  close();
  const stretch = { start_s: startS, end_s: startS + lengthS };
  await load(stretch, ++opening, [stretch.start_s, stretch.end_s]);
});

element("play").addEventListener("click", toggle);
