// The keys of the map.

import { HELP_KEY } from "./keys.js";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

// actions: functions by name; each key calls one.
export const mapKeys = (actions) => [
  [["ArrowDown", "ArrowRight"], "↓ →", "next most similar sound", () => actions.walk(1)],
  [["ArrowUp", "ArrowLeft"], "↑ ←", "back", () => actions.walk(-1)],
  [["shift ArrowDown"], "shift ↓ ↑", "select more of the list", () => actions.extend(1)],
  [["shift ArrowUp"], "", "", () => actions.extend(-1)],
  [["a"], "a", "select all of the list", actions.selectAll],
  [[" "], "space", "play, pause", actions.toggle],
  [["m"], "m", "more like this", actions.more],
  [["["], "[ ]", "start and end of a stretch, at the cursor", () => actions.edge("start")],
  [["]"], "", "", () => actions.edge("end")],
  [DIGITS, "1 to 9", "give this label", (key) => actions.assignAt(Number(key) - 1)],
  [["0", "n"], "0 or n", "not this label", actions.no],
  [["t"], "t", "train the detector", actions.train],
  [["y"], "y, n, s", "answer what the detector asks: yes, no, skip", actions.yes],
  [["s"], "", "", actions.skip],
  [["l"], "l", "type a label", actions.typeLabel],
  [["u", "ctrl z"], "u, ctrl z", "undo", actions.undo],
  [["ctrl shift z", "ctrl y"], "ctrl shift z", "redo", actions.redo],
  [["/"], "/", "filter", actions.filter],
  [["Escape"], "Esc", "clear the stretch, then the filter", actions.clear],
  HELP_KEY,
];
