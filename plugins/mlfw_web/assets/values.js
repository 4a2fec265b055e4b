// Reading values as mlfw reads them: what a column takes, what counts as missing, what does not fit.

const SPACES = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const OUTER_SPACES = new RegExp(`^${SPACES}|${SPACES}$`, "g");
const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const NOT_A_NUMBER = /^[+-]?nan$/i;
const PADDED = /^[+-]?0\d/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const EXPONENT = /^([+-]?)(\d+\.?\d*|\.\d+)[eE]([+-]?\d{1,3})$/;
const ISO_DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(Z|[+-]\d\d:?\d\d)?)?$/;
const TRUE_WORDS = new Set(["true", "yes", "y", "t", "1", "1.0", "on"]);
const FALSE_WORDS = new Set(["false", "no", "n", "f", "0", "0.0", "off"]);
const SCALES = { k: 1e3, m: 1e6, mn: 1e6, b: 1e9, bn: 1e9, t: 1e12 };
const UNIT_SECONDS = { d: 86400, H: 3600, M: 60, S: 1 };
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const SECOND_US = 1000000n;
const DAY_US = 86400n * SECOND_US;

export const MISSING = Object.freeze({ value: null });
const MISFIT = Object.freeze({ value: null, misfit: true });

export function trimmed(text) {
  return text.replace(OUTER_SPACES, "");
}

/** Lower case, character by character, whatever stands beside it. */
export function lowered(text) {
  return Array.from(text, (character) => {
    const lower = character.toLowerCase();
    return lower.length > character.length ? String.fromCodePoint(lower.codePointAt(0)) : lower;
  }).join("");
}

/**
 * Read one value of a column.
 *
 * Returns `value` (null for a missing one), `misfit` for one that does not fit and therefore counts
 * as missing, and `unseen` for a category that training never saw.
 */
export function readValue(column, value) {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  if (typeof value === "string") {
    const word = trimmed(value);
    return column.missing.includes(word) ? MISSING : readWord(column, word, true);
  }
  return readTyped(column, value);
}

function readTyped(column, value) {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const isBoolean = typeof value === "boolean";
  switch (column.kind) {
    case "number":
      return isNumber || isBoolean ? known(column, Number(value)) : MISFIT;
    case "boolean":
      return isBoolean ? { value } : isNumber ? readWord(column, String(value), false) : MISFIT;
    case "datetime":
      if (value instanceof Date && !Number.isNaN(value.getTime())) {
        return moment(column, BigInt(Math.floor(value.getTime())) * 1000n);
      }
      return column.date && isNumber ? readWord(column, String(value), false) : MISFIT;
    case "category":
    case "text": {
      if (!isNumber && !isBoolean) return MISFIT;
      const word = String(value);
      return column.missing.includes(word) ? MISSING : readWord(column, word, false);
    }
    default:
      return MISFIT;
  }
}

function readWord(column, word, isText) {
  switch (column.kind) {
    case "number":
      return known(column, readNumber(column, word));
    case "boolean": {
      const lower = lowered(word);
      if (TRUE_WORDS.has(lower)) return { value: true };
      return FALSE_WORDS.has(lower) ? { value: false } : MISFIT;
    }
    case "datetime":
      return moment(column, readMoment(column, word));
    case "category":
      return readCategory(column, word, isText);
    case "text":
      return { value: word };
    default:
      return MISFIT;
  }
}

function known(column, number) {
  if (number === undefined) return MISFIT;
  return Number.isNaN(number) || column.sentinels.includes(number) ? MISSING : { value: number };
}

function plainNumber(word) {
  if (PLAIN_NUMBER.test(word)) return Number(word);
  const infinite = INFINITE.exec(word);
  if (infinite) return infinite[1] === "-" ? -Infinity : Infinity;
  return NOT_A_NUMBER.test(word) ? NaN : undefined;
}

function compiled(owner, flags) {
  owner.regex ??= new RegExp(owner.pattern, flags);
  return owner.regex;
}

function readNumber(column, word) {
  const { picture, duration } = column;
  if (duration) return readDuration(duration, word);
  return picture ? readPicture(picture, word) : plainNumber(word);
}

