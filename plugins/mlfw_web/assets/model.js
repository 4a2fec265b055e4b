// The model: rows in, predictions out, computed in this browser by ONNX Runtime Web on one thread.

import { assets, description } from "./assets.js";
import { encode } from "./encode.js";
import { readImage } from "./images.js";
import { aboutOne, checkColumns, readRows, sentences, shaped } from "./rows.js";

const ROWS_AT_ONCE = 512;
const NUMBERS_AT_ONCE = 65536;

let session;
let queue = Promise.resolve();

async function opened() {
  const [runtime, wasm, model] = await Promise.all([assets.runtime(), assets.wasm(), assets.model()]);
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.wasmBinary = wasm;
  runtime.env.logLevel = "error";
  const options = { executionProviders: ["wasm"] };
  return { runtime, made: await runtime.InferenceSession.create(model, options) };
}

/** Load the model; predicting does so by itself the first time. */
export async function ready() {
  session ??= opened();
  try {
    await session;
  } catch (error) {
    session = undefined;
    throw error;
  }
}

/**
 * Predict one row: an object with the columns as keys, null for a missing value.
 *
 * Returns `prediction` and `probabilities` (by class), or these by target where the model has
 * several, and `notes`: sentences about values that do not fit or never occurred in training.
 */
export async function predict(row) {
  checkColumns(Object.keys(row));
  const { values, notes } = await readRows([row]);
  const results = await run(values, 1);
  return { ...shaped(results, 0), notes: notes.map(aboutOne) };
}

/**
 * Predict rows; see `predict`.
 *
 * Returns `predictions`, one for each row, and `notes` about all of them.
 */
export async function predictRows(rows, progress) {
  const list = Array.from(rows);
  list.forEach((row) => checkColumns(Object.keys(row)));
  const { values, notes } = await readRows(list);
  const results = await run(values, list.length, progress);
  return { predictions: list.map((_, at) => shaped(results, at)), notes: sentences(notes) };
}

/** Return the pixels of an image. */
export async function readImageValue(column, raw) {
  if (raw === null || raw === undefined || column.missing.includes(raw)) return { value: null };
  const isContent = raw instanceof Blob || raw instanceof ArrayBuffer || ArrayBuffer.isView(raw);
  const input = description.inputs.find((each) => each.name === column.name);
  const pixels = isContent && input ? await readImage(raw, input.shape) : undefined;
  return pixels ? { value: pixels } : { value: null, misfit: true };
}

/** Return the results of rows by target, and notes about all of them. */
export async function predictTable(rows, progress) {
  const { values, notes } = await readRows(rows);
  return { results: await run(values, rows.length, progress), notes: sentences(notes) };
}

/** Run the model on read values, a batch at a time; one call after the other. */
function run(values, count, progress) {
  const result = queue.then(() => computed(values, count, progress));
  queue = result.catch(() => undefined);
  return result;
}

async function computed(values, count, progress) {
  await ready();
  const { runtime, made } = await session;
  const width = description.inputs.reduce(
    (sum, input) => sum + input.shape.reduce((product, side) => product * side, 1), 0);
  const step = Math.max(Math.min(Math.floor(NUMBERS_AT_ONCE / width), ROWS_AT_ONCE), 1);
  const results = description.targets.map(() => []);
  for (let start = 0; start < count; start += step) {
    const end = Math.min(start + step, count);
    const feeds = Object.fromEntries(description.inputs.map((input) => {
      const [type, data, shape] = encode(input, values.get(input.name).slice(start, end));
      return [input.name, new runtime.Tensor(type, data, shape)];
    }));
    const outputs = await made.run(feeds);
    description.targets.forEach((target, place) => {
      for (let row = 0; row < end - start; row += 1) results[place].push(outcome(target, outputs, row));
    });
    if (progress) {
      progress(end, count);
      await new Promise((resolve) => { setTimeout(resolve); });
    }
  }
  return results;
}

function outcome(target, outputs, row) {
  if (target.prediction) return { prediction: Number(outputs[target.prediction].data[row]) };
  const count = target.classes.length;
  const likely = outputs[target.probabilities].data;
  const probabilities = Array.from(likely.subarray(row * count, (row + 1) * count), Number);
  const label = outputs[target.label].data;
  if (target.task === "multilabel") {
    const prediction = target.classes.filter((_, place) => label[row * count + place]);
    return { prediction, probabilities };
  }
  const type = outputs[target.label].type;
  const raw = label[row];
  return {
    prediction: type === "bool" ? Boolean(raw) : type === "string" ? raw : Number(raw),
    probabilities,
  };
}

/**
 * Predict made-up rows whose predictions mlfw computed when it exported the model.
 *
 * Returns how many rows there are and the largest difference found: between probabilities, or
 * relative to predicted numbers. A label that differs counts as 1.
 */
export async function check() {
  const { rows, outputs } = description.sample;
  const { values } = await readRows(rows.map(decoded));
  const results = await run(values, rows.length);
  let largest = 0;
  description.targets.forEach((target, place) => {
    results[place].forEach((result, row) => {
      if (target.prediction) {
        const expected = outputs[target.prediction][row];
        const apart = Math.abs(result.prediction - expected) / Math.max(Math.abs(expected), 1e-300);
        largest = Math.max(largest, expected === result.prediction ? 0 : apart);
        return;
      }
      const expected = outputs[target.probabilities][row];
      result.probabilities.forEach((share, index) => {
        largest = Math.max(largest, Math.abs(share - expected[index]));
      });
      if (target.task !== "multilabel" && result.prediction !== outputs[target.label][row]) {
        const sorted = [...expected].sort((a, b) => b - a);
        if (sorted[0] - sorted[1] > description.tolerance) largest = Math.max(largest, 1);
      }
    });
  });
  return { rows: rows.length, largest, equal: largest <= description.tolerance };
}

function decoded(row) {
  const images = description.columns.filter((column) => column.kind === "image");
  const content = images.filter((column) => row[column.name]).map((column) =>
    [column.name, Uint8Array.from(atob(row[column.name]), (character) => character.charCodeAt(0))]);
  return { ...row, ...Object.fromEntries(content) };
}
