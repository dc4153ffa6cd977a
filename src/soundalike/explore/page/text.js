// Rows in words.

export const seconds = (value) => {
  if (value < 59.995) return `${value.toFixed(2)} s`;
  const tenths = Math.round(10 * value); // rounded first, so that no minute has 60 seconds
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
};

export const fileName = (row) => row.path.slice(row.path.lastIndexOf("/") + 1);

export const place = (row) => `${seconds(row.start_s)} to ${seconds(row.end_s)}`;

export const facts = (row) => [row.label, place(row)].filter(Boolean).join(" · ");

export const counted = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

// What has been said about a window.
export const said = (statements) =>
  statements.map(({ label, value }) => (value ? label : `not ${label}`)).join(" · ");
