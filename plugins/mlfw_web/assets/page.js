// The page: a form for one row, and files of rows.

import { csvText, fileText, parseTable, predictionTable, rowObjects } from "./csv.js";
import { check, predict, predictTable, ready } from "./model.js";
import { PredictionError, columns, readRows, targets } from "./rows.js";
import { assets, description } from "./assets.js";

const MOST_BARS = 10;
const MOST_OPTIONS = 200;
const SHOWN_ROWS = 100;
const find = (id) => document.getElementById(id);
const fields = new Map();

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// ---- form

function buildForm() {
  const form = find("form");
  const list = find("fields");
  columns.forEach((column, place) => {
    if (!description.inputs.some((input) => input.name === column.name)) return;
    list.append(field(column, place));
  });
  find("reset").addEventListener("click", () => {
    fields.forEach((each) => each.set(each.usual));
    answer();
  });
  find("clear").addEventListener("click", () => {
    fields.forEach((each) => each.set(""));
    answer();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer();
    const { top } = find("result").getBoundingClientRect();
    if (top > window.innerHeight) find("result-heading").scrollIntoView({ block: "start" });
  });
  form.addEventListener("change", answer);
}

function field(column, place) {
  const id = `field-${place}`;
  const described = `${id}-hint ${id}-note`;
  const label = element("label", { for: id }, column.name || "(no name)");
  const hint = element("p", { class: "hint", id: `${id}-hint` }, column.hint);
  const note = element("p", { class: "note", id: `${id}-note` });
  const made = control(column, id, described);
  fields.set(column.name, { ...made, usual: column.usual, note });
  made.set(column.usual);
  const wide = column.kind === "text" || column.kind === "image" ? " wide" : "";
  return element("div", { class: `field${wide}` }, label, ...made.nodes, hint, note);
}

function control(column, id, described) {
  if (column.kind === "image") return imageControl(id, described);
  const categories = column.kind === "category" ? column.categories : [];
  if (column.kind === "boolean" || (column.kind === "category" && categories.length <= MOST_OPTIONS)) {
    const names = column.kind === "boolean" ? ["yes", "no"] : categories;
    const select = element("select", { id, "aria-describedby": described },
      element("option", { value: "" }, "Not known"),
      ...names.map((name, index) => element("option", { value: String(index + 1) }, name || "(empty)")));
    return {
      nodes: [select],
      get: () => (select.value === "" ? null : names[Number(select.value) - 1]),
      set: (value) => { select.value = value === "" ? "" : String(names.indexOf(value) + 1); },
    };
  }
  if (column.kind === "text") {
    const area = element("textarea", { id, rows: "3", "aria-describedby": described });
    return { nodes: [area], get: () => area.value, set: (value) => { area.value = value; } };
  }
  const input = element("input", {
    id, type: "text", autocomplete: "off", spellcheck: "false", placeholder: "Not known",
    inputmode: column.kind === "number" && !column.duration ? "decimal" : undefined,
    "aria-describedby": described, list: categories.length ? `${id}-list` : undefined,
  });
  const nodes = [input];
  if (categories.length) {
    nodes.push(element("datalist", { id: `${id}-list` },
      ...categories.map((name) => element("option", { value: name }))));
  }
  return { nodes, get: () => input.value, set: (value) => { input.value = value; } };
}

function imageControl(id, described) {
  const input = element("input", { id, type: "file", accept: "image/*", "aria-describedby": described });
  const preview = element("img", { class: "preview", alt: "The image chosen", hidden: true });
  const show = () => {
    if (preview.src) URL.revokeObjectURL(preview.src);
    const [file] = input.files;
    preview.hidden = !file;
    if (file) preview.src = URL.createObjectURL(file);
    else preview.removeAttribute("src");
  };
  input.addEventListener("change", show);
  return {
    nodes: [input, preview],
    get: () => input.files[0] ?? null,
    set: () => { input.value = ""; show(); },
  };
}

function formRow() {
  return Object.fromEntries(columns.map((column) => [column.name, fields.get(column.name)?.get() ?? null]));
}

// ---- answer

let latest = 0;

