// What client.js is for the page without a server: everything is in the page itself.

const KINDS = { sound: "sounds", thumbnail: "pictures" };
const ROW = /^api\/rows\/(\d+)(?:\/(\w+))?$/;

export const collection = JSON.parse(document.getElementById("data").textContent);
export const positionOf = new Map(collection.rows.map((row, position) => [row.id, position]));

const positionIn = (path) => positionOf.get(Number(path.match(ROW)[1]));

// The picture or the sound of a row; "" if there is none.
export function address(path) {
  const kind = KINDS[path.match(ROW)[2]];
  const content = collection[kind][positionIn(path)];
  return content ? `data:${collection.types[kind]};base64,${content}` : "";
}

export const getJson = async (path) => collection.rows[positionIn(path)];
