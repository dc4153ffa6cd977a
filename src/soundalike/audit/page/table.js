// The table: its rows as the server knows them, and the decisions, which the server stores. What is
// shown is what it has answered, so nothing is shown as saved that is not.

import { getJson, postJson } from "./client.js";

const TOO_OLD = 409; // the status of an answer to a page that knows another table
const READ_AGAIN = "This page has read it again.";

const listeners = [];
let moment = null; // { table, version }: what the page knows
let rows = []; // { id, path, name (the path below the folder of all), start_s, end_s, label, suggested, p_wrong, decision, new_label }
let facts = {}; // what the server says about the whole: file, commands, can_learn, threshold
let nSteps = 0; // decisions that can be taken back
let latest = Promise.resolve(); // requests are sent one after another

export const allRows = () => rows;
export const tableFacts = () => facts;
export const stepsToUndo = () => nSteps;
export const isSuspicious = (row) => row.p_wrong > facts.threshold;
export const classesOf = (label) => label.split(";").map((name) => name.trim()).filter(Boolean);

// Call a function when rows have changed, with { ids: Set, isOther, isNew }. isOther: another page or
// program has changed some; isNew: it is another table.
export function onTableChange(listener) {
  listeners.push(listener);
}

// The folder that all paths are in, with its last slash; "" if they share none.
function commonFolder(paths) {
  let folder = paths[0] ?? "";
  for (const path of paths) while (!path.startsWith(folder) || !/(^|\/)$/.test(folder)) folder = folder.slice(0, -1);
  return folder;
}

export async function loadTable() {
  const { columns, ...answer } = await getJson("api/audit");
  const isNew = answer.table !== moment?.table;
  takeMoment(answer);
  facts = answer;
  const names = Object.keys(columns);
  rows = columns.path.map((_, id) => Object.fromEntries([["id", id], ...names.map((name) => [name, columns[name][id]])]));
  const folder = commonFolder(columns.path);
  for (const row of rows) row.name = row.path.slice(folder.length);
  tell({ ids: new Set(rows.map(({ id }) => id)), isOther: false, isNew });
}

// Decide about a row: "keep", "relabel", "drop", or "" to withdraw it. Without a new label, the clip
// is relabeled to the suggestion. An Error says that nothing was saved.
export const decide = (row, decision, newLabel = "") =>
  change("api/audit/decisions", { row: row.id, decision, new_label: newLabel }, [row.id]);

// Take back the latest decision; returns its row, null if there is none.
export async function undo() {
  const { row } = await change("api/audit/undo", {}, null);
  return row === null ? null : rows[row];
}

// Have the server learn from the decisions; returns the number of new probabilities. Decisions do not
// wait until it ends.
export async function learn() {
  const { n } = await known(() => postJson("api/audit/learn", moment));
  await loadChanges(null);
  return n;
}

// Ask what has changed. ours: see `change`; by default, all changes are of other pages or programs.
export const loadChanges = (ours = []) => inTurn(async () => {
  take(await known(() => getJson(`api/audit/changes?${new URLSearchParams(moment)}`)), ours);
});

// ours: the rows that the change is about, null if that is not known before.
function change(address, content, ours) {
  const { table } = moment; // which the person has seen
  return inTurn(async () => {
    if (table !== moment.table) throw new Error(`${facts.file} has been written anew. ${READ_AGAIN}`);
    const answer = await known(() => postJson(address, { ...moment, ...content }));
    take(answer, ours);
    return answer;
  });
}

function inTurn(action) {
  const result = latest.then(action);
  latest = result.catch(() => {});
  return result;
}

// A request, after which the page knows the table, also if it has become another one.
async function known(request) {
  try {
    return await request();
  } catch (error) {
    if (error.status !== TOO_OLD) throw error;
    await loadTable();
    throw new Error(`${error.message} ${READ_AGAIN}`);
  }
}

function take(answer, ours) {
  const ids = new Set(Object.keys(answer.rows).map(Number));
  ids.forEach((id) => Object.assign(rows[id], answer.rows[id]));
  const isMoved = answer.n_steps !== nSteps;
  takeMoment(answer);
  const isOther = ours !== null && [...ids].some((id) => !ours.includes(id));
  if (ids.size || isMoved) tell({ ids, isOther, isNew: false });
}

function takeMoment({ table, version, n_steps: n }) {
  moment = { table, version };
  nSteps = n;
}

function tell(event) {
  listeners.forEach((listener) => listener(event));
}
