// Everything works by keys: a table of them, which the dialog shows.

const help = document.getElementById("help");

// actions: functions by name; each key below calls one.
export function listenToKeys(actions) {
  const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
  const keys = [
    [["ArrowDown", "ArrowRight"], "↓ →", "next most similar sound", () => actions.walk(1)],
    [["ArrowUp", "ArrowLeft"], "↑ ←", "back", () => actions.walk(-1)],
    [["shift ArrowDown"], "shift ↓ ↑", "select more of the list", () => actions.extend(1)],
    [["shift ArrowUp"], "", "", () => actions.extend(-1)],
    [["a"], "a", "select all of the list", actions.selectAll],
    [[" "], "space", "play, pause", actions.toggle],
    [["m"], "m", "more like this", actions.more],
    [["["], "[ ]", "start and end of a stretch, at the cursor", () => actions.edge("start")],
    [["]"], "", "", () => actions.edge("end")],
    [digits, "1 to 9", "give this label", (key) => actions.assignAt(Number(key) - 1)],
    [["0", "n"], "0 or n", "not this label", actions.no],
    [["t"], "t", "train the detector", actions.train],
    [["y"], "y, n, s", "answer what the detector asks: yes, no, skip", actions.yes],
    [["s"], "", "", actions.skip],
    [["l"], "l", "type a label", actions.typeLabel],
    [["u", "ctrl z"], "u, ctrl z", "undo", actions.undo],
    [["ctrl shift z", "ctrl y"], "ctrl shift z", "redo", actions.redo],
    [["/"], "/", "filter", actions.filter],
    [["Escape"], "Esc", "clear the stretch, then the filter", actions.clear],
    [["?"], "?", "these keys", () => help.showModal()],
  ];
  const names = keys.filter(([, name]) => name).flatMap(([, name, what]) => [["dt", name], ["dd", what]]);
  document.getElementById("keys").append(
    ...names.map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })),
  );
  document.getElementById("help-button").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=checkbox]), select, textarea");
    const isPressing = event.key === " " && event.target.matches("button, a, input");
    if (event.altKey || help.open || isPressing) return;
    if (isTyping && event.key !== "Escape") return;
    const entry = keys.find(([codes]) => codes.includes(pressed(event)));
    if (!entry) return;
    event.preventDefault();
    entry[3](event.key);
  });
}

// A key with ctrl and shift, as in the table; shift counts where it does not make another sign.
function pressed(event) {
  const isCtrl = event.ctrlKey || event.metaKey;
  const isShift = event.shiftKey && (isCtrl || event.key.startsWith("Arrow"));
  const key = isCtrl ? event.key.toLowerCase() : event.key;
  return [isCtrl && "ctrl", isShift && "shift", key].filter(Boolean).join(" ");
}
