// Probabilities, labels and decisions in words.

const DEGREES = [
  [0.95, "almost certainly wrong"],
  [0.8, "probably wrong"],
  [0.5, "more likely wrong than right"],
  [0.2, "more likely right than wrong"],
  [0.05, "probably right"],
  [-1, "almost certainly right"],
];

export const inWords = (p) => DEGREES.find(([least]) => p > least)[1];

export function percent(p) {
  const value = Math.round(100 * p);
  if (value === 100 && p < 1) return "over 99 %";
  return value === 0 && p > 0 ? "under 1 %" : `${value} %`;
}

export const labelInWords = (label) => label.split(";").map((name) => name.trim()).filter(Boolean).join(" + ") || "no label";

// What was decided about a row; "" if nothing was.
export function decisionInWords({ decision, label, suggested, new_label: newLabel }) {
  return {
    keep: `kept as ${labelInWords(label)}`,
    relabel: `relabeled to ${labelInWords(newLabel || suggested)}`,
    drop: "dropped",
  }[decision] ?? "";
}
