// Everything works by keys: a table of them, which the dialog shows.

const help = document.getElementById("help");

// A key of the table, which shows the dialog.
export const HELP_KEY = [["?"], "?", "these keys", () => help.showModal()];

// keys: rows of [what is pressed, how the dialog names it, what it does, function of the key]; a row
// without a name is not in the dialog.
export function listenToKeys(keys) {
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
