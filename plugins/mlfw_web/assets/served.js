// The model, asked over HTTP: rows go to the service that has sent this page.

import { description } from "./assets.js";
import { PredictionError, aboutOne, checkColumns, readRows, sentences, shaped } from "./rows.js";

const IMAGES_AT_ONCE = 1;
const SLICE = 32768;

/** The service is ready: it has sent this page. */
export async function ready() {}

/** There is nothing to check: the service computes as mlfw does. */
export async function check() {}

/** Predict one row; see `model.js`. */
export async function predict(row) {
  checkColumns(Object.keys(row));
  const { values, notes } = await readRows([row]);
  const [answer] = await ask([rowOf([row], values, 0)]);
  const results = description.targets.map((target) => [outcome(target, answer)]);
  return { ...shaped(results, 0), notes: notes.map(aboutOne) };
}

/** Return the results of rows by target, and notes about all of them. */
export async function predictTable(rows, progress) {
  const { values, notes } = await readRows(rows);
  const results = description.targets.map(() => []);
  const images = description.columns.some((column) => column.kind === "image");
  const step = images ? IMAGES_AT_ONCE : description.rowsAtOnce;
  for (let start = 0; start < rows.length; start += step) {
    const end = Math.min(start + step, rows.length);
    const sent = [];
    for (let at = start; at < end; at += 1) sent.push(rowOf(rows, values, at));
    const answers = await ask(sent);
    description.targets.forEach((target, place) => {
      answers.forEach((answer) => results[place].push(outcome(target, answer)));
    });
    if (progress) progress(end, rows.length);
  }
  return { results, notes: sentences(notes) };
}

/** Return an image as text in base64. */
export async function readImageValue(column, raw) {
  if (raw === null || raw === undefined || column.missing.includes(raw)) return { value: null };
  if (!(raw instanceof Blob)) return { value: null, misfit: true };
  const bytes = new Uint8Array(await raw.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += SLICE) {
    text += String.fromCharCode(...bytes.subarray(at, at + SLICE));
  }
  return { value: btoa(text) };
}

/** Return a row as it is sent: values as they were written, null for those that do not fit. */
function rowOf(rows, values, at) {
  return Object.fromEntries(description.columns.map((column) => {
    const read = values.get(column.name)[at];
    const written = column.kind === "image" ? read : rows[at][column.name] ?? null;
    return [column.name, read === null ? null : written];
  }));
}

async function ask(rows) {
  let response;
  try {
    response = await fetch(description.address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(rows),
    });
  } catch {
    throw new PredictionError("The service does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new PredictionError(`The service refuses: ${answer.error ?? response.statusText}.`);
}

function outcome(target, answer) {
  const prediction = answer[target.outputName];
  if (target.task === "regression") return { prediction: prediction ?? NaN };
  return { prediction, probabilities: target.probabilityNames.map((name) => answer[name]) };
}
