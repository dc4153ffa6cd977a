// The selected windows, by their ids: what labels are given to.

const listeners = [];
let selection = [];

export const currentSelection = () => [...selection];

// Call a function with the ids when the selection changes.
export function onSelection(listener) {
  listeners.push(listener);
}

export function setSelection(ids) {
  selection = [...new Set(ids)];
  listeners.forEach((listener) => listener(currentSelection()));
}

// Add a window, or take it out if it is selected.
export function toggleSelected(id) {
  setSelection(selection.includes(id) ? selection.filter((each) => each !== id) : [...selection, id]);
}
