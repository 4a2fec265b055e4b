// Files of rows: reading CSV as people write it, and writing predictions as `mlfw predict` does.

import { description } from "./assets.js";
import { PredictionError } from "./rows.js";
import { trimmed } from "./values.js";

const DELIMITERS = [",", ";", "\t", "|"];
const MOST_TITLES = 20;
const SMALL = 0.1;
const DIGITS = 4;

/** Return the text of a file: UTF-8 or UTF-16, else Windows-1252; unpacked where it is gzipped. */
export async function fileText(file) {
  let content = new Uint8Array(await file.arrayBuffer());
  if (content[0] === 0x1f && content[1] === 0x8b) {
    const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"));
    content = new Uint8Array(await new Response(stream).arrayBuffer());
  }
  const [first, second] = content;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(content);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(content);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return new TextDecoder("windows-1252").decode(content);
  }
}

/** Return the records of a CSV text, each with its line; blank lines are left out. */
export function records(text, delimiter, most = Infinity) {
  const found = [];
  let [cells, at, line] = [[], 0, 1];
  let start = 1;
  const end = () => {
    if (cells.length > 1 || cells[0] !== "") found.push({ line: start, cells });
    cells = [];
  };
  while (at < text.length && found.length < most) {
    let cell = "";
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const close = text.indexOf('"', at);
        if (close < 0) throw new PredictionError(`line ${start}: a quote is opened and not closed.`);
        cell += text.slice(at, close);
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"';
        at += 1;
      }
      line += cell.split("\n").length - 1;
    }
    let stop = at;
    while (stop < text.length && text[stop] !== delimiter && text[stop] !== "\n" && text[stop] !== "\r") stop += 1;
    cells.push(cell + text.slice(at, stop));
    at = stop;
    if (text[at] === delimiter) {
      at += 1;
      if (at === text.length) cells.push("");
      continue;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at += 1;
    at += 1;
    line += 1;
    end();
    start = line;
  }
  if (cells.length) end();
  return found;
}

/**
 * Return the names and the rows of a CSV text.
 *
 * The delimiter and the line of names are those under which most columns of the model are found.
 */
export function parseTable(text) {
  let content = text.replace(/^\ufeff/, "");
  const said = /^\s*"?sep=(\\t|tab|.)"?[,;\s]*?(?:\r\n|\r|\n|$)/i.exec(content);
  if (said) content = content.slice(said[0].length);
  const wanted = new Set(description.columns.map((column) => column.name));
  const tries = DELIMITERS.flatMap((delimiter) => {
    let head;
    try {
      head = records(content, delimiter, MOST_TITLES);
    } catch {
      return [];
    }
    return head.map(({ cells }, place) => {
      const names = new Set(cells.map((cell, index) => alias(cell, index)));
      const hits = [...wanted].filter((name) => names.has(name) || cells.includes(name)).length;
      return { delimiter, place, hits, cells };
    });
  });
  if (!tries.length) throw new PredictionError("the file holds no rows.");
  const best = tries.reduce((a, b) => (b.hits > a.hits ? b : a));
  const all = records(content, best.delimiter);
  const names = all[best.place].cells.map((cell, index) => trimmed(cell) || `column_${index + 1}`);
  const rows = all.slice(best.place + 1);
  const odd = rows.find(({ cells }) => cells.length !== names.length);
  if (odd) {
    throw new PredictionError(
      `line ${odd.line + (said ? 1 : 0)}: expected ${names.length} values, found ${odd.cells.length}.`);
  }
  return { names, rows: rows.map(({ cells }) => cells) };
}

function alias(name, place) {
  const word = trimmed(name);
  const unnamed = /^Unnamed: (\d+)$/.exec(word);
  return unnamed ? `column_${Number(unnamed[1]) + 1}` : word || `column_${place + 1}`;
}

/** Return the rows as objects with the model's columns as keys. */
export function rowObjects({ names, rows }) {
  const exact = new Map();
  names.forEach((name, place) => exact.set(name, [...(exact.get(name) ?? []), place]));
  const other = new Map();
  names.forEach((name, place) => {
    const key = alias(name, place);
    other.set(key, [...(other.get(key) ?? []), place]);
  });
  const missing = [];
  const pairs = description.columns.map(({ name }) => {
    const at = exact.get(name) ?? other.get(name) ?? other.get(alias(name, 0));
    if (!at) missing.push(name);
    else if (at.length > 1) {
      throw new PredictionError(`the column '${name}' stands there ${at.length} times.`);
    }
    return [name, at?.[0]];
  });
  if (missing.length) {
    throw new PredictionError(
      `missing column${missing.length > 1 ? "s" : ""} ${missing.join(", ")}; found ` +
      `${names.join(", ") || "none"}.`);
  }
  return rows.map((cells) => Object.fromEntries(pairs.map(([name, at]) => [name, cells[at]])));
}

/**
 * Return names and cells of the table of predictions, as `mlfw predict` writes it.
 *
 * `keep` are the columns of the file that stand before the predictions.
 */
export function predictionTable(table, results, keep) {
  const places = keep.map((name) => table.names.indexOf(name));
  const own = description.targets.flatMap((target) => [target.outputName, ...target.probabilityNames]);
  const taken = new Set([...description.columns.map(({ name }) => name),
    ...description.targets.map(({ name }) => name), ...keep, ...own]);
  const clashing = new Set([...description.columns.map(({ name }) => name),
    ...description.targets.map(({ name }) => name), ...keep]);
  const names = own.map((name) => {
    const made = clashing.has(name) ? freeName(name, taken) : name;
    taken.add(made);
    return made;
  });
  const rows = table.rows.map((cells, row) => [
    ...places.map((place) => cells[place]),
    ...description.targets.flatMap((target, place) => {
      const { prediction, probabilities = [] } = results[place][row];
      return [shownPrediction(target, prediction), ...probabilities.map(share)];
    }),
  ]);
  return { names: [...keep, ...names], rows };
}

function freeName(name, taken) {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}_${number}`)) number += 1;
  return `${name}_${number}`;
}

function share(value) {
  return plain(rounded(value));
}

function shownPrediction(target, prediction) {
  if (target.task === "multilabel") return prediction.join(target.delimiter);
  if (target.task !== "regression") return String(prediction);
  if (Number.isNaN(prediction)) return "";
  const small = Math.abs(prediction) < SMALL && prediction !== 0;
  return plain(small ? Number(prediction.toPrecision(DIGITS)) : rounded(prediction));
}

/** Round to four decimals as NumPy does: scaled, to the nearest whole number, halves to even. */
function rounded(value) {
  const scaled = value * 10 ** DIGITS;
  const down = Math.floor(scaled);
  const rest = scaled - down;
  const up = rest > 0.5 || (rest === 0.5 && down % 2 !== 0);
  const made = (down + (up ? 1 : 0)) / 10 ** DIGITS;
  return Number.isFinite(scaled) ? made : value;
}

/** Return a number as Python writes it. */
export function plain(value) {
  if (value === Infinity || value === -Infinity) return value > 0 ? "inf" : "-inf";
  if (Number.isNaN(value)) return "";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = value.toExponential().split("e");
    const sign = exponent[0];
    return `${digits}e${sign}${exponent.slice(1).padStart(2, "0")}`;
  }
  const text = Object.is(value, -0) ? "-0" : String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** Return a table as CSV. */
export function csvText({ names, rows }) {
  const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (cells) => (cells.length === 1 && cells[0] === "" ? '""' : cells.map(cell).join(","));
  return `${[names, ...rows].map(line).join("\n")}\n`;
}
