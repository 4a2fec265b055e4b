// The rows of a call: their values as they are read, and what is odd about them.

import { description } from "./assets.js";
import { readImageValue } from "./model.js";
import { readValue } from "./values.js";

const MOST_EXAMPLES = 3;
const MOST_COLUMNS = 3;
const LONGEST_VALUE = 40;

/** What the rows of a call get wrong, said in a sentence that a user can read. */
export class PredictionError extends Error {
  constructor(message) {
    super(message);
    this.name = "PredictionError";
  }
}

/** Check that a row has every column. */
export function checkColumns(names) {
  const missing = description.columns.map((column) => column.name)
    .filter((name) => !names.includes(name));
  if (missing.length) {
    throw new PredictionError(
      `missing column${missing.length > 1 ? "s" : ""} ${missing.join(", ")}; found ` +
      `${names.join(", ") || "none"}. Use null for a value that is missing.`,
    );
  }
}

/** Return the values of each column, and notes about those that are odd. */
export async function readRows(rows) {
  const values = new Map();
  const notes = [];
  for (const column of description.columns) {
    const read = [];
    for (const row of rows) {
      const raw = Object.hasOwn(row, column.name) ? row[column.name] : null;
      read.push(column.kind === "image" ? await readImageValue(column, raw) : readValue(column, raw));
    }
    const present = read.filter((each) => each.value !== null || each.misfit).length;
    for (const problem of ["misfit", "unseen"]) {
      const found = read.flatMap((each, row) => (each[problem] ? [row] : []));
      if (!found.length) continue;
      const shown = found.map((row) => [row, shownValue(rows[row][column.name])]);
      const note = { column, problem, rows: found, values: present, shown };
      const wholly = problem === "misfit" && found.length === present && present > 1;
      if (wholly && !(column.kind === "boolean" && shown.some(([, text]) => /^'?[-+.\d]/.test(text)))) {
        throw new PredictionError(
          `column '${column.name}': expected ${column.expected}, and none of its ${present} ` +
          `values is: ${examples(note).map(([, text]) => text).join(", ")}.`,
        );
      }
      notes.push(note);
    }
    values.set(column.name, read.map((each) => each.value));
  }
  return { values, notes };
}

/** Return one row's results as users see them. */
export function shaped(results, row) {
  const each = description.targets.map((target, place) => {
    const { prediction, probabilities } = results[place][row];
    if (!probabilities) return { prediction };
    const pairs = target.classes.map((name, index) => [name, probabilities[index]]);
    return { prediction, probabilities: Object.fromEntries(pairs) };
  });
  if (each.length === 1) return each[0];
  return { targets: Object.fromEntries(description.targets.map((target, place) => [target.name, each[place]])) };
}

function shownValue(value) {
  let text = String(value);
  if (typeof value === "string") {
    const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
    text = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
    text = `${quote}${quote === "'" ? text.replaceAll("'", "\\'") : text}${quote}`;
  }
  const characters = Array.from(text);
  return characters.length <= LONGEST_VALUE ? text : `${characters.slice(0, LONGEST_VALUE).join("")}...`;
}

function examples(note) {
  const found = new Map();
  for (const [row, text] of note.shown.slice(0, 1000)) {
    if (!found.has(text)) found.set(text, row);
    if (found.size === MOST_EXAMPLES) break;
  }
  return Array.from(found, ([text, row]) => [row, text]);
}

/** Return what is odd about the value of a single row. */
export function aboutOne(note) {
  const what = note.problem === "misfit"
    ? `is not ${note.column.expected} and counts as missing`
    : "never occurred in training";
  return `column '${note.column.name}': ${note.shown[0][1]} ${what}.`;
}

/** Return notes as sentences, at most three for each problem and one that counts the rest. */
export function sentences(notes) {
  const found = [];
  for (const problem of ["misfit", "unseen"]) {
    const own = notes.filter((note) => note.problem === problem);
    found.push(...own.slice(0, MOST_COLUMNS).map(aboutMany));
    const left = own.slice(MOST_COLUMNS);
    if (left.length) {
      const count = left.reduce((sum, note) => sum + note.rows.length, 0);
      const what = problem === "misfit" ? "unreadable" : "unseen";
      found.push(
        `${counted(count)} ${what} values in ${left.length} more column${left.length > 1 ? "s" : ""}: ` +
        `${left.slice(0, 12).map((note) => note.column.name).join(", ")}${left.length > 12 ? ", ..." : ""}.`,
      );
    }
  }
  return found;
}

function aboutMany(note) {
  const one = note.rows.length === 1;
  const what = note.problem === "misfit"
    ? `${one ? "is" : "are"} not ${note.column.expected} and ${one ? "counts" : "count"} as missing`
    : "never occurred in training";
  const shown = examples(note).map(([row, text]) => `${text} in row ${row + 1}`).join(", ");
  const of = `${counted(note.rows.length)} of ${counted(note.values)} value${note.values === 1 ? "" : "s"}`;
  return `column '${note.column.name}': ${of} ${what}: ${shown}.`;
}

function counted(number) {
  return number.toLocaleString("en-US");
}

/** What goes in: the columns with their kinds, categories and usual values. */
export const columns = description.columns;

/** What comes out: the targets with their tasks and classes. */
export const targets = description.targets;
