// The player of the page without a server: a window, over its spectrogram.

import { WaveSurfer } from "./libraries.js";
import { address } from "./client.js";
import { facts, seconds } from "./text.js";

const element = (id) => document.getElementById(id);
const picture = element("spectrogram").querySelector("img");
const message = element("sound-message");
const wave = WaveSurfer.create({
  container: "#wave",
  media: element("audio"),
  height: 176,
  waveColor: "transparent", // the spectrogram shows more
  progressColor: "transparent",
  cursorColor: "#ffffff",
  cursorWidth: 2,
});

let row = null; // the row that is open

wave.on("play", () => (element("play").textContent = "Pause"));
wave.on("pause", () => (element("play").textContent = "Play"));
wave.on("interaction", () => wave.play());
wave.on("error", () => {}); // said where it is awaited
element("play").addEventListener("click", toggle);

// Show a row and play it.
export async function open(newRow) {
  row = newRow;
  wave.pause();
  element("hint").hidden = true;
  element("player").hidden = false;
  element("sound-name").textContent = row.path;
  element("sound-facts").textContent = `${facts(row)} · peak ${Math.round(row.peak_db) || 0} dB`;
  element("axis-start").textContent = seconds(row.start_s);
  element("axis-end").textContent = seconds(row.end_s);
  const sound = address(`api/rows/${row.id}/sound`);
  picture.src = address(`api/rows/${row.id}/thumbnail`);
  picture.hidden = element("play").disabled = !sound;
  message.textContent = sound ? "" : "The sound could not be read when the page was made.";
  if (!sound) return;
  try {
    await wave.load(sound);
    if (row === newRow) await wave.play();
  } catch (error) {
    const isLatest = row === newRow && error.name !== "AbortError";
    if (isLatest) message.textContent = `The browser does not play it: ${error.message}`;
  }
}

// Play from the start or from where it was paused, or pause.
export function toggle() {
  if (row && !element("play").disabled) wave.playPause();
}

export const currentRow = () => row;
