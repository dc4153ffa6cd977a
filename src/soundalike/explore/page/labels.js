// The labels: the server stores them. What is shown is what it has answered, so nothing is shown as
// saved that is not.

import { getJson, postJson } from "./client.js";
import { currentSelection } from "./selection.js";

export { currentSelection };

const listeners = [];
let summary = { names: [], undo: null, redo: null };
let latest = Promise.resolve(); // changes are sent one after another

// { names: [{ name, n_yes, n_no }], undo, redo }, as the server answers it.
export const labelSummary = () => summary;

// Call a function with the summary when labels have changed.
export function onLabelsChanged(listener) {
  listeners.push(listener);
}

// Ask the server for the labels; another page may have changed them.
export async function loadLabels() {
  update(await getJson("api/labels"));
}

// Say that windows have a label (true), have it not (false), or withdraw what was said (null).
// origin: how the listener came to them: "chosen", "queue" or "random". Returns the change,
// { label, value, n }; null if all of it had been said before. An Error says that nothing was saved.
export function assign(ids, label, value, origin = "chosen") {
  return change("api/labels", { ids, label, value, origin });
}

// The same for a stretch of a recording, { id, start_s, end_s }, id being that of one of its rows.
export function assignStretch(stretch, label, value) {
  return change("api/labels", { stretch, label, value });
}

export const undo = () => change("api/labels/undo");

export const redo = () => change("api/labels/redo");

function change(address, content = {}) {
  const result = latest.then(async () => {
    const answer = await postJson(address, content);
    update(answer);
    return answer.change;
  });
  latest = result.catch(() => {});
  return result;
}

function update(answer) {
  const { change: _, ...newSummary } = answer;
  const isSame = JSON.stringify(newSummary) === JSON.stringify(summary);
  summary = newSummary;
  if (!isSame || answer.change) listeners.forEach((listener) => listener(summary));
}
