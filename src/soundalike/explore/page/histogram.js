// The histogram of scores, and the threshold, which a slider below it or a number sets. Scores are
// placed by their logits, since most of them are near 0; counts are on a logarithmic scale.

const N_BARS = 56;
const FURTHEST = 7; // logit at the ends: scores of 0.001 and 0.999
const element = (id) => document.getElementById(id);
const slider = element("threshold-slider");
const field = element("threshold");
const listeners = [];
let isChosen = false; // whether the user has set the threshold

const logit = (score) => {
  const p = Math.min(Math.max(score, 1e-6), 1 - 1e-6);
  return Math.min(Math.max(Math.log(p / (1 - p)), -FURTHEST), FURTHEST);
};
// Where a score is between the ends of the histogram, from 0 to 1.
export const position = (score) => (logit(score) + FURTHEST) / (2 * FURTHEST);

const sigmoid = (value) => 1 / (1 + Math.exp(-value));

// Call a function when the threshold changes.
export function onThreshold(listener) {
  listeners.push(listener);
}

export const threshold = () => Number(field.value);

// Set the threshold to what the labels suggest, unless the user has set it.
export function suggest(score) {
  if (isChosen) return;
  field.value = Number(score.toPrecision(3));
  slider.value = logit(threshold());
}

export function forgetChoice() {
  isChosen = false;
}

export function show(scores) {
  const counts = new Array(N_BARS).fill(0);
  for (const score of scores) {
    counts[Math.min(Math.floor(position(score) * N_BARS), N_BARS - 1)]++;
  }
  const highest = Math.log1p(Math.max(...counts));
  element("histogram").replaceChildren(...counts.map((count, number) => bar(count, number, highest)));
  showThreshold();
}

function bar(count, number, highest) {
  const result = document.createElement("i");
  result.style.height = `${(100 * Math.log1p(count)) / highest}%`;
  result.dataset.middle = ((number + 0.5) / N_BARS) * 2 * FURTHEST - FURTHEST;
  result.title = `${count.toLocaleString("en")} around ${sigmoid(result.dataset.middle).toPrecision(2)}`;
  return result;
}

function showThreshold() {
  for (const each of element("histogram").children) {
    each.className = Number(each.dataset.middle) >= logit(threshold()) ? "above" : "";
  }
}

function changed() {
  isChosen = true;
  showThreshold();
  listeners.forEach((listener) => listener());
}

slider.max = FURTHEST;
slider.min = -FURTHEST;
slider.addEventListener("input", () => {
  field.value = sigmoid(Number(slider.value)).toFixed(3);
  showThreshold();
});
slider.addEventListener("change", changed);
field.addEventListener("change", () => {
  const value = Number(field.value);
  field.value = value > 0 && value < 1 ? value : 0.5;
  slider.value = logit(threshold());
  changed();
});
