// The player of the page without a server: a window, over its spectrogram.

import { address } from "./client.js";
import { createWave, describeRow, describeStretch, message, picture, sayWhy, showPlayer } from "./wave.js";

const playButton = document.getElementById("play");
const wave = createWave();
let row = null; // the row that is open

playButton.addEventListener("click", toggle);

// Show a row and play it.
export async function open(newRow) {
  row = newRow;
  wave.pause();
  showPlayer();
  describeRow(row);
  describeStretch(row);
  const sound = address(`api/rows/${row.id}/sound`);
  picture.src = address(`api/rows/${row.id}/thumbnail`);
  picture.hidden = playButton.disabled = !sound;
  if (!sound) {
    message.textContent = "The sound could not be read when the page was made.";
    return;
  }
  try {
    await wave.load(sound);
    if (row === newRow) await wave.play();
  } catch (error) {
    if (row === newRow) sayWhy(error);
  }
}

// Play from the start or from where it was paused, or pause.
export function toggle() {
  if (row && !playButton.disabled) wave.playPause();
}

export const currentRow = () => row;
