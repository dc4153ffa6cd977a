// Which map is shown. The page opens on the principal components, if UMAP is not ready, and changes
// to UMAP when it is, unless another map has been chosen.

const NAMES = { pca: "principal components", umap: "UMAP" };
const select = document.getElementById("layout");
const options = new Map(); // by name
let isChosen = false;

export const currentLayout = () => select.value;

// Call `change()` whenever another map is to be shown, and `say(text)` about what happens.
export function listenToLayouts(change, say) {
  select.addEventListener("change", () => {
    isChosen = true;
    change();
  });
  return (states) => {
    const before = select.value;
    for (const [name, state] of Object.entries(states)) {
      const text = update(name, state);
      if (text) say(text);
    }
    if (before && before !== select.value) change();
  };
}

// Show the state of a map: "ready", "computing", or why there is none. Return what is new about it.
function update(name, state) {
  const title = NAMES[name] ?? name;
  const isNew = !options.has(name);
  if (isNew) options.set(name, select.appendChild(new Option(title, name)));
  const option = options.get(name);
  if (option.dataset.state === state) return "";
  option.dataset.state = state;
  const isReady = state === "ready";
  option.disabled = !isReady;
  option.text = title + (isReady ? "" : state === "computing" ? " (being computed)" : " (none)");
  option.title = isReady || state === "computing" ? "" : state;
  if (isReady && name === "umap" && !isChosen) select.value = name;
  if (isReady) return isNew ? "" : `The map ${title} is ready.`;
  return state === "computing" ? "" : `There is no map ${title}: ${state}.`;
}
