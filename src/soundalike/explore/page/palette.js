// Colors of points. The categories' are told apart by people with any color vision, on light and
// on dark (Okabe and Ito, adapted); names beyond them share a gray.

const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#b3478a", "#a07900", "#3d9fd6", "#7a4bc2", "#8a4b2a", "#4c7a1e", "#e0559c", "#2f4b9b"];
const DARK = ["#56b4e9", "#f0803c", "#35c99a", "#e58fc4", "#e6c229", "#8fd0f5", "#b795f0", "#d09a78", "#a5cf5d", "#ff9ecb", "#93aef5"];
const OTHERS = { light: "#8b929b", dark: "#767f8a" };
// From 0 to 1: away from the background.
const SCALE = { light: ["#c9d3dc", "#4a7fb5", "#3b1a66"], dark: ["#3a3f58", "#c2527a", "#ffe27a"] };
const N_SHADES = 64;

export const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

const theme = () => (isDark() ? "dark" : "light");

export const background = () => (isDark() ? "#101316" : "#ffffff");

export const highlight = () => (isDark() ? "#ffffff" : "#000000");

// The colors of categories; the last is that of all names beyond. `isLastGray`: the last name is of
// points that have none, which are gray.
export function categoryColors({ names, isLastGray }) {
  const n = isLastGray ? names.length - 1 : Math.max(1, names.length);
  const colors = (isDark() ? DARK : LIGHT).slice(0, n);
  return isLastGray || n > colors.length ? [...colors, OTHERS[theme()]] : colors;
}

// From the numbers of names to those of their colors.
export function colorNumbers(codes, colors) {
  return codes.map((code) => Math.min(code, colors.length - 1));
}

export function scaleColors() {
  const stops = SCALE[theme()].map(channels);
  return Array.from({ length: N_SHADES }, (_, shade) => {
    const place = (shade / (N_SHADES - 1)) * (stops.length - 1);
    const left = Math.min(Math.floor(place), stops.length - 2);
    const mixed = stops[left].map((value, c) => value + (place - left) * (stops[left + 1][c] - value));
    return `#${mixed.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
  });
}

const channels = (color) => [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