async function answer() {
  latest += 1;
  const own = latest;
  const row = formRow();
  try {
    const { notes } = await readRows([row]);
    const made = await predict(row);
    if (own !== latest) return;
    fields.forEach((each) => {
      each.note.textContent = "";
      each.nodes[0].removeAttribute("aria-invalid");
    });
    notes.forEach((note) => {
      const shown = fields.get(note.column.name);
      if (!shown) return;
      const misfit = note.problem === "misfit";
      shown.note.textContent = misfit
        ? `Expected ${note.column.expected}; counts as not known.`
        : "This value never occurred in training.";
      if (misfit) shown.nodes[0].setAttribute("aria-invalid", "true");
    });
    showResult(made.targets ? targets.map(({ name }) => made.targets[name]) : [made], notes.length);
  } catch (error) {
    if (own === latest) showFailure(find("result"), error);
  }
}

function showResult(results, odd) {
  const cards = targets.map((target, place) => card(target, results[place]));
  const warning = odd
    ? [element("p", { class: "warning" }, `${odd} value${odd > 1 ? "s" : ""} above ${odd > 1 ? "are" : "is"} marked.`)]
    : [];
  find("result").replaceChildren(...cards, ...warning);
}

function card(target, { prediction, probabilities }) {
  const heading = element("h3", {}, target.name);
  if (!probabilities) {
    return element("section", { class: "card" }, heading, element("p", { class: "answer" }, amount(target, prediction)));
  }
  const shares = target.classes.map((name) => [name, probabilities[name]]);
  const many = target.task === "multilabel";
  if (target.classes.length > 2 || many) shares.sort((a, b) => b[1] - a[1]);
  const chosen = new Set(many ? prediction : [best(target, prediction)]);
  const said = many ? (prediction.join(", ") || "No label") : best(target, prediction);
  const bars = element("ul", { class: "bars" });
  shares.forEach(([name, value], place) => {
    bars.append(bar(name, value, chosen.has(name), place >= MOST_BARS));
  });
  const parts = [heading, element("p", { class: "answer" }, said), bars];
  if (shares.length > MOST_BARS) {
    const rest = shares.length - MOST_BARS;
    const more = element("button", { type: "button", class: "quiet" }, `Show ${rest} more`);
    more.addEventListener("click", () => {
      bars.querySelectorAll("[hidden]").forEach((item) => { item.hidden = false; });
      more.remove();
    });
    parts.push(more);
  }
  return element("section", { class: "card" }, ...parts);
}

function best(target, prediction) {
  const name = String(prediction);
  return target.classes.find((each) => each === name) ?? target.classes.find((each) => each.toLowerCase() === name)
    ?? name;
}

function bar(name, value, chosen, hidden) {
  const fill = element("span", { class: "fill" });
  fill.style.width = `${Math.max(0, Math.min(100, 100 * value))}%`;
  return element("li", { class: chosen ? "bar chosen" : "bar", hidden },
    element("span", { class: "name" }, name),
    element("span", { class: "share" }, percent(value)),
    element("span", { class: "track", "aria-hidden": "true" }, fill));
}

function percent(value) {
  if (value > 0 && value < 0.001) return "< 0.1 %";
  if (value < 1 && value > 0.999) return "> 99.9 %";
  return `${(100 * value).toFixed(1)} %`;
}

function amount(target, value) {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const digits = size >= 1000 ? 1 : size >= 1 ? 3 : undefined;
  const text = digits === undefined ? Number(value.toPrecision(4)).toString()
    : value.toLocaleString(undefined, { maximumFractionDigits: digits });
  return target.unit ? (target.unitFirst ? `${target.unit}${text}` : `${text} ${target.unit}`) : text;
}

function showFailure(place, error) {
  if (!(error instanceof PredictionError)) console.error(error);
  const text = error instanceof PredictionError ? error.message : `The model cannot be run: ${error.message}`;
  place.replaceChildren(element("p", { class: "failure", role: "alert" }, text));
}

// ---- files

function buildFiles() {
  const [zone, input] = [find("drop"), find("file")];
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) predictFile(file);
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files[0]) predictFile(event.dataTransfer.files[0]);
    });
  }
}

