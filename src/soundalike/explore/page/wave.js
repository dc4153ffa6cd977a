// What the player has on both pages, with a server and without: the sound as a wave over its
// spectrogram, and the row in words.

import { WaveSurfer } from "./libraries.js";
import { facts, seconds } from "./text.js";

const element = (id) => document.getElementById(id);

export const picture = element("spectrogram").querySelector("img");
export const message = element("sound-message");

// Create the wave, which plays from where it is clicked. plugins: of wavesurfer.js.
export function createWave(plugins = []) {
  const wave = WaveSurfer.create({
    container: "#wave",
    media: element("audio"),
    height: 176,
    waveColor: "transparent", // the spectrogram shows more
    progressColor: "transparent",
    cursorColor: "#ffffff",
    cursorWidth: 2,
    plugins,
  });
  wave.on("play", () => (element("play").textContent = "Pause"));
  wave.on("pause", () => (element("play").textContent = "Play"));
  wave.on("interaction", () => wave.play());
  wave.on("error", () => {}); // said where it is awaited
  return wave;
}

// Show the player in the place of the hint, without a message.
export function showPlayer() {
  element("hint").hidden = true;
  element("player").hidden = false;
  message.textContent = "";
}

export function describeRow(row) {
  element("sound-name").textContent = row.path;
  element("sound-facts").textContent = `${facts(row)} · peak ${Math.round(row.peak_db) || 0} dB`;
}

// Write the times of a stretch below the spectrogram, in seconds of the recording.
export function describeStretch({ start_s: start, end_s: end }) {
  element("axis-start").textContent = seconds(start);
  element("axis-end").textContent = seconds(end);
}

// Say why a sound does not play; nothing if another one was asked for meanwhile.
export function sayWhy(error) {
  if (error.name !== "AbortError") message.textContent = `The browser does not play it: ${error.message}`;
}
