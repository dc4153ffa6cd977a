// Plays one clip at a time: the open one, or a neighbor.

import { reasonOf } from "./client.js";
import { tableFacts } from "./table.js";

const audio = new Audio();
const listeners = [];
let clip = null; // what is loaded
let loaded = ""; // its address

// Call a function with (clip, isPlaying, share of it that has been played) while a clip plays.
export function onPlaying(listener) {
  listeners.push(listener);
}

// Call a function with (clip, message) when a clip cannot be played.
let complain = () => {};
export function onSilence(listener) {
  complain = listener;
}

const partOf = ({ id, start_s: start, end_s: end }, what) =>
  `api/rows/${id}/${what}?start_s=${start}&end_s=${end ?? start + 1}&${ofTable()}`;

// Browsers keep what they load, so addresses differ between tables.
export const ofTable = () => `table=${tableFacts().table}`;

// Where the browser loads the sound of a clip, and its picture; one whose end is not known cannot be
// read, which the answer says.
export const soundOf = (each) => partOf(each, "sound");
export const pictureOf = (each) => partOf(each, "spectrogram");

// Play a clip from a share of it on.
export async function play(newClip, share = 0) {
  const address = soundOf(newClip);
  if (loaded !== address || audio.error) {
    tell(false);
    clip = newClip;
    audio.src = loaded = address;
  }
  audio.currentTime = share * (newClip.end_s - newClip.start_s);
  try {
    await audio.play();
  } catch (error) {
    if (error.name === "AbortError" || clip !== newClip) return;
    const isBlocked = error.name === "NotAllowedError"; // browsers want a click or a key first
    complain(newClip, isBlocked ? "" : await reasonOf(address));
  }
}

// Play a clip, or pause it.
export function toggle(newClip) {
  if (clip?.id === newClip.id && !audio.paused) audio.pause();
  else play(newClip);
}

export function stop() {
  audio.pause();
}

function tell(isPlaying) {
  if (clip) listeners.forEach((listener) => listener(clip, isPlaying, audio.currentTime / (clip.end_s - clip.start_s)));
}

function follow() {
  if (audio.paused) return;
  tell(true);
  requestAnimationFrame(follow);
}

audio.addEventListener("play", follow);
for (const name of ["pause", "ended"]) audio.addEventListener(name, () => tell(false));