async function predictFile(file) {
  const place = find("table");
  const status = find("file-status");
  status.textContent = `Reading ${file.name} ...`;
  place.replaceChildren();
  try {
    const table = parseTable(await fileText(file));
    if (!table.rows.length) throw new PredictionError("the file holds no rows.");
    const { results, notes } = await predictTable(rowObjects(table), (done, all) => {
      status.textContent = `${done.toLocaleString()} of ${all.toLocaleString()} rows`;
    });
    status.textContent = `${table.rows.length.toLocaleString()} prediction${table.rows.length > 1 ? "s" : ""} for ${file.name}.`;
    showTable(place, file, table, results, notes);
  } catch (error) {
    status.textContent = "";
    showFailure(place, error instanceof PredictionError ? new PredictionError(`${file.name}: ${error.message}`) : error);
  }
}

function showTable(place, file, table, results, notes) {
  const identifiers = description.identifiers.filter((name) => table.names.includes(name));
  const all = element("input", { type: "checkbox", id: "all-columns" });
  const holder = element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Predictions" });
  const download = element("button", { type: "button", class: "primary" }, "Download CSV");
  const made = () => predictionTable(table, results, all.checked ? table.names : identifiers);
  const draw = () => holder.replaceChildren(tableElement(made()));
  all.addEventListener("change", draw);
  download.addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([csvText(made())], { type: "text/csv" }));
    const name = `${file.name.replace(/(\.[a-z]+)?(\.gz)?$/i, "")}-predictions.csv`;
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  });
  draw();
  const more = table.rows.length > SHOWN_ROWS
    ? [element("p", { class: "hint" }, `The first ${SHOWN_ROWS} rows; the download holds all of them.`)] : [];
  place.replaceChildren(
    ...notes.map((note) => element("p", { class: "warning" }, note)),
    element("div", { class: "actions" }, download,
      element("label", { class: "check", for: "all-columns" }, all, " with the columns of the file")),
    holder, ...more);
}

function tableElement({ names, rows }) {
  const numeric = names.map((_, place) => rows.every((cells) => /^-?[\d.]*(e[+-]\d+)?$/.test(cells[place])));
  const side = (place) => (numeric[place] ? "number" : undefined);
  const head = element("tr", {}, element("th", { scope: "col" }, "Row"),
    ...names.map((name, place) => element("th", { scope: "col", class: side(place) }, name)));
  const body = rows.slice(0, SHOWN_ROWS).map((cells, row) =>
    element("tr", {}, element("th", { scope: "row" }, String(row + 1)),
      ...cells.map((cell, place) => element("td", { class: side(place) }, cell))));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
}

// ---- start

function buildTabs() {
  const tabs = [find("tab-row"), find("tab-file")];
  const choose = (chosen, focus) => tabs.forEach((tab) => {
    tab.setAttribute("aria-selected", String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    find(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    if (focus && tab === chosen) tab.focus();
  });
  tabs.forEach((tab, place) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") choose(tabs[1 - place], true);
    });
  });
}

function buildLicences() {
  const place = find("licences");
  if (!place) return;
  place.addEventListener("toggle", async () => {
    const text = place.querySelector("pre");
    if (!place.open || text.textContent) return;
    try {
      text.textContent = await assets.licences();
    } catch (error) {
      text.textContent = `The text cannot be read: ${error.message}`;
    }
  });
}

async function begin() {
  find("unserved")?.remove();
  buildTabs();
  buildForm();
  buildFiles();
  buildLicences();
  try {
    await ready();
    document.body.dataset.state = "ready";
    await answer();
    const found = await check();
    if (!found) {
      document.body.dataset.state = "checked";
      return;
    }
    find("checked").textContent = found.equal
      ? `Checked in this browser: ${found.rows} made-up rows are predicted as by mlfw.`
      : `Warning: this browser predicts made-up rows otherwise than mlfw, by up to ${found.largest.toPrecision(2)}.`;
    find("checked").classList.toggle("warning", !found.equal);
    document.body.dataset.state = found.equal ? "checked" : "different";
  } catch (error) {
    document.body.dataset.state = "failed";
    showFailure(find("result"), error);
  }
}

begin();