function readPicture(picture, word) {
  let number;
  if (compiled(picture, "i").test(word)) {
    let digits = word;
    if (picture.strip) digits = digits.replace(new RegExp(picture.strip, "gi"), "");
    digits = digits.replace(picture.point === "," ? /[^0-9,]+/g : /[^0-9.]+/g, "");
    number = plainNumber(digits.replaceAll(",", "."));
    if (number !== undefined && /[(\-\u2212]/.test(word)) number = -number;
  } else {
    number = plainNumber(word);
  }
  if (number === undefined || !picture.scaled) return number;
  picture.letter ??= new RegExp(picture.scaled, "i");
  const found = picture.letter.exec(word);
  return found ? number * SCALES[found.groups.scale.toLowerCase()] : number;
}

function readDuration(duration, word) {
  const found = compiled(duration, "i").exec(word);
  if (!found) return plainNumber(word);
  let total = 0;
  let told = false;
  for (const [name, digits] of Object.entries(found.groups)) {
    if (name === "sign" || !digits) continue;
    total += Number(digits.replace(",", ".")) * UNIT_SECONDS[name];
    told = true;
  }
  if (!told) return plainNumber(word);
  return /[-\u2212]/.test(found.groups.sign ?? "") ? -total : total;
}

function moment(column, us) {
  if (us === undefined) return MISFIT;
  return { value: column.timeOnly ? ((us % DAY_US) + DAY_US) % DAY_US : us };
}

/** Microseconds since 1970 as days. */
export function days(us) {
  return Number(us) / Number(DAY_US);
}

function readMoment(column, word) {
  if (column.date) {
    const own = templateMoment(compiled(column.date, ""), word);
    return own === undefined ? isoMoment(column, word) : own;
  }
  const iso = ISO_DATE.exec(word);
  if (iso) {
    const [, year, month, day, hour, minute, second, fraction, zone] = iso;
    const us = combined(calendarDay(+year, +month, +day), hour, minute, second, fraction, zone);
    if (us !== undefined && +year > 0) return us;
  }
  return isoMoment(column, word);
}

function isoMoment(column, word) {
  for (const form of column.iso) {
    const us = templateMoment(compiled(form, ""), word);
    if (us !== undefined) return us;
  }
  return undefined;
}

function templateMoment(regex, word) {
  const found = regex.exec(word);
  if (!found) return undefined;
  const part = { ...found.groups };
  let day;
  if (part.V !== undefined) {
    day = weekMonday(+part.G, +part.V);
  } else {
    let year = 1970;
    if (part.Y !== undefined) year = +part.Y;
    else if (part.y !== undefined) year = +part.y < 69 ? +part.y + 2000 : +part.y + 1900;
    let month = 1;
    if (part.m !== undefined) month = +part.m;
    else if (part.q !== undefined) month = +part.q * 3 - 2;
    else if (part.b !== undefined) month = monthNumber(part.b);
    day = calendarDay(year, month, part.d === undefined ? 1 : +part.d);
  }
  let hour = +(part.H ?? 0);
  const half = part.p?.toLowerCase();
  if (half) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half === "p" ? 12 : 0);
  }
  return combined(day, hour, part.M, part.S, part.f?.slice(1), part.z);
}

function monthNumber(name) {
  const lower = name.toLowerCase();
  const long = ["january", "february", "march", "april", "may", "june", "july", "august",
    "september", "october", "november", "december"];
  if (lower === "sept") return 9;
  return Math.max(MONTHS.indexOf(lower), long.indexOf(lower)) + 1;
}

/** Days since 1970 of a day of the (proleptic) Gregorian calendar; undefined for none. */
function calendarDay(year, month, day) {
  if (month < 1 || month > 12 || day < 1) return undefined;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (day > lengths[month - 1]) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return Math.round(date.getTime() / 86400000);
}

function weekMonday(year, week) {
  const first = (each) => {
    const fourth = calendarDay(each, 1, 4);
    return fourth - ((((fourth + 3) % 7) + 7) % 7);
  };
  const day = first(year) + (week - 1) * 7;
  return week >= 1 && day < first(year + 1) ? day : undefined;
}

function combined(day, hour, minute, second, fraction, zone) {
  const [h, m, s] = [+(hour ?? 0), +(minute ?? 0), +(second ?? 0)];
  if (day === undefined || h > 23 || m > 59 || s > 59) return undefined;
  const micro = BigInt((fraction ?? "").slice(0, 6).padEnd(6, "0"));
  const us = BigInt(day) * DAY_US + BigInt((h * 60 + m) * 60 + s) * SECOND_US + micro;
  return us - offset(zone);
}

function offset(zone) {
  const digits = (zone ?? "").replace(/[^0-9]/g, "");
  const minutes = +(digits.slice(0, 2) || 0) * 60 + +(digits.slice(2, 4) || 0);
  return BigInt(zone?.startsWith("-") ? -minutes : minutes) * 60n * SECOND_US;
}

function readCategory(column, word, isText) {
  column.known ??= new Set(column.categories);
  if (!column.categories.length || column.known.has(word)) return { value: word };
  column.spellingMap ??= [new Map(column.spellings), new Map(column.looseSpellings)];
  const coded = column.codes && isText && PADDED.test(word);
  const key = coded ? undefined : numberKey(word);
  const found = key === undefined ? undefined : column.spellingMap[isText ? 0 : 1].get(key);
  return found === undefined ? { value: word, unseen: true } : { value: found };
}

/** The plainest form of a number or of true and false; undefined for other words. */
export function numberKey(word) {
  if (DECIMAL.test(word)) return plainest(word);
  const exponent = EXPONENT.exec(word);
  if (exponent) return plainest(exponent[1] + shifted(exponent[2], Number(exponent[3])));
  const lower = word.toLowerCase();
  return lower === "true" || lower === "false" ? lower : undefined;
}

function shifted(number, places) {
  const [whole, decimals = ""] = number.split(".");
  let digits = whole + decimals;
  let point = whole.length + places;
  if (point < 0) {
    digits = "0".repeat(-point) + digits;
    point = 0;
  }
  digits = digits.padEnd(point, "0");
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

function plainest(number) {
  return number
    .replace(/^\+/, "")
    .replace(/^(-?)0+(\d)/, "$1$2")
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "")
    .replace(/^(-?)\./, "$10.")
    .replace(/^(-?)$/, "0")
    .replace(/^-0$/, "0");
}
