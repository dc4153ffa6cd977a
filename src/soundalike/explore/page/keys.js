// Everything works by keys: a table of them, which the dialog shows.

const help = document.getElementById("help");

// actions: functions by name; each key below calls one.
export function listenToKeys(actions) {
  const keys = [
    [["ArrowDown", "ArrowRight"], "↓ →", "next most similar sound", () => actions.walk(1)],
    [["ArrowUp", "ArrowLeft"], "↑ ←", "back", () => actions.walk(-1)],
    [[" "], "space", "play, pause", actions.toggle],
    [["m"], "m", "more like this", actions.more],
    [["/"], "/", "filter", actions.filter],
    [["Escape"], "Esc", "clear the filter", actions.clear],
    [["?"], "?", "these keys", () => help.showModal()],
  ];
  const names = keys.flatMap(([, name, what]) => [["dt", name], ["dd", what]]);
  document.getElementById("keys").append(
    ...names.map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })),
  );
  document.getElementById("help-button").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=checkbox]), select, textarea");
    const isPressing = event.key === " " && event.target.matches("button, a, input");
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || isPressing) return;
    if (isTyping && event.key !== "Escape") return;
    const entry = keys.find(([codes]) => codes.includes(event.key));
    if (!entry) return;
    event.preventDefault();
    entry[3]();
  });
}
