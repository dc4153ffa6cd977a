// What to train with these labels, as far as the last audit says, and the measurements behind it.

import { getJson } from "./client.js";

const HEAD = ["method", "soundalike evaluate …", "accuracy", "above logistic regression, in points"];
const element = (id) => document.getElementById(id);

export async function showAdvice() {
  const advice = await getJson("api/audit/advice");
  element("advice").hidden = !advice;
  if (!advice) return;
  element("advice-sentence").textContent = advice.sentence;
  element("advice-note").textContent = advice.note;
  element("advice").querySelector("details").hidden = !advice.scores.length;
  const lines = advice.scores.map((score) => line(score, score.options === advice.options));
  element("scores").firstElementChild.replaceChildren(row("th", HEAD), ...lines);
}

function line({ method, options, accuracy, gain, interval }, isAdvised) {
  const [low, high] = interval.map(points);
  const item = row("td", [method, options, accuracy.toFixed(3), `${points(gain)} (${low} to ${high})`]);
  item.classList.toggle("advised", isAdvised);
  return item;
}

const points = (share) => (100 * share).toFixed(1);

function row(tag, texts) {
  const line = document.createElement("tr");
  line.append(...texts.map((text) => Object.assign(document.createElement(tag), { textContent: text })));
  return line;
}
